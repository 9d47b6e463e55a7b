//! `wh check`: find out whether a receiver refuses what it must and accepts what it should.

mod connections;
mod diagnosis;
mod effects;
mod examiner;
mod observations;
mod reports;
mod selection;

use std::time::Duration;

use clap::Args;
use http::{HeaderName, HeaderValue};

use self::connections::{Connections, interruption};
use self::effects::Effects;
use self::examiner::{Examiner, Subject};
use self::reports::{ReportArg, Reports};
use self::selection::Selection;
use super::arguments;
use super::secrets::{Secrets, secrets};
use super::targeting::TargetArgs;
use crate::cli::{SchemeArgs, SecretArgs, SharedArgs};
use crate::context::Context;
use crate::edge::runtime;
use crate::edge::target::Target;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::catalogue::Catalogue;
use crate::webhook::event::EventName;
use crate::webhook::probe::Probe;
use crate::webhook::probe::examination::{Examination, Verdict};
use crate::webhook::probe::material::Example;
use crate::webhook::provider::Provider;

/// How long to wait for an answer where the provider does not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Find out whether a receiver refuses what it must and accepts what it should
#[derive(Debug, Args)]
#[command(
    mut_arg("to", |to| to.help("Check the receiver at this URL: 3000, :3000/path, localhost:3000 or https://…")),
    after_help = "Examples:\n  wh check --to localhost:3000/webhooks/wpg --scheme wpg\n  wh check --to 3000 --scheme whop --only security\n  wh check --to 3000 --scheme comps --skip huge-body,'scheme-*' --strict\n  wh check --list --scheme wpg\n\nIt sends genuine deliveries and forgeries, among them broken ones: point it at a receiver that you test, not at one\nthat is in use.\n\nExit codes: 0 all is well, 1 a check failed, 3 nobody is there, 4 nothing could be concluded: the genuine delivery\nwas refused, or nothing was checked."
)]
pub struct CheckArgs {
    #[command(flatten)]
    scheme: SchemeArgs,
    /// The event to send: type, provider/type or type@variant [default: the provider's first]
    #[arg(long, value_name = "EVENT", add = super::completions::complete_event())]
    event: Option<String>,
    /// Run only these checks: names, globs ('*-timestamp'), or a severity (security, robustness, advice)
    #[arg(long, value_name = "CHECK", value_delimiter = ',', help_heading = "Checks")]
    only: Vec<String>,
    /// Leave these checks out: names, globs, or a severity
    #[arg(long, value_name = "CHECK", value_delimiter = ',', help_heading = "Checks")]
    skip: Vec<String>,
    /// List the checks, and run none
    #[arg(long, help_heading = "Checks")]
    list: bool,
    /// Fail on warnings, too
    #[arg(long, help_heading = "Checks")]
    strict: bool,
    /// Write a report: junit=FILE, tap=FILE, json=FILE, markdown=FILE, or github for annotations
    #[arg(long, value_name = "FORM=FILE", value_parser = reports::report, help_heading = "Checks")]
    report: Vec<ReportArg>,
    /// Run this to see what deliveries do: it prints something that changes when one has been processed
    #[arg(long, value_name = "COMMAND", help_heading = "Checks")]
    effects: Option<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Add or replace a header, or take it out with `Name:`
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = arguments::header, help_heading = "Target")]
    header: Vec<arguments::Header>,
    #[command(flatten)]
    secret: SecretArgs,
}

impl CheckArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        let Self { scheme, secret, target: TargetArgs { to, allow_remote, .. }, .. } = self;
        Slots { scheme: Some(scheme), to: Some(to), secret: Some(secret), allow_remote: *allow_remote }
    }
}

