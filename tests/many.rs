//! `wh send -n … -c … --rate …`: many deliveries, each its own, and what is said of all of them.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use wh::commands::delivering::{Deliverer, Job, Plan, Route, Shown, Source, Speed};
use wh::commands::targeting::Connecting;
use wh::edge::runtime;
use wh::edge::target::Target;
use wh::error::Error;
use wh::report::{Outcome, Problem, Progress, Reporter};
use wh::webhook::catalogue::Catalogue;
use wh::webhook::delivery::Delivery;

use crate::support::{Answer, Arrival, Endpoint, Wh, signature_of_wpg};

/// `wh send` to a receiver, with arguments.
fn send<const N: usize>(to: &str, arguments: [&str; N]) -> Wh {
    Wh::new().args(["send", "--to", to]).args(arguments)
}

#[test]
fn each_of_many_has_an_id_a_body_and_a_signature_of_its_own() {
    let endpoint = Endpoint::new();
    let output = send(&endpoint.port(), ["slot.submitted", "contact.created", "-n", "101", "-c", "8"]).run();
    output.exit(0).stdout_contains("101 of 101 accepted");
    let arrivals = endpoint.arrivals();
    let of_wpg: Vec<_> = arrivals.iter().filter(|arrival| !arrival.values("X-WPG-Signature").is_empty()).collect();
    // Two events take turns, and the first one has the odd delivery.
    assert_eq!((of_wpg.len(), arrivals.len()), (51, 101));
    for arrival in of_wpg {
        let secret = "whsec_wpg_test_secret_for_wh";
        assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(arrival, secret));
    }
    let ids: BTreeSet<&str> = arrivals.iter().flat_map(|arrival| arrival.values("webhook-id")).collect();
    let bodies: BTreeSet<&[u8]> = arrivals.iter().map(|arrival| arrival.body.as_slice()).collect();
    assert_eq!((ids.len(), bodies.len()), (50, 101));
}

#[test]
fn what_is_kept_open_sends_what_a_connection_of_its_own_sends() {
    let endpoint = Endpoint::new();
    send(&endpoint.port(), ["contact.created", "-q"]).run().exit(0).silent();
    send(&endpoint.port(), ["contact.created", "-q", "-n", "2"]).run().exit(0).silent();
    let names = |arrival: &Arrival| arrival.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let arrivals = endpoint.arrivals();
    assert_eq!(names(&arrivals[0]), names(&arrivals[1]));
    assert_eq!(names(&arrivals[1]), names(&arrivals[2]));
    for name in ["Host", "Accept", "User-Agent", "Content-Type", "Content-Length"] {
        assert!(names(&arrivals[0]).iter().any(|known| known == name), "no {name}: {arrivals:#?}");
    }
}

#[test]
fn many_are_summed_up_in_one_object_and_not_told_one_by_one() {
    let endpoint = Endpoint::new().answering([Answer::status(503), Answer::status(401), Answer::status(200)]);
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "20", "--json"]).run();
    let lines = output.exit(1).json_lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let summary = &lines[0];
    assert_eq!(summary["type"], json!("summary"));
    assert_eq!((&summary["sent"], &summary["accepted"], &summary["refused"]), (&json!(20), &json!(18), &json!(2)));
    assert_eq!(summary["statuses"], json!({ "200": 18, "401": 1, "503": 1 }));
    let latency = |key: &str| summary["latency_ms"][key].as_f64().expect("a number");
    assert!(latency("p50") > 0.0 && latency("p50") <= latency("p90"), "{summary}");
    assert!(latency("p90") <= latency("p99") && latency("p99") <= latency("max"), "{summary}");
    let bars = summary["histogram"].as_array().expect("a list");
    assert_eq!(bars.iter().filter_map(|bar| bar["count"].as_u64()).sum::<u64>(), 20);
}

#[test]
fn with_verbose_each_of_many_is_told() {
    let endpoint = Endpoint::new();
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "5", "--json", "-v"]).run();
    output.exit(0);
    assert_eq!(output.json_all("attempt").len(), 5);
    assert_eq!(output.json("summary")["sent"], json!(5));
}

