//! Every error and every notice that the program can print, in three files to be read aloud: one voice, the facts, the
//! way out.
//!
//! A new variant does not compile here until it has an example. `BLESS=1 cargo test words` writes the files anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Error as IoError, ErrorKind};
use std::time::Duration;

use wh::edge::client::ClientError;
use wh::edge::target::Target;
use wh::error::Error;
use wh::report::notice::Notice;
use wh::webhook::attempt::Failure;
use wh::webhook::capture::{self, Fault};
use wh::webhook::catalogue::CatalogueError;
use wh::webhook::composition::CompositionError;
use wh::webhook::event::EventName;
use wh::webhook::json::{EditError, Path};
use wh::webhook::secret::{KeyForm, Secret, SecretError};
use wh::webhook::signing::SigningError;
use wh::webhook::table::Source;
use wh::webhook::verification::{Place, Rejection};

use crate::support::{ACME, Wh, assert_current};

/// All variants of an enum: a function that names one, which knows them all or does not compile, and the names.
macro_rules! variants {
    ($name:ident, $all:ident: $type:ident { $($variant:ident),* $(,)? }) => {
        fn $name(value: &$type) -> &'static str {
            match value {
                $($type::$variant { .. } => stringify!($variant),)*
            }
        }

        const $all: &[&str] = &[$(stringify!($variant)),*];
    };
}

variants!(of_error, ERRORS: Error {
    Usage, Catalogue, Composition, Signing, File, Command, Exists, Unwritable, Remote, NoSecret, NoVariable, Untrusted,
    NoFault, Unreachable, Certificates, Client, Output, Log, NothingLogged, UnknownId, AmbiguousId, Port, Unmet, Nothing, System,
    Interrupted, NothingToReplay, Unreplayable, Resumable, Unresumable, BadCapture, Report, NoChecks, Unanswered,
});
variants!(of_catalogue, CATALOGUE_ERRORS: CatalogueError {
    File, Unreadable, UnknownScheme, UnknownEvent, AmbiguousEvent, BuiltIn, NoProvider,
});
variants!(of_composition, COMPOSITION_ERRORS: CompositionError { Placeholder, NotJson, Edit, Header });
variants!(of_edit, EDIT_ERRORS: EditError { NotAContainer, NotAnArray, BadIndex, NotFound, WholeDocument });
variants!(of_signing, SIGNING_ERRORS: SigningError { Secret, NoSecret, OneSignatureOnly, MissingField, BadHeader });
variants!(of_secret, SECRET_ERRORS: SecretError { Empty, Undecodable });
variants!(of_failure, FAILURES: Failure {
    Refused, UnknownHost, TimedOut, Tls, CaCertificate, Proxy, BadUrl, NotHttp, Broken,
});
variants!(of_client, CLIENT_ERRORS: ClientError { Unreachable, Certificates, Setup });
variants!(of_rejection, REJECTIONS: Rejection {
    MissingHeader, AmbiguousHeader, BadFormat, MissingSignature, UnknownVersion, BadEncoding, MissingField, BadTimestamp,
    MissingTimestamp, EmptySecret, BadSecret, Mismatch, Stale, Future,
});
variants!(of_notice, NOTICES: Notice {
    Setting, InProcess, TestSecret, NotDiagnosed, AnyAge, NoTimestamp, FaultsLeftOut, SecretWhitespace, SecretPrefix, Reachable,
    VerifiedWithTestSecret, TornLog, NotRecorded, Unrecorded, UnfinishedLine, LongLines, Following, StrangeLines, MoreLogged, RequestRefused, SenderLeft, LeftOut,
    FileName, OtherEvent, NoRetries, NoSchedule, NoWaits, NothingWritten, HeaderReplaced, Resumable, Resumed, Finishing, Unrecognised, NotResumable, StaleSignatures, HeaderLeftOut,
    NoTls, Added, Disputed,
});

fn text(text: &str) -> String {
    text.to_owned()
}

fn target(url: &str) -> Box<Target> {
    Box::new(url.parse().expect("a target"))
}

fn events(names: &[(&str, &str)]) -> Vec<EventName> {
    names.iter().map(|(provider, name)| EventName::from_name(provider, name)).collect()
}

