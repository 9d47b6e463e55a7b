//! What happens to each delivery that arrives: told whose it is, verified, forwarded, recorded, answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::display::{Display, Line, Waiting};
use super::expectations::{Expectations, Ledger, Noted};
use super::logbook::Logbook;
use super::phase::Phase;
use crate::commands::receiver::{json_answer, json_answer_in};
use crate::edge::client::Client;
use crate::edge::listener::{Caller, Handler, Refusal};
use crate::edge::target::Target;
use crate::report::notice::Notice;
use crate::webhook::attempt::{Attempt, Failure, Incomplete};
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::forwarding::{forwarded, without_hop_by_hop};
use crate::webhook::glob::Glob;
use crate::webhook::id_form::IdForm;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;
use crate::webhook::recognition;
use crate::webhook::record::Record;
use crate::webhook::secret::Secret;
use crate::webhook::verification::{Rejection, Verified};

/// A provider whose deliveries are expected, and the secrets to verify them with.
#[derive(Debug)]
pub struct Station {
    /// The provider.
    pub provider: Arc<Provider>,
    /// The secrets.
    pub secrets: Vec<Secret>,
    /// The same, as keys.
    pub keyring: Keyring,
    /// Whether that is its published test secret.
    pub test_secret: bool,
}

impl Station {
    /// A provider, and the secrets that were found for it.
    #[must_use]
    pub fn new(provider: Provider, secrets: Vec<Secret>, test_secret: bool) -> Self {
        let keyring = Keyring::new(&provider.scheme, &secrets);
        Self { provider: Arc::new(provider), secrets, keyring, test_secret }
    }
}

/// Where deliveries go on to.
pub struct Route {
    /// The events that do; all, when there is none.
    pub glob: Option<Glob>,
    /// Where.
    pub target: Target,
    /// What sends them.
    pub client: Client,
}

/// What is done with deliveries.
pub struct Desk {
    /// The providers: the one that was named, or all.
    pub stations: Vec<Station>,
    /// Whether the provider was named, so that none has to be recognised.
    pub named: bool,
    /// The events that are shown and forwarded; all, when there are none.
    pub events: Vec<Glob>,
    /// Whether what is not genuine is refused.
    pub verify: bool,
    /// Whether headers that are the secret are recorded and shown.
    pub record_secrets: bool,
    /// Where deliveries go on to.
    pub routes: Vec<Arc<Route>>,
    /// The statuses of the answers, one after the other.
    pub respond: Vec<StatusCode>,
    /// How many answers were given from `respond`.
    pub responded: AtomicUsize,
    /// How long to wait before an answer.
    pub delay: Duration,
    /// How long that may still be once the run is to end.
    pub grace: Duration,
    /// What is waited for.
    pub expectations: Arc<Expectations>,
    /// Says what time it is.
    pub clock: fn() -> Timestamp,
}

/// Who serves at the desk: one for each thread. What is written for each delivery is a clerk's own, and stands in memory
/// that no other thread touches, so that they do not wait for one another.
#[repr(align(128))]
pub struct Clerk {
    desk: Arc<Desk>,
    /// Where deliveries are recorded, if they are.
    pub logbook: Option<Logbook>,
    /// Where they are shown.
    display: Display,
    /// Where they are counted.
    ledger: Arc<Ledger>,
    /// Where the ids of deliveries that have none come from.
    random: Mutex<fastrand::Rng>,
    /// How far the run has come.
    phase: watch::Receiver<Phase>,
}

/// When a delivery came, and from where.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: Timestamp,
    clock: Instant,
    remote: SocketAddr,
}

/// A delivery whose provider is known, as far as it is, and what is thought of it.
struct Judged<'a> {
    delivery: Delivery,
    provider: Option<&'a Arc<Provider>>,
    verdict: Option<Result<Verified, Rejection>>,
}

/// How long behind a request its sender may end its side and still wait for the answer: who does so later has given up.
const HALF_CLOSED: Duration = Duration::from_millis(500);

/// What a delivery is answered with.
enum Answer {
    /// What the listener says itself, in JSON.
    Own(StatusCode, Bytes),
    /// What came of asking an app.
    App(Response<Bytes>),
}

