//! Every provider, genuine and changed on the way.

use http::HeaderValue;
use wh::webhook::template::Field;

use super::{Example, genuine, genuine_deliveries, test_secret};
use crate::catalogue::{NOW, providers};

#[test]
fn every_example_event_is_accepted_by_its_own_scheme() {
    for (provider, delivery) in genuine_deliveries() {
        let verdict = provider.scheme.verify(&delivery, &[test_secret(&provider)], NOW);
        let verified = verdict.unwrap_or_else(|rejection| panic!("{}: {rejection}", delivery.event_name()));
        assert_eq!((verified.secret.as_str(), verified.other_encoding), ("the test secret", None));
    }
}

#[test]
fn a_signature_covers_raw_bytes() {
    for provider in providers().filter(|provider| provider.scheme.signs_body()) {
        let name = provider.name.clone();
        let signed = Example::new(provider, &b"{\"n\":1.10,\"n\":1e400}\r\n\xff\x00"[..]).sign();
        assert_eq!(signed.verdict(), Ok(()), "{name}");
        let payload = signed.provider.scheme.payload(&signed.delivery).expect("its own envelope");
        assert_eq!(payload.as_ref(), b"{\"n\":1.10,\"n\":1e400}\r\n\xff\x00", "{name}");
    }
}

#[test]
fn no_bit_of_a_body_can_be_flipped() {
    for provider in providers().filter(|provider| provider.scheme.signs_body()) {
        let signed = Example::new(provider, r#"{"amount":12}"#).sign();
        for changed in flipped(signed.delivery.request.body()) {
            let verdict = signed.clone().with_body(changed.clone()).verdict();
            assert!(verdict.is_err(), "{}: {}", signed.provider.name, changed.escape_ascii());
        }
    }
}

#[test]
fn no_bit_of_a_signature_header_can_be_flipped() {
    for provider in providers() {
        let signed = Example::new(provider.clone(), r#"{"amount":12}"#).sign();
        for rule in &provider.scheme.headers {
            if rule.value.mentions(Field::Timestamp) && !provider.scheme.signs_timestamp() {
                continue;
            }
            for value in flipped(signed.header(&rule.name).as_bytes()) {
                if HeaderValue::from_bytes(&value).is_ok() {
                    let verdict = signed.clone().with(&rule.name, &value).verdict();
                    assert!(verdict.is_err(), "{}: {}: {}", provider.name, rule.name, value.escape_ascii());
                }
            }
        }
    }
}

/// The bytes with each of their bits turned, one at a time.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

#[test]
fn what_was_changed_after_signing_does_not_match() {
    let bodies = [
        ("github", r#"{"type":"example","amount":13}"#),
        ("shopify", r#"{"type":"example","amount":12} "#),
        ("slack", r#"{"type":"example", "amount":12}"#),
        ("wpg", "{\"type\":\"example\",\"amount\":12}\n"),
        ("stripe", ""),
    ];
    for (provider, body) in bodies {
        assert_eq!(genuine(provider).with_body(body).verdict(), Err("mismatch"), "{provider}");
    }
    let timestamps = [
        ("slack", "X-Slack-Request-Timestamp"),
        ("wpg", "X-WPG-Timestamp"),
        ("standard", "webhook-timestamp"),
        ("whop-v1", "webhook-timestamp"),
    ];
    for (provider, header) in timestamps {
        assert_eq!(genuine(provider).with(header, "1763719201").verdict(), Err("mismatch"), "{provider}");
    }
    for (provider, header) in [("stripe", "Stripe-Signature"), ("whop", "X-Whop-Signature")] {
        let signed = genuine(provider);
        let value = signed.header(header).replace("t=1763719200", "t=1763719201");
        assert_eq!(signed.with(header, value).verdict(), Err("mismatch"), "{provider}");
    }
    let signatures = [
        ("github", "X-Hub-Signature-256"),
        ("slack", "X-Slack-Signature"),
        ("wpg", "X-WPG-Signature"),
        ("whop", "X-Whop-Signature"),
    ];
    for (provider, header) in signatures {
        let signed = genuine(provider);
        let (rest, last) = signed.header(header).split_at(signed.header(header).len() - 1);
        let value = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        assert_eq!(signed.clone().with(header, value).verdict(), Err("mismatch"), "{provider}");
    }
}

/// What the page of comps leaves open: only the body is signed.
#[test]
fn a_timestamp_that_is_not_signed_can_be_renewed() {
    let signed = genuine("comps").later(3_600_000);
    assert_eq!(signed.verdict(), Err("stale"));
    assert_eq!(signed.with("X-Comps-Timestamp", "1763722800").verdict(), Ok(()));
}
