//! `wh send`: sign fixture payloads and deliver them to a URL, or to a receiver inside the program.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::arguments;
use super::composing::{Composer, DeliveryArgs};
use super::delivering::{self, Deliverer, Job, PaceArgs, Plan, Recorder, Route, Shown, Source, Speed};
use super::recording::{AttemptLog, RecordingArgs};
use super::secrets::{Secrets, secrets};
use super::sign::default_target;
use super::targeting::TargetArgs;
use crate::cli::{Format, SharedArgs};
use crate::context::Context;
use crate::edge::runtime;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::catalogue::Catalogue;
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::fault::Fault;
use crate::webhook::keyring::Keyring;
use crate::webhook::policy::StatusPatterns;
use crate::webhook::provider::Provider;
use crate::webhook::unexpected::{self, Refused, Signed};

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
    /// Say which answers are good [default: 2xx; with --retry, what the provider counts as received]
    #[arg(long, value_name = "STATUS", value_parser = arguments::statuses, help_heading = "Target")]
    expect: Option<StatusPatterns>,
    /// Show what would be sent, and send nothing
    #[arg(long, help_heading = "Target")]
    dry_run: bool,
    /// Deliver this many in all, taking the events in turn
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
    let senders = senders(&events, &catalogue, &composer, args, context)?;
    // Many at once come in the order of their providers' files, which is that of life.
    if args.all || args.events.len() == 1 {
        let place = |event: &EventName| {
            let provider = senders.get(&event.provider).map(|sender| &sender.provider);
            provider.and_then(|provider| provider.events.iter().position(|info| info.name == *event))
        };
        events.sort_by_key(|event| (event.provider.clone(), place(event)));
    }
    // What cannot be made is told before anything is said or sent.
    for event in &events {
        let sender = &senders[&event.provider];
        let target = args.target.to.clone().unwrap_or_else(|| default_target(&sender.provider));
        composer.delivery(event, &sender.provider, &sender.keyring, target.uri())?;
    }
    let mut notices = notices(&senders, &composer, args);
    for addition in events.iter().flat_map(|event| composer.additions(event)) {
        if !notices.contains(&addition) {
            notices.push(addition);
        }
    }
    for notice in notices {
        reporter.report(&Outcome::Notice(notice))?;
    }
    if args.dry_run {
        for event in events.iter().cycle().take(args.count.unwrap_or(events.len())) {
            let sender = &senders[&event.provider];
            let target = args.target.to.clone().unwrap_or_else(|| default_target(&sender.provider));
            let delivery = composer.delivery(event, &sender.provider, &sender.keyring, target.uri())?;
            reporter.report(&Outcome::Planned { delivery: &delivery, provider: &sender.provider })?;
        }
        return Ok(Exit::Good);
    }
    let (mut recorder, notice) = AttemptLog::open(&args.log, args.delivery.fault.map(Fault::name), context)?;
    if let Some(notice) = notice {
        reporter.report(&Outcome::Notice(notice))?;
    }
    let outcome = runtime::block_on(async {
        let routes = routes(&senders, args, context).await?;
        let urls = routes.iter().map(|route| route.target.uri().clone()).collect();
        let plan = plan(args, shared, context, events.len());
        let route = |event: &EventName| senders.keys().position(|name| *name == event.provider);
        let events = events.into_iter().filter_map(|event| route(&event).map(|route| (event, route))).collect();
        let senders = senders.values().collect();
        let left = plan.all;
        let mut deliveries = Deliveries { events, turn: 0, left, composer: &mut composer, senders, urls, args };
        let (clock, random, recorder) = (context.clock, context.random(), Some(&mut recorder as &mut dyn Recorder));
        Deliverer { routes, plan, clock, random, reporter, recorder }.run(&mut deliveries).await
    });
    outcome.map_err(Error::network)?
}

/// What the deliveries of one provider have in common.
struct Sender {
    provider: Arc<Provider>,
    secrets: Secrets,
    keyring: Keyring,
}

impl Sender {
    fn notices(&self, composer: &Composer<'_>, pace: &PaceArgs) -> impl Iterator<Item = Notice> {
        let secrets = self.secrets.notices.iter().cloned();
        secrets.chain(composer.notices(&self.provider)).chain(pace.notice(&self.provider))
    }
}

fn senders(
    events: &[EventName],
    catalogue: &Catalogue,
    composer: &Composer<'_>,
    args: &SendArgs,
    context: &Context,
) -> Result<BTreeMap<String, Sender>, Error> {
    let mut senders = BTreeMap::new();
    for event in events {
        if !senders.contains_key(&event.provider) {
            let provider = Arc::new(catalogue.provider(&event.provider)?);
            composer.check_fault(&provider)?;
            let secrets = secrets(&args.delivery.secret, &provider, context, args.target.to.as_ref())?;
            let keyring = Keyring::new(&provider.scheme, &secrets.secrets);
            senders.insert(event.provider.clone(), Sender { provider, secrets, keyring });
        }
    }
    Ok(senders)
}

