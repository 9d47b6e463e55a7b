//! One JSON object a line, each with its `type`. Keys are a promise to scripts: add to them, never change them.

use std::io::{self, Write};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::explanation;
use super::export;
use super::findings::{self, Why};
use super::human::Verbosity;
use super::{BARS, Outcome, Problem, Prospect, Reporter, Summary, Totals, checkup, sanitize, verdicts};
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::fault::Fault;
use crate::webhook::provider::{EventInfo, Place, Provider};
use crate::webhook::record::{Direction, Entry, REDACTED, Record, milliseconds};
use crate::webhook::retrying::Step;
use crate::webhook::scheme::Algorithm;
use crate::webhook::template::Field;

/// Writes outcomes as JSON lines to one stream, and notices as text to the other.
pub struct JsonReporter<'a> {
    pub(super) output: Box<dyn Write + 'a>,
    errors: Box<dyn Write + 'a>,
    verbosity: Verbosity,
}

impl<'a> JsonReporter<'a> {
    /// A reporter that writes to these streams.
    #[must_use]
    pub fn new(output: Box<dyn Write + 'a>, errors: Box<dyn Write + 'a>, verbosity: Verbosity) -> Self {
        Self { output, errors, verbosity }
    }

    /// A record with its `type` in front, and the status of the answer, where that is known.
    fn received(&mut self, record: &Record<'_>, status: Option<StatusCode>, why: Why<'_>) -> io::Result<()> {
        let mut value = serde_json::to_value(record).map_err(io::Error::other)?;
        value["verification"]["diagnosis"] = json!(findings::items(why.diagnosis()));
        if why != Why::Unasked {
            value["verification"]["searched"] = json!(findings::searched(why.diagnosis()));
        }
        value["response"] = status.map_or(Value::Null, |status| json!({ "status": status.as_u16() }));
        let mut line = Map::new();
        line.insert("type".to_owned(), "received".into());
        if let Value::Object(record) = value {
            line.extend(record);
        }
        self.line(&Value::Object(line))
    }

    fn logged(&mut self, entries: &[Entry], lines: &[Vec<u8>]) -> io::Result<()> {
        entries.iter().zip(lines).try_for_each(|(entry, line)| self.logged_line(entry, line))
    }

    /// A record as it stands in the log, behind its `type`: `received`, or `attempt` with what an attempt's line has.
    fn logged_line(&mut self, entry: &Entry, line: &[u8]) -> io::Result<()> {
        // What was read as a record is an object; a log that was changed since is not shown.
        let text = str::from_utf8(line).map_err(io::Error::other)?;
        let Some(members) = text.trim().strip_prefix('{') else { return Ok(()) };
        let head = match entry.direction {
            Direction::Received => json!({ "type": "received" }),
            Direction::Sent => json!({ "type": "attempt", "status": entry.status, "ok": entry.is_good() }),
        };
        let mut head = head;
        if let (Direction::Sent, Some(duration)) = (entry.direction, entry.duration) {
            head["duration_ms"] = milliseconds(duration).into();
            head["error"] = Value::Null;
        }
        let head = head.to_string();
        writeln!(self.output, "{},{}", head.trim_end_matches('}'), sanitize::json(members))?;
        self.output.flush()
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.output, "{}", sanitize::json(&value.to_string()))?;
        self.output.flush()
    }
}

