//! The receiver inside the program: what `wh send` delivers to when it is given no URL.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::edge::listener::{Handler, Refusal};
use crate::webhook::delivery::Delivery;
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
    /// The provider whose deliveries are expected.
    pub provider: Arc<Provider>,
    /// The secrets to verify with.
    pub secrets: Vec<Secret>,
    /// Says what time it is.
    pub clock: fn() -> Timestamp,
    /// What arrived and was not asked for yet.
    pub received: Mutex<Vec<Reception>>,
}

impl Receiver {
    /// How a delivery arrived, if it did; it is not kept any longer.
    pub fn take(&self, sent: &Delivery) -> Option<Reception> {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let body = sent.request.body();
        let place = received.iter().position(|reception| reception.delivery.request.body() == body)?;
        Some(received.remove(place))
    }
}

/// An answer in JSON.
pub(super) fn json_answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

impl Handler for Receiver {
    async fn answer(&self, request: Request<Bytes>, remote: SocketAddr) -> Response<Bytes> {
        let mut delivery = Delivery { scheme: Some(self.provider.name.clone()), ..Delivery::of(request) };
        delivery.event = self.provider.event_type(&delivery);
        delivery.id = self.provider.delivery_id(&delivery).unwrap_or_default();
        let at = (self.clock)();
        let verdict = self.provider.scheme.verify(&delivery, &self.secrets, at);
        // The answer says what is wrong, and never what would have been right.
        let (status, body) = match &verdict {
            Ok(_) => (StatusCode::OK, json!({ "received": true })),
            Err(rejection) => (StatusCode::UNAUTHORIZED, json!({ "error": rejection.reason() })),
        };
        let answer = json_answer(status, body.to_string());
        let reception = Reception { delivery, at, remote, verdict, status };
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(reception);
        answer
    }

    /// Its only client is the program itself, which is told by the answer.
    fn refused(&self, _: SocketAddr, _: &Refusal) {}
}
