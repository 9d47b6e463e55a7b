//! What is said of an answer.

use serde_json::json;

use super::send;
use crate::support::{Answer, Endpoint, hostile_characters};

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
        // What goes through a proxy is carried by another client.
        let remote = ["--to", "http://hooks.example.invalid/", "--allow-remote", "--secret", "x", "--json"];
        let output = send(["slot.submitted"]).args(remote).env("HTTP_PROXY", endpoint.url("")).run();
        assert_eq!(output.exit(1).stderr_any().json("attempt")["status"], json!(status));
        assert_eq!(endpoint.arrivals().len(), 3);
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