fn failures() -> Vec<(&'static str, Failure)> {
    let addresses = vec!["127.0.0.1:3000".parse().expect("an address"), "[::1]:3000".parse().expect("an address")];
    vec![
        ("localhost:3000", Failure::Refused { addresses }),
        ("https://example.com", Failure::Refused { addresses: vec!["192.0.2.1:443".parse().expect("an address")] }),
        ("https://exmaple.test", Failure::UnknownHost { host: text("exmaple.test") }),
        ("localhost:3000", Failure::TimedOut { after: Duration::from_secs(10) }),
        ("https://localhost:3000", Failure::Tls { reason: text("the certificate is not trusted") }),
        ("https://example.com", Failure::Tls { reason: text("the certificate has expired") }),
        ("https://localhost:3000", Failure::CaCertificate),
        (
            "https://example.com",
            Failure::Proxy { proxy: text("http://proxy.example.com:3128/"), reason: text("connection refused") },
        ),
        ("localhost:3000", Failure::BadUrl { reason: text("uri too long") }),
        ("localhost:3000", Failure::NotHttp { reason: text("the first line has no version") }),
        ("https://localhost:3000", Failure::NotHttp { reason: text("the first line has no version") }),
        ("localhost:3000", Failure::Broken { reason: text("the connection was closed before an answer came") }),
        ("https://localhost:3000", Failure::Broken { reason: text("the answer is no HTTP") }),
    ]
}

fn catalogue_errors() -> Vec<CatalogueError> {
    let file = "title = \"Acme\"\nalgoritm = \"x\"\n";
    let source = Source { path: "providers/acme/provider.toml", text: file };
    let hint = Some(text("did you mean `algorithm`?"));
    let unknown = |pattern: &str, scheme: Option<&str>, nearest: &[&str], is_scheme| CatalogueError::UnknownEvent {
        pattern: text(pattern),
        scheme: scheme.map(text),
        nearest: nearest.iter().map(|name| text(name)).collect(),
        is_scheme,
    };
    vec![
        CatalogueError::File(source.error(15, text("unknown key `algoritm`"), hint)),
        CatalogueError::Unreadable {
            path: text("providers/acme/provider.toml"),
            reason: IoError::from_raw_os_error(13),
        },
        CatalogueError::UnknownScheme { name: text("wgp"), nearest: Some(text("wpg")), known: Vec::new() },
        CatalogueError::UnknownScheme { name: text("paypal"), nearest: None, known: vec![text("comps"), text("wpg")] },
        unknown("slot.sumbitted", None, &["slot.submitted"], false),
        unknown("slot.sumbitted", Some("wpg"), &["slot.submitted", "slot.accepted"], false),
        unknown("nothing", Some("wpg"), &[], false),
        unknown("nothing.*", None, &[], false),
        unknown("wpg", None, &[], true),
        unknown("localhost:3000", None, &[], false),
        CatalogueError::AmbiguousEvent {
            name: text("payment.succeeded"),
            candidates: events(&[("whop", "payment.succeeded"), ("whop-v1", "payment.succeeded")]),
        },
        CatalogueError::BuiltIn { path: text("providers/wpg/provider.toml"), name: text("wpg") },
        CatalogueError::NoProvider { path: text("providers") },
    ]
}

fn composition_errors() -> Vec<CompositionError> {
    let path = |text: &str| Path::parse(text).expect("a path");
    let mut random = fastrand::Rng::with_seed(1);
    let mut renderer = wh::webhook::fixture::Renderer::new("", "", jiff::Timestamp::UNIX_EPOCH, &mut random);
    let placeholder = renderer.render(b"{{tiem}}").expect_err("no placeholder");
    let json = serde_json::from_str::<serde::de::IgnoredAny>("{\"a\":").expect_err("no JSON");
    let edits = vec![
        EditError::NotAContainer { path: path("event"), step: text("x") },
        EditError::NotAnArray { path: path("data"), index: text("0") },
        EditError::BadIndex { path: path("data.list"), index: text("7"), length: 2 },
        EditError::NotFound { path: path("data.slotID"), nearest: Some(text("data.slotId")) },
        EditError::NotFound { path: path("data.nothing"), nearest: None },
        EditError::WholeDocument,
    ];
    let mut errors = vec![
        CompositionError::Placeholder(placeholder),
        CompositionError::NotJson(json),
        CompositionError::Header { name: text("X-Event"), value: text("a\u{1}b") },
    ];
    errors.extend(edits.into_iter().map(CompositionError::Edit));
    errors
}

