//! Which secret signs, and that none is shown.

use std::fs;

use serde_json::json;

use super::{WPG_TEST_SECRET, send};
use crate::support::{Answer, Endpoint, Wh, signature_of_wpg};

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

#[test]
fn a_secret_that_a_receiver_sends_back_is_neither_shown_nor_kept() {
    let secret = "sk_live_0123456789";
    let echo = || Answer::status(401).header("X-Echo", format!("Bearer {secret}")).body(format!("you said {secret}!"));
    let endpoint = Endpoint::new().answering(std::iter::repeat_with(echo).take(4));
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log.jsonl");
    let wh = || send(["unibo/PLAYER_OPTED_IN", "--secret", secret, "--to", &endpoint.port()]).arg("--log").arg(&log);
    for flag in ["-v", "--json"] {
        let output = wh().arg(flag).run();
        output.exit(1).stdout_contains("(redacted)!");
        assert!(!String::from_utf8_lossy(&output.everything()).contains(secret));
    }
    assert!(!fs::read_to_string(&log).expect("a log").contains(secret));
    let output = wh().args(["-v", "--record-secrets"]).run();
    output.stderr_any();
    output
        .exit(1)
        .stdout_contains(&format!("Authorization: Bearer {secret}"))
        .stdout_contains(&format!("said {secret}!"));
    let output = send(["unibo/PLAYER_OPTED_IN", "--secret", secret, "--dry-run", "--record-secrets"]).run();
    output.exit(0).stdout_contains(secret);
}

#[test]
fn a_flag_is_not_taken_for_the_secret_that_was_forgotten() {
    let output = send(["slot.submitted", "--secret", "--dry-run"]).run();
    output.exit(2).stderr_contains("spelled like a flag").hint_contains("behind --secret");
    send(["slot.submitted", "--dry-run", "-q", "--secret", "-x--y"]).run().exit(0).any_stdout();
}
