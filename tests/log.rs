//! What is recorded, and `wh log`, which shows it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Answer, Endpoint, Wh};

/// The records in a log.
pub(crate) fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a log");
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

/// `wh send` with a log of this folder.
fn send(folder: &Path, arguments: &[&str]) -> Wh {
    Wh::new().arg("send").args(arguments).args(["-q", "--log"]).arg(folder.join("log.jsonl"))
}

#[test]
fn what_was_sent_is_recorded_with_its_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = Endpoint::new().answering([Answer::status(503).header("x-a", "b").body("later")]);
    let url = endpoint.url("/hook?x=1");
    send(folder.path(), &["slot.submitted", "--id", "msg_1", "--to", &url]).run().exit(1).stdout_contains("503");
    let record = records(&folder.path().join("log.jsonl")).pop().expect("a record");
    assert_eq!(record["schema"], json!("wh.delivery/1"));
    assert_eq!((&record["direction"], &record["id"], &record["url"]), (&json!("sent"), &json!("msg_1"), &json!(url)));
    assert_eq!((&record["attempt"], &record["scheme"]), (&json!(1), &json!("wpg")));
    assert_eq!(record["request"]["body"].as_str().map(str::as_bytes), Some(endpoint.arrival().body.as_slice()));
    assert_eq!((&record["response"]["status"], &record["response"]["body"]), (&json!(503), &json!("later")));
    let headers = record["response"]["headers"].as_array().expect("pairs");
    assert!(headers.contains(&json!(["x-a", "b"])), "{record}");
}

#[test]
fn sending_records_in_the_state_directory_unless_told_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let log = state.join("wh/deliveries.jsonl");
    Wh::new().args(["send", "slot.submitted", "-q", "--no-log"]).env("XDG_STATE_HOME", &state).run().exit(0);
    assert!(!state.exists(), "nothing was to be recorded");
    Wh::new().args(["send", "slot.submitted", "-q"]).env("XDG_STATE_HOME", &state).run().exit(0);
    let record = records(&log).pop().expect("a record");
    // The receiver inside is gone with the program, and its port with it.
    assert_eq!((&record["url"], &record["response"]["status"]), (&Value::Null, &json!(200)));
}

#[test]
fn an_attempt_without_an_answer_is_recorded_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{free}/");
    send(folder.path(), &["slot.submitted", "--to", &url]).run().exit(3).stderr_contains("nobody listens");
    let record = records(&folder.path().join("log.jsonl")).pop().expect("a record");
    assert_eq!((&record["response"], &record["error"]), (&Value::Null, &json!("connection-refused")));
}

#[test]
fn a_token_is_recorded_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log.jsonl");
    send(folder.path(), &["unibo/PLAYER_OPTED_IN", "--secret", "hunter2"]).run().exit(0);
    assert!(!fs::read_to_string(&log).expect("a log").contains("hunter2"));
    send(folder.path(), &["unibo/PLAYER_OPTED_IN", "--secret", "hunter2", "--record-secrets"]).run().exit(0);
    assert!(fs::read_to_string(&log).expect("a log").contains("hunter2"));
}

#[test]
fn a_log_that_cannot_be_stops_a_run_that_named_it_and_no_other() {
    let endpoint = Endpoint::new().uncalled();
    let output = Wh::new().args(["send", "slot.submitted", "--to", &endpoint.port(), "--log", "."]).run();
    output.exit(3).stderr_contains("cannot be written").hint_contains("--no-log");
    let output = Wh::new().args(["send", "slot.submitted"]).env("XDG_STATE_HOME", "/dev/null").run();
    output.exit(0).stderr_contains("not recorded").stdout_contains("<-- 200");
}
