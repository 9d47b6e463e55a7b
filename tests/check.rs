//! `wh check`: receivers with one planted defect each are found out, and strict ones pass.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wh::webhook::catalogue::Catalogue;
use wh::webhook::probe;
use wh::webhook::probe::material::{Example, Material};
use wh::webhook::secret::Secret;

use crate::support::receiver::{
    self, Act, COMPS, GAMEPUSH, Handler, NO, OK, Received, UNIBO, WHOP, WPG, digits, fresh, hmac, now, receiver,
};
use crate::support::{Endpoint, Wh, repository};

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

/// Checks receivers, each of which must fail these checks and no other.
#[track_caller]
fn found_out(defects: Vec<Defect>) {
    for Defect { what, scheme, handler, found } in defects {
        // Two mebibytes take an unoptimised program long, and have a test of their own.
        let output = check(scheme, &receiver(handler)).args(["--skip", "huge-body"]).run();
        let lines = output.exit(1).json_lines();
        let mut expected: Vec<&str> = found.split_whitespace().collect();
        expected.sort_unstable();
        assert_eq!(with("fail", &lines), expected, "{what}");
        let unfilled = lines.iter().find(|line| line.to_string().contains("{proof}"));
        assert_eq!(unfilled, None, "{what}");
    }
}

/// A receiver's code, with what it knows.
type Code = Box<dyn Fn(&Received) -> Act + Send + Sync>;

/// A receiver with one defect, and the checks that are meant to find it.
struct Defect {
    what: &'static str,
    scheme: &'static str,
    handler: Code,
    found: &'static str,
}

fn defect(
    what: &'static str,
    scheme: &'static str,
    found: &'static str,
    handler: impl Fn(&Received) -> Act + Send + Sync + 'static,
) -> Defect {
    Defect { what, scheme, handler: Box::new(handler), found }
}

