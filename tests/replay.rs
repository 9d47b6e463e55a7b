//! `wh replay`: captured deliveries, delivered again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::log::records;
use crate::support::{ACME, Answer, Endpoint, Output, Wh, hmac_sha256_hex, signature_of_wpg};

/// A log in a folder of its own.
struct Log {
    folder: TempDir,
}

impl Log {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// One that holds so many records of deliveries that were received, one a second, each with a body of its own.
    fn of(count: usize) -> Self {
        let log = Self::new();
        let lines: String = (0..count).map(|index| record(index) + "\n").collect();
        fs::write(log.path(), lines).expect("room");
        log
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.jsonl")
    }

    fn records(&self) -> Vec<Value> {
        records(&self.path())
    }

    /// `wh` with this log.
    fn wh(&self, command: &str, arguments: &[&str]) -> Wh {
        Wh::new().arg(command).args(arguments).arg("--log").arg(self.path())
    }

    fn replay(&self, arguments: &[&str]) -> Wh {
        self.wh("replay", arguments)
    }
}

fn body(index: usize) -> String {
    format!("{{\"type\":\"slot.submitted\", \"n\":{index}.10,\"é\":\"\\u00e9\"}}\n")
}

fn record(index: usize) -> String {
    let at = jiff::Timestamp::from_second(1_580_637_600 + i64::try_from(index).expect("small")).expect("a time");
    let headers = json!([
        ["Content-Type", "application/json"],
        ["X-WPG-Signature", "v1=00"],
        ["X-WPG-Timestamp", "1580637600"],
        ["X-A", "1"],
        ["X-A", "2"],
        ["host", "me"]
    ]);
    json!({
        "schema": "wh.delivery/1", "id": format!("msg_{index}"), "received_at": at.to_string(), "remote": "127.0.0.1:5000",
        "request": { "method": "POST", "target": "/hook?x=1", "version": "HTTP/1.1", "headers": headers, "body": body(index) },
        "scheme": "wpg", "event": "slot.submitted", "verification": { "valid": true, "reason": null },
        "response": { "status": 200, "duration_ms": 3 },
    })
    .to_string()
}

/// What arrived, by what their bodies say.
fn bodies(endpoint: &Endpoint) -> Vec<Vec<u8>> {
    endpoint.arrivals().into_iter().map(|arrival| arrival.body).collect()
}

fn expected(numbers: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
    numbers.into_iter().map(|index| body(index).into_bytes()).collect()
}

#[test]
fn a_delivery_is_signed_afresh_with_the_same_bytes_and_the_same_id() {
    let (log, endpoint) = (Log::of(3), Endpoint::new());
    let output = log.replay(&["msg_1", "--to", &endpoint.port()]).run();
    output.exit(0).stdout_contains("--> wpg slot.submitted [msg_1]").stdout_contains("<-- 200");
    let arrival = endpoint.arrival();
    assert_eq!((arrival.method.as_str(), arrival.target.as_str()), ("POST", "/hook?x=1"));
    assert_eq!(arrival.body, body(1).as_bytes());
    assert_eq!(arrival.values("x-a"), ["1", "2"]);
    assert_eq!(arrival.values("host").len(), 1);
    assert_ne!(arrival.header("host"), "me");
    assert_eq!(arrival.header("x-wpg-signature"), signature_of_wpg(&arrival, "whsec_wpg_test_secret_for_wh"));
    assert_ne!(arrival.header("x-wpg-timestamp"), "1580637601", "it is signed afresh");
    let record = log.records().pop().expect("a record");
    assert_eq!((&record["id"], &record["direction"], &record["attempt"]), (&json!("msg_1"), &json!("sent"), &json!(1)));
}

#[test]
fn what_is_replayed_is_genuine_for_a_receiver() {
    let log = Log::new();
    for event in
        ["wpg/slot.submitted", "whop/payment.failed", "gamepush/PurchasePlayerPurchase", "unibo/PLAYER_OPTED_IN"]
    {
        log.wh("send", &[event, "-q"]).run().exit(0);
    }
    let command = format!("$WH replay --last 9 --to $WH_URL -q --log {}", log.path().display());
    let listen = ["listen", "--port", "0", "--json", "--no-log", "--", "/bin/sh", "-c", &command];
    let output = Wh::new().args(listen).env("WH", env!("CARGO_BIN_EXE_wh")).run();
    let received = output.exit(0).json_all("received");
    assert_eq!(received.len(), 4);
    for (received, record) in received.iter().zip(log.records()) {
        assert_eq!(received["verification"]["valid"], json!(true), "{received}");
        assert_eq!(received["request"]["body"], record["request"]["body"]);
    }
}

#[test]
fn last_is_the_newest_and_goes_where_it_was_sent() {
    let (log, endpoint) = (Log::of(2), Endpoint::new());
    let url = endpoint.url("/own?x=2");
    log.wh("send", &["chat.message", "-q", "--id", "msg_x", "--to", &url]).run().exit(0);
    log.replay(&["last", "-q"]).run().exit(0);
    let arrivals = endpoint.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!((&arrivals[0].target, &arrivals[0].body), (&arrivals[1].target, &arrivals[1].body));
    // Two attempts at one delivery are one delivery.
    log.replay(&["--event", "chat.*", "-q"]).run().exit(0);
    assert_eq!(endpoint.arrivals().len(), 3);
}

