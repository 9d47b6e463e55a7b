//! Deliveries that are wrong on purpose.

use serde_json::json;

use super::send;
use crate::support::{ACME, Endpoint};

/// Every fault with the reason for which the receiver inside refuses a delivery of We Playtest Games.
const FAULTS: [(&str, &str); 26] = [
    ("no-signature", "missing-header"),
    ("empty-signature", "missing-signature"),
    ("truncated-signature", "bad-encoding"),
    ("forged-signature", "mismatch"),
    ("wrong-secret", "mismatch"),
    ("empty-secret", "mismatch"),
    ("signature-suffix", "bad-encoding"),
    ("other-signature", "mismatch"),
    ("altered-body", "mismatch"),
    ("altered-timestamp", "mismatch"),
    ("signed-word-timestamp", "bad-timestamp"),
    ("signed-empty-timestamp", "bad-timestamp"),
    ("signed-suffix-timestamp", "bad-timestamp"),
    ("signed-fraction-timestamp", "bad-timestamp"),
    ("signed-nan-timestamp", "bad-timestamp"),
    ("milliseconds-timestamp", "bad-timestamp"),
    ("malformed-header", "bad-encoding"),
    ("wrong-length-signature", "bad-encoding"),
    ("non-ascii-signature", "bad-encoding"),
    ("wrong-encoding-signature", "bad-encoding"),
    ("duplicate-header", "ambiguous-header"),
    ("stale", "stale"),
    ("future", "future"),
    ("no-timestamp", "missing-header"),
    ("garbage-timestamp", "bad-timestamp"),
    ("wrong-version", "unknown-version"),
];

#[test]
fn every_fault_is_refused_by_the_receiver_inside_for_its_reason() {
    for (fault, reason) in FAULTS {
        let output = send(["slot.submitted", "--fault", fault, "--json"]).run();
        let (received, attempt) = (output.exit(1).json("received"), output.json("attempt"));
        assert_eq!(received["verification"]["valid"], json!(false), "{fault}");
        assert_eq!(received["verification"]["reason"], json!(reason), "{fault}");
        assert_eq!((&attempt["status"], &attempt["ok"]), (&json!(401), &json!(false)), "{fault}");
        assert_eq!(attempt["response"]["body"], json!(format!(r#"{{"error":"{reason}"}}"#)), "{fault}");
    }
}

#[test]
fn a_fault_that_is_refused_as_expected_is_good() {
    for (fault, _) in FAULTS {
        let output = send(["slot.submitted", "--fault", fault, "--expect", "401", "--json"]).run();
        assert_eq!(output.exit(0).json("attempt")["ok"], json!(true), "{fault}");
    }
}

#[test]
fn a_receiver_that_accepts_a_fault_is_told_of_by_the_exit_code() {
    let endpoint = Endpoint::new();
    let output = send(["slot.submitted", "--fault", "stale", "--expect", "401,403", "--to", &endpoint.port()]).run();
    output.exit(1).stdout_contains("wrong on purpose: stale").hint_contains("accepted it");
}

#[test]
fn the_faults_are_those_that_the_help_lists() {
    let error = send(["slot.submitted", "--fault", "none", "--json"]).run().exit(2).json("error");
    let hint = error["hint"].as_str().expect("a hint");
    for (fault, _) in FAULTS {
        assert!(hint.contains(fault), "{fault}: {hint}");
    }
}

#[test]
fn a_tolerance_beyond_all_time_has_no_stale_delivery() {
    let endpoint = Endpoint::new().uncalled();
    let command = send(["rocket.launched", "--fault", "stale", "--json", "--to", &endpoint.port()]);
    let file = format!("{ACME}\n[timestamp]\ntolerance-past = \"99999999h\"\n");
    let command = command.file("mine/acme/events/rocket.launched.json", "{}").file("mine/acme/provider.toml", file);
    let error = command.args(["--catalogue", "mine"]).run().exit(2).json("error");
    assert_eq!(error["code"], json!("no-such-fault"), "{error}");
}
