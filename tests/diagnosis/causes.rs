//! Causes that every scheme shares, planted in each of the providers that sign.

use super::sender::{HMAC, SIGNING, Sender, base64, codes, hmac_sha1, hmac_sha512};

/// A payload with what serialisers disagree about.
const BODY: &[u8] = br#"{"event":"order.paid","id":"evt_1","amount":1.10,"count":2.0,"url":"https://a.example/x?y=1&z=2","name":"Zo\u00eb","data":{"b":[1,2,{}],"a":null}}"#;

/// A name for messages, the mistake, and what it must be called.
type Row = (&'static str, fn(&mut Sender), &'static [&'static str]);

#[track_caller]
fn assert_found(providers: &[&'static str], rows: &[Row]) {
    let mut wrong = Vec::new();
    for provider in providers {
        for (name, plant, expected) in rows {
            let mut sender = Sender::genuine(provider, BODY);
            plant(&mut sender);
            let diagnosis = sender.diagnosis();
            if codes(&diagnosis) != *expected {
                wrong.push(format!("{provider}: {name}: expected {expected:?}, found {:#?}", diagnosis.findings));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_body_that_was_changed_between_signing_and_verifying_is_told_by_what_changed() {
    let rows: &[Row] = &[
        ("newline removed", |s| s.body.push(b'\n'), &["body-trailing-newline"]),
        ("newline added", |s| s.signed_body.push(b'\n'), &["body-trailing-newline"]),
        ("CRLF added", |s| s.signed_body.extend(b"\r\n"), &["body-trailing-newline"]),
        ("mark before the signed body", |s| s.signed_body = [b"\xef\xbb\xbf", BODY].concat(), &["body-bom"]),
        ("mark before the body", |s| s.body = [b"\xef\xbb\xbf", BODY].concat(), &["body-bom"]),
        ("base64 signed", |s| s.signed_body = base64(BODY).into_bytes(), &["body-base64"]),
        ("empty", |s| s.signed_body.clear(), &["body-empty"]),
    ];
    assert_found(&SIGNING, rows);
    // The content of GamePush is base64 already.
    let rows: &[Row] = &[("base64 sent", |s| s.body = base64(BODY).into_bytes(), &["body-base64"])];
    assert_found(&HMAC, rows);
}

#[test]
fn a_secret_that_was_changed_on_its_way_is_told_by_what_changed() {
    let rows: &[Row] = &[
        ("newline", |s| s.secret.push(b'\n'), &["secret-whitespace"]),
        ("spaces", |s| s.secret = [b"  ", s.secret.as_slice(), b"\t"].concat(), &["secret-whitespace"]),
        ("empty", |s| s.key.clear(), &["secret-empty"]),
        ("another provider's", |s| s.key = b"unibo_test_api_key_for_wh".to_vec(), &["secret-other"]),
        ("hex", |s| s.key = hex::encode(&s.secret).into_bytes(), &["secret-encoding"]),
        ("quotes", |s| s.key = [b"\"", s.secret.as_slice(), b"\""].concat(), &["secret-quotes"]),
    ];
    assert_found(&SIGNING, rows);
}

#[test]
fn another_hash_or_encoding_is_told() {
    let rows: &[Row] = &[
        ("HMAC-SHA1", |s| s.compute = hmac_sha1, &["algorithm"]),
        ("HMAC-SHA512", |s| s.compute = hmac_sha512, &["algorithm"]),
        ("upper-case hex", |s| s.encode = |bytes| hex::encode_upper(bytes), &["encoding"]),
        ("base64 of hex", |s| s.encode = |bytes| base64(hex::encode(bytes).as_bytes()), &["encoding"]),
    ];
    assert_found(&HMAC, rows);
}
