//! What people see, on a terminal of 50 columns and of 100: the main outputs, each in a file to be looked at.
//!
//! `BLESS=1 cargo test layout` writes the files anew.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clap::Parser as _;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use wh::Streams;
use wh::cli::Cli;
use wh::context::{Context, Terminals};
use wh::report::findings::Why;
use wh::report::human::{HumanReporter, Style, Verbosity};
use wh::report::layout::Page;
use wh::report::notice::Notice;
use wh::report::palette::Palette;
use wh::report::{Onward, Outcome, Prospect, Reporter, Summary, Totals, Whole};
use wh::webhook::attempt::{Answer, Attempt, Failure};
use wh::webhook::catalogue::Catalogue;
use wh::webhook::composition::{Draft, Payload};
use wh::webhook::delivery::Delivery;
use wh::webhook::diagnosis::{Budget, Case, diagnose};
use wh::webhook::event::EventName;
use wh::webhook::fault::Fault;
use wh::webhook::latency::Latencies;
use wh::webhook::probe::examination::{Examination, Scope};
use wh::webhook::probe::judging::{Check, Finding, Status};
use wh::webhook::probe::{Rule, Severity, all};
use wh::webhook::provider::Provider;
use wh::webhook::retrying::Step;
use wh::webhook::secret::Secret;
use wh::webhook::signing::Signing;

use crate::picture::captured;
use crate::support::assert_current;

const WIDTHS: [usize; 2] = [50, 100];

fn now() -> Timestamp {
    "2026-11-21T10:00:00.250Z".parse().expect("a time")
}

/// A stream that can be read when all is written.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a screen").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a screen").clone()).expect("text")
    }
}

/// What a command line prints on a terminal.
fn typed(words: &str, columns: usize) -> String {
    let screen = Screen::default();
    let terminals = Terminals { input: false, output: true, errors: true, columns: Some(columns) };
    let context = Context {
        environment: Box::new(|_| None),
        zone: || TimeZone::UTC,
        clock: now,
        seed: Some(1),
        terminals,
        input: || Box::new(std::io::Cursor::new(captured())) as Box<dyn Read + Send>,
    };
    let words = words.split_whitespace().chain(["--no-config", "--color", "never"]);
    let cli = Cli::try_parse_from(words).expect("a command line");
    wh::run(cli, &context, Streams { output: Box::new(screen.clone()), errors: Box::new(screen.clone()) });
    screen.text()
}

/// What some outcomes look like on a terminal.
fn shown(columns: usize, colours: bool, tell: impl Fn(&mut dyn Reporter)) -> String {
    let screen = Screen::default();
    let (palette, page) = (Palette::new(colours), Page::new(Some(columns)));
    let verbosity = Verbosity::Normal;
    let style = Style {
        output: palette,
        errors: palette,
        verbosity,
        terminal: true,
        page,
        errors_page: page,
        zone: || TimeZone::UTC,
    };
    tell(&mut HumanReporter::new(Box::new(screen.clone()), Box::new(screen.clone()), style));
    screen.text()
}

fn wpg() -> Provider {
    Catalogue::embedded().provider("wpg").expect("a provider")
}

/// A delivery of `slot.submitted`, which may be wrong on purpose.
fn delivery(provider: &Provider, fault: Option<Fault>) -> Delivery {
    let event = EventName::from_name("wpg", "slot.submitted");
    let url = "http://localhost:3000/webhooks/wpg".parse().expect("a URL");
    let payload = Payload::Exact(r#"{"event":"slot.submitted","data":{"slotId":"slot_3a0HgyIbQjkutoXp"}}"#.into());
    let id = Some("msg_4LqCoSRTqyzrkkWxvw4zlteQ");
    let draft = Draft { event: &event, payload, id, timestamp: now(), url: &url, edits: &[] };
    let delivery = provider.compose(draft, &mut fastrand::Rng::with_seed(1)).expect("a delivery");
    let secrets = [secret()];
    let age = if fault == Some(Fault::Stale) { Duration::from_secs(450) } else { Duration::ZERO };
    let signing = Signing { timestamp: now() - age, secrets: &secrets, fault };
    provider.scheme.sign(delivery, &signing).expect("a signature")
}

fn secret() -> Secret {
    Secret::new("the test secret", wpg().scheme.test_secret)
}

fn attempt(outcome: Result<(u16, &'static str), Failure>) -> Attempt {
    let answer = |(status, body): (u16, &'static str)| Answer {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
        truncated: false,
        incomplete: None,
    };
    Attempt { number: 1, started: now(), duration: Duration::from_millis(12), outcome: outcome.map(answer) }
}

fn attempted<'a>(delivery: &'a Delivery, attempt: &'a Attempt, prospect: Option<&'a Prospect>) -> Outcome<'a> {
    let good = attempt.status().is_some_and(|status| status.is_success());
    let advice = "it was signed with the test secret; WPG_WEBHOOK_SECRET or --secret-env gives the receiver's own; \
                  `wh check --scheme wpg --to localhost:3000/webhooks/wpg` tries what it expects instead";
    let advice = (!good).then(|| advice.to_owned());
    Outcome::Attempted { delivery, attempt, good, advice, fault: None, fatal: false, prospect }
}

