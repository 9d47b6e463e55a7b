//! `wh.delivery/1`: what is written is read back byte for byte, and what is no record is told with its place.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use wh::webhook::delivery::Delivery;
use wh::webhook::record::{Direction, ReadProblem, Reader, Record, read, read_signed, redacted_header};

use crate::support::payloads;

/// A record as the documentation has it, of one line.
const RECORD: &str = r#"{"schema":"wh.delivery/1","id":"msg_2Lk","received_at":"2026-11-21T10:00:00.123Z","remote":"127.0.0.1:53122","request":{"method":"POST","target":"/webhooks/whop?x=1","version":"HTTP/1.1","headers":[["content-type","application/json"],["x-whop-signature","t=1795255200,v1=00"]],"body":"{\"a\":1.10}"},"scheme":"whop","event":"payment.succeeded","verification":{"valid":false,"reason":"mismatch"},"response":{"status":401,"duration_ms":3.5}}"#;

/// A record of an attempt, of one line, as it is written today.
const SENT: &str = r#"{"schema":"wh.delivery/1","id":"msg_1","direction":"sent","sent_at":"2026-11-21T10:00:00.123Z","url":"http://localhost:3000/hook","attempt":2,"request":{"method":"POST","target":"/hook","version":"HTTP/1.1","headers":[["x-b","c"]],"body":"{}"},"scheme":"wpg","event":"a.b","variant":"c","fault":"stale","response":{"status":200,"duration_ms":12.5,"headers":[["x-a","1"],["x-a","2"]],"body":"ok\n","truncated":true,"incomplete":"timeout"}}"#;

fn delivery(body: Vec<u8>) -> Delivery {
    let request = Request::post("/hook?a=%20b").body(Bytes::from(body)).expect("a request");
    Delivery {
        id: "msg_1".into(),
        scheme: Some("wpg".into()),
        event: Some("slot.submitted".into()),
        variant: None,
        request,
    }
}

fn written(delivery: &Delivery) -> String {
    let record = Record {
        delivery,
        received_at: "2026-11-21T10:00:00.123Z".parse().expect("a time"),
        remote: "127.0.0.1:53122".parse().expect("an address"),
        redact: false,
        scheme: None,
        verdict: None,
        response: Some((http::StatusCode::OK, Some(Duration::from_millis(3)))),
    };
    let mut json = Vec::new();
    record.write(&mut json);
    String::from_utf8(json).expect("JSON")
}

#[test]
fn a_record_is_read_as_the_documentation_has_it() {
    let record = read(RECORD.as_bytes()).expect("a record");
    let request = &record.delivery.request;
    assert_eq!((request.method(), request.version()), (&Method::POST, Version::HTTP_11));
    assert_eq!(request.uri(), "/webhooks/whop?x=1");
    assert_eq!(request.headers()["x-whop-signature"], "t=1795255200,v1=00");
    assert_eq!(request.body(), "{\"a\":1.10}");
    assert_eq!((record.delivery.id.as_str(), record.delivery.scheme.as_deref()), ("msg_2Lk", Some("whop")));
    assert_eq!(record.delivery.event.as_deref(), Some("payment.succeeded"));
    assert_eq!(record.at.map(|at| at.to_string()).as_deref(), Some("2026-11-21T10:00:00.123Z"));
    assert_eq!(record.remote.as_deref(), Some("127.0.0.1:53122"));
    assert_eq!((record.valid, record.reason.as_deref()), (Some(false), Some("mismatch")));
    let response = record.response.expect("an answer");
    assert_eq!((response.status.as_u16(), response.duration), (401, Some(Duration::from_micros(3500))));
    assert_eq!(record.direction, Direction::Received);
}

#[test]
fn pretty_or_with_more_in_it_a_record_is_the_same() {
    let value: serde_json::Value = serde_json::from_str(RECORD).expect("JSON");
    let pretty = serde_json::to_string_pretty(&value).expect("JSON");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let more = RECORD.replacen('{', &format!("{{\"type\":\"received\",\"deep\":{deep},\"x\":{{\"schema\":1}},"), 1);
    for text in [pretty, more] {
        let record = read(text.as_bytes()).expect("a record");
        assert_eq!(record.delivery.request.body(), "{\"a\":1.10}");
    }
}

