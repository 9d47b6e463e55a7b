//! `wh sign`: whatever form a signed request is printed in, what is sent from it are the signed bytes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Arrival, Endpoint, Wh, payloads, signature_of_gamepush, signature_of_wpg};

/// `wh sign` with arguments.
fn sign<const N: usize>(arguments: [&str; N]) -> Wh {
    Wh::new().arg("sign").args(arguments)
}

/// What a `signed` object says would arrive.
fn signed(value: &Value) -> Arrival {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let headers = value["headers"].as_array().expect("a list").iter();
    let body = match value.get("body") {
        Some(body) => text(body).into_bytes(),
        None => STANDARD.decode(text(&value["body_base64"])).expect("base64"),
    };
    let url = text(&value["url"]);
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    Arrival {
        method: text(&value["method"]),
        target: format!("/{path}"),
        headers: headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        body,
    }
}

/// A request that is the same however often it is signed, for this URL.
fn fixed<const N: usize>(to: &str, arguments: [&str; N]) -> Wh {
    sign(["--timestamp", "1763719200", "--id", "msg_1", "--to", to]).args(arguments)
}

/// Whether `arrival` is what was signed, but for the headers that a client has to add.
#[track_caller]
fn assert_same(arrival: &Arrival, signed: &Arrival, what: &str) {
    assert!(arrival.body == signed.body, "the body of {what}: {:?}", String::from_utf8_lossy(&arrival.body));
    assert_eq!((&arrival.method, &arrival.target), (&signed.method, &signed.target), "{what}");
    let added = |name: &str| ["host", "accept", "content-length"].contains(&name.to_ascii_lowercase().as_str());
    let own: Vec<(String, String)> = arrival.headers.iter().filter(|(name, _)| !added(name)).cloned().collect();
    assert_eq!(own, signed.headers, "{what}");
}

// As curl.

/// Lets a shell carry out what was printed, with the curl that is installed.
#[track_caller]
fn in_a_shell(command: &[u8]) {
    let output = Wh::other("sh").stdin(command).run();
    assert!(
        !output.stderr_text().contains("not found"),
        "these tests need sh and curl, and will not pass without: {}",
        output.stderr_text()
    );
    output.exit(0).stdout_contains("HTTP/1.1 200");
    assert_eq!(output.stderr_text(), "");
}

#[test]
fn curl_in_a_shell_sends_the_signed_bytes_and_headers() {
    for (what, payload) in payloads() {
        let endpoint = Endpoint::new();
        let url = endpoint.url("/hook?x=1");
        let begin = || fixed(&url, ["slot.submitted", "--data", "@payload", "-q"]).file("payload", &payload);
        in_a_shell(begin().args(["--as", "curl"]).run().exit(0).stdout());
        let arrival = endpoint.arrival();
        assert_same(&arrival, &signed(&begin().arg("--json").run().json("signed")), what);
        assert_eq!(arrival.body, payload, "{what}");
    }
}

#[test]
fn curl_in_a_shell_sends_headers_that_a_shell_would_change() {
    let endpoint = Endpoint::new();
    let url = endpoint.url("/hook");
    let headers = [
        "X-Quotes: it's \"quoted\" `id` $HOME $(id) \\ !!",
        "X-Letters: Zoë 東京",
        "X-Tab: a\tb",
        "X-Twice: 1",
        "X-Twice: 2",
        "Content-Type:",
        "User-Agent:",
    ];
    let headers = headers.iter().flat_map(|header| ["-H", header]);
    let begin = || fixed(&url, ["slot.submitted", "--data", "{}", "-q"]).args(headers.clone());
    in_a_shell(begin().args(["--as", "curl"]).run().exit(0).stdout());
    let mut arrival = endpoint.arrival();
    // curl puts its own name where no other is.
    arrival.headers.retain(|(name, value)| !(name == "User-Agent" && value.starts_with("curl/")));
    assert_same(&arrival, &signed(&begin().arg("--json").run().json("signed")), "headers");
}

#[test]
fn curl_in_a_shell_goes_to_a_url_that_a_shell_or_curl_would_change() {
    let endpoint = Endpoint::new();
    let url = endpoint.url("/a[1-3]{b,c}/it's?q=$HOME&list[]=`id`&z=*");
    let begin = || fixed(&url, ["slot.submitted", "-d", "{}", "-q"]);
    in_a_shell(begin().args(["--as", "curl"]).run().exit(0).stdout());
    assert_same(&endpoint.arrival(), &signed(&begin().arg("--json").run().json("signed")), "a URL");
}

