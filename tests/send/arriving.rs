//! What reaches a receiver, by events, names and targets.

use serde_json::json;

use super::{WPG_TEST_SECRET, events, schemes, send, sorted};
use crate::support::{Endpoint, Wh, signature_of_gamepush, signature_of_wpg};

#[test]
fn what_arrives_is_signed_as_the_guide_of_we_playtest_games_says() {
    let endpoint = Endpoint::new();
    send(["--all", "--scheme", "wpg", "--to", &endpoint.port()]).run().exit(0);
    let arrivals = endpoint.arrivals();
    assert_eq!(arrivals.len(), 10);
    for arrival in arrivals {
        assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(&arrival, WPG_TEST_SECRET));
        assert_eq!(arrival.header("X-WPG-Signature-Version"), "v1");
        assert_eq!((arrival.method.as_str(), arrival.header("Content-Type")), ("POST", "application/json"));
        assert_eq!(arrival.header("Content-Length"), arrival.body.len().to_string());
    }
}

#[test]
fn what_arrives_is_signed_as_the_page_of_gamepush_says() {
    let endpoint = Endpoint::new();
    send(["SyncPlayer", "--to", &endpoint.port(), "--secret", "a key"]).run().exit(0);
    let arrival = endpoint.arrival();
    let (signature, expected) = signature_of_gamepush(&arrival, "a key");
    assert_eq!(signature, expected);
    assert_eq!(arrival.header("Content-Type"), "text/plain");
}

#[test]
fn what_arrives_carries_the_token_of_unibo() {
    let endpoint = Endpoint::new();
    send(["PLAYER_OPTED_IN", "--to", &endpoint.port(), "--secret", "a key"]).run().exit(0);
    let arrival = endpoint.arrival();
    assert_eq!(arrival.header("Authorization"), "Bearer a key");
    assert_eq!(arrival.header("User-Agent"), "Unibo-Webhooks/1.0");
}

#[test]
fn every_event_of_every_scheme_is_delivered_once_by_all() {
    for scheme in schemes() {
        let endpoint = Endpoint::new();
        let output = send(["--all", "--scheme", &scheme, "--to", &endpoint.port(), "--json"]).run();
        let attempts = output.exit(0).json_all("attempt");
        let listed = Wh::new().args(["events", "--scheme", &scheme, "--json"]).run().json_all("event");
        assert_eq!(sorted(events(&attempts)), sorted(events(&listed)), "{scheme}");
        assert_eq!(endpoint.arrivals().len(), listed.len(), "{scheme}");
        let summary = output.json("summary");
        assert_eq!((&summary["sent"], &summary["accepted"]), (&json!(listed.len()), &json!(listed.len())), "{scheme}");
    }
}

#[test]
fn every_event_of_every_scheme_is_accepted_by_the_receiver_inside() {
    for scheme in schemes() {
        let output = send(["--all", "--scheme", &scheme, "--json"]).run();
        let received = output.exit(0).json_all("received");
        assert!(received.len() >= 5, "{scheme}");
        for delivery in received {
            assert_eq!(delivery["verification"]["valid"], json!(true), "{delivery}");
            assert_eq!(delivery["response"]["status"], json!(200), "{delivery}");
        }
    }
}

#[test]
fn names_and_globs_mean_each_event_once_in_the_order_of_the_words() {
    let endpoint = Endpoint::new();
    let words = ["slot.submitted", "wpg/payout.*", "PRIZE_*@cash", "wpg/slot.submitted"];
    let output = send(["--to", &endpoint.port(), "--json"]).args(words).run();
    let delivered = events(&output.exit(0).json_all("attempt"));
    let cash = ["PRIZE_PAYOUT_CREATED@cash", "PRIZE_PAYOUT_FAILED@cash", "PRIZE_PAYOUT_SUCCEEDED@cash"];
    assert_eq!(delivered[0], "slot.submitted");
    assert_eq!(sorted(delivered[1..3].to_vec()), ["payout.completed", "payout.failed"]);
    assert_eq!(sorted(delivered[3..].to_vec()), cash);
    assert_eq!(endpoint.arrivals().len(), 6);
}

#[test]
fn events_of_several_providers_are_signed_each_as_its_own() {
    let endpoint = Endpoint::new();
    send(["slot.submitted", "order.completed", "push", "--to", &endpoint.port()]).run().exit(0);
    let arrivals = endpoint.arrivals();
    let signatures: Vec<Vec<&str>> = ["X-WPG-Signature", "X-Comps-Signature", "X-Hub-Signature-256"]
        .into_iter()
        .map(|name| arrivals.iter().flat_map(|arrival| arrival.values(name)).collect())
        .collect();
    assert!(signatures.iter().all(|values| values.len() == 1), "{arrivals:#?}");
}

#[test]
fn two_runs_have_different_ids_and_payloads() {
    let endpoint = Endpoint::new();
    let id = || send(["contact.created", "--to", &endpoint.port(), "--json"]).run().json("attempt")["id"].clone();
    assert_ne!(id(), id());
    let arrivals = endpoint.arrivals();
    assert_ne!(arrivals[0].header("webhook-id"), arrivals[1].header("webhook-id"));
    assert_ne!(arrivals[0].body, arrivals[1].body);
}

#[test]
fn a_target_may_be_a_port_a_path_a_host_or_a_url() {
    let endpoint = Endpoint::new();
    let port = endpoint.port();
    let targets = [
        (port.clone(), "/"),
        (format!(":{port}"), "/"),
        (format!(":{port}/a/b"), "/a/b"),
        (format!("{port}/a?x=1&y=%20"), "/a?x=1&y=%20"),
        (format!("localhost:{port}/hook"), "/hook"),
        (format!("127.0.0.1:{port}"), "/"),
        (format!("http://localhost:{port}/hook?x=1#part"), "/hook?x=1"),
    ];
    for (to, _) in &targets {
        send(["slot.submitted", "-q", "--to", to]).run().exit(0).silent();
    }
    let found: Vec<String> = endpoint.arrivals().into_iter().map(|arrival| arrival.target).collect();
    assert_eq!(found, targets.map(|(_, target)| target));
}