#[test]
fn a_person_gets_one_example_of_each_failure_and_the_summary() {
    let answers = [Answer::status(503), Answer::status(503), Answer::status(404), Answer::status(200)];
    let endpoint = Endpoint::new().answering(answers);
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "10"]).run();
    output.exit(1).stderr_contains("hint: ");
    let text = output.stdout_text();
    assert_eq!(text.matches("<-- 503").count(), 1, "{text}");
    assert_eq!(text.matches("<-- 404").count(), 1, "{text}");
    assert_eq!(text.matches("<-- 200").count(), 0, "{text}");
    for part in ["7 of 10 accepted, 3 refused", "200 × 7, 404 × 1, 503 × 2", "p50 ", "p99 ", "10 attempts in "] {
        assert!(text.contains(part), "no `{part}`: {text}");
    }
}

#[test]
fn no_more_than_so_many_are_on_their_way_at_a_time() {
    let slow = Answer::status(200).after(Duration::from_millis(100));
    let endpoint = Endpoint::new().answering([slow]);
    let wh = send(&endpoint.port(), ["slot.submitted", "-n", "8", "-c", "4", "--json"]);
    let summary = wh.run().exit(0).json("summary");
    // Two rounds of four; were there no limit, one would do.
    assert!(summary["duration_ms"].as_u64().expect("a number") >= 200, "{summary}");
}

#[test]
fn a_rate_is_held_whatever_the_answers_take() {
    let slow = Answer::status(200).after(Duration::from_millis(60));
    let endpoint = Endpoint::new().answering([slow]);
    let wh = send(&endpoint.port(), ["slot.submitted", "-n", "11", "--rate", "50/s", "--json"]);
    let summary = wh.run().exit(0).json("summary");
    let took = summary["duration_ms"].as_u64().expect("a number");
    // Ten intervals of 20 ms and one answer; one after the other would be 660 ms.
    assert!((260..640).contains(&took), "{summary}");
}

#[test]
fn with_verbose_each_is_told_and_the_figures_are_not_missing() {
    let endpoint = Endpoint::new();
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "3", "-v"]).run();
    output
        .exit(0)
        .stdout_contains("3 of 3 accepted")
        .stdout_contains("3 attempts in")
        .stdout_contains("p50")
        .stderr_any();
}

#[test]
fn many_reach_the_receiver_inside() {
    let output = Wh::new().args(["send", "slot.submitted", "-n", "50", "-c", "4", "--json"]).run();
    assert_eq!(output.exit(0).json("summary")["accepted"], json!(50));
}

/// A receiver that answers the first request of a connection and then closes it without a word: before it has read
/// another one, or behind that. Says how many requests it has read.
fn closing_without_a_word(reads_another: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port().to_string();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            if !reads_a_request(&mut stream) {
                return;
            }
            counted.fetch_add(1, Ordering::SeqCst);
            // Who has gone away by now is missed by its own test.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            if reads_another && reads_a_request(&mut stream) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (port, requests)
}

/// Reads a request whole, and says whether there was one.
fn reads_a_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while Arrival::read(&request)
        .is_none_or(|arrival| arrival.body.len().to_string() != arrival.header("Content-Length"))
    {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return false,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
    }
    true
}

#[test]
fn a_connection_that_was_closed_is_replaced_and_nothing_is_lost_or_sent_twice() {
    let (port, requests) = closing_without_a_word(false);
    let summary = send(&port, ["slot.submitted", "-n", "50", "--json"]).run().exit(0).json("summary");
    assert_eq!((&summary["accepted"], &summary["failed"]), (&json!(50), &json!(0)));
    assert_eq!(requests.load(Ordering::SeqCst), 50);
}

#[test]
fn a_delivery_that_was_read_and_not_answered_has_failed_and_is_not_sent_twice() {
    let (port, requests) = closing_without_a_word(true);
    let summary = send(&port, ["slot.submitted", "-n", "10", "--json"]).run().exit(3).json("summary");
    assert_eq!((&summary["accepted"], &summary["errors"]), (&json!(5), &json!({ "connection-failed": 5 })));
    assert_eq!(requests.load(Ordering::SeqCst), 10);
}

#[test]
fn each_delivery_on_a_kept_connection_has_the_whole_time_for_its_answer() {
    let slow = || Answer::status(200).after(Duration::from_millis(400));
    let endpoint = Endpoint::new().answering([slow(), slow(), slow(), Answer::never()]);
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "4", "--timeout", "1s", "-v", "--json"]).run();
    let attempts = output.exit(3).json_all("attempt");
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(200), Some(200), Some(200), None]);
    assert!(attempts[3]["duration_ms"].as_f64().is_some_and(|duration| duration >= 1000.0), "{}", attempts[3]);
}

