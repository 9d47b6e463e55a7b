//! `wh schemes`: the providers, and what is to be known of one.

use serde_json::{Value, json};

use crate::support::{ACME, Wh};

/// `wh schemes` with arguments.
fn schemes<const N: usize>(arguments: [&str; N]) -> Wh {
    Wh::new().arg("schemes").args(arguments)
}

const NAMES: [&str; 11] =
    ["comps", "gamepush", "github", "shopify", "slack", "standard", "stripe", "unibo", "whop", "whop-v1", "wpg"];

#[test]
fn every_provider_is_listed_with_its_title() {
    let listed = schemes(["--json"]).run().exit(0).json_all("scheme");
    let names: Vec<&Value> = listed.iter().map(|scheme| &scheme["scheme"]).collect();
    assert_eq!(names, NAMES);
    let human = schemes([]).run();
    for scheme in &listed {
        human.exit(0).stdout_contains(scheme["title"].as_str().expect("a text"));
    }
    assert_eq!(human.stdout_text().lines().count(), NAMES.len());
}

#[test]
fn each_scheme_is_explained_with_key_headers_tolerance_answer_and_retries() {
    for name in NAMES {
        let scheme = schemes([name, "--json"]).run().exit(0).json("scheme");
        assert_eq!(scheme["scheme"], json!(name));
        let human = schemes([name]).run();
        human.exit(0).stdout_contains(scheme["title"].as_str().expect("a text"));
        for word in ["signature", "key", "tolerance", "retries", "test secret"] {
            human.stdout_contains(word);
        }
        for key in ["documentation", "test_secret", "secret_variable"] {
            human.stdout_contains(scheme[key].as_str().expect("a text"));
        }
        for header in scheme["headers"].as_array().expect("a list") {
            human.stdout_contains(header["name"].as_str().expect("a text"));
        }
        for sentences in ["weaknesses", "readings"] {
            for sentence in scheme[sentences].as_array().expect("a list") {
                human.stdout_contains(sentence.as_str().expect("a text"));
            }
        }
    }
}

#[test]
fn what_the_pages_say_of_time_and_delivery_is_told() {
    let scheme = |name: &str| schemes([name, "--json"]).run().exit(0).json("scheme");
    let wpg = scheme("wpg");
    assert_eq!(wpg["timestamp"]["tolerance_past_s"], json!(300.0));
    assert_eq!((&wpg["delivery"]["timeout_s"], &wpg["delivery"]["disable_after"]), (&json!(5.0), &json!(10)));
    assert_eq!(scheme("unibo")["delivery"]["timeout_s"], json!(30.0));
    let comps = scheme("comps");
    assert_eq!((&comps["delivery"]["attempts"], &comps["timestamp"]["signed"]), (&json!(6), &json!(false)));
    assert_eq!(scheme("whop")["timestamp"]["tolerance_future_s"], json!(300.0));
    schemes(["wpg"]).run().exit(0).stdout_contains("5 min").stdout_contains("5 s").stdout_contains("10 consecutive");
}

#[test]
fn what_people_are_told_of_a_scheme_machines_are_told_too() {
    let scheme = |name: &str| schemes([name, "--json"]).run().exit(0).json("scheme");
    let gamepush = scheme("gamepush");
    assert_eq!((&gamepush["also_accepts"], &gamepush["id"]), (&json!(["base64"]), &json!([])));
    assert_eq!((&gamepush["event"], &gamepush["delivery"]["content_type"]), (&json!(["event"]), &json!("text/plain")));
    let comps = scheme("comps");
    assert_eq!((&comps["also_accepts"], &comps["id"]), (&json!([]), &json!(["id"])));
    let unibo = scheme("unibo");
    assert_eq!(unibo["delivery"]["headers"], json!([["User-Agent", "Unibo-Webhooks/1.0"]]));
    assert_eq!(unibo["delivery"]["method"], json!("POST"));
}

#[test]
fn a_real_example_of_the_headers_is_shown() {
    schemes(["whop"]).run().exit(0).stdout_contains("X-Whop-Signature: t=").stdout_contains(",v1=");
    schemes(["unibo"]).run().exit(0).stdout_contains("Authorization: Bearer unibo_test_api_key_for_wh");
    schemes(["standard"]).run().exit(0).stdout_contains("v1,");
}

#[test]
fn the_weaknesses_of_a_scheme_are_named() {
    for (name, words) in [
        ("comps", &["timestamp is not signed"][..]),
        ("unibo", &["protects nothing else"]),
        ("whop", &["own verifier", "forged"]),
        ("github", &["no timestamp"]),
    ] {
        let output = schemes([name]).run();
        for word in words {
            output.exit(0).stdout_contains(word);
        }
    }
}

#[test]
fn a_scheme_that_is_not_there_is_told_with_the_nearest_or_all() {
    for (name, hint) in [("wgp", "wpg"), ("stirpe", "stripe"), ("WPG", "wpg"), ("nothing-like-it", "gamepush")] {
        let error = schemes([name, "--json"]).run().exit(2).json("error");
        assert_eq!(error["code"], json!("unknown-scheme"), "{name}");
        schemes([name]).run().exit(2).hint_contains(hint);
    }
}

#[test]
fn a_users_provider_is_explained_like_a_built_in_one() {
    let with = |command: Wh| command.file("mine/acme/provider.toml", ACME).args(["--catalogue", "mine"]);
    assert_eq!(with(schemes(["--json"])).run().exit(0).json_all("scheme").len(), NAMES.len() + 1);
    with(schemes(["acme"])).run().exit(0).stdout_contains("Acme-Signature").stdout_contains("ACME_WEBHOOK_SECRET");
    let scheme = with(schemes(["acme", "--json"])).run().exit(0).json("scheme");
    assert_eq!((&scheme["title"], &scheme["algorithm"]), (&json!("Acme"), &json!("hmac-sha256")));
}
