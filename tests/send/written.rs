//! What is written, for people and for scripts.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{arrows, send};
use crate::support::{Answer, Endpoint, Wh, hostile_characters, payloads};

#[test]
fn a_delivery_is_an_arrow_there_and_an_arrow_back_with_the_same_id() {
    let endpoint = Endpoint::new();
    let to = endpoint.url("/hook");
    let output = send(["slot.submitted", "--id", "msg_1", "--to", &to]).run();
    let [there, back] = arrows(output.exit(0)).try_into().expect("two arrows");
    assert_eq!(there, "--> wpg slot.submitted [msg_1]");
    assert!(back.starts_with(&format!("<-- 200 POST {to} (")) && back.ends_with(" ms) [msg_1]"), "{back}");
}

#[test]
fn without_a_target_both_sides_of_a_verified_delivery_are_shown() {
    let output = send(["slot.submitted", "--id", "msg_1"]).run();
    let [there, back] = arrows(output.exit(0)).try_into().expect("two arrows");
    assert_eq!(there, "--> wpg slot.submitted [msg_1] signature ok");
    assert!(back.starts_with("<-- 200 POST http://127.0.0.1:") && back.contains("/webhooks/wpg "), "{back}");
    output.stdout_contains("X-WPG-Signature: ").stdout_contains("\"slotId\": ").stderr_contains("--to");
}

#[test]
fn every_payload_can_be_shown_and_none_acts_on_the_terminal() {
    for (what, payload) in payloads() {
        for flag in ["--color=never", "--verbose"] {
            let output = send(["slot.submitted", "-d", "@payload", flag]).file("payload", &payload).run();
            let shown = output.exit(0).within(Duration::from_secs(5)).stdout_text();
            assert!(!shown.contains(|found| hostile_characters().contains(&found)), "{what}");
        }
    }
}

#[test]
fn quiet_says_nothing_of_success_and_everything_of_failure() {
    let endpoint = Endpoint::new().answering([Answer::status(200), Answer::status(500).body("what went wrong")]);
    send(["slot.submitted", "-q", "--to", &endpoint.port()]).run().exit(0).silent();
    send(["slot.submitted", "-q"]).run().exit(0).silent();
    send(["slot.*", "-q"]).run().exit(0).silent();
    let refused = send(["slot.submitted", "-q", "--to", &endpoint.port()]).run();
    assert_eq!(refused.exit(1).stderr_text(), "");
    refused.stdout_contains("500").stdout_contains("what went wrong");
}

#[test]
fn json_is_objects_on_stdout_and_conversation_on_stderr() {
    let output = send(["slot.submitted", "--json", "-v"]).run();
    let types: Vec<Value> = output.exit(0).json_lines().iter().map(|line| line["type"].clone()).collect();
    assert_eq!(types, ["received", "attempt"]);
    output.stderr_contains("note: ");
    let quiet = send(["slot.submitted", "--format", "json", "-q"]).run();
    assert_eq!((quiet.json_lines().len(), quiet.stderr_text()), (2, ""));
}

#[test]
fn an_attempt_has_the_keys_that_scripts_use() {
    let endpoint = Endpoint::new().answering([Answer::status(202).header("X-A", "1").body(b"\xff".to_vec())]);
    let output = send(["PRIZE_PAYOUT_CREATED@cash", "--json", "--to", &endpoint.port(), "--id", "msg_1"]).run();
    let attempt = output.exit(0).json("attempt");
    let url = format!("http://localhost:{}/", endpoint.port());
    for (key, value) in [
        ("scheme", json!("unibo")),
        ("event", json!("PRIZE_PAYOUT_CREATED")),
        ("variant", json!("cash")),
        ("id", json!("msg_1")),
        ("attempt", json!(1)),
        ("url", json!(url)),
        ("status", json!(202)),
        ("error", Value::Null),
        ("ok", json!(true)),
    ] {
        assert_eq!(attempt[key], value, "{key}");
    }
    assert!(attempt["duration_ms"].is_number());
    assert_eq!(attempt["response"]["body_base64"], json!("/w=="));
}

#[test]
fn what_was_received_is_a_record_of_the_delivery() {
    let output = send(["slot.submitted", "--json", "-d", "\u{feff}{}\n", "--id", "msg_1"]).run();
    let record = output.exit(0).json("received");
    assert_eq!((&record["schema"], &record["scheme"]), (&json!("wh.delivery/1"), &json!("wpg")));
    assert_eq!(record["request"]["body"], json!("\u{feff}{}\n"));
    assert_eq!((&record["request"]["method"], &record["request"]["target"]), (&json!("POST"), &json!("/webhooks/wpg")));
    assert!(record["received_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()).is_some(), "{record}");
    let base64 = send(["slot.submitted", "--json", "-d", "@-"]).stdin(b"\xff".to_vec()).run().json("received");
    assert_eq!(base64["request"]["body_base64"], json!("/w=="));
}

#[test]
fn a_summary_counts_what_was_accepted_refused_and_not_answered() {
    let answers = [Answer::status(200), Answer::status(500), Answer::never(), Answer::status(204)];
    let endpoint = Endpoint::new().answering(answers);
    let output = send(["slot.*", "--timeout", "300ms", "--json", "--to", &endpoint.port()]).run();
    let summary = output.exit(1).json("summary");
    for (key, count) in [("sent", 5), ("accepted", 3), ("refused", 1), ("failed", 1), ("unsent", 0)] {
        assert_eq!(summary[key], json!(count), "{key}: {summary}");
    }
    assert_eq!(output.json_all("attempt").len(), 5);
    let output = send(["slot.*"]).run();
    output.exit(0).stdout_contains("5 of 5");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let escapes = |command: Wh| command.arg("-v").run().everything().contains(&0x1b);
    assert!(!escapes(send(["slot.submitted"])));
    assert!(escapes(send(["slot.submitted", "--color", "always"])));
    assert!(escapes(send(["slot.submitted"]).env("CLICOLOR_FORCE", "1")));
    assert!(!escapes(send(["slot.submitted"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    assert!(!escapes(send(["slot.submitted", "--color", "never"]).env("CLICOLOR_FORCE", "1")));
    assert!(!escapes(send(["slot.submitted", "--color", "always", "--json"])));
}