#[test]
fn what_was_received_needs_to_be_told_where_to() {
    let log = Log::of(1);
    log.replay(&["last"]).run().exit(2).stderr_contains("nothing says where to").hint_contains("--to");
}

#[test]
fn a_url_with_a_path_is_where_all_goes() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    log.replay(&["last", "-q", "--to", &endpoint.url("/mine")]).run().exit(0);
    assert_eq!(endpoint.arrival().target, "/mine");
}

#[test]
fn a_kept_signature_is_sent_as_it_was_with_a_warning_when_it_is_old() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    let output = log.replay(&["last", "-q", "--keep-signature", "--to", &endpoint.port()]).run();
    output.exit(0).silent();
    assert_eq!(
        (endpoint.arrival().header("x-wpg-signature"), endpoint.arrival().body),
        ("v1=00", body(0).into_bytes())
    );
    let output = log.replay(&["last", "--keep-signature", "--to", &endpoint.port()]).run();
    output.exit(0).stderr_contains("1 of 1 kept signatures are older than their scheme tolerates");
}

#[test]
fn two_thousand_records_are_replayed_in_order_with_every_byte() {
    let (log, endpoint) = (Log::of(2000), Endpoint::new());
    let output = log.replay(&["--event", "*", "--to", &endpoint.port()]).run();
    output.exit(0).stdout_contains("2000 of 2000 accepted");
    assert!(bodies(&endpoint) == expected(0..2000), "order and bytes are as recorded");
    let sent = log.records().into_iter().skip(2000).map(|record| record["id"].clone()).collect::<Vec<_>>();
    assert!(sent == (0..2000).map(|index| json!(format!("msg_{index}"))).collect::<Vec<_>>());
    assert!(!log.path().with_extension("jsonl.replay").exists(), "there is nothing to go on with");
}

#[test]
fn filters_choose_and_the_order_stays() {
    let (log, endpoint) = (Log::of(9), Endpoint::new());
    let mut text = fs::read_to_string(log.path()).expect("a log");
    text = text.replacen("\"status\":200", "\"status\":500", 4).replacen("\"valid\":true", "\"valid\":false", 2);
    fs::write(log.path(), text).expect("room");
    let replay = |arguments: &[&str]| {
        let before = endpoint.arrivals().len();
        let port = endpoint.port();
        let arguments = [arguments, &["-q", "--no-log", "--to", &port]].concat();
        Wh::new().arg("replay").args(arguments).env("XDG_STATE_HOME", log.folder.path().join("state")).run().exit(0);
        bodies(&endpoint).split_off(before)
    };
    fs::create_dir_all(log.folder.path().join("state/wh")).expect("room");
    fs::copy(log.path(), log.folder.path().join("state/wh/deliveries.jsonl")).expect("room");
    assert_eq!(replay(&["--failed"]), expected(0..4));
    assert_eq!(replay(&["--invalid"]), expected(0..2));
    assert_eq!(replay(&["--last", "2"]), expected(7..9));
    assert_eq!(replay(&["--failed", "--last", "1"]), expected(3..4));
    assert_eq!(replay(&["--since", "2020-02-02T10:00:07Z"]), expected(7..9));
    assert_eq!(replay(&["msg_4", "msg_2"]), expected([4, 2]));
}

#[test]
fn what_succeeded_since_has_not_failed() {
    let log = Log::new();
    let endpoint = Endpoint::new().answering([Answer::status(500), Answer::status(500), Answer::status(200)]);
    log.wh("send", &["slot.submitted", "chat.message", "-q", "--to", &endpoint.port()])
        .run()
        .exit(1)
        .stdout_contains("500");
    log.replay(&["--failed", "-q"]).run().exit(0);
    assert_eq!(endpoint.arrivals().len(), 4);
    log.replay(&["--failed"]).run().exit(4).stderr_contains("nothing to replay").hint_contains("filter");
}

/// The endpoint's arrivals by the number in their body, sorted.
fn numbers(endpoints: &[&Endpoint]) -> Vec<String> {
    let mut bodies: Vec<String> = endpoints
        .iter()
        .flat_map(|endpoint| bodies(endpoint))
        .map(|body| String::from_utf8(body).expect("text"))
        .collect();
    bodies.sort();
    bodies
}

fn all(count: usize) -> Vec<String> {
    let mut all: Vec<String> = (0..count).map(body).collect();
    all.sort();
    all
}

/// How long an answer is held that the program is stopped in front of.
const HELD: Duration = Duration::from_secs(2);

/// A receiver that answers forty at once, so many more in its own way, and all others at once again: what is stopped when
/// the 41st has come is stopped before the last.
fn holding_the_41st(many: usize, held: &Answer) -> Endpoint {
    let at_once = || Answer::status(200);
    let held = std::iter::repeat_n(held.clone(), many);
    Endpoint::new().answering(std::iter::repeat_with(at_once).take(40).chain(held).chain([at_once()]))
}