fn signing_errors() -> Vec<SigningError> {
    let decoded = KeyForm { encoding: Some(wh::webhook::encoding::Encoding::Base64), prefix: Some(text("whsec_")) };
    let key = |secret: &str| decoded.key(&Secret::new("WPG_WEBHOOK_SECRET", secret)).expect_err("no key");
    vec![
        SigningError::Secret(key("")),
        SigningError::Secret(key("whsec_ab*cd")),
        SigningError::Secret(key("whsec_abcde")),
        SigningError::NoSecret,
        SigningError::OneSignatureOnly { scheme: text("wpg"), count: 2 },
        SigningError::MissingField { field: "id" },
        SigningError::BadHeader { name: text("Authorization"), reason: "it holds a line break" },
    ]
}

fn client_errors() -> Vec<ClientError> {
    vec![ClientError::Certificates, ClientError::Setup(text("no certificates were loaded from the system"))]
}

fn errors() -> Vec<Error> {
    // As Linux words them.
    let system = |kind: ErrorKind| {
        let number = match kind {
            ErrorKind::NotFound => 2,
            ErrorKind::PermissionDenied => 13,
            ErrorKind::NotADirectory => 20,
            ErrorKind::IsADirectory => 21,
            ErrorKind::StorageFull => 28,
            ErrorKind::AddrInUse => 98,
            _ => return IoError::from(kind),
        };
        IoError::from_raw_os_error(number)
    };
    let url = "https://staging.example.com/hook";
    let log = || text("/home/me/.local/state/wh/deliveries.jsonl");
    let place = capture::Place { line: Some(3), column: Some(17), entry: None };
    let cut_off = Fault::bad(place, "the record is cut off");
    let mut errors = vec![
        Error::Usage { message: text("no EVENT was given"), hint: Some(text("name one, such as slot.submitted")) },
        Error::File { path: text("payload.json"), reason: system(ErrorKind::NotFound) },
        Error::File { path: text("folder"), reason: system(ErrorKind::IsADirectory) },
        Error::File { path: text("file/secret"), reason: system(ErrorKind::NotADirectory) },
        Error::File { path: text("secret"), reason: system(ErrorKind::PermissionDenied) },
        Error::File { path: text("wh.toml"), reason: IoError::other("it is larger than 1024 KiB") },
        Error::Command { program: text("./send.sh"), reason: system(ErrorKind::PermissionDenied) },
        Error::Exists { path: text("wh.toml") },
        Error::Unwritable { path: text("wh.toml"), reason: system(ErrorKind::PermissionDenied) },
        Error::Unwritable { path: text("wh.toml"), reason: system(ErrorKind::StorageFull) },
        Error::Unwritable { path: text("providers/acme/provider.toml"), reason: system(ErrorKind::NotADirectory) },
        Error::Remote { url: text(url), asked: false },
        Error::Remote { url: text(url), asked: true },
        Error::NoSecret { scheme: text("wpg"), url: text(url), variable: text("WPG_WEBHOOK_SECRET") },
        Error::NoVariable { name: text("MY_SECRET"), origin: None },
        Error::NoVariable { name: text("WPG_WEBHOOK_SECRET"), origin: Some(text("./wh.toml:3")) },
        Error::Untrusted {
            origin: text("./wh.toml:3"),
            what: text("the secret file `/home/me/.ssh/id_ed25519` is outside of this folder"),
            flag: text("--secret-file /home/me/.ssh/id_ed25519"),
            asked: false,
        },
        Error::Untrusted {
            origin: text("./wh.toml:3"),
            what: text("`NPM_TOKEN` is not named like the secret of a webhook"),
            flag: text("--secret-env NPM_TOKEN"),
            asked: true,
        },
        Error::NoFault {
            scheme: text("unibo"),
            fault: "stale",
            reason: "it has no timestamp",
            possible: vec!["no-signature", "wrong-secret"],
        },
        Error::Certificates { path: text("ca.pem") },
        Error::Output(system(ErrorKind::StorageFull)),
        Error::Log { path: log(), reason: system(ErrorKind::PermissionDenied) },
        Error::NothingLogged { path: log(), filtered: false },
        Error::NothingLogged { path: log(), filtered: true },
        Error::NothingToReplay,
        Error::Unreplayable {
            delivery: text("`msg_1`"),
            reason: text("it is not known where it went"),
            hint: text("give --to"),
        },
        Error::Resumable {
            error: Box::new(Error::Interrupted { done: 3, in_flight: 0, waiting: 0, all: 10 }),
            left: 7,
        },
        Error::Unresumable { reason: text("no replay was stopped") },
        Error::BadCapture { path: text("captured.jsonl"), fault: Box::new(cut_off) },
        Error::Report { path: text("report.xml"), reason: system(ErrorKind::PermissionDenied) },
        Error::Report { path: text("/dev/full"), reason: system(ErrorKind::StorageFull) },
        Error::UnknownId { id: text("msg_1"), path: log(), nearest: Some(text("msg_2Lk9")) },
        Error::UnknownId { id: text("msg_1"), path: log(), nearest: None },
        Error::AmbiguousId { id: text("msg_"), candidates: vec![text("msg_1"), text("msg_2")] },
        Error::Port { host: [127, 0, 0, 1].into(), port: 4000, reason: system(ErrorKind::AddrInUse) },
        Error::Port { host: [127, 0, 0, 1].into(), port: 80, reason: system(ErrorKind::PermissionDenied) },
        Error::Unmet { missing: text("2 of 3 deliveries arrived"), invalid: 0 },
        Error::Unmet { missing: text("no `slot.*` arrived"), invalid: 1 },
        Error::Unmet { missing: text("no `slot.*` arrived"), invalid: 4 },
        Error::Nothing { what: "nothing arrived" },
        Error::NoChecks { scheme: text("wpg") },
        Error::System { what: "the network cannot be used", reason: IoError::other("too many open files") },
        Error::Unanswered,
        Error::Interrupted { done: 3, in_flight: 0, waiting: 0, all: 10 },
        Error::Interrupted { done: 3, in_flight: 2, waiting: 1, all: 10 },
    ];
    errors.extend(catalogue_errors().into_iter().map(Error::Catalogue));
    errors.extend(composition_errors().into_iter().map(Error::Composition));
    let signing = |error| Error::Signing { error, variable: text("WPG_WEBHOOK_SECRET") };
    errors.extend(signing_errors().into_iter().map(signing));
    errors.extend(failures().into_iter().map(|(url, failure)| Error::Unreachable { target: target(url), failure }));
    errors.extend(client_errors().into_iter().map(Error::Client));
    errors
}

