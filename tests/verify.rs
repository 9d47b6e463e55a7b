//! `wh verify`: captures of every form, the clock, what cannot be read, and the exit codes.

use serde_json::{Value, json};

use crate::support::{Output, Wh};

/// What `wh sign` prints for an event, in a form.
fn signed(event: &str, form: &str) -> Vec<u8> {
    Wh::new().args(["sign", event, "--as", form]).run().exit(0).stdout().to_vec()
}

/// A record of a delivery that is genuine, as a value. It was received when the timestamp says.
fn record(event: &str) -> Value {
    let signed: Value = serde_json::from_slice(&signed(event, "json")).expect("JSON");
    json!({
        "schema": "wh.delivery/1",
        "id": signed["id"],
        "received_at": "2026-11-21T10:00:00.5Z",
        "remote": "127.0.0.1:1",
        "request": {"method": "POST", "target": "/", "version": "HTTP/1.1", "headers": signed["headers"], "body": signed["body"]},
        "scheme": signed["scheme"],
        "event": signed["event"],
        "verification": {"valid": true, "reason": null},
        "response": {"status": 200, "duration_ms": 1.0},
    })
}

/// A record of a delivery that was signed and received at 10:00 on 21 November 2026.
fn old_record(event: &str) -> Value {
    let arguments = ["sign", event, "--json", "--timestamp", "2026-11-21T10:00:00Z"];
    let signed = Wh::new().args(arguments).run().json("signed");
    let mut record = record(event);
    (record["request"]["headers"], record["request"]["body"]) = (signed["headers"].clone(), signed["body"].clone());
    record
}

fn forged(mut record: Value) -> Value {
    let body = record["request"]["body"].as_str().expect("a body").replacen('"', " \"", 1);
    record["request"]["body"] = body.into();
    record
}

fn verify(file: &str, bytes: impl AsRef<[u8]>, arguments: &[&str]) -> Output {
    Wh::new().file(file, bytes).args(["verify", file, "--json"]).args(arguments).run()
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| record.to_string() + "\n").collect()
}

#[test]
fn one_of_several_secrets_may_be_no_key() {
    let sign = ["sign", "user.created", "--scheme", "standard", "--as", "http", "--secret", "whsec_bmV3"];
    let signed = Wh::new().args(sign).run().exit(0).stdout().to_vec();
    let verify = |secrets: &[&str]| verify("a.http", &signed, secrets);
    for secrets in [["whsec_no base64", "whsec_bmV3"], ["whsec_bmV3", "whsec_no base64"]] {
        verify(&["--secret", secrets[0], "--secret", secrets[1]]).exit(0);
    }
    let none = verify(&["--secret", "whsec_no base64"]).exit(4).json("verification");
    assert_eq!(none["reason"], json!("bad-secret"), "{none}");
}

#[test]
fn every_event_that_is_signed_is_found_genuine_in_every_form() {
    let schemes = Wh::new().args(["schemes", "--json"]).run().json_all("scheme");
    for scheme in schemes.iter().filter_map(|scheme| scheme["scheme"].as_str()) {
        let events = Wh::new().args(["events", scheme, "--json"]).run().json_all("event");
        let event = format!("{scheme}/{}", events[0]["event"].as_str().expect("an event"));
        for form in ["json", "http"] {
            let output = verify("captured", signed(&event, form), &[]);
            let verdict = output.exit(0).json("verification");
            assert_eq!((&verdict["valid"], &verdict["scheme"]), (&json!(true), &json!(scheme)), "{form}: {verdict}");
            assert_eq!(verdict["event"], events[0]["event"], "{form}: {verdict}");
            assert_eq!((&verdict["file"], &verdict["line"]), (&json!("captured"), &json!(1)), "{verdict}");
        }
    }
}

