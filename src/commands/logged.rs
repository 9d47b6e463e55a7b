//! What `log` and `replay` have in common: which records of the log are meant.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::{self, Since};
use crate::context::Context;
use crate::edge::import::{self, Part};
use crate::edge::log::reading::{Line, LogReader, Place};
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::capture::{self, Capture, Fault};
use crate::webhook::glob::Glob;
use crate::webhook::nearest::nearest;
use crate::webhook::record::{self, Entry, Filter, Reader, Recorded};

/// Among how many of the newest records the nearest id is looked for.
const NEAR: usize = 10_000;

/// How many ids that begin alike are told apart.
const ALIKE: usize = 100;

/// Which records are meant.
#[derive(Debug, Default, Args)]
pub struct FilterArgs {
    /// Only these events: type, provider/type, or a glob
    #[arg(short, long, value_name = "GLOB", value_delimiter = ',', add = super::completions::complete_event(), help_heading = "Filters")]
    event: Vec<String>,
    /// Only since this time: 10m or 3d (ago), a date or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = arguments::since, allow_hyphen_values = true, help_heading = "Filters")]
    since: Option<Since>,
    /// Only what was not answered with a 2xx
    #[arg(long, help_heading = "Filters")]
    failed: bool,
    /// Only what came in and is not genuine
    #[arg(long, help_heading = "Filters")]
    invalid: bool,
}

impl FilterArgs {
    /// The flags as they were typed, in one form.
    #[must_use]
    pub fn typed(&self) -> Vec<String> {
        let mut typed: Vec<String> = self.event.iter().map(|event| format!("--event {event}")).collect();
        typed.extend(self.since.map(|since| format!("--since {since}")));
        typed.extend(self.failed.then(|| "--failed".to_owned()));
        typed.extend(self.invalid.then(|| "--invalid".to_owned()));
        typed
    }

    /// What the flags say.
    pub fn filter(&self, context: &Context) -> Result<Filter, Error> {
        let since = self.since.map(|since| {
            let bounds = || Error::usage("--since is out of all bounds", "give a time nearer to now");
            since.resolve((context.clock)(), context.zone).ok_or_else(bounds)
        });
        Ok(Filter {
            events: self.event.iter().map(|glob| Glob::new(glob)).collect(),
            since: since.transpose()?,
            failed: self.failed,
            invalid: self.invalid,
        })
    }
}

/// A log to look into.
pub struct Logged {
    path: PathBuf,
    reader: LogReader,
}

impl Logged {
    /// Where the log is: where it was said to be, or in the user's state directory.
    pub fn path(given: Option<&Path>, context: &Context) -> Result<PathBuf, Error> {
        let path = given.map(Path::to_owned).or_else(|| context.log_path());
        path.ok_or_else(|| Error::usage("there is no home directory with a log in it", "name the log with --log FILE"))
    }

