//! `wh check`: receivers with one planted defect each are found out, and strict ones pass.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Wh;
use crate::support::receiver::{self, Act, Handler, NO, OK, Received, WPG, digits, hmac, now, receiver};

fn check(scheme: &str, port: &str) -> Wh {
    Wh::new().args(["check", "--scheme", scheme, "--to", port, "--json"])
}

/// The names of the checks with a status, but for the advice about the scheme.
fn with(status: &str, lines: &[Value]) -> Vec<String> {
    let found = lines.iter().filter(|line| line["type"] == "check" && line["status"] == status);
    let mut names: Vec<String> = found.map(|line| line["id"].as_str().expect("a name").to_owned()).collect();
    names.retain(|name| !name.starts_with("scheme-"));
    names.sort();
    names
}

/// Checks a receiver and says which checks failed.
#[track_caller]
fn failures(scheme: &str, handler: impl Fn(&Received) -> Act + Send + Sync + 'static) -> Vec<String> {
    let output = check(scheme, &receiver(handler)).run();
    let lines = output.json_lines();
    let failed = with("fail", &lines);
    output.exit(i32::from(!failed.is_empty()));
    failed
}

#[test]
fn strict_receivers_of_the_five_providers_pass_with_nothing_failed() {
    let receivers: [(&str, Handler); 5] = [
        ("wpg", receiver::wpg),
        ("unibo", receiver::unibo),
        ("whop", receiver::whop),
        ("gamepush", receiver::gamepush),
        ("comps", receiver::comps),
    ];
    for (scheme, handler) in receivers {
        let output = check(scheme, &receiver(handler)).run();
        let lines = output.exit(0).json_lines();
        for status in ["fail", "warn", "skip"] {
            assert_eq!(with(status, &lines), Vec::<String>::new(), "{scheme}: {status}");
        }
        assert!(with("pass", &lines).len() > 40, "{scheme}: {lines:#?}");
        let summary = output.json("summary");
        assert_eq!((&summary["failed"], &summary["accepts_genuine"]), (&json!(0), &json!(true)), "{scheme}");
    }
}

/// A receiver of We Playtest Games whose signature is right, and that has its own way with the rest.
fn signed(request: &Received) -> Option<(&str, &str)> {
    let (signature, timestamp) = (request.one("x-wpg-signature")?, request.one("x-wpg-timestamp")?);
    (signature == hmac(WPG, &[timestamp.as_bytes(), b".", &request.body])).then_some((signature, timestamp))
}

fn yes(good: bool) -> Act {
    if good { OK } else { NO }
}

#[test]
fn a_receiver_that_looks_at_no_limit_is_found_by_that_limit() {
    let no_future = |request: &Received| {
        yes(signed(request).is_some_and(|(_, time)| digits(time).is_some_and(|time| now() - time <= 300)))
    };
    assert_eq!(failures("wpg", no_future), ["future", "milliseconds-timestamp"]);
    let no_past = |request: &Received| {
        yes(signed(request).is_some_and(|(_, time)| digits(time).is_some_and(|time| time - now() <= 300)))
    };
    assert_eq!(failures("wpg", no_past), ["stale"]);
}

#[test]
fn a_receiver_that_verifies_nothing_is_found_by_every_forgery() {
    let failed = failures("wpg", |request| {
        let json = serde_json::from_slice::<Value>(&request.body);
        yes(json.is_ok())
    });
    for forgery in ["no-signature", "empty-signature", "forged-signature", "wrong-secret", "altered-body", "stale"] {
        assert!(failed.iter().any(|name| name == forgery), "{forgery}: {failed:?}");
    }
}

#[test]
fn a_receiver_that_refuses_what_is_genuine_proves_nothing_by_refusing_forgeries() {
    let output = check("wpg", &receiver(|_| NO)).run();
    let lines = output.exit(4).json_lines();
    assert_eq!(with("fail", &lines), ["genuine"]);
    assert_eq!(output.json("summary")["accepts_genuine"], json!(false));
    let refused = lines.iter().find(|line| line["id"] == "forged-signature").expect("a check");
    assert_eq!(refused["status"], json!("skip"));
}

#[test]
fn nobody_there_is_no_failed_check() {
    let output = Wh::new().args(["check", "--scheme", "wpg", "--to", "1", "--json"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("connection-refused"));
}

/// A strict receiver of Whop that does something else for some bodies.
fn unless(odd: impl Fn(&Received) -> bool + Send + Sync + 'static, act: Act) -> impl Fn(&Received) -> Act {
    move |request| match receiver::whop(request) {
        NO => NO,
        _ if odd(request) => act.clone(),
        answer => answer,
    }
}

#[test]
fn a_receiver_that_falls_over_is_found_by_what_felled_it() {
    let text = |request: &Received| serde_json::from_slice::<Value>(&request.body).is_ok_and(|json| json.is_string());
    assert_eq!(failures("whop", unless(text, Act::Status(500))), ["string-body"]);
    assert_eq!(failures("whop", unless(text, Act::Redirect("/login"))), Vec::<String>::new());
}

#[test]
fn what_could_not_be_run_after_a_receiver_ended_is_skipped() {
    let empty = |request: &Received| request.body.is_empty() && request.method == "POST";
    let output = check("whop", &receiver(unless(empty, Act::Die))).args(["--timeout", "300ms"]).run();
    let lines = output.exit(1).json_lines();
    assert_eq!(with("fail", &lines), ["empty-body"]);
    let skipped = with("skip", &lines);
    assert!(skipped.contains(&"array-body".to_owned()) && skipped.contains(&"genuine-again".to_owned()), "{skipped:?}");
}

#[test]
fn a_receiver_that_is_too_slow_or_leaks_is_found() {
    let slow = |request: &Received| match receiver::wpg(request) {
        OK if request.one("content-type") == Some("application/json; charset=UTF-8") => {
            Act::Late(Duration::from_millis(400))
        }
        answer => answer,
    };
    let output = check("wpg", &receiver(slow)).args(["--timeout", "300ms", "--only", "charset"]).run();
    assert_eq!(with("fail", &output.exit(1).json_lines()), ["charset"]);

    let leaks = |request: &Received| match receiver::wpg(request) {
        NO => {
            let timestamp = request.one("x-wpg-timestamp").unwrap_or_default();
            Act::Body(401, format!("expected {}", hmac(WPG, &[timestamp.as_bytes(), b".", &request.body])))
        }
        answer => answer,
    };
    assert_eq!(failures("wpg", leaks), ["error-leak"]);
    let hangs = |request: &Received| {
        if request.one("x-wpg-signature") == Some("") { Act::Hang } else { receiver::wpg(request) }
    };
    let output = check("wpg", &receiver(hangs)).args(["--timeout", "300ms", "--only", "security"]).run();
    assert_eq!(with("fail", &output.exit(1).json_lines()), ["empty-signature"]);
}

#[test]
fn a_check_that_is_not_there_is_a_mistake_with_the_nearest_one() {
    let run = |flag: &str| Wh::new().args(["check", "--scheme", "wpg", "--to", "1", flag, "forged-signatur"]).run();
    for flag in ["--only", "--skip"] {
        run(flag).exit(2).hint_contains("forged-signature");
    }
}