fn yes(good: bool) -> Act {
    if good { OK } else { NO }
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

// Signatures that are compared carelessly.

/// A receiver of We Playtest Games that compares in its own way: what arrived, what was expected.
fn comparing(equal: impl Fn(&str, &str) -> bool) -> impl Fn(&Received) -> Act {
    move |request| {
        let (Some(signature), Some(time)) = (request.one("x-wpg-signature"), request.one("x-wpg-timestamp")) else {
            return NO;
        };
        yes(fresh(time) && equal(signature, &hmac(WPG, &[time.as_bytes(), b".", &request.body])))
    }
}

/// A receiver of We Playtest Games that verifies again with another secret or content.
fn or_else(other: impl Fn(&str, &[u8]) -> String) -> impl Fn(&Received) -> Act {
    move |request| match receiver::wpg(request) {
        NO => {
            let (signature, time) =
                (request.one("x-wpg-signature"), request.one("x-wpg-timestamp").unwrap_or_default());
            yes(fresh(time) && signature == Some(&other(time, &request.body)))
        }
        answer => answer,
    }
}

#[test]
fn a_receiver_that_compares_carelessly_is_found_by_what_it_lets_in() {
    let present = |request: &Received| request.headers.contains_key("x-wpg-signature");
    let neighbour = |byte: char| match byte {
        'z' => 'a',
        'a'..='y' => (byte as u8 + 1) as char,
        other => other,
    };
    found_out(vec![
        defect("no signature, no check", "wpg", "no-signature", move |request| {
            if present(request) { receiver::wpg(request) } else { OK }
        }),
        defect("an empty one matches", "wpg", "empty-signature", comparing(|sent, due| sent.is_empty() || sent == due)),
        defect(
            "a beginning is enough",
            "wpg",
            "truncated-signature wrong-length-signature",
            comparing(|sent, due| !sent.is_empty() && due.starts_with(sent)),
        ),
        defect("the end is not looked at", "wpg", "signature-suffix", comparing(|sent, due| sent.starts_with(due))),
        defect(
            "only the length is compared",
            "wpg",
            "forged-signature wrong-secret empty-secret other-signature altered-body altered-timestamp",
            comparing(|sent, due| sent.len() == due.len()),
        ),
        defect(
            "another customer's secret",
            "wpg",
            "wrong-secret",
            or_else(move |time, body| {
                hmac(&WPG.chars().map(neighbour).collect::<String>(), &[time.as_bytes(), b".", body])
            }),
        ),
        defect(
            "started without a secret",
            "wpg",
            "empty-secret",
            or_else(|time, body| hmac("", &[time.as_bytes(), b".", body])),
        ),
        defect(
            "a second's grace for the clock",
            "wpg",
            "altered-timestamp",
            or_else(|time, body| {
                let before = digits(time).unwrap_or_default() - 1;
                hmac(WPG, &[before.to_string().as_bytes(), b".", body])
            }),
        ),
        defect(
            "any word will do in place of a signature",
            "wpg",
            "malformed-header",
            comparing(|sent, due| {
                sent == due || sent.chars().all(|letter| letter.is_ascii_lowercase()) && !sent.is_empty()
            }),
        ),
    ]);
}

#[test]
fn a_receiver_that_reads_lists_tokens_and_envelopes_carelessly_is_found() {
    // The provider's own sample: refused only if the signature is wrong and the version is, too.
    let sample = |request: &Received| {
        let Some((time, signature)) = request.one("x-whop-signature").and_then(|header| header.split_once(',')) else {
            return NO;
        };
        let Some((version, signature)) = signature.split_once('=') else { return NO };
        let time = time.trim_start_matches("t=");
        let due = hmac(WHOP, &[time.as_bytes(), b".", &request.body]);
        yes(fresh(time) && (signature == due || version == "v1"))
    };
    let any_version = |request: &Received| {
        let header = request.one("x-whop-signature").unwrap_or_default().replace("v19=", "v1=");
        let headers = [(http::HeaderName::from_static("x-whop-signature"), header.parse().expect("a value"))];
        let headers = if request.headers.contains_key("x-whop-signature") {
            headers.into_iter().collect()
        } else {
            http::HeaderMap::new()
        };
        receiver::whop(&Received { method: request.method.clone(), headers, body: request.body.clone() })
    };
    let token =
        |equal: fn(&str) -> bool| move |request: &Received| yes(request.one("authorization").is_some_and(equal));
    found_out(vec![
        defect(
            "&& where || is meant",
            "whop",
            "empty-signature truncated-signature forged-signature wrong-secret empty-secret signature-suffix \
             other-signature altered-body altered-timestamp wrong-version wrong-length-signature",
            sample,
        ),
        defect("any version", "whop", "wrong-version", any_version),
        defect("no token, no check", "unibo", "no-signature", |request| {
            if request.headers.contains_key("authorization") { receiver::unibo(request) } else { OK }
        }),
        defect(
            "any word before the token",
            "unibo",
            "wrong-word",
            token(|value| value.split(' ').next_back() == Some(UNIBO)),
        ),
        defect("the token anywhere", "unibo", "signature-suffix wrong-word", token(|value| value.contains(UNIBO))),
        defect(
            "the beginning of a token",
            "unibo",
            "truncated-signature wrong-length-signature",
            token(|value| {
                value.strip_prefix("Bearer ").is_some_and(|token| token.len() > 4 && UNIBO.starts_with(token))
            }),
        ),
        defect(
            "a signature of zeros",
            "unibo",
            "forged-signature",
            token(|value| value == format!("Bearer {UNIBO}") || value.ends_with("xxxx")),
        ),
        defect("an envelope without a signature", "gamepush", "no-signature", |request| {
            if request.body.contains(&b'.') || request.body.as_ref() == b"malformed" {
                receiver::gamepush(request)
            } else {
                OK
            }
        }),
        defect("junk behind an envelope", "gamepush", "signature-suffix", |request| {
            let Some((payload, signature)) = str::from_utf8(&request.body).ok().and_then(|body| body.split_once('.'))
            else {
                return NO;
            };
            yes(signature.starts_with(&hex::encode(Sha256::digest(format!("{payload}_{GAMEPUSH}")))))
        }),
    ]);
}

// The clock.

/// A receiver of Comps, whose timestamp is not signed, that looks at the time in its own way.
fn timed(good: impl Fn(Option<&str>) -> bool) -> impl Fn(&Received) -> Act {
    move |request| {
        let signature = request.one("x-comps-signature");
        yes(signature == Some(&hmac(COMPS, &[&request.body])) && good(request.one("x-comps-timestamp")))
    }
}

#[test]
fn a_receiver_that_reads_the_clock_carelessly_is_found_by_what_it_takes_for_a_time() {
    let age = |time: &str| digits(time).map(|second| now() - second);
    let leading = |time: &str| time.chars().take_while(char::is_ascii_digit).collect::<String>();
    let number = |time: &str| time.parse::<f64>().unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
    let far = move |time: &str| (now() as f64 - number(time)).abs() > 300.0;
    found_out(vec![
        defect(
            "no limit ahead",
            "comps",
            "future milliseconds-timestamp",
            timed(move |time| time.and_then(age).is_some_and(|age| age <= 300)),
        ),
        defect(
            "no limit behind",
            "comps",
            "stale",
            timed(move |time| time.and_then(age).is_some_and(|age| age >= -300)),
        ),
        defect("no timestamp, no check", "comps", "no-timestamp", timed(|time| time.is_none_or(fresh))),
        defect(
            "what is no number is no failure",
            "comps",
            "garbage-timestamp signed-word-timestamp signed-empty-timestamp signed-suffix-timestamp \
             signed-fraction-timestamp signed-nan-timestamp",
            timed(|time| time.is_some_and(|time| digits(time).is_none() || fresh(time))),
        ),
        defect(
            "digits up to the first that is none",
            "comps",
            "signed-suffix-timestamp signed-fraction-timestamp",
            timed(move |time| time.is_some_and(|time| fresh(&leading(time)))),
        ),
        defect(
            "a floating-point number",
            "comps",
            "signed-fraction-timestamp signed-nan-timestamp",
            timed(move |time| time.is_some_and(|time| !far(time))),
        ),
        defect(
            "nothing is now",
            "comps",
            "signed-empty-timestamp",
            timed(|time| time.is_some_and(|time| time.is_empty() || fresh(time))),
        ),
        defect(
            "units are guessed",
            "comps",
            "milliseconds-timestamp",
            timed(|time| {
                time.is_some_and(|time| {
                    fresh(if time.len() == 13 && digits(time).is_some() { &time[..10] } else { time })
                })
            }),
        ),
        defect(
            "abc is a word like any other",
            "comps",
            "signed-word-timestamp",
            timed(|time| time.is_some_and(|time| time == "abc" || fresh(time))),
        ),
        defect(
            "yesterday is a time",
            "comps",
            "garbage-timestamp",
            timed(|time| time.is_some_and(|time| time == "yesterday" || fresh(time))),
        ),
    ]);
}

// Receivers that fall over.

/// A strict receiver of Whop that does something else for some deliveries that are genuine.
fn unless(odd: impl Fn(&Received) -> bool + Send + Sync + 'static, act: Act) -> impl Fn(&Received) -> Act {
    move |request| match receiver::whop(request) {
        NO => NO,
        _ if odd(request) => act.clone(),
        answer => answer,
    }
}

fn value(request: &Received) -> Value {
    serde_json::from_slice(&request.body).unwrap_or(Value::String("no JSON".to_owned()))
}

#[test]
fn a_receiver_that_falls_over_is_found_by_what_felled_it() {
    let fails = |what, found, odd: fn(&Received) -> bool| defect(what, "whop", found, unless(odd, Act::Status(500)));
    found_out(vec![
        fails("no data", "missing-data", |request| value(request).is_object() && value(request).get("data").is_none()),
        fails("null data", "null-data", |request| value(request).get("data").is_some_and(Value::is_null)),
        fails("an array", "array-body", |request| value(request).is_array()),
        fails("null", "null-body", |request| value(request).is_null()),
        fails("a number", "number-body", |request| value(request).is_number()),
        fails("a string", "string-body", |request| value(request) == json!("x")),
        fails("no body", "empty-body", |request| request.body.is_empty() && request.method == "POST"),
        fails("half a document", "invalid-json", |request| request.body.starts_with(b"{\"event\": \"broken")),
        fails("a byte order mark", "byte-order-mark", |request| request.body.starts_with(b"\xef\xbb\xbf")),
        fails("no UTF-8", "invalid-utf8", |request| str::from_utf8(&request.body).is_err()),
        fails("depth", "deep-nesting", |request| {
            request.body.windows(5000).any(|window| window.iter().all(|byte| *byte == b'['))
        }),
        fails("a form", "other-content-type", |request| {
            request.one("content-type").is_some_and(|kind| kind.contains("form"))
        }),
        fails("no content type", "no-content-type", |request| {
            request.method == "POST" && request.one("content-type").is_none()
        }),
        fails("GET", "get", |request| request.method == "GET"),
        fails("PUT", "put", |request| request.method == "PUT"),
    ]);
}

#[test]
fn a_receiver_that_falls_over_at_a_signature_is_found() {
    let felled = |odd: fn(&Received) -> bool| {
        move |request: &Received| if odd(request) { Act::Status(500) } else { receiver::wpg(request) }
    };
    let bytes = |request: &Received| {
        request.headers.get("x-wpg-signature").map(|value| value.as_bytes().to_vec()).unwrap_or_default()
    };
    found_out(vec![
        defect(
            "a missing header is undefined",
            "wpg",
            "no-signature",
            felled(|request| !request.headers.contains_key("x-wpg-signature")),
        ),
        defect(
            "a missing timestamp is undefined",
            "wpg",
            "no-timestamp",
            felled(|request| !request.headers.contains_key("x-wpg-timestamp")),
        ),
        defect("text that is not ASCII", "wpg", "non-ascii-signature", move |request| {
            if bytes(request).is_ascii() { receiver::wpg(request) } else { Act::Status(500) }
        }),
        defect(
            "the header twice",
            "wpg",
            "duplicate-header",
            felled(|request| request.headers.get_all("x-wpg-signature").iter().count() > 1),
        ),
        defect(
            "buffers of other lengths",
            "wpg",
            "empty-signature truncated-signature signature-suffix malformed-header wrong-length-signature \
             wrong-encoding-signature non-ascii-signature",
            move |request| {
                let length = bytes(request).len();
                if length != 64 && request.headers.contains_key("x-wpg-signature") {
                    Act::Status(500)
                } else {
                    receiver::wpg(request)
                }
            },
        ),
    ]);
}

// Genuine deliveries that are lost.

#[test]
fn a_receiver_that_loses_genuine_deliveries_is_found_by_what_it_loses() {
    let loses = |what, found, odd: fn(&Received) -> bool| defect(what, "whop", found, unless(odd, Act::Status(400)));
    let reserialises = |request: &Received| {
        let Some(json) = request.json() else { return NO };
        let headers = request.headers.clone();
        receiver::whop(&Received { method: request.method.clone(), headers, body: json.to_string().into() })
    };
    found_out(vec![
        defect("the parsed body is verified", "whop", "escapes numbers pretty-printed trailing-newline", reserialises),
        loses("ASCII alone", "unicode", |request| {
            request.method == "POST" && str::from_utf8(&request.body).is_ok_and(|text| text.contains("東京"))
        }),
        loses("a strict schema", "extra-field unicode escapes numbers", |request| {
            value(request).get("wh_probe").is_some_and(|value| !value.is_number())
        }),
        loses("the order of members", "key-order", |request| {
            request.body.first() == Some(&b'{')
                && !request.body.starts_with(b"{\"action\"")
                && !request.body.starts_with(b"{\n")
        }),
        loses("an event that is not handled", "every-event", |request| {
            value(request)["action"] == json!("dispute.created")
        }),
        loses("bodies without a length", "chunked", |request| {
            request.method == "POST" && request.one("content-length").is_none()
        }),
        loses("a character set", "charset", |request| {
            request.one("content-type").is_some_and(|kind| kind.ends_with("UTF-8"))
        }),
    ]);
}

#[test]
fn what_is_a_matter_of_taste_is_a_warning_that_strict_fails() {
    let picky = |request: &Received| match receiver::whop(request) {
        OK if value(request)["action"] == json!("wh.unknown_event") => Act::Status(400),
        OK if request.body.len() > 100 * 1024 => Act::Status(413),
        answer => answer,
    };
    let port = receiver(picky);
    let output = check("whop", &port).run();
    let lines = output.exit(0).json_lines();
    assert_eq!(with("warn", &lines), ["large-body", "unknown-event"]);
    assert_eq!(check("whop", &port).arg("--strict").run().exit(1).json("summary")["warned"], json!(2));
    check("whop", &port).args(["--strict", "--skip", "large-body,unknown*"]).run().exit(0).json("summary");

    // A redirect of a forgery is no acceptance, and no refusal either.
    let redirects = |request: &Received| match receiver::wpg(request) {
        NO if request.one("x-wpg-signature") == Some("") => Act::Redirect("/login"),
        answer => answer,
    };
    let output = check("wpg", &receiver(redirects)).args(["--only", "security"]).run();
    assert_eq!(with("warn", &output.exit(0).json_lines()), ["empty-signature"]);
}

#[test]
fn duplicates_are_to_be_welcome_one_after_the_other_and_at_once() {
    let seen = Mutex::new(HashSet::new());
    let conflict = move |request: &Received| match receiver::wpg(request) {
        OK if !seen.lock().expect("a set").insert(request.body.clone()) => Act::Status(409),
        answer => answer,
    };
    found_out(vec![defect("a conflict", "wpg", "duplicate duplicate-at-once", conflict)]);

    let last = Mutex::new((Vec::new(), Instant::now()));
    let racing = move |request: &Received| match receiver::wpg(request) {
        OK => {
            let mut last = last.lock().expect("the last delivery");
            let again = last.0 == request.body && last.1.elapsed() < Duration::from_millis(150);
            *last = (request.body.to_vec(), Instant::now());
            if again { Act::Status(500) } else { Act::Late(Duration::from_millis(200)) }
        }
        answer => answer,
    };
    let output = check("wpg", &receiver(racing)).args(["--only", "duplicate,duplicate-at-once"]).run();
    assert_eq!(with("fail", &output.exit(1).json_lines()), ["duplicate-at-once"]);
}

// What answers tell.

#[test]
fn an_answer_that_tells_too_much_is_found() {
    let telling = |words: fn(&Received) -> String| {
        move |request: &Received| match receiver::wpg(request) {
            NO => Act::Body(401, words(request)),
            answer => answer,
        }
    };
    found_out(vec![
        defect(
            "the expected signature",
            "wpg",
            "error-leak",
            telling(|request| {
                let time = request.one("x-wpg-timestamp").unwrap_or_default();
                format!("expected {}", hmac(WPG, &[time.as_bytes(), b".", &request.body]))
            }),
        ),
        defect("the secret", "wpg", "error-leak", telling(|_| format!("does not match under {WPG}"))),
        defect(
            "a stack trace",
            "wpg",
            "error-leak",
            telling(|_| "Error\n    at verify (/srv/app/hooks.js:12:7)".to_owned()),
        ),
    ]);
    // To repeat what was sent tells nobody anything.
    let echo = telling(|request| format!("bad signature {}", request.one("x-wpg-signature").unwrap_or_default()));
    check("wpg", &receiver(echo)).args(["--only", "security"]).run().exit(0).json("summary");
}

// Receivers that end, hang or come back.

#[test]
fn what_could_not_be_run_after_a_receiver_ended_is_skipped() {
    let empty = |request: &Received| request.body.is_empty() && request.method == "POST";
    let output =
        check("whop", &receiver(unless(empty, Act::Die))).args(["--timeout", "500ms", "--skip", "huge-body"]).run();
    let lines = output.exit(1).json_lines();
    assert_eq!(with("fail", &lines), ["empty-body"]);
    let skipped = with("skip", &lines);
    assert!(skipped.contains(&"array-body".to_owned()) && skipped.contains(&"genuine-again".to_owned()), "{skipped:?}");
}

#[test]
fn a_receiver_that_hangs_or_comes_back_fails_where_it_stumbled_and_is_checked_to_the_end() {
    let hangs = |request: &Received| {
        if request.one("x-wpg-signature") == Some("") { Act::Hang } else { receiver::wpg(request) }
    };
    let output = check("wpg", &receiver(hangs)).args(["--timeout", "500ms", "--only", "security"]).run();
    let lines = output.exit(1).json_lines();
    assert_eq!((with("fail", &lines), with("skip", &lines)), (vec!["empty-signature".to_owned()], Vec::new()));

    // A pool that is exhausted by one input, and recovers.
    let down = AtomicUsize::new(0);
    let stumbles = move |request: &Received| {
        let left = down.load(Ordering::SeqCst);
        if left > 0 {
            down.store(left - 1, Ordering::SeqCst);
            return Act::Status(503);
        }
        if request.body.as_ref() == b"[]" {
            down.store(3, Ordering::SeqCst);
        }
        receiver::whop(request)
    };
    found_out(vec![defect("a pool that is exhausted", "whop", "array-body", stumbles)]);
}

#[test]
fn a_receiver_slower_than_the_provider_waits_is_found_without_waiting() {
    let provider = "title = 'Hasty'\nabout = 'a'\ndocumentation = 'd'\nevent.type = '/type'\nsecret.test = 'secret'\n\
                    signature.algorithm = 'hmac-sha256'\nsignature.content = '{body}'\n\
                    signature.headers = [{ name = 'X-Signature', value = '{signature}' }]\ndelivery.timeout = '40ms'\n";
    let slow = |request: &Received| {
        let good = request.one("x-signature") == Some(&hmac("secret", &[&request.body]));
        if good { Act::Late(Duration::from_millis(60)) } else { NO }
    };
    let output = check("hasty", &receiver(slow))
        .file("providers/hasty/provider.toml", provider)
        .file("providers/hasty/events/thing.done.json", r#"{"type":"thing.done"}"#)
        .args(["--catalogue", "providers", "--timeout", "5s", "--only", "genuine,in-time"])
        .run();
    assert_eq!(with("fail", &output.exit(1).json_lines()), ["in-time"]);
}

// What deliveries do.

#[test]
fn a_duplicate_and_a_refused_forgery_that_take_effect_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("effects");
    let append = |path: &Path| {
        let before = std::fs::read_to_string(path).unwrap_or_default();
        std::fs::write(path, before + "x").expect("a file");
    };
    let effects = format!("wc -c < {}", file.display());
    let ran = |name: &str, handler: Code| {
        std::fs::write(&file, "").expect("a file");
        let output = Wh::other(env!("CARGO_BIN_EXE_wh"))
            .args(["check", "--json", "--scheme", "wpg", "--to", &receiver(handler), "--effects", &effects])
            .args(["--only", "no-signature,wrong-secret,*-effect"])
            .run();
        output.any_exit();
        (name.to_owned(), with("fail", &output.json_lines()), with("pass", &output.json_lines()).len())
    };

    let path = file.clone();
    let twice = ran(
        "twice",
        Box::new(move |request| {
            let answer = receiver::wpg(request);
            if answer == OK {
                append(&path);
            }
            answer
        }),
    );
    assert_eq!(twice.1, ["duplicate-effect"]);

    let (path, seen) = (file.clone(), Mutex::new(HashSet::new()));
    let early = ran(
        "early",
        Box::new(move |request| {
            if seen.lock().expect("a set").insert(request.body.clone()) {
                append(&path);
            }
            receiver::wpg(request)
        }),
    );
    assert_eq!(early.1, ["forgery-effect"]);

    let (path, seen) = (file.clone(), Mutex::new(HashSet::new()));
    let good = ran(
        "good",
        Box::new(move |request| {
            let answer = receiver::wpg(request);
            if answer == OK && seen.lock().expect("a set").insert(request.body.clone()) {
                append(&path);
            }
            answer
        }),
    );
    assert_eq!((good.1, good.2), (Vec::new(), 5));
}

/// A check of a strict receiver with a command that works so many times, printing a new number, and then does this.
fn with_effects(folder: &Path, times: usize, then: &str) -> Wh {
    let count = folder.join("count");
    let command =
        format!("echo >> {0}; n=$(wc -l < {0}); if [ $n -gt {times} ]; then {then}; fi; echo $n", count.display());
    Wh::other(env!("CARGO_BIN_EXE_wh"))
        .args(["check", "--json", "--scheme", "wpg", "--to", &receiver(receiver::wpg), "--effects", &command])
        .args(["--only", "wrong-secret,*-effect"])
}

#[test]
fn a_command_for_effects_that_fails_later_is_told_beside_what_was_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = with_effects(folder.path(), 2, "echo no database >&2; exit 7").run();
    let lines = output.exit(0).json_lines();
    assert_eq!(with("warn", &lines), ["duplicate-effect", "forgery-effect"], "{lines:#?}");
    assert_eq!(with("pass", &lines), ["genuine", "wrong-secret"]);
    let told = lines.iter().find(|line| line["id"] == "forgery-effect").expect("a check");
    let got = told["got"].as_str().expect("words");
    assert!(got.contains("--effects failed") && got.contains("status: 7") && got.contains("no database"), "{got}");
    assert!(told["remedy"].as_str().is_some_and(|remedy| remedy.contains("--effects")), "{told}");
}

