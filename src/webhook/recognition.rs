//! Which provider a delivery is from, told by its headers and its form when nobody said.

use std::cmp::Reverse;

use super::delivery::Delivery;
use super::provider::Provider;
use super::template::Field;

/// The providers that a delivery could be from, the likeliest first.
///
/// A provider is one of them when every header that it cannot do without is there and its envelope can be opened. Where
/// that is so of none, it is one when a header that bears its name is there: it can be told then what is missing. Then
/// count: that the event is one of its own, and how many of its headers are there.
#[must_use]
pub fn candidates<'a>(providers: impl Iterator<Item = &'a Provider> + Clone, delivery: &Delivery) -> Vec<&'a Provider> {
    let whole = ranked(providers.clone().filter(|provider| could_be(provider, delivery)), delivery);
    if whole.is_empty() {
        ranked(providers.filter(|provider| is_named_by(provider, delivery)), delivery)
    } else {
        whole
    }
}

fn ranked<'a>(providers: impl Iterator<Item = &'a Provider>, delivery: &Delivery) -> Vec<&'a Provider> {
    let mut found: Vec<(Reverse<(bool, usize)>, &Provider)> =
        providers.map(|provider| (Reverse(likeness(provider, delivery)), provider)).collect();
    found.sort_by_key(|(likeness, _)| *likeness);
    found.into_iter().map(|(_, provider)| provider).collect()
}

/// Whether a header of the provider's is there that bears its name, as `X-Acme-Event` does. What many share, such as
/// `webhook-id`, `Authorization` or `User-Agent`, says nothing.
fn is_named_by(provider: &Provider, delivery: &Delivery) -> bool {
    let headers = delivery.request.headers();
    let scheme = provider.scheme.headers.iter().map(|rule| &rule.header);
    let mut own = scheme.chain(provider.request.headers.iter().map(|own| &own.header));
    own.any(|header| headers.contains_key(header) && bears(header.as_str(), &provider.name))
}

/// Whether a word of a header's name is the provider's name, whole (`myshop` of `my-shop`) or without what stands behind it
/// (`acme` of `acme-v2`).
fn bears(header: &str, provider: &str) -> bool {
    let whole: String = provider.chars().filter(char::is_ascii_alphanumeric).collect();
    let first = provider.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut words = header.split('-').filter(|word| !word.is_empty());
    words.any(|word| word.eq_ignore_ascii_case(first) || word.eq_ignore_ascii_case(&whole))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_bears_a_providers_name_as_a_word() {
        for (header, provider) in [
            ("x-acme-event", "acme"),
            ("acme-signature", "acme"),
            ("x-acme-event", "acme-v2"),
            ("x-myshop-id", "my-shop"),
        ] {
            assert!(bears(header, provider), "{header} {provider}");
        }
        for (header, provider) in [
            ("webhook-id", "acme"),
            ("x-acmes-event", "acme"),
            ("user-agent", "acme"),
            ("x--id", "-"),
            ("x-v2-id", "acme-v2"),
        ] {
            assert!(!bears(header, provider), "{header} {provider}");
        }
    }
}
