//! `wh send --retry`: each provider's patience, as a receiver that is not well sees it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ACME, Answer, Endpoint, Wh, signature_of_wpg};

/// `wh send --retry --speed max --json` with arguments.
fn retry<const N: usize>(endpoint: &Endpoint, arguments: [&str; N]) -> Wh {
    Wh::new().args(["send", "--retry", "--speed", "max", "--json", "--to", &endpoint.port()]).args(arguments)
}

fn statuses(statuses: &[u16]) -> Vec<Answer> {
    statuses.iter().map(|status| Answer::status(*status)).collect()
}

/// The values of a key in some objects.
fn all(objects: &[Value], key: &str) -> Vec<Value> {
    objects.iter().map(|object| object[key].clone()).collect()
}

#[test]
fn comps_tries_six_times_in_31_minutes_and_then_never_again() {
    let endpoint = Endpoint::new().answering(statuses(&[503]));
    let output = retry(&endpoint, ["order.completed"]).run();
    let attempts = output.exit(1).json_all("attempt");
    assert_eq!(all(&attempts, "attempt"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(all(&attempts, "status"), [503; 6]);
    let minutes = [1, 2, 4, 8, 16].map(|minutes| json!(minutes * 60_000));
    assert_eq!(all(&attempts, "next_in_ms"), [minutes.as_slice(), &[Value::Null]].concat());
    assert!(attempts[..5].iter().all(|attempt| attempt["final"].is_null() && attempt["next_at"].is_string()));
    assert_eq!((&attempts[5]["final"], &attempts[5]["next_at"]), (&json!("permanently-failed"), &Value::Null));
    assert_eq!(attempts[5]["waited_ms"], json!(31 * 60_000));
    assert_eq!(endpoint.arrivals().len(), 6);
}

#[test]
fn each_attempt_has_the_same_id_and_body_and_a_fresh_signature() {
    let endpoint = Endpoint::new().answering(statuses(&[500]));
    // The wait of five minutes is 1.2 seconds, so that the second of the first timestamp has passed.
    let speed = ["--speed", "250", "--timeout", "5s"];
    let wh = Wh::new().args(["send", "contact.created", "--retry", "--json", "--to", &endpoint.port()]).args(speed);
    let wh = wh.interrupt_after(endpoint.calls(3));
    let output = wh.run();
    output.exit(130);
    let attempts = output.json_all("attempt");
    let arrivals = endpoint.arrivals();
    assert!(arrivals.len() >= 3, "{arrivals:#?}");
    let (first, third) = (&arrivals[0], &arrivals[2]);
    assert_eq!(first.header("webhook-id"), third.header("webhook-id"));
    assert_eq!(first.body, third.body);
    assert_ne!(first.header("webhook-timestamp"), third.header("webhook-timestamp"));
    assert_ne!(first.header("webhook-signature"), third.header("webhook-signature"));
    assert!(all(&attempts, "id").iter().all(|id| *id == first.header("webhook-id")), "{attempts:#?}");
}

#[test]
fn a_receiver_that_recovers_gets_the_delivery_at_the_third_attempt() {
    let endpoint = Endpoint::new().answering(statuses(&[503, 503, 200]));
    let output = retry(&endpoint, ["order.completed"]).run();
    let attempts = output.exit(0).json_all("attempt");
    assert_eq!(all(&attempts, "status"), [503, 503, 200]);
    assert_eq!(all(&attempts, "final"), [Value::Null, Value::Null, json!("delivered")]);
    assert_eq!(attempts[2]["waited_ms"], json!(180_000));
}

#[test]
fn comps_does_not_retry_a_client_error_but_for_408_and_429() {
    for status in [400, 401, 404, 410, 422, 302] {
        let endpoint = Endpoint::new().answering(statuses(&[status]));
        let output = retry(&endpoint, ["order.completed"]).run();
        let attempts = output.exit(1).json_all("attempt");
        assert_eq!(all(&attempts, "final"), ["not-retried"], "{status}");
        assert_eq!(endpoint.arrivals().len(), 1, "{status}");
    }
    let endpoint = Endpoint::new().answering(statuses(&[404]));
    let output = Wh::new().args(["send", "order.completed", "--retry", "--to", &endpoint.port()]).run();
    output.exit(1).hint_contains("give --to").stdout_contains("not tried again; by the policy of comps this is final");
    let endpoint = Endpoint::new().answering(statuses(&[408, 429, 200]));
    let attempts = retry(&endpoint, ["order.completed"]).run().exit(0).json_all("attempt");
    assert_eq!(all(&attempts, "status"), [408, 429, 200]);
}

#[test]
fn a_hang_is_cut_at_the_timeout_and_tried_again() {
    let endpoint = Endpoint::new().answering([Answer::never(), Answer::status(200)]);
    let output = retry(&endpoint, ["order.completed", "--timeout", "300ms"]).run();
    let attempts = output.exit(0).within(Duration::from_secs(10)).json_all("attempt");
    assert_eq!(all(&attempts, "status"), [Value::Null, json!(200)]);
    assert_eq!(attempts[0]["code"], json!("timeout"));
    assert_eq!(attempts[0]["next_in_ms"], json!(60_000));
}

#[test]
fn nobody_listening_is_tried_again_to_the_end_and_is_the_environments_fault() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port().to_string();
    drop(listener);
    let wh = Wh::new().args(["send", "order.completed", "--retry", "--speed", "max", "--json", "--to"]);
    let attempts = wh.arg(&port).run().exit(3).json_all("attempt");
    assert_eq!(all(&attempts, "code"), ["connection-refused"; 6]);
    assert_eq!(attempts[5]["final"], json!("permanently-failed"));
}

#[test]
fn wpg_disables_after_ten_failures_in_a_row_and_sends_no_eleventh() {
    let endpoint = Endpoint::new().answering(statuses(&[500]));
    let output = retry(&endpoint, ["slot.submitted", "-n", "12", "-v"]).run();
    let attempts = output.exit(1).json_all("attempt");
    output.stderr_contains("wpg does not document when it tries again");
    assert_eq!(attempts.len(), 11);
    assert_eq!(all(&attempts[..9], "final"), ["not-retried"; 9]);
    assert_eq!((&attempts[9]["final"], &attempts[9]["status"]), (&json!("disabled"), &json!(500)));
    assert_eq!((&attempts[10]["final"], &attempts[10]["attempt"]), (&json!("disabled"), &Value::Null));
    let reason = attempts[10]["error"].as_str().expect("a reason");
    assert!(reason.contains("disabled after 10 failures in a row"), "{reason}");
    assert_eq!(endpoint.arrivals().len(), 10);
    let summary = output.json("summary");
    assert_eq!((&summary["refused"], &summary["unsent"]), (&json!(10), &json!(2)));
}

#[test]
fn a_success_between_failures_keeps_an_endpoint_enabled() {
    let mut answers = [500; 19];
    answers[9] = 200;
    let endpoint = Endpoint::new().answering(statuses(&answers));
    retry(&endpoint, ["slot.submitted", "-n", "19"]).run().exit(1).stderr_contains("does not document");
    let arrivals = endpoint.arrivals();
    assert_eq!(arrivals.len(), 19);
    let secret = "whsec_wpg_test_secret_for_wh";
    for arrival in &arrivals {
        assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(arrival, secret));
    }
}

