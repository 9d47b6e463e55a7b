//! When there is no answer, and what may stand between: names, proxies, TLS.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::send;
use crate::support::{Answer, Arrival, Endpoint, Listener, Message, Wh, repository};

/// A server that answers one request with these bytes, whatever they are, and closes the connection or keeps it.
fn answering_raw(bytes: &'static [u8], closes: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = [0; 4096];
        let mut read = 0;
        while !ends_request(&request[..read]) {
            read += stream.read(&mut request[read..]).expect("a request");
        }
        stream.write_all(bytes).expect("an answer");
        if closes {
            drop(stream.shutdown(Shutdown::Write));
        }
        // To the end of the other side, so that it is not told that its bytes were lost.
        drop(stream.read(&mut request));
    });
    port.to_string()
}

/// Whether a request is whole: these tests send `{}`.
fn ends_request(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\r\n\r\n{}")
}

#[test]
fn a_receiver_that_never_answers_is_a_timeout() {
    let endpoint = Endpoint::new().answering([Answer::never()]);
    let begin = ["slot.submitted", "--timeout", "200ms", "--to", &endpoint.port()];
    let output = send(begin).arg("--json").run();
    output.exit(3).within(Duration::from_secs(3));
    let (attempt, error) = (output.json("attempt"), output.json("error"));
    assert_eq!((&error["code"], &attempt["code"]), (&json!("timeout"), &json!("timeout")));
    assert_eq!((&attempt["status"], &attempt["ok"]), (&Value::Null, &json!(false)));
    assert!(attempt["duration_ms"].as_f64().is_some_and(|duration| duration >= 200.0), "{attempt}");
    send(begin).run().exit(3).stdout_contains("-->").hint_contains("--timeout");
}

#[test]
fn a_receiver_that_answers_slowly_is_waited_for() {
    let endpoint = Endpoint::new().answering([Answer::status(200).after(Duration::from_millis(150))]);
    let output = send(["slot.submitted", "--timeout", "10s", "--json", "--to", &endpoint.port()]).run();
    assert!(output.exit(0).json("attempt")["duration_ms"].as_f64().is_some_and(|duration| duration >= 150.0));
}

#[test]
fn a_receiver_that_says_it_will_answer_again_and_again_has_no_more_than_its_time() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    let receiver = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.read_exact(&mut [0; 64]).expect("the beginning of a request");
        let interim = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(1000);
        let mut times = 0;
        while stream.write_all(&interim).is_ok() {
            times += 1;
        }
        times
    });
    let output = send(["slot.submitted", "--timeout", "300ms", "--json", "--to", &port]).run();
    let attempt = output.exit(3).within(Duration::from_secs(5)).json("attempt");
    assert_eq!(attempt["code"], json!("timeout"), "{attempt}");
    assert!(receiver.join().expect("a receiver") > 1, "more than is read at a time");
}

#[test]
fn the_status_of_an_answer_whose_body_never_ends_is_kept() {
    let begin = |status| {
        let port = answering_raw(status, false);
        send(["slot.submitted", "-d", "{}", "--timeout", "300ms", "--to", &port])
    };
    let good: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc";
    let output = begin(good).arg("--json").run();
    let attempt = output.exit(0).within(Duration::from_secs(3)).json("attempt");
    assert_eq!((&attempt["status"], &attempt["response"]["body"]), (&json!(200), &json!("abc")));
    assert_eq!(attempt["response"]["incomplete"], json!("timeout"));
    begin(good).run().exit(0).stdout_contains("<-- 200 ").stdout_contains("the rest did not come within 0.3 s");
    let output = begin(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").run();
    output.exit(1).stdout_contains("    abc\n    … the rest did not come within 0.3 s");
}

#[test]
fn an_answer_that_breaks_off_is_told_from_a_whole_one() {
    for answer in [
        &b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nabc"[..],
        b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzzz",
    ] {
        let output = send(["slot.submitted", "-d", "{}", "--to", &answering_raw(answer, true)]).run();
        output.exit(1).stdout_contains("500").stdout_contains("    abc\n    … the answer breaks off here");
        let output = send(["slot.submitted", "-d", "{}", "--json", "--to", &answering_raw(answer, true)]).run();
        let attempt = output.exit(1).json("attempt");
        assert_eq!(attempt["response"]["incomplete"], json!("broken-off"), "{attempt}");
    }
    let whole: &[u8] = b"HTTP/1.1 500 No\r\n\r\nabc";
    let output = send(["slot.submitted", "-d", "{}", "--json", "--to", &answering_raw(whole, true)]).run();
    assert_eq!(output.exit(1).json("attempt")["response"]["incomplete"], Value::Null);
}

#[test]
fn a_refusal_is_heard_before_all_of_the_delivery_has_gone_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port().to_string();
    let receiver = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.read_exact(&mut [0; 64]).expect("the beginning of a request");
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno\n").expect("an answer");
        stream
    });
    let long = "x".repeat(32 * 1024 * 1024);
    let output = send(["slot.submitted", "-d", "@long", "--json", "--to", &port]).file("long", &long).run();
    let attempt = output.exit(1).within(Duration::from_secs(10)).json("attempt");
    assert_eq!((&attempt["status"], &attempt["response"]["body"]), (&json!(413), &json!("no\n")));
    drop(receiver.join());
}