#[test]
fn a_log_gives_a_verdict_for_each_of_its_lines_in_order() {
    let good = old_record("slot.submitted");
    let log = lines(&[good.clone(), forged(good.clone()), good]);
    let output = verify("log.jsonl", log, &[]);
    let verdicts = output.exit(1).json_all("verification");
    let valid: Vec<&Value> = verdicts.iter().map(|verdict| &verdict["valid"]).collect();
    assert_eq!(valid, [&json!(true), &json!(false), &json!(true)]);
    assert_eq!(verdicts.iter().filter_map(|verdict| verdict["line"].as_u64()).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(verdicts[1]["reason"], json!("mismatch"));
    let summary = output.json("summary");
    assert_eq!((&summary["valid"], &summary["invalid"], &summary["deliveries"]), (&json!(2), &json!(1), &json!(3)));
}

#[test]
fn a_thousand_lines_keep_their_order_and_their_numbers() {
    let (good, bad) = (old_record("slot.submitted"), forged(old_record("slot.submitted")));
    let records: Vec<Value> = (0..3000).map(|index| if index % 97 == 3 { bad.clone() } else { good.clone() }).collect();
    let output = verify("log.jsonl", lines(&records), &[]);
    let verdicts = output.exit(1).json_all("verification");
    assert_eq!(verdicts.len(), 3000);
    for (index, verdict) in verdicts.iter().enumerate() {
        assert_eq!((&verdict["line"], &verdict["valid"]), (&json!(index + 1), &json!(index % 97 != 3)));
    }
}

#[test]
fn a_record_is_judged_by_the_time_at_which_it_was_received() {
    let log = lines(&[old_record("slot.submitted")]);
    let verdict = verify("log.jsonl", &log, &[]).exit(0).json("verification");
    assert_eq!((&verdict["clock"], &verdict["age_s"]), (&json!("capture"), &json!(0.0)));
    assert_eq!(verdict["at"], json!("2026-11-21T10:00:00.500Z"));
    for (at, valid) in
        [("1795255500", true), ("1795255501", false), ("2026-11-21T09:55:00Z", true), ("1795254899", false)]
    {
        let output = verify("log.jsonl", &log, &["--at", at]);
        let verdict = output.exit(i32::from(!valid)).json("verification");
        assert_eq!((&verdict["valid"], &verdict["clock"]), (&json!(valid), &json!("given")), "{at}: {verdict}");
    }
    let output = verify("log.jsonl", &log, &["--at", "1795255501"]);
    assert_eq!(output.exit(1).json("verification")["reason"], json!("stale"));
    let output = verify("log.jsonl", &log, &["--at", "1795254899"]);
    assert_eq!(output.exit(1).json("verification")["reason"], json!("future"));
}

#[test]
fn what_says_no_time_is_judged_by_the_clock_and_told_how_else() {
    let arguments = ["sign", "slot.submitted", "--as", "http", "--timestamp", "-10m"];
    let http = Wh::new().args(arguments).run().exit(0).stdout().to_vec();
    let output = verify("a.http", &http, &[]);
    let verdict = output.exit(1).json("verification");
    assert_eq!((&verdict["reason"], &verdict["clock"]), (&json!("stale"), &json!("now")));
    assert!(verdict["hint"].as_str().is_some_and(|hint| hint.contains("--at")), "{verdict}");
    verify("a.http", &http, &["--at", "-10m"]).exit(0);
}

#[test]
fn a_tolerance_of_0_means_0_and_none_is_warned_about() {
    let log = lines(&[old_record("slot.submitted")]);
    let at = |second: &str, tolerance: &str| verify("log.jsonl", &log, &["--at", second, "--tolerance", tolerance]);
    at("1795255200", "0").exit(0);
    at("1795255201", "0").exit(1);
    at("1795255199", "0").exit(1);
    at("1795258800", "1h").exit(0);
    at("1795258801", "3600").exit(1);
    at("1", "none").exit(0).stderr_contains("--tolerance none");
    let output = Wh::new().file("a", "").args(["verify", "a", "-s", "github", "--tolerance", "5m"]).run();
    output.exit(4).stderr_contains("github has no timestamp");
}

#[test]
fn of_several_secrets_the_one_that_matched_is_named() {
    let world = || {
        let log = lines(&[old_record("slot.submitted")]);
        Wh::new()
            .file("log", log)
            .file("old", "another\n")
            .env("NEW", "whsec_wpg_other")
            .args(["verify", "log", "--json"])
    };
    let test = Wh::new().args(["schemes", "wpg", "--json"]).run().json("scheme")["test_secret"].clone();
    let test = test.as_str().expect("a secret");
    let output = world().args(["--secret-file", "old", "--secret-file", "new"]).file("new", test).run();
    assert_eq!(output.exit(0).json("verification")["secret"], json!("new"));
    let output = world().args(["--secret", "another", "--secret", test]).run();
    assert_eq!(output.exit(0).json("verification")["secret"], json!("--secret 2"));
    let output = world().args(["--secret-env", "NEW"]).run();
    let verdict = output.exit(1).json("verification");
    assert_eq!((&verdict["reason"], &verdict["secret"]), (&json!("mismatch"), &Value::Null));
    // The published secret is told, for it proves little.
    world().run().exit(0).stderr_contains("public test secret of wpg; WPG_WEBHOOK_SECRET");
}

#[test]
fn explain_shows_what_was_signed_and_with_what() {
    let record = old_record("slot.submitted");
    let body = record["request"]["body"].as_str().expect("a body");
    let output = verify("log", lines(std::slice::from_ref(&record)), &["--explain"]);
    let explanation = &output.exit(0).json("verification")["explanation"];
    assert_eq!(explanation["content"], json!(format!("1795255200.{body}")));
    assert_eq!(explanation["computed"][0]["signature"], explanation["received"][0]["signature"]);
    assert_eq!(explanation["timestamp_at"], json!("2026-11-21T10:00:00Z"));
    let output = Wh::new().file("log", lines(&[record])).args(["verify", "log", "--explain"]).run();
    let text = output.exit(0).stdout_text();
    for words in ["HMAC-SHA256 of `{timestamp}.{body}`", "1795255200.{", "the test secret", "when it was captured"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn no_secret_is_shown_also_where_it_is_signed_or_sent() {
    for event in ["gamepush/GetPlayer", "unibo/PRIZE_PAYOUT_CREATED@cash"] {
        let record = old_record(event);
        let scheme = event.split('/').next().expect("a provider");
        let secret = Wh::new().args(["schemes", scheme, "--json"]).run().json("scheme")["test_secret"].clone();
        let secret = secret.as_str().expect("a secret");
        for form in [&["--json"][..], &[]] {
            for record in [record.clone(), forged(record.clone())] {
                let wh = Wh::new().file("log", lines(&[record])).args(["verify", "log", "--explain", "-v"]);
                let output = wh.args(form).run();
                assert!(!output.stdout_text().contains(secret) && !output.stderr_text().contains(secret), "{event}");
                assert!(output.stdout_text().contains(scheme), "{event}: {}", output.stdout_text());
            }
        }
    }
}

#[test]
fn a_redacted_header_that_is_needed_leaves_it_open() {
    let mut record = old_record("unibo/PRIZE_PAYOUT_CREATED@cash");
    let text = record.to_string();
    let token =
        record["request"]["headers"].as_array().expect("headers").iter().find(|pair| pair[0] == "Authorization");
    let token = token.expect("a token")[1].as_str().expect("text").to_owned();
    record = serde_json::from_str(&text.replace(&token, "(redacted)")).expect("JSON");
    let output = verify("log", lines(&[record.clone()]), &[]);
    let verdict = output.exit(4).json("verification");
    assert_eq!((&verdict["valid"], &verdict["reason"]), (&Value::Null, &json!("redacted-header")));
    assert!(verdict["hint"].as_str().is_some_and(|hint| hint.contains("-H 'Authorization")), "{verdict}");
    let header = format!("Authorization: {token}");
    verify("log", lines(&[record]), &["-H", &header]).exit(0);
}

#[test]
fn one_bad_line_is_told_with_its_place_and_stops_nothing() {
    let good = format!("{}\n", old_record("slot.submitted"));
    let pieces: [(&str, &str, Option<u64>); 7] = [
        (&good[..200], "cut off", Some(200)),
        ("{\"schema\":\"wh.delivery/2\"}", "newer form `wh.delivery/2`", None),
        ("{\"schema\":\"wh.delivery/1\",\"request\":5}", "expected `request`, an object", Some(37)),
        ("\0\0\0\0", "4 NUL bytes", None),
        ("no json", "not JSON", Some(2)),
        ("{\"a\":1}", "not a delivery record", None),
        (&"[".repeat(100_000), "not a delivery record", None),
    ];
    for (bad, words, column) in pieces {
        let output = verify("log", format!("{good}\n{bad}\n{good}"), &[]);
        assert_eq!(output.json("summary")["valid"], json!(2), "{words}");
        let error = output.exit(2).json("error");
        assert_eq!((&error["line"], &error["file"]), (&json!(3), &json!("log")), "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {error}");
        assert!(column.is_none() || error["column"].as_u64() == column, "{words}: {error}");
    }
}

#[test]
fn how_lines_end_and_begin_does_not_matter() {
    let record = old_record("slot.submitted").to_string();
    for text in [
        format!("\u{feff}{record}\r\n{record}\r\n"),
        format!("\n\n{record}\n\n{record}"),
        format!("  {record}  \n\t{record}\t\n"),
    ] {
        let output = verify("log", text, &[]);
        assert_eq!(output.exit(0).json("summary")["valid"], json!(2));
    }
    let torn = format!("{record}\n{}", &record[..300]);
    let error = verify("log", torn, &[]).exit(2).json("error");
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(300)), "{error}");
    let zeros = format!("{record}\n{}", "\0".repeat(4096));
    let error = verify("log", zeros, &[]).exit(2).json("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("log:2: it is 4096 NUL")), "{error}");
}

#[test]
fn pretty_records_are_read_one_after_the_other_or_in_a_list() {
    let record = old_record("slot.submitted");
    let pretty = serde_json::to_string_pretty(&record).expect("JSON");
    let list = serde_json::to_string_pretty(&[&record, &record]).expect("JSON");
    for (text, count) in [(pretty.clone(), 1), (format!("{pretty}\n{pretty}\n"), 2), (list.clone(), 2)] {
        let output = verify("record.json", text, &[]);
        assert_eq!(output.exit(0).json("summary")["valid"], json!(count));
    }
    let second = pretty.lines().count() as u64 + 1;
    let output = verify("record.json", format!("{pretty}\n{pretty}"), &[]);
    assert_eq!(output.json_all("verification")[1]["line"], json!(second));
    // What is wrong in one is told with its place in the file.
    let broken = format!("{pretty}\n{}", pretty.replace("\"POST\"", "5"));
    let error = verify("record.json", broken, &[]).exit(2).json("error");
    let line = second - 1 + pretty.lines().position(|line| line.contains("POST")).expect("a method") as u64 + 1;
    assert_eq!(error["line"], json!(line), "{error}");
    let output = verify("record.json", &list[..list.len() - 2], &[]);
    assert_eq!(output.exit(2).json("summary")["valid"], json!(2));
}

#[test]
fn what_our_own_commands_print_is_read() {
    let lines = "{\"type\":\"ready\",\"url\":\"http://localhost:1\"}\n".to_owned()
        + &lines(&[{
            let mut record = old_record("slot.submitted");
            record["type"] = "received".into();
            record
        }])
        + "{\"type\":\"summary\",\"received\":1}\n";
    let output = verify("log", lines, &[]);
    assert_eq!(output.exit(0).json("verification")["line"], json!(2));
    let output = Wh::new().args(["verify", "--json"]).stdin(signed("slot.submitted", "http")).run();
    assert_eq!(output.exit(0).json("verification")["file"], json!("stdin"));
    Wh::new()
        .args(["verify", "-"])
        .stdin(signed("slot.submitted", "json"))
        .run()
        .exit(0)
        .stdout_contains("stdin:1: ok wpg");
}

#[test]
fn a_bare_body_needs_its_headers_and_is_told_how_to_give_them() {
    let signed: Value = serde_json::from_slice(&signed("slot.submitted", "json")).expect("JSON");
    let body = signed["body"].as_str().expect("a body");
    for bare in [body.to_owned(), serde_json::to_string_pretty(&signed["body"]).expect("JSON"), "a=b".to_owned()] {
        let output = verify("body", &bare, &[]);
        let error = output.exit(4).json("error");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("-H 'Name: value'")), "{error}");
        let error = verify("body", &bare, &["-s", "wpg"]).exit(4).json("error");
        let hint = "give the headers that came with it: -H 'X-WPG-Signature: …' -H 'X-WPG-Timestamp: …'";
        assert_eq!(error["hint"], json!(hint));
    }
    let headers: Vec<String> = signed["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .flat_map(|pair| {
            ["-H".to_owned(), format!("{}: {}", pair[0].as_str().unwrap_or(""), pair[1].as_str().unwrap_or(""))]
        })
        .collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let verdict = verify("body", body, &headers).exit(0).json("verification");
    assert_eq!((&verdict["valid"], &verdict["scheme"]), (&json!(true), &json!("wpg")));
    assert_eq!(verify("body", format!("{body}\n"), &headers).exit(1).json("verification")["valid"], json!(false));
    // A body that proves itself needs none.
    let signed: Value = serde_json::from_slice(&self::signed("gamepush/GetPlayer", "json")).expect("JSON");
    verify("body", signed["body"].as_str().expect("a body"), &[]).exit(0);
}