#[test]
fn a_command_for_effects_that_fails_at_once_or_prints_without_end_stops_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for (then, words) in [("exit 7", "exit status: 7"), ("yes", "more than 64 KiB")] {
        let output = with_effects(folder.path(), 0, then).run();
        let lines = output.exit(3).json_lines();
        assert!(
            lines.iter().any(|line| line["message"].as_str().is_some_and(|told| told.contains(words))),
            "{lines:?}"
        );
    }
}

#[test]
fn ctrl_c_is_heard_while_the_command_for_effects_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let started = folder.path().join("started");
    let waiting = started.clone();
    let output = with_effects(folder.path(), 1, &format!("touch {}; exec sleep 60", started.display()))
        .interrupt_after(move || {
            while !waiting.exists() {
                std::thread::yield_now();
            }
        })
        .run();
    let lines = output.within(Duration::from_secs(15)).exit(130).json_lines();
    assert!(with("skip", &lines).contains(&"duplicate-effect".to_owned()), "{lines:#?}");
    assert_eq!(output.json("summary")["interrupted"], json!(true));
}

// A receiver that refuses what is genuine.

#[test]
fn a_receiver_that_refuses_what_is_genuine_proves_nothing_by_refusing_forgeries() {
    let output = check("wpg", &receiver(|_| NO)).run();
    let lines = output.exit(4).json_lines();
    assert_eq!(with("fail", &lines), ["genuine"]);
    assert_eq!(output.json("summary")["accepts_genuine"], json!(false));
    let refused = lines.iter().find(|line| line["id"] == "forged-signature").expect("a check");
    assert_eq!(refused["status"], json!("skip"));

    // That it falls over, or lets a forger in, is learnt all the same.
    let falls =
        |request: &Received| if request.body.is_empty() && request.method == "POST" { Act::Status(500) } else { NO };
    assert_eq!(with("fail", &check("wpg", &receiver(falls)).run().exit(4).json_lines()), ["empty-body", "genuine"]);
    // But not where it falls over at what is genuine, too.
    assert_eq!(with("fail", &check("wpg", &receiver(|_| Act::Status(500))).run().exit(4).json_lines()), ["genuine"]);
    let inverted = |request: &Received| if receiver::wpg(request) == OK { NO } else { OK };
    let failed = with("fail", &check("wpg", &receiver(inverted)).run().exit(1).json_lines());
    assert!(failed.contains(&"genuine".to_owned()) && failed.contains(&"no-signature".to_owned()), "{failed:?}");
}

