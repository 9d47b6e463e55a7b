//! A user's own catalogue.

use serde_json::{Value, json};

use super::send;
use crate::support::{ACME, Endpoint, Wh, payloads};

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
