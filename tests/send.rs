//! `wh send`: what reaches a receiver, what is said of its answer, and what is not sent at all.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use crate::support::{
    ACME, Answer, Arrival, Endpoint, Output, Wh, hostile_characters, payloads, repository, signature_of_gamepush,
    signature_of_wpg,
};

/// The secret of We Playtest Games that the catalogue publishes for tests.
const WPG_TEST_SECRET: &str = "whsec_wpg_test_secret_for_wh";

/// `wh send` with arguments.
fn send<const N: usize>(arguments: [&str; N]) -> Wh {
    Wh::new().arg("send").args(arguments)
}

/// The names of all providers.
fn schemes() -> Vec<String> {
    let listed = Wh::new().args(["schemes", "--json"]).run().json_all("scheme");
    listed.iter().filter_map(|scheme| scheme["scheme"].as_str()).map(str::to_owned).collect()
}

/// The events of JSON objects that have one, as `type` or `type@variant`.
fn events(objects: &[Value]) -> Vec<String> {
    let name = |object: &Value| match (&object["event"], &object["variant"]) {
        (Value::String(event), Value::String(variant)) => format!("{event}@{variant}"),
        (Value::String(event), _) => event.clone(),
        other => panic!("no event: {other:?}"),
    };
    objects.iter().map(name).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

// What arrives.

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

// The payload.

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

// Headers.

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

// A user's own catalogue.

/// A catalogue with one provider, `acme`, whose example events are these.
fn acme(command: Wh, events: &[(&str, &[u8])]) -> Wh {
    let start = command.file("providers/acme/provider.toml", ACME);
    events
        .iter()
        .fold(start, |command, (name, payload)| command.file(&format!("providers/acme/events/{name}.json"), payload))
}

#[test]
fn the_fixtures_of_a_users_catalogue_arrive_byte_for_byte() {
    let payloads: Vec<(&str, Vec<u8>)> = payloads().into_iter().filter(|(what, _)| *what != "a placeholder").collect();
    let names: Vec<String> = (0..payloads.len()).map(|index| format!("case.{index:02}")).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(&payloads).map(|(name, (_, payload))| (name.as_str(), payload.as_slice())).collect();
    for flag in [true, false] {
        let endpoint = Endpoint::new();
        let command = acme(send(["acme/case.*", "-q", "--to", &endpoint.port()]), &files);
        let command =
            if flag { command.args(["--catalogue", "providers"]) } else { command.env("WH_CATALOGUE", "providers") };
        command.run().exit(0).silent();
        let arrivals = endpoint.arrivals();
        assert_eq!(arrivals.len(), payloads.len());
        for (arrival, (what, payload)) in arrivals.iter().zip(&payloads) {
            assert!(arrival.body == *payload, "{what}");
        }
    }
}

#[test]
fn a_users_event_may_have_a_slash_and_a_variant() {
    let files: [(&str, &[u8]); 3] =
        [("rockets/launched", b"1"), ("rockets/launched@twice", b"2"), ("rockets/landed", b"3")];
    for (event, body) in [
        ("rockets/launched", "1"),
        ("acme/rockets/launched", "1"),
        ("rockets/launched@twice", "2"),
        ("acme/rockets/landed", "3"),
        ("*landed", "3"),
    ] {
        let endpoint = Endpoint::new();
        acme(send([event, "-q", "--to", &endpoint.port(), "--catalogue", "providers"]), &files).run().exit(0).silent();
        assert_eq!(str::from_utf8(&endpoint.arrival().body), Ok(body), "{event}");
    }
}

#[test]
fn a_users_provider_is_sent_verified_and_found_like_a_built_in_one() {
    let payload = br#"{"type":"rocket.launched","at":"{{#unix}}","rocket":"{{hex:8:r}}","again":"{{hex:8:r}}"}"#;
    let output = acme(send(["rocket.launched", "--json"]), &[("rocket.launched", payload)])
        .env("WH_CATALOGUE", "providers")
        .env("ACME_WEBHOOK_SECRET", "of mine")
        .run();
    let received = output.exit(0).json("received");
    assert_eq!(received["verification"]["secret"], json!("ACME_WEBHOOK_SECRET"));
    assert_eq!((&received["scheme"], &received["event"]), (&json!("acme"), &json!("rocket.launched")));
    let body: Value = serde_json::from_str(received["request"]["body"].as_str().expect("text")).expect("JSON");
    assert!(body["at"].is_u64() && body["rocket"] == body["again"], "{body}");
}

#[test]
fn a_users_provider_replaces_a_built_in_one_only_if_it_says_so() {
    let replacing = |declaration: &str| {
        let provider = format!("{declaration}{ACME}");
        send(["slot.submitted", "--json", "--catalogue", "providers"])
            .file("providers/wpg/provider.toml", provider)
            .file("providers/wpg/events/slot.submitted.json", r#"{"type":"slot.submitted"}"#)
            .run()
    };
    assert_eq!(replacing("").exit(2).json("error")["code"], json!("built-in-scheme"));
    let attempt = replacing("replaces-built-in = true\n").exit(0).json("received");
    assert_eq!(attempt["request"]["body"], json!(r#"{"type":"slot.submitted"}"#));
}

// Deliveries that are wrong on purpose.

/// Every fault with the reason for which the receiver inside refuses a delivery of We Playtest Games.
const FAULTS: [(&str, &str); 26] = [
    ("no-signature", "missing-header"),
    ("empty-signature", "missing-signature"),
    ("truncated-signature", "bad-encoding"),
    ("forged-signature", "mismatch"),
    ("wrong-secret", "mismatch"),
    ("empty-secret", "mismatch"),
    ("signature-suffix", "bad-encoding"),
    ("other-signature", "mismatch"),
    ("altered-body", "mismatch"),
    ("altered-timestamp", "mismatch"),
    ("signed-word-timestamp", "bad-timestamp"),
    ("signed-empty-timestamp", "bad-timestamp"),
    ("signed-suffix-timestamp", "bad-timestamp"),
    ("signed-fraction-timestamp", "bad-timestamp"),
    ("signed-nan-timestamp", "bad-timestamp"),
    ("milliseconds-timestamp", "bad-timestamp"),
    ("malformed-header", "bad-encoding"),
    ("wrong-length-signature", "bad-encoding"),
    ("non-ascii-signature", "bad-encoding"),
    ("wrong-encoding-signature", "bad-encoding"),
    ("duplicate-header", "ambiguous-header"),
    ("stale", "stale"),
    ("future", "future"),
    ("no-timestamp", "missing-header"),
    ("garbage-timestamp", "bad-timestamp"),
    ("wrong-version", "unknown-version"),
];

#[test]
fn every_fault_is_refused_by_the_receiver_inside_for_its_reason() {
    for (fault, reason) in FAULTS {
        let output = send(["slot.submitted", "--fault", fault, "--json"]).run();
        let (received, attempt) = (output.exit(1).json("received"), output.json("attempt"));
        assert_eq!(received["verification"]["valid"], json!(false), "{fault}");
        assert_eq!(received["verification"]["reason"], json!(reason), "{fault}");
        assert_eq!((&attempt["status"], &attempt["ok"]), (&json!(401), &json!(false)), "{fault}");
        assert_eq!(attempt["response"]["body"], json!(format!(r#"{{"error":"{reason}"}}"#)), "{fault}");
    }
}

#[test]
fn a_fault_that_is_refused_as_expected_is_good() {
    for (fault, _) in FAULTS {
        let output = send(["slot.submitted", "--fault", fault, "--expect", "401", "--json"]).run();
        assert_eq!(output.exit(0).json("attempt")["ok"], json!(true), "{fault}");
    }
}

#[test]
fn a_receiver_that_accepts_a_fault_is_told_of_by_the_exit_code() {
    let endpoint = Endpoint::new();
    let output = send(["slot.submitted", "--fault", "stale", "--expect", "401,403", "--to", &endpoint.port()]).run();
    output.exit(1).stdout_contains("wrong on purpose: stale").hint_contains("accepted it");
}

#[test]
fn the_faults_are_those_that_the_help_lists() {
    let error = send(["slot.submitted", "--fault", "none", "--json"]).run().exit(2).json("error");
    let hint = error["hint"].as_str().expect("a hint");
    for (fault, _) in FAULTS {
        assert!(hint.contains(fault), "{fault}: {hint}");
    }
}

// Answers.

#[test]
fn the_exit_code_is_decided_by_the_answers_that_are_expected() {
    for (status, expected, exit) in [
        (200, None, 0),
        (204, None, 0),
        (400, None, 1),
        (500, None, 1),
        (401, Some("401"), 0),
        (404, Some("401,4xx"), 0),
        (200, Some("401|403"), 1),
        (302, Some("3xx"), 0),
    ] {
        let endpoint = Endpoint::new().answering([Answer::status(status)]);
        let output = send(["slot.submitted", "--json", "--to", &endpoint.port()])
            .args(expected.iter().flat_map(|expected| ["--expect", expected]))
            .run();
        let attempt = output.exit(exit).json("attempt");
        assert_eq!((&attempt["status"], &attempt["ok"]), (&json!(status), &json!(exit == 0)), "{expected:?}");
    }
}

#[test]
fn redirects_are_never_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Endpoint::new().uncalled();
        let redirect = Answer::status(status).header("Location", elsewhere.url("/elsewhere"));
        let endpoint = Endpoint::new().answering([redirect]);
        let output = send(["slot.submitted", "--json", "--to", &endpoint.port()]).run();
        assert_eq!(output.exit(1).json("attempt")["status"], json!(status));
        send(["slot.submitted", "--to", &endpoint.port()]).run().exit(1).hint_contains(&elsewhere.url("/elsewhere"));
    }
}

#[test]
fn the_hint_about_401_names_the_secret_and_how_to_give_another() {
    let endpoint = Endpoint::new().answering([Answer::status(401)]);
    let to = endpoint.port();
    let test_secret = send(["slot.submitted", "--to", &to]).run();
    test_secret.exit(1).hint_contains("WPG_WEBHOOK_SECRET").hint_contains("test secret");
    let own = send(["slot.submitted", "--to", &to, "--secret-env", "MINE"]).env("MINE", "hunter2").run();
    own.exit(1).hint_contains("MINE").hint_contains("WPG_WEBHOOK_SECRET");
}

#[test]
fn the_hint_about_404_names_the_path_of_the_guide() {
    for status in [404, 405] {
        let endpoint = Endpoint::new().answering([Answer::status(status)]);
        let path = format!("{}/webhooks/wpg", endpoint.port());
        send(["slot.submitted", "--to", &endpoint.port()]).run().exit(1).hint_contains(&path);
    }
}

#[test]
fn there_is_no_hint_where_the_answer_is_the_expected_one() {
    for status in [401, 404, 302] {
        let endpoint = Endpoint::new().answering([Answer::status(status)]);
        let output = send(["slot.submitted", "--to", &endpoint.port(), "--expect", "3xx,4xx"]).run();
        output.exit(0).stderr_contains("test secret");
        assert!(!output.stderr_text().contains("hint:"));
    }
}

#[test]
fn the_body_of_an_answer_is_shown_when_it_is_not_good_and_always_with_verbose() {
    let answers = [(200, "all is well"), (500, "what went wrong")];
    for ((status, body), shown) in answers.into_iter().zip([false, true]) {
        let endpoint = Endpoint::new().answering([Answer::status(status).header("X-Trace", "t-1").body(body)]);
        let exit = i32::from(shown);
        let usual = send(["slot.submitted", "--to", &endpoint.port()]).run();
        assert_eq!(usual.exit(exit).stdout_text().contains(body), shown);
        let verbose = send(["slot.submitted", "-v", "--to", &endpoint.port()]).run();
        verbose.exit(exit).stdout_contains(body).stdout_contains("x-trace: t-1").stdout_contains("X-WPG-Timestamp");
    }
}

#[test]
fn what_a_stranger_answers_cannot_act_on_the_terminal() {
    let hostile: String = hostile_characters().into_iter().collect();
    let bytes = [hostile.as_bytes(), b" \x9b2J \xff"].concat();
    let json = format!("{{\"message\":\"\u{9b}2J\u{202e}txt\\u001b[31m\\u009b\",\"{}\":1}}", "\u{2066}\u{200b}");
    for body in [bytes.clone(), json.into_bytes()] {
        let header = [b"\x9b2J ".as_slice(), "\u{202e}\u{9b}".as_bytes()].concat();
        let answer = Answer::status(500).header("X-Trace", header).body(body);
        let endpoint = Endpoint::new().answering([answer]);
        for flag in ["-v", "--color=always", "--color=never"] {
            let output = send(["slot.submitted", "--to", &endpoint.port(), flag]).run();
            let everything = String::from_utf8(output.exit(1).everything()).expect("UTF-8");
            // Colours of our own are escapes too.
            let own = if flag == "--color=always" { &['\u{1b}'][..] } else { &[] };
            let found: Vec<char> = everything
                .chars()
                .filter(|found| hostile_characters().contains(found) && !own.contains(found))
                .collect();
            assert!(found.is_empty(), "{flag}: {found:?}");
            assert!(!everything.contains("\u{1b}[31m") || !own.is_empty());
        }
    }
}

#[test]
fn the_location_of_a_redirect_cannot_act_on_the_terminal() {
    let location = "http://localhost/\u{202e}\u{9b}2J";
    let endpoint = Endpoint::new().answering([Answer::status(302).header("Location", location)]);
    let output = send(["slot.submitted", "--to", &endpoint.port()]).run();
    let everything = String::from_utf8(output.exit(1).everything()).expect("UTF-8");
    assert!(!everything.contains(['\u{202e}', '\u{9b}']), "{everything:?}");
}

#[test]
fn a_long_answer_is_cut_and_an_endless_one_is_left() {
    let endpoint = Endpoint::new().answering([Answer::status(500).body(vec![b'x'; 1_000_000])]);
    let output = send(["slot.submitted", "--json", "--to", &endpoint.port()]).run();
    let response = &output.exit(1).json("attempt")["response"];
    assert_eq!(response["truncated"], json!(true));
    assert!(response["body"].as_str().is_some_and(|body| body.len() < 1_000_000));
}

// No answer.

/// A server that answers one request with these bytes, whatever they are, and closes the connection or keeps it.
fn answering_raw(bytes: &'static [u8], closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        let mut read = 0;
        while !ends_request(&request[..read]) {
            read += stream.read(&mut request[read..]).expect("a request");
        }
        stream.write_all(bytes).expect("an answer");
        if closes {
            drop(stream.shutdown(Shutdown::Write));
        }
        // To the end of the other side, so that it is not told that its bytes were lost.
        drop(stream.read(&mut request));
    });
    port.to_string()
}

/// Whether a request is whole: these tests send `{}`.
fn ends_request(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\r\n\r\n{}")
}

#[test]
fn a_receiver_that_never_answers_is_a_timeout() {
    let endpoint = Endpoint::new().answering([Answer::never()]);
    let begin = ["slot.submitted", "--timeout", "200ms", "--to", &endpoint.port()];
    let output = send(begin).arg("--json").run();
    output.exit(3).within(Duration::from_secs(3));
    let (attempt, error) = (output.json("attempt"), output.json("error"));
    assert_eq!((&error["code"], &attempt["code"]), (&json!("timeout"), &json!("timeout")));
    assert_eq!((&attempt["status"], &attempt["ok"]), (&Value::Null, &json!(false)));
    assert!(attempt["duration_ms"].as_f64().is_some_and(|duration| duration >= 200.0), "{attempt}");
    send(begin).run().exit(3).stdout_contains("-->").hint_contains("--timeout");
}

#[test]
fn a_receiver_that_answers_slowly_is_waited_for() {
    let endpoint = Endpoint::new().answering([Answer::status(200).after(Duration::from_millis(150))]);
    let output = send(["slot.submitted", "--timeout", "10s", "--json", "--to", &endpoint.port()]).run();
    assert!(output.exit(0).json("attempt")["duration_ms"].as_f64().is_some_and(|duration| duration >= 150.0));
}

#[test]
fn a_body_that_never_ends_is_a_timeout() {
    let port = answering_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", false);
    let output = send(["slot.submitted", "-d", "{}", "--timeout", "200ms", "--json", "--to", &port]).run();
    assert_eq!(output.exit(3).within(Duration::from_secs(3)).json("error")["code"], json!("timeout"));
}

#[test]
fn a_connection_that_breaks_off_and_what_is_no_http_are_failures() {
    for answer in [&b""[..], b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 2000 Good\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46"]
    {
        let port = answering_raw(answer, true);
        let output = send(["slot.submitted", "-d", "{}", "--json", "--to", &port]).run();
        let error = output.exit(3).json("error");
        assert_eq!(error["code"], json!("connection-failed"), "{}", String::from_utf8_lossy(answer));
        assert!(error["message"].as_str().is_some_and(|message| message.contains(&port)), "{error}");
    }
}

#[test]
fn a_refused_connection_names_every_address_and_a_way_out() {
    let refused = send(["slot.submitted", "--to", "localhost:1"]).run();
    refused.exit(3).stdout_contains("-->").stderr_contains("127.0.0.1:1").stderr_contains("[::1]:1");
    refused.hint_contains("port 1").hint_contains("--to");
    let error = send(["slot.submitted", "--json", "--to", "127.0.0.1:1"]).run().exit(3).json("error");
    assert_eq!(error["code"], json!("connection-refused"));
    assert!(error["message"].as_str().is_some_and(|message| !message.contains("::1")), "{error}");
}

#[test]
fn nobody_listening_ends_a_run_of_many_at_the_first() {
    let output = send(["slot.*", "--to", "1", "--json"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("connection-refused"));
    let summary = output.json("summary");
    assert_eq!((&summary["sent"], &summary["failed"], &summary["unsent"]), (&json!(1), &json!(1), &json!(4)));
}

#[test]
fn localhost_is_reached_on_either_family() {
    let endpoints = [Some(Endpoint::new()), Endpoint::new_v6()];
    for endpoint in endpoints.into_iter().flatten() {
        let to = format!("localhost:{}", endpoint.port());
        send(["slot.submitted", "-q", "--to", &to]).run().exit(0).silent();
        let arrival = endpoint.arrival();
        assert_eq!(arrival.header("Host"), to);
    }
}

#[test]
fn an_address_of_ipv6_is_reached() {
    let Some(endpoint) = Endpoint::new_v6() else { return };
    send(["slot.submitted", "-q", "--to", &endpoint.url("/hook")]).run().exit(0).silent();
    assert_eq!(endpoint.arrival().target, "/hook");
}

#[test]
fn proxies_are_never_used_for_this_machine() {
    const DEAD: &str = "http://127.0.0.1:1";
    let endpoint = Endpoint::new();
    for to in [endpoint.url("/"), format!("http://localhost:{}/", endpoint.port())] {
        let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let command = send(["slot.submitted", "-q", "--to", &to]);
        variables.iter().fold(command, |command, name| command.env(name, DEAD)).run().exit(0).silent();
    }
    assert_eq!(endpoint.arrivals().len(), 2);
}

// TLS.

/// A server that speaks TLS with a certificate of its own and answers 200 to each connection's request of `{}`.
fn answering_tls() -> String {
    let certificate = CertificateDer::from_pem_file(repository("tests/support/localhost.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(repository("tests/support/localhost.key")).expect("its key");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a configuration that serves");
            let mut stream = rustls::StreamOwned::new(connection, stream.expect("a connection"));
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            while !ends_request(&request) {
                match stream.read(&mut piece) {
                    Ok(count @ 1..) => request.extend_from_slice(&piece[..count]),
                    // A client that does not trust the certificate leaves.
                    Ok(0) | Err(_) => break,
                }
            }
            if ends_request(&request) {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsafe"));
            }
        }
    });
    format!("https://localhost:{port}")
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_with_a_way_out() {
    let to = answering_tls();
    let output = send(["slot.submitted", "-d", "{}", "--to", &to, "--json"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("tls"));
    let output = send(["slot.submitted", "-d", "{}", "--to", &to]).run();
    output.exit(3).stdout_contains("-->").hint_contains("--cacert").hint_contains("--insecure");
}

#[test]
fn a_certificate_is_trusted_with_cacert_or_not_asked_for_with_insecure() {
    let to = answering_tls();
    let authority = repository("tests/support/localhost.pem");
    let trusting = ["--cacert".as_ref(), authority.as_os_str()];
    for flags in [&trusting[..], &["--insecure".as_ref()], &["-k".as_ref()]] {
        let output = send(["slot.submitted", "-d", "{}", "--to", &to, "--json"]).args(flags).run();
        assert_eq!(output.exit(0).json("attempt")["response"]["body"], json!("safe"), "{flags:?}");
    }
}

#[test]
fn tls_with_a_receiver_that_speaks_none_fails_as_tls() {
    let endpoint = Endpoint::new().uncalled();
    let to = format!("https://localhost:{}/", endpoint.port());
    let error = send(["slot.submitted", "--json", "--to", &to]).run().exit(3).json("error");
    assert!(["tls", "connection-failed"].contains(&error["code"].as_str().unwrap_or_default()), "{error}");
    send(["slot.submitted", "--to", &to]).run().exit(3).stdout_contains("-->").hint_contains("http://");
}

#[test]
fn a_file_of_certificates_that_holds_none_is_a_mistake() {
    let certificates = ["--to", "https://localhost:1", "--cacert", "none.pem", "--json"];
    let output = send(certificates).arg("slot.submitted").file("none.pem", "no certificate\n").run();
    output.exit(2).json("error");
    let output = send(certificates).arg("slot.submitted").run();
    assert_eq!(output.exit(2).json("error")["code"], json!("unreadable-file"));
}

// Secrets.

/// The secret, of those given, that a delivery of We Playtest Games was signed with.
fn signed_with<'a>(command: Wh, secrets: &[&'a str]) -> Option<&'a str> {
    let endpoint = Endpoint::new();
    command.args(["slot.submitted", "-q", "--to", &endpoint.port()]).run().exit(0).silent();
    let arrival = endpoint.arrival();
    let signature = arrival.header("X-WPG-Signature");
    secrets.iter().find(|secret| signature_of_wpg(&arrival, secret) == signature).copied()
}

#[test]
fn the_first_flag_that_gives_a_secret_wins() {
    const SECRETS: [&str; 3] = ["whsec_file", "whsec_env", "whsec_flag"];
    let flags: [&[&str]; 3] = [&["--secret-file", "secret"], &["--secret-env", "NAMED"], &["--secret", SECRETS[2]]];
    for (first, secret) in SECRETS.into_iter().enumerate() {
        let command = send([]).file("secret", SECRETS[0]).env("NAMED", SECRETS[1]);
        // The order on the command line says nothing.
        let command = flags.iter().skip(first).rev().fold(command, |command, flag| command.args(*flag));
        assert_eq!(signed_with(command, &SECRETS), Some(secret));
    }
}

#[test]
fn a_flag_comes_before_the_environment_and_the_environment_before_the_test_secret() {
    const SECRETS: [&str; 4] = ["whsec_flag", "whsec_own", "whsec_any", WPG_TEST_SECRET];
    let own = |command: Wh| command.env("WPG_WEBHOOK_SECRET", SECRETS[1]);
    let any = |command: Wh| command.env("WH_SECRET", SECRETS[2]);
    assert_eq!(signed_with(own(any(send(["--secret", SECRETS[0]]))), &SECRETS), Some(SECRETS[0]));
    assert_eq!(signed_with(own(any(send([]))), &SECRETS), Some(SECRETS[1]));
    assert_eq!(signed_with(any(send([])), &SECRETS), Some(SECRETS[2]));
    assert_eq!(signed_with(send([]), &SECRETS), Some(SECRETS[3]));
}

#[test]
fn a_secret_from_the_environment_is_that_of_the_provider() {
    let command = send([]).env("WHOP_WEBHOOK_SECRET", "ws_other").env("WH_SECRET", "whsec_mine");
    assert_eq!(signed_with(command, &["ws_other", "whsec_mine"]), Some("whsec_mine"));
}

#[test]
fn the_test_secret_is_worth_a_notice_that_names_the_variable() {
    let endpoint = Endpoint::new();
    let to = endpoint.port();
    send(["slot.submitted", "--to", &to])
        .run()
        .exit(0)
        .stderr_contains("test secret")
        .stderr_contains("WPG_WEBHOOK_SECRET");
    let own = send(["slot.submitted", "--to", &to]).env("WPG_WEBHOOK_SECRET", "whsec_mine").run();
    assert_eq!(own.exit(0).stderr_text(), "");
}

#[test]
fn a_secret_file_loses_one_line_break_at_its_end_and_nothing_else() {
    for (text, secret) in [
        ("whsec_a", "whsec_a"),
        ("whsec_a\n", "whsec_a"),
        ("whsec_a\r\n", "whsec_a"),
        ("whsec_a\n\n", "whsec_a\n"),
        ("whsec_a ", "whsec_a "),
        ("whsec_\u{e9}\n", "whsec_\u{e9}"),
    ] {
        let command = send(["--secret-file", "secret"]).file("secret", text);
        assert_eq!(signed_with(command, &[secret]), Some(secret), "{text:?}");
        let command = send(["--secret-file", "-"]).stdin(text);
        assert_eq!(signed_with(command, &[secret]), Some(secret), "{text:?} on stdin");
    }
}

#[test]
fn the_standard_input_is_read_for_one_thing_only() {
    let output = send(["slot.submitted", "--secret-file", "-", "--data", "@-", "--json"]).stdin("whsec_a").run();
    assert_eq!(output.exit(2).json("error")["code"], json!("usage"));
}

#[test]
fn an_empty_secret_is_refused_wherever_it_comes_from() {
    let endpoint = Endpoint::new().uncalled();
    let to = endpoint.port();
    let begin = || send(["slot.submitted", "--json", "--to", &to]);
    for command in [
        begin().arg("--secret="),
        begin().args(["--secret-file", "empty"]).file("empty", ""),
        begin().args(["--secret-file", "empty"]).file("empty", "\n"),
        begin().args(["--secret-file", "-"]),
        begin().args(["--secret-env", "EMPTY"]).env("EMPTY", ""),
        begin().env("WPG_WEBHOOK_SECRET", ""),
        begin().env("WH_SECRET", ""),
    ] {
        let error = command.run().exit(2).json("error");
        assert_eq!(error["code"], json!("bad-secret"));
        assert!(error["message"].as_str().is_some_and(|message| message.contains("empty")), "{error}");
        assert!(error["hint"].is_string(), "{error}");
    }
}

#[test]
fn a_secret_that_cannot_be_decoded_is_told_by_length_and_position_and_never_shown() {
    for (secret, facts) in [("whsec_hunt!er2", &["11", "14"][..]), ("whsec_hunter2", &["13"])] {
        let output = send(["contact.created", "--secret", secret]).run();
        output.exit(2).hint_contains("base64");
        for fact in facts {
            output.stderr_contains(fact);
        }
        assert!(!output.stderr_text().contains("hunt"), "{}", output.stderr_text());
    }
}

#[test]
fn white_space_around_a_secret_and_a_missing_prefix_are_worth_a_notice() {
    let endpoint = Endpoint::new();
    let to = endpoint.port();
    let spaced = send(["slot.submitted", "--to", &to]).env("WH_SECRET", " whsec_hunter2").run();
    spaced.exit(0).stderr_contains("WH_SECRET").stderr_contains("white space");
    let bare = send(["slot.submitted", "--to", &to]).env("WH_SECRET", "hunter2").run();
    bare.exit(0).stderr_contains("WH_SECRET").stderr_contains("whsec_");
}

#[test]
fn a_secret_never_appears_in_what_is_written() {
    const SECRET: &str = "hunter2-correct-horse";
    let endpoint = Endpoint::new().answering([Answer::status(401)]);
    let to = endpoint.port();
    let commands: [&[&str]; 15] = [
        &["slot.submitted"],
        &["slot.submitted", "-v"],
        &["slot.submitted", "--json"],
        &["slot.submitted", "--fault", "wrong-secret", "-v"],
        &["slot.submitted", "--to", &to, "-v"],
        &["slot.submitted", "--to", "1", "-v"],
        &["slot.submitted", "--to", "1", "--json"],
        &["contact.created", "-v"],
        &["SyncPlayer", "-v"],
        &["PLAYER_OPTED_IN"],
        &["PLAYER_OPTED_IN", "-v"],
        &["PLAYER_OPTED_IN", "--json"],
        &["PLAYER_OPTED_IN", "--json", "--fault", "truncated-signature"],
        &["PLAYER_OPTED_IN", "--to", &to, "-v"],
        &["PLAYER_OPTED_IN", "--to", &to, "--json"],
    ];
    for arguments in commands {
        for source in [&["--secret", SECRET][..], &["--secret-env", "MINE"], &["--secret-file", "secret"]] {
            let command = send([]).args(arguments).args(source).file("secret", SECRET).env("MINE", SECRET);
            let output = command.run();
            let everything = String::from_utf8_lossy(&output.everything()).into_owned();
            output.any_exit();
            assert!(!everything.contains("hunter2"), "{arguments:?} {source:?}:\n{everything}");
        }
    }
}

#[test]
fn a_token_is_redacted_where_a_delivery_is_shown() {
    let shown = send(["PLAYER_OPTED_IN", "-v"]).run();
    shown.exit(0).stdout_contains("Authorization: (redacted)").stdout_contains("] token ok\n");
    let received = send(["PLAYER_OPTED_IN", "--json"]).run().exit(0).json("received");
    let headers = received["request"]["headers"].as_array().expect("a list");
    assert!(headers.contains(&json!(["authorization", "(redacted)"])), "{received}");
}

#[test]
fn a_token_is_redacted_in_a_dry_run() {
    for form in ["--format=human", "--format=json"] {
        let output = send(["PLAYER_OPTED_IN", "--dry-run", "--secret", "hunter2", form]).run();
        output.exit(0).stdout_contains("Authorization");
        assert!(!output.stdout_text().contains("hunter2"), "{}", output.stdout_text());
    }
}

#[test]
fn a_secret_may_begin_with_a_dash() {
    let endpoint = Endpoint::new();
    send(["PLAYER_OPTED_IN", "--to", &endpoint.port(), "--secret", "-abc"]).run().exit(0);
    assert_eq!(endpoint.arrival().header("Authorization"), "Bearer -abc");
}

#[test]
fn credentials_of_ones_own_are_sent_and_not_shown() {
    const OWN: [&str; 6] =
        ["-H", "Authorization: Basic hunter2", "-H", "Cookie: a=hunter2", "-H", "proxy-authorization: hunter2"];
    for form in [&["-v"][..], &["--dry-run"], &["--dry-run", "--json"], &["--json"], &["-v", "--json"]] {
        let output = send(["slot.submitted"]).args(OWN).args(form).run();
        output.exit(0);
        let shown = output.stdout_text();
        assert!(!shown.contains("hunter2") && shown.contains("(redacted)"), "{form:?}:\n{shown}");
    }
    let endpoint = Endpoint::new();
    let output = send(["slot.submitted", "-v", "--to", &endpoint.port()]).args(OWN).run();
    assert!(!output.exit(0).stdout_text().contains("hunter2"), "{}", output.stdout_text());
    assert_eq!(endpoint.arrival().header("Authorization"), "Basic hunter2");
    assert_eq!(endpoint.arrival().header("Cookie"), "a=hunter2");
}

// What is not sent.

#[test]
fn a_target_beyond_this_machine_needs_leave() {
    let second = Duration::from_secs(1);
    for to in ["http://192.0.2.1/", "192.0.2.1:3000", "https://hooks.example.invalid/", "http://[2001:db8::1]/"] {
        let begin = ["slot.submitted", "--to", to, "--secret", "whsec_mine"];
        let error = send(begin).arg("--json").run().exit(2).within(second).json("error");
        assert_eq!(error["code"], json!("remote-target"), "{to}");
        send(begin).run().exit(2).within(second).hint_contains("--allow-remote");
    }
}

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

// What is written.

/// The lines that have an arrow, each without its time.
fn arrows(output: &Output) -> Vec<String> {
    let lines = output.stdout_text().lines().filter(|line| line.contains("-->") || line.contains("<--"));
    lines.map(|line| line.split_once(' ').map_or("", |(_, rest)| rest).to_owned()).collect()
}

#[test]
fn a_delivery_is_an_arrow_there_and_an_arrow_back_with_the_same_id() {
    let endpoint = Endpoint::new();
    let to = endpoint.url("/hook");
    let output = send(["slot.submitted", "--id", "msg_1", "--to", &to]).run();
    let [there, back] = arrows(output.exit(0)).try_into().expect("two arrows");
    assert_eq!(there, "--> wpg slot.submitted [msg_1]");
    assert!(back.starts_with(&format!("<-- 200 POST {to} (")) && back.ends_with(" ms) [msg_1]"), "{back}");
}

#[test]
fn without_a_target_both_sides_of_a_verified_delivery_are_shown() {
    let output = send(["slot.submitted", "--id", "msg_1"]).run();
    let [there, back] = arrows(output.exit(0)).try_into().expect("two arrows");
    assert_eq!(there, "--> wpg slot.submitted [msg_1] signature ok");
    assert!(back.starts_with("<-- 200 POST http://127.0.0.1:") && back.contains("/webhooks/wpg "), "{back}");
    output.stdout_contains("X-WPG-Signature: ").stdout_contains("\"slotId\": ").stderr_contains("--to");
}

#[test]
fn every_payload_can_be_shown_and_none_acts_on_the_terminal() {
    for (what, payload) in payloads() {
        for flag in ["--color=never", "--verbose"] {
            let output = send(["slot.submitted", "-d", "@payload", flag]).file("payload", &payload).run();
            let shown = output.exit(0).within(Duration::from_secs(5)).stdout_text();
            assert!(!shown.contains(|found| hostile_characters().contains(&found)), "{what}");
        }
    }
}

#[test]
fn quiet_says_nothing_of_success_and_everything_of_failure() {
    let endpoint = Endpoint::new().answering([Answer::status(200), Answer::status(500).body("what went wrong")]);
    send(["slot.submitted", "-q", "--to", &endpoint.port()]).run().exit(0).silent();
    send(["slot.submitted", "-q"]).run().exit(0).silent();
    send(["slot.*", "-q"]).run().exit(0).silent();
    let refused = send(["slot.submitted", "-q", "--to", &endpoint.port()]).run();
    assert_eq!(refused.exit(1).stderr_text(), "");
    refused.stdout_contains("500").stdout_contains("what went wrong");
}

#[test]
fn json_is_objects_on_stdout_and_conversation_on_stderr() {
    let output = send(["slot.submitted", "--json", "-v"]).run();
    let types: Vec<Value> = output.exit(0).json_lines().iter().map(|line| line["type"].clone()).collect();
    assert_eq!(types, ["received", "attempt"]);
    output.stderr_contains("note: ");
    let quiet = send(["slot.submitted", "--format", "json", "-q"]).run();
    assert_eq!((quiet.json_lines().len(), quiet.stderr_text()), (2, ""));
}

#[test]
fn an_attempt_has_the_keys_that_scripts_use() {
    let endpoint = Endpoint::new().answering([Answer::status(202).header("X-A", "1").body(b"\xff".to_vec())]);
    let output = send(["PRIZE_PAYOUT_CREATED@cash", "--json", "--to", &endpoint.port(), "--id", "msg_1"]).run();
    let attempt = output.exit(0).json("attempt");
    let url = format!("http://localhost:{}/", endpoint.port());
    for (key, value) in [
        ("scheme", json!("unibo")),
        ("event", json!("PRIZE_PAYOUT_CREATED")),
        ("variant", json!("cash")),
        ("id", json!("msg_1")),
        ("attempt", json!(1)),
        ("url", json!(url)),
        ("status", json!(202)),
        ("error", Value::Null),
        ("ok", json!(true)),
    ] {
        assert_eq!(attempt[key], value, "{key}");
    }
    assert!(attempt["duration_ms"].is_number());
    assert_eq!(attempt["response"]["body_base64"], json!("/w=="));
}

#[test]
fn what_was_received_is_a_record_of_the_delivery() {
    let output = send(["slot.submitted", "--json", "-d", "\u{feff}{}\n", "--id", "msg_1"]).run();
    let record = output.exit(0).json("received");
    assert_eq!((&record["schema"], &record["scheme"]), (&json!("wh.delivery/1"), &json!("wpg")));
    assert_eq!(record["request"]["body"], json!("\u{feff}{}\n"));
    assert_eq!((&record["request"]["method"], &record["request"]["target"]), (&json!("POST"), &json!("/webhooks/wpg")));
    assert!(record["received_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()).is_some(), "{record}");
    let base64 = send(["slot.submitted", "--json", "-d", "@-"]).stdin(b"\xff".to_vec()).run().json("received");
    assert_eq!(base64["request"]["body_base64"], json!("/w=="));
}

#[test]
fn a_summary_counts_what_was_accepted_refused_and_not_answered() {
    let answers = [Answer::status(200), Answer::status(500), Answer::never(), Answer::status(204)];
    let endpoint = Endpoint::new().answering(answers);
    let output = send(["slot.*", "--timeout", "300ms", "--json", "--to", &endpoint.port()]).run();
    let summary = output.exit(1).json("summary");
    for (key, count) in [("sent", 5), ("accepted", 3), ("refused", 1), ("failed", 1), ("unsent", 0)] {
        assert_eq!(summary[key], json!(count), "{key}: {summary}");
    }
    assert_eq!(output.json_all("attempt").len(), 5);
    let output = send(["slot.*"]).run();
    output.exit(0).stdout_contains("5 of 5");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let escapes = |command: Wh| command.arg("-v").run().everything().contains(&0x1b);
    assert!(!escapes(send(["slot.submitted"])));
    assert!(escapes(send(["slot.submitted", "--color", "always"])));
    assert!(escapes(send(["slot.submitted"]).env("CLICOLOR_FORCE", "1")));
    assert!(!escapes(send(["slot.submitted"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    assert!(!escapes(send(["slot.submitted", "--color", "never"]).env("CLICOLOR_FORCE", "1")));
    assert!(!escapes(send(["slot.submitted", "--color", "always", "--json"])));
}