#[test]
fn every_byte_of_a_body_comes_back() {
    let every_byte = ("every byte", (0..=255).collect());
    for (name, body) in payloads().into_iter().chain([every_byte]) {
        let line = written(&delivery(body.clone()));
        assert!(!line.contains('\n'), "{name}");
        let record = read(line.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(record.delivery.request.body(), &body, "{name}");
    }
}

#[test]
fn a_method_and_a_version_of_any_kind_come_back() {
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
        let mut delivery = delivery(Vec::new());
        (*delivery.request.method_mut(), *delivery.request.version_mut()) = (Method::PUT, version);
        let line = written(&delivery);
        let record = read(line.as_bytes()).expect("a record");
        assert_eq!((record.delivery.request.method(), record.delivery.request.version()), (&Method::PUT, version));
    }
}

#[test]
fn headers_come_back_with_their_duplicates_and_with_bytes_that_are_no_text() {
    let mut delivery = delivery(Vec::new());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-a", &b"one"[..]),
        ("x-b", b"tab\tand \"quotes\" \\"),
        ("x-a", b" two "),
        ("x-bytes", b"\xff\xfe\x80"),
        ("x-text", "Zo\u{eb}".as_bytes()),
        ("x-empty", b""),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).expect("a value"));
    }
    *delivery.request.headers_mut() = headers.clone();
    let line = written(&delivery);
    let record = read(line.as_bytes()).expect("a record");
    assert_eq!(record.delivery.request.headers(), &headers);
    assert_eq!(record.delivery.request.uri(), "/hook?a=%20b");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    const BODY: &str = r#""body":"{\"a\":1.10}""#;
    const REQUEST: &str = r#""request":{"method":"POST","target":"/webhooks/whop?x=1","version":"HTTP/1.1","#;
    // What stands in the record, what stands there instead, and words of the message. The place is in what is wrong,
    // or right behind it.
    let broken = [
        ("\"method\":\"POST\"", "\"method\":5", "expected a method"),
        ("\"POST\"", "\"P T\"", "`P T` is no HTTP method"),
        ("/webhooks/whop?x=1", "a b", "`a b` is no request target"),
        ("HTTP/1.1", "HTTP/7", "`HTTP/7` is no version"),
        (BODY, "\"body\":{}", "expected `body`, a string"),
        (BODY, "\"body_base64\":\"eyJ*\"", "`body_base64` is damaged: character 4"),
        (BODY, "\"body_base64\":\"eyJ\"", "`body_base64` is damaged: its length"),
        (BODY, "\"nobody\":5}", "neither `body` nor"),
        (BODY, "\"body_base64\":\"\",\"body\":\"\"}", "both `body` and"),
        (BODY, "\"body\":\"\",\"body\":\"\"", "duplicate field `body`"),
        ("t=1795255200,v1=00", "a\\r\\nx-b: c", "the header `x-whop-signature` holds `\\r`"),
        ("\"x-whop-signature\",", "\"x y\",", "`x y` is no header name"),
        ("[\"content-type\",\"application/json\"]", "[\"content-type\"]", "expected a header as [name, value]"),
        ("\"application/json\"]", "\"application/json\",5]", "expected a header as [name, value]"),
        ("[\"content-type\"", "[5", "expected a header's name"),
        ("\"application/json\"", "{\"base64\":\"*\"}", "the base64 of the header `content-type` is damaged"),
        (REQUEST, "\"request\":[{", "expected `request`, an object"),
        ("2026-11-21T10:00:00.123Z", "yesterday", "`yesterday` is no time"),
        ("\"status\":401,\"duration_ms\":3.5}", "\"status\":99}", "`99` is no status"),
        ("\"valid\":false", "\"valid\":\"no\"", "expected a boolean"),
    ];
    for (from, to, words) in broken {
        let text = RECORD.replacen(from, to, 1);
        let error = read(text.as_bytes()).expect_err(words);
        assert!(matches!(&error.problem, ReadProblem::Member(message) if message.contains(words)), "{words}: {error}");
        let start = text.find(to).expect("it was put in");
        let place = start..=start + to.len() + 1;
        assert!(error.line == 1 && place.contains(&error.column), "{words}: {} is not in {place:?}", error.column);
    }
    // Over several lines, the line is told.
    let text = RECORD.replacen(",\"target\":\"/webhooks", ",\n\n\"target\":\" ", 1);
    assert_eq!(read(text.as_bytes()).expect_err("a space").line, 3);
}

