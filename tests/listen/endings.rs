//! How a listener ends: Ctrl-C, SIGTERM, a reader that is gone, a time that is over, a command.
#![cfg(unix)]

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, Endpoint, Listener, Message, Wh, connect, exchange};

const BODY: &str = r#"{"event":"slot.submitted"}"#;

/// A listener whose app takes its time, and a delivery that the app has got and not answered yet.
fn in_flight(endpoint: &Endpoint) -> (Listener, thread::JoinHandle<u16>) {
    let listener = Listener::start(&["--scheme", "wpg", "--forward-to", &endpoint.port()]);
    let (address, message) = (listener.address(), Message::wpg(BODY).bytes());
    let client = thread::spawn(move || exchange(address, &message).status);
    endpoint.calls(1)();
    (listener, client)
}

#[test]
fn what_is_in_flight_is_finished_and_then_what_came_is_told() {
    for signal in ["INT", "TERM"] {
        let endpoint = Endpoint::new().answering([Answer::status(202).after(Duration::from_millis(300))]);
        let (listener, client) = in_flight(&endpoint);
        listener.signal(signal);
        let ended = listener.end();
        assert_eq!(client.join().expect("a client"), 202, "{signal}");
        assert_eq!((ended.exit, &ended.json("summary")["forwarded"]), (Some(130), &json!(1)));
    }
}

#[test]
fn what_is_in_flight_on_any_thread_is_finished_even_if_it_takes_long() {
    // Which thread has the delivery is left to chance, so that it is tried several times.
    let threads: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(|| {
                // Longer than those have who are still sending.
                let endpoint = Endpoint::new().answering([Answer::status(202).after(Duration::from_millis(1500))]);
                let (listener, client) = in_flight(&endpoint);
                let log = listener.folder().join("log.jsonl");
                listener.signal("INT");
                let status = client.join().expect("a client");
                let records = std::fs::read_to_string(log).expect("the log").lines().count();
                (status, records, listener.end().json("summary")["forwarded"].clone())
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("a listener"), (202, 1, json!(1)));
    }
}

/// A client whose delivery is on its way to a listener, or there.
fn waiting(listener: &Listener) -> std::net::TcpStream {
    use std::io::{Read as _, Write as _};
    let message = Message::wpg(BODY).header("Expect", "100-continue").bytes();
    let (head, body) = message.split_at(message.len() - BODY.len());
    let mut client = connect(listener.address());
    client.write_all(head).expect("a listener");
    // Which says that the request is being read.
    let mut go_on = [0; 25];
    client.read_exact(&mut go_on).expect("an interim answer");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(body).expect("a listener");
    client
}

#[test]
fn a_sender_that_does_not_wait_for_a_delayed_answer_is_not_told_as_answered() {
    let mut listener = Listener::start(&["--scheme", "wpg", "--delay", "60s"]);
    let client = waiting(&listener);
    // It gives up; who ends its side at once may still read.
    thread::sleep(Duration::from_millis(1500));
    drop(client);
    listener.complaint("was not answered: its sender left after ");
    let received = listener.json("received");
    assert_eq!((&received["response"], &received["verification"]["valid"]), (&json!(null), &json!(true)));
    assert_eq!(listener.log()[0]["response"], json!(null));
    assert_eq!(listener.stop().json("summary")["accepted"], json!(0));
    let listener = Listener::start(&["--scheme", "wpg", "--delay", "800ms"]);
    let reply = crate::support::exchange_half_closed(listener.address(), &Message::wpg(BODY).bytes());
    assert_eq!((reply.status, &listener.log()[0]["response"]["status"]), (200, &json!(200)));
}

#[test]
fn a_delay_does_not_hold_a_listener_that_is_to_end() {
    let listener = Listener::start(&["--scheme", "wpg", "--delay", "60s"]);
    let log = listener.folder().join("log.jsonl");
    let client = waiting(&listener);
    listener.signal("INT");
    assert_eq!(crate::support::hear(client).status, 200);
    let record: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(log).expect("the log")).expect("one record");
    let ended = listener.end();
    assert_eq!((ended.exit, &ended.json("summary")["accepted"]), (Some(130), &json!(1)));
    // What is told is what came to pass.
    assert!(record["response"]["duration_ms"].as_f64().is_some_and(|took| took < 20_000.0), "{record}");
    assert_eq!(ended.json("received")["response"], record["response"]);
}

#[test]
fn a_second_ctrl_c_leaves_at_once() {
    let endpoint = Endpoint::new().answering([Answer::never()]);
    let (listener, client) = in_flight(&endpoint);
    listener.signal("INT");
    listener.signal("INT");
    // Two signals at once may be one to the system.
    thread::sleep(Duration::from_millis(100));
    listener.signal("INT");
    assert_eq!(listener.end().exit, Some(130));
    assert_eq!(client.join().expect("a client"), 0);
}