#[test]
fn nothing_to_verify_is_never_0() {
    for (bytes, words) in [
        (&b""[..], "it is empty"),
        (b"\n \n", "nothing but white space"),
        (b"\0\0\0\0\0", "NUL"),
        (b"{\"type\":\"summary\"}\n", "holds no delivery"),
        (b"{\"log\":{\"entries\":[]}}", "holds no delivery"),
        (b"[]", "holds no delivery"),
    ] {
        let error = verify("file", bytes, &[]).exit(4).json("error");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {error}");
    }
    let mut stranger = old_record("slot.submitted");
    stranger["scheme"] = Value::Null;
    stranger["request"]["headers"] = json!([]);
    let verdict = verify("file", lines(&[stranger.clone()]), &[]).exit(4).json("verification");
    assert_eq!((&verdict["valid"], &verdict["reason"]), (&Value::Null, &json!("unknown-scheme")));
    assert_eq!(verdict["hint"], json!("name the provider with --scheme"));
    // Outside of the project that has its provider.
    stranger["scheme"] = json!("acme");
    let verdict = verify("file", lines(&[stranger]), &[]).exit(4).json("verification");
    let hint = json!("its record names `acme`: a provider of your own is found with --catalogue DIR");
    assert_eq!((&verdict["reason"], &verdict["hint"]), (&json!("unknown-scheme"), &hint));
}

