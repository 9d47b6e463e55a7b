//! `wh send`: sign fixture payloads and deliver them to a URL, or to a receiver inside the program.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;
use http::StatusCode;
use http::header::LOCATION;
use tokio::net::TcpListener;

use super::arguments;
use super::composing::{Composer, DeliveryArgs};
use super::receiver::Receiver;
use super::secrets::{Secrets, secrets};
use super::sign::default_target;
use crate::cli::SharedArgs;
use crate::context::Context;
use crate::edge::client::{Client, ClientError, ClientOptions};
use crate::edge::listener::{self, Limits};
use crate::edge::prompt;
use crate::edge::target::Target;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter, Summary, Whole};
use crate::webhook::attempt::{Answer, Attempt, Failure};
use crate::webhook::catalogue::Catalogue;
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::fault::Fault;
use crate::webhook::policy::StatusPatterns;
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;

/// How long to wait for an answer where the provider does not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Sign fixture payloads and deliver them to a URL
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh send slot.submitted\n  wh send slot.submitted --to localhost:3000/webhooks/wpg\n  wh send 'slot.*' --to 3000\n  wh send --all --scheme comps --to 3000\n  wh send slot.submitted --to 3000 --fault stale --expect 401"
)]
pub struct SendArgs {
    /// The events: type, provider/type, type@variant, or a glob ('slot.*')
    #[arg(value_name = "EVENT", add = super::completions::complete_event())]
    events: Vec<String>,
    /// Deliver every event of the scheme, with its variants
    #[arg(long, requires = "scheme", conflicts_with = "events")]
    all: bool,
    /// Deliver to this URL: 3000, :3000/path, localhost:3000 or https://…
    #[arg(long, value_name = "URL", value_parser = arguments::target, help_heading = "Target")]
    to: Option<Target>,
    /// Allow a target that is not this machine
    #[arg(long, help_heading = "Target")]
    allow_remote: bool,
    /// Accept any TLS certificate
    #[arg(short = 'k', long, help_heading = "Target")]
    insecure: bool,
    /// Trust the PEM certificates in a file, too
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Target")]
    cacert: Option<PathBuf>,
    /// Wait this long for an answer [default: as long as the provider does]
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration, help_heading = "Target")]
    timeout: Option<Duration>,
    /// Say which answers are good
    #[arg(long, value_name = "STATUS", value_parser = arguments::statuses, default_value = "2xx", help_heading = "Target")]
    expect: StatusPatterns,
    /// Show what would be sent, and send nothing
    #[arg(long, help_heading = "Target")]
    dry_run: bool,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

/// Delivers the events, one after the other.
pub fn run(
    args: &SendArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let mut composer = Composer::new(&args.delivery, context, &catalogue)?;
    let mut events = composer.events(&args.events, args.all)?;
    if let (Some(target), false) = (&args.to, args.dry_run) {
        allow(target, args.allow_remote, context)?;
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
        let target = args.to.clone().unwrap_or_else(|| default_target(&sender.provider));
        composer.delivery(event, &sender.provider, &sender.secrets.secrets, target.uri())?;
    }
    for notice in notices(&senders, &composer, args) {
        reporter.report(&Outcome::Notice(notice))?;
    }
    if args.dry_run {
        for event in &events {
            let sender = &senders[&event.provider];
            let target = args.to.clone().unwrap_or_else(|| default_target(&sender.provider));
            let delivery = composer.delivery(event, &sender.provider, &sender.secrets.secrets, target.uri())?;
            reporter.report(&Outcome::Planned { delivery: &delivery, provider: &sender.provider })?;
        }
        return Ok(Exit::Good);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|reason| Error::System { what: "the network cannot be used", reason })?;
    runtime.block_on(deliver_all(&events, &senders, &mut composer, args, context, reporter))
}

/// What the deliveries of one provider have in common.
struct Sender {
    provider: Provider,
    secrets: Secrets,
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
            let provider = catalogue.provider(&event.provider)?;
            composer.check_fault(&provider)?;
            let secrets = secrets(&args.delivery.secret, &provider, context, args.to.as_ref())?;
            senders.insert(event.provider.clone(), Sender { provider, secrets });
        }
    }
    Ok(senders)
}

/// What is worth knowing before anything is sent. In the program both sides use the test secret, so that one line will do.
fn notices(senders: &BTreeMap<String, Sender>, composer: &Composer<'_>, args: &SendArgs) -> Vec<Notice> {
    let in_process = args.to.is_none() && !args.dry_run;
    let mut test_secrets = Vec::new();
    let mut notices = Vec::new();
    for sender in senders.values() {
        for notice in sender.secrets.notices.iter().cloned().chain(composer.notices(&sender.provider)) {
            match notice {
                Notice::TestSecret { scheme, .. } if in_process => test_secrets.push(scheme),
                notice => notices.push(notice),
            }
        }
    }
    if in_process {
        notices.insert(0, Notice::InProcess { test_secrets });
    }
    notices
}

