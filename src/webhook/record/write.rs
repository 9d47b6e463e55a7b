//! A delivery that arrived, written as a record: straight into bytes, for it is done before each answer.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, Version};
use jiff::Timestamp;

use super::{REDACTED, SCHEMA};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::encoding::Encoding;
use crate::webhook::json::{write_number, write_optional, write_string, write_thousandths};
use crate::webhook::rfc3339::write_time;
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
    pub remote: SocketAddr,
    /// Whether credentials are left out.
    pub redact: bool,
    /// The scheme that it was verified by, which says what its secret headers are.
    pub scheme: Option<&'a Scheme>,
    /// Whether it is genuine; `None` when no scheme was recognised, so that nothing could be looked at.
    pub verdict: Option<&'a Result<Verified, Rejection>>,
    /// The status of the answer, once it is known, and how long it took.
    pub response: Option<(StatusCode, Option<Duration>)>,
}

impl Record<'_> {
    /// Appends it as a JSON object.
    pub fn write(&self, json: &mut Vec<u8>) {
        self.write_with("", "", json);
    }

    /// The same with more in it: members `before` its own, each with its comma behind it, and members at the `end` of its
    /// verification, each with its comma before it.
    pub fn write_with(&self, before: &str, end: &str, json: &mut Vec<u8>) {
        json.push(b'{');
        json.extend_from_slice(before.as_bytes());
        json.extend_from_slice(br#""schema":"#);
        write_string(SCHEMA, json);
        json.extend_from_slice(br#","id":"#);
        write_string(&self.delivery.id, json);
        json.extend_from_slice(br#","direction":"received","received_at":""#);
        write_time(self.received_at, 3, json);
        json.extend_from_slice(br#"","remote":""#);
        write_address(self.remote, json);
        json.extend_from_slice(br#"","request":"#);
        write_request(self.delivery, |name| self.redact && is_credential(name, self.scheme), json);
        json.extend_from_slice(br#","scheme":"#);
        write_optional(self.delivery.scheme.as_deref(), json);
        json.extend_from_slice(br#","event":"#);
        write_optional(self.delivery.event.as_deref(), json);
        json.extend_from_slice(br#","verification":{"#);
        write_verdict(self.verdict, json);
        json.extend_from_slice(end.as_bytes());
        json.extend_from_slice(br#"},"response":"#);
        match self.response {
            None => json.extend_from_slice(b"null"),
            Some((status, duration)) => {
                json.extend_from_slice(br#"{"status":"#);
                write_number(status.as_u16().into(), json);
                if let Some(duration) = duration {
                    json.extend_from_slice(br#","duration_ms":"#);
                    write_thousandths(microseconds(duration), json);
                }
                json.push(b'}');
            }
        }
        json.push(b'}');
    }
}

/// A request; the headers that are `redacted` are named without their value.
pub(super) fn write_request(delivery: &Delivery, redacted: impl Fn(&str) -> bool, json: &mut Vec<u8>) {
    let request = &delivery.request;
    json.extend_from_slice(br#"{"method":"#);
    write_string(request.method().as_str(), json);
    json.extend_from_slice(br#","target":"#);
    write_string(delivery.target(), json);
    json.extend_from_slice(br#","version":"#);
    write_string(version(request.version()), json);
    json.extend_from_slice(br#","headers":"#);
    write_headers(request.headers(), redacted, json);
    json.push(b',');
    write_body(request.body(), json);
    json.push(b'}');
}

/// Exact bytes as a member: `body` when they are UTF-8, else `body_base64`.
pub(super) fn write_body(body: &[u8], json: &mut Vec<u8>) {
    match str::from_utf8(body) {
        Ok(text) => {
            json.extend_from_slice(br#""body":"#);
            write_string(text, json);
        }
        Err(_) => {
            json.extend_from_slice(br#""body_base64":"#);
            write_string(&STANDARD.encode(body), json);
        }
    }
}

/// Pairs of name and value, duplicates kept, credentials redacted.
pub(super) fn write_headers(headers: &HeaderMap, redacted: impl Fn(&str) -> bool, json: &mut Vec<u8>) {
    json.push(b'[');
    for (index, (name, value)) in headers.iter().enumerate() {
        json.extend_from_slice(if index == 0 { b"[" } else { b",[" });
        write_string(name.as_str(), json);
        json.push(b',');
        match str::from_utf8(value.as_bytes()) {
            _ if redacted(name.as_str()) => write_string(REDACTED, json),
            Ok(text) => write_string(text, json),
            // JSON has no bytes: what is not text is told as such, and kept.
            Err(_) => {
                json.extend_from_slice(br#"{"base64":"#);
                write_string(&STANDARD.encode(value.as_bytes()), json);
                json.push(b'}');
            }
        }
        json.push(b']');
    }
    json.push(b']');
}

/// The members of a verification; where there is no verdict, no scheme was recognised.
fn write_verdict(verdict: Option<&Result<Verified, Rejection>>, json: &mut Vec<u8>) {
    match verdict {
        None => json.extend_from_slice(br#""valid":null,"reason":"unknown-scheme""#),
        Some(Ok(verified)) => {
            json.extend_from_slice(br#""valid":true,"reason":null,"secret":"#);
            write_string(&verified.secret, json);
            if let Some(encoding) = verified.other_encoding {
                json.extend_from_slice(br#","encoding":"#);
                write_string(Encoding::name(encoding), json);
            }
            if let Some(age) = verified.age {
                json.extend_from_slice(br#","age_s":"#);
                if age.is_negative() {
                    json.push(b'-');
                }
                write_thousandths(u64::try_from(age.as_millis().unsigned_abs()).unwrap_or(u64::MAX), json);
            }
        }
        Some(Err(rejection)) => {
            json.extend_from_slice(br#""valid":false,"reason":"#);
            write_string(rejection.reason(), json);
            json.extend_from_slice(br#","message":"#);
            write_string(&rejection.to_string(), json);
        }
    }
}

/// `127.0.0.1:53122`
fn write_address(address: SocketAddr, json: &mut Vec<u8>) {
    let SocketAddr::V4(address) = address else {
        // Writing to a Vec cannot fail.
        let _ = write!(json, "{address}");
        return;
    };
    for (index, octet) in address.ip().octets().into_iter().enumerate() {
        if index > 0 {
            json.push(b'.');
        }
        write_number(octet.into(), json);
    }
    json.push(b':');
    write_number(address.port().into(), json);
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

/// A duration in whole microseconds, as near as may be.
pub(super) fn microseconds(duration: Duration) -> u64 {
    u64::try_from((duration.as_nanos() + 500) / 1000).unwrap_or(u64::MAX)
}

/// Milliseconds with what a microsecond clock can tell.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
