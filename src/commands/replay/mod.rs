//! `wh replay`: deliver captured deliveries again, signed afresh or as they were.

mod deliveries;
mod files;
mod preparing;
mod selection;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::HeaderValue;

use self::deliveries::{Deliveries, ReplayLog};
use self::preparing::{Preparer, Ready};
use self::selection::Selection;
use super::arguments::{self, Header};
use super::delivering::{self, Deliverer, PaceArgs, Plan, Recorder, Route, Shown, Speed};
use super::logged::{FilterArgs, Logged};
use super::recording::{AttemptLog, RecordingArgs};
use super::targeting::TargetArgs;
use crate::cli::{Format, SchemeArgs, SecretArgs, SharedArgs};
use crate::context::Context;
use crate::edge::runtime;
use crate::edge::target::Target;
use crate::edge::unfinished::{Entry, Headers, Request, Stopped, Unfinished};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::policy::StatusPatterns;

/// How many deliveries are shown one by one; of more, only what went wrong is.
const SHOWN: usize = 100;

/// How long Ctrl-C leaves to what is on its way.
const GRACE: Duration = Duration::from_secs(5);

/// How many may be on their way where the original intervals are to be kept, so that slow answers do not change them.
const AT_A_TIME_WITH_PACE: usize = 64;

/// Deliver captured deliveries again
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(
    mut_arg("to", |to| to.help("Deliver to this URL [default: where it was sent before]")),
    after_help = "Examples:\n  wh replay last --to localhost:3000\n  wh replay msg_2Lk9\n  wh replay --failed --since 1h\n  wh replay captured.har --to 3000 --scheme whop\n  wh replay --event 'payment.*' --last 100 --to 3000 -c 8\n  wh replay --since 1h --pace --speed 60 --to 3000\n\nEach delivery keeps its id, its payload and its headers, and is signed afresh with the time of now. A URL without a path keeps the path to which the delivery went before. Several attempts at one delivery in the log are one delivery, of which --failed means the last."
)]
pub struct ReplayArgs {
    /// A file (records, a log, HAR or raw HTTP; `-` is stdin), an id from the log or the beginning of one, or `last`
    #[arg(value_name = "WHAT", add = super::completions::complete_id())]
    what: Vec<String>,
    /// Only so many of the newest
    #[arg(long, value_name = "N", value_parser = arguments::count, help_heading = "Filters")]
    last: Option<usize>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Go on with the replay that was stopped; --retry and the pace are said anew
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    target: TargetArgs,
    /// Say which answers are good [default: 2xx; with --retry, the provider's own]
    #[arg(long, value_name = "STATUS", value_parser = arguments::statuses, help_heading = "Target")]
    expect: Option<StatusPatterns>,
    /// Show what would be sent, and send nothing
    #[arg(long, conflicts_with = "resume", help_heading = "Target")]
    dry_run: bool,
    #[command(flatten)]
    scheme: SchemeArgs,
    /// Send the headers and the body exactly as they were captured, with the signature of then
    #[arg(long, conflicts_with_all = ["secret", "secret_file", "secret_env"])]
    keep_signature: bool,
    /// Add or replace a header, or take it out with `Name:`
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = arguments::header)]
    header: Vec<Header>,
    /// Deliver this many in all, taking them in turn
    #[arg(short = 'n', long, value_name = "N", value_parser = delivering::count, conflicts_with_all = ["resume", "keep_pace"], help_heading = "Pace")]
    count: Option<usize>,
    #[command(flatten)]
    pace: PaceArgs,
    /// Keep the intervals at which the deliveries came; --speed scales them
    #[arg(long = "pace", help_heading = "Pace")]
    keep_pace: bool,
    #[command(flatten)]
    log: RecordingArgs,
    #[command(flatten)]
    secret: SecretArgs,
}

impl ReplayArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        let Self { scheme, secret, target: TargetArgs { to, allow_remote, .. }, .. } = self;
        Slots { scheme: Some(scheme), to: Some(to), secret: Some(secret), allow_remote: *allow_remote }
    }

    /// What is to be replayed, as it was typed: what a replay that is gone on with is known by.
    fn typed(&self) -> Vec<String> {
        let mut typed = self.what.clone();
        typed.extend(self.last.map(|last| format!("--last {last}")));
        typed.extend(self.filter.typed());
        typed
    }

    /// Whether what is replayed is not named one by one, but all of the log that the filters let through.
    fn asks_for_all(&self) -> bool {
        self.what.is_empty() && !self.resume
    }

    /// What is asked for.
    fn request(&self) -> Request {
        let mut request = Request::new(self.typed());
        request.to = self.target.to.as_ref().map(|to| to.as_str().to_owned());
        request.keep_signature = self.keep_signature;
        request.scheme = self.scheme.typed().cloned();
        request.headers = self.headers();
        request
    }

    /// The headers of the user's own, as a replay that is gone on with has to have them again.
    fn headers(&self) -> Headers {
        Headers::of(self.header.iter().map(|Header { name, value }| {
            let value = value.as_ref().map(HeaderValue::as_bytes);
            (name.as_str(), value)
        }))
    }
}