#[test]
fn curl_in_a_shell_sends_every_form_of_scheme() {
    for event in
        ["whop/payment.succeeded", "PLAYER_OPTED_IN", "SyncPlayer", "order.completed", "contact.created", "push"]
    {
        let endpoint = Endpoint::new();
        in_a_shell(sign([event, "--as", "curl", "--to", &endpoint.url("/"), "-q"]).run().exit(0).stdout());
        assert!(!endpoint.arrival().body.is_empty(), "{event}");
    }
}

#[test]
fn a_command_for_a_shell_is_safe_to_look_at() {
    for (what, payload) in payloads() {
        let output = sign(["slot.submitted", "--as", "curl", "-q", "-d", "@payload"]).file("payload", &payload).run();
        let text = output.exit(0).stdout_text();
        assert!(!text.chars().any(|found| found.is_control() && found != '\n' && found != '\t'), "{what}");
    }
}

// In the other forms.

#[test]
fn the_raw_request_is_what_was_signed_to_the_byte() {
    for (what, payload) in payloads() {
        let begin =
            || fixed("localhost:3000/hook?x=1", ["slot.submitted", "-d", "@payload", "-q"]).file("payload", &payload);
        let raw = begin().args(["--as", "http"]).run();
        assert_eq!(begin().run().stdout(), raw.stdout(), "{what}: the form that nobody has to ask for");
        let request = Arrival::read(raw.exit(0).stdout()).expect("a request");
        assert_same(&request, &signed(&begin().arg("--json").run().json("signed")), what);
        assert_eq!(request.header("Content-Length"), payload.len().to_string(), "{what}");
        assert_eq!(request.header("Host"), "localhost:3000", "{what}");
    }
}

#[test]
fn the_raw_request_can_be_sent_as_it_is() {
    let endpoint = Endpoint::new();
    let raw = sign(["slot.submitted", "--as", "http", "-q", "--to", &endpoint.url("/hook")]).run();
    let mut stream = TcpStream::connect(endpoint.address()).expect("a connection");
    stream.write_all(raw.exit(0).stdout()).expect("a request");
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    assert_eq!(Some(endpoint.arrival()), Arrival::read(raw.stdout()));
}

#[test]
fn headers_are_printed_one_a_line() {
    let begin = || fixed("3000", ["slot.submitted", "-q", "-d", "{}"]);
    let lines = begin().args(["--as", "headers"]).run();
    let signed = signed(&begin().args(["--as", "json"]).run().json("signed"));
    let expected: Vec<String> = signed.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let expected = expected.concat();
    assert_eq!(lines.exit(0).stdout_text(), expected);
    assert!(expected.contains("X-WPG-Signature: ") && expected.contains("X-WPG-Timestamp: 1763719200\n"), "{expected}");
}

#[test]
fn json_holds_the_body_as_text_or_in_base64_and_either_way_exactly() {
    for (what, payload) in payloads() {
        let signed_as = |form: [&str; 2]| {
            let begin = fixed("3000/hook", ["slot.submitted", "-d", "@payload", "-q"]).file("payload", &payload);
            begin.args(form).run().exit(0).json("signed")
        };
        let value = signed_as(["--as", "json"]);
        assert_eq!(value, signed_as(["--format", "json"]), "{what}");
        assert_eq!(value.get("body").is_some(), str::from_utf8(&payload).is_ok(), "{what}");
        let arrival = signed(&value);
        assert_eq!(arrival.body, payload, "{what}");
        let signature = signature_of_wpg(&arrival, "whsec_wpg_test_secret_for_wh");
        assert_eq!(arrival.header("X-WPG-Signature"), signature, "{what}");
        assert_eq!((&value["scheme"], &value["event"]), (&json!("wpg"), &json!("slot.submitted")));
        assert_eq!(value["url"], json!("http://localhost:3000/hook"));
    }
}

