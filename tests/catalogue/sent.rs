//! What is sent of the examples: their payloads, and what is made anew in each.

use std::time::Duration;

use jiff::SignedDuration;
use wh::webhook::catalogue::Catalogue;
use wh::webhook::event::EventName;
use wh::webhook::json::Document;
use wh::webhook::provider::EventInfo;

use super::{NOW, deliveries, embedded, providers, sample, signed};

#[test]
fn every_payload_is_compact_json_with_nothing_left_to_fill_in() {
    for (provider, event, delivery) in deliveries() {
        let payload = provider.scheme.payload(&delivery).expect("its own envelope");
        let text = str::from_utf8(&payload).unwrap_or_else(|error| panic!("{event}: {error}"));
        assert!(!text.contains("{{"), "{event}: {text}");
        let document = Document::parse(&payload).unwrap_or_else(|error| panic!("{event}: {error}"));
        let mut end = 0;
        for token in document.tokens() {
            assert_eq!(token.span.start, end, "{event}: white space before {:?}", &text[token.span.clone()]);
            end = token.span.end;
        }
        assert_eq!(end, text.len(), "{event}: something behind the payload");
    }
}

#[test]
fn the_event_type_is_read_back_from_each_delivery() {
    for (provider, event, delivery) in deliveries() {
        assert_eq!(provider.event_type(&delivery), Some(event.event.clone()), "{event}");
    }
}

#[test]
fn the_id_is_read_back_from_each_delivery_that_has_one() {
    // The request that Slack checks a URL with is no event and has no id.
    let without = ["slack/url_verification"];
    for (provider, event, delivery) in deliveries().filter(|(provider, ..)| !provider.places.id.is_empty()) {
        let expected = if without.contains(&event.to_string().as_str()) { None } else { Some(delivery.id.clone()) };
        assert_eq!(provider.delivery_id(&delivery), expected, "{event}");
    }
}

#[test]
fn a_duplicate_is_recognised_where_the_provider_has_a_key() {
    // Opt-ins and opt-outs have no request id, says the page; nor has the request that Slack checks a URL with.
    let without = ["unibo/PLAYER_OPTED_IN", "unibo/PLAYER_OPTED_OUT", "slack/url_verification"];
    for (provider, event, delivery) in deliveries().filter(|(provider, ..)| !provider.places.deduplicate.is_empty()) {
        let expected = !without.contains(&event.to_string().as_str());
        let key = provider.deduplication_key(&delivery);
        assert_eq!(key.is_some(), expected, "{event}: {key:?}");
        let other = provider.deduplication_key(&signed(&provider, &event, NOW, 2));
        assert!(!expected || key != other, "{event}: {key:?} is the key of two events");
    }
}

#[test]
fn the_five_providers_have_the_keys_of_their_pages() {
    let key = |provider: &str, event: &str| {
        let provider = embedded(provider);
        let delivery = signed(&provider, &EventName::from_name(&provider.name, event), NOW, 1);
        let key = provider.deduplication_key(&delivery)?;
        Some(key.iter().map(|part| part.split(['_', '-']).next().unwrap_or_default().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(key("wpg", "slot.submitted"), Some(vec!["slot.submitted".to_owned(), "slot".to_owned()]));
    assert_eq!(key("wpg", "payment.failed"), Some(vec!["payment.failed".to_owned(), "pay".to_owned()]));
    assert_eq!(key("unibo", "PRIZE_PAYOUT_CREATED").map(|key| key.len()), Some(2));
    assert_eq!(key("comps", "winner.drawn"), Some(vec!["evt".to_owned()]));
    assert_eq!(key("whop", "payment.succeeded"), None);
    assert_eq!(key("gamepush", "GetPlayer"), None);
}

#[test]
fn two_deliveries_of_an_event_have_neither_id_nor_payload_in_common() {
    // It names the shop, and nothing else.
    let same = "shopify/shop/redact";
    let tomorrow = NOW + SignedDuration::from_hours(24);
    for provider in providers() {
        for EventInfo { name, .. } in &provider.events {
            let (one, two) = (sample(&provider, name, NOW, 1), sample(&provider, name, tomorrow, 2));
            assert_ne!(one.id, two.id, "{name}");
            assert_eq!(one.request.body() == two.request.body(), name.to_string() == same, "{name}");
        }
    }
}

#[test]
fn no_example_has_a_time_of_its_own() {
    let catalogue = Catalogue::embedded();
    for event in catalogue.events() {
        let (path, text) = catalogue.fixture(&event).unwrap_or_else(|error| panic!("{error}"));
        let fixed = text.windows(11).find(|piece| is_date_before_time(piece));
        assert_eq!(fixed.map(<[u8]>::escape_ascii).map(|piece| piece.to_string()), None, "{path}");
    }
}

/// `2025-11-21T`, as every RFC 3339 time begins.
fn is_date_before_time(piece: &[u8]) -> bool {
    piece.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        10 => *byte == b'T',
        _ => byte.is_ascii_digit(),
    })
}

#[test]
fn the_five_providers_deliver_as_their_pages_say() {
    let policy = |name| embedded(name).policy;
    let (wpg, unibo, comps) = (policy("wpg"), policy("unibo"), policy("comps"));
    assert_eq!((wpg.timeout, wpg.attempts, wpg.disable_after), (Some(Duration::from_secs(5)), None, Some(10)));
    assert_eq!((unibo.timeout, unibo.attempts), (Some(Duration::from_secs(30)), Some(1)));
    assert_eq!((comps.timeout, comps.attempts, comps.disable_after), (None, Some(6), None));
    assert_eq!(comps.backoff, [1, 2, 4, 8, 16].map(Duration::from_mins));
    let retried: Vec<String> = comps.retry.iter().map(ToString::to_string).collect();
    assert_eq!(retried, ["network", "408", "429", "5xx"]);
    for silent in [policy("whop"), policy("gamepush")] {
        assert_eq!((silent.timeout, silent.attempts, silent.retry.as_slice()), (None, None, &[][..]));
    }
    for name in ["wpg", "unibo", "whop", "gamepush", "comps"] {
        assert_eq!(policy(name).success.to_string(), "2xx", "{name}");
    }
}

#[test]
fn there_is_a_wait_before_each_further_attempt_or_none_at_all() {
    for provider in providers().filter(|provider| !provider.policy.backoff.is_empty()) {
        let attempts = provider.policy.attempts.unwrap_or_default() as usize;
        assert_eq!(provider.policy.backoff.len() + 1, attempts, "{}", provider.name);
    }
}
