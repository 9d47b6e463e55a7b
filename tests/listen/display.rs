//! What a person sees of deliveries, also of those that strangers made.

use crate::support::{Answer, Endpoint, Listener, Message};

/// What a terminal would act on, or a reader not see, in UTF-8.
const HOSTILE: &str = "\u{7}\u{1b}[31m\u{9b}2J\u{202e}\u{2066}\u{200b}\u{feff}";

/// Ends a listener, and holds all that it has written against what may reach a terminal.
#[track_caller]
fn shown(listener: Listener) -> Vec<String> {
    let ended = listener.stop();
    for line in ended.stdout.iter().chain(&ended.stderr) {
        let hostile = line
            .chars()
            .find(|character| character.is_control() || HOSTILE[1..].contains(*character) && !character.is_ascii());
        assert_eq!(hostile, None, "{line:?}");
    }
    ended.stdout
}

#[test]
fn both_lines_have_the_same_id_and_the_payload_stands_between_them() {
    let mut listener = Listener::human(&["--scheme", "wpg"]);
    assert_eq!(listener.send(&Message::wpg(r#"{"event":"slot.submitted","a":1.10,"a":-0,"u":"\u00e9"}"#)).status, 200);
    let came = listener.line("-->");
    let id = came.split(['[', ']']).nth(1).expect("an id").to_owned();
    assert!(came.ends_with(&format!(" --> wpg slot.submitted [{id}] signature ok")), "{came}");
    let lines = shown(listener);
    let from = lines.iter().position(|line| *line == came).expect("the line");
    let expected = [
        "    {",
        r#"      "event": "slot.submitted","#,
        r#"      "a": 1.10,"#,
        r#"      "a": -0,"#,
        r#"      "u": "\u00e9""#,
        "    }",
    ];
    assert_eq!(lines[from + 1..from + 7], expected);
    assert!(lines[from + 7].ends_with(&format!(" <-- 200 by wh [{id}]")), "{}", lines[from + 7]);
    assert_eq!(lines.last().map(String::as_str), Some("1 received, 1 genuine"));
}

#[test]
fn a_refusal_says_its_reason_and_its_answer() {
    let mut listener = Listener::human(&["--scheme", "wpg"]);
    assert_eq!(listener.send(&Message::new(r#"{"event":"slot.submitted"}"#)).status, 401);
    let line = listener.line("-->");
    assert!(line.ends_with("refused: missing-header, the header `X-WPG-Signature` is missing"), "{line}");
    assert!(listener.line("<--").contains(" <-- 401 "));
}

#[test]
fn a_signature_that_does_not_match_is_told_in_a_word_and_a_forward_with_its_events() {
    let route = "slot.*=localhost:9/app";
    let mut listener = Listener::human(&["--scheme", "wpg", "--forward-to", route, "--forward-to", "localhost:9"]);
    assert!(listener.line("forwarding").ends_with("forwarding slot.* to http://localhost:9/app"));
    assert!(listener.line("forwarding").ends_with("forwarding to http://localhost:9/"));
    assert_eq!(listener.send(&Message::wpg(r#"{"event":"chat.a"}"#).body("{}")).status, 401);
    let line = listener.line("-->");
    assert!(line.ends_with("signature refused: mismatch"), "{line}");
}

#[test]
fn an_envelope_is_opened() {
    let wrapped = Endpoint::new();
    let mut listener = Listener::human(&["--forward-to", &wrapped.port()]);
    let address = listener.address();
    let output = crate::support::Wh::new()
        .args(["send", "gamepush/SyncPlayer", "-q", "--no-log", "--to", &format!("http://{address}/")])
        .run();
    output.exit(0);
    listener.line("-->");
    assert_eq!(listener.line(""), "    {");
    assert!(listener.line("").starts_with(r#"      "event": "SyncPlayer""#));
    assert!(!wrapped.arrival().body.starts_with(b"{"), "what goes on is the envelope");
}

#[test]
fn nothing_of_a_strangers_acts_on_the_terminal() {
    let app = Endpoint::new().answering([Answer::status(500)
        .header("X-Answer", "\u{9b}2J\u{202e}".as_bytes())
        .header("Content-Type", "text/plain")
        .body(HOSTILE)]);
    let mut listener = Listener::human(&["--scheme", "wpg", "-v", "--forward-to", &app.port()]);
    let quoted = HOSTILE.replace(['\u{7}', '\u{1b}'], "");
    let bodies =
        [HOSTILE.to_owned(), format!(r#"{{"event":"{quoted}","{quoted}":"{quoted}"}}"#), format!("a\r\n{HOSTILE}\0")];
    for body in &bodies {
        let message = Message::wpg(body.clone())
            .target("/\u{9b}?\u{202e}\u{200b}".as_bytes())
            .header("X-Stranger", "\u{9b}2J\u{202e}".as_bytes())
            .header("User-Agent", b"\xff\xfe".to_vec());
        assert_eq!(listener.send(&message).status, 500);
    }
    listener.raw(format!("{HOSTILE} / HTTP/1.1\r\n\r\n").as_bytes());
    assert!(listener.line("X-Stranger: ").ends_with(r"\u{9b}2J\u{202e}"));
    let lines = shown(listener).join("\n");
    for visible in [r"/\u{9b}?\u{202e}\u{200b}", r"\xff\xfe", r"x-answer: \u{9b}2J\u{202e}", r"\u{1b}[31m", r"\u{feff}"]
    {
        assert!(lines.contains(visible), "no {visible} in {lines}");
    }
}

#[test]
fn long_and_binary_bodies_are_cut_with_a_count() {
    let mut listener = Listener::human(&["--scheme", "wpg"]);
    let long = format!(r#"{{"event":"slot.submitted","text":"{}"}}"#, "x".repeat(100_000));
    assert_eq!(listener.send(&Message::wpg(long)).status, 200);
    listener.line("more bytes");
    let list = format!(r#"{{"event":"slot.submitted","list":[{}1]}}"#, "1,".repeat(50_000));
    assert_eq!(listener.send(&Message::wpg(list)).status, 200);
    listener.line("more bytes");
    let binary: Vec<u8> = (0..=255).cycle().take(1024).collect();
    assert_eq!(listener.send(&Message::wpg(binary)).status, 200);
    listener.line("(1024 bytes, not UTF-8)");
    assert_eq!(listener.send(&Message::wpg("")).status, 200);
    listener.line("(empty body)");
    let lines = shown(listener);
    assert!(lines.iter().map(String::len).sum::<usize>() < 100_000, "{} lines", lines.len());
}

#[test]
fn colour_is_for_the_status_and_where_it_is_wanted() {
    let mut listener = Listener::human(&["--scheme", "wpg", "--color", "always"]);
    assert_eq!(listener.send(&Message::wpg("{}")).status, 200);
    let good = listener.line("<--");
    assert_eq!(listener.send(&Message::new("{}")).status, 401);
    let bad = listener.line("<--");
    let colour = |line: &str, text: &str| {
        line.split(text).next().and_then(|before| before.rsplit('\u{1b}').next().map(str::to_owned))
    };
    assert_ne!(colour(&good, "200"), colour(&bad, "401"), "{good:?} {bad:?}");
}

/// What a listener that is quiet shows while a shell sends to `$TO`, with its exit code.
#[track_caller]
fn shown_quietly(arguments: &[&str], script: &str, exit: i32) -> String {
    // Without the line that says where it listens, a quiet listener is known by its port alone.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let output = crate::support::Wh::new()
        .args(["listen", "-q", "--port", &free.to_string()])
        .args(arguments)
        .args(["--", "/bin/sh", "-c", script])
        .env("WH", env!("CARGO_BIN_EXE_wh"))
        .env("TO", free.to_string())
        .run();
    output.exit(exit).stderr_any().stdout_text().to_owned()
}

#[cfg(unix)]
#[test]
fn quiet_shows_what_is_refused_or_not_recorded_whosever_it_is() {
    let send = |more: &str| format!("$WH send unibo/PLAYER_OPTED_IN {more} --to $TO -q --no-log");
    let text = shown_quietly(&["--no-log"], &send("--fault no-signature --expect 401"), 4);
    let said: Vec<&str> = text.lines().filter(|line| line.contains("-->") || line.contains("<--")).collect();
    assert!(matches!(said.as_slice(), [came, went] if came.contains("no scheme") && went.contains("401")), "{text}");
    assert_eq!(shown_quietly(&["--no-log"], &send(""), 0), "");
}

#[test]
fn quiet_shows_what_is_wrong_alone() {
    let mut listener = Listener::human(&["--scheme", "wpg", "-v"]);
    assert!(listener.send(&Message::wpg("{}")).status == 200 && listener.line("POST /").ends_with("POST /"));
    let script = "$WH send slot.submitted --to $TO -q --no-log; \
        $WH send slot.submitted --fault forged-signature --expect 401 --to $TO -q --no-log";
    let text = shown_quietly(&["--no-log", "--scheme", "wpg"], script, 1);
    assert_eq!((text.matches("-->").count(), text.matches("mismatch").count()), (1, 1), "{text}");
}

#[test]
fn an_event_without_an_end_is_cut_off_on_its_line() {
    let mut listener = Listener::human(&["--scheme", "wpg"]);
    let body = format!(r#"{{"event":"{}"}}"#, "e".repeat(1_000_000));
    assert_eq!(listener.send(&Message::new(body)).status, 401);
    let line = listener.line("--> wpg");
    assert!(line.len() < 500 && line.contains("eee… ["), "{} bytes", line.len());
    listener.stop();
}