#[test]
fn unibo_is_sent_once_and_says_so() {
    let endpoint = Endpoint::new().answering(statuses(&[503]));
    let output = retry(&endpoint, ["PLAYER_OPTED_IN"]).run();
    output.exit(1).stderr_contains("unibo never sends a failed delivery again");
    assert_eq!(all(&output.json_all("attempt"), "final"), ["not-retried"]);
    assert_eq!(endpoint.arrivals().len(), 1);
}

#[test]
fn the_speed_makes_waits_shorter_and_a_person_is_told_of_them() {
    let endpoint = Endpoint::new().answering(statuses(&[503, 503, 200]));
    let wh = Wh::new().args(["send", "order.completed", "--retry", "--speed", "600", "--to", &endpoint.port()]);
    let output = wh.run();
    let shown = output.exit(0).within(Duration::from_secs(15));
    shown.stdout_contains("attempt 1 of 6; the next one in 1 min, which is 100 ms here");
    shown.stdout_contains("attempt 3 of 6: delivered after 3 min of waiting");
}

#[test]
fn retry_after_is_heeded_where_the_providers_data_says_so() {
    let again = || [Answer::status(503).header("Retry-After", "7200"), Answer::status(200)];
    for (event, wait) in [("contact.created", 7_200_000), ("order.completed", 60_000)] {
        let endpoint = Endpoint::new().answering(again());
        let attempts = retry(&endpoint, [event]).run().exit(0).json_all("attempt");
        assert_eq!(attempts[0]["next_in_ms"], json!(wait), "{event}");
    }
}