#[test]
fn a_receiver_that_dies_midway_is_reported_and_the_rest_is_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port().to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        drop(listener);
        let mut chunk = [0; 16 * 1024];
        for _ in 0..3 {
            let read = stream.read(&mut chunk).unwrap_or_default();
            assert!(read > 0, "a delivery is due");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an open connection");
        }
    });
    let summary = send(&port, ["slot.submitted", "-n", "6", "--json"]).run().exit(3).json("summary");
    assert_eq!((&summary["accepted"], &summary["failed"]), (&json!(3), &json!(3)));
    assert_eq!((&summary["sent"], &summary["unsent"]), (&json!(6), &json!(0)));
}

#[test]
fn nobody_listening_ends_many_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port().to_string();
    drop(listener);
    let output = send(&port, ["slot.submitted", "-n", "100000", "-c", "8"]).run();
    output.exit(3).stderr_contains("nobody listens").hint_contains("start your receiver");
    output.stdout_contains("not sent");
}

#[test]
fn nobody_listening_is_said_once_however_many_find_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port().to_string();
    drop(listener);
    let output = send(&port, ["slot.submitted", "-n", "100", "-c", "16", "-v"]).run();
    output.exit(3).stderr_contains("nobody listens");
    let refusals = output.stdout_text().matches("<-- connection refused").count();
    assert!(refusals <= 1, "{}", output.stdout_text());
}

#[test]
fn a_rate_is_for_what_is_sent_again_too() {
    let endpoint = Endpoint::new().answering([Answer::status(503)]);
    let retry = ["order.completed", "-n", "2", "-c", "2", "--retry", "--speed", "max", "--rate", "50/s", "--json"];
    let summary = send(&endpoint.port(), retry).run().exit(1).json("summary");
    assert_eq!(summary["attempts"], json!(12));
    // Eleven intervals of 20 ms.
    assert!(summary["duration_ms"].as_u64().expect("a number") >= 220, "{summary}");
}

#[test]
fn equal_payloads_at_once_are_each_shown_as_they_arrived() {
    let arguments = ["send", "payment.succeeded", "--data", "{}", "-n", "12", "-c", "12", "-v", "--json"];
    let output = Wh::new().args(arguments).args(["--scheme", "whop"]).run();
    let received = output.exit(0).json_all("received");
    assert_eq!(received.len(), 12);
    let attempts = output.json_all("attempt");
    for (received, attempt) in received.iter().zip(&attempts) {
        assert_eq!((&received["id"], &received["verification"]["valid"]), (&attempt["id"], &json!(true)));
    }
    let marked = attempts.iter().any(|attempt| attempt["response"].to_string().contains("wh-reception"));
    assert!(!marked, "what tells one from the other is nobody else's matter");
}

#[test]
fn ctrl_c_tells_what_was_sent_what_is_on_its_way_and_what_was_not_sent() {
    let endpoint = Endpoint::new().answering([Answer::status(200), Answer::status(200), Answer::never()]);
    let wh = send(&endpoint.port(), ["slot.submitted", "-n", "1000", "-c", "4", "--timeout", "60s", "--json"]);
    let output = wh.interrupt_after(endpoint.calls(6)).run();
    let message = output.exit(130).json("error")["message"].clone();
    let summary = output.json("summary");
    assert_eq!((&summary["sent"], &summary["in_flight"]), (&json!(2), &json!(4)));
    assert_eq!(summary["unsent"], json!(994));
    assert_eq!(message, json!("stopped after 2 of 1000; 4 were on their way and may have arrived"));
}

#[test]
fn counts_rates_and_numbers_at_a_time_that_are_none_are_refused() {
    let endpoint = Endpoint::new().uncalled();
    for (flag, values) in [
        ("--count", ["0", "-1", "1.5", "100000001"]),
        ("--concurrency", ["0", "-1", "many", "1001"]),
        ("--rate", ["0", "-1/s", "5/fortnight", "1e9"]),
    ] {
        for value in values {
            let output = send(&endpoint.port(), ["slot.submitted"]).arg(format!("{flag}={value}")).run();
            output.exit(2).stderr_contains(flag).hint_contains("write ");
        }
    }
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "2", "--id", "msg_1"]).run();
    output.exit(2).hint_contains("leave --id out");
}