#[test]
fn a_record_that_is_cut_off_is_told_from_what_is_no_json() {
    for end in (1..RECORD.len()).step_by(7) {
        let error = read(&RECORD.as_bytes()[..end]).expect_err("a part");
        assert_eq!((error.problem, error.line), (ReadProblem::CutOff, 1), "{end}");
    }
    let error = read(RECORD.replacen("\"id\":", "\"id\";", 1).as_bytes()).expect_err("no JSON");
    assert!(matches!(error.problem, ReadProblem::NotJson(_)), "{error}");
    assert_eq!(error.column, 31);
    assert!(read(format!("{RECORD}{RECORD}").as_bytes()).is_err());
    assert!(read(RECORD.replacen("msg_2Lk", "\u{1}", 1).as_bytes()).is_err());
}

#[test]
fn bytes_that_are_not_utf_8_are_told_where_they_are_read_and_passed_over_where_nothing_is() {
    let record = written(&delivery(b"one".to_vec()));
    let body = record.find("one").expect("the body");
    let mut bytes = record.clone().into_bytes();
    bytes[body] = 0xff;
    let error = read(&bytes).expect_err("the body is a string");
    assert!(matches!(error.problem, ReadProblem::NotJson(_)), "{error}");
    assert_eq!((error.line, error.column), (1, body + 1));
    let (start, end) = record.split_at(1);
    let bytes = [start.as_bytes(), b"\"other\":\"\xff\",", end.as_bytes()].concat();
    assert_eq!(read(&bytes).expect("a record").delivery.request.body().as_ref(), b"one");
}

#[test]
fn a_newer_form_and_another_schema_are_told_as_such() {
    let newer = RECORD.replacen("wh.delivery/1", "wh.delivery/2", 1).replacen("\"POST\"", "{}", 1);
    let problem = read(newer.as_bytes()).expect_err("newer").problem;
    assert_eq!(problem, ReadProblem::Newer { schema: "wh.delivery/2".into() });
    let other = RECORD.replacen("wh.delivery/1", "acme/1", 1);
    let problem = read(other.as_bytes()).expect_err("another").problem;
    assert_eq!(problem, ReadProblem::NoRecord { schema: Some("acme/1".into()) });
    // A payload of somebody's may have members of the same names.
    for text in [r#"{"type":"charge","request":{"id":null}}"#, r#"{"schema":{"a":[1,null,{}]}}"#, "[]", "5", "null"] {
        assert_eq!(read(text.as_bytes()).expect_err(text).problem, ReadProblem::NoRecord { schema: None }, "{text}");
    }
}

#[test]
fn a_header_that_was_redacted_is_known() {
    let catalogue = wh::webhook::catalogue::Catalogue::embedded();
    let unibo = catalogue.provider("unibo").expect("a provider");
    let whop = catalogue.provider("whop").expect("a provider");
    let text =
        RECORD.replacen("[\"x-whop-signature\",\"t=1795255200,v1=00\"]", "[\"authorization\",\"(redacted)\"]", 1);
    let record = read(text.as_bytes()).expect("a record");
    assert_eq!(redacted_header(&unibo.scheme, &record.delivery), Some("Authorization"));
    assert_eq!(redacted_header(&whop.scheme, &record.delivery), None);
}

#[test]
fn a_signed_request_as_it_was_printed_is_read() {
    let line = r#"{"type":"signed","scheme":"wpg","event":"slot.submitted","variant":null,"id":"msg_1","method":"POST","url":"http://localhost:3000/hook","headers":[["X-WPG-Signature","00"]],"body_base64":"/w=="}"#;
    let delivery = read_signed(line.as_bytes()).expect("a request");
    assert_eq!(delivery.request.uri(), "http://localhost:3000/hook");
    assert_eq!(
        (delivery.request.body().as_ref(), &delivery.request.headers()["x-wpg-signature"]),
        (&b"\xff"[..], &"00".parse().expect("a value"))
    );
    let error = read_signed(line.replacen("\"body_base64\"", "\"body\"", 1).replacen("\"/w==\"", "5", 1).as_bytes());
    assert_eq!(error.expect_err("a number").line, 1);
}