fn rejections() -> Vec<Rejection> {
    let header = || Place::Header(text("X-WPG-Signature"));
    let stale = |age, tolerance| (Duration::from_secs(age), Duration::from_secs(tolerance));
    let ((age, tolerance), (ahead, _)) = (stale(301, 300), stale(90, 0));
    vec![
        Rejection::MissingHeader { name: text("X-WPG-Signature") },
        Rejection::AmbiguousHeader { name: text("X-WPG-Signature"), count: 2 },
        Rejection::BadFormat { place: header(), form: text("t={timestamp},v1={signature}") },
        Rejection::BadFormat { place: Place::Body, form: text("{payload}.{signature}") },
        Rejection::MissingSignature { place: header() },
        Rejection::UnknownVersion { place: header(), found: text("v2"), expected: text("v1") },
        Rejection::BadEncoding { place: header(), encoding: "hex", expected: 64, found: 44 },
        Rejection::BadEncoding { place: header(), encoding: "hex", expected: 64, found: 64 },
        Rejection::MissingField { field: "url" },
        Rejection::BadTimestamp { unit: "seconds" },
        Rejection::MissingTimestamp { path: text("/timestamp") },
        Rejection::EmptySecret(text("the secret from WPG_WEBHOOK_SECRET is empty")),
        Rejection::BadSecret(SecretError::Empty { name: text("WPG_WEBHOOK_SECRET") }),
        Rejection::Mismatch { secrets: 1, token: false },
        Rejection::Mismatch { secrets: 2, token: false },
        Rejection::Mismatch { secrets: 1, token: true },
        Rejection::Stale { age, tolerance },
        Rejection::Future { ahead, tolerance },
    ]
}

