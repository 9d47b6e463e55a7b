//! The reasons for which a delivery is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use wh::webhook::verification::Rejection;

use super::{Example, Signed, genuine, header_is_rejected};
use crate::catalogue::{NOW, providers};

#[test]
fn a_missing_header_is_named() {
    let cases = [
        ("github", "X-Hub-Signature-256"),
        ("shopify", "X-Shopify-Hmac-Sha256"),
        ("slack", "X-Slack-Signature"),
        ("slack", "X-Slack-Request-Timestamp"),
        ("standard", "webhook-id"),
        ("standard", "webhook-timestamp"),
        ("standard", "webhook-signature"),
        ("stripe", "Stripe-Signature"),
        ("unibo", "Authorization"),
        ("wpg", "X-WPG-Signature"),
        ("wpg", "X-WPG-Timestamp"),
    ];
    for (provider, header) in cases {
        let rejection = Rejection::MissingHeader { name: header.to_owned() };
        assert_eq!(genuine(provider).without(header).verify(), Err(rejection), "{provider}");
    }
}

#[test]
fn an_optional_header_may_be_missing() {
    assert_eq!(genuine("wpg").without("X-WPG-Signature-Version").verdict(), Ok(()));
}

#[test]
fn a_header_that_is_there_twice_is_ambiguous() {
    for provider in providers() {
        let signed = Example::new(provider.clone(), "{}").sign();
        for rule in &provider.scheme.headers {
            let value = signed.header(&rule.name).to_owned();
            let rejection = Rejection::AmbiguousHeader { name: rule.name.clone(), count: 2 };
            let doubled = signed.clone().with_another(&rule.name, &value);
            assert_eq!(doubled.verify(), Err(rejection), "{}", provider.name);
        }
    }
}

#[test]
fn what_has_another_form_is_told_so() {
    header_is_rejected(
        "github",
        "X-Hub-Signature-256",
        "bad-format",
        &["", "sha1=00", "00", "SHA256=00", " sha256=00"],
    );
    header_is_rejected("slack", "X-Slack-Signature", "bad-format", &["", "v0", "v0:00"]);
    header_is_rejected(
        "unibo",
        "Authorization",
        "bad-format",
        &["", "Bearer", "Basic eDp5", "unibo_test_api_key_for_wh"],
    );
    let lists = ["", "nonsense", "t=1763719200", "v1=00", "t=1763719200,v1", "t=1763719200,t=1763719201,v1=00"];
    header_is_rejected("stripe", "Stripe-Signature", "bad-format", &lists);
    header_is_rejected("standard", "webhook-signature", "bad-format", &["", "v1", "v1:00"]);
    for body in ["", "no-dot", "%%%.00", "e30.00", "e30=", "{}.00"] {
        assert_eq!(genuine("gamepush").with_body(body).verdict(), Err("bad-format"), "{body}");
    }
}

#[test]
fn an_empty_place_for_the_signature_is_told_so() {
    header_is_rejected("github", "X-Hub-Signature-256", "missing-signature", &["sha256="]);
    header_is_rejected("wpg", "X-WPG-Signature", "missing-signature", &[""]);
    header_is_rejected("stripe", "Stripe-Signature", "missing-signature", &["t=1763719200,v1=", "v1=,t=1763719200"]);
    header_is_rejected("standard", "webhook-signature", "missing-signature", &["v1,"]);
    assert_eq!(genuine("gamepush").with_body("e30=.").verdict(), Err("missing-signature"));
}

#[test]
fn another_version_is_named() {
    header_is_rejected("stripe", "Stripe-Signature", "unknown-version", &["t=1763719200,v0=00"]);
    header_is_rejected(
        "standard",
        "webhook-signature",
        "unknown-version",
        &["v1a,AAAA", "v2,AAAA v1a,AAAA", "V1,AAAA"],
    );
    header_is_rejected("wpg", "X-WPG-Signature-Version", "unknown-version", &["v2", "", "v1 ", "V1"]);
    let rejection = genuine("slack").with("X-Slack-Signature", "v1=00").verify().expect_err("another version");
    let Rejection::UnknownVersion { found, expected, .. } = rejection else { panic!("{rejection}") };
    assert_eq!((found.as_str(), expected.as_str()), ("v1", "v0"));
}

