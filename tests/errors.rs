//! What is wrong, said once: the exit code, the kind for machines, the sentence and the way out.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::{Value, json};

use crate::support::{ACME, Endpoint, Output, Wh};

/// A command line with a mistake: its words, the kind of the error, and words of the message and of the hint.
type Mistake = (&'static [&'static str], &'static str, &'static str, &'static str);

/// The world in which mistakes are made.
fn world() -> Wh {
    Wh::new()
        .file("folder/file", "")
        .file("text", "no JSON")
        .file("empty/file", "")
        .file("mine/acme/provider.toml", ACME)
        .file("mine/acme/events/rocket.launched.json", "{}")
}

/// In place of words of a hint: there may be one or none.
const ANY_OR_NONE: &str = "?";

/// For people: one line with the error, one with the way out, and nothing else anywhere.
fn told_to_people(output: &Output, message: &str, hint: &str) -> Result<(), String> {
    output.exit(2);
    let lines: Vec<&str> = output.stderr_text().lines().collect();
    let complaint = |what: &str| Err(format!("{what}: {lines:#?}"));
    if !output.stdout_text().is_empty() {
        return complaint("nothing is due on stdout");
    }
    let is_error = |line: &str| line.starts_with("error: ") && line.contains(message);
    let is_way_out = |line: &str| line.starts_with("hint: ") && (hint == ANY_OR_NONE || line.contains(hint));
    match lines.as_slice() {
        [error, ..] if !is_error(error) => complaint(&format!("an error with `{message}` is due")),
        [_] if hint == ANY_OR_NONE => Ok(()),
        [_, way_out] if is_way_out(way_out) => Ok(()),
        _ => complaint(&format!("a hint with `{hint}` is due behind the error, and no more")),
    }
}

/// For machines: one object, and nothing else anywhere.
fn told_to_machines(output: &Output, code: &str, message: &str, hint: &str) -> Result<(), String> {
    output.exit(2);
    let lines = output.json_lines();
    if !output.stderr_text().is_empty() {
        return Err(format!("nothing is due on stderr: {}", output.stderr_text()));
    }
    let [error] = lines.as_slice() else { return Err(format!("one object is due: {lines:#?}")) };
    let text = |key: &str| error[key].as_str().unwrap_or_default();
    let has_hint = error["hint"].is_string() && text("hint").contains(hint);
    let is_told = text("type") == "error" && text("code") == code && text("message").contains(message);
    if is_told && (hint == ANY_OR_NONE || has_hint) {
        Ok(())
    } else {
        Err(format!("`{code}`, `{message}` and `{hint}` are due: {error}"))
    }
}