#[test]
fn what_a_receiver_expects_by_mistake_is_found_by_trying() {
    let wpg = |request: &Received, secret: &str, content: &[&[u8]]| {
        yes(request.one("x-wpg-signature") == Some(&hmac(secret, content)))
    };
    let time = |request: &Received| request.one("x-wpg-timestamp").unwrap_or_default().as_bytes().to_vec();
    let cases: [(&str, Code); 5] = [
        (
            "off the secret",
            Box::new(move |request| wpg(request, "wpg_test_secret_for_wh", &[&time(request), b".", &request.body])),
        ),
        (
            "line feed",
            Box::new(move |request| wpg(request, &format!("{WPG}\n"), &[&time(request), b".", &request.body])),
        ),
        ("it signs `{body}`", Box::new(move |request| wpg(request, WPG, &[&request.body]))),
        ("/webhooks/wpg", Box::new(|_| Act::Status(404))),
        (
            "`json.dumps`",
            // What Python's `json.dumps` makes of a flat payload without strings that hold a comma or a colon before a
            // quote: the bytes that a Flask receiver signs which parses first.
            Box::new(move |request| {
                let text = String::from_utf8_lossy(&request.body).replace(", \"", ",\"").replace("\": ", "\":");
                let spaced = text.replace(",\"", ", \"").replace("\":", "\": ");
                wpg(request, WPG, &[&time(request), b".", spaced.as_bytes()])
            }),
        ),
    ];
    for (hint, handler) in cases {
        let output = check("wpg", &receiver(handler)).args(["--only", "no-signature"]).run();
        let summary = output.exit(4).json("summary");
        assert!(summary["hint"].as_str().is_some_and(|found| found.contains(hint)), "{hint}: {summary}");
    }
}

