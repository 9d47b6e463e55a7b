//! What `listen`, `send` and `replay` have in common: the log that they record in.

use std::path::{Path, PathBuf};

use clap::Args;

use super::delivering::{Recorder, Route};
use crate::context::Context;
use crate::edge::log::Log;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::attempt::Attempt;
use crate::webhook::cause::told;
use crate::webhook::delivery::Delivery;
use crate::webhook::record::Sent;

/// Where to record deliveries.
#[derive(Debug, Args)]
pub struct RecordingArgs {
    /// Record deliveries in this file; at 256 MiB it becomes FILE.1, in place of the one before
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Log")]
    pub log: Option<PathBuf>,
    /// Record nothing
    #[arg(long, conflicts_with = "log", help_heading = "Log")]
    pub no_log: bool,
    /// Record headers that are the secret itself, too
    #[arg(long, help_heading = "Log")]
    pub record_secrets: bool,
}

impl RecordingArgs {
    /// The log that was named, or the one in the user's state directory; `None` where there is no such directory.
    #[must_use]
    pub fn path(&self, context: &Context) -> Option<PathBuf> {
        self.log.clone().or_else(|| context.log_path())
    }
}

/// Opens a log; the notice tells of a torn line that was found at its end.
pub fn open(path: &Path) -> Result<(Log, Option<Notice>), Error> {
    let shown = path.display().to_string();
    let (log, torn) = Log::open(path).map_err(|reason| Error::Log { path: shown.clone(), reason })?;
    let notice = torn.map(|torn| Notice::TornLog { path: shown, bytes: torn.bytes });
    Ok((log, notice))
}

/// Records attempts, those of one turn of the event loop in one append.
#[derive(Debug)]
pub struct AttemptLog {
    log: Option<Log>,
    /// Whether a log was asked for by name, so that not writing to it is a failure.
    required: bool,
    record_secrets: bool,
    fault: Option<&'static str>,
    waiting: Vec<u8>,
}

impl AttemptLog {
    /// Opens the log, before anything is sent. A log that was not asked for by name stops nobody by not being there:
    /// the notice says so.
    pub fn open(
        args: &RecordingArgs,
        fault: Option<&'static str>,
        context: &Context,
    ) -> Result<(Self, Option<Notice>), Error> {
        let required = args.log.is_some();
        let path = args.path(context).filter(|_| !args.no_log);
        let (log, notice) = match path.as_deref().map(open) {
            None => (None, None),
            Some(Ok((log, torn))) => (Some(log), torn),
            Some(Err(Error::Log { path, reason })) if !required => {
                (None, Some(Notice::Unrecorded { path, reason: told(&reason) }))
            }
            Some(Err(error)) => return Err(error),
        };
        Ok((Self { log, required, record_secrets: args.record_secrets, fault, waiting: Vec::new() }, notice))
    }
}

impl Recorder for AttemptLog {
    fn record(&mut self, delivery: &Delivery, attempt: &Attempt, route: &Route, _again: bool) -> Result<(), Error> {
        if self.log.is_none() {
            return Ok(());
        }
        let record = Sent {
            delivery,
            attempt,
            redact: !self.record_secrets,
            scheme: route.provider.as_ref().map(|provider| &provider.scheme),
            in_process: route.is_inside(),
            fault: self.fault,
        };
        record.write(&mut self.waiting);
        self.waiting.push(b'\n');
        Ok(())
    }

    fn commit(&mut self) -> Result<Option<Notice>, Error> {
        let Some(log) = &mut self.log else { return Ok(None) };
        if self.waiting.is_empty() {
            return Ok(None);
        }
        let appended = log.append(&self.waiting);
        self.waiting.clear();
        let Err(reason) = appended else { return Ok(None) };
        let path = log.path().display().to_string();
        // A disk that is full stays so: it is told once.
        self.log = None;
        if self.required {
            return Err(Error::Log { path, reason });
        }
        Ok(Some(Notice::Unrecorded { path, reason: told(&reason) }))
    }
}

impl Drop for AttemptLog {
    fn drop(&mut self) {
        // Of a run that ended in an error, too, what was answered is recorded.
        let _ = self.commit();
    }
}