#[test]
fn after_ctrl_c_resume_goes_on_with_no_duplicate_and_no_gap() {
    for concurrency in [1, 16] {
        let (log, endpoint) = (Log::of(300), holding_the_41st(concurrency, &Answer::status(200).after(HELD)));
        let concurrency = concurrency.to_string();
        let arguments = ["--event", "slot.*", "--to", &endpoint.port(), "-c", &concurrency, "-q"];
        let output = log.replay(&arguments).interrupt_after(endpoint.calls(41)).run();
        output.exit(130).stderr_contains("stopped after");
        output.any_stdout();
        assert!(endpoint.arrivals().len() < 300, "it was stopped");
        log.replay(&["--resume", "-q", "-c", &concurrency]).run().exit(0);
        assert!(numbers(&[&endpoint]) == all(300), "-c {concurrency}: {}", endpoint.arrivals().len());
        let output = log.replay(&["--resume"]).run();
        output.exit(2).stderr_contains("no replay was stopped").hint_contains("without --resume");
    }
}

#[test]
fn after_a_kill_resume_goes_on_with_no_gap_also_when_the_log_was_put_aside() {
    let (log, endpoint) = (Log::of(300), holding_the_41st(1, &Answer::never()));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_wh"))
        .args(["replay", "--event", "*", "-q", "--to", &endpoint.port(), "--log"])
        .arg(log.path())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program");
    endpoint.calls(41)();
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    let before = endpoint.arrivals().len();
    assert!(before < 300, "it was stopped");
    fs::rename(log.path(), log.folder.path().join("log.jsonl.1")).expect("a log");
    fs::write(log.path(), "").expect("room");
    log.replay(&["--resume", "-q", "--event", "*"]).run().exit(0);
    let mut arrived = numbers(&[&endpoint]);
    let total = arrived.len();
    arrived.dedup();
    assert!(arrived == all(300), "there is no gap: {}", arrived.len());
    // The one that was on its way is sent again: nobody knows what came of it.
    assert_eq!(total, 301);
}

#[test]
fn what_a_dead_receiver_did_not_get_is_delivered_by_resume() {
    let log = Log::of(20);
    let first = Endpoint::new();
    let port = first.port();
    let one = |arguments: &[&str]| log.replay(arguments).run();
    let output = log.replay(&["--event", "*", "-q", "--to", "9"]).run();
    output.exit(3).stdout_contains("19 not sent").stderr_contains("nobody listens").stderr_contains("--resume");
    one(&["--resume", "--event", "chat.*", "--to", &port]).exit(2).stderr_contains("another one: --event *");
    one(&["--resume", "-q", "--to", &port]).exit(0);
    assert_eq!(bodies(&first), expected(0..20));
}

#[test]
fn a_replay_is_gone_on_with_under_the_same_scheme_and_with_the_same_headers() {
    let (log, endpoint) = (Log::of(3), Endpoint::new());
    let strange = fs::read_to_string(log.path()).expect("a log").replace("\"wpg\"", "null");
    fs::write(log.path(), strange).expect("room");
    let one = |arguments: &[&str]| log.replay(arguments).run();
    let begin = ["--event", "*", "--scheme", "comps", "-H", "X-Tenant: 7", "-q", "--to"];
    one(&[&begin[..], &["9"]].concat()).exit(3).stdout_contains("2 not sent").stderr_contains("--resume");
    let resume = |arguments: &[&str]| one(&[&["--resume", "-q", "--to", &endpoint.port()], arguments].concat());
    resume(&[]).exit(2).stderr_contains("-H x-tenant");
    resume(&["-H", "X-Tenant: 8"]).exit(2).stderr_contains("-H x-tenant");
    resume(&["-H", "X-Tenant: 7", "-s", "wpg"]).exit(2).stderr_contains("--scheme comps");
    assert!(endpoint.arrivals().is_empty());
    resume(&["-H", "X-Tenant: 7"]).exit(0);
    let arrivals = endpoint.arrivals();
    assert_eq!(arrivals.len(), 3);
    for arrival in &arrivals {
        let signature = hmac_sha256_hex("comps_test_secret_for_wh", &[&arrival.body]);
        assert_eq!((arrival.header("X-Tenant"), arrival.header("X-Comps-Signature")), ("7", signature.as_str()));
    }
}

#[test]
fn a_strangers_request_in_the_log_stops_nobody_who_asks_for_all() {
    let (log, endpoint) = (Log::of(3), Endpoint::new());
    let lines: Vec<String> = fs::read_to_string(log.path()).expect("a log").lines().map(str::to_owned).collect();
    let strange = lines[1].replace("\"wpg\"", "null").replace("X-WPG", "X");
    fs::write(log.path(), format!("{}\n{strange}\n{}\n", lines[0], lines[2])).expect("room");
    let output = log.replay(&["--event", "*", "--to", &endpoint.port()]).run();
    output.exit(0).stdout_contains("2 of 2 accepted").stderr_contains("a delivery of no known scheme is left out");
    assert_eq!(bodies(&endpoint), expected([0, 2]));
    // Who names it is told.
    let output = log.replay(&["msg_1", "--to", &endpoint.port()]).run();
    output.exit(4).stderr_contains("no scheme is recognised");
    log.replay(&["--event", "*", "-q", "--keep-signature", "--to", &endpoint.port()]).run().exit(0);
    assert_eq!(endpoint.arrivals().len(), 5);
}