#[test]
fn a_connection_that_breaks_off_and_what_is_no_http_are_failures() {
    const NO_HTTP: [&[u8]; 3] =
        [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 2000 Good\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46"];
    let failure = |answer: &'static [u8]| {
        let port = answering_raw(answer, true);
        let error = send(["slot.submitted", "-d", "{}", "--json", "--to", &port]).run().exit(3).json("error");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(&port)), "{error}");
        error
    };
    for answer in NO_HTTP {
        let error = failure(answer);
        assert_eq!(error["code"], json!("not-http"), "{}", String::from_utf8_lossy(answer));
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("https://")), "{error}");
    }
    let error = failure(b"");
    assert_eq!((&error["code"], &error["hint"]), (&json!("connection-failed"), &Value::Null));
}

#[test]
fn a_refused_connection_names_every_address_and_a_way_out() {
    let refused = send(["slot.submitted", "--to", "localhost:1"]).run();
    refused.exit(3).stdout_contains("-->").stderr_contains("127.0.0.1:1").stderr_contains("[::1]:1");
    refused.hint_contains("port 1").hint_contains("wh listen --port 1");
    let error = send(["slot.submitted", "--json", "--to", "127.0.0.1:1"]).run().exit(3).json("error");
    assert_eq!(error["code"], json!("connection-refused"));
    assert!(error["message"].as_str().is_some_and(|message| !message.contains("::1")), "{error}");
}

