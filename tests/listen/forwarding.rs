//! Deliveries that go on to an app: what arrives there, what comes back, and what does not go.

use serde_json::json;

use crate::support::{Answer, Endpoint, Listener, Message, Wh};

const BODY: &str = r#"{"event":"slot.submitted"}"#;

#[test]
fn method_path_query_duplicates_and_body_are_kept_and_what_is_about_the_connection_goes() {
    let endpoint = Endpoint::new();
    let listener = Listener::start(&["--scheme", "wpg", "--forward-to", &format!("{}/app?k=1", endpoint.port())]);
    let body = b"\xff\x00\"\r\n".to_vec();
    let message = Message::wpg(body.clone())
        .method("PUT")
        .target("/a%20b/%2F/c?x=1&x=2&y=%zz")
        .header("X-Twice", "1")
        .header("X-Twice", "2")
        .header("X-Bytes", b"caf\xe9".to_vec())
        .header("Connection", "x-hop, keep-alive")
        .header("X-Hop", "1")
        .header("Keep-Alive", "timeout=5")
        .header("TE", "trailers")
        .header("Proxy-Authorization", "Basic eDp5")
        .header("Upgrade", "h2c")
        .header("User-Agent", "Provider/1")
        .header("Accept-Encoding", "gzip");
    assert_eq!(listener.send(&message).status, 200);
    let arrival = endpoint.arrival();
    assert_eq!((arrival.method.as_str(), arrival.target.as_str()), ("PUT", "/app/a%20b/%2F/c?k=1&x=1&x=2&y=%zz"));
    assert_eq!((arrival.values("X-Twice"), &arrival.body), (vec!["1", "2"], &body));
    for (name, value) in
        [("User-Agent", "Provider/1"), ("Accept-Encoding", "gzip"), ("Content-Length", "5"), ("X-Bytes", "caf\u{fffd}")]
    {
        assert_eq!(arrival.header(name), value);
    }
    assert_eq!(arrival.header("Host"), format!("localhost:{}", endpoint.port()));
    for name in ["X-Hop", "Keep-Alive", "TE", "Proxy-Authorization", "Upgrade", "Transfer-Encoding"] {
        assert_eq!(arrival.values(name), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn the_apps_answer_is_the_answer_byte_for_byte_and_no_redirect_is_followed() {
    let elsewhere = Endpoint::new().uncalled();
    let app = Endpoint::new().answering([
        Answer::status(202)
            .header("X-Twice", "1")
            .header("X-Twice", "2")
            .header("Content-Encoding", "gzip")
            .body("\x1f\0\x1b"),
        Answer::status(302).header("Location", elsewhere.url("/")),
    ]);
    let mut listener = Listener::start(&["--scheme", "wpg", "--forward-to", &app.port()]);
    let reply = listener.send(&Message::wpg(BODY));
    assert_eq!((reply.status, reply.body.as_slice()), (202, &b"\x1f\0\x1b"[..]));
    assert_eq!(reply.head.matches("x-twice: ").count(), 2, "{}", reply.head);
    assert_eq!(listener.json("forwarded")["status"], json!(202));
    let reply = listener.send(&Message::wpg(BODY));
    assert_eq!(reply.status, 302);
    assert_eq!(listener.json("forwarded")["status"], json!(302));
    assert_eq!(listener.log()[1]["response"]["status"], json!(302));
}

#[test]
fn an_app_that_is_down_is_502_to_the_sender_one_line_to_a_person_and_a_record_in_the_log() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let target = port.to_string();
    let mut listener = Listener::start(&["--scheme", "wpg", "--forward-to", &target]);
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 502);
    let forwarded = listener.json("forwarded");
    assert_eq!((&forwarded["status"], &forwarded["error"]), (&json!(null), &json!("connection refused")));
    assert_eq!(listener.log()[0]["response"]["status"], json!(502));
    assert_eq!(listener.log()[0]["verification"]["valid"], json!(true));

    let mut listener = Listener::human(&["--scheme", "wpg", "--forward-to", &target]);
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 502);
    let line = listener.line("<--");
    assert!(line.contains(&format!("connection refused POST http://localhost:{port}/")), "{line}");
    let rest = listener.stop().stdout;
    assert_eq!(rest.last().map(String::as_str), Some("1 received, 1 genuine, 1 forwarded, 1 failed"));
}

