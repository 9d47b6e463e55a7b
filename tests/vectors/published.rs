//! What the embedded providers publish, and what another implementation of Standard Webhooks makes of it.

use jiff::Timestamp;
use wh::webhook::encoding::Encoding;

use super::Example;
use crate::catalogue::{NOW, embedded};

// What embedded providers publish.

/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>, "Testing the webhook payload
/// validation" (stored copy: github/docs, `content/webhooks/using-webhooks/validating-webhook-deliveries.md`).
#[test]
fn github_is_signed_as_its_page_shows() {
    Example::new(embedded("github"), "Hello, World!")
        .secret("It's a Secret to Everybody")
        .signs(&[("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]);
}

/// <https://docs.slack.dev/authentication/verifying-requests-from-slack/> (stored copy: slackapi/python-slack-sdk,
/// `tests/slack_sdk/signature/test_signature_verifier.py`, which quotes that page).
#[test]
fn slack_is_signed_as_its_page_shows() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
                &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
                &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554\
                %2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    Example::new(embedded("slack"), body).secret(secret).at_second(1_531_420_618).signs(&[
        ("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
        ("X-Slack-Request-Timestamp", "1531420618"),
    ]);
}

/// <https://github.com/standard-webhooks/standard-webhooks/blob/10d3e46d72/libraries/javascript/src/webhook.test.ts>,
/// "sign function works", and `test_sign` of
/// <https://github.com/standard-webhooks/standard-webhooks/blob/1e88c9ce08/libraries/rust/src/lib.rs> (stored copies).
#[test]
fn standard_webhooks_are_signed_as_its_libraries_sign() {
    let example = Example::new(embedded("standard"), r#"{"test": 2432232314}"#);
    example
        .secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        .id("msg_p5jXN8AQM9LWM0D4loKWxJek")
        .at_second(1_614_265_330)
        .signs(&[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ]);
    let example = Example::new(embedded("standard"), r#"{"email":"test@example.com","username":"test_user"}"#);
    example
        .secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
        .id("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk")
        .at_second(1_649_367_553)
        .signs(&[("webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")]);
}

/// Payload and secret of stripe-node's tests, which make their header afresh in each run
/// (<https://github.com/stripe/stripe-node/blob/0584b27f51/test/Webhook.spec.ts>, stored copy).
/// `H(b'whsec_test_secret', T + b'.' + P).hexdigest()`
#[test]
fn stripe_is_signed_with_the_literal_secret() {
    let payload = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
    Example::new(embedded("stripe"), payload).secret("whsec_test_secret").signs(&[(
        "Stripe-Signature",
        "t=1763719200,v1=ed25293470558dc3721acecdceb6861b3d1a3ce6e5f27523982baca92d6e9ef3",
    )]);
}

/// See <https://shopify.dev/docs/apps/build/webhooks/verify-deliveries> (stored copy), which has no values.
/// `base64.b64encode(H(b'hush', P).digest())`
#[test]
fn shopify_is_signed_in_base64() {
    let payload = r#"{"id":820982911946154508,"email":"jon@example.com"}"#;
    Example::new(embedded("shopify"), payload).secret("hush").event("orders/create").signs(&[
        ("X-Shopify-Hmac-Sha256", "D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8="),
        ("X-Shopify-Topic", "orders/create"),
    ]);
}

// The five providers of the seeds publish code and no values.

/// `H(b'whsec_wpg_test_secret_for_wh', T + b'.' + P).hexdigest()`
#[test]
fn wpg_is_signed_with_the_literal_secret() {
    let payload = r#"{"event":"slot.submitted","timestamp":"2025-11-21T10:00:00.000Z","data":{"slotId":"slot_8Kd2"}}"#;
    Example::new(embedded("wpg"), payload).secret("whsec_wpg_test_secret_for_wh").signs(&[
        ("X-WPG-Signature", "444d6e5de7d103b01b5239d1ca83b9a70d08db7b88ea26ed6f2db0bd6964ceb2"),
        ("X-WPG-Timestamp", "1763719200"),
        ("X-WPG-Signature-Version", "v1"),
    ]);
}

/// Nothing is computed: `'Bearer ' + token`.
#[test]
fn unibo_carries_its_token() {
    let payload = r#"{"player_id":"player-abc123","campaign_id":"summer","event_type":"PLAYER_OPTED_IN"}"#;
    Example::new(embedded("unibo"), payload)
        .secret("your-secret-api-key")
        .signs(&[("Authorization", "Bearer your-secret-api-key"), ("User-Agent", "Unibo-Webhooks/1.0")]);
}

/// `H(b'ws_whop_test_secret_for_wh', T + b'.' + P.encode()).hexdigest()`
#[test]
fn whop_is_signed_with_the_literal_secret() {
    let payload = r#"{"action":"payment.succeeded","company":"biz_1","data":{"user":"Zoë Müller"},"api_version":"v5"}"#;
    Example::new(embedded("whop"), payload).secret("ws_whop_test_secret_for_wh").signs(&[(
        "X-Whop-Signature",
        "t=1763719200,v1=966141b551e7df9b34e2cb6c5a56a08d3248afdda789ccd19e64c3a64da551c5",
    )]);
}

/// Key and payload of the provider's page; its signature is a placeholder.
/// `hashlib.sha256(base64.b64encode(P) + b'_Be$T_Pr0jeCt').hexdigest()`
#[test]
fn gamepush_is_an_envelope_of_payload_and_digest() {
    let signed = Example::new(embedded("gamepush"), r#"{"value": "some real data"}"#).secret("Be$T_Pr0jeCt").sign();
    let body = "eyJ2YWx1ZSI6ICJzb21lIHJlYWwgZGF0YSJ9.22404ad7befd688bc49fc302f1c5d3d89cae22c9103d3a79835f184d0e16ae7e";
    assert_eq!(signed.body(), body);
    assert_eq!(signed.verify().map(|verified| verified.other_encoding), Ok(None));
}

/// The same digest by `base64.b64encode(….digest())`.
#[test]
fn gamepush_in_base64_is_recognised_and_reported() {
    let signed = Example::new(embedded("gamepush"), "").secret("Be$T_Pr0jeCt").sign();
    let signed = signed.with_body("eyJ2YWx1ZSI6ICJzb21lIHJlYWwgZGF0YSJ9.IkBK1779aIvEn8MC8cXT2JyuIskQPTp5g18YTQ4Wrn4=");
    assert_eq!(signed.verify().map(|verified| verified.other_encoding), Ok(Some(Encoding::Base64)));
}

/// `H(b'comps_test_secret_for_wh', P).hexdigest()`
#[test]
fn comps_signs_the_body_alone() {
    Example::new(embedded("comps"), r#"{"id":"evt_1","type":"winner.drawn","data":{}}"#)
        .secret("comps_test_secret_for_wh")
        .signs(&[
            ("X-Comps-Signature", "48736b296340cd9253085f9b03cd2d645ec6d9a7b901dbac2b5817ed0cc1f355"),
            ("X-Comps-Timestamp", "1763719200"),
        ]);
}

/// `base64.b64encode(H(b'ws_whop_v1_test_secret_for_wh', b'msg_1.' + T + b'.' + P).digest())`
#[test]
fn whop_v1_is_standard_webhooks_with_the_literal_secret() {
    Example::new(embedded("whop-v1"), r#"{"id":"msg_1","api_version":"v1","type":"payment.succeeded","data":{}}"#)
        .secret("ws_whop_v1_test_secret_for_wh")
        .id("msg_1")
        .signs(&[("webhook-signature", "v1,QkzKhxZEFPTMiklnef7oyGRWOIzqJCEpF9xIPsk1cQM=")]);
}

// Another implementation of Standard Webhooks. It reads the clock itself.

#[test]
fn the_reference_library_accepts_what_wh_signs() {
    let provider = embedded("standard");
    let library = standardwebhooks::Webhook::new(&provider.scheme.test_secret).expect("a secret in base64");
    let signed = Example::new(provider, r#"{"type":"user.created"}"#).at(Timestamp::now()).sign();
    let headers = signed.delivery.request.headers();
    library.verify(signed.delivery.request.body(), headers).expect("a genuine delivery");
    library.verify(b"{}", headers).expect_err("another body");
}

#[test]
fn wh_accepts_what_the_reference_library_signs() {
    let provider = embedded("standard");
    let library = standardwebhooks::Webhook::new(&provider.scheme.test_secret).expect("a secret in base64");
    let payload = r#"{"type":"user.created","data":{"name":"Zoë"}}"#;
    let signature = library.sign("msg_abc", NOW.as_second(), payload.as_bytes()).expect("a payload that is UTF-8");
    let signed = Example::new(provider, payload).sign();
    let signed = signed.with("webhook-id", "msg_abc").with("webhook-signature", signature);
    assert_eq!(signed.verdict(), Ok(()));
    assert_eq!(signed.with("webhook-id", "msg_abd").verdict(), Err("mismatch"));
}

#[test]
fn the_reference_library_accepts_a_literal_secret_as_bytes() {
    let provider = embedded("whop-v1");
    let key = provider.scheme.test_secret.clone().into_bytes();
    let library = standardwebhooks::Webhook::from_bytes(key).expect("any bytes");
    let signed = Example::new(provider, r#"{"type":"payment.succeeded"}"#).at(Timestamp::now()).sign();
    library.verify(signed.delivery.request.body(), signed.delivery.request.headers()).expect("a genuine delivery");
}
