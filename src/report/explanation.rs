//! A scheme in words: what its data says, as sentences for someone who writes a receiver.

use std::time::Duration;

use crate::webhook::fault::Fault;
use crate::webhook::policy::{DeliveryPolicy, RetryOn};
use crate::webhook::provider::Provider;
use crate::webhook::scheme::{Algorithm, Scheme};

/// What is signed, and how it is written.
#[must_use]
pub fn signature(scheme: &Scheme) -> String {
    if scheme.algorithm == Algorithm::Token {
        return "nothing is signed: the secret itself is sent, as a token".to_owned();
    }
    let mut text = format!("{} of `{}`, as {}", scheme.algorithm.title(), scheme.content, scheme.encoding.name());
    for encoding in &scheme.also_accepts {
        text.push_str(&format!(" ({} is recognised too)", encoding.name()));
    }
    text
}

/// What the key is.
#[must_use]
pub fn key(scheme: &Scheme) -> String {
    let prefix = scheme.key.prefix.as_deref();
    match (scheme.key.encoding, prefix) {
        (None, Some(prefix)) => format!("the secret's own bytes, `{prefix}` included"),
        (None, None) => "the secret's own bytes".to_owned(),
        (Some(encoding), Some(prefix)) => format!("the secret without `{prefix}`, decoded from {}", encoding.name()),
        (Some(encoding), None) => format!("the secret, decoded from {}", encoding.name()),
    }
}

/// How old or how early a delivery may be.
#[must_use]
pub fn tolerance(scheme: &Scheme) -> String {
    let unit = scheme.timestamp.unit.title();
    if !scheme.has_timestamp() {
        return "none: there is no timestamp".to_owned();
    }
    match (scheme.timestamp.tolerance_past, scheme.timestamp.tolerance_future) {
        (Some(past), Some(future)) if past == future => format!("{} both ways (timestamp in {unit})", duration(past)),
        (Some(past), Some(future)) => {
            format!("{} in the past, {} in the future (timestamp in {unit})", duration(past), duration(future))
        }
        (Some(past), None) => {
            format!("{} in the past, any in the future (timestamp in {unit})", duration(past))
        }
        (None, Some(future)) => {
            format!("any in the past, {} in the future (timestamp in {unit})", duration(future))
        }
        (None, None) => format!("none is documented (timestamp in {unit})"),
    }
}

/// What the provider waits for, and what it counts as success.
#[must_use]
pub fn answer(policy: &DeliveryPolicy) -> String {
    match policy.timeout {
        Some(timeout) => format!("{} within {}", policy.success, duration(timeout)),
        None => format!("{}; the time allowed is not documented", policy.success),
    }
}

/// Whether and when the provider tries again.
#[must_use]
pub fn retries(policy: &DeliveryPolicy) -> String {
    let on = policy.retry.iter().map(|on| match on {
        RetryOn::Network => "network errors".to_owned(),
        RetryOn::Status(pattern) => pattern.to_string(),
    });
    let on = on.collect::<Vec<_>>().join(", ");
    let mut text = match policy.attempts {
        Some(1) => "none: a failed delivery is not sent again".to_owned(),
        Some(attempts) => format!("{attempts} attempts in all"),
        None => "not documented".to_owned(),
    };
    if !policy.backoff.is_empty() {
        let waits: Vec<String> = policy.backoff.iter().map(|wait| duration(*wait)).collect();
        text.push_str(&format!(", after {}", waits.join(", ")));
    }
    if let Some(percent) = policy.jitter {
        text.push_str(&format!(" and up to {percent} % more at random"));
    }
    if !on.is_empty() {
        text.push_str(&format!("; on {on}"));
    }
    if policy.retry_after {
        text.push_str("; Retry-After is heeded");
    }
    text
}

/// When the provider stops for good.
#[must_use]
pub fn giving_up(policy: &DeliveryPolicy) -> Option<String> {
    let disabled = policy.disable_after.map(|count| format!("disabled after {count} consecutive failures"));
    let parts: Vec<String> = disabled.into_iter().chain(policy.after_last_attempt.clone()).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The deliberate faults that a receiver of this scheme can be tried with.
#[must_use]
pub fn faults(scheme: &Scheme) -> String {
    let possible = Fault::all().filter(|fault| fault.obstacle(scheme).is_none());
    possible.map(Fault::name).collect::<Vec<_>>().join(", ")
}

/// Where a delivery says which one it is.
#[must_use]
pub fn id(provider: &Provider) -> String {
    let places: Vec<String> = provider.places.id.iter().map(ToString::to_string).collect();
    if places.is_empty() {
        return "none: wh makes one up for its own lines, another on each side".to_owned();
    }
    places.join(", or ")
}

/// A duration as people say it: `500 ms`, `90 s`, `5 min`, `2 h`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        _ if duration.subsec_nanos() > 0 => format!("{} ms", duration.as_millis()),
        0..=599 if !seconds.is_multiple_of(60) || seconds == 0 => format!("{seconds} s"),
        _ if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}
