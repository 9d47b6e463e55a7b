//! What `wh check` concludes: no more than what was tried allows.

use serde_json::{Value, json};

use crate::support::receiver::{self, Act, NO, Received, receiver};
use crate::support::{Answer, Endpoint, Output, Wh};

/// Checks a receiver, for people.
fn check(scheme: &str, port: &str, flags: &[&str]) -> Output {
    Wh::new().args(["check", "--scheme", scheme, "--to", port]).args(flags).run()
}

/// The sentence that a run ends with.
#[track_caller]
fn conclusion(output: &Output) -> String {
    let line = output.stdout_text().lines().last().expect("a verdict").to_owned();
    line.split(". ").next().unwrap_or_default().to_owned()
}

#[test]
fn nothing_is_said_of_forgeries_that_were_not_sent() {
    const UNTRIED: &str = "It accepts the genuine delivery; whether it refuses forgeries was not tried";
    const NOTHING: &str = "Nothing that was asked for was checked: it accepts the genuine delivery, no more";
    let (wpg, comps) = (receiver(receiver::wpg), receiver(receiver::comps));
    let run = |scheme, flags: &[&str]| check(scheme, if scheme == "wpg" { &wpg } else { &comps }, flags);
    let robust = ["--only", "robustness", "--skip", "*-signature,malformed-header,huge-body"];
    for (scheme, flags, exit, expected) in [
        ("wpg", &["--only", "genuine"][..], 0, UNTRIED),
        ("wpg", &robust, 0, UNTRIED),
        // What is malformed is sent to see whether the receiver falls over.
        ("wpg", &["--only", "malformed-header,unicode"], 0, UNTRIED),
        // Advice is about the scheme, or about the way there.
        ("wpg", &["--only", "advice"], 4, NOTHING),
        ("comps", &["--only", "advice"], 4, NOTHING),
        ("comps", &["--only", "altered-id"], 4, NOTHING),
        ("comps", &["--only", "altered-id,unicode"], 0, UNTRIED),
        ("wpg", &["--only", "error-leak"], 4, NOTHING),
        ("wpg", &["--only", "stale"], 0, "It refuses the one forgery that was tried and accepts the genuine delivery"),
        (
            "wpg",
            &["--only", "stale,future"],
            0,
            "It refuses the 2 forgeries that were tried and accepts the genuine delivery",
        ),
        ("wpg", &["--only", "security"], 0, "It refuses forgeries and accepts what is genuine"),
    ] {
        let output = run(scheme, flags);
        output.exit(exit);
        assert_eq!(conclusion(&output), expected, "{scheme} {flags:?}");
    }
    let summary = run("wpg", &["--only", "genuine", "--json"]).json("summary");
    assert_eq!((&summary["verdict"], &summary["conclusion"]), (&json!("good"), &json!(UNTRIED)));
}

#[test]
fn a_selection_that_leaves_no_check_is_told_before_anything_is_sent() {
    let endpoint = Endpoint::new().uncalled();
    for flags in [&["--skip", "*"][..], &["--only", "security", "--skip", "security"], &["--only", "altered-i?"]] {
        let output = check("comps", &endpoint.port(), flags);
        output.exit(4).stderr_contains("no check of receivers of comps").hint_contains("--list --scheme comps");
        assert_eq!(output.stdout_text(), "");
    }
    let error = check("comps", &endpoint.port(), &["--skip", "*", "--json"]).exit(4).json("error");
    assert_eq!(error["code"], json!("nothing"));
}

#[test]
fn answers_to_forgeries_that_say_nothing_are_no_refusals() {
    let to_forgeries = |act: Act| {
        receiver(move |request: &Received| match receiver::wpg(request) {
            NO => act.clone(),
            answer => answer,
        })
    };
    let busy = check("wpg", &to_forgeries(Act::Status(429)), &["--only", "stale,future,unicode"]);
    busy.exit(4);
    assert_eq!(conclusion(&busy), "Nothing can be concluded about forgeries: no answer to one proves anything");
    let elsewhere = check("wpg", &to_forgeries(Act::Redirect("/login")), &["--only", "stale,future"]);
    let expected = "It accepts the genuine delivery; no forgery was accepted, and none refused with a 4xx";
    assert_eq!(conclusion(elsewhere.exit(0)), expected);
    let falls = check("wpg", &to_forgeries(Act::Status(500)), &["--only", "stale,future"]);
    assert_eq!(conclusion(falls.exit(1)), "It is fragile: 2 robustness checks failed (stale, future)");
}