impl Reporter for JsonReporter<'_> {
    fn report(&mut self, outcome: &Outcome<'_>) -> io::Result<()> {
        let value = match outcome {
            Outcome::Notice(notice) => {
                let wanted = match self.verbosity {
                    Verbosity::Quiet => false,
                    Verbosity::Normal => !notice.is_detail(),
                    Verbosity::Verbose => true,
                };
                return if wanted {
                    writeln!(self.errors, "note: {}", sanitize::line(&notice.to_string()))
                } else {
                    Ok(())
                };
            }
            Outcome::Sending { .. } | Outcome::Progress(_) | Outcome::Draft { .. } | Outcome::Next(_) => return Ok(()),
            Outcome::Planned { delivery, provider } => signed(delivery, provider, false),
            Outcome::Signed { delivery, provider, .. } => signed(delivery, provider, true),
            Outcome::Received { delivery, provider, at, remote, verdict, status, secrets, why, .. } => {
                let (redact, scheme) = (!secrets, provider.map(|provider| &provider.scheme));
                let record = Record {
                    delivery,
                    received_at: *at,
                    remote: *remote,
                    redact,
                    scheme,
                    verdict: *verdict,
                    response: None,
                };
                return self.received(&record, *status, *why);
            }
            Outcome::Ready { url, port, scheme, log, targets } => json!({
                "type": "ready",
                "url": url,
                "port": port,
                "scheme": scheme,
                "log": log,
                "forward_to": targets,
            }),
            Outcome::Forwarded { delivery, attempt } => json!({
                "type": "forwarded",
                "id": delivery.id,
                "url": attempt.url,
                "status": attempt.status().map(|status| status.as_u16()),
                "duration_ms": milliseconds(attempt.duration),
                "error": attempt.outcome.as_ref().err().map(ToString::to_string),
            }),
            Outcome::Written { path, text, replaces } => json!({
                "type": "written",
                "path": path.display().to_string(),
                "text": text,
                "replaces": replaces,
            }),
            Outcome::Secret(secret) => json!({
                "type": "secret",
                "name": secret.name(),
                "secret": String::from_utf8_lossy(secret.expose()),
            }),
            Outcome::Listened(totals) => listened(totals),
            Outcome::Attempted { delivery, attempt, good, fault, prospect, .. } => {
                let mut value = attempted(delivery, attempt, *good);
                value["fault"] = (*fault).into();
                if let Some(prospect) = prospect {
                    foresee(&mut value, prospect);
                }
                value
            }
            Outcome::Left { delivery, failures, .. } => left(delivery, *failures),
            Outcome::Judged { file, examined } => return self.examined(file, examined),
            Outcome::Verified(count) => verdicts::summary(*count),
            Outcome::Events { provider, events } => {
                for info in *events {
                    self.line(&event(info, provider))?;
                }
                return Ok(());
            }
            Outcome::Event { event: info, provider, example } => event_whole(info, provider, example),
            Outcome::Schemes(providers) => {
                for provider in *providers {
                    self.line(&scheme(provider))?;
                }
                return Ok(());
            }
            Outcome::Scheme { provider, .. } => scheme(provider),
            Outcome::Logged { entries, lines, .. } => return self.logged(entries, lines),
            Outcome::LoggedWhole { recorded, line, .. } => return self.logged_line(&Entry::new(recorded), line),
            Outcome::Summary(summary) => summed(summary),
            Outcome::Probes { probes, provider } => {
                for probe in *probes {
                    self.line(&checkup::json::probe(probe, *provider))?;
                }
                return Ok(());
            }
            Outcome::Checked(check) => checkup::json::check(check),
            Outcome::Annotations(examination) => {
                let text = checkup::github::write(examination);
                return write!(self.errors, "{text}");
            }
            Outcome::Examined(examination) => checkup::json::summary(examination),
        };
        self.line(&value)
    }

    fn error(&mut self, problem: &Problem) -> io::Result<()> {
        self.line(&json!({
            "type": "error",
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
        }))
    }
}

fn listened(totals: &Totals) -> Value {
    json!({
        "type": "summary",
        "received": totals.received,
        "valid": totals.valid,
        "invalid": totals.invalid,
        "unverified": totals.unverified,
        "accepted": totals.accepted,
        "forwarded": totals.forwarded,
        "failed": totals.failed,
    })
}

/// A signed request; without `secrets` its credentials are redacted.
fn signed(delivery: &Delivery, provider: &Provider, secrets: bool) -> Value {
    let headers: Vec<Value> = export::headers(delivery, provider)
        .map(|(name, value)| {
            let hidden = !secrets && is_credential(&name, Some(&provider.scheme));
            if hidden { json!([name, REDACTED]) } else { pair(&name, value) }
        })
        .collect();
    let mut value = json!({
        "type": "signed",
        "scheme": delivery.scheme,
        "event": delivery.event,
        "variant": delivery.variant,
        "id": delivery.id,
        "method": delivery.request.method().as_str(),
        "url": delivery.request.uri().to_string(),
        "headers": headers,
    });
    insert_body(&mut value, delivery.request.body());
    value
}