fn notices() -> Vec<Notice> {
    let wpg = || text("wpg");
    let variable = || text("WPG_WEBHOOK_SECRET");
    let log = || text("/home/me/.local/state/wh/deliveries.jsonl");
    vec![
        Notice::Setting { name: "scheme", value: wpg(), origin: text("./wh.toml:1") },
        Notice::Setting {
            name: "to",
            value: text("http://localhost:3000/"),
            origin: text("./wh.toml:6 (profile local)"),
        },
        Notice::Setting { name: "secret", value: wpg(), origin: text("WPG_WEBHOOK_SECRET (./wh.toml:3)") },
        Notice::InProcess { test_secrets: Vec::new() },
        Notice::InProcess { test_secrets: vec![wpg(), text("whop")] },
        Notice::TestSecret { schemes: vec![wpg()], variable: variable() },
        Notice::TestSecret { schemes: vec![wpg(), text("whop"), text("comps")], variable: variable() },
        Notice::NotDiagnosed { deliveries: 812 },
        Notice::AnyAge,
        Notice::NoTimestamp { scheme: text("github") },
        Notice::FaultsLeftOut { path: text("captured.har"), lines: 7 },
        Notice::SecretWhitespace { name: variable() },
        Notice::SecretPrefix { name: variable(), prefix: text("whsec_") },
        Notice::Reachable { address: text("0.0.0.0:4000"), test_secrets: false },
        Notice::Reachable { address: text("0.0.0.0:4000"), test_secrets: true },
        Notice::VerifiedWithTestSecret { schemes: vec![wpg()], variable: variable() },
        Notice::TornLog { path: log(), bytes: 812 },
        Notice::NotRecorded { reason: text("no space left on device") },
        Notice::Unrecorded { path: log(), reason: text("permission denied") },
        Notice::UnfinishedLine { path: log(), bytes: 812 },
        Notice::LongLines { path: log(), lines: 1 },
        Notice::LongLines { path: log(), lines: 3 },
        Notice::Following { path: log() },
        Notice::StrangeLines { path: log(), lines: 1 },
        Notice::StrangeLines { path: log(), lines: 3 },
        Notice::MoreLogged { shown: 20 },
        Notice::RequestRefused { remote: text("127.0.0.1:50312"), reason: text("it has two Host headers") },
        Notice::SenderLeft { id: text("msg_2Lk9"), after: Duration::from_millis(1004) },
        Notice::LeftOut { lines: 1, recorded: true },
        Notice::LeftOut { lines: 40, recorded: false },
        Notice::FileName { name: text("payload.json") },
        Notice::OtherEvent { meant: text("slot.submitted"), named: Some(text("slot.accepted")) },
        Notice::OtherEvent { meant: text("slot.submitted"), named: None },
        Notice::NoRetries { scheme: wpg() },
        Notice::NoSchedule { scheme: wpg() },
        Notice::NoWaits { scheme: wpg(), attempts: 5 },
        Notice::NothingWritten,
        Notice::Disputed { deliveries: 1 },
        Notice::Disputed { deliveries: 12 },
        Notice::Resumable { left: 7 },
        Notice::Resumed { what: text("--event order.*"), left: 3, all: 5 },
        Notice::Finishing { answers: 1, grace: Duration::from_secs(5), interrupted: true },
        Notice::Finishing { answers: 3, grace: Duration::from_secs(5), interrupted: false },
        Notice::Unrecognised { deliveries: 1 },
        Notice::Unrecognised { deliveries: 2 },
        Notice::NotResumable { reason: text("it reads from stdin") },
        Notice::StaleSignatures { stale: 3, all: 5 },
        Notice::HeaderLeftOut { name: text("Authorization"), count: 2 },
        Notice::HeaderReplaced { name: text("X-WPG-Signature") },
        Notice::NoTls { flag: "--cacert", url: Some(text("http://localhost:3000/")) },
        Notice::NoTls { flag: "--insecure", url: None },
        Notice::Added { path: text("data.slotid"), nearest: Some(text("slotId")) },
        Notice::Added { path: text("data.extra"), nearest: None },
    ]
}