/// Sends every probe of the table and reports what came of each.
pub fn run(
    args: &CheckArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let selection = Selection::new(&args.only, &args.skip)?;
    let event = event(args, &catalogue)?;
    if args.list {
        return list(&selection, event.as_ref(), &catalogue, reporter);
    }
    let Some(event) = event else {
        let hint = "say which provider it is for: wh check --to URL --scheme NAME; `wh schemes` lists them";
        return Err(Error::usage("no --scheme was given", hint));
    };
    let Some(target) = &args.target.to else {
        return Err(Error::usage("no --to was given", "say where the receiver is: wh check --to localhost:3000/path"));
    };
    let provider = catalogue.provider(&event.provider)?;
    args.target.allow(target, context)?;
    let Secrets { secrets, notices } = secrets(&args.secret, &provider, context, Some(target))?;
    let fixtures = fixtures(&provider, &event, &catalogue)?;
    let headers: Vec<(HeaderName, Option<HeaderValue>)> =
        args.header.iter().map(|header| (header.name.clone(), header.value.clone())).collect();
    let probes = selection.probes(&provider);
    if probes.is_empty() {
        return Err(Error::NoChecks { scheme: provider.name });
    }
    let reports = Reports::open(&args.report, context)?;
    for notice in notices {
        reporter.report(&Outcome::Notice(notice))?;
    }
    let (secrets, event) = (secrets.as_slice(), &event);
    let subject = Subject { provider: &provider, secrets, event, fixtures: &fixtures, headers: &headers, target };
    let watched = context.terminals.errors && !shared.quiet;
    let examined = runtime::block_on(examine(args, subject, &probes, watched, context, reporter));
    conclude(examined.map_err(Error::network)??, reports, target, reporter)
}

/// Lists the checks that are meant.
fn list(
    selection: &Selection,
    event: Option<&EventName>,
    catalogue: &Catalogue,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let provider = event.map(|event| catalogue.provider(&event.provider)).transpose()?;
    reporter.report(&Outcome::Probes { probes: &selection.listed(), provider: provider.as_ref() })?;
    Ok(Exit::Good)
}

/// Sends the probes to the receiver.
async fn examine(
    args: &CheckArgs,
    subject: Subject<'_>,
    probes: &[&'static Probe],
    watched: bool,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Examination, Error> {
    let stop = interruption();
    let effects = match &args.effects {
        Some(command) => Effects::new(command, stop.clone()).await?,
        None => None,
    };
    let timeout = args.target.timeout.or(subject.provider.policy.timeout).unwrap_or(USUAL_TIMEOUT);
    let connections = Connections::open(subject.target, timeout, args.target.connecting(true)).await?;
    let (clock, random, strict) = (context.clock, context.random(), args.strict);
    Examiner { subject, connections, clock, random, reporter, effects, strict, watched, stop }.run(probes).await
}

/// Shows what came of it, writes the reports, and says how the run ends.
fn conclude(
    examination: Examination,
    reports: Reports,
    target: &Target,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    if reports.annotations {
        reporter.report(&Outcome::Annotations(&examination))?;
    }
    // A report that cannot be written keeps nobody from the answer: the error comes behind it.
    let written = reports.write(&examination);
    let verdict = examination.verdict();
    if let Some(failure) = examination.unreachable {
        return Err(Error::Unreachable { target: Box::new(target.clone()), failure });
    }
    reporter.report(&Outcome::Examined(&examination))?;
    written?;
    Ok(exit(verdict))
}

/// The event to send: the one that was named, or the provider's first.
fn event(args: &CheckArgs, catalogue: &Catalogue) -> Result<Option<EventName>, Error> {
    let scheme = args.scheme.scheme.as_deref();
    if let Some(pattern) = &args.event {
        let mut events = catalogue.select(pattern, scheme)?;
        if events.len() > 1 {
            let message = format!("{} events are meant, and one is sent", events.len());
            return Err(Error::usage(message, "name one event, such as slot.submitted"));
        }
        return Ok(events.pop());
    }
    let Some(scheme) = scheme else { return Ok(None) };
    let provider = catalogue.provider(scheme)?;
    let first = provider.events.first().map(|info| info.name.clone());
    first.map(Some).ok_or_else(|| {
        let message = format!("{scheme} has no example event to send");
        Error::usage(message, "put one into its folder: events/<type>.json")
    })
}

/// The example of each documented event, in the order of the provider's file.
fn fixtures<'a>(provider: &Provider, event: &EventName, catalogue: &'a Catalogue) -> Result<Vec<Example<'a>>, Error> {
    let known = provider.events.iter().map(|info| &info.name);
    let missing = (!known.clone().any(|known| known == event)).then_some(event);
    let mut fixtures = Vec::new();
    for event in known.chain(missing) {
        fixtures.push((event.clone(), catalogue.fixture(event)?.1));
    }
    Ok(fixtures)
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Good => Exit::Good,
        Verdict::Insecure | Verdict::Fragile | Verdict::Doubtful => Exit::No,
        Verdict::RefusesGenuine | Verdict::Nothing | Verdict::Unproven => Exit::Inconclusive,
        Verdict::Unreachable => Exit::Environment,
        Verdict::Interrupted => Exit::Interrupted,
    }
}
