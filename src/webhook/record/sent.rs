//! The record of an attempt: a delivery as it was sent once, and what came back.
//!
//! Attempts at the same delivery are records of their own, which share its id.

use http::HeaderMap;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::write::{Body, Headers, Request};
use super::{SCHEMA, milliseconds};
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::scheme::Scheme;

/// A delivery that was sent, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The delivery, as it went out.
    pub delivery: &'a Delivery,
    /// What came of sending it this once.
    pub attempt: &'a Attempt,
    /// Whether credentials are left out.
    pub redact: bool,
    /// The scheme that it is signed by, which says what its secret headers are.
    pub scheme: Option<&'a Scheme>,
    /// Whether it went to a receiver inside the program, whose address means nothing later.
    pub in_process: bool,
    /// What is wrong with the delivery on purpose.
    pub fault: Option<&'static str>,
}

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { delivery, attempt, .. } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", SCHEMA)?;
        map.serialize_entry("id", &delivery.id)?;
        map.serialize_entry("direction", "sent")?;
        map.serialize_entry("sent_at", &format_args!("{:.3}", attempt.started))?;
        map.serialize_entry("url", &Some(&attempt.url).filter(|_| !self.in_process))?;
        map.serialize_entry("attempt", &attempt.number)?;
        map.serialize_entry(
            "request",
            &Request { delivery, redacted: &|name| self.redact && is_credential(name, self.scheme) },
        )?;
        map.serialize_entry("scheme", &delivery.scheme)?;
        map.serialize_entry("event", &delivery.event)?;
        if let Some(variant) = &delivery.variant {
            map.serialize_entry("variant", variant)?;
        }
        if let Some(fault) = self.fault {
            map.serialize_entry("fault", fault)?;
        }
        let duration_ms = milliseconds(attempt.duration);
        match &attempt.outcome {
            Ok(answer) => map.serialize_entry("response", &Response { answer, duration_ms })?,
            Err(failure) => {
                map.serialize_entry("response", &())?;
                map.serialize_entry("error", failure.code())?;
                map.serialize_entry("message", &format_args!("{failure}"))?;
                map.serialize_entry("duration_ms", &duration_ms)?;
            }
        }
        map.end()
    }
}

/// What came back: the head, and the first part of the body.
struct Response<'a> {
    answer: &'a Answer,
    duration_ms: f64,
}

impl Serialize for Response<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers: &HeaderMap = &self.answer.headers;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.answer.status.as_u16())?;
        map.serialize_entry("duration_ms", &self.duration_ms)?;
        map.serialize_entry("headers", &Headers { headers, redacted: &|_| false })?;
        Body(&self.answer.body).serialize_into(&mut map)?;
        if self.answer.truncated {
            map.serialize_entry("truncated", &true)?;
        }
        if let Some(incomplete) = self.answer.incomplete {
            map.serialize_entry("incomplete", incomplete.code())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderValue, StatusCode};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::webhook::attempt::Failure;
    use crate::webhook::catalogue::Catalogue;

    fn record(outcome: Result<Answer, Failure>, header: (&'static str, &'static str), scheme: &str) -> Value {
        let provider = Catalogue::embedded().provider(scheme).expect("a provider");
        let request = http::Request::post("http://localhost:3000/hook?x=1").header(header.0, header.1);
        let request = request.body(Bytes::from_static(b"\xff{}")).expect("a request");
        let delivery = Delivery {
            id: "msg_1".into(),
            scheme: Some(scheme.into()),
            event: Some("a.b".into()),
            variant: None,
            request,
        };
        let attempt = Attempt {
            number: 2,
            url: "http://localhost:3000/hook?x=1".into(),
            started: Timestamp::from_millisecond(1_795_255_200_123).expect("a time"),
            duration: Duration::from_micros(12_500),
            outcome,
        };
        let scheme = Some(&provider.scheme);
        let (delivery, attempt) = (&delivery, &attempt);
        let sent = Sent { delivery, attempt, redact: true, scheme, in_process: false, fault: None };
        serde_json::to_value(sent).expect("a record")
    }

    #[test]
    fn an_attempt_is_told_with_its_answer() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_static("1"));
        headers.append("x-a", HeaderValue::from_static("2"));
        let answer = Answer {
            status: StatusCode::OK,
            headers,
            body: Bytes::from_static(b"ok"),
            truncated: true,
            incomplete: None,
        };
        let expected = json!({
            "schema": "wh.delivery/1", "id": "msg_1", "direction": "sent", "sent_at": "2026-11-21T10:00:00.123Z",
            "url": "http://localhost:3000/hook?x=1", "attempt": 2,
            "request": {
                "method": "POST", "target": "/hook?x=1", "version": "HTTP/1.1", "headers": [["x-b", "c"]],
                "body_base64": "/3t9",
            },
            "scheme": "wpg", "event": "a.b",
            "response": {
                "status": 200, "duration_ms": 12.5, "headers": [["x-a", "1"], ["x-a", "2"]], "body": "ok",
                "truncated": true,
            },
        });
        let told = record(Ok(answer.clone()), ("x-b", "c"), "wpg");
        assert_eq!(told, expected);

        let text = told.to_string();
        let read = crate::webhook::record::read(text.as_bytes()).expect("a record");
        assert_eq!((read.attempt, read.url.as_deref()), (Some(2), Some("http://localhost:3000/hook?x=1")));
        let response = read.response.expect("an answer");
        assert_eq!((response.headers, response.body, response.truncated), (answer.headers, answer.body, true));
    }

    #[test]
    fn an_attempt_without_an_answer_says_why_in_one_word_and_in_many() {
        let told = record(Err(Failure::TimedOut { after: Duration::from_secs(5) }), ("x-b", "c"), "wpg");
        assert_eq!((&told["response"], &told["error"]), (&Value::Null, &json!("timeout")));
        assert_eq!(told["message"], json!("no answer within 5 s"));
    }

    #[test]
    fn a_secret_and_a_credential_are_left_out() {
        let failure = || Err(Failure::Broken { reason: "x".into() });
        for scheme in ["unibo", "wpg"] {
            let told = record(failure(), ("authorization", "Bearer hunter2"), scheme);
            assert_eq!(told["request"]["headers"], json!([["authorization", "(redacted)"]]), "{scheme}");
        }
        let told = record(failure(), ("cookie", "session=hunter2"), "wpg");
        assert_eq!(told["request"]["headers"], json!([["cookie", "(redacted)"]]));
    }
}