#[test]
fn the_last_is_the_same_whatever_is_kept_of_it() {
    let (log, endpoint) = (Log::of(2), Endpoint::new());
    log.replay(&["msg_0", "-q", "--to", &endpoint.port()]).run().exit(0);
    for flags in [&[][..], &["--keep-signature"], &["--pace"]] {
        log.replay(&[&["last", "-q", "--to", &endpoint.port()], flags].concat()).run().exit(0);
    }
    assert_eq!(bodies(&endpoint), expected([0; 4]));
}

#[test]
fn where_all_are_strangers_the_way_out_is_told() {
    let log = Log::of(1);
    let strange = fs::read_to_string(log.path()).expect("a log").replace("\"wpg\"", "null").replace("X-WPG", "X");
    fs::write(log.path(), strange).expect("room");
    log.replay(&["--event", "*", "--to", "9"]).run().exit(4).stderr_contains("no scheme").hint_contains("--scheme");
}

#[test]
fn a_replay_that_a_former_version_noted_is_gone_on_with() {
    let (log, endpoint) = (Log::of(3), Endpoint::new());
    log.replay(&["--event", "*", "-q", "--to", "9"])
        .run()
        .exit(3)
        .stdout_contains("not sent")
        .stderr_contains("--resume");
    let path = log.path().with_extension("jsonl.replay");
    let mut former = fs::read_to_string(&path).expect("what is left");
    let end = former.find('\n').expect("a first line");
    let mut request: Value = serde_json::from_str(&former[..end]).expect("JSON");
    request.as_object_mut().expect("an object").retain(|key, _| !["headers", "scheme"].contains(&key.as_str()));
    former.replace_range(..end, &request.to_string());
    // A line had no time.
    fs::write(&path, former.replace(",1580637600000]", "]")).expect("room");
    log.replay(&["--resume", "-q", "--to", &endpoint.port()]).run().exit(0);
    assert_eq!(bodies(&endpoint), expected(0..3));
}

/// A record of a forged delivery that came in, which a replay sent on with a signature of its own later.
fn forged_and_replayed(port: &str) -> Log {
    let log = Log::of(1);
    let forged = fs::read_to_string(log.path()).expect("a log").replace("\"valid\":true", "\"valid\":false");
    fs::write(log.path(), forged).expect("room");
    log.replay(&["msg_0", "-q", "--to", port]).run().exit(0);
    log
}

#[test]
fn a_kept_signature_is_the_one_that_came_in_whatever_was_replayed_since() {
    let endpoint = Endpoint::new();
    let log = forged_and_replayed(&endpoint.port());
    for what in ["msg_0", "last"] {
        log.replay(&[what, "-q", "--keep-signature", "--to", &endpoint.port()]).run().exit(0);
    }
    let arrivals = endpoint.arrivals();
    let signatures: Vec<&str> = arrivals.iter().map(|arrival| arrival.header("X-WPG-Signature")).collect();
    assert_ne!(signatures[0], "v1=00");
    assert_eq!(signatures[1..], ["v1=00", "v1=00"]);
}

#[test]
fn what_came_in_and_is_not_genuine_is_found_also_when_it_was_replayed_since() {
    let endpoint = Endpoint::new();
    let log = forged_and_replayed(&endpoint.port());
    for _ in 0..2 {
        log.replay(&["--invalid", "-q", "--to", &endpoint.port()]).run().exit(0);
    }
    assert_eq!(endpoint.arrivals().len(), 3);
}

#[test]
fn headers_go_out_in_the_order_in_which_they_came() {
    let endpoint = Endpoint::new();
    let log = Log::of(1);
    log.replay(&["last", "-q", "--keep-signature", "-H", "X-WPG-Timestamp:", "--to", &endpoint.port()]).run().exit(0);
    let names: Vec<String> = endpoint.arrival().headers.into_iter().map(|(name, _)| name.to_lowercase()).collect();
    assert_eq!(names[..4], ["content-type", "x-wpg-signature", "x-a", "x-a"]);
}

#[test]
fn under_another_scheme_nothing_of_the_former_one_goes_along() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    log.replay(&["last", "-q", "--scheme", "comps", "--to", &endpoint.port()]).run().exit(0);
    let arrival = endpoint.arrival();
    assert!(arrival.values("X-WPG-Signature").is_empty() && arrival.values("X-WPG-Timestamp").is_empty());
    assert_eq!(arrival.header("X-Comps-Signature"), hmac_sha256_hex("comps_test_secret_for_wh", &[&arrival.body]));
}