#[test]
fn a_signature_in_another_encoding_is_told_so() {
    let signed = genuine("wpg");
    let hex = signed.header("X-WPG-Signature").to_owned();
    let spoilt: [Vec<u8>; 8] = [
        hex.to_uppercase().into_bytes(),
        hex.as_bytes()[..63].to_vec(),
        hex.as_bytes()[..62].to_vec(),
        format!("{hex}00").into_bytes(),
        format!("0x{hex}").into_bytes(),
        format!(" {}", &hex[1..]).into_bytes(),
        STANDARD.encode(hex::decode(&hex).expect("hexadecimal digits")).into_bytes(),
        [&hex.as_bytes()[..62], "é".as_bytes()].concat(),
    ];
    for value in spoilt {
        let verdict = signed.clone().with("X-WPG-Signature", &value).verdict();
        assert_eq!(verdict, Err("bad-encoding"), "{}", value.escape_ascii());
    }

    let signed = genuine("shopify");
    let bytes = STANDARD.decode(signed.header("X-Shopify-Hmac-Sha256")).expect("base64");
    // The `~` is in no alphabet, and 0xff is no UTF-8.
    let spoilt =
        [hex::encode(&bytes).into_bytes(), STANDARD_NO_PAD.encode(&bytes).into_bytes(), vec![b'~'; 44], vec![0xff; 44]];
    for value in spoilt {
        let verdict = signed.clone().with("X-Shopify-Hmac-Sha256", &value).verdict();
        assert_eq!(verdict, Err("bad-encoding"), "{}", value.escape_ascii());
    }

    let envelopes = [format!("e30=.{}", "A".repeat(64)), "e30=.00.00".to_owned(), "e30=. ".to_owned()];
    for body in envelopes {
        assert_eq!(genuine("gamepush").with_body(body.clone()).verdict(), Err("bad-encoding"), "{body}");
    }
}

#[test]
fn a_timestamp_is_digits_and_nothing_else() {
    let values =
        ["abc", "", "1763719200abc", "1763719200.5", " 1763719200", "+1763719200", "-1763719200", "0x10", "1e9"];
    for (provider, header) in
        [("slack", "X-Slack-Request-Timestamp"), ("wpg", "X-WPG-Timestamp"), ("comps", "X-Comps-Timestamp")]
    {
        header_is_rejected(provider, header, "bad-timestamp", &values);
        header_is_rejected(provider, header, "bad-timestamp", &["1763719200000", "99999999999999999999"]);
    }
    for value in values {
        for (provider, header) in [("stripe", "Stripe-Signature"), ("whop", "X-Whop-Signature")] {
            let signed = genuine(provider);
            let list = signed.header(header).replace("1763719200", value);
            assert_eq!(signed.with(header, list).verdict(), Err("bad-timestamp"), "{provider}: {value:?}");
        }
    }
    let signed = genuine("wpg").with("X-WPG-Timestamp", [b'1', 0xff]);
    assert_eq!(signed.verdict(), Err("bad-timestamp"), "not UTF-8");
}

#[test]
fn the_tolerance_is_inclusive_and_counts_whole_seconds() {
    for provider in providers().filter(|provider| provider.scheme.has_timestamp()) {
        let name = provider.name.clone();
        let second = Timestamp::from_second(NOW.as_second()).expect("this second");
        let signed = Example::new(provider, "{}").at(second).sign();
        let verdict = |milliseconds| signed.clone().later(milliseconds).verdict();
        assert_eq!((verdict(300_000), verdict(300_999)), (Ok(()), Ok(())), "{name}");
        assert_eq!(verdict(301_000), Err("stale"), "{name}");
        assert_eq!(verdict(-300_000), Ok(()), "{name}");
        let limited = signed.provider.scheme.timestamp.tolerance_future.is_some();
        assert_eq!(verdict(-301_000), if limited { Err("future") } else { Ok(()) }, "{name}");
    }
}

#[test]
fn past_and_future_are_two_limits() {
    assert_eq!(genuine("stripe").later(-31_536_000_000).verdict(), Ok(()));
    assert_eq!(genuine("wpg").later(-31_536_000_000).verdict(), Err("future"));
    assert_eq!(genuine("github").later(31_536_000_000).verdict(), Ok(()));
}

#[test]
fn the_age_of_a_genuine_delivery_is_told() {
    let age = |signed: Signed| signed.verify().map(|verified| verified.age);
    assert_eq!(age(genuine("wpg").later(12_000)), Ok(Some(SignedDuration::from_secs(12))));
    assert_eq!(age(genuine("wpg").later(-12_000)), Ok(Some(SignedDuration::from_secs(-12))));
    assert_eq!(age(genuine("github")), Ok(None));
}

#[test]
fn a_wrong_signature_is_not_called_stale() {
    for provider in ["slack", "stripe", "wpg", "standard", "whop", "comps"] {
        let old = genuine(provider).later(301_000);
        assert_eq!(old.verdict(), Err("stale"), "{provider}");
        assert_eq!(old.with_body("{}").verdict(), Err("mismatch"), "{provider}");
    }
}

#[test]
fn what_is_too_old_is_stale_and_what_is_too_early_is_not() {
    let signed = genuine("wpg");
    let is_stale = |seconds| {
        let now = NOW + SignedDuration::from_secs(seconds);
        signed.provider.scheme.is_stale(&signed.delivery, now)
    };
    assert_eq!([-3600, 0, 300, 301].map(is_stale), [false, false, false, true]);
    let unreadable = signed.clone().with("X-WPG-Timestamp", "soon");
    assert!(!unreadable.provider.scheme.is_stale(&unreadable.delivery, NOW + SignedDuration::from_hours(1)));
}