/// Delivers what is meant, in the order in which it was captured.
pub fn run(
    args: &ReplayArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    check(args)?;
    let log = Logged::path(args.log.log.as_deref(), context);
    let unfinished = log.as_ref().ok().map(|log| Unfinished::path(log));
    let resumed = if args.resume { Some(resume(args, unfinished.as_deref())?) } else { None };
    let request = match &resumed {
        Some((_, stopped)) => stopped.request.clone(),
        None => args.request(),
    };
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let to = target(args, &request)?;
    let mut preparer = Preparer::new(args, to, &request, &catalogue, context);
    let (selection, notices) = match &resumed {
        Some((_, stopped)) => {
            let selection = Selection::again(stopped, &mut preparer)?;
            let (left, all) = (selection.items.len(), stopped.entries.len());
            (selection, vec![Notice::Resumed { what: stopped.request.what.join(" "), left, all }])
        }
        None => Selection::new(args, log, context, &mut preparer)?,
    };
    for notice in notices {
        reporter.report(&Outcome::Notice(notice))?;
    }
    // What cannot be sent is told before anything is.
    let ready = preparer.prepare_all(&selection)?;
    for way in preparer.ways() {
        if !args.dry_run {
            args.target.allow(&way.target, context)?;
        }
    }
    for notice in preparer.find_secrets(&ready, &selection)? {
        reporter.report(&Outcome::Notice(notice))?;
    }
    if args.dry_run {
        return show(args, &mut preparer, &selection, &ready, context, reporter);
    }
    let (attempts, notice) = AttemptLog::open(&args.log, None, context)?;
    let (unfinished, other) = match resumed {
        Some((unfinished, _)) => (Some(unfinished), None),
        // What is repeated has no end of its own to get to.
        None if args.count.is_some() => (None, None),
        None => begin(unfinished.as_deref(), request, &selection, &ready),
    };
    for notice in notice.into_iter().chain(other) {
        reporter.report(&Outcome::Notice(notice))?;
    }
    let all = args.count.unwrap_or(ready.len());
    let mut recorder = ReplayLog::new(attempts, unfinished, all);
    let ended = deliver(args, shared, context, &mut preparer, (&selection, ready), &mut recorder, reporter);
    match (recorder.end()?, ended) {
        (None, ended) => ended,
        (Some(left), Err(error)) => Err(Error::Resumable { error: Box::new(error), left }),
        (Some(left), Ok(exit)) => {
            reporter.report(&Outcome::Notice(Notice::Resumable { left }))?;
            Ok(exit)
        }
    }
}

/// What does not go together.
fn check(args: &ReplayArgs) -> Result<(), Error> {
    if args.pace.speed.is_some() && !args.pace.retry && !args.keep_pace {
        return Err(Error::usage("--speed is for the waits of --retry and --pace", "give one of them too"));
    }
    let secrets = args.secret.secret_file.iter().filter(|path| path.as_os_str() == "-").count();
    if secrets + args.what.iter().filter(|what| *what == "-").count() > 1 {
        return Err(Error::usage("stdin can be read once", "give one of what is to be read from `-` as a file"));
    }
    if args.typed().is_empty() && !args.resume {
        let hint = "name an id, `last` or a FILE, or give a filter such as --failed; `wh log` lists what there is";
        return Err(Error::usage("nothing says what to replay", hint));
    }
    Ok(())
}

/// The replay that was stopped, if it is the one that is meant.
fn resume(args: &ReplayArgs, path: Option<&Path>) -> Result<(Unfinished, Stopped), Error> {
    let none = || Error::Unresumable { reason: "no replay was stopped before its end".to_owned() };
    let path = path.ok_or_else(none)?;
    let file = |reason| Error::file(path, reason);
    let (unfinished, stopped) = Unfinished::resume(path).map_err(file)?.ok_or_else(none)?;
    match difference(args, &stopped.request) {
        Some(reason) => Err(Error::Unresumable { reason }),
        None => Ok((unfinished, stopped)),
    }
}