#[test]
fn ctrl_c_when_all_have_their_answer_in_time_is_no_failure() {
    let log = Log::of(2);
    let endpoint = Endpoint::new().answering([Answer::status(200), Answer::status(200).after(HELD)]);
    let wh = log.replay(&["--event", "*", "-q", "--to", &endpoint.port()]).interrupt_after(endpoint.calls(2));
    wh.run().exit(0).any_stdout();
    assert!(!log.path().with_extension("jsonl.replay").exists(), "there is nothing to go on with");
}

#[test]
fn what_is_on_its_way_when_a_record_is_gone_is_waited_for() {
    let log = Log::of(3);
    let slow = |milliseconds| Answer::status(200).after(Duration::from_millis(milliseconds));
    let endpoint = Endpoint::new().answering([slow(300), slow(900), slow(0)]);
    let sent = log.folder.path().join("sent.jsonl");
    let (path, both) = (log.path(), endpoint.calls(2));
    let shortened = std::thread::spawn(move || {
        both();
        let first = fs::read_to_string(&path).expect("a log").lines().next().expect("a line").len() as u64;
        fs::OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(2 * first + 2)).expect("a log");
    });
    let wh = Wh::new().arg("replay").arg(log.path()).args(["-q", "-c", "2", "--to", &endpoint.port(), "--log"]);
    let output = wh.arg(&sent).run();
    shortened.join().expect("the log was shortened");
    output.exit(2).stderr_contains("has changed since").any_stdout();
    // The one that is slow was answered after the record was missed.
    assert_eq!(records(&sent).len(), 2);
}

#[test]
fn an_attempt_that_fails_after_ctrl_c_is_told() {
    let (log, endpoint) = (Log::of(1), Endpoint::new().answering([Answer::never()]));
    let wh = log.replay(&["last", "--timeout", "1s", "--to", &endpoint.port()]).interrupt_after(endpoint.calls(1));
    wh.run().exit(3).stdout_contains("no answer").stderr_contains("test secret");
}

#[test]
fn a_log_that_has_changed_is_not_gone_on_with() {
    let log = Log::of(20);
    log.replay(&["--event", "*", "-q", "--to", "9"])
        .run()
        .exit(3)
        .stdout_contains("19 not sent")
        .stderr_contains("--resume");
    fs::write(log.path(), record(7) + "\n").expect("room");
    let output = log.replay(&["--resume", "--to", "9"]).run();
    output.exit(2).stderr_contains("has changed since").hint_contains("begin anew");
}

#[test]
fn the_original_intervals_are_kept_and_scaled() {
    let (log, endpoint) = (Log::of(5), Endpoint::new());
    let replay =
        |speed| log.replay(&["--event", "*", "--pace", "--speed", speed, "--json", "--to", &endpoint.port()]).run();
    let started = |output: &Output| -> Vec<jiff::Timestamp> {
        let attempts = output.json_all("attempt");
        attempts.iter().map(|attempt| attempt["started_at"].as_str().expect("text").parse().expect("a time")).collect()
    };
    let output = replay("20");
    let times = started(output.exit(0).stderr_any());
    assert_eq!(times.len(), 5);
    let all = times[4].duration_since(times[0]).as_millis();
    assert!((150..).contains(&all), "four seconds are 200 ms: {all}");
    assert_eq!(bodies(&endpoint), expected(0..5));
    replay("max").exit(0).stderr_any();
    assert_eq!(endpoint.arrivals().len(), 10);
    // They are those of then, and not those of the replays since.
    let times = started(replay("20").exit(0).stderr_any());
    assert!(times[4].duration_since(times[0]).as_millis() >= 150);
    log.replay(&["last", "--speed", "2"]).run().exit(2).hint_contains("give one of them");
}

#[test]
fn a_failure_is_retried_by_the_providers_policy_with_a_signature_of_its_own() {
    let log = Log::new();
    let endpoint = Endpoint::new().answering([503, 503, 503, 200].map(Answer::status));
    log.wh("send", &["contact.created", "-q", "--to", &endpoint.port()]).run().exit(1).stdout_contains("503");
    // The first wait is 20 ms, the second, of five minutes, 1.2 seconds, so that another second has begun.
    let output = log.replay(&["last", "--retry", "--speed", "250", "--json"]).run();
    let attempts = output.exit(0).stderr_any().json_all("attempt");
    let numbers: Vec<_> = attempts.iter().map(|attempt| attempt["attempt"].clone()).collect();
    assert_eq!(numbers, [json!(1), json!(2), json!(3)]);
    let arrivals = endpoint.arrivals();
    let (first, last) = (&arrivals[1], &arrivals[3]);
    assert!(arrivals.iter().all(|arrival| arrival.body == first.body));
    assert!(arrivals.iter().all(|arrival| arrival.header("webhook-id") == first.header("webhook-id")));
    assert_ne!(first.header("webhook-timestamp"), last.header("webhook-timestamp"));
    assert_ne!(first.header("webhook-signature"), last.header("webhook-signature"));
}