impl Answer {
    fn status(&self) -> StatusCode {
        match self {
            Self::Own(status, _) => *status,
            Self::App(answer) => answer.status(),
        }
    }
}

impl Handler for Clerk {
    // What takes no time is done before there is a future: that holds the delivery once, and is small.
    fn answer(&self, request: Request<Bytes>, caller: Caller<'_>) -> impl Future<Output = Response<Bytes>> + Send {
        let desk = &*self.desk;
        let arrival = Arrival { at: (desk.clock)(), clock: Instant::now(), remote: caller.remote };
        let mut judged = self.judge(request, arrival.at);
        let genuine = judged.verdict.as_ref().map(Result::is_ok);
        let accepted = genuine == Some(true) || !desk.verify;
        let names = if desk.uses_names() { names(&judged.delivery) } else { Vec::new() };
        let wanted = desk.events.is_empty() || desk.events.iter().any(|glob| glob.matches_any(&names));

        let routes: Vec<&Arc<Route>> = if accepted && wanted { desk.routes_for(&names) } else { Vec::new() };
        let own = routes.is_empty().then(|| desk.own_answer(&judged, accepted));
        async move {
            let asked = own.is_none();
            let mut answer = match own {
                Some((status, body)) => Answer::Own(status, body),
                // In a place of its own: what is not forwarded needs no room for it.
                None => Answer::App(Box::pin(self.ask(&routes, &judged, arrival)).await),
            };
            let waited = desk.delay.is_zero() || Box::pin(self.delay(caller)).await;
            let took = arrival.clock.elapsed();
            // Who has gone is not told anything.
            let told = |answer: &Answer| waited.then(|| (answer.status(), took));
            let recorded = self.record(&judged, arrival, told(&answer)).await;
            // An answer says that the delivery is on disk: without that, it says that it is not.
            if let Err(reason) = &recorded {
                let reason = reason.clone();
                self.display.not_recorded(reason);
                let body = json!({ "error": "not-recorded" }).to_string();
                answer = Answer::Own(StatusCode::INSUFFICIENT_STORAGE, body.into());
            }
            if wanted
                && !asked
                && let Some(shown) = self.show_received(&judged, arrival, told(&answer))
            {
                shown.await;
            }
            if !waited {
                let id = judged.delivery.id.clone();
                self.display.hint(|| Line::Notice(Notice::SenderLeft { id, after: took }));
            }
            let accepted = accepted && recorded.is_ok() && waited;
            desk.expectations.note(&self.ledger, &Noted { names: &names, genuine, accepted, wanted });
            match answer {
                Answer::Own(status, body) => {
                    json_answer_in(std::mem::take(judged.delivery.request.headers_mut()), status, body)
                }
                Answer::App(answer) => answer,
            }
        }
    }

    fn refused(&self, remote: SocketAddr, refusal: &Refusal) {
        let notice = || Notice::RequestRefused { remote: remote.to_string(), reason: refusal.to_string() };
        self.display.hint(|| Line::Notice(notice()));
    }
}

impl Clerk {
    /// One more clerk at a desk, who shows deliveries there.
    #[must_use]
    pub fn new(
        desk: &Arc<Desk>,
        logbook: Option<Logbook>,
        display: Display,
        random: fastrand::Rng,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let ledger = desk.expectations.ledger();
        Self { desk: Arc::clone(desk), logbook, display, ledger, random: Mutex::new(random), phase }
    }