fn sends(reporter: &mut dyn Reporter) {
    let provider = wpg();
    let delivery = delivery(&provider, None);
    let notice = Notice::TestSecret { schemes: vec!["wpg".to_owned()], variable: "WPG_WEBHOOK_SECRET".to_owned() };
    let again = Prospect {
        step: Step::Retry { after: Duration::from_mins(4) },
        provider: "wpg".to_owned(),
        most: Some(6),
        waited: Duration::from_mins(7),
        pause: Some(Duration::from_secs(4)),
        next_at: None,
        sentence: None,
    };
    let refused = attempt(Ok((401, r#"{"error":"invalid signature"}"#)));
    let failed = attempt(Err(Failure::TimedOut { after: Duration::from_secs(5) }));
    for outcome in [
        Outcome::Notice(notice),
        Outcome::Sending {
            delivery: &delivery,
            provider: Some(&provider),
            at: now(),
            fault: Some("stale"),
            secrets: false,
        },
        attempted(&delivery, &attempt(Ok((200, "ok"))), None),
        attempted(&delivery, &refused, None),
        attempted(&delivery, &failed, Some(&again)),
        Outcome::Left { delivery: &delivery, at: now(), failures: 10 },
    ] {
        reporter.report(&outcome).expect("a screen");
    }
}

fn many(reporter: &mut dyn Reporter) {
    let mut latencies = Latencies::default();
    for (micros, count) in [(90, 297), (180, 387), (900, 5), (11_000, 311)] {
        (0..count).for_each(|_| latencies.add(Duration::from_micros(micros)));
    }
    let statuses = BTreeMap::from([(200, 996), (503, 4)]);
    let elapsed = Duration::from_millis(137);
    let summary = Summary {
        counted: true,
        sent: 1000,
        accepted: 996,
        refused: 4,
        attempts: 1000,
        statuses,
        latencies,
        elapsed,
        ..Summary::default()
    };
    reporter.report(&Outcome::Summary(&summary)).expect("a screen");
}

fn listens(reporter: &mut dyn Reporter) {
    let provider = wpg();
    let targets = [Onward { glob: None, url: "http://localhost:3000/webhooks/wpg".to_owned() }];
    let log = Some("/home/me/.local/state/wh/deliveries.jsonl");
    reporter
        .report(&Outcome::Ready { url: "http://localhost:4000", port: 4000, scheme: None, log, targets: &targets })
        .expect("a screen");
    for fault in [None, Some(Fault::WrongSecret), Some(Fault::Stale)] {
        let delivery = delivery(&provider, fault);
        let verdict = provider.scheme.verify(&delivery, &[secret()], now());
        let case = verdict.as_ref().err().map(|rejection| Case {
            delivery: &delivery,
            provider: &provider,
            secrets: &[],
            rejection,
            others: &[],
            now: now(),
        });
        let diagnosis = case.map(|case| diagnose(&case, Budget::BRIEF));
        let received = Outcome::Received {
            delivery: &delivery,
            provider: Some(&provider),
            at: now(),
            remote: "127.0.0.1:50312".parse().expect("an address"),
            verdict: Some(&verdict),
            answer: Some((if verdict.is_ok() { StatusCode::OK } else { StatusCode::UNAUTHORIZED }, None)),
            whole: Whole::Payload,
            secrets: false,
            why: diagnosis.as_ref().map_or(Why::Unasked, Why::Found),
        };
        reporter.report(&received).expect("a screen");
    }
    let totals = Totals { received: 3, valid: 1, invalid: 2, forwarded: 1, failed: 1, ..Totals::default() };
    reporter.report(&Outcome::Listened(totals)).expect("a screen");
}

/// What comes of checking a receiver of wpg, where each check comes out as `decide` has it.
fn examination(genuine: bool, decide: impl Fn(&str) -> Status) -> Examination {
    let provider = wpg();
    let probes = all().filter(|probe| probe.obstacle(&provider).is_none() && probe.severity != Severity::Advice);
    let checks = probes.map(|probe| {
        let status = decide(probe.id);
        let got = match (status, probe.rule) {
            (Status::Fail, Rule::Accepted) | (Status::Pass, Rule::Refused) => "401 Unauthorized",
            (Status::Skip, _) => "401 Unauthorized, as the genuine delivery is refused too",
            _ => "200 OK",
        };
        let finding = Finding { status, severity: probe.severity, got: got.to_owned() };
        Check::new(probe, &provider, finding, Duration::from_millis(3))
    });
    Examination {
        scheme: "wpg".to_owned(),
        url: "http://localhost:3000/webhooks/wpg".to_owned(),
        event: "slot.submitted".to_owned(),
        started: now(),
        duration: Duration::from_millis(343),
        scope: Scope::of(&all().collect::<Vec<_>>(), &provider),
        checks: checks.collect(),
        accepts_genuine: genuine,
        hint: None,
        interrupted: false,
        strict: false,
        unreachable: None,
    }
}

fn checks(reporter: &mut dyn Reporter) {
    let careless = examination(true, |id| match id {
        "future" | "milliseconds-timestamp" | "escapes" | "numbers" => Status::Fail,
        "duplicate-keys" => Status::Warn,
        _ => Status::Pass,
    });
    let refusing = examination(false, |id| match id {
        "genuine" => Status::Fail,
        "error-leak" | "no-redirect" => Status::Pass,
        _ => Status::Skip,
    });
    for examination in [careless, refusing] {
        reporter.report(&Outcome::Examined(&examination)).expect("a screen");
    }
}

/// A log with a delivery that was received and refused, and one that was sent.
fn log(folder: &Path) -> String {
    let path = folder.join("log.jsonl");
    let record = |direction: &str, status: u16| {
        format!(
            r#"{{"schema":"wh.delivery/1","id":"msg_4LqCoSRTqyzrkkWxvw4zlteQ","direction":{direction}":"2020-02-02T12:00:00.000Z","request":{{"method":"POST","target":"/webhooks/wpg","version":"HTTP/1.1","headers":[["content-type","application/json"]],"body":"{{\"n\":1.10}}"}},"scheme":"wpg","event":"slot.submitted","response":{{"status":{status},"duration_ms":3}}}}"#
        )
    };
    let received = record(r#""received","verification":{"valid":false,"reason":"mismatch"},"received_at"#, 401);
    let sent = record(r#""sent","attempt":2,"url":"http://localhost:3000/webhooks/wpg","sent_at"#, 200);
    std::fs::write(&path, format!("{received}\n{sent}\n")).expect("a log");
    path.display().to_string()
}

/// Times are those of where this is run: as wide, but other digits.
fn timeless(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for at in 0..bytes.len().saturating_sub(2) {
        let colon = bytes[at + 1] == b':' && bytes[at].is_ascii_digit() && bytes[at + 2].is_ascii_digit();
        if colon && text[..at].ends_with(|before: char| before.is_ascii_digit()) {
            (bytes[at - 1], bytes[at]) = (b'1', b'0');
        }
    }
    String::from_utf8(bytes).expect("text")
}

type Tell = fn(&mut dyn Reporter);

const TOLD: [(&str, Tell); 4] = [("send", sends), ("send -n", many), ("listen", listens), ("check", checks)];

/// All that is looked at, each with its name.
fn screens(columns: usize) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut screens: Vec<(String, String)> =
        TOLD.iter().map(|(name, tell)| ((*name).to_owned(), timeless(&shown(columns, false, tell)))).collect();
    for words in [
        "wh verify",
        "wh verify --explain",
        "wh events wpg",
        "wh events unibo/PRIZE_PAYOUT_CREATED@free_spins",
        "wh schemes",
        "wh schemes whop",
        "wh check --list --scheme comps",
        "wh send slot.sumbitted",
    ] {
        screens.push((words.to_owned(), typed(words, columns)));
    }
    let log = log(folder.path());
    for words in ["wh log", "wh log msg_4LqCoSRTqyzrkkWxvw4zlteQ"] {
        screens.push((words.to_owned(), timeless(&typed(&format!("{words} --log {log}"), columns))));
    }
    screens
}

#[test]
fn what_people_see_is_as_it_was_when_it_was_looked_at() {
    for columns in WIDTHS {
        let screens = screens(columns);
        let text: Vec<String> = screens.iter().map(|(name, screen)| format!("$ {name}\n{screen}")).collect();
        assert_current(&format!("tests/layout/{columns}.txt"), &text.join("\n"));
    }
}

#[test]
fn a_line_is_wider_than_the_terminal_only_where_it_holds_something_that_must_stay_whole() {
    for columns in [40, 50, 67, 80, 100, 120] {
        for (name, screen) in screens(columns) {
            for line in screen.lines().filter(|line| line.chars().count() > columns) {
                // A header, a member of a payload, or a command to be copied.
                let text = line.trim_start();
                let is_data = text.split_once(": ").is_some_and(|(name, _)| !name.contains(' '));
                let is_command = text.starts_with("wh ");
                let longest = text.split(' ').map(|word| word.chars().count()).max().unwrap_or_default();
                assert!(is_data || is_command || longest + 18 > columns, "{columns} columns, {name}: {line}");
            }
        }
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    for columns in WIDTHS {
        for (name, tell) in TOLD {
            let coloured = shown(columns, true, tell);
            assert!(coloured.contains("\u{1b}["), "{name}");
            let pieces = coloured.split("\u{1b}[").enumerate().map(|(index, piece)| {
                if index == 0 { piece } else { piece.split_once('m').map_or("", |(_, text)| text) }
            });
            assert_eq!(pieces.collect::<String>(), shown(columns, false, tell), "{name} at {columns} columns");
        }
    }
}
