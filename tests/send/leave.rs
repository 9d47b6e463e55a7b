//! What is not sent: without leave, in a dry run, after Ctrl-C.

use std::time::Duration;

use serde_json::json;

use super::send;
use crate::support::{Answer, Endpoint};

#[test]
fn the_test_secret_is_for_this_machine_alone() {
    let second = Duration::from_secs(1);
    let begin = ["slot.submitted", "--to", "http://192.0.2.1/", "--allow-remote"];
    let error = send(begin).arg("--json").run().exit(2).within(second).json("error");
    assert_eq!(error["code"], json!("no-secret"));
    send(begin).run().exit(2).within(second).hint_contains("WPG_WEBHOOK_SECRET");
}

#[test]
fn a_host_that_has_no_address_is_an_environment_that_says_no() {
    let to = ["--to", "http://hooks.example.invalid/", "--allow-remote", "--secret", "whsec_mine"];
    let error = send(to).args(["slot.submitted", "--json"]).run().exit(3).json("error");
    assert_eq!(error["code"], json!("unknown-host"));
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let endpoint = Endpoint::new().uncalled();
    let to = endpoint.url("/hook");
    let output = send(["slot.submitted", "--dry-run", "--to", &to]).run();
    output.exit(0).stdout_contains("POST /hook\n").stdout_contains("\nX-WPG-Signature: ").stdout_contains("\"slotId\"");
    let signed = send(["slot.*", "--dry-run", "--json", "--to", &to]).run().exit(0).json_all("signed");
    assert_eq!(signed.len(), 5);
    assert!(signed.iter().all(|delivery| delivery["url"] == json!(to)));
}

#[test]
fn ctrl_c_stops_a_run_after_saying_what_was_done() {
    let endpoint = Endpoint::new().answering([Answer::status(200), Answer::never()]);
    let output = send(["slot.*", "--timeout", "60s", "--json", "--to", &endpoint.port()])
        .interrupt_after(endpoint.calls(2))
        .run();
    assert_eq!(output.exit(130).json("error")["code"], json!("interrupted"));
    let summary = output.json("summary");
    assert_eq!((&summary["sent"], &summary["accepted"]), (&json!(1), &json!(1)));
    // The second has arrived, and its answer was not waited for.
    assert_eq!((&summary["in_flight"], &summary["unsent"]), (&json!(1), &json!(3)));
    assert_eq!(output.json_all("attempt").len(), 1);
}