    /// Waits before an answer, not for long any more once the run is to end, and says whether the sender has waited, too.
    async fn delay(&self, caller: Caller<'_>) -> bool {
        let began = Instant::now();
        let mut phase = self.phase.clone();
        let parting = async {
            // Said, or whoever would have said it is gone.
            let _ = phase.wait_for(|phase| *phase >= Phase::Finish).await;
            tokio::time::sleep(self.desk.grace).await;
        };
        let gone = async {
            caller.ended().await;
            if began.elapsed() < HALF_CLOSED {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(self.desk.delay) => true,
            () = parting => true,
            () = gone => false,
        }
    }

    /// Puts a delivery and its answer into the log, if there is one; the error is what the system said.
    async fn record(
        &self,
        judged: &Judged<'_>,
        arrival: Arrival,
        answer: Option<(StatusCode, Duration)>,
    ) -> Result<(), String> {
        let Some(logbook) = &self.logbook else { return Ok(()) };
        let Arrival { at, remote, .. } = arrival;
        let record = Record {
            delivery: &judged.delivery,
            received_at: at,
            remote,
            redact: !self.desk.record_secrets,
            scheme: judged.provider.map(|provider| &provider.scheme),
            verdict: judged.verdict.as_ref(),
            response: answer.map(|(status, took)| (status, Some(took))),
        };
        logbook.append(&record).await
    }

    /// Says whose a request is, and whether it is genuine.
    fn judge(&self, request: Request<Bytes>, now: Timestamp) -> Judged<'_> {
        let mut delivery = Delivery::of(request);
        let found = if self.desk.named { self.desk.stations.first() } else { self.desk.recognise(&delivery, now) };
        let Some(station) = found else {
            delivery.id = self.fresh_id(None, now);
            return Judged { delivery, provider: None, verdict: None };
        };
        let provider = &station.provider;
        delivery.scheme = Some(provider.name.clone());
        let (event, id) = provider.event_and_id(&delivery);
        delivery.event = event;
        delivery.id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| self.fresh_id(Some(provider), now));
        let verdict = provider.scheme.verify_with(&delivery, &station.keyring, now);
        Judged { delivery, provider: Some(provider), verdict: Some(verdict) }
    }

    fn fresh_id(&self, provider: Option<&Provider>, now: Timestamp) -> String {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        match provider {
            Some(provider) => provider.places.id_form.fresh(now, &mut random),
            None => IdForm::default().fresh(now, &mut random),
        }
    }

    /// Shows a delivery and forwards it.
    async fn ask(&self, routes: &[&Arc<Route>], judged: &Judged<'_>, arrival: Arrival) -> Response<Bytes> {
        // An app may take its time, so that what it is asked is shown before.
        if let Some(shown) = self.show_received(judged, arrival, None) {
            shown.await;
        }
        self.forward(routes, judged, arrival.at).await
    }

    /// Sends a delivery on, to all targets at once; what the first one says is the answer.
    async fn forward(&self, routes: &[&Arc<Route>], judged: &Judged<'_>, at: Timestamp) -> Response<Bytes> {
        let mut under_way = JoinSet::new();
        for (index, route) in routes.iter().enumerate() {
            let (route, onward) = (Arc::clone(route), forwarded(&judged.delivery, route.target.uri()));
            let mut delivery = judged.delivery.clone();
            under_way.spawn(async move {
                match onward {
                    Ok(onward) => {
                        let attempt = route.client.send(&onward, 1, at).await;
                        (index, onward, attempt)
                    }
                    // The app's path before the sender's may make a URL that is too long.
                    Err(reason) => {
                        let outcome = Err(Failure::BadUrl { reason: reason.to_string() });
                        *delivery.request.uri_mut() = route.target.uri().clone();
                        (index, delivery, Attempt { number: 1, started: at, duration: Duration::ZERO, outcome })
                    }
                }
            });
        }
        let mut first: Option<(usize, Response<Bytes>)> = None;
        while let Some(joined) = under_way.join_next().await {
            let (index, onward, attempt) = match joined.map_err(JoinError::try_into_panic) {
                Ok(forwarded) => forwarded,
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                // Nobody takes a task back.
                Err(Err(_)) => continue,
            };
            self.ledger.note_forwarded(&attempt, matches!(judged.verdict, Some(Ok(_))));
            if first.as_ref().is_none_or(|(earliest, _)| index < *earliest) {
                first = Some((index, passed_on(&attempt)));
            }
            if let Some(shown) = self.display.show(|| Line::Forwarded { delivery: onward, attempt }) {
                shown.await;
            }
        }
        let nobody = || json_answer(StatusCode::BAD_GATEWAY, json!({ "error": "not-forwarded" }).to_string());
        first.map_or_else(nobody, |(_, answer)| answer)
    }

    fn show_received(
        &self,
        judged: &Judged<'_>,
        arrival: Arrival,
        answer: Option<(StatusCode, Duration)>,
    ) -> Option<Waiting<'_>> {
        self.display.show(|| Line::Received {
            delivery: judged.delivery.clone(),
            provider: judged.provider.cloned(),
            at: arrival.at,
            remote: arrival.remote,
            verdict: judged.verdict.clone(),
            answer,
            secrets: self.desk.record_secrets,
        })
    }
}