// The command.

#[test]
fn nobody_there_is_no_failed_check() {
    let output = Wh::new().args(["check", "--scheme", "wpg", "--to", "1", "--json", "--report", "tap=a.tap"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("connection-refused"));
    output.stdout_text();
}

#[test]
fn a_check_that_is_not_there_is_a_mistake_with_the_nearest_one() {
    let run = |flag: &str| Wh::new().args(["check", "--scheme", "wpg", "--to", "1", flag, "forged-signatur"]).run();
    for flag in ["--only", "--skip"] {
        run(flag).exit(2).hint_contains("forged-signature");
    }
    Wh::new().args(["check", "--to", "1"]).run().exit(2).hint_contains("--scheme");
    Wh::new().args(["check", "--scheme", "wpg"]).run().exit(2).hint_contains("--to");
    Wh::new()
        .args(["check", "--scheme", "wpg", "--to", "1", "--report", "junit"])
        .run()
        .exit(2)
        .hint_contains("junit=FILE");
}

#[test]
fn the_checks_are_listed_with_those_that_do_not_apply() {
    let output = Wh::new().args(["check", "--list", "--scheme", "unibo", "--json"]).run();
    let lines = output.exit(0).json_all("probe");
    let applies = |id: &str| lines.iter().find(|line| line["id"] == id).map(|line| line["applies"].clone());
    assert_eq!(applies("no-signature"), Some(json!(true)));
    assert_eq!(applies("altered-body"), Some(json!(false)));
    Wh::new().args(["check", "--list"]).run().exit(0).stdout_contains("forged-signature");
}

#[test]
fn a_check_that_was_named_and_does_not_apply_proves_nothing() {
    let output = check("unibo", &receiver(receiver::unibo)).args(["--only", "altered-body", "--skip", "genuine"]).run();
    let lines = output.exit(4).json_lines();
    assert_eq!(with("skip", &lines), ["altered-body"]);
}

#[test]
fn reports_are_written_in_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let port = receiver(comparing(|sent, due| sent.starts_with(due)));
    let output = Wh::new()
        .args(["check", "--scheme", "wpg", "--to", &port, "--only", "security", "--report", "github"])
        .args(["--report", &format!("junit={}", path("junit.xml")), "--report", &format!("tap={}", path("a.tap"))])
        .args(["--report", &format!("json={}", path("a.json")), "--report", &format!("markdown={}", path("a.md"))])
        .env("GITHUB_STEP_SUMMARY", path("summary.md"))
        .run();
    output.exit(1).stdout_contains("FAIL  signature-suffix");
    output.stderr_contains("::error title=wh check signature-suffix%3A ");
    let read = |name: &str| std::fs::read_to_string(path(name)).expect("a report");

    let junit = quick_junit::Report::deserialize_from_str(&read("junit.xml")).expect("JUnit XML");
    let cases: usize = junit.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
    let failures: usize = junit.test_suites.iter().map(|suite| suite.failures).sum();
    assert_eq!(failures, 1);
    assert!(junit.test_suites.iter().any(|suite| suite.name.as_str() == "wpg security"));

    let tap = read("a.tap");
    assert!(tap.starts_with(&format!("TAP version 14\n1..{cases}\n")), "{tap}");
    let points = tap.lines().filter(|line| line.starts_with("ok ") || line.starts_with("not ok "));
    assert_eq!(points.count(), cases);
    assert_eq!(tap.lines().filter(|line| line.starts_with("not ok ")).count(), 1);

    let json: Value = serde_json::from_str(&read("a.json")).expect("JSON");
    assert_eq!(json["checks"].as_array().map(Vec::len), Some(cases));
    assert_eq!(json["failed"], json!(1));
    assert!(read("a.md").contains("| ❌ | `signature-suffix`"), "{}", read("a.md"));
    assert_eq!(read("a.md"), read("summary.md"));

    let nowhere = Wh::new().args(["check", "--scheme", "wpg", "--to", &port, "--report", "tap=/nowhere/a.tap"]).run();
    nowhere.exit(3).stderr_contains("/nowhere/a.tap");
}

