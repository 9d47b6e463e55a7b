//! The log: what was answered is in it, whoever shares it and however it ends; where it cannot be, nobody is told 2xx.

use std::collections::HashSet;
use std::fs;
use std::sync::Mutex;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Listener, Message, Wh, exchange, try_exchange};

fn body(number: usize) -> String {
    format!(r#"{{"event":"slot.submitted","number":{number},"filler":"{}"}}"#, "x".repeat(300))
}

fn number(record: &Value) -> u64 {
    let body: Value = serde_json::from_str(record["request"]["body"].as_str().expect("a body")).expect("JSON");
    body["number"].as_u64().expect("a number")
}

/// The records of a log, and how many of its lines are none.
fn read(path: &std::path::Path) -> (Vec<Value>, usize) {
    let text = fs::read_to_string(path).expect("the log");
    let (records, torn): (Vec<_>, Vec<_>) = text.lines().map(serde_json::from_str).partition(Result::is_ok);
    (records.into_iter().filter_map(Result::ok).collect(), torn.len())
}

#[test]
fn two_listeners_share_a_log_and_every_record_stays_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let log = path.to_str().expect("a path");
    let listen = || Listener::of(Wh::new().args(["--json", "--scheme", "wpg", "--log", log]));
    let listeners = [listen(), listen()];
    thread::scope(|scope| {
        for index in 0..4 {
            let address = listeners[index % 2].address();
            scope.spawn(move || {
                for turn in 0..25 {
                    let message = Message::wpg(body(index * 25 + turn)).bytes();
                    assert_eq!(exchange(address, &message).status, 200);
                }
            });
        }
    });
    let (records, torn) = read(&path);
    let numbers: HashSet<u64> = records.iter().map(number).collect();
    assert_eq!((records.len(), numbers.len(), torn), (100, 100, 0));
}

#[test]
fn a_torn_last_line_is_named_and_ended_and_nothing_is_glued_to_it() {
    let wh = Wh::new().args(["--json", "--scheme", "wpg", "--log", "log.jsonl"]);
    let listener = Listener::of(wh.file("log.jsonl", "{\"schema\":\"wh.delivery/1\"}\n{\"schema\":\"wh"));
    listener.complaint("the last line of log.jsonl was cut off after 13 bytes");
    assert_eq!(listener.send(&Message::wpg(body(7))).status, 200);
    let path = listener.folder().join("log.jsonl");
    let (records, torn) = read(&path);
    assert_eq!((records.len(), torn, number(&records[1])), (2, 1, 7));
}

#[cfg(unix)]
#[test]
fn a_place_that_is_full_is_507_with_nothing_half_written_and_room_again_is_200() {
    // What waits before its answer must not be told as accepted before.
    for delay in [&[][..], &["--delay", "1ms"]] {
        let arguments = ["--json", "--scheme", "wpg", "--log", "log.jsonl"];
        fill(Listener::behind("ulimit -f 16", &[&arguments, delay].concat()));
    }
}

