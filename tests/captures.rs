//! What `wh verify` reads beside records: HAR and raw HTTP, with what can be wrong in them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Output, Wh};

/// A signed request: its headers as pairs, and its body.
fn signed(event: &str) -> (Vec<(String, String)>, String) {
    let signed = Wh::new().args(["sign", event, "--as", "json", "--timestamp", "2026-11-21T10:00:00Z"]).run();
    let signed = signed.json("signed");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let headers = signed["headers"].as_array().expect("headers");
    (headers.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(), text(&signed["body"]))
}

fn verify(bytes: impl AsRef<[u8]>, arguments: &[&str]) -> Output {
    Wh::new().file("file", bytes).args(["verify", "file", "--json", "--at", "1795255200"]).args(arguments).run()
}

/// A HAR entry of a request that was made at 10:00.
fn entry(method: &str, headers: &[(String, String)], post_data: &Value) -> Value {
    let headers: Vec<Value> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({
        "startedDateTime": "2026-11-21T10:00:01.000Z",
        "time": 12,
        "request": {
            "method": method, "url": "https://example.com/hook?a=1", "httpVersion": "HTTP/2",
            "headers": headers, "cookies": [], "queryString": [], "headersSize": -1, "bodySize": -1,
            "postData": post_data,
        },
        "response": {"status": 200, "content": {"size": 2, "text": "ok"}},
    })
}

fn har(entries: &[Value]) -> String {
    json!({"log": {"version": "1.2", "creator": {"name": "a"}, "pages": [], "entries": entries, "comment": ""}})
        .to_string()
}

#[test]
fn the_deliveries_of_a_har_file_are_found_among_its_requests() {
    let (mut headers, body) = signed("whop/payment.succeeded");
    headers.insert(0, (":method".to_owned(), "POST".to_owned()));
    let text = json!({"mimeType": "application/json", "text": body});
    let base64 = json!({"mimeType": "application/json", "text": STANDARD.encode(&body), "encoding": "base64"});
    let altered = json!({"mimeType": "application/json", "text": format!("{body} ")});
    let entries = [
        entry("GET", &[], &Value::Null),
        entry("POST", &headers, &text),
        entry("POST", &[], &text),
        entry("POST", &headers, &base64),
        entry("POST", &headers, &altered),
    ];
    for text in [
        har(&entries),
        format!(
            "\u{feff}{}",
            serde_json::to_string_pretty(&serde_json::from_str::<Value>(&har(&entries)).expect("JSON")).expect("JSON")
        ),
    ] {
        let output = verify(text, &[]);
        let verdicts = output.exit(1).json_all("verification");
        let found: Vec<(&Value, &Value)> =
            verdicts.iter().map(|verdict| (&verdict["entry"], &verdict["valid"])).collect();
        assert_eq!(found, [(&json!(2), &json!(true)), (&json!(4), &json!(true)), (&json!(5), &json!(false))]);
        assert_eq!(output.json("summary")["skipped"], json!(2));
    }
    // Its own time is the clock, where no other is given.
    let wh = Wh::new().file("a.har", har(&entries[1..2])).args(["verify", "a.har", "--json"]);
    let verdict = wh.run();
    let verdict = verdict.exit(0).json("verification");
    assert_eq!((&verdict["age_s"], &verdict["clock"]), (&json!(1.0), &json!("capture")));
}

