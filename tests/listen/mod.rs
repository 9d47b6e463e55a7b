//! `wh listen`: here with `wh send` as the command that it runs once it is ready, and in the files below through sockets.

mod display;
mod endings;
mod forwarding;
mod genuine;
mod ready;
mod reasons;
mod records;
mod server;

use std::fs;

use serde_json::{Value, json};

use crate::support::Wh;

/// A listener on a free port that records in its folder and runs a shell command, in which `$WH` is the program.
fn listen(arguments: &[&str], command: &str) -> Wh {
    Wh::new()
        .args(["listen", "--port", "0", "--json", "--log", "log.jsonl"])
        .args(arguments)
        .args(["--", "/bin/sh", "-c", command])
        .env("WH", env!("CARGO_BIN_EXE_wh"))
}

fn schemes() -> Vec<String> {
    let schemes = Wh::new().args(["schemes", "--json"]).run().json_all("scheme");
    schemes.iter().filter_map(|scheme| scheme["scheme"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_event_of_every_scheme_is_recognised_and_genuine() {
    for scheme in schemes() {
        let output = listen(&[], &format!("$WH send --all --scheme {scheme} --to $WH_URL -q")).run();
        let received = output.exit(0).json_all("received");
        assert!(received.len() >= 5, "{scheme}");
        for delivery in received {
            assert_eq!(delivery["scheme"], json!(scheme), "{delivery}");
            assert_eq!(delivery["verification"]["valid"], json!(true), "{delivery}");
        }
    }
}

#[test]
fn the_first_line_says_where_and_the_last_what_came() {
    let output = listen(&["--scheme", "whop"], "$WH send whop/payment.failed --to $WH_URL -q").run();
    let lines = output.exit(0).stderr_contains("test secret").json_lines();
    let port = lines[0]["port"].as_u64().expect("a port");
    assert_eq!((&lines[0]["type"], &lines[0]["scheme"]), (&json!("ready"), &json!("whop")));
    assert_eq!(lines[0]["url"], json!(format!("http://localhost:{port}")));
    let last = lines.last().expect("a summary");
    assert_eq!((&last["type"], &last["received"], &last["valid"]), (&json!("summary"), &json!(1), &json!(1)));
}

#[test]
fn what_is_not_genuine_is_answered_401_and_counts_for_nothing() {
    let output = listen(
        &["--count", "1", "--timeout", "1"],
        "$WH send slot.submitted --fault forged-signature --expect 401 --to $WH_URL -q",
    )
    .run();
    assert_eq!(output.exit(1).json("received")["verification"]["reason"], json!("mismatch"));
    assert_eq!(output.json("error")["code"], json!("unmet"));
}

#[test]
fn expectations_that_are_met_are_0_and_the_commands_own_failure_is_passed_on() {
    let three = "for i in 1 2 3; do $WH send slot.submitted --to $WH_URL -q; done";
    listen(&["--count", "3", "--expect", "slot.*"], three).run().exit(0).stdout_contains("\"valid\":3");
    listen(&["--expect", "payout.*", "--timeout", "1"], three).run().exit(1).stdout_contains("unmet");
    listen(&["--count", "1"], "exit 7").run().exit(7).stdout_contains("\"received\":0");
}

#[test]
fn what_was_answered_is_in_the_log_and_only_its_owner_can_read_it() {
    let copy = tempfile::tempdir().expect("a folder");
    let path = copy.path().join("log.jsonl");
    let log = path.to_str().expect("a path");
    let command =
        "$WH send unibo/PLAYER_OPTED_IN --id x --to $WH_URL/hook?a=1 -q; $WH send push --id y --to $WH_URL -q";
    let output = Wh::new()
        .args(["listen", "--port", "0", "--json", "--log", log, "--", "/bin/sh", "-c", command])
        .env("WH", env!("CARGO_BIN_EXE_wh"))
        .run();
    output.exit(0);
    let text = fs::read_to_string(&path).expect("the log");
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["request"]["target"], json!("/hook?a=1"));
    assert_eq!(records[0]["response"]["status"], json!(200));
    assert_eq!((&records[1]["id"], &records[1]["event"]), (&json!("y"), &json!("push")));
    assert!(!text.contains("unibo_test"), "a bearer token is not recorded: {text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).expect("the log").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_log_that_cannot_be_and_a_port_in_use_are_refused_with_a_way_out() {
    let output = Wh::new().args(["listen", "--port", "0", "--json", "--log", "/dev/null"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("log"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = Wh::new().args(["listen", "--port", &port, "--json", "--no-log"]).run();
    let error = output.exit(3).json("error");
    assert_eq!(error["code"], json!("port"));
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("--port")), "{error}");
}

#[test]
fn an_app_gets_what_was_sent_and_its_answer_is_the_answer() {
    use crate::support::{Answer, Endpoint};
    let endpoint = Endpoint::new().answering([Answer::status(202)]);
    let target = format!("slot.*=localhost:{}/app", endpoint.port());
    let send = "$WH send slot.submitted --to $WH_URL/hook?x=1 -q --expect 202; $WH send chat.message --to $WH_URL -q";
    let output = listen(&["--forward-to", &target], send).run();
    assert_eq!(output.exit(0).json("forwarded")["status"], json!(202));
    assert_eq!(output.json_all("received").len(), 2);
    let arrival = endpoint.arrival();
    assert_eq!((arrival.method.as_str(), arrival.target.as_str()), ("POST", "/app/hook?x=1"));
}