#[test]
fn what_the_provider_does_not_document_is_said_with_a_kept_signature_too() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    for flags in [&[][..], &["--keep-signature"]] {
        let output = log.replay(&[&["last", "--retry", "--to", &endpoint.port()], flags].concat()).run();
        output.exit(0).stderr_contains("wpg does not document when it tries again");
    }
}

#[test]
fn headers_of_the_providers_own_are_dated_anew() {
    let provider = format!("{ACME}[request.headers]\n\"X-Sent-At\" = \"{{timestamp}}\"\n");
    let (folder, endpoint) = (tempfile::tempdir().expect("a folder"), Endpoint::new());
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).and_then(|()| fs::write(path, text)).expect("room");
    };
    write("providers/acme/provider.toml", &provider);
    write("providers/acme/events/rocket.json", r#"{"type":"rocket"}"#);
    let wh = || Wh::new().inside(folder.path());
    let send = ["send", "acme/rocket", "--timestamp", "1580637600", "-q", "--catalogue", "providers", "--log", "l"];
    wh().args(send).args(["--to", &endpoint.port()]).run().exit(0);
    wh().args(["replay", "last", "-q", "--catalogue", "providers", "--log", "l"]).run().exit(0);
    let arrivals = endpoint.arrivals();
    assert_eq!(arrivals[0].header("X-Sent-At"), "1580637600");
    for arrival in &arrivals {
        assert!(arrival.header("Acme-Signature").starts_with(&format!("t={},", arrival.header("X-Sent-At"))));
    }
    assert_ne!(arrivals[1].header("X-Sent-At"), "1580637600");
}

#[test]
fn what_cannot_be_replayed_is_told_before_anything_is_sent() {
    let endpoint = Endpoint::new().uncalled();
    let log = Log::of(2);
    log.wh("send", &["unibo/PLAYER_OPTED_IN", "-q"]).run().exit(0);
    let to = endpoint.port();
    let output = log.replay(&["--event", "*", "--keep-signature", "--to", &to]).run();
    output.exit(4).stderr_contains("was redacted").hint_contains("--keep-signature out");
    let strange = record(1).replace("\"wpg\"", "null").replace("\"X-WPG-", "\"X-B-");
    fs::write(log.path(), format!("{}\n{strange}\n", record(0))).expect("room");
    let output = log.replay(&["msg_0", "msg_1", "--to", &to]).run();
    output.exit(4).stderr_contains("`msg_1` cannot be replayed").hint_contains("--scheme");
    log.replay(&["msg_1", "--to", "https://example.com"]).run().exit(4).stderr_contains("cannot be replayed");
    log.replay(&["msg_0", "--to", "http://example.com"]).run().exit(2).stderr_contains("not on this machine");
}

#[test]
fn a_token_is_written_anew_and_other_credentials_are_left_out() {
    let (log, endpoint) = (Log::new(), Endpoint::new());
    let send = ["unibo/PLAYER_OPTED_IN", "-q", "-H", "Cookie: a=b", "--to", &endpoint.port()];
    log.wh("send", &send).run().exit(0);
    log.replay(&["last"])
        .run()
        .exit(0)
        .stderr_contains("`cookie` is redacted in 1 of the records")
        .stdout_contains("200");
    log.replay(&["last", "-q", "-H", "Cookie: c=d"]).run().exit(0);
    let arrivals = endpoint.arrivals();
    assert_eq!(arrivals[0].values("authorization"), arrivals[1].values("authorization"));
    assert_eq!((arrivals[0].values("cookie"), arrivals[1].values("cookie")), (vec!["a=b"], vec![]));
    assert_eq!(arrivals[2].values("cookie"), ["c=d"]);
}

#[test]
fn nothing_to_replay_is_4_and_an_unknown_id_2_with_the_nearest() {
    let log = Log::of(3);
    log.replay(&[]).run().exit(2).stderr_contains("nothing says what").hint_contains("last");
    log.replay(&["--event", "nothing"]).run().exit(4).stderr_contains("nothing to replay").hint_contains("wh log");
    log.replay(&["msk_2", "--to", "9"]).run().exit(2).hint_contains("did you mean `msg_2`?");
    log.replay(&["msg_", "--to", "9"])
        .run()
        .exit(2)
        .stderr_contains("more than one id begins with `msg_`")
        .hint_contains("more");
    log.replay(&["missing.har"]).run().exit(2).stderr_contains("missing.har").hint_contains("slip");
    Log::new().replay(&["last"]).run().exit(4).stderr_contains("nothing is recorded").hint_contains("wh listen");
    for flag in ["--last=0", "-n-1", "-c0", "--rate=0", "--speed=0", "--speed=-1", "--since=soon"] {
        log.replay(&["last", flag]).run().exit(2).stderr_any();
    }
}

#[test]
fn a_file_of_records_is_replayed_whole() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    let file = log.folder.path().join("captured.jsonl");
    fs::write(&file, format!("{}\n\n{}", record(3), record(5))).expect("room");
    log.replay(&[path(&file), "msg_0", "-q", "--to", &endpoint.port()]).run().exit(0);
    assert_eq!(bodies(&endpoint), expected([3, 5, 0]));
}

