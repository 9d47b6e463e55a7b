//! The receiver inside the program: what `wh send` delivers to when it is given no URL.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::edge::listener::{Caller, Handler, Refusal};
use crate::webhook::delivery::Delivery;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;
use crate::webhook::verification::{Rejection, Verified};

/// A delivery as it arrived, and whether it is genuine.
#[derive(Debug)]
pub struct Reception {
    /// The delivery.
    pub delivery: Delivery,
    /// When it arrived.
    pub at: Timestamp,
    /// The sender's address.
    pub remote: SocketAddr,
    /// Whether it is genuine.
    pub verdict: Result<Verified, Rejection>,
    /// What it was answered with.
    pub status: StatusCode,
}

/// Verifies what arrives, and keeps it until it is asked for.
pub struct Receiver {
    provider: Arc<Provider>,
    keyring: Keyring,
    clock: fn() -> Timestamp,
    received: Mutex<Received>,
}

/// What arrived and was not asked for yet, by the number that its answer bears.
#[derive(Debug, Default)]
struct Received {
    numbers: u64,
    waiting: BTreeMap<u64, Reception>,
}

/// The header of an answer that says which reception it is about. It goes no farther than [`Receiver::take`].
const NUMBER: HeaderName = HeaderName::from_static("wh-reception");

impl Receiver {
    /// A receiver for the deliveries of a provider, which verifies with these secrets.
    pub fn new(provider: Arc<Provider>, secrets: &[Secret], clock: fn() -> Timestamp) -> Self {
        let keyring = Keyring::new(&provider.scheme, secrets);
        Self { provider, keyring, clock, received: Mutex::default() }
    }

    /// How the delivery arrived that got an answer with these headers; it is not kept any longer.
    pub fn take(&self, answer: &mut HeaderMap) -> Option<Reception> {
        let number = answer.remove(NUMBER)?.to_str().ok()?.parse().ok()?;
        self.received().waiting.remove(&number)
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer in JSON.
pub(super) fn json_answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    json_answer_in(HeaderMap::new(), status, body.into())
}

/// The same in the place of other headers, such as those of the request. Hyper keeps the memory of an answer's headers for
/// those of the next request, so that this makes one piece of memory do for all of them.
pub(super) fn json_answer_in(mut headers: HeaderMap, status: StatusCode, body: Bytes) -> Response<Bytes> {
    headers.clear();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

impl Handler for Receiver {
    async fn answer(&self, request: Request<Bytes>, caller: Caller<'_>) -> Response<Bytes> {
        let remote = caller.remote;
        let mut delivery = Delivery { scheme: Some(self.provider.name.clone()), ..Delivery::of(request) };
        let (event, id) = self.provider.event_and_id(&delivery);
        (delivery.event, delivery.id) = (event, id.unwrap_or_default());
        let at = (self.clock)();
        let verdict = self.provider.scheme.verify_with(&delivery, &self.keyring, at);
        // The answer says what is wrong, and never what would have been right.
        let (status, body) = match &verdict {
            Ok(_) => (StatusCode::OK, json!({ "received": true })),
            Err(rejection) => (StatusCode::UNAUTHORIZED, json!({ "error": rejection.reason() })),
        };
        let mut answer = json_answer(status, body.to_string());
        let mut received = self.received();
        received.numbers += 1;
        let number = received.numbers;
        received.waiting.insert(number, Reception { delivery, at, remote, verdict, status });
        answer.headers_mut().insert(NUMBER, number.into());
        answer
    }

    /// Its only client is the program itself, which is told by the answer.
    fn refused(&self, _: SocketAddr, _: &Refusal) {}
}