#[test]
fn two_reports_do_not_replace_one_another() {
    let output = Wh::new().args(["check", "--scheme", "wpg", "--to", "1", "--report", "tap=a"]);
    let output = output.args(["--report", "junit=./a"]).run();
    output.exit(2).stderr_contains("two reports go to `a`").hint_contains("a file of its own");
}

#[test]
fn a_report_to_a_pipe_that_nobody_reads_is_an_error_and_no_wait_without_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let report = format!("tap={}", pipe.display());
    let output = Wh::new().args(["check", "--scheme", "wpg", "--to", "1", "--report", &report]).run();
    output.exit(3).stderr_contains("nobody reads it");
}

#[test]
fn an_event_that_is_refused_for_its_signature_is_mended_at_the_raw_body() {
    // A parser that writes 100.0 as 100 signs other bytes than arrived.
    let parsed = |request: &Received| match receiver::wpg(request) {
        OK if request.body.windows(3).any(|part| part == b".0,") => NO,
        answer => answer,
    };
    let only = ["--only", "every-event"];
    let lines = check("wpg", &receiver(parsed)).args(only).run().exit(1).json_lines();
    let remedy =
        |lines: &[Value]| lines.iter().find(|line| line["id"] == "every-event").expect("a check")["remedy"].clone();
    assert!(remedy(&lines).as_str().is_some_and(|remedy| remedy.contains("raw bytes")), "{lines:#?}");
    let unknown = |request: &Received| match receiver::wpg(request) {
        OK if !request.body.windows(5).any(|part| part == b"slot.") => Act::Status(400),
        answer => answer,
    };
    let lines = check("wpg", &receiver(unknown)).args(only).run().exit(1).json_lines();
    assert!(remedy(&lines).as_str().is_some_and(|remedy| remedy.contains("Answer 2xx")), "{lines:#?}");
}