/// Fails with the variants that have no example.
#[track_caller]
fn assert_all<T>(examples: &[T], name: fn(&T) -> &'static str, all: &[&str]) {
    let found: BTreeSet<&str> = examples.iter().map(name).collect();
    let missing: Vec<&&str> = all.iter().filter(|variant| !found.contains(*variant)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

/// What one voice does not say: a capital in front, a full stop at the end, a line break.
#[track_caller]
fn assert_spoken(sentence: &str) {
    let first = sentence.chars().next().unwrap_or(' ');
    assert!(!first.is_ascii_uppercase() || sentence.starts_with("TLS"), "a capital in front: {sentence}");
    assert!(!sentence.ends_with('.') && !sentence.contains('\n'), "one sentence, without its full stop: {sentence}");
    for word in ["invalid ", "please", "failed to", "unable to", "sorry", "oops", "os error"] {
        assert!(!sentence.to_lowercase().contains(word), "`{word}` in: {sentence}");
    }
}

#[test]
fn every_error_is_told_in_one_voice() {
    assert_all(&errors(), of_error, ERRORS);
    assert_all(&catalogue_errors(), of_catalogue, CATALOGUE_ERRORS);
    assert_all(&composition_errors(), of_composition, COMPOSITION_ERRORS);
    let edits: Vec<EditError> = composition_errors()
        .into_iter()
        .filter_map(|error| if let CompositionError::Edit(edit) = error { Some(edit) } else { None })
        .collect();
    assert_all(&edits, of_edit, EDIT_ERRORS);
    assert_all(&signing_errors(), of_signing, SIGNING_ERRORS);
    let secrets: Vec<SecretError> = signing_errors()
        .into_iter()
        .filter_map(|error| if let SigningError::Secret(error) = error { Some(error) } else { None })
        .collect();
    assert_all(&secrets, of_secret, SECRET_ERRORS);
    let failures: Vec<Failure> = failures().into_iter().map(|(_, failure)| failure).collect();
    assert_all(&failures, of_failure, FAILURES);
    // One that is unreachable is told as such, and not as an error of the client.
    let reached: Vec<&str> = CLIENT_ERRORS.iter().copied().filter(|name| *name != "Unreachable").collect();
    assert_all(&client_errors(), of_client, &reached);

    let mut page = String::new();
    for error in errors() {
        let message = error.to_string();
        assert_spoken(&message);
        let _ = writeln!(page, "[{}, exit {}]\nerror: {message}", error.code(), error.exit().code());
        if let Some(hint) = error.hint() {
            assert_spoken(&hint);
            let _ = writeln!(page, "hint: {hint}");
        }
        page.push('\n');
    }
    assert_current("tests/words/errors.txt", &page);
}

#[test]
fn every_reason_for_a_rejection_is_told_in_one_voice() {
    assert_all(&rejections(), of_rejection, REJECTIONS);
    let mut page = String::new();
    for rejection in rejections() {
        assert_spoken(&rejection.to_string());
        let _ = writeln!(page, "{rejection}");
    }
    assert_current("tests/words/rejections.txt", &page);
}

#[test]
fn every_notice_is_told_in_one_voice() {
    assert_all(&notices(), of_notice, NOTICES);
    let mut page = String::new();
    for notice in notices() {
        assert_spoken(&notice.to_string());
        let _ = writeln!(page, "note: {notice}");
    }
    assert_current("tests/words/notices.txt", &page);
}

/// Command lines with a mistake in them: what they say is decided where it is noticed, and no variant tells.
const MISTAKES: [&str; 44] = [
    "sned slot.submitted",
    "send",
    "send --all",
    "send slot.submitted --nothing",
    "send slot.submitted --timestmap 1",
    "send slot.submitted -q -v",
    "send slot.submitted --to",
    "send slot.submitted --to ftp://localhost",
    "send slot.submitted --to http://user:secret@localhost/",
    "send slot.submitted --to http:/localhost",
    "send slot.submitted --to /path",
    "send slot.submitted -H nonsense",
    "send slot.submitted -H Content-Length:5",
    "send slot.submitted -H Accept:",
    "send slot.submitted --set data.slotId",
    "send slot.submitted --set data..slotId=1",
    "send slot.submitted --set data=[1",
    "send slot.submitted --unset a..b",
    "send slot.submitted --timestamp soon",
    "send slot.submitted --timestamp=-99999999999h",
    "send slot.submitted --timeout 0",
    "send slot.submitted --timeout soon",
    "send slot.submitted --expect ok",
    "send slot.submitted --data @",
    "send slot.submitted --data @- --secret-file -",
    "send slot.submitted --fault stael",
    "send slot.* --data {}",
    "send slot.* --id msg_1",
    "send of.mine --data {}",
    "send --scheme wpg --data {}",
    "send slot.submitted --count 0",
    "send slot.submitted --rate fast",
    "send slot.submitted --profile staging",
    "sign slot.*",
    "sign slot.submitted --as culr",
    "listen --port 99999",
    "listen --respond 99",
    "listen --forward-to =3000",
    "check",
    "check --scheme wpg",
    "completions tcsh",
    "events --color pink",
    "init --secret-env hunter2",
    "init --provider wpg",
];

#[test]
fn every_mistake_on_the_command_line_is_told_in_one_voice() {
    let mut page = String::new();
    for line in MISTAKES {
        let output = Wh::new().args(line.split(' ')).arg("--json").run();
        let error = output.exit(2).json("error");
        let said = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        assert_spoken(&said("message"));
        assert_spoken(&said("hint"));
        let _ = writeln!(page, "$ wh {line}\nerror: {}\nhint: {}\n", said("message"), said("hint"));
    }
    assert_current("tests/words/mistakes.txt", &page);
}

/// Mistakes in a provider's file: what is written in place of what.
const SLIPS: [(&str, &str); 24] = [
    ("title = \"Acme\"", "titel = \"Acme\""),
    ("title = \"Acme\"", "title = 5"),
    ("title = \"Acme\"", "title = \"\""),
    ("title = \"Acme\"", "title = [\"Acme\"]"),
    ("about = \"Rockets and anvils\"\n", ""),
    ("type = \"/type\"", "type = \"/a~2b\""),
    ("type = \"/type\"", "type = \"no header\""),
    ("type = \"/type\"", "type = \"/type\"\nid-form = \"{{id}}\""),
    ("type = \"/type\"", "type = \"/type\"\nid-form = \"{{nonsense}}\""),
    ("hmac-sha256", "hmac-sha265"),
    ("hmac-sha256", "rot13"),
    ("hmac-sha256", "sha256"),
    ("hmac-sha256", "token"),
    ("{timestamp}.{body}", "{tiemstamp}.{body}"),
    ("{timestamp}.{body}", "{timestamp"),
    ("{timestamp}.{body}", "{timestamp}"),
    ("{timestamp}.{body}", "{id}.{body}"),
    ("t={timestamp},v1={signature}", "v1={signature}"),
    ("t={timestamp},v1={signature}", "{timestamp},{signature}"),
    ("t={timestamp},v1={signature}", "t={timestamp}"),
    ("t={timestamp},v1={signature}", "{timestamp}{signature}"),
    ("\"Acme-Signature\"", "\"Content-Length\""),
    ("[secret]", "[delivery]\nattempts = 0\n[secret]"),
    ("[secret]", "[delivery]\nbackoff = [\"soon\"]\n[secret]"),
];

#[test]
fn every_mistake_in_a_providers_file_is_told_in_one_voice() {
    let mut page = String::new();
    for (piece, slip) in SLIPS {
        let file = ACME.replacen(piece, slip, 1);
        assert_ne!(file, ACME, "{piece}");
        let source = Source { path: "acme/provider.toml", text: &file };
        let error = wh::webhook::provider::Provider::read("acme", source, &[]);
        let Err(error) = error else { panic!("`{slip}` is no slip") };
        assert_spoken(&error.message);
        let _ = writeln!(page, "{} -> {}\nerror: {error}", piece.trim(), slip.replace('\n', " | "));
        if let Some(hint) = &error.hint {
            assert_spoken(hint);
            let _ = writeln!(page, "hint: {hint}");
        }
        page.push('\n');
    }
    assert_current("tests/words/slips.txt", &page);
}
