//! The record of an attempt: a delivery as it was sent once, and what came back.
//!
//! Attempts at the same delivery are records of their own, which share its id.

use super::SCHEMA;
use super::write::{microseconds, write_body, write_headers, write_request};
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::json::{write_number, write_optional, write_string, write_thousandths};
use crate::webhook::rfc3339::write_time;
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

impl Sent<'_> {
    /// Appends it as a JSON object.
    pub fn write(&self, json: &mut Vec<u8>) {
        let Self { delivery, attempt, .. } = self;
        json.extend_from_slice(br#"{"schema":"#);
        write_string(SCHEMA, json);
        json.extend_from_slice(br#","id":"#);
        write_string(&delivery.id, json);
        json.extend_from_slice(br#","direction":"sent","sent_at":""#);
        write_time(attempt.started, 3, json);
        json.extend_from_slice(br#"","url":"#);
        let url = if self.in_process { None } else { Some(delivery.request.uri().to_string()) };
        write_optional(url.as_deref(), json);
        json.extend_from_slice(br#","attempt":"#);
        write_number(attempt.number.into(), json);
        json.extend_from_slice(br#","request":"#);
        write_request(delivery, |name| self.redact && is_credential(name, self.scheme), json);
        json.extend_from_slice(br#","scheme":"#);
        write_optional(delivery.scheme.as_deref(), json);
        json.extend_from_slice(br#","event":"#);
        write_optional(delivery.event.as_deref(), json);
        if let Some(variant) = &delivery.variant {
            json.extend_from_slice(br#","variant":"#);
            write_string(variant, json);
        }
        if let Some(fault) = self.fault {
            json.extend_from_slice(br#","fault":"#);
            write_string(fault, json);
        }
        let duration = microseconds(attempt.duration);
        match &attempt.outcome {
            Ok(answer) => {
                json.extend_from_slice(br#","response":"#);
                write_answer(answer, duration, json);
            }
            Err(failure) => {
                json.extend_from_slice(br#","response":null,"error":"#);
                write_string(failure.code(), json);
                json.extend_from_slice(br#","message":"#);
                write_string(&failure.to_string(), json);
                json.extend_from_slice(br#","duration_ms":"#);
                write_thousandths(duration, json);
            }
        }
        json.push(b'}');
    }
}

/// What came back: the head, and the first part of the body.
fn write_answer(answer: &Answer, microseconds: u64, json: &mut Vec<u8>) {
    json.extend_from_slice(br#"{"status":"#);
    write_number(answer.status.as_u16().into(), json);
    json.extend_from_slice(br#","duration_ms":"#);
    write_thousandths(microseconds, json);
    json.extend_from_slice(br#","headers":"#);
    write_headers(&answer.headers, |_| false, json);
    json.push(b',');
    write_body(&answer.body, json);
    if answer.truncated {
        json.extend_from_slice(br#","truncated":true"#);
    }
    if let Some(incomplete) = answer.incomplete {
        json.extend_from_slice(br#","incomplete":"#);
        write_string(incomplete.code(), json);
    }
    json.push(b'}');
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};
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
            started: Timestamp::from_millisecond(1_795_255_200_123).expect("a time"),
            duration: Duration::from_micros(12_500),
            outcome,
        };
        let scheme = Some(&provider.scheme);
        let (delivery, attempt) = (&delivery, &attempt);
        let sent = Sent { delivery, attempt, redact: true, scheme, in_process: false, fault: None };
        let mut json = Vec::new();
        sent.write(&mut json);
        serde_json::from_slice(&json).expect("a record")
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