#[test]
fn clients_that_are_still_sending_do_not_keep_a_listener() {
    use std::io::Write as _;
    let listener = Listener::start(&["--scheme", "wpg"]);
    let mut head = connect(listener.address());
    head.write_all(b"POST / HT").expect("a listener");
    let mut body = connect(listener.address());
    body.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab").expect("a listener");
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 200);
    let begun = std::time::Instant::now();
    let ended = listener.stop();
    assert_eq!((ended.exit, ended.stderr.len()), (Some(130), 1), "{:?}", ended.stderr);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn a_reader_who_has_gone_is_a_quiet_end() {
    // The reader takes the head of what is shown, and the first delivery finds nobody.
    let script = "{ $WH listen --port 0 --json --no-log --scheme wpg -- sh -c '
        sleep 0.5; $WH send slot.submitted --to $WH_URL -q; exec sleep 20'; echo exit $? >&2; } | head -n 1";
    let output = Wh::other("sh").args(["-c", script]).env("WH", env!("CARGO_BIN_EXE_wh")).run();
    assert!(output.exit(0).stdout_text().starts_with(r#"{"type":"ready""#));
    output.stderr_contains("exit 0").within(Duration::from_secs(15));
    assert!(!output.stderr_text().contains("panic"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_who_has_gone_is_noticed_without_a_delivery() {
    let script = "{ $WH listen --port 0 --no-log; echo exit $? >&2; } | head -n 1";
    let output = Wh::other("sh").args(["-c", script]).env("WH", env!("CARGO_BIN_EXE_wh")).run();
    output.exit(0).stdout_contains("Listening on").stderr_contains("exit 0");
}

#[test]
fn a_command_that_hangs_until_the_time_is_over_is_no_success() {
    let script = "$WH send slot.submitted --to $WH_URL -q; exec sleep 20";
    let wh =
        Wh::new().args(["listen", "--port", "0", "--no-log", "--json", "--timeout", "3s", "--", "sh", "-c", script]);
    let output = wh.env("WH", env!("CARGO_BIN_EXE_wh")).run();
    let message = json!("the command had not ended when the time was up");
    assert_eq!(output.exit(1).stderr_any().json("error")["message"], message);
}

#[test]
fn a_time_that_is_over_without_a_delivery_concludes_nothing() {
    let output = Wh::new().args(["listen", "--port", "0", "--no-log", "--json", "--timeout", "100ms"]).run();
    assert_eq!(output.exit(4).json("error")["code"], json!("nothing"));
    let output = Wh::new().args(["listen", "--port", "0", "--no-log", "--json", "--timeout", "100ms", "-n", "2"]).run();
    assert_eq!(output.exit(1).json("error")["message"], json!("0 of 2 deliveries arrived"));
    let output = Wh::new().args(["listen", "--port", "0", "--no-log", "--json", "--timeout", "100ms", "-n", "1"]).run();
    assert_eq!(output.exit(1).json("error")["message"], json!("0 of 1 delivery arrived"));
}

#[test]
fn a_time_that_is_over_is_0_when_all_was_genuine_and_1_when_something_was_not() {
    for (message, due) in [(Message::wpg(BODY), 0), (Message::new(BODY), 1)] {
        let listener = Listener::start(&["--scheme", "wpg", "--timeout", "2s"]);
        listener.send(&message);
        assert_eq!(listener.end().exit, Some(due));
    }
    // Of no scheme that is known, nothing was verified.
    let listener = Listener::start(&["--timeout", "2s"]);
    listener.send(&Message::new(BODY));
    assert_eq!(listener.end().exit, Some(4));
}

#[test]
fn a_commands_exit_code_is_passed_on_as_a_shell_has_it() {
    let listen =
        |command: &[&str]| Wh::new().args(["listen", "--port", "0", "--no-log", "--json", "--"]).args(command).run();
    listen(&["/bin/sh", "-c", "exit 7"]).exit(7).stdout_contains("summary");
    listen(&["/bin/sh", "-c", "kill -TERM $$"]).exit(143).stdout_contains("summary");
    let error = listen(&["./no-such-program"]).exit(2).json("error");
    assert_eq!(error["message"], json!("`./no-such-program` cannot be started: no such file or directory"));
    // One that succeeds, and sends nothing, shows nothing.
    assert_eq!(listen(&["/bin/sh", "-c", "exit 0"]).exit(4).json("error")["code"], json!("nothing"));
}

#[test]
fn a_command_is_told_where_and_with_which_secret_and_its_words_stay_out_of_the_json() {
    let output = Wh::new()
        .args(["listen", "--port", "0", "--no-log", "--json", "--scheme", "wpg", "--secret", "s3", "--timeout", "9s"])
        .args(["--", "/bin/sh", "-c", "echo url=$WH_URL secret=$WH_SECRET; exit 3"])
        .run();
    let url = output.exit(3).json("ready")["url"].as_str().expect("a URL").to_owned();
    output.stderr_contains(&format!("url={url} secret=s3"));
}

#[test]
fn a_command_without_a_scheme_is_told_the_secret_of_each_provider() {
    let listen = |secret: &[&str]| {
        let told = "echo wpg=$WPG_WEBHOOK_SECRET whop=$WHOP_WEBHOOK_SECRET all=$WH_SECRET.; exit 3";
        let listen = Wh::new().args(["listen", "--port", "0", "--no-log", "--json", "--timeout", "9s"]).args(secret);
        listen.args(["--", "/bin/sh", "-c", told]).run()
    };
    let output = listen(&[]);
    output
        .exit(3)
        .stdout_contains("summary")
        .stderr_contains("wpg=whsec_wpg_test_secret_for_wh whop=")
        .stderr_contains(" all=.");
    listen(&["--secret", "s3"]).exit(3).stdout_contains("summary").stderr_contains("wpg=s3 whop=s3 all=s3.");
    // And so it is said.
    let help = Wh::new().args(["listen", "--help"]).run();
    let help: Vec<&str> = help.exit(0).stdout_text().split_whitespace().collect();
    assert!(help.join(" ").contains("provider's secret set, and WH_SECRET where all have one"), "{help:?}");
}

#[test]
fn a_command_ends_with_its_listener() {
    let begun = std::time::Instant::now();
    let listener = Listener::of(Wh::new().args(["--json", "--no-log", "--", "sleep", "60"]));
    assert_eq!(listener.stop().exit, Some(130));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}
