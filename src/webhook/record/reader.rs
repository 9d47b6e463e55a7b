//! Records one after the other, as a log has them, with buffers that are used again.
//!
//! Nearly all lines of a log are written in one way, and such a line is read straight through. Wherever one is unusual the
//! parser reads all of it, and it alone says what is wrong.

use std::borrow::Cow;

use jiff::Timestamp;

use super::SCHEMA;
use super::line::{Line, Unusual};
use super::message::MessageReader;
use super::problem::ReadError;
use super::read::read;
use super::recorded::{Direction, Recorded};
use crate::webhook::delivery::Delivery;

/// The longest line that is read so, in bytes: what is longer is rare, and its buffers would stay.
const LONGEST: usize = 256 * 1024;

/// Reads records, one after the other.
#[derive(Debug, Default)]
pub struct Reader {
    requests: MessageReader,
    responses: MessageReader,
}

impl Reader {
    /// Reads a record as [`read`] does.
    pub fn read<'a>(&mut self, json: &'a [u8]) -> Result<Recorded<'a>, ReadError> {
        let line = if json.len() <= LONGEST { str::from_utf8(json).ok() } else { None };
        let recorded = line.and_then(|line| self.line(line).ok());
        recorded.map_or_else(|| read(json), Ok)
    }

    /// Reads a line that has the members of a record in the order in which they are written.
    fn line<'a>(&mut self, line: &'a str) -> Result<Recorded<'a>, Unusual> {
        let mut line = Line::new(line);
        line.pass("{")?;
        line.optional("type", Line::text)?;
        if line.member("schema", Line::text)? != Some(SCHEMA) {
            return Err(Unusual);
        }
        let id = line.optional("id", Line::text)?;
        let direction = line.optional("direction", direction)?.unwrap_or_default();
        let received_at = line.optional("received_at", moment)?;
        let sent_at = line.optional("sent_at", moment)?;
        let remote = line.optional("remote", Line::text)?;
        let url = line.optional("url", Line::text)?;
        let attempt = line.optional("attempt", |line| line.number()?.parse().map_err(|_| Unusual))?;
        let request = line.member("request", |line| self.requests.request(line))?.ok_or(Unusual)?;
        let scheme = line.optional("scheme", Line::text)?;
        let event = line.optional("event", Line::text)?;
        let variant = line.optional("variant", Line::text)?;
        line.optional("fault", Line::text)?;
        let (valid, reason) = line.optional("verification", verification)?.unwrap_or_default();
        let response = line.optional("response", |line| self.responses.response(line))?;
        let error = line.optional("error", Line::text)?;
        line.optional("message", Line::text)?;
        line.optional("duration_ms", Line::number)?;
        line.pass("}")?;
        if !line.rest().is_empty() {
            return Err(Unusual);
        }
        Ok(Recorded {
            delivery: Delivery {
                id: id.unwrap_or_default().to_owned(),
                scheme: scheme.map(str::to_owned),
                event: event.map(str::to_owned),
                variant: variant.map(str::to_owned),
                request,
            },
            direction,
            at: received_at.or(sent_at),
            remote: remote.map(Cow::Borrowed),
            url: url.map(Cow::Borrowed),
            attempt,
            valid,
            reason: reason.map(Cow::Borrowed),
            response,
            error: error.map(Cow::Borrowed),
        })
    }
}

fn direction(line: &mut Line<'_>) -> Result<Direction, Unusual> {
    match line.text()? {
        "received" => Ok(Direction::Received),
        "sent" => Ok(Direction::Sent),
        _ => Err(Unusual),
    }
}

fn moment(line: &mut Line<'_>) -> Result<Timestamp, Unusual> {
    line.text()?.parse().map_err(|_| Unusual)
}

/// Whether it was found genuine, and why not.
fn verification<'a>(line: &mut Line<'a>) -> Result<(Option<bool>, Option<&'a str>), Unusual> {
    line.pass("{")?;
    let valid = line.optional("valid", Line::truth)?;
    let reason = line.optional("reason", Line::text)?;
    line.optional("message", Line::text)?;
    line.optional("secret", Line::text)?;
    line.optional("encoding", Line::text)?;
    line.optional("age_s", Line::number)?;
    line.pass("}")?;
    Ok((valid, reason))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Request, StatusCode};

    use super::*;
    use crate::webhook::attempt::{Answer, Attempt, Failure};
    use crate::webhook::record::{Record, Sent};
    use crate::webhook::verification::{Rejection, Verified};

    fn delivery() -> Delivery {
        let request = Request::post("/hook?a=%20b").header("x-a", "1").header("x-a", "\"2\\").header("host", "é");
        Delivery {
            id: "msg_1".into(),
            scheme: Some("wpg".into()),
            event: Some("slot.submitted".into()),
            variant: Some("late".into()),
            request: request.body(Bytes::from_static(b"{\"a\":\"\\n\"}\n")).expect("a request"),
        }
    }

    /// Reads what was written, which must not need the parser.
    fn check(json: &[u8]) {
        let text = str::from_utf8(json).expect("UTF-8");
        let line = Reader::default().line(text);
        assert_eq!(
            line.map(|recorded| format!("{recorded:?}")).ok(),
            read(json).ok().map(|recorded| format!("{recorded:?}"))
        );
        assert!(Reader::default().line(text).is_ok(), "{text}");
    }

    #[test]
    fn a_line_of_what_arrived_needs_no_parser() {
        let mut delivery = delivery();
        let age = Some(jiff::SignedDuration::from_millis(-1500));
        let verified = Verified { secret: "WH_SECRET".into(), of_secrets: 2, other_encoding: None, age };
        let verdicts = [None, Some(Ok(verified)), Some(Err(Rejection::Mismatch { secrets: 1, token: false }))];
        for verdict in &verdicts {
            for response in
                [None, Some((StatusCode::OK, None)), Some((StatusCode::OK, Some(Duration::from_micros(1234))))]
            {
                let record = Record {
                    delivery: &delivery,
                    received_at: "2026-11-21T10:00:00.123Z".parse().expect("a time"),
                    remote: "[::1]:53122".parse().expect("an address"),
                    redact: true,
                    scheme: None,
                    verdict: verdict.as_ref(),
                    response,
                };
                let mut json = Vec::new();
                record.write(&mut json);
                check(&json);
                json.clear();
                record.write_with("\"type\":\"received\",", "", &mut json);
                check(&json);
            }
            (delivery.scheme, delivery.event) = (None, None);
        }
    }

    #[test]
    fn a_line_of_what_was_sent_needs_no_parser() {
        let mut headers = HeaderMap::new();
        headers.append("x-b", HeaderValue::from_static("2"));
        let body = Bytes::from_static(b"ok\n");
        let answer = Answer { status: StatusCode::OK, headers, body, truncated: true, incomplete: None };
        for (outcome, fault) in [(Ok(answer), None), (Err(Failure::Broken { reason: "x".into() }), Some("stale"))] {
            let attempt = Attempt {
                number: 2,
                url: http::Uri::from_static("http://localhost:3000/hook?x=1"),
                started: Timestamp::from_millisecond(1_795_255_200_123).expect("a time"),
                duration: Duration::from_micros(12_500),
                outcome,
            };
            for in_process in [false, true] {
                let (delivery, attempt) = (&delivery(), &attempt);
                let mut json = Vec::new();
                Sent { delivery, attempt, redact: true, scheme: None, in_process, fault }.write(&mut json);
                check(&json);
            }
        }
    }
}