/// Fails with all mistakes that are not told as they should be.
#[track_caller]
fn assert_told(mistakes: impl IntoIterator<Item = (Vec<String>, &'static str, String, &'static str)>) {
    let mut complaints = Vec::new();
    for (arguments, code, message, hint) in mistakes {
        let people = told_to_people(&world().args(&arguments).run(), &message, hint);
        let machines = told_to_machines(&world().args(&arguments).arg("--json").run(), code, &message, hint);
        let told = [people, machines].into_iter().filter_map(Result::err);
        complaints.extend(told.map(|complaint| format!("wh {}\n    {complaint}", arguments.join(" "))));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[track_caller]
fn assert_all(mistakes: &[Mistake]) {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_told(
        mistakes.iter().map(|(words, code, message, hint)| (owned(words), *code, (*message).to_owned(), *hint)),
    );
}

#[test]
fn an_event_that_is_unknown_or_not_the_only_one() {
    assert_all(&[
        (&["send", "slot.sumbitted"], "unknown-event", "slot.sumbitted", "slot.submitted"),
        (&["sign", "slot.sumbitted"], "unknown-event", "slot.sumbitted", "slot.submitted"),
        (&["send", "wpg/slot.submited"], "unknown-event", "wpg/slot.submited", "wpg/slot.submitted"),
        (&["send", "zzz*"], "unknown-event", "zzz*", "wh events"),
        (&["send", "slot.submitted", "nothing.of_the_kind"], "unknown-event", "nothing.of_the_kind", "wh events"),
        (&["send", "slot.submitted", "-s", "whop"], "unknown-event", "whop", "whop"),
        (&["send", "payment.succeeded"], "ambiguous-event", "payment.succeeded", "whop-v1/payment.succeeded"),
        (&["sign", "payment.succeeded"], "ambiguous-event", "payment.succeeded", "whop/payment.succeeded"),
        (&["send"], "usage", "EVENT", "wh events"),
        (&["send", "-s", "wpg"], "usage", "EVENT", "--all"),
        (&["sign"], "usage", "EVENT", "wh events"),
        (&["send", "of.mine", "-d", "{}"], "usage", "of.mine", "--scheme"),
        (&["send", "-s", "wpg", "-d", "{}"], "usage", "event", "EVENT"),
        (&["send", "slot.*", "-d", "{}"], "usage", "--data", "EVENT"),
        (&["send", "slot.*", "--id", "msg_1"], "usage", "--id", "EVENT"),
        (&["sign", "slot.*"], "usage", "5 events", "wh send"),
        (&["events", "slot.sumbitted"], "unknown-event", "slot.sumbitted", "slot.submitted"),
    ]);
}

#[test]
fn a_scheme_that_is_unknown() {
    assert_all(&[
        (&["send", "slot.submitted", "--scheme", "wgp"], "unknown-scheme", "wgp", "wpg"),
        (&["sign", "slot.submitted", "-s", "nothing-like-it"], "unknown-scheme", "nothing-like-it", "gamepush"),
        (&["send", "--all", "-s", "wgp"], "unknown-scheme", "wgp", "wpg"),
        (&["schemes", "wgp"], "unknown-scheme", "wgp", "wpg"),
        (&["events", "--scheme", "wgp"], "unknown-scheme", "wgp", "wpg"),
        (&["events", "-s", "acne", "--catalogue", "mine"], "unknown-scheme", "acne", "acme"),
        (&["send", "--all"], "usage", "--scheme", ""),
    ]);
}

// That NUL is no header either is told by a test beside the code: no argument can hold it.
#[test]
fn a_header_that_is_none() {
    assert_all(&[
        (&["send", "slot.submitted", "-H", "no colon"], "usage", "no colon", "-H 'Name: value'"),
        (&["send", "slot.submitted", "-H", ""], "usage", "colon", "-H 'Name: value'"),
        (&["sign", "slot.submitted", "-H", "X-A: a\r\nX-B: b"], "usage", "X-A", ""),
        (&["send", "slot.submitted", "-H", "X-A: a\rb"], "usage", "X-A", ""),
        (&["send", "slot.submitted", "-H", "X-A: a\nb"], "usage", "X-A", ""),
        (&["send", "slot.submitted", "-H", "X-A\n: b"], "usage", "X-A", "-H 'Name: value'"),
        (&["send", "slot.submitted", "-H", "X A: b"], "usage", "X A", "-H 'Name: value'"),
        (&["send", "slot.submitted", "-H", ": b"], "usage", "name", "-H 'Name: value'"),
        (&["send", "slot.submitted", "-H", "Content-Length: 5"], "usage", "Content-Length", "leave it out"),
        (&["send", "slot.submitted", "-H", "Transfer-Encoding: chunked"], "usage", "Transfer-Encoding", "leave it out"),
    ]);
}

#[test]
fn a_change_to_the_payload_that_cannot_be_made() {
    assert_all(&[
        (&["send", "slot.submitted", "--set", "data.slotId"], "usage", "data.slotId", "--set"),
        (&["send", "slot.submitted", "--set", "=1"], "usage", "path", "--set"),
        (&["send", "slot.submitted", "--set", "data..slotId=1"], "usage", "data..slotId", "--set"),
        (&["send", "slot.submitted", "--set", "/a~2b=1"], "usage", "/a~2b", "--set"),
        (&["send", "slot.submitted", "--set", "a]b=1"], "usage", "a]b", "--set"),
        (&["send", "slot.submitted", "--set", "a[x]=1"], "usage", "a[x]", "--set"),
        (&["sign", "slot.submitted", "--set", "data[0]=1"], "bad-payload", "`data` is an object", "--set"),
        (&["send", "slot.submitted", "--set", "data={\"a\":"], "usage", "JSON", "--set"),
        (&["send", "slot.submitted", "--set", "data=[1"], "usage", "JSON", "--set"),
        (&["send", "slot.submitted", "--set", "data=\"x"], "usage", "JSON", "--set"),
        (&["send", "slot.submitted", "--unset", "data..slotId"], "usage", "data..slotId", "--unset"),
        (&["send", "slot.submitted", "--unset", "data.slotID"], "bad-payload", "data.slotID", "slotId"),
        (&["send", "slot.submitted", "--unset", "nothing_like_it"], "bad-payload", "nothing_like_it", ""),
        (&["sign", "slot.submitted", "--set", "event.x=1"], "bad-payload", "event", ""),
        (&["sign", "slot.submitted", "-d", "{\"a\":[1]}", "--set", "a.7=1"], "bad-payload", "a", ""),
        (&["send", "slot.submitted", "-d", "@text", "--set", "a=1"], "bad-payload", "JSON", "--set"),
    ]);
}

#[test]
fn a_payload_that_is_not_there() {
    assert_all(&[
        (&["send", "slot.submitted", "--data", "@missing.json"], "unreadable-file", "missing.json", ""),
        (&["sign", "slot.submitted", "--data", "@missing.json"], "unreadable-file", "missing.json", ""),
        (&["send", "slot.submitted", "--data", "@folder"], "unreadable-file", "folder", ""),
        (&["send", "slot.submitted", "--data", "@"], "usage", "@", "@-"),
    ]);
}

#[test]
fn a_target_that_is_no_url() {
    let targets = [
        "",
        " 3000",
        "a b",
        "99999",
        "localhost:0",
        "http://",
        "http://[::1",
        "ftp://localhost/",
        "file:///etc/passwd",
        "http://user:secret@localhost/",
        "http://localhost:3000:3000/",
    ];
    for command in ["send", "sign"] {
        assert_told(targets.map(|to| {
            let arguments = [command, "slot.submitted", "--to", to].map(str::to_owned);
            (arguments.to_vec(), "usage", "--to".to_owned(), "localhost:3000")
        }));
    }
}

#[test]
fn a_time_a_duration_or_a_status_that_is_none() {
    let times = ["soon", "", "1.5", "10m", "-", "+", "--5s", "2026-13-01T00:00:00Z", "99999999999999999999"];
    assert_told(times.map(|time| {
        let arguments = vec!["send".to_owned(), "slot.submitted".to_owned(), format!("--timestamp={time}")];
        (arguments, "usage", "--timestamp".to_owned(), "RFC 3339")
    }));
    assert_all(&[
        (&["send", "slot.submitted", "--timestamp", "-99999999999h"], "usage", "--timestamp", ""),
        (&["send", "slot.submitted", "--expect", "ok"], "usage", "ok", "2xx"),
        (&["send", "slot.submitted", "--expect", ""], "usage", "--expect", "2xx"),
        (&["send", "slot.submitted", "--expect", "999"], "usage", "999", "2xx"),
        (&["send", "slot.submitted", "--expect", "2xx,"], "usage", "--expect", "2xx"),
        (&["send", "slot.submitted", "--timeout", "0"], "usage", "--timeout", "5s"),
        (&["send", "slot.submitted", "--timeout", "soon"], "usage", "soon", "5s"),
    ]);
}

#[test]
fn a_fault_that_is_none_or_that_a_scheme_cannot_have() {
    assert_all(&[
        (&["send", "slot.submitted", "--fault", "stael"], "usage", "stael", "stale"),
        (&["send", "slot.submitted", "--fault", "none"], "usage", "none", "no-signature"),
        (&["send", "PLAYER_OPTED_IN", "--fault", "stale"], "no-such-fault", "unibo", "no-signature"),
        (&["send", "PLAYER_OPTED_IN", "--fault", "altered-body"], "no-such-fault", "unibo", "no-signature"),
        (&["sign", "push", "--fault", "no-timestamp"], "no-such-fault", "github", "no-signature"),
        (&["send", "order.completed", "--fault", "wrong-version"], "no-such-fault", "comps", "no-signature"),
        (&["send", "slot.submitted", "push", "--fault", "future"], "no-such-fault", "github", "no-signature"),
    ]);
}

#[test]
fn a_secret_that_is_none() {
    assert_all(&[
        (&["send", "slot.submitted", "--secret="], "bad-secret", "--secret", "WPG_WEBHOOK_SECRET"),
        (&["sign", "slot.submitted", "--secret="], "bad-secret", "--secret", "WPG_WEBHOOK_SECRET"),
        (
            &["sign", "slot.submitted", "--secret-file", "folder/file"],
            "bad-secret",
            "folder/file",
            "WPG_WEBHOOK_SECRET",
        ),
        (&["send", "slot.submitted", "--secret-file", "missing"], "unreadable-file", "missing", ANY_OR_NONE),
        (&["send", "slot.submitted", "--secret-file", "folder"], "unreadable-file", "folder", ANY_OR_NONE),
        (&["send", "slot.submitted", "--secret-env", "MISSING"], "no-secret", "MISSING", "MISSING"),
        (&["sign", "contact.created", "--secret", "whsec_hunt!er2"], "bad-secret", "14", "base64"),
    ]);
}

#[test]
fn a_word_that_nobody_knows() {
    assert_all(&[
        (&["send", "slot.submitted", "--nothing"], "usage", "--nothing", ""),
        (&["send", "slot.submitted", "--skip-verify"], "usage", "--skip-verify", ""),
        (&["send", "slot.submitted", "--timestmap", "1"], "usage", "--timestmap", "--timestamp"),
        (&["sned", "slot.submitted"], "usage", "sned", "send"),
        (&["nothing"], "usage", "nothing", "--help"),
        (&["events", "--quiet", "--verbose"], "usage", "--quiet", ""),
        (&["send", "slot.submitted", "-q", "-v"], "usage", "--verbose", ""),
        (&["events", "--color", "pink"], "usage", "pink", "always"),
        (&["sign", "slot.submitted", "--as", "culr"], "usage", "culr", "curl"),
        (&["sign", "slot.submitted", "payment.failed"], "usage", "payment.failed", ""),
        (&["completions", "tcsh"], "usage", "tcsh", ""),
        (&["send", "slot.submitted", "--to"], "usage", "--to", ""),
    ]);
    // Asked for JSON with a word that is none.
    let output = world().args(["events", "--format", "xml"]).run();
    assert_eq!(told_to_people(&output, "xml", "json"), Ok(()));
}

#[test]
fn an_argument_that_is_not_utf_8() {
    for arguments in [&["send"][..], &["send", "slot.submitted", "-d"], &["send", "slot.submitted", "-H"]] {
        let output = world().args(arguments).arg(OsStr::from_bytes(b"X: \xff")).run();
        assert_eq!(told_to_people(&output, "UTF-8", ""), Ok(()));
    }
}

#[test]
fn a_catalogue_that_is_none() {
    assert_all(&[
        (&["events", "--catalogue", "missing"], "unreadable-file", "missing", ANY_OR_NONE),
        (&["send", "slot.submitted", "--catalogue", "text"], "unreadable-file", "text", ANY_OR_NONE),
        (&["schemes", "--catalogue", "empty"], "unreadable-file", "empty", "provider.toml"),
    ]);
    let output = world().args(["events", "--json"]).env("WH_CATALOGUE", "missing").run();
    assert_eq!(told_to_machines(&output, "unreadable-file", "missing", ANY_OR_NONE), Ok(()));
}

#[test]
fn json_is_asked_for_anywhere_on_the_command_line() {
    for arguments in [
        &["--json", "send", "zzz"][..],
        &["send", "--json", "zzz"],
        &["send", "zzz", "--format", "json"],
        &["send", "zzz", "--format=json"],
        &["send", "zzz", "--json", "--nothing"],
        &["send", "zzz", "--nothing", "--format", "json"],
        &["sign", "zzz", "--as", "json"],
    ] {
        let output = world().args(arguments).run();
        let error = output.exit(2).json("error");
        assert_eq!((error["message"].is_string(), output.stderr_text()), (true, ""), "{arguments:?}");
    }
}

// Mistakes in a provider's file.

/// The provider file with a mistake, and every command that reads it.
fn mistaken(file: &[u8], fixture: &str) -> [Wh; 4] {
    let commands =
        [&["send", "rocket.launched"][..], &["sign", "rocket.launched"], &["events", "acme"], &["schemes", "acme"]];
    commands.map(|arguments| {
        Wh::new()
            .args(arguments)
            .args(["--catalogue", "mine"])
            .file("mine/acme/provider.toml", file)
            .file("mine/acme/events/rocket.launched.json", fixture)
    })
}

/// Where `word` first stands in a text: `line:column`, counted from 1.
fn place(text: &str, word: &str) -> String {
    let before = &text[..text.find(word).unwrap_or_else(|| panic!("`{word}` is in {text}"))];
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{}:{column}", before.matches('\n').count() + 1)
}

#[test]
fn a_mistake_in_a_providers_file_is_told_with_its_place_and_the_nearest_word() {
    // What is written instead of what, where in it the mistake is, and words of the message and of the hint.
    let mistakes = [
        ("algorithm", "algoritm", "algoritm", "unknown key `algoritm`", "`algorithm`"),
        ("hmac-sha256", "hmac-sha265", "\"hmac-sha265", "`hmac-sha265`", "`hmac-sha256`"),
        ("hmac-sha256", "rot13", "\"rot13", "`rot13`", "hmac-sha256"),
        ("{body}", "{boddy}", "{boddy}", "boddy", "body"),
        ("{timestamp},v1", "{tiemstamp},v1", "{tiemstamp}", "tiemstamp", "timestamp"),
        ("{timestamp}.{body}", "{timestamp}", "\"{timestamp}\"", "nothing of the body", "unsigned-body"),
        ("[signature]", "[signatrue]", "signatrue", "signatrue", "signature"),
        ("separator = \",\"", "separator = 5", "5\n", "separator", ""),
        ("secret\"\n", "secret\"\nencoding = \"bse64\"\n", "\"bse64", "bse64", "base64"),
        ("value = \"t=", "valeu = \"t=", "valeu", "unknown key `valeu`", "`value`"),
        ("title = ", "titel = ", "titel", "unknown key `titel`", "`title`"),
        ("[event]", "[timestamp]\ntolerance-past = \"5 apples\"\n\n[event]", "\"5 apples", "5 apples", "5m"),
        ("[event]\n", "[event\n", "", "", ""),
        ("about = ", "about = \"Again\"\nabout = ", "", "", ""),
    ];
    let mut complaints = Vec::new();
    for (piece, replacement, word, message, hint) in mistakes {
        let file = ACME.replacen(piece, replacement, 1);
        assert_ne!(file, ACME, "{piece}");
        let place = if word.is_empty() { String::new() } else { format!("{}: ", place(&file, word)) };
        let at = format!("mine/acme/provider.toml:{place}");
        for command in mistaken(file.as_bytes(), "{}") {
            let error = command.arg("--json").run().exit(2).json("error");
            let text = |key: &str| error[key].as_str().unwrap_or_default();
            assert_eq!(text("code"), "bad-file", "{replacement}");
            if !text("message").contains(&at) || !text("message").contains(message) || !text("hint").contains(hint) {
                complaints.push(format!("`{at}`, `{message}` and `{hint}` are due: {error}"));
            }
        }
        for command in mistaken(file.as_bytes(), "{}") {
            let output = command.run();
            output.exit(2).stderr_contains("error: mine/acme/provider.toml:");
            let errors = output.stderr_text().lines().filter(|line| line.starts_with("error: "));
            assert_eq!((errors.count(), output.stdout_text()), (1, ""), "{replacement}");
        }
    }
    complaints.dedup();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_providers_file_that_is_empty_or_not_utf_8_is_told_with_its_place() {
    let cases = [
        (b"".to_vec(), "provider.toml:1:1: "),
        (b" \n\n".to_vec(), "provider.toml:1:1: "),
        (b"title = \"\xff\"\n".to_vec(), "provider.toml:1:10: "),
        ([ACME.as_bytes(), b"# \xe9t\xe9\n"].concat(), ":3: "),
    ];
    for (file, at) in cases {
        for command in mistaken(&file, "{}") {
            let error = command.arg("--json").run().exit(2).json("error");
            assert_eq!(error["code"], json!("bad-file"));
            assert!(error["message"].as_str().is_some_and(|message| message.contains(at)), "no `{at}`: {error}");
        }
    }
}

#[test]
fn a_placeholder_that_is_none_is_told_with_its_place_in_the_fixture() {
    let fixture = "{\"type\":\"rocket.launched\",\n \"é\":\"{{tiem}}\"}";
    for command in mistaken(ACME.as_bytes(), fixture).into_iter().take(2) {
        let error = command.arg("--json").run().exit(2).json("error");
        let at = format!("mine/acme/events/rocket.launched.json:{}: ", place(fixture, "{{tiem"));
        assert!(error["message"].as_str().is_some_and(|message| message.contains(&at)), "no `{at}`: {error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("`time`")), "{error}");
    }
}

#[test]
fn an_event_that_is_listed_needs_its_fixture() {
    let file = format!("{ACME}\n[events]\n\"rocket.lost\" = \"A rocket is lost\"\n");
    for command in mistaken(file.as_bytes(), "{}") {
        let error = command.arg("--json").run().exit(2).json("error");
        let at = format!("provider.toml:{}: ", place(&file, "\"rocket.lost"));
        assert!(error["message"].as_str().is_some_and(|message| message.contains(&at)), "no `{at}`: {error}");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("events/rocket.lost.json")), "{error}");
    }
}

#[test]
fn a_mistake_in_one_provider_leaves_the_others_alone() {
    for arguments in [&["sign", "slot.submitted", "-q"][..], &["send", "slot.submitted", "-q"], &["schemes", "wpg"]] {
        let command = Wh::new().args(arguments).args(["--catalogue", "mine"]);
        command.file("mine/acme/provider.toml", "title = ").run().exit(0);
    }
}

// Streams that take nothing.

/// Commands that write.
const WRITING: [&[&str]; 9] = [
    &["events"],
    &["events", "slot.submitted"],
    &["events", "--json"],
    &["schemes"],
    &["schemes", "wpg", "--json"],
    &["sign", "slot.submitted", "-q"],
    &["send", "slot.submitted"],
    &["send", "slot.*", "--json"],
    &["completions", "bash"],
];

const ASKING: [&[&str]; 4] = [&["--help"], &["send", "--help"], &["--version"], &["-h"]];

#[test]
fn a_reader_who_has_had_enough_is_no_failure() {
    for arguments in WRITING.into_iter().chain(ASKING) {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        Wh::new().args(arguments).stdout(writer).run().exit(0);
    }
}

/// A device that is always full.
fn full() -> std::fs::File {
    OpenOptions::new().write(true).open("/dev/full").expect("/dev/full is there on Linux")
}

#[test]
fn a_full_disk_is_told_and_is_an_environment_that_says_no() {
    for arguments in WRITING {
        let output = Wh::new().args(arguments).stdout(full()).run();
        output.exit(3);
        // With JSON the error has nowhere to go but into the exit code.
        if !arguments.contains(&"--json") {
            output.stderr_contains("error: the output cannot be written");
        }
        assert!(!output.stderr_text().contains("panicked"), "{arguments:?}");
    }
}

#[test]
fn help_that_cannot_be_written_is_an_environment_that_says_no() {
    for arguments in ASKING {
        let output = Wh::new().args(arguments).stdout(full()).run();
        output.exit(3).stderr_contains("");
    }
}

#[test]
fn a_delivery_to_a_real_receiver_is_made_even_if_nobody_reads_of_it() {
    let endpoint = Endpoint::new();
    let (reader, writer) = io::pipe().expect("a pipe");
    drop(reader);
    Wh::new().args(["send", "slot.submitted", "-q", "--to", &endpoint.port()]).stdout(writer).run().exit(0);
    assert_eq!(endpoint.arrivals().len(), 1);
}

// Asking for help.

#[test]
fn help_opens_with_what_the_command_does() {
    for (arguments, summary) in [
        (&["--help"][..], "Play the webhook provider"),
        (&["send", "--help"], "Sign fixture payloads and deliver them to a URL"),
        (&["send", "-h"], "Sign fixture payloads and deliver them to a URL"),
        (&["sign", "--help"], "Print the signed request instead of sending it"),
        (&["events", "--help"], "List the events"),
        (&["schemes", "--help"], "List the providers"),
        (&["completions", "--help"], "Print the completion script"),
    ] {
        let output = Wh::new().args(arguments).run();
        let text = output.exit(0).stdout_text();
        assert!(text.starts_with(summary), "{arguments:?}: {}", text.lines().next().unwrap_or_default());
    }
}

#[test]
fn the_program_alone_shows_its_help_and_is_not_done() {
    let output = Wh::new().run();
    output.exit(2).stderr_contains("Usage: wh").stderr_contains("wh send slot.submitted");
}

#[test]
fn help_says_that_others_can_see_a_secret_on_the_command_line() {
    Wh::new().args(["send", "--help"]).run().exit(0).stdout_contains("--secret <VALUE>").stdout_contains("`ps`");
}

#[test]
fn every_error_that_ends_a_run_is_one_object() {
    let output = Wh::new().args(["send", "slot.submitted", "--to", "1", "--json", "-q"]).run();
    let lines = output.exit(3).json_lines();
    let errors: Vec<&Value> = lines.iter().filter(|line| line["type"] == "error").collect();
    assert_eq!((errors.len(), &errors[0]["code"]), (1, &json!("connection-refused")));
    assert_eq!(output.stderr_text(), "");
}

// What is wrong with files, in one voice and each with a way out.

#[test]
fn a_file_that_is_none_is_told_by_the_same_words_in_every_command() {
    let link = |wh: Wh| {
        std::os::unix::fs::symlink("loop", wh.folder().join("loop")).expect("a link");
        wh
    };
    let fifo = |wh: Wh, name: &str| {
        let made = std::process::Command::new("mkfifo").arg(wh.folder().join(name)).status();
        assert!(made.is_ok_and(|status| status.success()));
        wh
    };
    for (arguments, words, hint) in [
        (&["replay", "folder"][..], "`folder` cannot be read: it is a directory", "name a file in it"),
        (&["verify", "folder"], "`folder` cannot be read: it is a directory", "name a file in it"),
        (&["log", "--log", "folder"], "`folder` cannot be read: it is a directory", "name a file in it"),
        (
            &["send", "slot.submitted", "-d", "@folder"],
            "`folder` cannot be read: it is a directory",
            "name a file in it",
        ),
        (&["replay", "none.jsonl"], "`none.jsonl` cannot be read: no such file or directory", "slip"),
        (&["verify", "none.jsonl"], "`none.jsonl` cannot be read: no such file or directory", "slip"),
        (&["send", "slot.submitted", "-d", "@none.jsonl"], "no such file or directory", "slip"),
        (&["log", "--log", "fifo"], "`fifo` cannot be read: it is not a plain file", "the file that you mean"),
        (&["replay", "fifo"], "`fifo` cannot be read: it is not a plain file", "the file that you mean"),
        (&["send", "slot.submitted", "-d", "@/dev/zero"], "it is larger than 100 MiB", "the file that you mean"),
        (
            &["sign", "slot.submitted", "--secret-file", "/dev/zero"],
            "it is larger than 64 KiB",
            "the file that you mean",
        ),
    ] {
        let wh = fifo(world().file("state/wh/deliveries.jsonl", ""), "fifo").args(arguments);
        let state = wh.folder().join("state");
        let output = wh.env("XDG_STATE_HOME", state).run();
        output.exit(2).stderr_contains(words).hint_contains(hint);
    }
    for command in ["verify", "replay"] {
        let output = link(Wh::new()).args([command, "loop"]).run();
        output.stderr_contains("`loop` cannot be read: ").hint_contains("file that you mean").any_exit();
        assert!(!output.stderr_text().contains("not found"), "{}", output.stderr_text());
    }
    let output = fifo(Wh::new(), "wh.toml").args(["sign", "slot.submitted"]).run();
    output.exit(2).stderr_contains("`./wh.toml` cannot be read: it is not a plain file").hint_contains("mean");
}

#[test]
fn what_is_wrong_with_settings_has_a_way_out() {
    for (text, words, hint) in [
        ("scheme = 5", "1:10: `scheme` must be a text in quotes", "scheme = \"…\""),
        ("scheme = \"\"", "1:10: `scheme` is empty", "take the line out"),
        ("[profile", "unclosed table", "it is TOML"),
        ("scheme = \"wpg\"\nscheme = \"wpg\"", "2:1: duplicate key", "keep one of them"),
        (&"#".repeat(1024 * 1024 + 1), "it is larger than 1 MiB", "the file that you mean"),
    ] {
        let output = Wh::new().file("wh.toml", text).args(["sign", "slot.submitted"]).run();
        output.exit(2).stderr_contains(words).hint_contains(hint);
    }
}

#[test]
fn what_is_wrong_with_captures_has_a_way_out_and_names_no_type_of_rust() {
    let record = |response: &str| {
        format!(
            r#"{{"schema":"wh.delivery/1","id":"a","request":{{"method":"POST","target":"/","headers":[],"body":""}},{response}}}"#
        )
    };
    for (text, words) in [
        (String::new(), "it is empty"),
        (" \n".to_owned(), "nothing but white space"),
        (record("\"id\"")[..40].to_owned(), "the record is cut off"),
        ("{no json\n".to_owned(), "it is not JSON"),
        (r#"{"log":{"entries":[null]}}"#.to_owned(), "expected an entry of HAR"),
        (r#"{"log":{"entries":[{"request":5}]}}"#.to_owned(), "expected `request`, which is an object"),
        ("POST / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), "a header has a name, a colon and a value"),
        (record(r#""response":{"status":99999}"#), "integer `99999`, expected a status"),
        (record(r#""attempt":-1"#), "expected the number of an attempt"),
        (record(r#""response":{"status":200,"duration_ms":"x"}"#), "expected a number of milliseconds"),
    ] {
        for command in [&["verify", "file"][..], &["replay", "file", "--to", "3000"]] {
            let output = Wh::new().file("file", &text).args(command).run();
            output.stderr_contains(words).hint_contains("").any_exit();
            let told = output.stderr_text();
            assert!(!["struct ", " u16", " u32", " f64"].iter().any(|name| told.contains(name)), "{told}");
        }
        let output = Wh::new().file("file", &text).args(["verify", "file", "--json"]).run();
        assert!(output.json("error")["hint"].is_string(), "{text}");
        output.any_exit();
    }
}