#[test]
fn reports_are_well_formed_when_the_run_is_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("junit.xml");
    let endpoint = Endpoint::new().answering([crate::support::Answer::status(200), crate::support::Answer::never()]);
    let called = endpoint.calls(2);
    let output = check("wpg", &endpoint.port())
        .args(["--report", &format!("junit={}", path.display())])
        .interrupt_after(called)
        .run();
    let lines = output.exit(130).json_lines();
    assert_eq!((with("pass", &lines), with("fail", &lines)), (vec!["genuine".to_owned()], Vec::new()));
    assert_eq!(output.json("summary")["interrupted"], json!(true));
    let text = std::fs::read_to_string(&path).expect("a report");
    quick_junit::Report::deserialize_from_str(&text).expect("JUnit XML");
    assert!(text.matches("<skipped").count() > 40, "{text}");
}

#[test]
fn the_whole_table_takes_a_local_receiver_less_than_three_seconds() {
    // The program here is not optimised, and other tests run beside it: what is measured is generous all the same.
    check("whop", &receiver(receiver::whop)).run().within(Duration::from_secs(6)).exit(0).json("summary");
    assert!(repository("src/webhook/probe").is_dir());
}

#[test]
fn unusual_requests_go_out_as_they_are_named() {
    let endpoint = Endpoint::new();
    let only = "chunked,lower-case-headers,no-content-type,get,duplicate-header,non-ascii-signature";
    check("wpg", &endpoint.port()).args(["--only", only]).run().any_exit();
    let arrivals = endpoint.arrivals();
    let some = |meant: &dyn Fn(&crate::support::Arrival) -> bool| arrivals.iter().any(meant);
    assert!(some(
        &|arrival| arrival.values("transfer-encoding") == ["chunked"] && arrival.values("content-length").is_empty()
    ));
    assert!(some(&|arrival| arrival.headers.iter().all(|(name, _)| *name == name.to_lowercase())));
    assert!(some(&|arrival| arrival.method == "POST" && arrival.values("content-type").is_empty()));
    assert!(some(&|arrival| arrival.method == "GET" && arrival.body.is_empty()));
    assert!(some(&|arrival| arrival.values("x-wpg-signature").len() == 2));
    assert!(some(&|arrival| arrival.values("x-wpg-signature").iter().any(|value| !value.is_ascii())));
}

