//! `wh init`: a file and a folder that work at once, and nothing of anybody's is lost.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{ACME, Output, Wh};

const WH: &str = env!("CARGO_BIN_EXE_wh");

/// Runs a command line in a folder that stays.
fn wh(folder: &Path, arguments: &[&str]) -> Output {
    Wh::new().args(arguments).inside(folder).run()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[test]
fn what_was_typed_is_written_with_comments_and_counts_at_once() {
    let folder = folder();
    let place = folder.path();
    let flags = ["init", "--scheme", "wpg", "--to", "3000/hook", "--secret-env", "WPG_WEBHOOK_SECRET"];
    let output = wh(place, &flags);
    output.exit(0).stdout_contains("wrote wh.toml").stdout_contains("next: wh send slot.");
    let text = fs::read_to_string(place.join("wh.toml")).expect("it was written");
    for line in ["scheme = \"wpg\"", "to = \"http://localhost:3000/hook\"", "secret-env = \"WPG_WEBHOOK_SECRET\""] {
        assert!(text.contains(&format!("\n{line}\n")) && output.stdout_text().contains(line), "{text}");
    }
    assert!(text.lines().filter(|line| line.starts_with('#')).count() > 5, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let output = Wh::new().args(["sign", "slot.submitted"]).env("WPG_WEBHOOK_SECRET", "whsec_x").inside(place).run();
    output.exit(0).stdout_contains("POST /hook").stdout_contains("Host: localhost:3000");
}

#[test]
fn a_file_that_is_there_is_replaced_only_with_force() {
    let folder = folder();
    let place = folder.path();
    fs::write(place.join("wh.toml"), "catalogue = \"ours\"\n").expect("a file");
    for arguments in [&["init"][..], &["init", "--scheme", "wpg"]] {
        let output = wh(place, arguments);
        output.exit(2).stderr_contains("`wh.toml` is there already").hint_contains("--force");
        assert_eq!(fs::read_to_string(place.join("wh.toml")).expect("it stays"), "catalogue = \"ours\"\n");
    }
    let written = wh(place, &["init", "--scheme", "wpg", "--force", "--json"]).exit(0).json("written");
    assert_eq!((written["path"].as_str(), written["replaces"].as_bool()), (Some("wh.toml"), Some(true)));
    let text = fs::read_to_string(place.join("wh.toml")).expect("it was written");
    assert_eq!(written["text"].as_str(), Some(text.as_str()));
    // What leads to providers of one's own stays.
    assert!(text.contains("scheme = \"wpg\"") && text.contains("\ncatalogue = \"ours\""), "{text}");
    assert_eq!(fs::read_dir(place).expect("a folder").count(), 1);
}

#[test]
fn what_no_project_may_say_is_not_written() {
    for (flags, message, hint) in [
        (&["--scheme", "wgp"][..], "there is no scheme `wgp`", "`wpg`"),
        (&["--to", "ftp://x"], "ftp://x", "3000"),
        (&["--secret-env", "AWS_SECRET_ACCESS_KEY"], "not named like", "WEBHOOK"),
        (&["--secret-env", "whsec_hunter2"], "not named like", "WEBHOOK"),
        (&["--secret-file", "../secret"], "no file of this folder", "name a file in it"),
        (&["--secret-file", "/etc/passwd"], "no file of this folder", "name a file in it"),
        (&["--provider", "Ac me"], "`Ac me` is no name", "small letters"),
        (&["--provider", "../acme"], "`../acme` is no name", "small letters"),
        (&["--provider", "wpg"], "there is a built-in scheme `wpg`", "another name"),
        (&["--provider", "acme", "--to", "3000"], "exclude each other", ""),
    ] {
        let folder = folder();
        let output = wh(folder.path(), &[&["init"], flags].concat());
        output.exit(2).stderr_contains(message).hint_contains(hint);
        assert!(!output.stderr_text().contains("hunter2"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "{flags:?}");
    }
}

#[test]
fn a_provider_that_was_just_written_works_in_every_command() {
    let folder = folder();
    let place = folder.path();
    wh(place, &["init", "--provider", "acme"]).exit(0).stdout_contains("wrote providers/acme/provider.toml");
    wh(place, &["events", "acme"]).exit(0).stdout_contains("example.created@minimal");
    wh(place, &["events", "example.created"]).exit(0).stdout_contains("Something was created");
    wh(place, &["schemes", "acme"]).exit(0).stdout_contains("acme_test_secret");
    wh(place, &["schemes"]).exit(0).stdout_contains("Acme");
    wh(place, &["sign", "example.created", "-q"]).exit(0).stdout_contains("Acme-Signature: t=");
    wh(place, &["send", "acme/*"]).exit(0).stdout_contains("acme example.created@minimal");
    wh(place, &["send", "example.created", "--fault", "stale", "--expect", "401"]).exit(0);
    // Nobody says whose delivery it is.
    let send = format!("'{WH}' send --all --scheme acme --to $WH_URL -q");
    let listen = ["listen", "--port", "0", "--no-log", "--json", "--count", "2", "--", "sh", "-c", &send];
    let received = wh(place, &listen).exit(0).json_all("received");
    assert_eq!(received.len(), 2);
    for delivery in received {
        assert_eq!((&delivery["scheme"], &delivery["verification"]["valid"]), (&"acme".into(), &true.into()));
    }
    let output = wh(place, &["init", "--provider", "acme"]);
    output.exit(2).stderr_contains("providers/acme/provider.toml` is there already").hint_contains("--force");
    wh(place, &["init", "--provider", "acme", "--force"]).exit(0).stdout_contains("changed providers/acme");
}

#[test]
fn a_second_provider_goes_where_the_first_one_is_and_a_file_of_settings_keeps_its_words() {
    let folder = folder();
    let place = folder.path();
    let ours = "# Ours.\n# Do not touch.\n\nscheme = \"wpg\" # really\n\n[profile.a]\nto = \"1\"\n";
    fs::write(place.join("wh.toml"), ours).expect("a file");
    wh(place, &["init", "--provider", "acme"]).exit(0).stdout_contains("changed wh.toml");
    let text = fs::read_to_string(place.join("wh.toml")).expect("it is there");
    let added = "# Providers of our own, a folder each.\ncatalogue = \"providers\"\n\n";
    assert_eq!(text, ours.replacen("scheme", &format!("{added}scheme"), 1));
    let output = wh(place, &["init", "--provider", "bolt"]);
    output.exit(0).stdout_contains("wrote providers/bolt/provider.toml");
    assert_eq!(fs::read_to_string(place.join("wh.toml")).expect("it is there"), text);
    wh(place, &["send", "bolt/example.created", "acme/example.created"])
        .exit(0)
        .stdout_contains("bolt example.created");
    let output = wh(place, &["init", "--provider", "nuts", "--catalogue", "elsewhere"]);
    output.exit(0).stdout_contains("wrote elsewhere/nuts/provider.toml");
}

#[test]
fn a_provider_reads_nothing_outside_of_its_own_folder() {
    let outside = folder();
    fs::write(outside.path().join("private.json"), "{\"type\":\"private\"}").expect("a file");
    fs::create_dir_all(outside.path().join("stray/events")).expect("a folder");
    fs::write(outside.path().join("stray/provider.toml"), ACME).expect("a file");
    let world = Wh::new()
        .file("mine/acme/provider.toml", ACME)
        .file("mine/acme/events/rocket.launched.json", "{\"type\":\"rocket.launched\"}")
        .file("mine/bolt/provider.toml", ACME)
        .file("mine/bolt/events/bolt.tightened.json", "{\"type\":\"bolt.tightened\"}");
    let events = world.folder().join("mine/acme/events");
    symlink(outside.path().join("private.json"), events.join("private.json")).expect("a link");
    symlink("../../bolt/events/bolt.tightened.json", events.join("borrowed.json")).expect("a link");
    symlink("rocket.launched.json", events.join("rocket.again.json")).expect("a link");
    symlink(outside.path().join("stray"), world.folder().join("mine/stray")).expect("a link");
    let output = world.args(["events", "--catalogue", "mine", "--json"]).run();
    let lines = output.exit(0).json_all("event");
    let own = lines.iter().filter(|line| ["acme", "bolt", "stray"].iter().any(|name| line["scheme"] == *name));
    let names: Vec<&str> = own.filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(names, ["rocket.again", "rocket.launched", "bolt.tightened"]);
}

#[test]
fn a_provider_replaces_a_built_in_one_only_when_it_says_so() {
    let world = |file: &str| {
        let world = Wh::new().file("mine/wpg/provider.toml", file);
        world.file("mine/wpg/events/rocket.launched.json", "{}").file("wh.toml", "catalogue = \"mine\"\n")
    };
    let output = world(ACME).args(["events"]).run();
    output.exit(2).stderr_contains("mine/wpg/provider.toml: ").hint_contains("replaces-built-in = true");
    let output = world(&format!("replaces-built-in = true\n{ACME}")).args(["events", "wpg"]).run();
    output.exit(0).stdout_contains("rocket.launched");
    assert!(!output.stdout_text().contains("slot."), "{}", output.stdout_text());
}
