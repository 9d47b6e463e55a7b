//! Deliveries that are wrong on purpose.

use wh::webhook::fault::{Fault, Garbage};
use wh::webhook::scheme::{Algorithm, Scheme};
use wh::webhook::template::Field;

use super::{Example, LINEAR, custom, deliveries, sign_sample, test_secret};
use crate::catalogue::{NOW, embedded};

/// What a fault is rejected for, by how a scheme carries its signature; empty where no such scheme has the fault.
const REJECTIONS: [(Fault, [&str; 4]); 28] = [
    // Headers of their own, a list with the timestamp, in the body, a token.
    (Fault::NoSignature, ["missing-header", "bad-format", "bad-format", "missing-header"]),
    (Fault::EmptySignature, ["missing-signature"; 4]),
    (Fault::TruncatedSignature, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::ForgedSignature, ["mismatch"; 4]),
    (Fault::WrongSecret, ["mismatch"; 4]),
    (Fault::EmptySecret, ["mismatch", "mismatch", "mismatch", ""]),
    (Fault::SignatureSuffix, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::OtherSignature, ["mismatch", "mismatch", "mismatch", ""]),
    (Fault::AlteredBody, ["mismatch", "mismatch", "mismatch", ""]),
    (Fault::AlteredTimestamp, ["mismatch", "mismatch", "", ""]),
    (Fault::AlteredId, ["mismatch", "", "", ""]),
    (Fault::Stale, ["stale", "stale", "", ""]),
    (Fault::Future, ["future", "future", "", ""]),
    (Fault::NoTimestamp, ["missing-header", "bad-format", "", ""]),
    (Fault::GarbageTimestamp, ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Word), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Empty), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Suffix), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Fraction), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::NotANumber), ["bad-timestamp", "bad-timestamp", "", ""]),
    // In seconds it is later than a calendar can tell.
    (Fault::MillisecondsTimestamp, ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::WrongVersion, ["unknown-version", "unknown-version", "", ""]),
    (Fault::WrongWord, ["", "", "", "bad-format"]),
    (Fault::MalformedHeader, ["bad-encoding", "bad-format", "bad-format", "bad-format"]),
    (Fault::NonAsciiSignature, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::WrongLength, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::WrongEncoding, ["bad-encoding", "bad-encoding", "bad-encoding", ""]),
    (Fault::DuplicateHeader, ["ambiguous-header", "ambiguous-header", "", "ambiguous-header"]),
];

fn expected_rejection(fault: Fault, scheme: &Scheme) -> &'static str {
    // Where nothing marks a signature, separators are one of the wrong length.
    let marked = scheme
        .headers
        .iter()
        .any(|rule| rule.value.mentions(Field::Signature) && rule.value.to_string() != "{signature}");
    if fault == Fault::MalformedHeader && marked {
        return "bad-format";
    }
    let row = REJECTIONS.iter().find(|(known, _)| *known == fault).expect("a row for every fault");
    let listed = |field| scheme.headers.iter().any(|rule| rule.separator.is_some() && rule.value.mentions(field));
    let column = match (scheme.algorithm, &scheme.envelope) {
        (Algorithm::Token, _) => 3,
        (Algorithm::Hmac(_) | Algorithm::Digest(_), Some(_)) => 2,
        (Algorithm::Hmac(_) | Algorithm::Digest(_), None) => usize::from(listed(Field::Timestamp)),
    };
    row.1[column]
}

#[test]
fn every_fault_of_every_event_is_rejected_for_its_reason() {
    assert_eq!(Fault::all().count(), REJECTIONS.len(), "each fault has a row in the table of probes");
    for (fault, name) in Fault::all().map(|fault| (fault, fault.name())) {
        let faulty = deliveries(move |provider, event| sign_sample(provider, event, Some(fault)));
        for (provider, delivery) in faulty.filter(|(provider, _)| fault.obstacle(&provider.scheme).is_none()) {
            let verdict = provider.scheme.verify(&delivery, &[test_secret(&provider)], NOW);
            let reason = verdict.expect_err("a fault").reason();
            let what = format!("{name}: {}/{}", provider.name, delivery.event_name());
            assert_eq!(reason, expected_rejection(fault, &provider.scheme), "{what}");
        }
    }
}

#[test]
fn a_scheme_has_the_faults_that_its_parts_allow() {
    let everywhere = "no-signature empty-signature truncated-signature forged-signature wrong-secret signature-suffix \
                      malformed-header wrong-length-signature non-ascii-signature";
    let signed = "empty-secret other-signature altered-body wrong-encoding-signature";
    let clock = "no-timestamp garbage-timestamp signed-word-timestamp signed-empty-timestamp signed-suffix-timestamp \
                 signed-fraction-timestamp signed-nan-timestamp";
    let (limits, unit) = ("stale future", "milliseconds-timestamp");
    let (moved, twice) = ("altered-timestamp", "duplicate-header");
    let cases: [(&str, &[&str]); 8] = [
        ("unibo", &["wrong-word", twice]),
        ("github", &[signed, twice]),
        ("shopify", &[signed, twice]),
        ("gamepush", &[signed]),
        ("comps", &[signed, clock, limits, unit, twice]),
        ("stripe", &[signed, clock, "stale", moved, "wrong-version", twice]),
        ("wpg", &[signed, clock, limits, unit, moved, "wrong-version", twice]),
        ("standard", &[signed, clock, limits, unit, moved, "altered-id", "wrong-version", twice]),
    ];
    for (provider, further) in cases {
        let scheme = embedded(provider).scheme;
        let mut names: Vec<&str> =
            Fault::all().filter(|fault| fault.obstacle(&scheme).is_none()).map(Fault::name).collect();
        let mut expected: Vec<&str> =
            std::iter::once(&everywhere).chain(further).flat_map(|names| names.split_whitespace()).collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{provider}");
    }
}

#[test]
fn a_timestamp_in_the_payload_is_shifted_with_its_fault() {
    let fixture = r#"{"webhookTimestamp":"{{#unix-ms}}"}"#;
    let scheme = custom("linear", "lin_wh_test", LINEAR).scheme;
    for (fault, reason) in [(Fault::Stale, "stale"), (Fault::Future, "future"), (Fault::AlteredBody, "mismatch")] {
        let example = Example::new(custom("linear", "lin_wh_test", LINEAR), "")
            .fixture(fixture)
            .at(fault.moment(&scheme, NOW).expect("a time"));
        let mut signed = example.try_sign(Some(fault)).expect("a secret that signs");
        signed.now = NOW;
        assert_eq!(signed.verdict(), Err(reason));
    }
    assert!(Fault::NoTimestamp.obstacle(&scheme).is_some());
}

#[test]
fn the_payload_in_an_envelope_is_found_without_its_signature() {
    let provider = embedded("gamepush");
    let event = provider.events[0].name.clone();
    let delivery = sign_sample(&provider, &event, Some(Fault::NoSignature));
    assert_eq!(provider.event_type(&delivery).as_ref(), Some(&event.event));
}
