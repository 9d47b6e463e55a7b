//! What a listener is told on its command line: where it listens, what it answers, and what it prints.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Listener, Message, Wh};

const BODY: &str = r#"{"event":"slot.submitted"}"#;

#[test]
fn every_address_is_warned_of_and_the_url_is_one_that_works() {
    let listener = Listener::of(Wh::new().args(["--no-log", "--scheme", "wpg", "--host", "0.0.0.0"]));
    let warning = listener.complaint("other machines on the network can reach 0.0.0.0:");
    assert!(warning.ends_with("test secrets are public: anybody can sign with them"), "{warning}");
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 200);
    let listener =
        Listener::of(Wh::new().args(["--no-log", "--scheme", "wpg", "--host", "0.0.0.0", "--secret", "whsec_s"]));
    assert!(!listener.complaint("can reach").contains("test secret"));
    assert_eq!(Listener::human(&["--scheme", "wpg", "--secret", "whsec_s"]).stop().stderr, Vec::<String>::new());
}

#[test]
fn localhost_is_both_families_on_one_port() {
    let listener = Listener::start(&["--scheme", "wpg"]);
    let port = listener.address().port();
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 200);
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let reply = crate::support::exchange((std::net::Ipv6Addr::LOCALHOST, port).into(), &Message::wpg(BODY).bytes());
        assert_eq!(reply.status, 200);
    }
}

#[test]
fn the_secret_is_printed_for_who_asks_and_nothing_else_is() {
    let print = |arguments: &[&str]| Wh::new().args(["listen", "--print-secret"]).args(arguments).run();
    assert_eq!(print(&["--scheme", "wpg"]).stdout_text(), "whsec_wpg_test_secret_for_wh\n");
    assert_eq!(print(&["--scheme", "wpg", "--json"]).json("secret")["secret"], json!("whsec_wpg_test_secret_for_wh"));
    let given = Wh::new().args(["listen", "--print-secret", "-s", "wpg"]).env("WPG_WEBHOOK_SECRET", "whsec_mine").run();
    assert_eq!(given.stdout_text(), "whsec_mine\n");
    // Nobody said whose: each provider's, unless one secret is everybody's.
    let all = print(&[]);
    let lines: Vec<&str> = all.stdout_text().lines().collect();
    assert_eq!(lines.len(), 11, "{lines:?}");
    assert!(lines.contains(&"wpg       whsec_wpg_test_secret_for_wh"), "{lines:?}");
    let secrets = print(&["--json"]).json_all("secret");
    let whop = secrets.iter().find(|line| line["scheme"] == "whop").map(|line| line["secret"].clone());
    assert_eq!((secrets.len(), whop), (11, Some(json!("ws_whop_test_secret_for_wh"))));
    let shared = || Wh::new().args(["listen", "--print-secret"]).env("WH_SECRET", "ours");
    assert_eq!(shared().run().stdout_text(), "ours\n");
    assert_eq!(shared().arg("--json").run().json("secret")["scheme"], json!(null));
    assert_eq!(shared().args(["--secret", "mine"]).run().stdout_text(), "mine\n");
    let other = shared().env("WPG_WEBHOOK_SECRET", "whsec_mine").run();
    other.stdout_contains("wpg       whsec_mine\n").stdout_contains("whop      ours\n");
}

#[test]
fn respond_is_given_in_its_order_to_what_is_genuine_and_the_last_one_stays() {
    let listener = Listener::start(&["--scheme", "wpg", "--respond", "503,429,204"]);
    assert_eq!(listener.send(&Message::new(BODY)).status, 401);
    let statuses: Vec<u16> = (0..4).map(|_| listener.send(&Message::wpg(BODY)).status).collect();
    assert_eq!(statuses, [503, 429, 204, 204]);
    let recorded: Vec<_> = listener.log().iter().map(|record| record["response"]["status"].clone()).collect();
    assert_eq!(recorded, [401, 503, 429, 204, 204]);
    let output = Wh::new().args(["listen", "--respond", "200,99"]).run();
    output.exit(2).stderr_contains("`99` is no status to answer with");
}

#[test]
fn delay_is_waited_for_before_each_answer_and_recorded() {
    let mut listener = Listener::start(&["--scheme", "wpg", "--delay", "300ms"]);
    let begun = Instant::now();
    assert_eq!(listener.send(&Message::wpg(BODY)).status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let received = listener.json("received");
    assert!(received["response"]["duration_ms"].as_f64().is_some_and(|took| took >= 300.0), "{received}");
    assert_eq!(received["response"], listener.log()[0]["response"]);
}

#[test]
fn no_verify_accepts_what_is_not_genuine_and_says_what_it_is() {
    let mut listener = Listener::start(&["--no-verify"]);
    for (message, valid) in [(Message::wpg(BODY).body("{}"), json!(false)), (Message::new("{}"), json!(null))] {
        assert_eq!(listener.send(&message).status, 200);
        assert_eq!(listener.json("received")["verification"]["valid"], valid);
    }
    assert_eq!(listener.stop().json("summary")["accepted"], json!(2));
}

#[test]
fn three_that_are_expected_and_come_are_0_and_two_are_1() {
    let step = |count: usize| {
        let script =
            "#!/bin/sh\nfor id in $IDS; do \"$WH\" send order.completed --id $id --to \"$WH_URL\" -q --no-log; done\n";
        let run = Wh::new()
            .file("send-three.sh", script)
            .args([
                "listen",
                "--port",
                "0",
                "--no-log",
                "--count",
                "3",
                "--timeout",
                if count == 3 { "15" } else { "1" },
            ])
            .args(["--json", "--", "/bin/sh", "./send-three.sh"]);
        run.env("WH", env!("CARGO_BIN_EXE_wh")).env("IDS", "abc"[..count].split("").collect::<Vec<_>>().join(" ")).run()
    };
    let output = step(3);
    assert_eq!(output.exit(0).json_all("received").len(), 3);
    let output = step(2);
    assert_eq!(output.exit(1).json("error")["message"], json!("2 of 3 deliveries arrived"));
}
