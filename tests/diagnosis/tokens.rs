//! Tokens, which are compared and not computed: mistakes with the header and with the secret.

use wh::webhook::secret::Secret;

use super::sender::{base64, codes, delivery, diagnosis, hmac_sha256, sha256};

const TOKEN: &str = "ub_live_7f3a9c0e5d";
const BODY: &[u8] = br#"{"event_type":"PRIZE_PAYOUT_CREATED","request_id":"r-1"}"#;

#[track_caller]
fn found(headers: &[(&str, &str)], secret: &str) -> Vec<&'static str> {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let delivery = delivery("unibo", "/webhooks", &headers, BODY.to_vec());
    let diagnosis = diagnosis("unibo", &delivery, &[Secret::new("WH_SECRET", secret)]);
    for finding in &diagnosis.findings {
        assert!(!finding.cause.contains(TOKEN) && !finding.remedy.contains(TOKEN), "{finding:?}");
    }
    codes(&diagnosis)
}

#[test]
fn a_token_in_another_form_or_place_is_told_by_how_it_differs() {
    let base64_token = base64(TOKEN.as_bytes());
    let basic = base64(format!("unibo:{TOKEN}").as_bytes());
    let hex = hex::encode(TOKEN);
    let rows: [(&str, String, &[&str]); 16] = [
        ("Authorization", TOKEN.to_owned(), &["header-format"]),
        ("Authorization", format!("Token {TOKEN}"), &["header-format"]),
        ("Authorization", format!("bearer {TOKEN}"), &["header-format"]),
        ("Authorization", format!("Bearer: {TOKEN}"), &["header-format"]),
        ("Authorization", format!("Bearer{TOKEN}"), &[]),
        ("Authorization", format!("Bearer  {TOKEN}"), &["header-format"]),
        ("Authorization", format!("Bearer Bearer {TOKEN}"), &["header-format"]),
        ("Authorization", format!("Bearer \"{TOKEN}\""), &["header-format"]),
        ("Authorization", format!("Bearer <{TOKEN}>"), &["header-format"]),
        ("Authorization", format!("Bearer token={TOKEN}"), &["header-format"]),
        ("Authorization", format!("Bearer {base64_token}"), &["encoding"]),
        ("Authorization", format!("Bearer {hex}"), &["encoding"]),
        ("Authorization", format!("Basic {basic}"), &["header-format", "encoding"]),
        ("X-API-Key", TOKEN.to_owned(), &["header-name"]),
        ("X-Unibo-Token", format!("Bearer {TOKEN}"), &["header-name"]),
        ("Proxy-Authorization", format!("Bearer {TOKEN}"), &["header-name"]),
    ];
    for (name, value, expected) in rows {
        assert_eq!(found(&[(name, &value)], TOKEN), expected, "{name}: {value}");
    }
    let twice = [("Authorization", "Bearer an-older-one"), ("Authorization", "Bearer ub_live_7f3a9c0e5d")];
    assert_eq!(found(&twice, TOKEN), ["header-duplicate"]);
}

#[test]
fn a_token_that_is_the_secret_in_another_form_is_told_by_how_it_differs() {
    let sent = format!("Bearer {TOKEN}");
    let rows: [(String, &[&str]); 8] = [
        (format!("{TOKEN}\n"), &["secret-whitespace"]),
        (format!(" {TOKEN}"), &["secret-whitespace"]),
        (format!("\"{TOKEN}\""), &["secret-quotes"]),
        (format!("Bearer {TOKEN}"), &["secret-prefix"]),
        (format!("UNIBO_WEBHOOK_SECRET={TOKEN}"), &["secret-prefix"]),
        (base64(TOKEN.as_bytes()), &["secret-encoding"]),
        (hex::encode(TOKEN), &["secret-encoding"]),
        ("something else".to_owned(), &[]),
    ];
    for (secret, expected) in rows {
        assert_eq!(found(&[("Authorization", &sent)], &secret), expected, "{secret}");
    }
    let others = [
        "Bearer unibo_test_api_key_for_wh",
        "Bearer whsec_stripe_test_secret_for_wh",
        "Bearer shopify_test_secret_for_wh",
    ];
    for other in others {
        assert_eq!(found(&[("Authorization", other)], TOKEN), ["secret-other"], "{other}");
    }
}

#[test]
fn a_signature_where_the_token_should_be_is_told_as_an_algorithm() {
    let signatures = [
        hex::encode(hmac_sha256(TOKEN.as_bytes(), BODY)),
        hex::encode(sha256(&[TOKEN.as_bytes(), BODY].concat())),
        hex::encode(sha256(TOKEN.as_bytes())),
    ];
    for signature in signatures {
        assert_eq!(found(&[("Authorization", &format!("Bearer {signature}"))], TOKEN), ["algorithm"], "{signature}");
    }
}

#[test]
fn a_token_that_nobody_knows_gets_no_finding() {
    for value in ["Bearer x", "Bearer ub_live_7f3a9c0e5e", "Bearer UB_LIVE_7F3A9C0E5D", "Bearer ", "Basic eDp5", ""] {
        assert_eq!(found(&[("Authorization", value)], TOKEN), Vec::<&str>::new(), "{value}");
    }
    assert_eq!(found(&[("X-Request-Id", "42"), ("Cookie", "session=abc")], TOKEN), Vec::<&str>::new());
    assert_eq!(found(&[], TOKEN), Vec::<&str>::new());
}