#[test]
fn what_comes_in_on_stdin_is_replayed_through_the_filters() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    let lines = format!("{}\n\n{}\n{}", record(3), record(5), record(7));
    log.replay(&["-", "--last", "2", "-q", "--to", &endpoint.port()]).stdin(lines).run().exit(0);
    assert_eq!(bodies(&endpoint), expected([5, 7]));
    // A record that stands alone over many lines is no line.
    let record: Value = serde_json::from_str(&record(9)).expect("a record");
    let pretty = serde_json::to_string_pretty(&record).expect("JSON");
    log.replay(&["-", "-q", "--to", &endpoint.port()]).stdin(pretty).run().exit(0);
    assert_eq!(bodies(&endpoint).last(), expected([9]).last());
    for both in [["-", "-"], ["-", "--secret-file=-"]] {
        let output = log.replay(&both).args(["--to", &endpoint.port()]).stdin(record.to_string()).run();
        output.exit(2).stderr_contains("stdin can be read once");
    }
    let output = log.replay(&["-", "--to", &endpoint.port()]).stdin("{\"schema\":\"wh.delivery/1\"}\n{}\n").run();
    output.exit(2).stderr_contains("stdin:1");
}

#[test]
fn a_dry_run_shows_what_would_go_out_and_sends_nothing() {
    let (log, endpoint) = (Log::of(3), Endpoint::new().uncalled());
    let output = log.replay(&["--event", "*", "--last", "2", "--dry-run", "--to", &endpoint.url("/mine")]).run();
    output.exit(0).stdout_contains("POST /mine").stdout_contains("X-WPG-Signature: ");
    let planned =
        log.replay(&["--event", "*", "--dry-run", "--json", "--to", "example.com", "--secret", "whsec_x"]).run();
    let signed = planned.exit(0).stderr_any().json_all("signed");
    assert_eq!(signed.iter().map(|signed| signed["body"].clone()).collect::<Vec<_>>(), [body(0), body(1), body(2)]);
    assert_eq!(log.records().len(), 3, "nothing was sent, and nothing is recorded");
}

#[test]
fn deliveries_are_repeated_in_turn_as_often_as_is_wanted() {
    let (log, endpoint) = (Log::of(2), Endpoint::new());
    let replay = log.replay(&["--event", "*", "-n", "5", "--json", "--to", &endpoint.port()]);
    let summary = replay.run().exit(0).json("summary");
    assert_eq!((&summary["accepted"], &summary["attempts"]), (&json!(5), &json!(5)));
    assert_eq!(bodies(&endpoint), expected([0, 1, 0, 1, 0]));
    assert_eq!(log.records().len(), 7);
    let none = log.replay(&["--resume", "--to", &endpoint.port()]).run();
    none.exit(2).stderr_contains("no replay was stopped");
}

#[test]
fn a_log_that_is_replayed_from_itself_is_replayed_once() {
    let (log, endpoint) = (Log::of(300), Endpoint::new());
    log.replay(&["--event", "*", "-q", "-c", "8", "--to", &endpoint.port()]).run().exit(0);
    let file = log.path();
    log.replay(&[path(&file), "--event", "*", "--last", "300", "-q", "--to", &endpoint.port()]).run().exit(0);
    assert_eq!((endpoint.arrivals().len(), log.records().len()), (600, 900));
    // Attempts at one delivery are one delivery.
    log.replay(&["--event", "*", "-q", "-c", "8", "--to", &endpoint.port()]).run().exit(0);
    assert_eq!((endpoint.arrivals().len(), log.records().len()), (900, 1200));
}

#[test]
fn what_was_sent_to_a_listener_with_the_same_log_is_one_delivery() {
    let (log, endpoint) = (Log::new(), Endpoint::new());
    for event in ["slot.submitted", "slot.accepted"] {
        log.wh("send", &[event, "-q", "--to", &endpoint.port()]).run().exit(0);
    }
    // The listener's record of the same request has what the connection added, and an id of its own.
    let sent = log.records();
    let received = sent.iter().enumerate().map(|(index, record)| {
        let mut record = record.clone();
        let headers = record["request"]["headers"].as_array_mut().expect("headers");
        headers.extend([json!(["accept", "*/*"]), json!(["host", "localhost:1"]), json!(["content-length", "9"])]);
        record["direction"] = json!("received");
        record["id"] = json!(format!("msg_of_the_listener_{index}"));
        record["received_at"] = record["sent_at"].take();
        record["url"].take();
        record.to_string() + "\n"
    });
    let both: String =
        received.zip(&sent).flat_map(|(received, sent)| [received, sent.to_string(), "\n".into()]).collect();
    fs::write(log.path(), both).expect("room");
    log.replay(&["--event", "*", "-q"]).run().exit(0);
    assert_eq!(endpoint.arrivals().len(), 4, "two were sent, and each was sent again once");
}