impl Desk {
    /// The provider that a delivery is from: of those that it could be from, one that accepts it, or the likeliest.
    fn recognise(&self, delivery: &Delivery, now: Timestamp) -> Option<&Station> {
        let providers = self.stations.iter().map(|station| station.provider.as_ref());
        let candidates = recognition::candidates(providers, delivery);
        let station =
            |provider: &&Provider| self.stations.iter().find(|station| station.provider.name == provider.name);
        let stations: Vec<&Station> = candidates.iter().filter_map(station).collect();
        let accepts =
            |station: &&&Station| station.provider.scheme.verify_with(delivery, &station.keyring, now).is_ok();
        stations.iter().find(accepts).or(stations.first()).copied()
    }

    /// Whether anything depends on what an event is called.
    fn uses_names(&self) -> bool {
        !self.events.is_empty() || self.routes.iter().any(|route| route.glob.is_some()) || self.expectations.any()
    }

    fn routes_for(&self, names: &[String]) -> Vec<&Arc<Route>> {
        let wanted = |route: &&Arc<Route>| route.glob.as_ref().is_none_or(|glob| glob.matches_any(names));
        self.routes.iter().filter(wanted).collect()
    }

    /// The answer where no app is asked. It says what is wrong, and never what would have been right.
    fn own_answer(&self, judged: &Judged<'_>, accepted: bool) -> (StatusCode, Bytes) {
        if !accepted {
            let reason = match &judged.verdict {
                Some(Err(rejection)) => rejection.reason(),
                Some(Ok(_)) | None => "unknown-scheme",
            };
            return (StatusCode::UNAUTHORIZED, json!({ "error": reason }).to_string().into());
        }
        let status = match self.respond.as_slice() {
            [] => StatusCode::OK,
            statuses => {
                let turn = self.responded.fetch_add(1, Ordering::Relaxed);
                statuses[turn.min(statuses.len() - 1)]
            }
        };
        let body = if status.is_success() { r#"{"received":true}"# } else { r#"{"received":false}"# };
        (status, Bytes::from_static(body.as_bytes()))
    }
}

/// What a delivery's event is called: `type` and `provider/type`.
fn names(delivery: &Delivery) -> Vec<String> {
    let provider = delivery.scheme.clone().unwrap_or_default();
    match &delivery.event {
        Some(event) => {
            vec![event.clone(), EventName { provider, event: event.clone(), variant: None }.to_string()]
        }
        None => Vec::new(),
    }
}

/// An app's answer as the sender gets it; one that is not there is a bad gateway.
fn passed_on(attempt: &Attempt) -> Response<Bytes> {
    match &attempt.outcome {
        // Half an answer is none to pass on as if it were whole.
        Ok(answer) if answer.incomplete.is_some() => {
            let code = answer.incomplete.map(Incomplete::code);
            json_answer(StatusCode::BAD_GATEWAY, json!({ "error": code }).to_string())
        }
        Ok(answer) if answer.truncated => {
            json_answer(StatusCode::BAD_GATEWAY, json!({ "error": "answer-too-large" }).to_string())
        }
        Ok(answer) => {
            let mut response = Response::new(answer.body.clone());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers.clone();
            without_hop_by_hop(response.headers_mut());
            response.headers_mut().remove(http::header::CONTENT_LENGTH);
            response
        }
        Err(failure) => json_answer(StatusCode::BAD_GATEWAY, json!({ "error": failure.code() }).to_string()),
    }
}
