//! The rule that every command which sends obeys: beyond this machine only with leave.

use std::time::Duration;

use serde_json::json;

use crate::support::Wh;

/// A record of a delivery, as a file to replay.
const RECORD: &str = r#"{"schema":"wh.delivery/1","id":"msg_1","received_at":"2026-11-21T10:00:00Z","request":{"method":"POST","target":"/hook","headers":[["X-WPG-Timestamp","1795255200"],["X-WPG-Signature","v1=00"]],"body":"{}"},"scheme":"wpg"}"#;

/// The commands that send, each to a target.
fn senders(target: &str) -> Vec<Wh> {
    let wh = |arguments: &[&str]| Wh::new().args(arguments);
    vec![
        wh(&["send", "slot.submitted", "--to", target, "--secret", "whsec_mine"]),
        wh(&["check", "--scheme", "wpg", "--to", target, "--secret", "whsec_mine"]),
        wh(&["listen", "--port", "0", "--no-log", "--forward-to", target]),
        wh(&["replay", "a.jsonl", "--no-log", "--to", target])
            .file("a.jsonl", RECORD)
            .env("WPG_WEBHOOK_SECRET", "whsec_mine"),
        wh(&["replay", "a.jsonl", "--to", target, "--no-log", "--keep-signature"]).file("a.jsonl", RECORD),
    ]
}

#[test]
fn a_target_beyond_this_machine_needs_leave() {
    let second = Duration::from_secs(1);
    let targets = ["http://192.0.2.1/", "192.0.2.1:3000", "https://hooks.example.invalid/", "http://[2001:db8::1]/"];
    for target in targets {
        for command in senders(target) {
            let error = command.arg("--json").run().exit(2).within(second).json("error");
            assert_eq!(error["code"], json!("remote-target"), "{error}");
        }
    }
    for command in senders(targets[0]) {
        command.run().exit(2).within(second).hint_contains("--allow-remote");
    }
}