#[test]
fn what_is_wrong_in_a_har_file_is_told_with_its_place() {
    let (headers, body) = signed("whop/payment.succeeded");
    let good = entry("POST", &headers, &json!({"text": body}));
    let damaged = entry("POST", &headers, &json!({"text": "*", "encoding": "base64"}));
    let split = entry("POST", &[("x-a".to_owned(), "a\r\nb: c".to_owned())], &json!({"text": body}));
    let output = verify(har(&[damaged, good.clone(), split]), &[]);
    assert_eq!(output.json("summary")["valid"], json!(1));
    let errors = output.exit(2).json_all("error");
    assert_eq!((&errors[0]["entry"], &errors[1]["entry"]), (&json!(1), &json!(3)));
    let text = har(&[good.clone(), good]);
    let output = verify(&text[..text.len() - 200], &[]);
    assert_eq!(output.json("summary")["valid"], json!(1));
    let error = output.exit(2).json("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("the archive is cut off")), "{error}");
    let output = verify(har(&[entry("GET", &[], &Value::Null)]), &[]);
    let error = output.exit(4).json("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("none of its 1 requests")), "{error}");
    let output = verify(har(&[json!({"request": 5})]), &[]);
    assert_eq!(output.exit(2).json("error")["line"], json!(1));
}

/// A raw message with these lines before the body.
fn message(headers: &[(String, String)], further: &str, end: &str, body: &str) -> String {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}{end}")).collect();
    format!("POST /hook?a=1 HTTP/1.1{end}Host: localhost:3000{end}{}{further}{end}{body}", lines.concat())
}

#[test]
fn a_raw_message_is_read_as_it_went_over_the_wire() {
    let (headers, body) = signed("slot.submitted");
    let length = format!("Content-Length: {}\r\n", body.len());
    let (first, second) = body.split_at(10);
    let chunked = format!("a;x=1\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\nTrailer: 1\r\n\r\n", second.len());
    let messages = [
        message(&headers, "", "\r\n", &body),
        message(&headers, &length, "\r\n", &body),
        message(&headers, &length, "\r\n", &format!("{body}\n")),
        message(&headers, &length.replace("\r\n", "\n"), "\n", &body),
        message(&headers, "Transfer-Encoding: chunked\r\n", "\r\n", &chunked),
        message(&headers, "Transfer-Encoding: chunked\n", "\n", &chunked.replace("\r\n", "\n")),
        format!("\u{feff}{}", message(&headers, "", "\n", &body)),
    ];
    for message in messages {
        let output = verify(&message, &[]);
        assert_eq!(output.exit(0).json("verification")["valid"], json!(true), "{message}");
    }
    let two = format!("{0}\r\n{0}", message(&headers, &length, "\r\n", &body));
    let output = verify(&two, &[]);
    let verdicts = output.exit(0).json_all("verification");
    assert_eq!(verdicts.len(), 2);
    let line = two.match_indices("POST /hook").nth(1).map(|(at, _)| two[..at].matches('\n').count() + 1);
    assert_eq!(verdicts[1]["line"], json!(line.expect("a second message")));
}

#[test]
fn what_is_wrong_in_a_raw_message_is_told_with_its_line() {
    let (headers, body) = signed("slot.submitted");
    let length = body.len();
    let with = |further: &str| message(&headers, further, "\r\n", &body);
    let below_headers = headers.len() as u64 + 3;
    let wrong = [
        (with(&format!("Content-Length: {}\r\n", length + 2)), "Content-Length says", None),
        (with("Content-Length: +5\r\n"), "Content-Length is no number", None),
        (with(&format!("Content-Length: {length}\r\nContent-Length: 5\r\n")), "Content-Length more than once", None),
        (with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "both Content-Length and", None),
        (with("Transfer-Encoding: chunked\r\n"), "a chunk begins with its length", None),
        (with("POST /b HTTP/1.1\r\nHost: b\r\n"), "a second request begins", Some(below_headers)),
        (with("X-A: b\r\n c: d\r\n"), "goes on over several lines", Some(below_headers + 1)),
        (with("X-A\r\n"), "a name, a colon and a value", Some(below_headers)),
        (with("X-A : b\r\n"), "no header name", Some(below_headers)),
        (with("X-A: a\0b\r\n"), "a control character", Some(below_headers)),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), "begins with a response", Some(1)),
    ];
    for (message, words, line) in wrong {
        let error = verify(&message, &[]).exit(2).json("error");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{words}: {error}");
        assert!(line.is_none() || error["line"].as_u64() == line, "{words}: {error}");
    }
    let short = "Transfer-Encoding: chunked\r\n\r\n5\r\nabc";
    let error = verify(format!("POST / HTTP/1.1\r\n{short}"), &[]).exit(2).json("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("3 of 5 bytes")), "{error}");
}

#[test]
fn what_is_larger_than_a_delivery_may_be_is_refused_with_the_limit() {
    let large = "x".repeat(64 * 1024 * 1024 + 1);
    for text in [format!("POST / HTTP/1.1\r\n\r\n{large}"), format!("[\n\"{large}\"]"), large.clone()] {
        let error = verify(text, &[]).exit(2).json("error");
        assert!(error["message"].as_str().is_some_and(|message| message.contains("64 MiB")), "{error}");
    }
    let text = har(&[entry("POST", &[], &json!({ "text": large }))]);
    let error = verify(text, &[]).exit(2).json("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("64 MiB")), "{error}");
}

#[test]
fn a_list_of_many_values_is_read_in_a_time_that_grows_with_its_length() {
    let values = "[\n".to_owned() + &"{\"type\":\"ready\"},\n".repeat(200_000) + "{}]";
    let output = Wh::new().args(["verify", "-"]).stdin(values).run();
    output.within(std::time::Duration::from_mins(1)).any_exit();
    output.stderr_any().any_stdout();
}
