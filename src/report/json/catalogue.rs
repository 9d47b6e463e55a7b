//! Events and providers, as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use super::{insert, pair};
use crate::report::{explanation, export};
use crate::webhook::delivery::Delivery;
use crate::webhook::fault::Fault;
use crate::webhook::provider::{EventInfo, Place, Provider};
use crate::webhook::scheme::Algorithm;

pub(super) fn event(info: &EventInfo, provider: &Provider) -> Value {
    json!({
        "type": "event",
        "scheme": provider.name,
        "event": info.name.event,
        "variant": info.name.variant,
        "about": info.about,
    })
}

pub(super) fn event_whole(info: &EventInfo, provider: &Provider, example: &Delivery) -> Value {
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

pub(super) fn scheme(provider: &Provider) -> Value {
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
    let own: Vec<Value> =
        provider.request.headers.iter().map(|header| json!([header.name, header.value.to_string()])).collect();
    let seconds = |duration: Duration| duration.as_secs_f64();
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
        "also_accepts": scheme.also_accepts.iter().map(|encoding| encoding.name()).collect::<Vec<_>>(),
        "key": explanation::key(scheme),
        "headers": headers,
        "envelope": scheme.envelope.as_ref().map(ToString::to_string),
        "version": scheme.version,
        "timestamp": {
            "unit": scheme.has_timestamp().then(|| scheme.timestamp.unit.title()),
            "signed": scheme.signs_timestamp(),
            "tolerance_past_s": scheme.timestamp.tolerance_past.map(seconds),
            "tolerance_future_s": scheme.timestamp.tolerance_future.map(seconds),
        },
        "test_secret": scheme.test_secret,
        "secret_variable": provider.secret_variable(),
        "event": places(&provider.places.event),
        "id": places(&provider.places.id),
        "deduplicate": deduplicate,
        "faults": faults,
        "delivery": {
            "method": provider.request.method.as_str(),
            "path": provider.request.path,
            "content_type": provider.request.content_type.to_str().ok(),
            "headers": own,
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