#[test]
fn a_receiver_that_looks_at_the_first_signature_alone_loses_deliveries_while_a_secret_is_changed() {
    let first = |request: &Received| {
        let Some((time, rest)) = request.one("x-whop-signature").and_then(|header| header.split_once(",v1=")) else {
            return NO;
        };
        let signature = rest.split(',').next().unwrap_or_default();
        let time = time.trim_start_matches("t=");
        yes(fresh(time) && signature == hmac(WHOP, &[time.as_bytes(), b".", &request.body]))
    };
    let output = check("whop", &receiver(first)).args(["--only", "rotation"]).run();
    assert_eq!(with("warn", &output.exit(0).json_lines()), ["rotation"]);
}

#[test]
fn a_failure_is_told_with_what_to_do_and_the_command_that_shows_it_again() {
    let port = receiver(comparing(|sent, due| sent.starts_with(due)));
    let output = Wh::new().args(["check", "--scheme", "wpg", "--to", &port, "--only", "signature-suffix"]).run();
    let text = output.exit(1).stdout_text().to_owned();
    for part in
        ["Security\n", "FAIL  signature-suffix", "expected  a refusal: 4xx", "got       200 OK", "why ", "remedy "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = text.lines().find_map(|line| line.strip_prefix("see it again: wh ")).expect("a command");
    let words: Vec<&str> = again.split_whitespace().collect();
    let repeated = Wh::new().args(words).run();
    repeated.exit(0).stdout_contains("wrong on purpose: signature-suffix").hint_contains("this one accepted it");
    let verdict = text.lines().last().expect("a verdict");
    assert!(verdict.starts_with("Do not trust it: 1 security check failed (signature-suffix). 1 passed, 1 failed in"));
}

#[test]
fn every_probe_that_a_provider_has_can_be_made_of_its_examples() {
    let catalogue = Catalogue::embedded();
    let url = http::Uri::from_static("http://localhost:3000/");
    let mut made = 0;
    for name in catalogue.names() {
        let provider = catalogue.provider(name).expect("a provider");
        let events = provider.events.iter().map(|info| info.name.clone());
        let fixtures: Vec<Example<'_>> =
            events.map(|event| (event.clone(), catalogue.fixture(&event).expect("an example").1)).collect();
        let secrets = [Secret::new("test", provider.scheme.test_secret.clone())];
        let material = Material {
            provider: &provider,
            secrets: &secrets,
            event: &fixtures[0].0,
            fixtures: &fixtures,
            url: &url,
            headers: &[],
            now: jiff::Timestamp::now(),
        };
        let mut random = fastrand::Rng::with_seed(1);
        for probe in probe::all().filter(|probe| probe.obstacle(&provider).is_none()) {
            let shots = material.shots(probe, &mut random);
            made += shots.unwrap_or_else(|error| panic!("{name}: {}: {error}", probe.id)).len();
        }
    }
    assert!(made > 500, "only {made} requests");
}

#[cfg(unix)]
#[test]
fn a_report_goes_to_a_pipe_too() {
    let output = check("wpg", &receiver(receiver::wpg)).args(["-q", "--report", "tap=/dev/stdout"]).run();
    output.exit(0).stdout_contains("TAP version 14").stderr_any();
}
