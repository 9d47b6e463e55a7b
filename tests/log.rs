//! What is recorded, and `wh log`, which shows it.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Endpoint, Wh};

/// The records in a log.
pub(crate) fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a log");
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

/// `wh send` with a log of this folder.
fn send(folder: &Path, arguments: &[&str]) -> Wh {
    Wh::new().arg("send").args(arguments).args(["-q", "--log"]).arg(folder.join("log.jsonl"))
}

#[test]
fn what_was_sent_is_recorded_with_its_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let endpoint = Endpoint::new().answering([Answer::status(503).header("x-a", "b").body("later")]);
    let url = endpoint.url("/hook?x=1");
    send(folder.path(), &["slot.submitted", "--id", "msg_1", "--to", &url]).run().exit(1).stdout_contains("503");
    let record = records(&folder.path().join("log.jsonl")).pop().expect("a record");
    assert_eq!(record["schema"], json!("wh.delivery/1"));
    assert_eq!((&record["direction"], &record["id"], &record["url"]), (&json!("sent"), &json!("msg_1"), &json!(url)));
    assert_eq!((&record["attempt"], &record["scheme"]), (&json!(1), &json!("wpg")));
    assert_eq!(record["request"]["body"].as_str().map(str::as_bytes), Some(endpoint.arrival().body.as_slice()));
    assert_eq!((&record["response"]["status"], &record["response"]["body"]), (&json!(503), &json!("later")));
    let headers = record["response"]["headers"].as_array().expect("pairs");
    assert!(headers.contains(&json!(["x-a", "b"])), "{record}");
}

#[test]
fn sending_records_in_the_state_directory_unless_told_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let log = state.join("wh/deliveries.jsonl");
    Wh::new().args(["send", "slot.submitted", "-q", "--no-log"]).env("XDG_STATE_HOME", &state).run().exit(0);
    assert!(!state.exists(), "nothing was to be recorded");
    Wh::new().args(["send", "slot.submitted", "-q"]).env("XDG_STATE_HOME", &state).run().exit(0);
    let record = records(&log).pop().expect("a record");
    // The receiver inside is gone with the program, and its port with it.
    assert_eq!((&record["url"], &record["response"]["status"]), (&Value::Null, &json!(200)));
}

#[test]
fn an_attempt_without_an_answer_is_recorded_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let url = format!("http://{free}/");
    send(folder.path(), &["slot.submitted", "--to", &url]).run().exit(3).stderr_contains("nobody listens");
    let record = records(&folder.path().join("log.jsonl")).pop().expect("a record");
    assert_eq!((&record["response"], &record["error"]), (&Value::Null, &json!("connection-refused")));
}

#[test]
fn a_token_is_recorded_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log.jsonl");
    send(folder.path(), &["unibo/PLAYER_OPTED_IN", "--secret", "hunter2"]).run().exit(0);
    assert!(!fs::read_to_string(&log).expect("a log").contains("hunter2"));
    send(folder.path(), &["unibo/PLAYER_OPTED_IN", "--secret", "hunter2", "--record-secrets"]).run().exit(0);
    assert!(fs::read_to_string(&log).expect("a log").contains("hunter2"));
}

#[test]
fn a_log_that_cannot_be_stops_a_run_that_named_it_and_no_other() {
    let endpoint = Endpoint::new().uncalled();
    let output = Wh::new().args(["send", "slot.submitted", "--to", &endpoint.port(), "--log", "."]).run();
    output.exit(3).stderr_contains("cannot be written").hint_contains("--no-log");
    let output = Wh::new().args(["send", "slot.submitted"]).env("XDG_STATE_HOME", "/dev/null").run();
    output.exit(0).stderr_contains("not recorded").stdout_contains("<-- 200");
}

/// A log of records that were received, one a second from 10:00, each a change of a plain one.
fn log(changes: &[&[(&str, &str)]]) -> String {
    let plain = |second: usize| {
        format!(
            r#"{{"schema":"wh.delivery/1","id":"msg_{second}","direction":"received","received_at":"2020-02-02T10:00:{second:02}.000Z","remote":"127.0.0.1:5000","request":{{"method":"POST","target":"/hook","version":"HTTP/1.1","headers":[["content-type","application/json"]],"body":"{{\"n\":{second}.10}}"}},"scheme":"wpg","event":"slot.submitted","verification":{{"valid":true}},"response":{{"status":200,"duration_ms":3}}}}"#
        )
    };
    let lines = changes
        .iter()
        .enumerate()
        .map(|(second, changes)| changes.iter().fold(plain(second), |line, (from, to)| line.replace(from, to)) + "\n");
    lines.collect()
}