#[test]
fn a_delivery_that_lacks_its_signature_is_known_by_its_other_headers() {
    let mut stranger = old_record("slot.submitted");
    stranger["scheme"] = Value::Null;
    let headers = stranger["request"]["headers"].to_string();
    let renamed = headers.replace("X-WPG-Signature\"", "X-Signature\"");
    assert_ne!(headers, renamed);
    stranger["request"]["headers"] = serde_json::from_str(&renamed).expect("pairs");
    let verdict = verify("file", lines(&[stranger]), &[]).exit(1).json("verification");
    assert_eq!((&verdict["scheme"], &verdict["reason"]), (&json!("wpg"), &json!("missing-header")));
    assert_eq!(verdict["diagnosis"][0]["code"], json!("header-name"), "{verdict}");
}

#[test]
fn of_what_is_genuine_and_was_refused_it_is_said_how_to_find_out_why() {
    for (status, hint) in [
        (401, json!("it was answered 401: `wh check --scheme wpg --to URL` tries what its receiver expects")),
        (403, json!("it was answered 403: `wh check --scheme wpg --to URL` tries what its receiver expects")),
        (200, Value::Null),
        (500, Value::Null),
    ] {
        let mut answered = old_record("slot.submitted");
        answered["response"] = json!({ "status": status, "duration_ms": 3 });
        let verdict = verify("file", lines(&[answered.clone()]), &[]).exit(0).json("verification");
        assert_eq!((&verdict["valid"], &verdict["hint"]), (&json!(true), &hint), "{status}");
        let verdict = verify("file", lines(&[forged(answered)]), &[]).exit(1).json("verification");
        assert_eq!(verdict["hint"], Value::Null, "{status}");
    }
}