/// A target that is not this machine is asked about, or needs a flag where there is nobody to ask.
pub(super) fn allow(target: &Target, allowed: bool, context: &Context) -> Result<(), Error> {
    if allowed || target.is_loopback() {
        return Ok(());
    }
    let url = target.as_str().to_owned();
    if !context.terminals.interactive() {
        return Err(Error::Remote { url, asked: false });
    }
    let question = format!("`{url}` is not on this machine. Send there?");
    if prompt::confirm(&question) == Some(true) { Ok(()) } else { Err(Error::Remote { url, asked: true }) }
}

async fn deliver_all(
    events: &[EventName],
    senders: &BTreeMap<String, Sender>,
    composer: &mut Composer<'_>,
    args: &SendArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let mut routes: BTreeMap<&str, Route> = BTreeMap::new();
    let mut summary = Summary { unsent: events.len(), ..Summary::default() };
    let mut stopped = None;
    // The same advice helps once.
    let mut last_advice = None;
    let fault = args.delivery.fault.map(Fault::name);
    for event in events {
        let sender = &senders[&event.provider];
        if !routes.contains_key(event.provider.as_str()) {
            routes.insert(&event.provider, Route::new(sender, args, context).await?);
        }
        let route = &routes[event.provider.as_str()];
        let delivery = composer.delivery(event, &sender.provider, &sender.secrets.secrets, route.target.uri())?;
        if let Some(notice) = composer.misnamed(&sender.provider, &delivery) {
            reporter.report(&Outcome::Notice(notice))?;
        }
        let sending = route.deliver(&delivery, sender, context, reporter, (events.len() == 1, args.delivery.fault));
        let Some(attempt) = unless_interrupted(sending).await else {
            stopped = Some(Error::Interrupted { done: summary.sent, all: events.len() });
            break;
        };
        let attempt = attempt?;

        summary.sent += 1;
        summary.unsent -= 1;
        let fatal = match &attempt.outcome {
            Ok(answer) if args.expect.matches(answer.status) => {
                summary.accepted += 1;
                None
            }
            Ok(_) => {
                summary.refused += 1;
                None
            }
            Err(failure) => {
                summary.failed += 1;
                let alone = events.len() == 1;
                let nobody = summary.accepted + summary.refused == 0 && failure.is_lasting();
                (alone || nobody).then(|| failure.clone())
            }
        };
        let advice = advice(&attempt, route, sender, args).filter(|advice| last_advice.as_ref() != Some(advice));
        if advice.is_some() {
            last_advice.clone_from(&advice);
        }
        reporter.report(&Outcome::Attempted {
            delivery: &delivery,
            attempt: &attempt,
            good: attempt.status().is_some_and(|status| args.expect.matches(status)),
            advice,
            fault,
            fatal: fatal.is_some(),
        })?;
        if let Some(failure) = fatal {
            stopped = Some(Error::Unreachable { target: Box::new(route.target.clone()), failure });
            break;
        }
    }
    if events.len() > 1 {
        reporter.report(&Outcome::Summary(summary))?;
    }
    match stopped {
        Some(error) => Err(error),
        None if summary.refused > 0 => Ok(Exit::No),
        None if summary.failed > 0 => Ok(Exit::Environment),
        None => Ok(Exit::Good),
    }
}

/// What a future yields; nothing when Ctrl-C came first.
async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        Ok(()) = tokio::signal::ctrl_c() => None,
    }
}

/// The way of a provider's deliveries: to the target, or to a receiver inside the program.
struct Route {
    target: Target,
    client: Client,
    receiver: Option<Arc<Receiver>>,
}

impl Route {
    async fn new(sender: &Sender, args: &SendArgs, context: &Context) -> Result<Self, Error> {
        let (target, receiver) = match &args.to {
            Some(target) => (target.clone(), None),
            None => {
                let (target, receiver) = receive(sender, context).await?;
                (target, Some(receiver))
            }
        };
        let authorities = match &args.cacert {
            None => None,
            Some(path) => {
                let file = |reason| Error::File { path: path.display().to_string(), reason };
                Some(std::fs::read(path).map_err(file)?)
            }
        };
        let timeout = args.timeout.or(sender.provider.policy.timeout).unwrap_or(USUAL_TIMEOUT);
        let options = ClientOptions { timeout, insecure: args.insecure, authorities, ..ClientOptions::default() };
        let client = Client::new(&target, options).await.map_err(|error| match error {
            ClientError::Unreachable(failure) => Error::Unreachable { target: Box::new(target.clone()), failure },
            error @ (ClientError::Certificates | ClientError::Setup(_)) => Error::Client(error),
        })?;
        Ok(Self { target, client, receiver })
    }