/// What is worth knowing before anything is sent. In the program both sides use the test secret, so that one line will do.
fn notices(senders: &BTreeMap<String, Sender>, composer: &Composer<'_>, args: &SendArgs) -> Vec<Notice> {
    let in_process = args.target.to.is_none() && !args.dry_run;
    let mut test_secrets = Vec::new();
    let mut notices = Vec::new();
    for sender in senders.values() {
        for notice in sender.notices(composer, &args.pace) {
            match notice {
                Notice::TestSecret { scheme, .. } if in_process => test_secrets.push(scheme),
                notice => notices.push(notice),
            }
        }
    }
    notices.extend(args.target.connecting(false).notice(args.target.to.as_ref()).filter(|_| !args.dry_run));
    if in_process {
        notices.insert(0, Notice::InProcess { test_secrets });
    }
    notices
}

/// The routes of the deliveries, one for each provider, in the order of their names.
async fn routes(senders: &BTreeMap<String, Sender>, args: &SendArgs, context: &Context) -> Result<Vec<Route>, Error> {
    let connecting = args.target.connecting(args.count.is_some());
    let mut routes = Vec::new();
    for sender in senders.values() {
        let provider = Arc::clone(&sender.provider);
        routes.push(match &args.target.to {
            Some(target) => Route::to(target.clone(), Some(provider), connecting).await?,
            None => Route::inside(provider, &sender.secrets.secrets, context.clock, connecting).await?,
        });
    }
    Ok(routes)
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
        grace: Duration::ZERO,
        watched: context.terminals.errors && !json && !shared.quiet,
    }
}

/// The deliveries: the events in turn, as many as are wanted.
struct Deliveries<'a, 'b> {
    /// The events, and the route of each: that of its provider.
    events: Vec<(EventName, usize)>,
    /// Whose turn it is.
    turn: usize,
    left: usize,
    composer: &'b mut Composer<'a>,
    senders: Vec<&'b Sender>,
    urls: Vec<Uri>,
    args: &'b SendArgs,
}

impl Source for Deliveries<'_, '_> {
    fn next(&mut self, now: Timestamp) -> Result<Option<Job>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let (event, route) = &self.events[self.turn];
        self.turn = (self.turn + 1) % self.events.len();
        let draft = self.composer.compose(event, &self.senders[*route].provider, &self.urls[*route], now)?;
        Ok(Some(Job { route: *route, draft, due: Duration::ZERO }))
    }

    fn sign(&mut self, draft: Delivery, route: usize, now: Timestamp) -> Result<Delivery, Error> {
        let sender = self.senders[route];
        self.composer.sign(draft, &sender.provider, &sender.keyring, now)
    }

    fn remark(&self, delivery: &Delivery, route: &Route) -> Option<Notice> {
        self.composer.misnamed(route.provider.as_deref()?, delivery)
    }

    fn advice(&self, attempt: &Attempt, route: &Route) -> Option<String> {
        let provider = route.provider.as_deref()?;
        let sender = self.senders.iter().find(|sender| sender.provider.name == provider.name)?;
        advice(attempt, route, sender, self.args)
    }
}

/// What may help with an answer that is not good. Of a delivery that is wrong on purpose, a refusal needs no help.
fn advice(attempt: &Attempt, route: &Route, sender: &Sender, args: &SendArgs) -> Option<String> {
    let answer: &Answer = attempt.outcome.as_ref().ok()?;
    let (provider, url) = (&*sender.provider, route.target.uri());
    let expected = match &args.expect {
        Some(expect) => expect.matches(answer.status),
        None => answer.status.is_success(),
    };
    match args.delivery.fault {
        Some(fault) if answer.status.is_success() => {
            Some(format!("a correct receiver refuses this ({}), and this one accepted it", fault.name()))
        }
        // Where nothing is there, a fault was not refused for what it is.
        Some(_) if !expected || answer.status == StatusCode::NOT_FOUND => {
            unexpected::misdirected(answer, provider, url)
        }
        Some(_) => None,
        None if expected => None,
        None => {
            let names: Vec<&str> = sender.keyring.names().collect();
            let signed = if args.delivery.has_timestamp() { Signed::AsOf } else { Signed::Now(&names) };
            unexpected::advice(answer, &Refused { provider, url, signed })
        }
    }
}