fn attempted(delivery: &Delivery, attempt: &Attempt, good: bool) -> Value {
    let status = attempt.status();
    let failure = attempt.outcome.as_ref().err();
    json!({
        "type": "attempt",
        "scheme": delivery.scheme,
        "event": delivery.event,
        "variant": delivery.variant,
        "id": delivery.id,
        "attempt": attempt.number,
        "url": attempt.url,
        "started_at": format!("{:.3}", attempt.started),
        "status": status.map(|status| status.as_u16()),
        "duration_ms": milliseconds(attempt.duration),
        "error": failure.map(ToString::to_string),
        "code": failure.map(crate::webhook::attempt::Failure::code),
        "ok": good,
        "response": attempt.outcome.as_ref().ok().map(response),
    })
}

/// What follows an attempt: when the next one comes, or what became of the delivery.
fn foresee(value: &mut Value, prospect: &Prospect) {
    let wait = match prospect.step {
        Step::Retry { after } => Some(whole_milliseconds(after)),
        Step::Done | Step::GiveUp(_) => None,
    };
    value["next_in_ms"] = wait.into();
    value["next_at"] = prospect.next_at.map(|at| format!("{at:.3}")).into();
    value["waited_ms"] = whole_milliseconds(prospect.waited).into();
    value["final"] = prospect.step.word().into();
}

/// A wait, which may be days.
fn whole_milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

/// A delivery that was not sent: an attempt without a number.
fn left(delivery: &Delivery, failures: u32) -> Value {
    json!({
        "type": "attempt",
        "scheme": delivery.scheme,
        "event": delivery.event,
        "variant": delivery.variant,
        "id": delivery.id,
        "attempt": null,
        "url": delivery.request.uri().to_string(),
        "status": null,
        "duration_ms": null,
        "error": format!("not sent: the endpoint is disabled after {failures} failures in a row"),
        "code": "disabled",
        "ok": false,
        "final": "disabled",
    })
}

fn summed(summary: &Summary) -> Value {
    let latencies = &summary.latencies;
    let percentile = |percent| latencies.percentile(percent).map(milliseconds);
    let histogram: Vec<Value> = latencies
        .bars(BARS)
        .iter()
        .map(|bar| json!({ "up_to_ms": milliseconds(bar.up_to), "count": bar.count }))
        .collect();
    let statuses: Map<String, Value> =
        summary.statuses.iter().map(|(status, count)| (status.to_string(), (*count).into())).collect();
    json!({
        "type": "summary",
        "sent": summary.sent,
        "accepted": summary.accepted,
        "refused": summary.refused,
        "failed": summary.failed,
        "in_flight": summary.in_flight,
        "waiting": summary.waiting,
        "unsent": summary.unsent,
        "attempts": summary.attempts,
        "statuses": statuses,
        "errors": summary.errors,
        "latency_ms": {
            "p50": percentile(50),
            "p90": percentile(90),
            "p99": percentile(99),
            "max": (latencies.count() > 0).then(|| milliseconds(latencies.longest())),
        },
        "histogram": histogram,
        "duration_ms": whole_milliseconds(summary.elapsed),
        "per_second": summary.per_second(),
    })
}

fn response(answer: &Answer) -> Value {
    let mut value = json!({ "headers": pairs(&answer.headers), "truncated": answer.truncated });
    if let Some(incomplete) = answer.incomplete {
        value["incomplete"] = incomplete.code().into();
    }
    insert_body(&mut value, &answer.body);
    value
}

fn event(info: &EventInfo, provider: &Provider) -> Value {
    json!({
        "type": "event",
        "scheme": provider.name,
        "event": info.name.event,
        "variant": info.name.variant,
        "about": info.about,
    })
}

fn event_whole(info: &EventInfo, provider: &Provider, example: &Delivery) -> Value {
    let mut value = event(info, provider);
    let headers: Vec<Value> = export::headers(example, provider).map(|(name, value)| pair(&name, value)).collect();
    value["method"] = example.request.method().as_str().into();
    value["path"] = provider.request.path.clone().into();
    value["headers"] = headers.into();
    let payload = provider.scheme.payload(example).unwrap_or_default();
    insert(&mut value, "payload", &payload);
    value["deduplication_key"] = provider.deduplication_key(example).into();
    value["documentation"] = provider.documentation.clone().into();
    value["readings"] = provider.readings.clone().into();
    value
}