#[test]
fn nobody_listening_ends_a_run_of_many_at_the_first() {
    let output = send(["slot.*", "--to", "1", "--json"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("connection-refused"));
    let summary = output.json("summary");
    assert_eq!((&summary["sent"], &summary["failed"], &summary["unsent"]), (&json!(1), &json!(1), &json!(4)));
}

#[test]
fn localhost_is_reached_on_either_family() {
    let endpoints = [Some(Endpoint::new()), Endpoint::new_v6()];
    for endpoint in endpoints.into_iter().flatten() {
        let to = format!("localhost:{}", endpoint.port());
        send(["slot.submitted", "-q", "--to", &to]).run().exit(0).silent();
        let arrival = endpoint.arrival();
        assert_eq!(arrival.header("Host"), to);
    }
}

#[test]
fn an_address_of_ipv6_is_reached() {
    let Some(endpoint) = Endpoint::new_v6() else { return };
    send(["slot.submitted", "-q", "--to", &endpoint.url("/hook")]).run().exit(0).silent();
    assert_eq!(endpoint.arrival().target, "/hook");
}

#[test]
fn proxies_are_never_used_for_this_machine() {
    const DEAD: &str = "http://127.0.0.1:1";
    let behind_proxies = |to: &str| {
        let variables = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let command = send(["slot.submitted", "-d", "{}", "--insecure", "--json", "--to", to]);
        variables.iter().fold(command, |command, name| command.env(name, DEAD)).run()
    };
    let endpoint = Endpoint::new();
    for to in [endpoint.url("/"), format!("http://localhost:{}/", endpoint.port()), answering_tls()] {
        behind_proxies(&to).exit(0).stderr_any();
    }
    assert_eq!(endpoint.arrivals().len(), 2);
    for to in ["http://localhost:2", "https://localhost:2"] {
        let error = behind_proxies(to).exit(3).stderr_any().json("error");
        assert_eq!(error["code"], json!("connection-refused"), "{error}");
    }
}

#[test]
fn a_proxy_looks_names_up_itself() {
    let proxy = Endpoint::new();
    let to = ["--to", "http://hooks.example.invalid/a", "--allow-remote", "--secret", "x", "-q"];
    send(["slot.submitted"]).args(to).env("HTTP_PROXY", proxy.url("")).run().exit(0).silent();
    assert_eq!(proxy.arrival().target, "http://hooks.example.invalid/a");
    let past = send(["slot.submitted", "--json"]).args(to).env("HTTP_PROXY", proxy.url("")).env("NO_PROXY", "invalid");
    assert_eq!(past.run().exit(3).json("error")["code"], json!("unknown-host"));
}

#[test]
fn a_proxy_that_is_not_there_is_told_from_a_receiver_that_is_not() {
    for to in ["http://hooks.example.invalid/", "https://hooks.example.invalid/"] {
        let command = || {
            let command = send(["slot.submitted", "--to", to, "--allow-remote", "--secret", "whsec_x"]);
            command.env("ALL_PROXY", "http://127.0.0.1:1")
        };
        let error = command().arg("--json").run().exit(3).json("error");
        assert_eq!(error["code"], json!("proxy"), "{error}");
        let output = command().run();
        output.exit(3).stdout_contains("-->").stderr_contains("127.0.0.1:1").hint_contains("NO_PROXY");
    }
}

#[test]
fn names_of_headers_are_spelled_as_the_provider_spells_them() {
    let endpoint = Endpoint::new();
    send(["push", "slot.submitted", "-H", "x-own: 1", "--to", &endpoint.port()]).run().exit(0);
    let [push, slot] = endpoint.arrivals().try_into().expect("two requests");
    let names = |arrival: &Arrival| arrival.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    for name in ["X-GitHub-Event", "X-Hub-Signature-256", "Content-Type", "X-Own", "Host"] {
        assert!(names(&push).iter().any(|sent| sent == name), "{name}: {:?}", names(&push));
    }
    assert!(names(&slot).iter().any(|sent| sent == "X-WPG-Signature"), "{:?}", names(&slot));
}

/// A server that speaks TLS with a certificate of its own and answers 200 to each connection's request of `{}`.
fn answering_tls() -> String {
    answering_tls_as("localhost", "Connection: close\r\n").0
}

/// The same with the certificate of that name and that header in its answers, behind which it reads on; counts its
/// connections.
fn answering_tls_as(name: &str, header: &'static str) -> (String, Arc<AtomicUsize>) {
    let file = |extension: &str| repository(&format!("tests/support/{name}.{extension}"));
    let certificate = CertificateDer::from_pem_file(file("pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("key")).expect("its key");
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("the key is the certificate's");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a configuration that serves");
            let mut stream = rustls::StreamOwned::new(connection, stream.expect("a connection"));
            thread::spawn(move || {
                let (mut request, mut piece) = (Vec::new(), [0; 4096]);
                // A client that does not trust the certificate leaves.
                while let Ok(count @ 1..) = stream.read(&mut piece) {
                    request.extend_from_slice(&piece[..count]);
                    if ends_request(&request) {
                        request.clear();
                        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n{header}\r\nsafe");
                        if stream.write_all(answer.as_bytes()).is_err() || !header.is_empty() {
                            break;
                        }
                    }
                }
            });
        }
    });
    (format!("https://localhost:{port}"), connections)
}

