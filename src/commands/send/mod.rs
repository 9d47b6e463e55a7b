//! `wh send`: sign fixture payloads and deliver them to a URL, or to a receiver inside the program.

mod deliveries;
mod senders;

use std::time::Duration;

use clap::Args;

use self::deliveries::Deliveries;
use self::senders::Senders;
use super::arguments;
use super::composing::{Composer, DeliveryArgs};
use super::delivering::{self, Deliverer, PaceArgs, Plan, Recorder, Shown, Speed};
use super::recording::{AttemptLog, RecordingArgs};
use super::targeting::TargetArgs;
use crate::cli::{Format, SharedArgs};
use crate::context::Context;
use crate::edge::runtime;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::event::EventName;
use crate::webhook::fault::Fault;
use crate::webhook::policy::StatusPatterns;

/// Sign fixture payloads and deliver them to a URL
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh send slot.submitted\n  wh send slot.submitted --to localhost:3000/webhooks/wpg\n  wh send 'slot.*' --to 3000\n  wh send --all --scheme comps --to 3000\n  wh send slot.submitted --to 3000 --fault stale --expect 401"
)]
pub struct SendArgs {
    /// The events: type, provider/type, type@variant, or a glob ('slot.*')
    #[arg(value_name = "EVENT", add = super::completions::complete_event())]
    events: Vec<String>,
    /// Deliver every event of the scheme, with its variants
    #[arg(long, conflicts_with = "events")]
    all: bool,
    #[command(flatten)]
    target: TargetArgs,
    /// Say which answers are good [default: 2xx; with --retry, the provider's own]
    #[arg(long, value_name = "STATUS", value_parser = arguments::statuses, help_heading = "Target")]
    expect: Option<StatusPatterns>,
    /// Show what would be sent, and send nothing
    #[arg(long, help_heading = "Target")]
    dry_run: bool,
    /// Deliver this many in all, taking them in turn
    #[arg(short = 'n', long, value_name = "N", value_parser = delivering::count, help_heading = "Pace")]
    count: Option<usize>,
    #[command(flatten)]
    pace: PaceArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    log: RecordingArgs,
}

impl SendArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        let DeliveryArgs { scheme, secret, .. } = &mut self.delivery;
        let TargetArgs { to, allow_remote, .. } = &mut self.target;
        Slots { scheme: Some(scheme), to: Some(to), secret: Some(secret), allow_remote: *allow_remote }
    }
}

/// Delivers the events, one after the other.
pub fn run(
    args: &SendArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    if args.pace.speed.is_some() && !args.pace.retry {
        return Err(Error::usage("--speed is for the waits of --retry", "give --retry too"));
    }
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let mut composer = Composer::new(&args.delivery, context, &catalogue)?;
    let mut events = composer.events(&args.events, args.all)?;
    composer.one_id_only(args.count.unwrap_or(1))?;
    if let (Some(target), false) = (&args.target.to, args.dry_run) {
        args.target.allow(target, context)?;
    }
    let senders = Senders::new(args, &events, &catalogue, &composer, context)?;
    // Many at once come in the order of their providers' files, which is that of life.
    if args.all || args.events.len() == 1 {
        events.sort_by_key(|event| senders.place(event));
    }
    // What cannot be made is told before anything is said or sent.
    for event in &events {
        senders.delivery(event, &mut composer)?;
    }
    for notice in senders.notices(&events, &composer) {
        reporter.report(&Outcome::Notice(notice))?;
    }
    if args.dry_run {
        return show(args, &events, &senders, &mut composer, reporter);
    }
    let (mut recorder, notice) = AttemptLog::open(&args.log, args.delivery.fault.map(Fault::name), context)?;
    if let Some(notice) = notice {
        reporter.report(&Outcome::Notice(notice))?;
    }
    let plan = plan(args, shared, context, events.len());
    let sent = runtime::block_on(async {
        let routes = senders.routes(context.clock).await?;
        let mut deliveries = Deliveries::new(args, plan.all, events, &senders, &routes, &mut composer);
        let (clock, random, recorder) = (context.clock, context.random(), Some(&mut recorder as &mut dyn Recorder));
        Deliverer { routes, plan, clock, random, reporter, recorder }.run(&mut deliveries).await
    });
    sent.map_err(Error::network)?
}

/// Shows what would be sent.
fn show(
    args: &SendArgs,
    events: &[EventName],
    senders: &Senders<'_>,
    composer: &mut Composer<'_>,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    for event in events.iter().cycle().take(args.count.unwrap_or(events.len())) {
        let delivery = senders.delivery(event, composer)?;
        let (provider, secrets) = (Some(senders.provider(event)), args.log.record_secrets);
        reporter.report(&Outcome::Planned { delivery: &delivery, provider, secrets })?;
    }
    Ok(Exit::Good)
}

/// How the deliveries are sent.
fn plan(args: &SendArgs, shared: &SharedArgs, context: &Context, events: usize) -> Plan {
    let json = shared.format() == Format::Json;
    let shown = match args.count {
        None => Shown::Each,
        Some(_) if shared.verbose => Shown::Each,
        Some(_) if json => Shown::Totals,
        Some(_) => Shown::Examples,
    };
    Plan {
        all: args.count.unwrap_or(events),
        expect: args.expect.clone(),
        fault: args.delivery.fault.map(Fault::name),
        concurrency: args.pace.at_a_time(),
        rate: args.pace.rate,
        retry: args.pace.retry,
        speed: args.pace.speed.unwrap_or(Speed::Times(1.0)),
        shown,
        secrets: args.log.record_secrets,
        grace: Duration::ZERO,
        watched: context.terminals.errors && !json && !shared.quiet,
    }
}