fn scheme(provider: &Provider) -> Value {
    let scheme = &provider.scheme;
    let policy = &provider.policy;
    let headers: Vec<Value> = scheme
        .headers
        .iter()
        .map(|rule| {
            json!({
                "name": rule.name,
                "value": rule.value.to_string(),
                "separator": rule.separator,
                "optional": rule.optional,
            })
        })
        .collect();
    let seconds = |duration: std::time::Duration| duration.as_secs_f64();
    let places = |places: &Vec<Place>| places.iter().map(ToString::to_string).collect::<Vec<_>>();
    let deduplicate: Vec<Vec<String>> = provider.places.deduplicate.iter().map(places).collect();
    let possible = Fault::all().filter(|fault| fault.obstacle(scheme).is_none());
    let faults: Vec<&str> = possible.map(Fault::name).collect();
    let algorithm = Algorithm::NAMES.iter().find(|(_, algorithm)| *algorithm == scheme.algorithm);
    json!({
        "type": "scheme",
        "scheme": provider.name,
        "title": provider.title,
        "about": provider.about,
        "documentation": provider.documentation,
        "events": provider.events.iter().filter(|info| info.name.variant.is_none()).count(),
        "algorithm": algorithm.map(|(name, _)| *name),
        "content": (!scheme.content.is_fixed()).then(|| scheme.content.to_string()),
        "encoding": (scheme.algorithm != Algorithm::Token).then(|| scheme.encoding.name()),
        "key": explanation::key(scheme),
        "headers": headers,
        "envelope": scheme.envelope.as_ref().map(ToString::to_string),
        "version": scheme.version,
        "timestamp": {
            "unit": scheme.has_timestamp().then(|| scheme.timestamp.unit.title()),
            "signed": scheme.uses(Field::Timestamp) && scheme.signs_timestamp(),
            "tolerance_past_s": scheme.timestamp.tolerance_past.map(seconds),
            "tolerance_future_s": scheme.timestamp.tolerance_future.map(seconds),
        },
        "test_secret": scheme.test_secret,
        "secret_variable": provider.secret_variable(),
        "deduplicate": deduplicate,
        "faults": faults,
        "delivery": {
            "path": provider.request.path,
            "timeout_s": policy.timeout.map(seconds),
            "success": policy.success.to_string(),
            "attempts": policy.attempts,
            "backoff_s": policy.backoff.iter().map(|wait| seconds(*wait)).collect::<Vec<f64>>(),
            "jitter_percent": policy.jitter,
            "retry": policy.retry.iter().map(ToString::to_string).collect::<Vec<String>>(),
            "retry_after": policy.retry_after,
            "disable_after": policy.disable_after,
            "after_last_attempt": policy.after_last_attempt,
        },
        "weaknesses": provider.open_points(),
        "readings": provider.readings,
    })
}

fn pairs(headers: &HeaderMap) -> Vec<Value> {
    headers.iter().map(|(name, value)| pair(name.as_str(), value)).collect()
}

/// `[name, value]`; bytes that are not UTF-8 are told as such, for JSON cannot hold them.
fn pair(name: &str, value: &HeaderValue) -> Value {
    json!([name, String::from_utf8_lossy(value.as_bytes())])
}

/// Bytes as `body` when they are UTF-8, else as `body_base64`: either way exact.
fn insert_body(value: &mut Value, body: &Bytes) {
    insert(value, "body", body);
}

fn insert(value: &mut Value, key: &str, bytes: &[u8]) {
    let (key, text) = match str::from_utf8(bytes) {
        Ok(text) => (key.to_owned(), text.to_owned()),
        Err(_) => (format!("{key}_base64"), STANDARD.encode(bytes)),
    };
    let object: Option<&mut Map<String, Value>> = value.as_object_mut();
    if let Some(object) = object {
        object.insert(key, text.into());
    }
}