#[test]
fn what_is_compressed_or_no_file_is_told_as_such() {
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00";
    let output = Wh::new().file("log.gz", gzip).args(["verify", "log.gz"]).run();
    output.exit(2).stderr_contains("compressed with gzip").stderr_contains("gzip -dc");
    Wh::new().args(["verify", "missing"]).run().exit(2).stderr_contains("`missing` cannot be read");
    Wh::new().file("folder/a", "").args(["verify", "folder"]).run().exit(2).stderr_contains("name a file in it");
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let log = lines(&[old_record("slot.submitted")]);
    let wh = Wh::new().file("a", &log).file("b", &log).args(["verify", "a", "missing", "b", "--json"]);
    let output = wh.run();
    assert_eq!(output.exit(2).json("summary")["valid"], json!(2));
    let files = output.json_all("verification");
    assert_eq!((&files[0]["file"], &files[1]["file"]), (&json!("a"), &json!("b")));
    // A forgery is the first thing to know.
    let forged = lines(&[forged(old_record("slot.submitted"))]);
    let output = Wh::new().file("a", forged).args(["verify", "missing", "a"]).run();
    output.exit(1).stderr_contains("`missing` cannot be read").stdout_contains("a:1: invalid");
}

#[test]
fn a_line_that_is_too_long_is_told_with_the_limit_and_the_rest_goes_on() {
    let record = old_record("slot.submitted").to_string();
    let long = "x".repeat(65 * 1024 * 1024);
    let output = verify("log", format!("{record}\n{long}\n{record}\n"), &[]);
    assert_eq!(output.json("summary")["valid"], json!(2));
    let error = output.exit(2).json("error");
    assert_eq!(error["line"], json!(2));
    assert_eq!(output.json_all("verification")[1]["line"], json!(3));
    assert!(error["message"].as_str().is_some_and(|message| message.contains("longer than 64 MiB")), "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("64 MiB")), "{error}");
    let log = format!("{record}\n{long}\n");
    let output = Wh::new().file("log", &log).args(["log", "--log", "log", "--json"]).run();
    assert_eq!(output.exit(0).json_lines().len(), 1);
    output.stderr_contains("longer than the 64 MiB");
    let output = Wh::new().file("log", log).args(["replay", "log", "--dry-run", "--to", "3000"]).run();
    output.exit(2).stderr_contains("longer than 64 MiB").hint_contains("64 MiB");
}

#[test]
fn a_line_that_one_command_reads_is_read_by_all() {
    let mut record = old_record("slot.submitted");
    record["request"]["body"] = json!("x".repeat(40 * 1024 * 1024));
    let text = format!("{record}\n");
    verify("log", &text, &[]).exit(1).json("verification");
    Wh::new().file("log", &text).args(["log", "--log", "log"]).run().exit(0).stdout_contains("slot.submitted");
    let replay = ["replay", "log", "--dry-run", "--to", "3000", "--json"];
    Wh::new().file("log", text).args(replay).stdout(std::fs::File::create("/dev/null").expect("a sink")).run().exit(0);
}

#[test]
fn quiet_shows_failures_only() {
    let good = old_record("slot.submitted");
    let log = lines(&[good.clone(), forged(good.clone()), good.clone()]);
    let output = Wh::new().file("log", log).args(["verify", "log", "-q"]).run();
    let text = output.exit(1).stdout_text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("log:2: invalid wpg slot.submitted [msg_"), "{text}");
    let output = Wh::new().file("log", lines(&[good.clone(), good])).args(["verify", "log", "-q"]).run();
    assert_eq!(output.exit(0).stdout_text(), "");
}