/// What makes the replay that was stopped another one than that which is meant.
fn difference(args: &ReplayArgs, stopped: &Request) -> Option<String> {
    let typed = args.typed();
    if !typed.is_empty() && typed != stopped.what {
        return Some(format!("the replay that was stopped is another one: {}", stopped.what.join(" ")));
    }
    if args.keep_signature && !stopped.keep_signature {
        return Some("the replay that was stopped signs afresh".to_owned());
    }
    if args.scheme.typed().is_some_and(|typed| stopped.scheme.as_ref() != Some(typed)) {
        let scheme = stopped.scheme.as_ref().map_or("none".to_owned(), |scheme| format!("--scheme {scheme}"));
        return Some(format!("the replay that was stopped was given another scheme: {scheme}"));
    }
    if args.headers() != stopped.headers {
        return Some(match stopped.headers.names.as_slice() {
            [] => "the replay that was stopped had no -H".to_owned(),
            names => {
                format!("what was stopped had other headers of its own, to be given again: -H {}", names.join(", -H "))
            }
        });
    }
    None
}

/// Where everything goes: where it is said, or was said when the replay began.
fn target(args: &ReplayArgs, request: &Request) -> Result<Option<Target>, Error> {
    if args.target.to.is_some() {
        return Ok(args.target.to.clone());
    }
    let parse = |to: &String| to.parse().map_err(|_| Error::usage("the replay's target is none", "give --to URL"));
    request.to.as_ref().map(parse).transpose()
}

/// Writes down what is going to be delivered, so that it can be gone on with.
fn begin(
    path: Option<&Path>,
    mut request: Request,
    selection: &Selection,
    ready: &[Ready],
) -> (Option<Unfinished>, Option<Notice>) {
    let (Some(path), 2.., true) = (path, ready.len(), !selection.passing) else { return (None, None) };
    request.files = selection.paths();
    request.log = selection.log;
    request.deliveries = ready.len();
    let entry = |ready: &Ready| {
        let Ready { item, at, hash } = *ready;
        Entry { file: item.file, place: item.place, hash, at }
    };
    let entries: Vec<Entry> = ready.iter().map(entry).collect();
    match Unfinished::begin(path, &request, &entries) {
        Ok(Some(unfinished)) => (Some(unfinished), None),
        Ok(None) => (None, Some(Notice::NotResumable { reason: "another replay is on its way".to_owned() })),
        Err(reason) => (None, Some(Notice::NotResumable { reason: reason.to_string() })),
    }
}

fn deliver(
    args: &ReplayArgs,
    shared: &SharedArgs,
    context: &Context,
    preparer: &mut Preparer<'_>,
    (selection, ready): (&Selection, Vec<Ready>),
    recorder: &mut ReplayLog,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let exit = runtime::block_on(async {
        let connecting = args.target.connecting(ready.len() > 1 || args.count.is_some());
        let mut routes = Vec::new();
        for way in preparer.ways() {
            routes.push(Route::to(way.target.clone(), way.provider.as_ref().map(Arc::clone), connecting).await?);
        }
        let plan = plan(args, shared, context, ready.len());
        let mut deliveries = Deliveries::new(preparer, selection, ready, plan.all, args.keep_pace);
        let (clock, random, recorder) = (context.clock, context.random(), Some(recorder as &mut dyn Recorder));
        Deliverer { routes, plan, clock, random, reporter, recorder }.run(&mut deliveries).await
    });
    exit.map_err(Error::network)?
}

/// Shows what would be sent.
fn show(
    args: &ReplayArgs,
    preparer: &mut Preparer<'_>,
    selection: &Selection,
    ready: &[Ready],
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    for ready in ready.iter().cycle().take(args.count.unwrap_or(ready.len())) {
        let (mut delivery, way) = preparer.delivery(&ready.item, selection)?;
        preparer.sign(&mut delivery, way, (context.clock)())?;
        let provider = preparer.ways()[way].provider.as_deref();
        reporter.report(&Outcome::Planned { delivery: &delivery, provider, secrets: args.log.record_secrets })?;
    }
    Ok(Exit::Good)
}

/// How the deliveries are sent.
fn plan(args: &ReplayArgs, shared: &SharedArgs, context: &Context, deliveries: usize) -> Plan {
    let json = shared.format() == Format::Json;
    let all = args.count.unwrap_or(deliveries);
    let shown = match args.count {
        _ if shared.verbose => Shown::Each,
        Some(_) if json => Shown::Totals,
        None if all <= SHOWN || json => Shown::Each,
        Some(_) | None => Shown::Examples,
    };
    let at_a_time = if args.keep_pace { AT_A_TIME_WITH_PACE } else { args.pace.at_a_time() };
    Plan {
        all,
        expect: args.expect.clone(),
        fault: None,
        concurrency: args.pace.concurrency.unwrap_or(at_a_time),
        rate: args.pace.rate,
        retry: args.pace.retry,
        speed: args.pace.speed.unwrap_or(Speed::Times(1.0)),
        shown,
        secrets: args.log.record_secrets,
        grace: GRACE,
        watched: context.terminals.errors && !json && !shared.quiet,
    }
}
