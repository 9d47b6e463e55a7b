//! Deliveries, attempts and what came of them, as JSON.

use std::time::Duration;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{insert, pair};
use crate::report::{BARS, Prospect, Summary, Totals, export};
use crate::webhook::attempt::{Answer, Attempt, Failure};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::Provider;
use crate::webhook::record::{REDACTED, milliseconds};
use crate::webhook::retrying::Step;

pub(super) fn listened(totals: &Totals) -> Value {
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

/// A line about a delivery: its type, whose and which delivery it is, and the rest.
fn about(kind: &str, delivery: &Delivery, rest: Value) -> Value {
    let mut line = json!({
        "type": kind,
        "scheme": delivery.scheme,
        "event": delivery.event,
        "variant": delivery.variant,
        "id": delivery.id,
    });
    if let (Value::Object(line), Value::Object(rest)) = (&mut line, rest) {
        line.extend(rest);
    }
    line
}

/// A signed request; without `secrets` its credentials are redacted.
pub(super) fn signed(delivery: &Delivery, provider: Option<&Provider>, secrets: bool) -> Value {
    let headers: Vec<Value> = export::headers(delivery, provider)
        .map(|(name, value)| {
            let hidden = !secrets && is_credential(&name, provider.map(|provider| &provider.scheme));
            if hidden { json!([name, REDACTED]) } else { pair(&name, value) }
        })
        .collect();
    let rest = json!({
        "method": delivery.request.method().as_str(),
        "url": delivery.request.uri().to_string(),
        "headers": headers,
    });
    let mut value = about("signed", delivery, rest);
    insert(&mut value, "body", delivery.request.body());
    value
}

pub(super) fn attempted(delivery: &Delivery, attempt: &Attempt, good: bool) -> Value {
    let status = attempt.status();
    let failure = attempt.outcome.as_ref().err();
    let rest = json!({
        "attempt": attempt.number,
        "url": delivery.request.uri().to_string(),
        "started_at": format!("{:.3}", attempt.started),
        "status": status.map(|status| status.as_u16()),
        "duration_ms": milliseconds(attempt.duration),
        "error": failure.map(ToString::to_string),
        "code": failure.map(Failure::code),
        "ok": good,
        "response": attempt.outcome.as_ref().ok().map(response),
    });
    about("attempt", delivery, rest)
}

/// What follows an attempt: when the next one comes, or what became of the delivery.
pub(super) fn foresee(value: &mut Value, prospect: &Prospect) {
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
pub(super) fn left(delivery: &Delivery, failures: u32) -> Value {
    let rest = json!({
        "attempt": null,
        "url": delivery.request.uri().to_string(),
        "status": null,
        "duration_ms": null,
        "error": format!("not sent: the endpoint is disabled after {failures} failures in a row"),
        "code": "disabled",
        "ok": false,
        "final": "disabled",
    });
    about("attempt", delivery, rest)
}

pub(super) fn summed(summary: &Summary) -> Value {
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
    insert(&mut value, "body", &answer.body);
    value
}

fn pairs(headers: &HeaderMap) -> Vec<Value> {
    headers.iter().map(|(name, value)| pair(name.as_str(), value)).collect()
}