#[test]
fn what_a_stranger_wrote_does_not_reach_the_terminal() {
    let mut record = old_record("slot.submitted");
    record["id"] = "\u{1b}[2J\u{202e}".into();
    record["event"] = "a\u{1b}]0;title\u{7}\r\n".into();
    for arguments in [&["--explain", "-v"][..], &["--json"]] {
        let wh = Wh::new().file("log", lines(&[record.clone(), forged(record.clone())]));
        let output = wh.args(["verify", "log"]).args(arguments).run();
        let text = output.exit(1).stdout_text();
        assert!(!text.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn a_delivery_of_the_log_is_verified_by_its_id_the_beginning_of_it_or_as_the_last_one() {
    let home = tempfile::tempdir().expect("a directory");
    let wh =
        |arguments: &[&str]| Wh::new().env("XDG_STATE_HOME", home.path()).args(["--no-config"]).args(arguments).run();
    wh(&["verify", "last"]).exit(4).stderr_contains("nothing is recorded");
    wh(&["verify", "msg_1"]).exit(2).stderr_contains("`msg_1` cannot be read");
    for (id, event) in [("msg_one", "wpg/slot.submitted"), ("msg_two", "whop/payment.succeeded")] {
        wh(&["send", event, "--id", id, "-q"]).exit(0).stderr_any().any_stdout();
    }
    let log = home.path().join("wh/deliveries.jsonl");
    for (what, id, line) in [("msg_one", "msg_one", 1), ("msg_o", "msg_one", 1), ("last", "msg_two", 2)] {
        let output = wh(&["verify", what, "--json"]);
        let verdict = output.exit(0).stderr_any().json("verification");
        assert_eq!((&verdict["valid"], &verdict["line"]), (&json!(true), &json!(line)), "{what}: {verdict}");
        assert_eq!(verdict["file"].as_str(), log.to_str(), "{what}: {verdict}");
        let found = std::fs::read_to_string(&log).expect("a log");
        assert!(found.lines().nth(line - 1).is_some_and(|line| line.contains(id)), "{found}");
    }
    wh(&["verify", "msg_"]).exit(2).stderr_contains("msg_one");
    wh(&["verify", "msg_three"]).exit(2).stderr_contains("has the id `msg_three`");
    wh(&["verify", "captured.http"]).exit(2).stderr_contains("`captured.http` cannot be read");
}

#[test]
fn a_file_that_the_system_withholds_is_exit_3_and_one_that_is_not_there_is_exit_2() {
    // Even who may read everything cannot read this one.
    if cfg!(target_os = "linux") {
        let output = Wh::new().args(["verify", "/proc/self/mem", "gone.jsonl"]).run();
        output
            .exit(3)
            .stderr_contains("`/proc/self/mem` cannot be read")
            .stderr_contains("`gone.jsonl` cannot be read")
            .any_stdout();
    }
    Wh::new().args(["verify", "gone.jsonl"]).run().exit(2).stderr_contains("`gone.jsonl` cannot be read");
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    let error = wh::error::Error::File { path: "secret.txt".to_owned(), reason: denied() };
    assert_eq!(error.exit().code(), 3);
}