#[test]
fn a_forward_that_cannot_be_made_is_502_and_told() {
    let app = Endpoint::new().uncalled();
    let mut listener = Listener::start(&["--scheme", "wpg", "--forward-to", &app.port(), "--count", "1"]);
    // As long as a target may be, so that there is no room for the app's host before it.
    let target = format!("/{}", "a".repeat(65_530));
    let reply = listener.send(&Message::wpg(BODY).target(target.as_str()));
    assert_eq!((reply.status, reply.text().as_str()), (502, r#"{"error":"bad-url"}"#));
    let forwarded = listener.json("forwarded");
    assert_eq!(forwarded["url"], json!(format!("http://localhost:{}/", app.port())));
    assert!(forwarded["error"].as_str().is_some_and(|error| error.contains("cannot be made")), "{forwarded}");
    let ended = listener.end();
    assert_eq!((ended.exit, &ended.json("summary")["failed"]), (Some(3), &json!(1)));
}

#[test]
fn an_app_that_refuses_what_is_genuine_is_1_and_told_and_one_that_is_down_is_3() {
    let app = Endpoint::new().answering([Answer::status(401)]);
    let listener = Listener::start(&["--scheme", "wpg", "--forward-to", &app.port(), "--count", "1"]);
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 401);
    let ended = listener.end();
    assert_eq!(ended.exit, Some(1));
    let told = "1 delivery was genuine here and refused by your app";
    assert!(ended.stderr.iter().any(|line| line.contains(told)), "{:?}", ended.stderr);
    // Another answer says nothing of the signature.
    let app = Endpoint::new().answering([Answer::status(500)]);
    let listener = Listener::start(&["--scheme", "wpg", "--forward-to", &app.port(), "--count", "1"]);
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 500);
    let ended = listener.end();
    assert_eq!((ended.exit, ended.stderr.iter().any(|line| line.contains("genuine here"))), (Some(1), false));
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let listener = Listener::start(&["--scheme", "wpg", "-f", &free.port().to_string(), "--count", "1"]);
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 502);
    assert_eq!(listener.end().exit, Some(3));
}

#[test]
fn routes_are_by_glob_repeat_and_the_first_that_matches_answers() {
    let slots = Endpoint::new().answering([Answer::status(201)]);
    let submitted = Endpoint::new().answering([Answer::status(500)]);
    let chat = Endpoint::new().uncalled();
    let route = |glob: &str, endpoint: &Endpoint| format!("{glob}=localhost:{}", endpoint.port());
    let routes = [route("slot.*", &slots), route("wpg/slot.submitted", &submitted), route("chat.*", &chat)];
    let arguments: Vec<&str> = routes.iter().flat_map(|route| ["--forward-to", route]).collect();
    let listener = Listener::start(&[&["--scheme", "wpg"][..], &arguments].concat());
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 201);
    assert_eq!(listener.send(&Message::wpg(r#"{"event":"payout.failed"}"#)).status, 200);
    assert_eq!((slots.arrivals().len(), submitted.arrivals().len()), (1, 1));
    let ended = listener.stop();
    assert_eq!(ended.json_all("forwarded").len(), 2);
    assert_eq!((&ended.json("summary")["forwarded"], &ended.json("summary")["failed"]), (&json!(2), &json!(1)));
}

#[test]
fn events_filters_what_is_shown_and_forwarded_and_counted_but_not_what_is_recorded() {
    let app = Endpoint::new();
    let listener = Listener::start(&["--scheme", "wpg", "-e", "chat.*,payout.*", "-f", &app.port(), "--count", "1"]);
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 200);
    assert_eq!(listener.log().len(), 1);
    assert_eq!(listener.send(&Message::wpg(r#"{"event":"chat.message"}"#)).status, 200);
    let ended = listener.end();
    assert_eq!((ended.exit, app.arrivals().len()), (Some(0), 1));
    assert_eq!(ended.json("received")["event"], json!("chat.message"));
    assert_eq!(ended.json("summary")["received"], json!(2));
}

#[test]
fn what_is_not_genuine_goes_on_with_no_verify_alone() {
    let app = Endpoint::new();
    let listener = Listener::start(&["--scheme", "wpg", "-f", &app.port()]);
    assert_eq!(listener.send(&Message::new(BODY)).status, 401);
    assert_eq!(app.arrivals().len(), 0);
    let mut listener = Listener::start(&["--scheme", "wpg", "--no-verify", "-f", &app.port()]);
    assert_eq!(listener.send(&Message::new(BODY)).status, 200);
    assert_eq!(app.arrivals().len(), 1);
    assert_eq!(listener.json("received")["verification"]["valid"], json!(false));
}

#[test]
fn no_proxy_is_used_for_this_machine() {
    let app = Endpoint::new();
    let proxy = Endpoint::new().uncalled();
    let wh = Wh::new().args(["--json", "--no-log", "--scheme", "wpg", "-f", &app.port()]);
    let wh = ["http_proxy", "HTTP_PROXY", "ALL_PROXY"].iter().fold(wh, |wh, name| wh.env(name, proxy.url("/")));
    assert_eq!(Listener::of(wh).send(&Message::wpg(BODY)).status, 200);
}

#[test]
fn a_target_that_is_the_listener_itself_is_refused_however_it_is_spelled() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let port = free.to_string();
    let cases = [
        ("localhost", format!("{port}/x")),
        ("localhost", format!("127.0.0.1:{port}")),
        ("localhost", format!("app.localhost:{port}")),
        ("localhost", format!("[::ffff:127.0.0.1]:{port}")),
        ("localhost", format!("0.0.0.0:{port}")),
        ("0.0.0.0", format!("localhost:{port}")),
        ("0.0.0.0", format!("127.0.0.2:{port}")),
    ];
    for (host, target) in cases {
        let wh = Wh::new().args(["listen", "--json", "--no-log", "--host", host, "--port", &port, "-f", &target]);
        let output = wh.run();
        output.stderr_text();
        let message = output.exit(2).json("error")["message"].clone();
        assert!(
            message.as_str().is_some_and(|message| message.contains("is this listener itself")),
            "{target}: {message}"
        );
    }
}
