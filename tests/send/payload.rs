//! What a delivery is made from: the payload, its id and time, and headers of one's own.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{WPG_TEST_SECRET, send};
use crate::support::{Arrival, Endpoint, Wh, payloads, signature_of_wpg};

#[test]
fn the_bytes_of_a_file_arrive_as_they_are() {
    for (what, payload) in payloads() {
        let endpoint = Endpoint::new();
        let to = endpoint.port();
        send(["slot.submitted", "-q", "-d", "@payload", "--to", &to]).file("payload", &payload).run().exit(0).silent();
        let arrival = endpoint.arrival();
        assert!(arrival.body == payload, "{what}");
        assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(&arrival, WPG_TEST_SECRET), "{what}");
    }
}

#[test]
fn the_bytes_of_the_standard_input_arrive_as_they_are() {
    for (what, payload) in payloads() {
        let endpoint = Endpoint::new();
        let to = endpoint.port();
        send(["slot.submitted", "-q", "--data", "@-", "--to", &to]).stdin(payload.clone()).run().exit(0).silent();
        assert!(endpoint.arrival().body == payload, "{what}");
    }
}

#[test]
fn the_bytes_of_an_argument_arrive_as_they_are() {
    for (what, payload) in payloads() {
        let Some(text) = str::from_utf8(&payload).ok().filter(|text| !text.contains('\0') && text.len() < 100_000)
        else {
            continue;
        };
        if text.starts_with('@') {
            continue;
        }
        let endpoint = Endpoint::new();
        let data = format!("--data={text}");
        send(["slot.submitted", "-q", &data, "--to", &endpoint.port()]).run().exit(0).silent();
        assert!(endpoint.arrival().body == payload, "{what}");
    }
}

