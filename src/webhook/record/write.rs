//! A delivery that arrived, written as a record.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Version};
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::{REDACTED, SCHEMA};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::encoding::Encoding;
use crate::webhook::scheme::Scheme;
use crate::webhook::verification::{Rejection, Verified};

/// A delivery that arrived, with all that is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The delivery.
    pub delivery: &'a Delivery,
    /// When its last byte arrived.
    pub received_at: Timestamp,
    /// The sender's address.
    pub remote: std::net::SocketAddr,
    /// Whether credentials are left out.
    pub redact: bool,
    /// The scheme that it was verified by, which says what its secret headers are.
    pub scheme: Option<&'a Scheme>,
    /// Whether it is genuine; `None` when no scheme was recognised, so that nothing could be looked at.
    pub verdict: Option<&'a Result<Verified, Rejection>>,
    /// The status of the answer, and how long it took, once it is known.
    pub response: Option<(u16, Duration)>,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("id", &self.delivery.id)?;
        map.serialize_entry("direction", "received")?;
        map.serialize_entry("received_at", &format_args!("{:.3}", self.received_at))?;
        map.serialize_entry("remote", &format_args!("{}", self.remote))?;
        let redacted = |name: &str| self.redact && is_credential(name, self.scheme);
        map.serialize_entry("request", &Request { delivery: self.delivery, redacted: &redacted })?;
        map.serialize_entry("scheme", &self.delivery.scheme)?;
        map.serialize_entry("event", &self.delivery.event)?;
        map.serialize_entry("verification", &Verification::new(self.verdict))?;
        let response = self.response.map(|(status, duration)| Response { status, duration_ms: milliseconds(duration) });
        map.serialize_entry("response", &response)?;
        map.end()
    }
}

/// A request; the headers that are `redacted` are named without their value.
pub(super) struct Request<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) redacted: &'a dyn Fn(&str) -> bool,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let request = &self.delivery.request;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("method", request.method().as_str())?;
        map.serialize_entry("target", request.uri().path_and_query().map_or("/", |target| target.as_str()))?;
        map.serialize_entry("version", version(request.version()))?;
        map.serialize_entry("headers", &Headers { headers: request.headers(), redacted: self.redacted })?;
        Body(request.body()).serialize_into(&mut map)?;
        map.end()
    }
}

/// Exact bytes: `body` when they are UTF-8, else `body_base64`.
pub(super) struct Body<'a>(pub(super) &'a [u8]);

impl Body<'_> {
    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match str::from_utf8(self.0) {
            Ok(text) => map.serialize_entry("body", text),
            Err(_) => map.serialize_entry("body_base64", &STANDARD.encode(self.0)),
        }
    }
}

/// Pairs of name and value, duplicates kept, credentials redacted.
pub(super) struct Headers<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) redacted: &'a dyn Fn(&str) -> bool,
}

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.headers.len()))?;
        for (name, value) in self.headers {
            if (self.redacted)(name.as_str()) {
                list.serialize_element(&(name.as_str(), REDACTED))?;
                continue;
            }
            match str::from_utf8(value.as_bytes()) {
                Ok(text) => list.serialize_element(&(name.as_str(), text))?,
                // JSON has no bytes: what is not text is told as such, and kept.
                Err(_) => {
                    let base64 = Base64 { base64: STANDARD.encode(value.as_bytes()) };
                    list.serialize_element(&(name.as_str(), base64))?;
                }
            }
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Base64 {
    base64: String,
}

#[derive(Serialize)]
struct Response {
    status: u16,
    duration_ms: f64,
}

/// Whether a delivery is genuine, as records and output lines have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification<'a> {
    valid: Option<bool>,
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_s: Option<f64>,
}

impl<'a> Verification<'a> {
    /// What a verdict says; where there is none, no scheme was recognised.
    #[must_use]
    pub fn new(verdict: Option<&'a Result<Verified, Rejection>>) -> Self {
        let none = Self { valid: None, reason: None, message: None, secret: None, encoding: None, age_s: None };
        match verdict {
            None => Self { reason: Some("unknown-scheme"), ..none },
            Some(Ok(verified)) => Self {
                valid: Some(true),
                secret: Some(Cow::Borrowed(&verified.secret)),
                encoding: verified.other_encoding.map(Encoding::name),
                age_s: verified.age.map(|age| age.as_secs_f64()),
                ..none
            },
            Some(Err(rejection)) => Self {
                valid: Some(false),
                reason: Some(rejection.reason()),
                message: Some(rejection.to_string()),
                ..none
            },
        }
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// Milliseconds with what a microsecond clock can tell.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
