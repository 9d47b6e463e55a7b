//! Each reason for which a delivery is refused, in the answer, in the output and in the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Listener, Message, Wh, hmac_sha256_hex, now};

const BODY: &str = r#"{"event":"slot.submitted","data":{"slotId":1}}"#;

/// Sends each message, and holds the answer, the output and the log against the reason; nothing tells what would be right.
#[track_caller]
fn assert_reasons(mut listener: Listener, cases: &[(&str, Message)], right: &str) {
    for (index, (reason, message)) in cases.iter().enumerate() {
        let reply = listener.send(message);
        let due = if reason.is_empty() {
            (200, r#"{"received":true}"#.to_owned())
        } else {
            (401, format!(r#"{{"error":"{reason}"}}"#))
        };
        assert_eq!((reply.status, reply.text()), due, "case {index}: {message:?}");
        assert!(
            !right.is_empty() && !format!("{}{}", reply.head, reply.text()).contains(right),
            "the signature is told"
        );
        let shown = listener.json("received");
        let recorded = listener.log().pop().expect("a record before the answer");
        for told in [&shown, &recorded] {
            let due = if reason.is_empty() { json!(null) } else { json!(reason) };
            assert_eq!(told["verification"]["reason"], due, "case {index}: {told}");
        }
        assert_eq!(recorded["response"]["status"], json!(reply.status), "case {index}");
    }
    assert_eq!(listener.stop().exit, Some(130));
}

#[test]
fn every_fault_of_a_header_has_a_reason_of_its_own() {
    let genuine = Message::wpg(BODY);
    let signature = String::from_utf8(genuine.value("X-WPG-Signature").to_vec()).expect("hexadecimal");
    let timestamp = String::from_utf8(genuine.value("X-WPG-Timestamp").to_vec()).expect("digits");
    let with = |name: &str, value: &str| genuine.clone().with(name, value);
    let cases = [
        ("", genuine.clone()),
        ("missing-header", Message::new(BODY)),
        ("missing-header", Message::new(BODY).header("X-WPG-Signature", signature.clone())),
        ("mismatch", genuine.clone().body(format!("{BODY}\n"))),
        ("mismatch", Message::wpg_with(BODY, now(), "another secret")),
        ("missing-signature", with("X-WPG-Signature", "")),
        ("bad-encoding", with("X-WPG-Signature", &signature[..63])),
        ("bad-encoding", with("X-WPG-Signature", &format!("{signature}00"))),
        ("bad-encoding", with("X-WPG-Signature", &signature.replace(|_: char| true, "g"))),
        ("bad-encoding", with("X-WPG-Signature", &STANDARD.encode([0; 32]))),
        ("bad-timestamp", with("X-WPG-Timestamp", "")),
        ("bad-timestamp", with("X-WPG-Timestamp", &format!("+{timestamp}"))),
        ("bad-timestamp", with("X-WPG-Timestamp", &format!("{timestamp}.0"))),
        ("bad-timestamp", with("X-WPG-Timestamp", &format!("{timestamp} ,1"))),
        ("bad-timestamp", with("X-WPG-Timestamp", "-1")),
        ("bad-timestamp", with("X-WPG-Timestamp", "99999999999999999999")),
        ("ambiguous-header", genuine.clone().header("x-wpg-signature", signature.clone())),
        ("ambiguous-header", genuine.clone().header("X-WPG-Timestamp", timestamp.clone())),
        ("unknown-version", genuine.clone().header("X-WPG-Signature-Version", "v2")),
        ("", genuine.clone().header("X-WPG-Signature-Version", "v1")),
        ("stale", Message::wpg_at(BODY, now() - 400)),
        ("future", Message::wpg_at(BODY, now() + 400)),
        ("", Message::wpg_at(BODY, now() - 200)),
        // Wrong and old: the signature is looked at first.
        ("mismatch", Message::wpg_at(BODY, now() - 400).body("{}")),
    ];
    assert_reasons(Listener::start(&["--scheme", "wpg"]), &cases, &signature);
}

#[test]
fn a_list_is_valid_if_any_entry_of_the_right_version_is() {
    let at = now();
    let body = r#"{"action":"payment.succeeded"}"#;
    let right = hmac_sha256_hex("ws_whop_test_secret_for_wh", &[format!("{at}.").as_bytes(), body.as_bytes()]);
    let wrong = hmac_sha256_hex("another", &[body.as_bytes()]);
    let header = |value: String| Message::new(body).header("X-Whop-Signature", value);
    let cases = [
        ("", header(format!("t={at},v1={right}"))),
        ("", header(format!("t={at},v1={wrong},v1={right}"))),
        ("", header(format!("t={at},v1={right},v1={wrong}"))),
        ("", header(format!("t={at},v0={wrong},v1={right},other"))),
        ("mismatch", header(format!("t={at},v1={wrong},v0={right}"))),
        ("unknown-version", header(format!("t={at},v2={right}"))),
        ("bad-format", header(right.clone())),
        ("bad-format", header(format!("t={at}"))),
        ("bad-format", header(format!("v1={right}"))),
        ("bad-format", header(format!("t={at},t={},v1={right}", at + 1))),
        ("missing-signature", header(format!("t={at},v1="))),
    ];
    assert_reasons(Listener::start(&["--scheme", "whop"]), &cases, &right);
}

#[test]
fn a_token_is_compared_whole_and_never_recorded() {
    let token = "unibo_test_api_key_for_wh";
    let header = |value: &str| Message::new(r#"{"event_type":"PLAYER_OPTED_IN"}"#).header("Authorization", value);
    let cases = [
        ("", header(&format!("Bearer {token}"))),
        ("missing-header", Message::new("{}")),
        ("mismatch", header(&format!("Bearer {}", &token[1..]))),
        ("mismatch", header(&format!("Bearer {token}x"))),
        ("bad-format", header(&format!("Basic {token}"))),
        ("bad-format", header(token)),
    ];
    assert_reasons(Listener::start(&["--scheme", "unibo"]), &cases, token);
}

#[test]
fn a_secret_that_is_no_key_is_told_by_each_delivery_when_the_scheme_is_recognised() {
    let wh = Wh::new().args(["--json", "--log", "log.jsonl"]).env("WPG_WEBHOOK_SECRET", "");
    assert_reasons(Listener::of(wh), &[("empty-secret", Message::wpg(BODY))], "no such signature");
    let wh = Wh::new().args(["--json", "--log", "log.jsonl"]).env("STANDARD_WEBHOOK_SECRET", "whsec_*");
    let message = Message::new("{}")
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", now().to_string())
        .header("webhook-signature", format!("v1,{}", STANDARD.encode([1; 32])));
    assert_reasons(Listener::of(wh), &[("bad-secret", message)], "no such signature");
}

#[test]
fn what_no_scheme_is_recognised_in_is_refused_and_not_called_invalid() {
    let mut listener = Listener::start(&[]);
    let reply = listener.send(&Message::new("{}"));
    assert_eq!((reply.status, reply.text().as_str()), (401, r#"{"error":"unknown-scheme"}"#));
    let verification = json!({ "valid": null, "reason": "unknown-scheme", "diagnosis": [] });
    assert_eq!(listener.json("received")["verification"], verification);
    assert_eq!(listener.stop().json("summary")["unverified"], json!(1));
}

#[test]
fn what_bears_a_providers_name_and_lacks_its_signature_is_told_so() {
    let genuine = Message::wpg(BODY);
    let (signature, timestamp) = (genuine.value("X-WPG-Signature"), genuine.value("X-WPG-Timestamp"));
    let cases = [
        ("missing-header", Message::new(BODY).header("X-WPG-Timestamp", timestamp)),
        ("missing-header", Message::new(BODY).header("X-WPG-Timestamp", timestamp).header("X-Signature", signature)),
        ("missing-header", Message::new("{}").header("X-Comps-Signature", signature)),
        ("missing-header", Message::new("{}").header("X-GitHub-Event", "push")),
        // What is whole is another's, whatever stands beside it.
        ("", genuine.clone().header("X-Comps-Timestamp", timestamp).header("X-GitHub-Event", "push")),
        // Of these, nobody can be told by the one.
        ("unknown-scheme", Message::new("{}").header("webhook-id", "msg_1").header("webhook-timestamp", timestamp)),
        ("unknown-scheme", Message::new("{}").header("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")),
    ];
    assert_reasons(Listener::start(&[]), &cases, "no such signature");
}

#[test]
fn of_several_secrets_the_one_that_matched_is_named() {
    let mut listener = Listener::start(&["--scheme", "wpg", "--secret", "new", "--secret", "old"]);
    for (secret, name) in [("new", "--secret"), ("old", "--secret 2")] {
        assert_eq!(listener.send(&Message::wpg_with(BODY, now(), secret)).status, 200);
        assert_eq!(listener.json("received")["verification"]["secret"], json!(name));
    }
    let mut shown = Listener::human(&["--scheme", "wpg", "--secret", "new", "--secret", "old"]);
    assert_eq!(shown.send(&Message::wpg_with(BODY, now(), "old")).status, 200);
    assert!(shown.line("-->").ends_with("signature ok (--secret 2)"));
    assert_eq!(listener.send(&Message::wpg_with(BODY, now(), "older")).status, 401);
    let message = listener.json("received")["verification"]["message"].clone();
    assert_eq!(message, json!("the signature matches none of 2 secrets"));
}
