//! The causes as `wh verify` and `wh listen` tell them.

use serde_json::{Value, json};

use crate::support::{Listener, Message, Wh};

const BODY: &str = "{\"event\":\"slot.submitted\",\"data\":{\"slotId\":\"s-1\"}}";

/// HMAC-SHA256 of `1795255200.{BODY}` under `whsec_1`, by Python's `hmac`.
const SIGNATURE: &str = "b0d9b1551fbf35d304e948145cfa5fd01ad73a50b7668c235683b1da98518558";

/// A captured request of wpg whose body got a line break at its end on the way.
fn captured(body: &str) -> String {
    format!(
        "POST /webhooks HTTP/1.1\r\nHost: localhost\r\nX-WPG-Timestamp: 1795255200\r\nX-WPG-Signature: {SIGNATURE}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn verify(body: &str, arguments: &[&str]) -> crate::support::Output {
    Wh::new()
        .file("captured.http", captured(body))
        .args(["verify", "captured.http", "--scheme", "wpg", "--at", "1795255201"])
        .args(arguments)
        .env("WPG_WEBHOOK_SECRET", "whsec_1")
        .run()
}

#[test]
fn verify_tells_cause_and_remedy_to_people_and_to_scripts() {
    assert_eq!(verify(BODY, &["--json"]).exit(0).json("verification")["diagnosis"], json!([]));
    let changed = format!("{BODY}\n");
    let output = verify(&changed, &["--json"]);
    let verdict = output.exit(1).json("verification");
    let finding = &verdict["diagnosis"][0];
    assert_eq!(finding["code"], json!("body-trailing-newline"), "{verdict}");
    assert_eq!(finding["cause"], json!("the signature is that of the body with its final line break removed"));
    assert!(finding["remedy"].as_str().is_some_and(|remedy| remedy.contains("--data-binary")), "{verdict}");
    assert_eq!(verdict["diagnosis"].as_array().map(Vec::len), Some(1));

    let output = verify(&changed, &[]);
    output.exit(1).stdout_contains("cause  the signature is that of the body with its final line break removed");
    output.stdout_contains("remedy  sign and send the same bytes");
}

#[test]
fn verify_says_what_was_tried_when_nothing_explains_it() {
    let changed = BODY.replace("s-1", "s-2");
    let verdict = verify(&changed, &["--json"]).exit(1).json("verification");
    assert_eq!(verdict["diagnosis"], json!([]));
    assert_eq!(verdict["searched"]["complete"], json!(true), "{verdict}");
    assert!(verdict["searched"]["combinations"].as_u64().is_some_and(|count| count > 1000), "{verdict}");
    verify(&changed, &[]).exit(1).stdout_contains("no common mistake explains it");
}

#[test]
fn where_nothing_explains_it_the_secret_is_named_and_never_shown_and_it_is_said_what_to_do() {
    let changed = BODY.replace("s-1", "s-2");
    let output = verify(&changed, &[]);
    output.exit(1).stdout_contains("verified with  WPG_WEBHOOK_SECRET").stdout_contains("compare it with");
    assert!(!output.stdout_text().contains("whsec_1"), "{}", output.stdout_text());
    let output = verify(&changed, &["--secret", "another-one", "--json"]);
    let searched = output.exit(1).stderr_any().json("verification")["searched"].clone();
    assert_eq!(searched["secrets"], json!(["--secret"]), "{searched}");
    assert!(searched["remedy"].as_str().is_some_and(|remedy| remedy.contains("each endpoint")), "{searched}");

    let signed = Wh::new().args(["sign", "wpg/slot.submitted", "--as", "http", "--secret", "not the test one"]);
    let output = Wh::new().file("a.http", signed.run().exit(0).stderr_any().stdout()).args(["verify", "a.http"]).run();
    output.exit(1).stdout_contains("verified with  the public test secret of wpg");
    output.stdout_contains("give it in WPG_WEBHOOK_SECRET").stderr_any();
}

#[test]
fn a_delivery_without_a_signature_is_told_so_once_and_where_it_should_stand() {
    let unsigned = captured(BODY).replace(&format!("X-WPG-Signature: {SIGNATURE}\r\n"), "");
    let verify = Wh::new().file("captured.http", unsigned).args(["verify", "captured.http", "--scheme", "wpg"]);
    let output = verify.env("WPG_WEBHOOK_SECRET", "whsec_1").run();
    output.exit(1).stdout_contains("missing-header").stdout_contains("has its signature in `X-WPG-Signature`");
    assert!(!output.stdout_text().contains("cause"), "{}", output.stdout_text());
}

#[test]
fn no_finding_holds_a_secret_or_a_signature() {
    for body in [format!("{BODY}\n"), BODY.replace(':', ": ")] {
        let verdict = verify(&body, &["--json"]).exit(1).json("verification");
        let text = verdict["diagnosis"].to_string();
        assert!(!text.contains("whsec_1") && !text.contains(SIGNATURE), "{text}");
    }
}

#[test]
fn listen_tells_the_cause_of_a_refusal_and_the_sender_nothing_of_it() {
    let mut listener = Listener::start(&["--scheme", "wpg", "--secret", "whsec_1"]);
    let message = Message::wpg_with(BODY, crate::support::now(), "whsec_1").body(format!("{BODY}\n"));
    let answer = listener.send(&message);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.text(), "{\"error\":\"mismatch\"}");
    let verification: Value = listener.json("received")["verification"].clone();
    assert_eq!(verification["diagnosis"][0]["code"], json!("body-trailing-newline"), "{verification}");
}