/// Records in which what looks like the body is not, or is not all there is to it.
fn deceptive() -> Vec<String> {
    const MARK: &str = "\u{10ffff}";
    let escaped = r"\udbff\udfff";
    let with = |from: &str, to: &str| {
        assert!(RECORD.contains(from), "{from}");
        RECORD.replacen(from, to, 1)
    };
    let body = r#""body":"{\"a\":1.10}""#;
    let early = |member: &str| with(r#","request":{"#, &format!(r#","extra":{{"a":1,{member}}},"request":{{"#));
    let response = |member: &str| with(r#""status":401,"#, &format!(r#""status":401,{member},"#));
    vec![
        early(body),
        early(r#""body":"\ud83d""#),
        early(r#""body":1"#),
        early(body).replacen(&format!(",{body}}},\"scheme\""), r#"},"scheme""#, 1),
        early(body).replace(r#""body":"{\"a\":1.10}"},"scheme""#, &format!(r#""body":"{MARK}"}},"scheme""#)),
        early(body).replace(r#""body":"{\"a\":1.10}"},"scheme""#, &format!(r#""body":"{escaped}"}},"scheme""#)),
        early(body).replace(r#""body":"{\"a\":1.10}"},"scheme""#, r#""body_base64":"9I+/vw=="},"scheme""#),
        response(r#""body":"answered""#),
        response(r#""truncated":false,"body":"answered\n""#)
            .replace(&format!(",{body}}},"), r#","body_base64":"AAAA"},"#),
        with(body, &format!(r#""body":"{MARK}""#)),
        with(body, &format!(r#""body":"{escaped}""#)),
        with(body, &format!("{body},{body}")),
        with(body, r#""body":"""#),
        with(body, r#""body":"a","body_base64":"AAAA""#),
        with(body, r#""body": "{\"a\":1}""#),
        with(body, r#""body":null"#),
        with("msg_2Lk", r#"msg,\"body\":\"2Lk"#),
        with("msg_2Lk", r#"msg,"body":"2Lk"#),
        with("msg_2Lk", MARK),
        with("msg_2Lk", escaped),
        with("application/json", r#"a,\"body\":\"b"#),
        with(r#""id""#, r#""i,\"body\":\"d":1,"id""#),
        with("wh.delivery/1", "wh.delivery/2"),
        with(r#""schema":"wh.delivery/1","#, ""),
        format!("[{RECORD}]"),
        format!("{RECORD}{RECORD}"),
        with(body, &format!(r#""body":"{}""#, r"\u00e9\ud83d\ude00\b\f\n\r\t\/é日".repeat(99))),
        with(body, &format!(r#""body":"{}""#, "x".repeat(400_000))),
        with("[[", &format!("[{}[", r#"["a",""],"#.repeat(9))),
        with("[[", &format!("[{}[", r#"["a",""],"#.repeat(27_000))),
        with("[[", "[],[["),
        with("[[", "[,[["),
        with("]]", "],]"),
        with("]]", r",{}]]"),
        with("]]", r#"],["x-a","b\"c\\\/\n"]]"#),
        with("]]", r#"],["x-a","\t\u00e9é"],["X-A",{"base64":"/w=="}],["content-type",""]]"#),
        with("content-type", "Content-Type"),
        with("content-type", r"content\u002dtype"),
        with("content-type", ""),
        with(r#""version":"HTTP/1.1","#, ""),
        with("HTTP/1.1", "HTTP/3"),
        with("HTTP/1.1", "HTTP/4"),
        with("POST", "A-METHOD.of-somebody"),
        with("POST", "PO ST"),
        with("/webhooks/whop?x=1", r"\/a\/\u00e9?b=%20é"),
        with("/webhooks/whop?x=1", "http://[::1]:3000/x?y#z"),
        with("/webhooks/whop?x=1", "*"),
        with("/webhooks/whop?x=1", ""),
    ]
}

/// Records whose members are other than they are written, each in a way of its own.
fn altered() -> Vec<String> {
    let mut texts = Vec::new();
    for text in [RECORD, SENT] {
        let mut with = |from: &str, to: &str| texts.extend(text.contains(from).then(|| text.replacen(from, to, 1)));
        // Twice, without a comma, with one too many, in another place, with something unknown before or in it.
        for name in ["schema", "id", "direction", "url", "request", "scheme", "verification", "response", "status"] {
            let name = format!("\"{name}\":");
            with(&name, &format!("{name}null,{name}"));
            with(&name, &format!("\"other\":[1,{{}}],{name}"));
            with(&name, &format!("\"variant\":\"x\",{name}"));
            with(&format!(",{name}"), &name);
            with(&format!(",{name}"), &format!(",,{name}"));
            with(&format!(",{name}"), &format!(" , {name}"));
            with(&name, &name.replace(':', " :"));
        }
        for (value, others) in [
            (
                ":2,",
                &[":02,", ":-2,", ":-0,", ":2.0,", ":2e1,", ":4294967296,", ":\"2\",", ":null,", ":+2,", ":2 ,"][..],
            ),
            ("200", &["0200", "99", "1000", "65736", "200.0", "null", "true", "2 00"][..]),
            ("401", &["600", "-401"][..]),
            ("3.5", &["3", "0", "-0", "-0.0", "-1", "03.5", ".5", "3.", "-", "3.5.1", "3e2", "3.5E-1", "1e999"][..]),
            ("12.5", &["0.1", "0.30000000000000004", "123456789.12345678", "1844674407370955161600", "null", "[]"][..]),
            ("false", &["true", "null", "fals", "falsee", "0", "\"false\""][..]),
            ("true", &["false", "null", "tru"][..]),
            ("\"mismatch\"", &["null", "5", r#""a\"b""#, "\"a\\nb\"", "\"\u{e9}\"", "\"\u{1}\"", "nul"][..]),
            (
                "2026-11-21T10:00:00.123Z",
                &["2026-11-21", "2026-11-21T10:00:00+01:00", "", "2026-11-21T10:00:00\\u005a"][..],
            ),
            ("\"sent\"", &["\"received\"", "\"lost\"", "null", "{}"][..]),
            ("\"ok\\n\"", &["null", "5", "\"\\ud83d\"", "\"\\ud83d\\ude00\""][..]),
            (
                "}}",
                &["},\"error\":\"timeout\",\"message\":\"x\",\"duration_ms\":1.5}", "},}", "}} ", "}}}", "}", "}}{}"][..],
            ),
            (
                "\"response\":{",
                &["\"response\":{}", "\"response\":null,\"error\":{", "\"response\":[", "\"response\":{,"][..],
            ),
            (
                "\"verification\":{",
                &["\"verification\":{},\"response\":{", "\"verification\":[", "\"verification\":{\"secret\":\"a\","][..],
            ),
            (
                "\"reason\":",
                &[
                    "\"message\":\"x\",\"reason\":",
                    "\"secret\":\"x\",\"age_s\":-0.5,\"reason\":",
                    "\"valid\":true,\"reason\":",
                ][..],
            ),
            (
                "\"mismatch\"",
                &[
                    "null,\"secret\":\"x\",\"encoding\":\"hex\",\"age_s\":-0.5",
                    "null,\"age_s\":01",
                    "null,\"age_s\":null",
                ][..],
            ),
            (
                "{\"schema\"",
                &["{\"type\":\"received\",\"schema\"", "{\"type\":5,\"schema\"", "\u{feff}{\"schema\"", " {\"schema\""]
                    [..],
            ),
        ] {
            assert!([RECORD, SENT].iter().any(|text| text.contains(value)), "{value}");
            for other in others {
                with(value, other);
            }
        }
    }
    texts
}

#[test]
fn read_one_after_the_other_records_are_what_they_are_alone() {
    let mut reader = Reader::default();
    let mut check = |text: &[u8]| {
        let alone = format!("{:?}", read(text));
        assert_eq!(format!("{:?}", reader.read(text)), alone, "{}", text.escape_ascii());
    };
    let altered = altered();
    assert!(altered.len() > 150);
    for text in &altered {
        check(text.as_bytes());
    }
    let texts: Vec<String> = deceptive().into_iter().chain([RECORD.to_owned(), SENT.to_owned()]).collect();
    let mut random = fastrand::Rng::with_seed(20);
    for text in &texts {
        check(text.as_bytes());
        if text.len() > 10_000 {
            continue;
        }
        for end in 0..text.len() {
            check(&text.as_bytes()[..end]);
        }
        for _ in 0..400 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..bytes.len());
                match random.u8(..4) {
                    0 => bytes[at] = random.u8(..),
                    1 => bytes[at] ^= 1 << random.u8(..8),
                    2 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, *random.choice(b"\"\\{}[],:u0\0").expect("some")),
                }
            }
            check(&bytes);
        }
    }
}