    /// Sends a delivery once and shows it going out; in the program, as it arrived.
    async fn deliver(
        &self,
        delivery: &Delivery,
        sender: &Sender,
        context: &Context,
        reporter: &mut dyn Reporter,
        (alone, fault): (bool, Option<Fault>),
    ) -> Result<Attempt, Error> {
        let at = (context.clock)();
        let provider = &sender.provider;
        let Some(receiver) = &self.receiver else {
            let fault = fault.map(Fault::name);
            reporter.report(&Outcome::Sending { delivery, provider, at, fault })?;
            return Ok(self.client.send(delivery, 1, at).await);
        };
        let attempt = self.client.send(delivery, 1, at).await;
        for mut reception in receiver.take() {
            // Not every provider sends an id; both arrows are to have the same.
            reception.delivery.id.clone_from(&delivery.id);
            reception.delivery.variant.clone_from(&delivery.variant);
            reporter.report(&Outcome::Received {
                delivery: &reception.delivery,
                provider: Some(provider),
                at: reception.at,
                remote: reception.remote,
                verdict: Some(&reception.verdict),
                status: Some(reception.status),
                whole: if alone { Whole::Request } else { Whole::Line },
                secrets: false,
            })?;
        }
        Ok(attempt)
    }
}

/// Starts a receiver on a free port of this machine, at the path of the provider's guide.
async fn receive(sender: &Sender, context: &Context) -> Result<(Target, Arc<Receiver>), Error> {
    let system = |reason| Error::System { what: "no port can be listened on", reason };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(system)?;
    let address = listener.local_addr().map_err(system)?;
    let path = sender.provider.request.path.as_deref().unwrap_or("/");
    let target = format!("http://{address}{path}").parse().map_err(|error: crate::edge::target::TargetError| {
        Error::usage(error.to_string(), "mend `request.path` in the provider's file")
    })?;
    let receiver = Arc::new(Receiver {
        provider: sender.provider.clone(),
        secrets: sender.secrets.secrets.clone(),
        clock: context.clock,
        received: Mutex::default(),
    });
    let limits = Limits { body: usize::MAX, ..Limits::default() };
    tokio::spawn(listener::serve(vec![listener], Arc::clone(&receiver), limits, std::future::pending()));
    Ok((target, receiver))
}

/// What may help with an answer that is not good. Of a delivery that is wrong on purpose, a refusal needs no help.
fn advice(attempt: &Attempt, route: &Route, sender: &Sender, args: &SendArgs) -> Option<String> {
    let answer: &Answer = attempt.outcome.as_ref().ok()?;
    let provider = &sender.provider;
    if let Some(fault) = args.delivery.fault
        && answer.status.is_success()
    {
        return Some(format!("a correct receiver refuses this ({}), and this one accepted it", fault.name()));
    }
    // Where nothing is there, a fault was not refused for what it is.
    let genuine = args.delivery.fault.is_none();
    if args.expect.matches(answer.status) && (genuine || answer.status != StatusCode::NOT_FOUND) {
        return None;
    }
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            let path = provider.request.path.as_deref().filter(|path| *path != route.target.path())?;
            let scheme = if route.target.is_https() { "https://" } else { "" };
            let authority = route.target.authority();
            Some(format!("the guide of {} has its endpoint at {path}: --to {scheme}{authority}{path}", provider.name))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if genuine && args.delivery.has_timestamp() => {
            Some("--timestamp dated it; a receiver refuses what is too old or too early".to_owned())
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if genuine => {
            let names: Vec<&str> = sender.secrets.secrets.iter().map(Secret::name).collect();
            let names = names.join(" and ");
            let variable = provider.secret_variable();
            Some(if names == variable {
                format!(
                    "it was signed with the secret from {variable}; is that the receiver's, and does it verify the raw body?"
                )
            } else {
                format!("it was signed with {names}; {variable} or --secret-env gives the receiver's own")
            })
        }
        StatusCode::BAD_REQUEST if genuine => {
            Some("some receivers answer 400 to a wrong signature: verify the raw body, before it is parsed".to_owned())
        }
        status if status.is_redirection() => {
            let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
            let to = location.map_or_else(String::new, |location| format!(" (it leads to {location})"));
            Some(format!("redirects are not followed{to}: give --to the URL that answers itself"))
        }
        _ => None,
    }
}

impl Failure {
    /// Whether the next delivery would fail the same way.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::UnknownHost { .. } | Self::Tls { .. } => true,
            Self::TimedOut { .. } | Self::Broken { .. } => false,
        }
    }
}