#[test]
fn connections_over_tls_are_kept_from_one_delivery_to_the_next() {
    let (to, connections) = answering_tls_as("localhost", "");
    let many = ["slot.submitted", "-d", "{}", "-k", "-n", "60", "-c", "4", "--to", &to, "--json"];
    assert_eq!(send(many).run().exit(0).json("summary")["accepted"], json!(60));
    // As many as are on their way at a time, and some that were begun before another became free.
    assert!((1..=12).contains(&connections.load(Ordering::SeqCst)), "{connections:?}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_with_a_way_out() {
    let to = answering_tls();
    let output = send(["slot.submitted", "-d", "{}", "--to", &to, "--json"]).run();
    assert_eq!(output.exit(3).json("error")["code"], json!("tls"));
    let output = send(["slot.submitted", "-d", "{}", "--to", &to]).run();
    output.exit(3).stdout_contains("-->").hint_contains("--cacert").hint_contains("--insecure");
}

#[test]
fn a_certificate_is_trusted_with_cacert_or_not_asked_for_with_insecure() {
    let to = answering_tls();
    let authority = repository("tests/support/localhost.pem");
    let trusting = ["--cacert".as_ref(), authority.as_os_str()];
    for flags in [&trusting[..], &["--insecure".as_ref()], &["-k".as_ref()]] {
        let output = send(["slot.submitted", "-d", "{}", "--to", &to, "--json"]).args(flags).run();
        assert_eq!(output.exit(0).json("attempt")["response"]["body"], json!("safe"), "{flags:?}");
    }
}

#[test]
fn a_listener_trusts_an_app_with_cacert_or_any_with_insecure() {
    let to = answering_tls();
    let authority = repository("tests/support/localhost.pem").display().to_string();
    for (flags, status) in [(&[][..], 502), (&["--cacert", &authority], 200), (&["-k"], 200)] {
        let listener = Listener::start(&[&["--scheme", "wpg", "--forward-to", &to], flags].concat());
        assert_eq!(listener.send(&Message::wpg("{}")).status, status, "{flags:?}");
    }
    for flags in [&["--cacert", "missing.pem"][..], &["--insecure"]] {
        let listener = Listener::start(&[&["--scheme", "wpg", "--forward-to", "localhost:9"], flags].concat());
        listener.complaint(&format!("note: {} is about TLS, and http://localhost:9/ speaks none", flags[0]));
    }
    let output =
        Wh::new().args(["listen", "-p", "0", "--no-log", "-f", &to, "--cacert", "missing.pem", "--json"]).run();
    assert_eq!(output.exit(2).json("error")["code"], json!("unreadable-file"));
}

#[test]
fn tls_with_a_receiver_that_speaks_none_fails_as_tls() {
    let endpoint = Endpoint::new().uncalled();
    let to = format!("https://localhost:{}/", endpoint.port());
    let error = send(["slot.submitted", "--json", "--to", &to]).run().exit(3).json("error");
    assert!(["tls", "connection-failed"].contains(&error["code"].as_str().unwrap_or_default()), "{error}");
    send(["slot.submitted", "--to", &to]).run().exit(3).stdout_contains("-->").hint_contains("http://");
}

#[test]
fn a_certificate_of_an_authority_is_told_for_what_it_is() {
    let to = answering_tls_as("authority", "Connection: close\r\n").0;
    let authority = repository("tests/support/authority.pem");
    let begin = || send(["slot.submitted", "-d", "{}", "--to", &to, "--cacert"]).arg(&authority);
    let output = begin().run();
    output.exit(3).stdout_contains("-->").stderr_contains("CA:TRUE").hint_contains("CA:FALSE");
    assert_eq!(begin().arg("--json").run().exit(3).json("error")["code"], json!("tls"));
    begin().args(["--insecure", "-q"]).run().exit(0).silent();
}

#[test]
fn a_file_of_certificates_that_holds_none_is_a_mistake() {
    let certificates = ["slot.submitted", "--to", "https://localhost:1", "--cacert"];
    let output = send(certificates).arg("none.pem").file("none.pem", "no certificate\n").run();
    output.exit(2).stderr_contains("none.pem").hint_contains("BEGIN CERTIFICATE");
    let error = send(certificates).args(["missing.pem", "--json"]).run().exit(2).json("error");
    assert_eq!(error["code"], json!("unreadable-file"));
    let error = send(certificates).args(["/dev/zero", "--json"]).run().exit(2).json("error");
    assert!(error["message"].as_str().is_some_and(|message| message.contains("16 MiB")), "{error}");
}

#[test]
fn flags_about_tls_are_not_ignored_in_silence() {
    let endpoint = Endpoint::new();
    for flags in [&["--cacert", "missing.pem"][..], &["--insecure"]] {
        let output = send(["slot.submitted", "--to", &endpoint.port()]).args(flags).run();
        output.exit(0).stderr_contains(&format!("note: {} is about TLS", flags[0]));
    }
}

#[test]
fn certificates_of_the_system_that_are_none_are_told_as_such() {
    let command = send(["slot.submitted", "--to", "https://localhost:1"]).env("SSL_CERT_FILE", "none.pem");
    let output = command.file("none.pem", "no certificate\n").run();
    let told = output.exit(3).stderr_text();
    assert!(!told.contains("builder error"), "{told}");
}
