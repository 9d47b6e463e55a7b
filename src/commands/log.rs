//! `wh log`: what was received and sent, newest last; with ID, one in full.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use clap::Args;

use super::logged::{FilterArgs, Logged};
use crate::cli::SharedArgs;
use crate::context::Context;
use crate::edge::interruption::Interruptions;
use crate::edge::log::following::Follower;
use crate::edge::reader;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::webhook::catalogue::Catalogue;
use crate::webhook::record::{self, Entry, Filter};

/// How many records are listed where nobody says.
const USUAL: usize = 20;

/// How many records are held at a time to be shown, and how many bytes.
const BLOCK: usize = 500;
const BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// How often a log that is followed is looked at.
const PULSE: Duration = Duration::from_millis(100);

/// List what was received and sent, newest last; with ID, show one in full
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh log\n  wh log --failed --since 1h\n  wh log -n 100 --event 'slot.*'\n  wh log msg_2Lk9\n  wh log --follow --json"
)]
pub struct LogArgs {
    /// Show this delivery in full, with every attempt: its id, the beginning of it, or `last`
    #[arg(value_name = "ID", add = super::completions::complete_id(), conflicts_with_all = ["last", "event", "since", "failed", "invalid", "follow"])]
    id: Option<String>,
    /// List so many of the newest [default: 20, with a filter by time all]
    #[arg(short = 'n', long, value_name = "N", value_parser = super::arguments::count, help_heading = "Filters")]
    last: Option<usize>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Go on with what is recorded from now on, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Read this log
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    log: Option<PathBuf>,
}

/// Lists the newest records, or shows those of one delivery.
pub fn run(args: &LogArgs, shared: &SharedArgs, context: &Context, reporter: &mut dyn Reporter) -> Result<Exit, Error> {
    let path = Logged::path(args.log.as_deref(), context)?;
    let shown = path.display().to_string();
    let filter = args.filter.filter(context)?;
    let logged = Logged::open(&path)?;
    if let (Some(id), Some(logged)) = (&args.id, &logged) {
        let catalogue = context.catalogue(shared.catalogue.as_deref())?;
        return whole(id, logged, &catalogue, reporter);
    }
    let found = match &logged {
        Some(logged) => list(args, &filter, logged, context, reporter)?,
        None => 0,
    };
    if args.follow {
        if found == 0 {
            reporter.report(&Outcome::Notice(Notice::Following { path: shown.clone() }))?;
        }
        let end = logged.as_ref().map_or(0, |logged| logged.reader().end());
        return follow(Follower::new(&path, end), &filter, &shown, context, reporter);
    }
    if found > 0 {
        return Ok(Exit::Good);
    }
    Err(Error::NothingLogged { path: shown, filtered: !filter.is_open() && logged.is_some() })
}

/// Lists the newest records that are meant, in their order; says how many those are.
fn list(
    args: &LogArgs,
    filter: &Filter,
    logged: &Logged,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<usize, Error> {
    let usual = if filter.since.is_some() { usize::MAX } else { USUAL };
    let count = args.last.unwrap_or(usual);
    let mut places = Vec::new();
    let mut more = false;
    let mut notices = logged.walk(None, |recorded, place| {
        if filter.admits(recorded) {
            more = places.len() == count;
            if more {
                return ControlFlow::Break(());
            }
            places.push(place);
        }
        // Whoever said how many need not be told that there are more.
        if places.len() == count && args.last.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if more && !args.follow {
        notices.push(Notice::MoreLogged { shown: count });
    }
    let mut line = Vec::new();
    let mut block = Block::default();
    for place in places.iter().rev() {
        logged.reader().read(*place, &mut line).map_err(|reason| logged.unreadable(reason))?;
        block.push(&line);
        if block.is_full() {
            block.show(context, reporter)?;
        }
    }
    block.show(context, reporter)?;
    for notice in notices {
        reporter.report(&Outcome::Notice(notice))?;
    }
    Ok(places.len())
}

/// Records that are shown together.
#[derive(Default)]
struct Block {
    entries: Vec<Entry>,
    lines: Vec<Vec<u8>>,
    bytes: usize,
}

impl Block {
    fn push(&mut self, line: &[u8]) {
        // It was one when it was found; a log that was changed since is passed over.
        let Ok(recorded) = record::read(line) else { return };
        self.entries.push(Entry::new(&recorded));
        self.lines.push(line.to_vec());
        self.bytes += line.len();
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= BLOCK || self.bytes >= BLOCK_BYTES
    }

    fn show(&mut self, context: &Context, reporter: &mut dyn Reporter) -> Result<(), Error> {
        if !self.entries.is_empty() {
            let now = (context.clock)();
            reporter.report(&Outcome::Logged { entries: &self.entries, lines: &self.lines, now })?;
        }
        *self = Self::default();
        Ok(())
    }
}

/// Shows what is appended until Ctrl-C, or until nobody reads it.
fn follow(
    mut follower: Follower,
    filter: &Filter,
    path: &str,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|reason| Error::System { what: "Ctrl-C cannot be waited for", reason })?;
    runtime.block_on(async {
        let mut interruptions =
            Interruptions::new().map_err(|reason| Error::System { what: "Ctrl-C cannot be waited for", reason })?;
        let mut block = Block::default();
        let mut unread = pin!(reader::gone());
        loop {
            let lines = follower.lines().map_err(|reason| Error::File { path: path.to_owned(), reason })?;
            let idle = lines.is_empty();
            for line in lines {
                if record::read(&line).is_ok_and(|recorded| filter.admits(&recorded)) {
                    block.push(&line);
                }
            }
            block.show(context, reporter)?;
            let pause = if idle { PULSE } else { Duration::ZERO };
            tokio::select! {
                // Ctrl-C ends whoever reads, too.
                biased;
                () = interruptions.next() => return Ok(Exit::Interrupted),
                () = &mut unread => return Ok(Exit::Good),
                () = tokio::time::sleep(pause) => {}
            }
        }
    })
}

/// Shows every record of one delivery, in full, in their order.
fn whole(id: &str, logged: &Logged, catalogue: &Catalogue, reporter: &mut dyn Reporter) -> Result<Exit, Error> {
    // As for `wh replay`, `last` is the newest.
    let newest = if id == "last" { logged.newest(1)?.pop() } else { None };
    let (_, places) = logged.find(newest.as_ref().map_or(id, |entry| &entry.id))?;
    let mut line = Vec::new();
    let mut payload = None;
    for (index, place) in places.iter().rev().enumerate() {
        logged.reader().read(*place, &mut line).map_err(|reason| logged.unreadable(reason))?;
        let Ok(recorded) = record::read(&line) else { continue };
        let provider = recorded.delivery.scheme.as_deref().and_then(|scheme| catalogue.provider(scheme).ok());
        let body = recorded.delivery.request.body().clone();
        reporter.report(&Outcome::LoggedWhole {
            recorded: &recorded,
            line: &line,
            provider: provider.as_ref(),
            first: index == 0,
            same_payload: payload.as_ref() == Some(&body),
        })?;
        payload = Some(body);
    }
    Ok(Exit::Good)
}