#[test]
fn a_refusal_comes_with_advice() {
    let log = Log::of(1);
    let refusing = |status| Endpoint::new().answering([Answer::status(status)]);
    let endpoint = refusing(401);
    log.replay(&["msg_0", "--to", &endpoint.port()]).run().exit(1).hint_contains("WPG_WEBHOOK_SECRET");
    let output = log.replay(&["msg_0", "--keep-signature", "--to", &endpoint.port()]).run();
    output.exit(1).stderr_any().hint_contains("without --keep-signature it is signed afresh");
    let endpoint = refusing(404);
    log.replay(&["msg_0", "--to", &endpoint.port()]).run().exit(1).hint_contains("has its endpoint at");
}

#[test]
fn a_record_with_a_header_that_would_be_two_is_refused_with_its_place() {
    let log = Log::of(1);
    let file = log.folder.path().join("captured.jsonl");
    fs::write(&file, format!("{}\n{}\n", record(3), record(5).replace("v1=00", "v1=00\\r\\nX-C: 1"))).expect("room");
    let output = log.replay(&[path(&file), "--to", "9"]).run();
    output.exit(2).stderr_contains("captured.jsonl:2:").stderr_contains("x-wpg-signature").hint_contains("take it out");
    fs::write(&file, format!("{}\n{}", record(3), &record(5)[..100])).expect("room");
    log.replay(&[path(&file), "--to", "9"])
        .run()
        .exit(2)
        .stderr_contains("captured.jsonl:2:")
        .stderr_contains("cut off");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// The request of a record as a raw HTTP message.
fn message(index: usize) -> String {
    let body = body(index);
    let head = "POST /hook?x=1 HTTP/1.1\r\nHost: me\r\nContent-Type: application/json\r\nX-WPG-Signature: v1=00\r\nX-WPG-Timestamp: 1580637600";
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn har_raw_http_pretty_records_and_printed_lines_are_replayed() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    let headers =
        json!([{ "name": "X-WPG-Signature", "value": "00" }, { "name": "X-WPG-Timestamp", "value": "1580637600" }]);
    let request = |method: &str, url: &str, headers: &Value, body: &str| {
        json!({ "startedDateTime": "2020-02-02T10:00:00Z", "time": 1, "response": { "status": 200 }, "request": {
            "method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": headers,
            "postData": { "mimeType": "application/json", "text": body } } })
    };
    let entries = [
        request("POST", "http://old.example/hook?x=1", &headers, &body(4)),
        request("GET", "http://old.example/style.css", &json!([]), ""),
    ];
    let har = json!({ "log": { "version": "1.2", "creator": { "name": "x", "version": "1" }, "entries": entries } });
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&record(6)).expect("JSON")).expect("JSON");
    let files = [("a.har", har.to_string()), ("b.http", message(5)), ("c.json", pretty)];
    let mut arguments = Vec::new();
    for (name, text) in files {
        let file = log.folder.path().join(name);
        fs::write(&file, text).expect("room");
        arguments.push(path(&file).to_owned());
    }
    let port = endpoint.port();
    arguments.extend(["-q", "--to", &port].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    log.replay(&arguments).run().exit(0);
    assert_eq!(bodies(&endpoint), expected([4, 5, 6]));
    for arrival in endpoint.arrivals() {
        assert_eq!(arrival.target, "/hook?x=1");
        assert_eq!(arrival.header("x-wpg-signature"), signature_of_wpg(&arrival, "whsec_wpg_test_secret_for_wh"));
    }
    log.replay(&[&arguments[..], &["--event", "slot.*", "--last", "1"]].concat()).run().exit(0);
    assert_eq!(bodies(&endpoint).split_off(3), expected([6]));
}

#[test]
fn a_raw_message_with_two_requests_in_its_head_and_a_bare_body_are_refused() {
    let log = Log::of(1);
    let file = log.folder.path().join("captured.http");
    let replay = |text: &str| {
        fs::write(&file, text).expect("room");
        log.replay(&[path(&file), "--to", "9"]).run()
    };
    let two = message(1).replace("Host: me\r\n", "Host: me\r\nPOST /other HTTP/1.1\r\nHost: other\r\n");
    replay(&two).exit(2).stderr_contains("captured.http");
    let split = message(1).replace("v1=00", "v1=00\rX-C: 1");
    replay(&split).exit(2).stderr_contains("captured.http");
    replay("{\"type\":\"slot.submitted\"}").exit(2).stderr_contains("captured.http").stderr_any();
    replay("nothing of the kind").exit(2).hint_contains("--data");
}

#[test]
fn what_was_stopped_in_a_file_is_gone_on_with() {
    let (log, endpoint) = (Log::of(1), Endpoint::new());
    let file = log.folder.path().join("captured.http");
    fs::write(&file, message(2) + &message(3)).expect("room");
    log.replay(&[path(&file), "msg_0", "-q", "--to", "9"])
        .run()
        .exit(3)
        .stdout_contains("not sent")
        .stderr_contains("--resume");
    log.replay(&["--resume", "-q", "--to", &endpoint.port()]).run().exit(0);
    assert_eq!(bodies(&endpoint), expected([2, 3, 0]));
}
