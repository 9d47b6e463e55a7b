//! Which provider a delivery is from, told by its headers and its form when nobody said.

use std::cmp::Reverse;

use super::delivery::Delivery;
use super::provider::Provider;
use super::template::Field;

/// The providers that a delivery could be from, the likeliest first.
///
/// A provider is one of them when every header that it cannot do without is there and its envelope can be opened. Then
/// count: that the event is one of its own, and how many of its headers are there.
#[must_use]
pub fn candidates<'a>(providers: impl Iterator<Item = &'a Provider>, delivery: &Delivery) -> Vec<&'a Provider> {
    let mut found: Vec<(Reverse<(bool, usize)>, &Provider)> = providers
        .filter(|provider| could_be(provider, delivery))
        .map(|provider| (Reverse(likeness(provider, delivery)), provider))
        .collect();
    found.sort_by_key(|(likeness, _)| *likeness);
    found.into_iter().map(|(_, provider)| provider).collect()
}

/// Whether a request out of all kinds of requests may be a delivery of a provider that is expected: it has any header
/// of the scheme, so that one which lacks the rest is told and not passed over.
#[must_use]
pub fn resembles(provider: &Provider, delivery: &Delivery) -> bool {
    let headers = delivery.request.headers();
    provider.scheme.headers.iter().any(|rule| headers.contains_key(&rule.header)) || could_be(provider, delivery)
}

/// Whether a delivery could be from a provider: all that it cannot do without is there.
#[must_use]
pub fn could_be(provider: &Provider, delivery: &Delivery) -> bool {
    let headers = delivery.request.headers();
    let scheme = &provider.scheme;
    let needed = scheme.headers.iter().filter(|rule| !rule.optional);
    let mut all_there = true;
    let mut any = false;
    for rule in needed {
        any = true;
        all_there &= headers.contains_key(&rule.header);
    }
    let enveloped = scheme.envelope.as_ref().is_some_and(|envelope| {
        envelope.mentions(Field::Signature) && envelope.read(delivery.request.body()).is_some()
    });
    all_there && (any || enveloped) && (scheme.envelope.is_none() || enveloped)
}

/// Whether the event is the provider's own, and how many of its headers are there as it writes them.
fn likeness(provider: &Provider, delivery: &Delivery) -> (bool, usize) {
    let event = provider.event_type(delivery);
    let known = event.is_some_and(|event| provider.events.iter().any(|info| info.name.event == event));
    let headers = delivery.request.headers();
    let own = provider.request.headers.iter().filter(|own| {
        let value = headers.get(&own.header);
        value.is_some_and(|value| !own.value.is_fixed() || own.value.read(value.as_bytes()).is_some())
    });
    let optional = provider.scheme.headers.iter().filter(|rule| headers.contains_key(&rule.header));
    (known, own.count() + optional.count())
}
