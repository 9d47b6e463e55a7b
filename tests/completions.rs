//! `wh completions`: the scripts that are committed, and what they offer.

use std::fs;

use crate::support::{ACME, Wh, repository};

/// Every shell with the file of its script.
const SCRIPTS: [(&str, &str); 5] =
    [("bash", "wh.bash"), ("zsh", "_wh"), ("fish", "wh.fish"), ("powershell", "_wh.ps1"), ("elvish", "wh.elv")];

#[test]
fn the_committed_scripts_are_current() {
    for (shell, file) in SCRIPTS {
        let output = Wh::new().args(["completions", shell]).run();
        let script = output.exit(0).stdout_text();
        assert!(script.contains("WH_COMPLETE"), "{shell}");
        let committed = fs::read_to_string(repository(&format!("completions/{file}"))).unwrap_or_default();
        assert!(
            committed == script,
            "completions/{file} is not current: cargo run -- completions {shell} > completions/{file}"
        );
    }
}

/// What is offered for the last of these words.
fn offered(words: &[&str]) -> Vec<String> {
    offered_in(Wh::new(), words)
}

/// The same in a world of its own; the environment is what the script for bash sets.
fn offered_in(world: Wh, words: &[&str]) -> Vec<String> {
    let output = world
        .env("WH_COMPLETE", "bash")
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .args(["--", "wh"])
        .args(words)
        .run();
    output
        .exit(0)
        .stdout_text()
        .split('\n')
        .filter(|word| !word.is_empty())
        .map(|word| word.trim().to_owned())
        .collect()
}

#[track_caller]
fn assert_offers(words: &[&str], expected: &[&str]) {
    let mut found = offered(words);
    found.sort();
    assert_eq!(found, expected, "{words:?}");
}

#[test]
fn subcommands_and_flags_are_offered() {
    assert_offers(&["s"], &["schemes", "send", "sign"]);
    assert_offers(&["send", "--al"], &["--all", "--allow-remote"]);
    assert!(offered(&["send", "--fault", ""]).contains(&"stale".to_owned()));
    assert_offers(&["sign", "--as", "h"], &["headers", "http", "hurl"]);
}

#[test]
fn events_are_offered_wherever_one_is_meant() {
    for command in ["send", "sign", "events"] {
        assert_offers(&[command, "slot.su"], &["slot.submitted"]);
        assert_offers(&[command, "wpg/slot.r"], &["wpg/slot.rejected", "wpg/slot.reserved"]);
    }
    assert_offers(&["send", "slot.submitted", "slot.a"], &["slot.accepted"]);
}

#[test]
fn an_event_of_several_providers_is_offered_with_its_provider_or_by_the_scheme() {
    let found = offered(&["send", "payment.s"]);
    assert!(!found.contains(&"payment.succeeded".to_owned()), "{found:?}");
    assert_offers(&["send", "whop/payment.s"], &["whop/payment.succeeded"]);
    for scheme in [&["--scheme", "whop"][..], &["--scheme=whop"], &["-s", "whop"]] {
        let words = [&["send"], scheme, &["payment.s"]].concat();
        assert_offers(&words, &["payment.succeeded"]);
    }
}

#[test]
fn schemes_are_offered_wherever_one_is_meant() {
    assert_offers(&["schemes", "wh"], &["whop", "whop-v1"]);
    assert_offers(&["send", "--scheme", "uni"], &["unibo"]);
    assert_offers(&["sign", "-s", "uni"], &["unibo"]);
}

#[test]
fn a_users_catalogue_is_offered_too() {
    let world = || Wh::new().file("mine/acme/provider.toml", ACME).file("mine/acme/events/rocket.launched.json", "{}");
    let by_variable = || world().env("WH_CATALOGUE", "mine");
    assert_eq!(offered_in(by_variable(), &["send", "rocket"]), ["rocket.launched"]);
    assert_eq!(offered_in(by_variable(), &["send", "acme/"]), ["acme/rocket.launched"]);
    assert_eq!(offered_in(by_variable(), &["schemes", "ac"]), ["acme"]);
    assert_eq!(offered_in(world(), &["send", "--catalogue", "mine", "rocket"]), ["rocket.launched"]);
    assert_eq!(offered_in(world(), &["send", "--catalogue", "mine", "--scheme", "ac"]), ["acme"]);
}

#[test]
fn a_catalogue_with_a_mistake_offers_nothing_and_says_nothing() {
    let world = Wh::new().file("mine/acme/provider.toml", "title = ").env("WH_CATALOGUE", "mine");
    let found = offered_in(world, &["send", "slot.su"]);
    assert_eq!(found, ["slot.submitted"]);
    let world = Wh::new().env("WH_CATALOGUE", "missing");
    assert_eq!(offered_in(world, &["send", "slot.su"]), Vec::<String>::new());
}

#[test]
fn what_is_set_is_offered_too() {
    let world = || {
        Wh::new()
            .file("wh.toml", "catalogue = \"mine\"\nscheme = \"acme\"\n[profile.staging]\nscheme = \"whop\"\n")
            .file("mine/acme/provider.toml", ACME)
            .file("mine/acme/events/rocket.launched.json", "{}")
    };
    assert_eq!(offered_in(world(), &["send", "r"]), ["rocket.launched"]);
    assert_eq!(offered_in(world(), &["send", "wpg/slot.su"]), ["wpg/slot.submitted"]);
    assert_eq!(offered_in(world(), &["send", "--profile", "s"]), ["staging"]);
    assert_eq!(offered_in(world(), &["send", "--profile", "staging", "payment.s"]), ["payment.succeeded"]);
    assert_eq!(offered_in(Wh::new().file("wh.toml", "nonsense"), &["send", "--profile", "s"]), Vec::<String>::new());
}