#[cfg(unix)]
fn fill(mut listener: Listener) {
    let mut accepted = 0;
    let refused = loop {
        let reply = listener.send(&Message::wpg(body(accepted)));
        if reply.status != 200 {
            break reply;
        }
        accepted += 1;
        assert!(accepted < 200, "the limit is never reached");
    };
    assert_eq!((refused.status, refused.text().as_str()), (507, r#"{"error":"not-recorded"}"#));
    assert!(accepted > 2);
    listener.complaint("could not be recorded, and was answered 507: file too large");
    let path = listener.folder().join("log.jsonl");
    let (records, torn) = read(&path);
    assert_eq!((records.len(), torn), (accepted, 0));
    assert!(fs::read(&path).expect("the log").ends_with(b"\n"));
    for _ in 0..accepted {
        assert_eq!(listener.json("received")["response"]["status"], json!(200));
    }
    assert_eq!(listener.json("received")["response"]["status"], json!(507));
    fs::write(&path, "").expect("a log without a record");
    assert_eq!(listener.send(&Message::wpg(body(0))).status, 200);
    let ended = listener.stop();
    assert_eq!(ended.json("summary")["accepted"], json!(accepted + 1));
}

#[test]
fn a_log_that_cannot_be_is_refused_before_the_port_is_looked_at() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let inside = |name: &str| folder.path().join(name).display().to_string();
    fs::write(inside("file"), "").expect("a file");
    let mut cases = vec![(folder.path().display().to_string(), "it is a directory"), (inside("file/log.jsonl"), "")];
    if cfg!(unix) {
        let fifo = inside("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()));
        cases.extend([(fifo, "it is not a plain file"), ("/proc/no-such-place.jsonl".to_owned(), "")]);
    }
    for (log, reason) in cases {
        let output = Wh::new().args(["listen", "--json", "--port", &port, "--log", &log]).run();
        let error = output.exit(3).json("error");
        assert_eq!(error["code"], json!("log"), "{log}");
        assert!(error["message"].as_str().is_some_and(|message| message.ends_with(reason)), "{error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("--no-log")), "{error}");
    }
}

#[test]
fn headers_that_are_the_secret_are_redacted_unless_they_are_asked_for() {
    let token = "unibo_test_api_key_for_wh";
    let message =
        Message::new(r#"{"event_type":"PLAYER_OPTED_IN"}"#).header("Authorization", format!("Bearer {token}"));
    for (arguments, kept) in [(&["--scheme", "unibo"][..], false), (&["--scheme", "unibo", "--record-secrets"], true)] {
        let mut listener = Listener::start(arguments);
        assert_eq!(listener.send(&message).status, 200);
        let shown = listener.json("received").to_string();
        let recorded = listener.log()[0].to_string();
        for text in [shown, recorded] {
            assert_eq!((text.contains(token), text.contains("(redacted)")), (kept, !kept), "{text}");
        }
        let mut listener = Listener::human(&[arguments, &["-v"]].concat());
        assert_eq!(listener.send(&message).status, 200);
        assert_eq!(listener.line("Authorization: ").contains(token), kept);
    }
}

#[test]
fn no_log_is_none() {
    let listener = Listener::of(Wh::new().args(["--json", "--no-log", "--scheme", "wpg"]));
    assert_eq!(listener.send(&Message::wpg(body(1))).status, 200);
    assert_eq!(fs::read_dir(listener.folder()).expect("a folder").count(), 0);
    assert_eq!(listener.stop().json("ready")["log"], json!(null));
}

#[cfg(unix)]
#[test]
fn what_was_answered_is_in_the_log_however_suddenly_its_listener_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let log = path.to_str().expect("a path");
    let answered = Mutex::new(HashSet::new());
    for round in 0..5 {
        let listener = Listener::of(Wh::new().args(["--json", "--scheme", "wpg", "--log", log]));
        let address = listener.address();
        thread::scope(|scope| {
            for client in 0..4 {
                let answered = &answered;
                scope.spawn(move || {
                    for turn in 0..1000 {
                        let number = (round * 4 + client) * 1000 + turn;
                        let message = Message::wpg(body(number)).bytes();
                        // Nobody answers any more once it is killed.
                        let Some(reply) = try_exchange(address, &message) else { return };
                        if reply.status == 200 {
                            answered.lock().expect("no panic").insert(number as u64);
                        }
                    }
                });
            }
            let enough = answered.lock().expect("no panic").len() + 40;
            while answered.lock().expect("no panic").len() < enough {
                thread::yield_now();
            }
            listener.signal("KILL");
        });
    }
    let (records, torn) = read(&path);
    let recorded: HashSet<u64> = records.iter().map(number).collect();
    let answered = answered.into_inner().expect("no panic");
    let lost: Vec<&u64> = answered.difference(&recorded).collect();
    assert!(
        answered.len() >= 200 && lost.is_empty() && torn <= 5,
        "{} answered, lost {lost:?}, {torn} torn",
        answered.len()
    );
}