#[test]
fn what_a_receiver_stumbles_over_says_nothing_of_forgeries_that_were_not_sent() {
    let port = receiver(|request: &Received| match receiver::wpg(request) {
        NO => NO,
        _ if request.body.as_ref() == b"[]" => Act::Status(500),
        answer => answer,
    });
    for (only, expected) in [
        (
            "array-body",
            "It is fragile: 1 robustness check failed (array-body); whether it refuses forgeries was not tried",
        ),
        ("array-body,stale", "It refuses the one forgery that was tried, but 1 robustness check failed (array-body)"),
        ("array-body,security", "It refuses forgeries, but 1 robustness check failed (array-body)"),
    ] {
        let output = check("wpg", &port, &["--only", only]);
        assert_eq!(conclusion(output.exit(1)), expected, "{only}");
    }
}

#[test]
fn what_ctrl_c_left_undone_is_not_put_down_to_the_receiver() {
    let endpoint = Endpoint::new().answering([Answer::never()]);
    let called = endpoint.calls(1);
    let output = Wh::new().args(["check", "--scheme", "wpg", "--to", &endpoint.port()]).interrupt_after(called).run();
    let text = output.exit(130).stdout_text();
    assert!(text.contains("stopped by Ctrl-C") && !text.contains("refused"), "{text}");
    assert_eq!(conclusion(&output), "Stopped before the end");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_costs_neither_the_answer_nor_the_other_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    let tap = folder.path().join("a.tap");
    let tap = tap.to_str().expect("a path");
    let port = receiver(receiver::wpg);
    let also = format!("tap={tap}");
    let flags = ["--only", "stale", "--report", "junit=/dev/full", "--report", &also];
    let output = check("wpg", &port, &flags);
    output.exit(3).stdout_contains("It refuses the one forgery that was tried");
    output.stderr_contains("error: the report `/dev/full` cannot be written").hint_contains("elsewhere");
    assert!(std::fs::read_to_string(tap).expect("the other report").starts_with("TAP version 14"));

    let output = check("wpg", &port, &[&flags[..], &["--json"]].concat());
    let lines = output.exit(3).json_lines();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(kinds, ["check", "check", "summary", "error"]);
}

#[cfg(unix)]
#[test]
fn a_report_to_the_file_that_the_answer_goes_to_leaves_the_answer_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let file = std::fs::File::create(&path).expect("a file");
    let port = receiver(receiver::wpg);
    let flags = ["check", "--scheme", "wpg", "--to", &port, "--only", "stale", "--report", "tap=/dev/stdout"];
    Wh::new().args(flags).stdout(file).run().exit(0);
    let text = std::fs::read_to_string(path).expect("text");
    assert!(text.starts_with("TAP version 14\n") && text.contains("\nSecurity\n"), "{text}");
    assert!(text.contains("It refuses the one forgery that was tried") && !text.contains('\0'), "{text}");
}

#[test]
fn the_standard_output_takes_no_report_beside_the_answer() {
    let output = check("wpg", "1", &["--report", "json=-"]);
    output.exit(2).stderr_contains("standard output").hint_contains("--json");
}

#[test]
fn every_text_of_the_list_of_checks_is_filled_in() {
    for scheme in ["wpg", "unibo", "whop", "gamepush", "comps", "github", ""] {
        let named = if scheme.is_empty() { vec![] } else { vec!["--scheme", scheme] };
        for form in ["human", "json"] {
            let output = Wh::new().args(["check", "--list", "--format", form]).args(&named).run();
            let text = output.exit(0).stdout_text();
            assert!(!text.contains("{proof}") && !text.contains("{key}"), "{scheme}: {text}");
        }
    }
}

#[test]
fn duplicates_are_to_be_told_by_what_the_provider_gives() {
    let remedy = |scheme: &str, id: &str| {
        let output = Wh::new().args(["check", "--list", "--json", "--scheme", scheme, "--only", id]).run();
        output.json("probe")["remedy"].as_str().unwrap_or_default().to_owned()
    };
    for (scheme, key) in [
        ("gamepush", "a hash of the payload (there is no id)"),
        ("comps", "the key for duplicates (id)"),
        ("unibo", "the key for duplicates (request_id + event_type)"),
    ] {
        for id in ["scheme-no-timestamp", "scheme-unsigned-timestamp", "duplicate-effect"] {
            let remedy = remedy(scheme, id);
            assert!(remedy.contains(key), "{scheme} {id}: {remedy}");
        }
    }
    // As a check has it, too.
    let output = check("gamepush", &receiver(receiver::gamepush), &["--only", "scheme-no-timestamp,unicode", "--json"]);
    let lines = output.exit(0).json_lines();
    let advice = |line: &&Value| line["id"] == "scheme-no-timestamp";
    let told = lines.iter().find(advice).and_then(|line| line["remedy"].as_str()).unwrap_or_default();
    assert!(told.contains("a hash of the payload") && !told.contains("ids"), "{told}");
}