#[test]
fn a_hurl_file_holds_the_request_with_its_body_in_base64() {
    // Hurl has no form for a body in base64 that is empty; a request without one has none.
    for (what, payload) in payloads().into_iter().filter(|(_, payload)| !payload.is_empty()) {
        let begin = || fixed("3000/hook", ["slot.submitted", "-d", "@payload", "-q"]).file("payload", &payload);
        let file = begin().args(["--as", "hurl"]).run();
        let lines: Vec<&str> = file.exit(0).stdout_text().lines().collect();
        let [request, headers @ .., body, any, asserts, from, to] = lines.as_slice() else {
            panic!("{what}: {lines:?}")
        };
        assert_eq!(*request, "POST http://localhost:3000/hook");
        assert_eq!([*any, *asserts, *from, *to], ["HTTP *", "[Asserts]", "status >= 200", "status < 300"], "{what}");
        let base64 = body.strip_prefix("base64,").and_then(|body| body.strip_suffix(';')).expect("a body in base64");
        let signed = signed(&begin().arg("--json").run().json("signed"));
        assert_eq!(STANDARD.decode(base64).ok(), Some(signed.body), "{what}");
        let expected: Vec<String> = signed.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(headers, expected, "{what}");
    }
}

#[test]
fn a_hurl_file_has_no_template_comment_or_escape_of_its_own() {
    let own = ["-H", "X-Own: {{a}} #b \\c\td", "-d", "", "--as", "hurl", "-q"];
    let output = fixed("3000/hook?x={{y}}", ["slot.submitted"]).args(own).run();
    let file = output.exit(0).stdout_text();
    assert!(file.starts_with("POST http://localhost:3000/hook?x=\\u{7b}\\u{7b}y\\u{7d}\\u{7d}\n"), "{file}");
    assert!(file.contains("\nX-Own: \\u{7b}\\u{7b}a\\u{7d}\\u{7d} \\#b \\\\c\\td\n"), "{file}");
    assert!(!file.contains("base64,"), "{file}");
}

// What is signed.

#[test]
fn what_is_signed_takes_the_same_arguments_as_what_is_sent() {
    let output = sign(["slot.submitted", "--json", "-q", "--set", "data.amount=1.10", "--unset", "timestamp"])
        .args(["-H", "X-Mine: 1", "-H", "User-Agent:", "--secret-env", "MINE", "--id", "msg_1"])
        .env("MINE", "whsec_mine")
        .run();
    let value = output.exit(0).json("signed");
    let arrival = signed(&value);
    assert_eq!(value["id"], json!("msg_1"));
    assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(&arrival, "whsec_mine"));
    assert_eq!((arrival.header("X-Mine"), arrival.values("User-Agent").len()), ("1", 0));
    let body = str::from_utf8(&arrival.body).expect("UTF-8");
    assert!(body.contains(r#""amount":1.10"#) && !body.contains("timestamp"), "{body}");
}

#[test]
fn the_form_of_gamepush_is_a_body_that_holds_its_signature() {
    let arrival = signed(&sign(["SyncPlayer", "--json", "-q"]).run().json("signed"));
    let (signature, expected) = signature_of_gamepush(&arrival, "gamepush_test_secret_for_wh");
    assert_eq!(signature, expected);
}

#[test]
fn a_fault_is_signed_too() {
    let arrival = signed(&sign(["slot.submitted", "--json", "-q", "--fault", "altered-body"]).run().json("signed"));
    let genuine = signature_of_wpg(&arrival, "whsec_wpg_test_secret_for_wh");
    assert_ne!(arrival.header("X-WPG-Signature"), genuine);
}

#[test]
fn an_event_of_several_providers_is_ambiguous_and_its_candidates_are_listed() {
    let output = sign(["payment.succeeded"]).run();
    output.exit(2).hint_contains("whop/payment.succeeded").hint_contains("whop-v1/payment.succeeded");
    assert_eq!(sign(["payment.succeeded", "--json"]).run().exit(2).json("error")["code"], json!("ambiguous-event"));
    for chosen in [&["whop/payment.succeeded"][..], &["payment.succeeded", "-s", "whop"]] {
        assert_eq!(sign(["--json"]).args(chosen).run().exit(0).json("signed")["scheme"], json!("whop"));
    }
}

#[test]
fn one_event_is_signed_at_a_time() {
    assert_eq!(sign(["slot.*", "--json"]).run().exit(2).json("error")["code"], json!("usage"));
    assert_eq!(sign(["*.reserved", "--json"]).run().exit(0).json("signed")["event"], json!("slot.reserved"));
}

#[test]
fn the_test_secret_is_worth_a_notice_that_leaves_stdout_alone() {
    let output = sign(["slot.submitted", "--as", "curl"]).run();
    output.exit(0).stderr_contains("WPG_WEBHOOK_SECRET");
    assert!(output.stdout_text().starts_with("curl "), "{}", output.stdout_text());
}