#[test]
fn a_dry_run_of_many_shows_as_many() {
    let endpoint = Endpoint::new().uncalled();
    let output = send(&endpoint.port(), ["slot.submitted", "-n", "3", "--dry-run", "--json"]).run();
    assert_eq!(output.exit(0).json_all("signed").len(), 3);
}

#[test]
fn with_expect_the_summary_says_what_was_expected() {
    let endpoint = Endpoint::new().answering([Answer::status(401), Answer::status(401), Answer::status(200)]);
    let expecting = |count| send(&endpoint.port(), ["slot.submitted", "--expect", "401", "-n", count]).run();
    expecting("2").exit(0).stdout_contains("2 of 2 answered 401").stderr_any();
    let output = expecting("3");
    output.exit(1).stdout_contains("0 of 3 answered 401, 3 answered otherwise").hint_contains("--expect 401 asks for");
}

/// Keeps what it is told of how far a run is.
#[derive(Default)]
struct Watcher(Vec<Progress>);

impl Reporter for Watcher {
    fn report(&mut self, outcome: &Outcome<'_>) -> io::Result<()> {
        if let Outcome::Progress(progress) = outcome {
            self.0.push(*progress);
        }
        Ok(())
    }

    fn error(&mut self, problem: &Problem) -> io::Result<()> {
        panic!("{problem:?}");
    }
}

/// So many deliveries of nothing in particular.
struct Few(usize, http::Uri);

impl Source for Few {
    fn next(&mut self, _: Timestamp) -> Result<Option<Job>, Error> {
        if self.0 == 0 {
            return Ok(None);
        }
        self.0 -= 1;
        let request = http::Request::post(self.1.clone()).body(bytes::Bytes::new()).expect("a request");
        Ok(Some(Job { route: 0, draft: Box::new(Delivery::of(request)), due: Duration::ZERO }))
    }

    fn sign(&mut self, _: &mut Delivery, _: usize, _: Timestamp) -> Result<(), Error> {
        Ok(())
    }
}

/// What someone who watches is told while so many deliveries go to an endpoint.
fn watched(endpoint: &Endpoint, all: usize, retry: bool) -> Vec<Progress> {
    let target: Target = endpoint.port().parse().expect("a target");
    let (mut source, mut reporter) = (Few(all, target.uri().clone()), Watcher::default());
    let provider = Catalogue::embedded().provider("comps").expect("a provider");
    let shown = if retry { Shown::Each } else { Shown::Examples };
    let plan = Plan {
        all,
        expect: None,
        fault: None,
        concurrency: 1,
        rate: None,
        retry,
        // A minute is half a second.
        speed: Speed::Times(120.0),
        shown,
        secrets: false,
        grace: Duration::ZERO,
        watched: true,
    };
    let run = runtime::block_on(async {
        let routes = vec![Route::to(target, Some(Arc::new(provider)), Connecting::default()).await?];
        let (clock, random) = (Timestamp::now, fastrand::Rng::with_seed(1));
        Deliverer { routes, plan, clock, random, reporter: &mut reporter, recorder: None }.run(&mut source).await
    });
    run.expect("a runtime").expect("a run");
    reporter.0
}

#[test]
fn who_watches_many_is_told_how_far_it_is() {
    let slow = |status| Answer::status(status).after(Duration::from_millis(60));
    let endpoint = Endpoint::new().answering([slow(500), slow(200)]);
    let told = watched(&endpoint, 10, false);
    assert!(told.len() >= 3, "{told:?}");
    assert!(told.iter().all(|progress| progress.counted && progress.all == 10 && progress.left.is_none()));
    let last = told.last().expect("a last one");
    assert!(last.bad == 1 && (2..=10).contains(&last.done) && last.elapsed >= Duration::from_millis(120), "{last:?}");
}

#[test]
fn who_watches_a_wait_is_told_which_attempt_comes_and_when() {
    let endpoint = Endpoint::new().answering([Answer::status(503), Answer::status(200)]);
    let told = watched(&endpoint, 1, true);
    let waits: Vec<Duration> = told.iter().filter_map(|progress| progress.left).collect();
    assert!(waits.len() >= 3 && waits.is_sorted_by(|one, other| one >= other), "{told:?}");
    assert!(waits[0] <= Duration::from_millis(500), "{told:?}");
    assert!(told.iter().filter(|progress| progress.left.is_some()).all(|progress| progress.attempt == Some(2)));
}
