//! `wh events`: the catalogue, listed and shown.

use serde_json::{Value, json};

use crate::support::{ACME, Output, Wh, hostile_characters};

/// `wh events` with arguments.
fn events<const N: usize>(arguments: [&str; N]) -> Wh {
    Wh::new().arg("events").args(arguments)
}

/// `provider/type` or `provider/type@variant` of each event that is listed.
fn names(output: &Output) -> Vec<String> {
    let name = |event: &Value| {
        let text = |key: &str| event[key].as_str().map(str::to_owned);
        let variant = text("variant").map(|variant| format!("@{variant}")).unwrap_or_default();
        format!("{}/{}{variant}", text("scheme").expect("a scheme"), text("event").expect("an event"))
    };
    output.exit(0).json_all("event").iter().map(name).collect()
}

#[test]
fn every_event_of_the_catalogue_is_listed_with_when_it_fires() {
    let output = events(["--json"]).run();
    let listed = output.json_all("event");
    assert!(listed.iter().all(|event| event["about"].as_str().is_some_and(|about| !about.is_empty())));
    for (scheme, count) in [("wpg", 10), ("unibo", 5), ("whop", 19), ("gamepush", 33), ("comps", 9)] {
        let plain = |event: &&Value| event["scheme"] == scheme && event["variant"].is_null();
        assert_eq!(listed.iter().filter(plain).count(), count, "{scheme}");
    }
    let human = events([]).run();
    for event in &listed {
        human.exit(0).stdout_contains(event["event"].as_str().expect("a text"));
        human.stdout_contains(event["about"].as_str().expect("a text"));
    }
}

#[test]
fn one_event_is_shown_whole() {
    let event = events(["slot.submitted", "--json"]).run().exit(0).json("event");
    assert_eq!(
        (&event["scheme"], &event["event"], &event["variant"]),
        (&json!("wpg"), &json!("slot.submitted"), &Value::Null)
    );
    let payload: Value = serde_json::from_str(event["payload"].as_str().expect("a text")).expect("JSON");
    assert_eq!(payload["event"], json!("slot.submitted"));
    assert_eq!(event["deduplication_key"], json!(["slot.submitted", payload["data"]["slotId"]]));
    let headers = event["headers"].as_array().expect("a list");
    assert!(headers.iter().any(|header| header[0] == "X-WPG-Signature"), "{headers:?}");
    let documentation = event["documentation"].as_str().expect("a text");
    assert!(documentation.starts_with("https://weplaytestgames.com/"), "{documentation}");

    let human = events(["slot.submitted"]).run();
    human
        .exit(0)
        .stdout_contains("Video submitted")
        .stdout_contains("\"slotId\": ")
        .stdout_contains("X-WPG-Timestamp: ");
    human.stdout_contains(documentation).stdout_contains("wh send wpg/slot.submitted");
}

#[test]
fn the_payload_inside_an_envelope_is_shown_too() {
    let event = events(["SyncPlayer", "--json"]).run().exit(0).json("event");
    let payload: Value = serde_json::from_str(event["payload"].as_str().expect("a text")).expect("JSON");
    assert_eq!(payload["event"], json!("SyncPlayer"));
    events(["SyncPlayer"]).run().exit(0).stdout_contains("\"event\": \"SyncPlayer\"");
}

#[test]
fn a_pattern_is_a_name_a_scheme_a_glob_or_a_part_of_a_name() {
    let cash = ["PRIZE_PAYOUT_CREATED@cash", "PRIZE_PAYOUT_FAILED@cash", "PRIZE_PAYOUT_SUCCEEDED@cash"];
    let cash = cash.map(|name| format!("unibo/{name}"));
    let cases: [(&[&str], &[&str]); 8] = [
        (&["slot.submitted"], &["wpg/slot.submitted"]),
        (&["wpg/slot.submitted"], &["wpg/slot.submitted"]),
        (&["slot.submitted", "--scheme", "wpg"], &["wpg/slot.submitted"]),
        (&["PRIZE_*@cash"], &[&cash[0], &cash[1], &cash[2]]),
        (&["@cash"], &[&cash[0], &cash[1], &cash[2]]),
        (&["wpg/payout.*"], &["wpg/payout.completed", "wpg/payout.failed"]),
        (&["payout", "-s", "wpg"], &["wpg/payout.completed", "wpg/payout.failed"]),
        (&["payment.succeeded"], &["whop/payment.succeeded", "whop-v1/payment.succeeded"]),
    ];
    for (arguments, expected) in cases {
        let mut found = names(&events(["--json"]).args(arguments).run());
        let mut expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{arguments:?}");
    }
    for arguments in [&["wpg"][..], &["--scheme", "wpg"], &["wpg/*"], &["*", "-s", "wpg"]] {
        let found = names(&events(["--json"]).args(arguments).run());
        assert!(found.len() == 10 && found.iter().all(|name| name.starts_with("wpg/")), "{arguments:?}: {found:?}");
    }
}

#[test]
fn what_is_not_there_is_told_with_what_is_near() {
    for (arguments, code, hint) in [
        (&["slot.sumbitted"][..], "unknown-event", "slot.submitted"),
        (&["slot_submitted"], "unknown-event", "slot.submitted"),
        (&["wpg/slot.submited"], "unknown-event", "wpg/slot.submitted"),
        (&["prize_payout_created"], "unknown-event", "PRIZE_PAYOUT_CREATED"),
        (&["slot.submitted", "-s", "whop"], "unknown-event", "whop"),
        (&["zzz*"], "unknown-event", "wh events"),
        (&["--scheme", "wgp"], "unknown-scheme", "wpg"),
        (&["--scheme", "nothing-like-it"], "unknown-scheme", "gamepush"),
    ] {
        let error = events(["--json"]).args(arguments).run().exit(2).json("error");
        assert_eq!(error["code"], json!(code), "{arguments:?}");
        assert!(error["hint"].as_str().is_some_and(|found| found.contains(hint)), "{arguments:?}: {error}");
        events([]).args(arguments).run().exit(2).hint_contains(hint);
    }
}

#[test]
fn a_users_events_are_listed_among_the_others() {
    let command = events(["--json"]).file("mine/acme/provider.toml", ACME).file("mine/acme/events/a/b@c.json", "{}");
    let found = names(&command.env("WH_CATALOGUE", "mine").run());
    assert_eq!(found.iter().filter(|name| *name == "acme/a/b@c").count(), 1);
    assert!(found.len() > 100, "{found:?}");
}

#[test]
fn a_users_catalogue_cannot_act_on_the_terminal() {
    let hostile: String = hostile_characters().into_iter().filter(|found| *found != '\0').collect();
    let escaped: Vec<String> = hostile.chars().map(|found| format!("\\u{:04x}", u32::from(found))).collect();
    let escaped = escaped.concat();
    let provider =
        ACME.replace("Acme\"", &format!("Acme {escaped}\"")).replace("Rockets", &format!("{escaped} Rockets"));
    let provider = format!("{provider}\n[events]\n\"x\" = \"{escaped}\"\n");
    for arguments in [&["events"][..], &["events", "acme"], &["events", "acme/x"], &["schemes"], &["schemes", "acme"]] {
        let output = Wh::new()
            .args(arguments)
            .args(["--catalogue", "mine"])
            .file("mine/acme/provider.toml", &provider)
            .file("mine/acme/events/x.json", &hostile)
            .run();
        output.exit(0).stdout_contains("\\u{1b}");
        let found: Vec<char> =
            output.stdout_text().chars().filter(|found| hostile_characters().contains(found)).collect();
        assert!(found.is_empty(), "{arguments:?}: {found:?}");
    }
}