#[test]
fn several_deliveries_wait_side_by_side_and_not_one_for_the_other() {
    let endpoint = Endpoint::new().answering(statuses(&[503, 503, 200]));
    let attempts = retry(&endpoint, ["order.completed", "order.refunded"]).run().exit(0).json_all("attempt");
    let shown: Vec<_> = attempts.iter().map(|attempt| (attempt["event"].clone(), attempt["attempt"].clone())).collect();
    let due = [("order.completed", 1), ("order.refunded", 1), ("order.completed", 2), ("order.refunded", 2)];
    assert_eq!(shown, due.map(|(event, number)| (json!(event), json!(number))));
}

#[test]
fn a_speed_is_of_no_use_without_waits() {
    let endpoint = Endpoint::new().uncalled();
    let wh = Wh::new().args(["send", "order.completed", "--speed", "60", "--to", &endpoint.port()]);
    wh.run().exit(2).hint_contains("--retry");
    for speed in ["0", "-60", "fast", "inf"] {
        let wh = Wh::new().args(["send", "order.completed", "--retry", "--to", &endpoint.port()]);
        wh.arg(format!("--speed={speed}")).run().exit(2).hint_contains("--speed 60");
    }
}

#[test]
fn a_users_provider_is_followed_by_its_own_data_and_dates_its_own_headers_anew() {
    let policy = "[delivery]\nattempts = 2\nbackoff = [\"1s\"]\njitter = \"50%\"\n";
    let headers = "[request.headers]\n\"X-Sent-At\" = \"{timestamp}\"\n";
    let endpoint = Endpoint::new().answering(statuses(&[503]));
    let wh = Wh::new().file("providers/acme/provider.toml", format!("{ACME}{headers}{policy}"));
    let wh = wh.file("providers/acme/events/rocket.json", r#"{"type":"rocket"}"#);
    let flags = ["send", "acme/rocket", "--catalogue", "providers", "--retry", "--json", "--to", &endpoint.port()];
    let attempts = wh.args(flags).run().exit(1).json_all("attempt");
    let wait = attempts[0]["next_in_ms"].as_u64().expect("a second attempt");
    assert!((1000..=1500).contains(&wait), "{wait}");
    assert_eq!(attempts[1]["final"], json!("permanently-failed"));
    let sent: Vec<u64> = endpoint
        .arrivals()
        .iter()
        .map(|arrival| {
            let sent = arrival.header("X-Sent-At");
            assert!(arrival.header("Acme-Signature").starts_with(&format!("t={sent},")), "{arrival:?}");
            sent.parse().expect("a second")
        })
        .collect();
    assert!(sent[1] > sent[0], "{sent:?}");
}

#[test]
fn the_providers_own_timeout_is_what_is_waited_where_no_other_is_given() {
    let endpoint = Endpoint::new().answering([Answer::never()]);
    let wh = Wh::new().file("providers/acme/provider.toml", format!("{ACME}[delivery]\ntimeout = \"300ms\"\n"));
    let wh = wh.file("providers/acme/events/rocket.json", r#"{"type":"rocket"}"#);
    let wh = wh.args(["send", "acme/rocket", "--catalogue", "providers", "--json", "--to", &endpoint.port()]);
    let attempt = wh.run().exit(3).within(Duration::from_secs(10)).json("attempt");
    assert_eq!(attempt["code"], json!("timeout"));
    assert!(attempt["duration_ms"].as_f64().is_some_and(|took| (300.0..5000.0).contains(&took)), "{attempt}");
}

#[test]
fn an_answer_that_the_provider_counts_as_received_needs_no_advice() {
    let endpoint = Endpoint::new().answering(statuses(&[401]));
    let wh = Wh::new().file("providers/acme/provider.toml", format!("{ACME}[delivery]\nsuccess = [\"401\"]\n"));
    let wh = wh.file("providers/acme/events/rocket.json", r#"{"type":"rocket"}"#);
    let wh = wh.args(["send", "acme/rocket", "--catalogue", "providers", "--retry", "--to", &endpoint.port()]);
    let output = wh.run();
    output.exit(0).stdout_contains("401").stderr_contains("does not document");
    assert!(!String::from_utf8_lossy(output.stdout()).contains("hint:"));
}