#[test]
fn a_payload_of_ones_own_names_its_event_or_is_given_any() {
    let endpoint = Endpoint::new();
    let to = endpoint.port();
    let event = |command: Wh| command.args(["--to", &to, "--json"]).run().json("attempt")["event"].clone();
    assert_eq!(event(send(["--scheme", "wpg", "-d", r#"{"event":"of.mine"}"#])), json!("of.mine"));
    assert_eq!(event(send(["of.mine", "--scheme", "wpg", "-d", "no JSON"])), json!("of.mine"));
    assert_eq!(event(send(["slot.submitted", "-d", "no JSON"])), json!("slot.submitted"));
}

#[test]
fn set_and_unset_change_what_they_name_and_no_other_byte() {
    let endpoint = Endpoint::new();
    let payload = r#"{"event":"slot.submitted","n":1e400,"data":{"a":1.10,"b":-0,"a":2.50},"list":["x"]}"#;
    let changes =
        ["--set", "data.b=0.10", "--set", "/data/c~1d=Zoë", "--unset", "event", "--set", r#"list.1={"y":[]}"#];
    send(["slot.submitted", "-q", "-d", payload, "--to", &endpoint.port()]).args(changes).run().exit(0).silent();
    let arrival = endpoint.arrival();
    let changed = r#"{"n":1e400,"data":{"a":1.10,"b":0.10,"a":2.50,"c/d":"Zoë"},"list":["x",{"y":[]}]}"#;
    assert_eq!(str::from_utf8(&arrival.body), Ok(changed));
    assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(&arrival, WPG_TEST_SECRET));
}

#[test]
fn set_and_unset_change_a_fixture() {
    let endpoint = Endpoint::new();
    let changes = ["--set", "data.slotId=slot_1", "--set", "data.amount=100", "--unset", "data.playerId"];
    send(["slot.submitted", "-q", "--to", &endpoint.port()]).args(changes).run().exit(0).silent();
    let payload: Value = serde_json::from_slice(&endpoint.arrival().body).expect("JSON");
    assert_eq!((&payload["data"]["slotId"], &payload["data"]["amount"]), (&json!("slot_1"), &json!(100)));
    assert!(payload["data"].get("playerId").is_none() && payload["data"]["gameId"].is_string(), "{payload}");
}

#[test]
fn what_set_adds_is_said_once_and_what_it_changes_is_not() {
    let set = ["slot.submitted", "--set", "data.slotid=1", "--dry-run"];
    let output = send(set).run();
    output.exit(0).stdout_contains("\"slotid\": 1").stderr_contains("no `data.slotid`").stderr_contains("`slotId`");
    assert_eq!(output.stderr_text().matches("slotid").count(), 1, "{}", output.stderr_text());
    let output = send(["slot.submitted", "--set", "data.slotId=1", "--unset", "event", "--dry-run"]).run();
    assert!(!output.exit(0).stderr_text().contains("--set"), "{}", output.stderr_text());
}

#[test]
fn an_id_of_ones_own_is_the_deliverys() {
    let endpoint = Endpoint::new();
    let output = send(["contact.created", "--id", "msg_of_mine", "--to", &endpoint.port(), "--json"]).run();
    assert_eq!(output.exit(0).json("attempt")["id"], json!("msg_of_mine"));
    assert_eq!(endpoint.arrival().header("webhook-id"), "msg_of_mine");
}

#[test]
fn a_timestamp_is_a_second_a_date_or_an_offset() {
    let signed_at = |timestamp: &str| {
        let endpoint = Endpoint::new();
        send(["slot.submitted", "-q", "--timestamp", timestamp, "--to", &endpoint.port()]).run().exit(0).silent();
        let arrival = endpoint.arrival();
        assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(&arrival, WPG_TEST_SECRET));
        arrival.header("X-WPG-Timestamp").parse::<i64>().expect("a second")
    };
    assert_eq!(signed_at("1763719200"), 1_763_719_200);
    assert_eq!(signed_at("2026-11-21T10:00:00Z"), 1_795_255_200);
    assert_eq!(signed_at("2026-11-21T11:00:00+01:00"), 1_795_255_200);
    for (offset, seconds) in [("-10m", -600), ("+1h", 3600), ("-1h30m", -5400)] {
        let before = Timestamp::now().as_second();
        let signed = signed_at(offset) - seconds;
        assert!((before..=Timestamp::now().as_second()).contains(&signed), "{offset}");
    }
}

/// What arrives with headers of one's own.
fn with_headers(headers: &[&str]) -> Arrival {
    let endpoint = Endpoint::new();
    let arguments = headers.iter().flat_map(|header| ["-H", header]);
    send(["slot.submitted", "-q", "--to", &endpoint.port()]).args(arguments).run().exit(0).silent();
    endpoint.arrival()
}

#[test]
fn a_header_is_added_with_its_commas_and_spaces() {
    let arrival = with_headers(&["X-One: a, b,c;  d", "x-two:no space", "X-Three: a: b"]);
    assert_eq!(arrival.header("X-One"), "a, b,c;  d");
    assert_eq!(arrival.header("X-Two"), "no space");
    assert_eq!(arrival.header("X-Three"), "a: b");
}

#[test]
fn a_header_replaces_one_of_the_providers() {
    let arrival = with_headers(&["content-type: text/plain; charset=utf-8", "User-Agent: of mine/1.0"]);
    assert_eq!(arrival.header("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(arrival.header("User-Agent"), "of mine/1.0");
}

#[test]
fn a_header_given_twice_is_sent_twice_in_its_order() {
    let arrival = with_headers(&["X-Tag: first", "X-Other: 1", "X-Tag: second", "x-tag: first"]);
    assert_eq!(arrival.values("X-Tag"), ["first", "second", "first"]);
}

#[test]
fn a_header_without_a_value_takes_the_providers_out() {
    let arrival = with_headers(&["User-Agent:", "X-WPG-Signature-Version:", "Content-Type: "]);
    for name in ["User-Agent", "X-WPG-Signature-Version", "Content-Type"] {
        assert_eq!(arrival.values(name), Vec::<&str>::new());
    }
}

#[test]
fn a_header_replaces_one_that_the_client_would_add() {
    assert_eq!(with_headers(&["Accept: text/html"]).values("Accept"), ["text/html"]);
    assert_eq!(with_headers(&["Host: hooks.example.com"]).values("Host"), ["hooks.example.com"]);
}

#[test]
fn a_header_that_replaces_the_signature_is_sent_and_worth_a_notice() {
    let endpoint = Endpoint::new();
    let output = send(["slot.submitted", "--to", &endpoint.port(), "-H", "x-wpg-signature: 00"]).run();
    output.exit(0).stderr_contains("X-WPG-Signature");
    assert_eq!(endpoint.arrival().header("X-WPG-Signature"), "00");
}
