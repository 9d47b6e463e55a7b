//! Deliveries that others have signed are genuine, and one bit is enough to make each of them false.

use standardwebhooks::Webhook;

use crate::support::{Listener, Message, now};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A delivery that the reference library of Standard Webhooks has signed just now.
fn standard(body: &str) -> Message {
    let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", now());
    let signed = Webhook::new(SECRET).and_then(|webhook| {
        let at = i64::try_from(at).expect("a time before the end of all time");
        webhook.sign(id, at, body.as_bytes())
    });
    Message::new(body)
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signed.expect("a signature"))
}

/// The same bytes with one bit of one of them changed.
fn flipped(bytes: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= bit;
    bytes
}

#[track_caller]
fn assert_every_flip_is_refused(listener: &Listener, genuine: &Message, headers: &[&str], body: &[u8]) {
    assert_eq!(listener.send(genuine).status, 200, "{genuine:?}");
    for header in headers {
        let value = genuine.value(header);
        // The lowest bit of a sign makes another one that a header can hold.
        for at in 0..value.len() {
            let message = genuine.clone().with(header, flipped(value, at, 1));
            assert_eq!(listener.send(&message).status, 401, "{header}, byte {at}: {message:?}");
        }
    }
    for at in 0..body.len() {
        let message = genuine.clone().body(flipped(body, at, 1 << (at % 8)));
        assert_eq!(listener.send(&message).status, 401, "body, byte {at}: {message:?}");
    }
    assert_eq!(listener.send(genuine).status, 200);
}

#[test]
fn what_the_library_of_standard_webhooks_signs_is_genuine_until_a_bit_changes() {
    let body = r#"{"type":"contact.created","timestamp":"2026-11-21T10:00:00Z","data":{"n":1.10}}"#;
    let listener = Listener::start(&["--scheme", "standard", "--secret", SECRET]);
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    assert_every_flip_is_refused(&listener, &standard(body), &headers, body.as_bytes());
}

#[test]
fn what_an_hmac_over_time_and_body_signs_is_genuine_until_a_bit_changes() {
    let body = r#"{"event":"slot.submitted","data":{"slotId":"1"}}"#;
    let listener = Listener::start(&["--scheme", "wpg"]);
    let headers = ["X-WPG-Signature", "X-WPG-Timestamp"];
    assert_every_flip_is_refused(&listener, &Message::wpg(body), &headers, body.as_bytes());
}

#[test]
fn the_example_on_githubs_page_is_genuine() {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let message =
        Message::new("Hello, World!").header("X-Hub-Signature-256", signature).header("X-GitHub-Event", "ping");
    let listener = Listener::start(&["--scheme", "github", "--secret", "It's a Secret to Everybody"]);
    assert_eq!(listener.send(&message).status, 200);
    assert_eq!(listener.send(&message.body("Hello, World?")).status, 401);
}

#[test]
fn an_envelope_that_pythons_hashlib_has_signed_is_genuine_until_a_bit_changes() {
    // base64.b64encode(b'{"event":"SyncPlayer","player":{"id":1,"n":1.10}}') and
    // hashlib.sha256(payload + b'_gamepush_test_secret_for_wh').hexdigest(), Python 3.11.
    let body = format!("{PAYLOAD}.{SIGNATURE}");
    let listener = Listener::start(&[]);
    let genuine = Message::new(body.clone()).header("Content-Type", "text/plain");
    assert_every_flip_is_refused(&listener, &genuine, &[], body.as_bytes());
}

const PAYLOAD: &str = "eyJldmVudCI6IlN5bmNQbGF5ZXIiLCJwbGF5ZXIiOnsiaWQiOjEsIm4iOjEuMTB9fQ==";
const SIGNATURE: &str = "087dddec86a06c34f4f255d19602b28fa1e23fe90746616b4f49c0abc941e5f7";