    /// Opens a log.
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        let reader = LogReader::open(path).map_err(|reason| Error::file(path, reason))?;
        Ok(reader.map(|reader| Self { path: path.to_owned(), reader }))
    }

    /// Opens a file of records alone; its last line need not have an end.
    pub fn open_file(path: &Path) -> Result<Option<Self>, Error> {
        let reader = LogReader::open_file(path).map_err(|reason| Error::file(path, reason))?;
        Ok(reader.map(|reader| Self { path: path.to_owned(), reader }))
    }

    /// Where it is.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// What reads it.
    #[must_use]
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// Shows each record to `visit`, the newest first, until that breaks off; lines in which none of `needle` is are not
    /// looked at. The notices tell of what could not be read.
    pub fn walk(
        &self,
        needle: Option<&str>,
        mut visit: impl FnMut(&Recorded<'_>, Place) -> ControlFlow<()>,
    ) -> Result<Vec<Notice>, Error> {
        let finder = needle.map(memchr::memmem::Finder::new);
        let (mut strange, mut too_long) = (0, 0);
        let mut lines = self.reader.backward();
        while let Some(line) = lines.next().map_err(|reason| self.unreadable(reason))? {
            match line {
                Line::Whole([], _) => {}
                Line::Whole(text, _) if finder.as_ref().is_some_and(|finder| finder.find(text).is_none()) => {}
                Line::Whole(text, place) => match record::read(text) {
                    Ok(recorded) => {
                        if visit(&recorded, place).is_break() {
                            break;
                        }
                    }
                    Err(_) => strange += 1,
                },
                Line::TooLong(_) => too_long += 1,
            }
        }
        let path = self.path.display().to_string();
        let mut notices = Vec::new();
        if let Some(torn) = self.reader.torn() {
            notices.push(Notice::UnfinishedLine { path: path.clone(), bytes: torn.bytes });
        }
        if too_long > 0 {
            notices.push(Notice::LongLines { path: path.clone(), lines: too_long });
        }
        if strange > 0 {
            notices.push(Notice::StrangeLines { path, lines: strange });
        }
        Ok(notices)
    }

    /// Shows each delivery to `visit`, the last first. A line that cannot be read is an error, with its place.
    pub fn walk_strictly(&self, mut visit: impl FnMut(Recorded<'_>, Place)) -> Result<(), Error> {
        let mut lines = self.reader.backward();
        while let Some(line) = lines.next().map_err(|reason| self.unreadable(reason))? {
            let bad = |fault| Error::BadCapture { path: self.path.display().to_string(), fault: Box::new(fault) };
            match line {
                Line::Whole(text, place) => match Self::delivery(text, 1) {
                    Ok(Some(recorded)) => visit(recorded, place),
                    Ok(None) => {}
                    Err(fault) => {
                        let number = self.reader.number(place).map_err(|reason| self.unreadable(reason))?;
                        return Err(bad(Fault { place: fault.place.behind(number - 1), ..fault }));
                    }
                },
                Line::TooLong(bytes) => {
                    return Err(bad(import::too_long(capture::Place::default(), bytes)));
                }
            }
        }
        Ok(())
    }

    /// The delivery that a line holds: a record, or what `--json` printed of one. Nothing when it is about something else.
    pub fn delivery(text: &[u8], number: u64) -> Result<Option<Recorded<'_>>, Fault> {
        if let Ok(recorded) = record::read(text) {
            return Ok(Some(recorded));
        }
        match import::line(&mut Reader::default(), text, number) {
            Part::Delivery(Capture { delivery, at, .. }) => Ok(Some(Recorded::unanswered(delivery, at))),
            Part::Other | Part::Request => Ok(None),
            Part::Fault(fault) => Err(fault),
        }
    }

    /// The id that is meant: this one, or the only one that begins so; and the places of its records, the newest first.
    pub fn find(&self, id: &str) -> Result<(String, Vec<Place>), Error> {
        let (typed, mut exact) = (id, Vec::new());
        // A list that is narrow ends an id in `…`.
        let id = id.strip_suffix('…').unwrap_or(id);
        let mut alike: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        // An id that JSON would escape is not found by its bytes.
        let needle = Some(id).filter(|id| !id.contains(['"', '\\', '/']) && id.is_ascii());
        self.walk(needle, |recorded, place| {
            let known = &recorded.delivery.id;
            if known == typed {
                exact.push(place);
            } else if known.starts_with(id) && (alike.len() < ALIKE || alike.contains_key(known)) {
                alike.entry(known.clone()).or_default().push(place);
            }
            ControlFlow::Continue(())
        })?;
        if !exact.is_empty() {
            return Ok((typed.to_owned(), exact));
        }
        if alike.len() > 1 {
            return Err(Error::AmbiguousId { id: id.to_owned(), candidates: alike.into_keys().collect() });
        }
        match alike.pop_first() {
            Some(found) => Ok(found),
            None => Err(self.unknown(id)?),
        }
    }

    /// The same for what was typed where a file may stand, too: what looks like a path was meant to be one.
    pub fn find_typed(&self, what: &str) -> Result<(String, Vec<Place>), Error> {
        self.find(what).map_err(|error| match error {
            Error::UnknownId { .. } if looks_like_path(what) => {
                Error::file(Path::new(what), std::io::ErrorKind::NotFound.into())
            }
            error => error,
        })
    }

    /// The place of the newest record; nothing when there is none.
    pub fn last(&self) -> Result<Option<Place>, Error> {
        let mut last = None;
        self.walk(None, |_, place| {
            last = Some(place);
            ControlFlow::Break(())
        })?;
        Ok(last)
    }

    /// The error that there is no such id, with the nearest of the newest.
    fn unknown(&self, id: &str) -> Result<Error, Error> {
        let newest = self.newest(NEAR)?;
        let near = nearest(id, newest.iter().map(|entry| entry.id.as_str())).map(str::to_owned);
        Ok(Error::UnknownId { id: id.to_owned(), path: self.path.display().to_string(), nearest: near })
    }

    /// So many of the newest records in short, each delivery once.
    pub fn newest(&self, count: usize) -> Result<Vec<Entry>, Error> {
        let mut newest: Vec<Entry> = Vec::new();
        let mut seen = 0;
        self.walk(None, |recorded, _| {
            seen += 1;
            // Attempts at one delivery stand close together.
            if !newest.iter().rev().take(16).any(|entry| entry.id == recorded.delivery.id) {
                newest.push(Entry::new(recorded));
            }
            if seen < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(newest)
    }

    /// The error that the log cannot be read.
    #[must_use]
    pub fn unreadable(&self, reason: std::io::Error) -> Error {
        Error::file(&self.path, reason)
    }
}

/// Whether what was typed for a file or an id is a path that is not there, rather than an id.
fn looks_like_path(what: &str) -> bool {
    Path::new(what).extension().is_some() || what.contains(['/', '\\'])
}

/// Whether there is something at a path, be it a link that leads nowhere.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    match std::fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied,
    }
}