/// `wh log` of a log that holds this.
fn wh_log(log: impl AsRef<[u8]>, arguments: &[&str]) -> Wh {
    Wh::new().file("log.jsonl", log).args(["log", "--log", "log.jsonl"]).args(arguments)
}

const SENT: &[(&str, &str)] = &[
    (
        r#""direction":"received","received_at""#,
        r#""direction":"sent","attempt":2,"url":"http://localhost:3000/hook","sent_at""#,
    ),
    (r#","verification":{"valid":true}"#, ""),
    ("\"status\":200", "\"status\":503,\"headers\":[[\"x-a\",\"b\"]],\"body\":\"later\""),
];
const FORGED: &[(&str, &str)] =
    &[(r#"{"valid":true}"#, r#"{"valid":false,"reason":"mismatch"}"#), ("\"status\":200", "\"status\":401")];
const OTHER: &[(&str, &str)] = &[("slot.submitted", "chat.message"), ("wpg", "whop")];

#[test]
fn the_last_delivery_is_shown_without_its_id() {
    let output = wh_log(log(&[&[], FORGED, SENT]), &["last"]).run();
    output.exit(0).stdout_contains("msg_2").stdout_contains("sent to http://localhost:3000/hook, attempt 2");
}

#[test]
fn the_newest_are_listed_last_in_columns() {
    let output = wh_log(log(&[&[], FORGED, SENT]), &[]).env("TZ", "UTC").run();
    let expected = "\
TIME                 WAY  ANSWER        SCHEME  EVENT           TRY  TOOK  ID
2020-02-02 10:00:00  in   200           wpg     slot.submitted       3 ms  msg_0
2020-02-02 10:00:01  in   401 mismatch  wpg     slot.submitted       3 ms  msg_1
2020-02-02 10:00:02  out  503           wpg     slot.submitted    2  3 ms  msg_2
";
    assert_eq!(output.stdout_text(), expected);
}

#[test]
fn that_there_are_more_is_told_where_nobody_said_how_many() {
    let twenty_one = log(&[&[][..]; 21]);
    wh_log(&twenty_one, &[]).run().exit(0).stderr_contains("the newest 20; wh log -n 100 lists more");
    for arguments in [&["-n", "20"][..], &["--since", "2020-01-01T00:00:00Z"]] {
        let output = wh_log(&twenty_one, arguments).run();
        assert!(!output.stderr_text().contains("more"), "{arguments:?}: {}", output.stderr_text());
    }
    let output = wh_log(log(&[&[][..]; 20]), &[]).run();
    assert!(!output.stderr_text().contains("more"), "{}", output.stderr_text());
}

#[test]
fn filters_leave_the_newest_that_match() {
    let ids = |arguments: &[&str]| {
        let output = wh_log(log(&[&[], FORGED, SENT, OTHER, &[]]), arguments).arg("--json").run();
        let ids =
            output.json_lines().iter().map(|line| line["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>();
        ids.join(" ")
    };
    assert_eq!(ids(&[]), "msg_0 msg_1 msg_2 msg_3 msg_4");
    assert_eq!(ids(&["-n", "2"]), "msg_3 msg_4");
    assert_eq!(ids(&["--failed"]), "msg_1 msg_2");
    assert_eq!(ids(&["--failed", "--last", "1"]), "msg_2");
    assert_eq!(ids(&["--invalid"]), "msg_1");
    assert_eq!(ids(&["--event", "whop/*"]), "msg_3");
    assert_eq!(ids(&["--event", "slot.*", "--since", "2020-02-02T10:00:02Z"]), "msg_2 msg_4");
}

#[test]
fn records_are_printed_as_they_are_behind_their_type() {
    let text = log(&[&[], SENT]);
    let output = wh_log(&text, &["--json"]).run();
    let lines = output.json_lines();
    assert_eq!((&lines[0]["type"], &lines[1]["type"]), (&json!("received"), &json!("attempt")));
    assert_eq!((&lines[1]["status"], &lines[1]["ok"], &lines[1]["error"]), (&json!(503), &json!(false), &Value::Null));
    for (line, record) in output.stdout_text().lines().zip(text.lines()) {
        assert!(line.ends_with(&record[1..]), "{line}");
    }
}

#[test]
fn an_id_shows_request_and_answer_whole_for_every_attempt() {
    let same: &[(&str, &str)] = &[("msg_1", "msg_0"), (".000Z\",\"remote", ".500Z\",\"remote")];
    let sent = [SENT, same, &[("\\\"n\\\":1.10", "\\\"n\\\":0.10")]].concat();
    let output = wh_log(log(&[&[], &sent, &[]]), &["msg_0"]).env("TZ", "UTC").run();
    let expected = "\
wpg slot.submitted msg_0

2020-02-02 10:00:00.000 received from 127.0.0.1:5000, signature ok

  POST /hook
  Content-Type: application/json

  {
    \"n\": 0.10
  }

<-- 200 (3 ms)

2020-02-02 10:00:01.500 sent to http://localhost:3000/hook, attempt 2

  POST /hook
  Content-Type: application/json

  (the same payload)

<-- 503 Service Unavailable (3 ms)
  x-a: b

  later
";
    assert_eq!(output.stdout_text(), expected);
}

#[test]
fn the_beginning_of_an_id_will_do_where_it_is_one_and_a_slip_finds_the_nearest() {
    let text = log(&[&[("msg_0", "msg_abcd")], &[("msg_1", "msg_abcx")], &[("msg_2", "evt_z")]]);
    wh_log(&text, &["evt"]).run().stdout_contains("evt_z");
    wh_log(&text, &["msg_abcd"]).run().stdout_contains("msg_abcd");
    // As a narrow list has it.
    wh_log(&text, &["evt…"]).run().exit(0).stdout_contains("evt_z");
    wh_log(&text, &["msg_abc…"]).run().exit(2).stderr_contains("begins with `msg_abc`: ");
    let file = |arguments: [&str; 2]| Wh::new().file("state/wh/deliveries.jsonl", &text).args(arguments);
    let replay = file(["replay", "msg_abcd…"]).args(["--dry-run", "--to", "3000"]);
    for (wh, words) in [(file(["verify", "msg_abcd…"]), "[msg_abcd]"), (replay, "\"n\": 0.10")] {
        let state = wh.folder().join("state");
        wh.env("XDG_STATE_HOME", state).run().stdout_contains(words).any_exit();
    }
    let output = wh_log(&text, &["msg_abc"]).run();
    output.exit(2).stderr_contains("more than one id begins with `msg_abc`: msg_abcd, msg_abcx").hint_contains("more");
    wh_log(&text, &["msg_abdc"]).run().exit(2).hint_contains("did you mean `msg_abcd`?");
    wh_log(&text, &["zzz"]).run().exit(2).hint_contains("wh log");
}

#[test]
fn quiet_lists_failures_only() {
    let output = wh_log(log(&[&[], FORGED, SENT]), &["-q"]).run();
    let lines: Vec<&str> = output.exit(0).stdout_text().lines().collect();
    assert!(
        matches!(lines[..], [forged, sent] if forged.contains("401 mismatch") && sent.contains("503")),
        "{lines:?}"
    );
    assert_eq!(wh_log(log(&[&[]]), &["-q"]).run().exit(0).stdout_text(), "");
}

#[test]
fn a_delivery_of_no_known_scheme_has_one_form() {
    let stranger: &[(&str, &str)] =
        &[(r#""scheme":"wpg","event":"slot.submitted","#, ""), (r#""id":"msg_0","#, r#""id":"","#)];
    let text = log(&[stranger]);
    wh_log(&text, &[]).run().exit(0).stdout_contains("  ?       unknown  ");
    let shown = wh_log(&text, &["last"]).run();
    assert_eq!(shown.exit(0).stdout_text().lines().next(), Some("? unknown"));
    let verified = Wh::new().file("log.jsonl", &text).args(["verify", "log.jsonl"]).run();
    verified.exit(4).stdout_contains("unknown ? unknown unknown-scheme");
    let endpoint = Endpoint::new();
    let arguments = ["replay", "log.jsonl", "--keep-signature", "--no-log", "--to", &endpoint.port()];
    let replayed = Wh::new().file("log.jsonl", text).args(arguments).run();
    assert!(replayed.exit(0).stdout_text().contains("--> ? unknown\n"), "{}", replayed.stdout_text());
}

#[test]
fn who_follows_a_log_without_records_is_told_what_is_waited_for() {
    use std::io::{BufRead as _, Write as _};
    let (mut child, folder) = Wh::new().args(["log", "--follow", "--log", "log.jsonl"]).env("TZ", "UTC").spawn();
    let mut errors = std::io::BufReader::new(child.stderr.take().expect("piped"));
    let mut told = String::new();
    errors.read_line(&mut told).expect("a line");
    let mut output = std::io::BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut lines: Vec<String> = Vec::new();
    for (change, count) in [(&[][..], 2), (FORGED, 2), (OTHER, 1)] {
        let path = folder.path().join("log.jsonl");
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("a log");
        file.write_all(log(&[change]).as_bytes()).expect("room");
        lines.extend(output.by_ref().take(count).map(|line| line.expect("text")));
    }
    child.kill().and_then(|()| child.wait()).expect("it runs until then");
    assert_eq!(told, "note: waiting for what will be recorded in log.jsonl\n");
    // The titles come again where the columns change, and only there.
    assert!(lines[0].starts_with("TIME ") && lines[2].starts_with("TIME "), "{lines:#?}");
    assert_eq!(lines[2].find("EVENT"), lines[3].find("slot.submitted"), "{lines:#?}");
    assert_eq!(lines[2].find("EVENT"), lines[4].find("chat.message"), "{lines:#?}");
}

#[test]
fn a_time_since_which_may_be_days_or_a_date_of_here() {
    let text = log(&[&[], &[("2020-02-02T10", "2020-02-02T23")], &[("2020-02-02T10", "2020-02-03T10")]]);
    let ids = |since: &str| {
        let output = wh_log(&text, &["--json", "--since", since]).env("TZ", "CET-1").run();
        output.json_lines().len()
    };
    assert_eq!((ids("2020-02-02"), ids("2020-02-03"), ids("2020-02-03 01:00"), ids("36500d")), (3, 2, 1, 3));
    wh_log(&text, &["--since", "1d"]).run().exit(4).stderr_contains("no record").hint_contains("filter");
    wh_log(&text, &["--since", "10"]).run().exit(2).stderr_contains("`10` has no unit").hint_contains("10m");
}

#[test]
fn nothing_to_list_is_4_with_how_to_fill_it() {
    Wh::new()
        .args(["log", "--log", "none.jsonl"])
        .run()
        .exit(4)
        .stderr_contains("nothing is recorded")
        .hint_contains("wh listen");
    wh_log("", &[]).run().exit(4).hint_contains("wh listen");
    wh_log("", &["msg_1"]).run().exit(2).stderr_contains("no delivery");
    Wh::new().args(["log", "msg_1", "--log", "none.jsonl"]).run().exit(4).stderr_contains("nothing is recorded");
    wh_log(log(&[&[]]), &["--failed"]).run().exit(4).stderr_contains("no record").hint_contains("filter");
    Wh::new().args(["log", "--log", "."]).run().exit(2).stderr_contains("it is a directory");
    wh_log(log(&[&[]]), &["-n", "0"]).run().exit(2).hint_contains("1 or more");
}

#[test]
fn what_is_no_record_is_left_out_and_told() {
    let text = log(&[&[], &[]]);
    let torn = format!("nonsense\n{text}{{\"torn\":");
    let output = wh_log(torn, &["--json"]).run();
    assert_eq!(output.json_lines().len(), 2);
    output.stderr_contains("cut off after 8 bytes").stderr_contains("a line of log.jsonl is no record");
}

#[test]
fn a_record_that_is_hostile_does_nothing_to_the_terminal() {
    let hostile: &[(&str, &str)] =
        &[("slot.submitted", "a\\u001b[2Jb"), ("msg_0", "msg_\\u202e"), ("n\\\"", "n\\\"\u{9b}")];
    for arguments in [&[][..], &["msg_"], &["--json"]] {
        let output = wh_log(log(&[hostile]), arguments).run();
        assert!(!output.stdout_text().contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{arguments:?}");
    }
}

#[test]
fn a_log_is_followed_until_ctrl_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    fs::write(&path, log(&[&[]])).expect("a log");
    let follow = Wh::new().args(["log", "--follow", "--json", "--event", "slot.*", "--log"]).arg(&path).stdout(writer);
    let all = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let read = std::sync::Arc::clone(&all);
    // Who reads is there until the end.
    let heard = reader.try_clone().expect("a pipe");
    let output = follow
        .interrupt_after(move || {
            use std::io::{BufRead as _, Write as _};
            let mut lines = std::io::BufReader::new(heard).lines();
            let mut next = || read.lock().expect("whole").push(lines.next().expect("a line").expect("text"));
            next();
            let append = |text: &str| {
                let mut file = fs::OpenOptions::new().append(true).create(true).open(&path).expect("a log");
                file.write_all(text.as_bytes()).expect("room");
            };
            append(&log(&[OTHER, SENT]));
            next();
            // The log is put aside, and a new one begun.
            fs::rename(&path, path.with_extension("jsonl.1")).expect("a log");
            append(&log(&[FORGED]));
            next();
        })
        .run();
    drop(reader);
    output.exit(130);
    let lines = all.lock().expect("whole");
    let ids: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<(&Value, &Value)> = ids.iter().map(|line| (&line["id"], &line["type"])).collect();
    let (received, attempt) = (json!("received"), json!("attempt"));
    assert_eq!(ids, [(&json!("msg_0"), &received), (&json!("msg_1"), &attempt), (&json!("msg_0"), &received)]);
}

/// An event that is longer than any line should be.
fn endless() -> String {
    log(&[&[("slot.submitted", &"e".repeat(1_000_000))], FORGED])
}

#[test]
fn no_name_of_a_stranger_makes_the_lines_long() {
    let output = wh_log(endless(), &[]).run();
    assert!(output.exit(0).stdout_text().len() < 2000, "{}", output.stdout_text().len());
    output.stdout_contains("eee…  ").stdout_contains("msg_1");
    let id = log(&[&[("msg_0", &"i".repeat(1_000_000))], &[]]);
    assert!(wh_log(&id, &[]).run().exit(0).stdout_text().len() < 2000);
    // What the record holds is there all the same.
    assert!(wh_log(endless(), &["--json"]).run().exit(0).stdout_text().len() > 1_000_000);
    for text in [endless(), id] {
        let output = Wh::new().file("log.jsonl", text).args(["verify", "log.jsonl"]).run();
        assert!(output.exit(1).stdout_text().len() < 3000, "{}", output.stdout_text().len());
    }
}

#[test]
fn a_file_that_an_editor_gave_a_byte_order_mark_is_read_all_the_same() {
    let text = format!("\u{feff}{}", log(&[&[], &[]]));
    let output = wh_log(&text, &["--json"]).run();
    assert_eq!(output.exit(0).json_lines().len(), 2);
    assert_eq!(output.stderr_text(), "");
    let replay = |arguments: &[&str]| Wh::new().args(["replay", "--dry-run", "--to", "3000"]).args(arguments);
    for output in [replay(&["file"]).file("file", &text).run(), replay(&["-"]).stdin(text.as_bytes()).run()] {
        output.exit(0).stdout_contains("0.10").stdout_contains("1.10");
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_not_the_end_of_the_process() {
    let limited = |arguments: &[&str]| {
        let script = "ulimit -f 8 && exec \"$WH\" \"$@\"";
        Wh::other("sh").args(["-c", script, "sh"]).args(arguments).env("WH", env!("CARGO_BIN_EXE_wh"))
    };
    let sent = limited(&["send", "slot.submitted", "-n", "60", "-q", "--log", "log.jsonl"]).run();
    sent.exit(3).stderr_contains("`log.jsonl` cannot be written: file too large").hint_contains("--log").any_stdout();
    let endpoint = Endpoint::new();
    let arguments = ["replay", "file", "-n", "60", "-q", "--log", "log.jsonl", "--to", &endpoint.port()];
    let replayed = limited(&arguments).file("file", log(&[&[]])).run();
    // What was sent until then is summed up all the same.
    replayed.exit(3).stderr_contains("`log.jsonl` cannot be written: file too large").stdout_contains("not sent");
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_is_followed_is_left_with_its_reader() {
    let script = "{ $WH log --follow -n 1 --log log.jsonl --json; echo exit $? >&2; } | head -n 1";
    let wh = Wh::other("sh").args(["-c", script]).env("WH", env!("CARGO_BIN_EXE_wh"));
    let output = wh.file("log.jsonl", log(&[&[]])).run();
    output.exit(0).stdout_contains("msg_0").stderr_contains("exit 0");
}

#[test]
fn a_log_of_any_length_is_read_from_its_end() {
    let (folder, endpoint) = (tempfile::tempdir().expect("a folder"), Endpoint::new());
    let path = folder.path().join("log.jsonl");
    // 64 GiB, of which the file system keeps the end alone: who read them would not be done in time.
    let mut file = fs::File::create(&path).expect("room");
    file.set_len(64 << 30).expect("a sparse file");
    file.seek(SeekFrom::End(0)).and_then(|_| file.write_all(format!("\n{}", log(&[SENT])).as_bytes())).expect("room");
    let wh = |command: &[&str]| Wh::new().args(command).args(["--log"]).arg(&path).run();
    wh(&["log", "-n", "1"]).exit(0).within(Duration::from_secs(5)).stdout_contains("msg_0");
    wh(&["replay", "last", "-q", "--to", &endpoint.port()]).exit(0).within(Duration::from_secs(5));
    assert_eq!(endpoint.arrivals().len(), 1);
}
