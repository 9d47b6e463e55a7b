//! Providers that a user describes: every shape that the form can say.

use http::Uri;

use super::{Example, LINEAR, custom};

/// See <https://docs.lemonsqueezy.com/help/webhooks/signing-requests>.
/// `H(b'lemon_test_secret', P).hexdigest()`
#[test]
fn a_bare_hexadecimal_signature_can_be_described() {
    let provider = custom(
        "lemonsqueezy",
        "lemon_test_secret",
        r#"
        [request.headers]
        "X-Event-Name" = "{event}"
        [signature]
        algorithm = "hmac-sha256"
        content = "{body}"
        headers = [{ name = "X-Signature", value = "{signature}" }]
        "#,
    );
    Example::new(provider, r#"{"meta":{"event_name":"order_created"}}"#)
        .signs(&[("X-Signature", "dd0d3b969ed01426c1491abc7b69ecf20573d6ed6382cf30b1374463b93442bd")]);
}

/// See <https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads>.
/// `H(b'meta_app_secret', P).hexdigest()`
#[test]
fn a_signature_behind_the_name_of_its_hash_can_be_described() {
    let provider = custom(
        "meta",
        "meta_app_secret",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{body}"
        headers = [{ name = "X-Hub-Signature-256", value = "sha256={signature}" }]
        "#,
    );
    Example::new(provider, r#"{"object":"page","entry":[]}"#)
        .signs(&[("X-Hub-Signature-256", "sha256=7737c8c2c205014576d41d33bf51e33b58a44d48700b5820ea9397d612e36dd1")]);
}

/// See <https://developers.intercom.com/intercom-api-reference/v1.0/reference/signed-notifications> (stored copy): it has
/// a signature without its secret.
/// `hmac.new(b'intercom_test_secret', P, 'sha1').hexdigest()`
#[test]
fn hmac_sha1_can_be_described() {
    let provider = custom(
        "intercom",
        "intercom_test_secret",
        r#"
        [signature]
        algorithm = "hmac-sha1"
        content = "{body}"
        headers = [{ name = "X-Hub-Signature", value = "sha1={signature}" }]
        "#,
    );
    Example::new(provider, r#"{"type":"notification_event","topic":"user.created"}"#)
        .signs(&[("X-Hub-Signature", "sha1=53666fa0ee9974b4a453b35e9b630c2516e5b236")]);
}

/// <https://github.com/line/line-bot-sdk-nodejs/blob/7bbf9c2a0e/test/validate-signature.spec.ts> (stored copy).
#[test]
fn a_signature_in_base64_can_be_described() {
    let provider = custom(
        "line",
        "test_secret",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{body}"
        encoding = "base64"
        headers = [{ name = "X-Line-Signature", value = "{signature}" }]
        "#,
    );
    Example::new(provider, r#"{"hello":"world"}"#)
        .signs(&[("X-Line-Signature", "t7Hn4ZDHqs6e+wdvI5TyQIvzie0DmMUmuXEBqyyE/tM=")]);
}

/// <https://docs.svix.com/receiving/verifying-payloads/how-manual>, "Example signatures" (stored copy: svix/svix-docs,
/// `content/receiving/verifying-payloads/how-manual.mdx`); the list is that page's example around the genuine entry.
#[test]
fn a_list_of_versioned_signatures_with_a_decoded_key_can_be_described() {
    let provider = custom(
        "svix",
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        r#"
        encoding = "base64"
        prefix = "whsec_"
        [signature]
        algorithm = "hmac-sha256"
        content = "{id}.{timestamp}.{body}"
        encoding = "base64"
        version = "v1"
        headers = [
            { name = "svix-id", value = "{id}" },
            { name = "svix-timestamp", value = "{timestamp}" },
            { name = "svix-signature", value = "{version},{signature}", separator = " " },
        ]
        [timestamp]
        tolerance-past = "5m"
        tolerance-future = "5m"
        "#,
    );
    let signed = Example::new(provider, r#"{"event_type":"ping","data":{"success":true}}"#)
        .id("msg_loFOjxBNrRLzqYUf")
        .at_second(1_731_705_121)
        .signs(&[("svix-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=")]);
    let list = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0= \
                v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,MzJsNDk4MzI0K2VvdSMjMTEjQEBAQDEyMzMzMzEyMwo=";
    assert_eq!(signed.with("svix-signature", list).verdict(), Ok(()));
}

/// See <https://polar.sh/docs/integrate/webhooks/delivery>; the key is the secret as it is written.
/// `base64.b64encode(H(b'polar_whs_test', b'msg_1.' + T + b'.' + P).digest())`
#[test]
fn standard_webhooks_with_the_literal_secret_can_be_described() {
    let provider = custom(
        "polar",
        "polar_whs_test",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{id}.{timestamp}.{body}"
        encoding = "base64"
        version = "v1"
        headers = [
        { name = "webhook-id", value = "{id}" },
        { name = "webhook-timestamp", value = "{timestamp}" },
        { name = "webhook-signature", value = "{version},{signature}", separator = " " },
        ]
        "#,
    );
    Example::new(provider, r#"{"type":"order.paid","data":{}}"#)
        .id("msg_1")
        .signs(&[("webhook-signature", "v1,1h9I9h7U7dhhJzALLDfYj3rZrqkJo0b7EWzqxRgYNhU=")]);
}

/// <https://github.com/muxinc/mux-node-sdk/blob/0b05091f28/tests/api-resources/webhooks.test.ts> (stored copy).
#[test]
fn timestamp_and_signatures_in_one_list_can_be_described() {
    let provider = custom(
        "mux",
        "SuperSecret123",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{timestamp}.{body}"
        version = "v1"
        headers = [{ name = "Mux-Signature", value = "t={timestamp},{version}={signature}", separator = "," }]
        [timestamp]
        tolerance-past = "300s"
        "#,
    );
    Example::new(provider, r#"{"test":"body"}"#).at_second(1_565_125_718).signs(&[(
        "Mux-Signature",
        "t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7",
    )]);
}

/// <https://github.com/sanity-io/webhook-toolkit/blob/0753ed1948/test/signature.test.ts> (stored copy), which also
/// allows a space behind the comma.
#[test]
fn milliseconds_and_base64url_can_be_described() {
    let provider = custom(
        "sanity",
        "test",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{timestamp}.{body}"
        encoding = "base64url"
        version = "v1"
        headers = [{ name = "sanity-webhook-signature", value = "t={timestamp},{version}={signature}", separator = "," }]
        [timestamp]
        unit = "milliseconds"
        "#,
    );
    let published = "t=1633519811129,v1=tLa470fx7qkLLEcMOcEUFuBbRSkGujyskxrNXcoh0N0";
    let signed = Example::new(provider, r#"{"_id":"resume"}"#)
        .at_millisecond(1_633_519_811_129)
        .signs(&[("sanity-webhook-signature", published)]);
    let spaced = published.replace(',', ", ");
    assert_eq!(signed.with("sanity-webhook-signature", spaced).verdict(), Ok(()));
}

/// <https://github.com/PaddleHQ/paddle-node-sdk/blob/4210c16b61/src/__tests__/notifications/webhooks-validator.test.ts>
/// (stored copy): "Valid signature", "Valid signature with multiple hashes", and its limit of 5 seconds.
#[test]
fn a_list_with_other_marks_can_be_described() {
    let provider = custom(
        "paddle",
        "VALID_SECRET",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{timestamp}:{body}"
        headers = [{ name = "Paddle-Signature", value = "ts={timestamp};h1={signature}", separator = ";" }]
        [timestamp]
        tolerance-past = "5s"
        "#,
    );
    let signed = Example::new(provider.clone(), r#"{"data": ["1", "2"]}"#).at_second(1_698_796_800).signs(&[(
        "Paddle-Signature",
        "ts=1698796800;h1=a300428748dce5c70e4da19bffd60769591ea969c99dea3105d0ec9612cf43f9",
    )]);
    assert_eq!(signed.clone().later(5_000).verdict(), Ok(()));
    assert_eq!(signed.later(6_000).verdict(), Err("stale"));

    let hash = "28981e941fae76e53db32f3d2a83cb69db41476595e84e1970a1b5d98f62b261";
    let list = format!("ts=1698796800;h1={hash};h1={hash};h2=RANDOM_HASH");
    let signed = Example::new(provider, r#"{"data": "value"}"#).at_second(1_698_796_800).sign();
    assert_eq!(signed.with("Paddle-Signature", list).verdict(), Ok(()));
}

/// See <https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events>.
/// `H(b'zoom_test_secret', b'v0:' + T + b':' + P).hexdigest()`
#[test]
fn a_version_in_the_content_can_be_described() {
    let provider = custom(
        "zoom",
        "zoom_test_secret",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{version}:{timestamp}:{body}"
        version = "v0"
        headers = [
            { name = "x-zm-signature", value = "{version}={signature}" },
            { name = "x-zm-request-timestamp", value = "{timestamp}" },
        ]
        "#,
    );
    Example::new(provider, r#"{"event":"meeting.started","payload":{}}"#)
        .signs(&[("x-zm-signature", "v0=d9bea16f46fc32d9c7cda0ca0f20dd3ff1a9601a4dc1f5407fad473805f8db6b")]);
}

/// <https://github.com/square/square-nodejs-sdk/blob/71867a062f/test/utilities/webhooksHelper.test.ts> (stored copy),
/// "test signature validation pass".
#[test]
fn a_signed_url_can_be_described() {
    let provider = custom(
        "square",
        "Ibxx_5AKakO-3qeNVR61Dw",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{url}{body}"
        encoding = "base64"
        headers = [{ name = "x-square-hmacsha256-signature", value = "{signature}" }]
        "#,
    );
    let payload = concat!(
        r#"{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification","#,
        r#""event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z","#,
        r#""data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}"#,
    );
    let mut signed = Example::new(provider, payload)
        .url("https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9")
        .signs(&[("x-square-hmacsha256-signature", "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4=")]);
    let other = Uri::from_static("https://webhook.site/79a4f3a-dcfa-49ee-bac5-9d0edad886b9");
    *signed.delivery.request.uri_mut() = other;
    assert_eq!(signed.verdict(), Err("mismatch"));
}

/// See <https://developers.hubspot.com/changelog/introducing-version-3-of-webhook-signatures> (stored copy). With `U = b'https://example.com/hubspot?portal=62515'`:
/// `base64.b64encode(H(b'hubspot_test_secret', b'POST' + U + P + b'1763719200123').digest())`
#[test]
fn a_signed_method_can_be_described() {
    let provider = custom("hubspot-v3", "hubspot_test_secret", HUBSPOT_V3);
    Example::new(provider, r#"[{"subscriptionType":"contact.creation"}]"#)
        .url("https://example.com/hubspot?portal=62515")
        .signs(&[
            ("X-HubSpot-Signature-v3", "HTRA+KQgafTKrDXYUeMhKbogtt2r7Bmq3ur7ZaWMmo0="),
            ("X-HubSpot-Request-Timestamp", "1763719200123"),
        ]);
}

const HUBSPOT_V3: &str = r#"
    [signature]
    algorithm = "hmac-sha256"
    content = "{method}{url}{body}{timestamp}"
    encoding = "base64"
    headers = [
        { name = "X-HubSpot-Signature-v3", value = "{signature}" },
        { name = "X-HubSpot-Request-Timestamp", value = "{timestamp}" },
    ]
    [timestamp]
    unit = "milliseconds"
    tolerance-past = "5m"
"#;

#[test]
fn a_signed_url_is_put_together_from_the_host_header_on_receipt() {
    let example = Example::new(custom("hubspot-v3", "hubspot_test_secret", HUBSPOT_V3), "[]")
        .url("http://localhost:4000/hubspot?portal=62515");
    let mut signed = example.sign();
    *signed.delivery.request.uri_mut() = Uri::from_static("/hubspot?portal=62515");
    assert_eq!(signed.clone().with("Host", "localhost:4000").verdict(), Ok(()));
    assert_eq!(signed.with("Host", "localhost:4001").verdict(), Err("mismatch"));
}

/// See <https://linear.app/developers/webhooks#securing-webhooks>; the field and the minute both ways are in
/// <https://github.com/linear/linear/blob/039267d472/packages/sdk/src/webhooks/client.ts> (stored copy).
/// `H(b'lin_wh_test', P).hexdigest()`
#[test]
fn a_timestamp_in_the_payload_can_be_described() {
    let fixture = r#"{"action":"create","type":"Comment","webhookTimestamp":"{{#unix-ms}}"}"#;
    let signed = Example::new(custom("linear", "lin_wh_test", LINEAR), "")
        .fixture(fixture)
        .signs(&[("Linear-Signature", "b027dfc74f6d06fc5cae6e7543ca11a0a8bb629bdcb7fbbc73f2d0ff6ba290a9")]);
    assert_eq!(signed.body(), r#"{"action":"create","type":"Comment","webhookTimestamp":1763719200123}"#);
    let verdict = |milliseconds| signed.clone().later(milliseconds).verdict();
    assert_eq!((verdict(60_000), verdict(60_001)), (Ok(()), Err("stale")));
    assert_eq!((verdict(-60_000), verdict(-60_001)), (Ok(()), Err("future")));
}

#[test]
fn a_payload_without_its_timestamp_is_rejected() {
    let verdict =
        |payload: &'static str| Example::new(custom("linear", "lin_wh_test", LINEAR), payload).sign().verdict();
    for payload in ["{}", "not JSON", "", r#"{"webhookTimestamp":null}"#, r#"{"webhookTimestamp":{}}"#] {
        assert_eq!(verdict(payload), Err("missing-timestamp"), "{payload}");
    }
    for timestamp in ["-1", "1763719200123.5", "1e12", "true", r#""soon""#] {
        let payload = format!(r#"{{"webhookTimestamp":{timestamp}}}"#);
        let signed = Example::new(custom("linear", "lin_wh_test", LINEAR), payload).sign();
        assert_eq!(signed.verdict(), Err("bad-timestamp"), "{timestamp}");
    }
}

/// <https://developers.hubspot.com/docs/faq/v1-request-validation> (stored copy).
#[test]
fn a_digest_of_secret_and_body_can_be_described() {
    let provider = custom(
        "hubspot-v1",
        "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy",
        r#"
        [signature]
        algorithm = "sha256"
        content = "{secret}{body}"
        version = "v1"
        headers = [
            { name = "X-HubSpot-Signature", value = "{signature}" },
            { name = "X-HubSpot-Signature-Version", value = "{version}" },
        ]
        "#,
    );
    let payload = concat!(
        r#"[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"#,
        r#""subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"#,
        r#""changeSource":"CRM","changeFlag":"NEW","appId":54321}]"#,
    );
    let signed = Example::new(provider, payload).signs(&[
        ("X-HubSpot-Signature", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
        ("X-HubSpot-Signature-Version", "v1"),
    ]);
    assert_eq!(signed.with("X-HubSpot-Signature-Version", "v2").verdict(), Err("unknown-version"));
}

/// See <https://docs.gitlab.com/user/project/integrations/webhooks/>. Nothing is computed.
#[test]
fn a_bare_token_and_an_event_type_in_a_header_can_be_described() {
    let provider = custom(
        "gitlab",
        "gitlab test token",
        r#"
        [event]
        id-form = "{{uuid}}"
        [request.headers]
        "X-Gitlab-Event" = "{event}"
        "X-Gitlab-Event-UUID" = "{id}"
        [signature]
        algorithm = "token"
        headers = [{ name = "X-Gitlab-Token", value = "{secret}" }]
        "#,
    );
    let signed = Example::new(provider, r#"{"object_kind":"push"}"#)
        .event("Push Hook")
        .signs(&[("X-Gitlab-Token", "gitlab test token"), ("X-Gitlab-Event", "Push Hook")]);
    assert_eq!(signed.provider.event_type(&signed.delivery).as_deref(), Some("Push Hook"));
    assert_eq!(signed.provider.delivery_id(&signed.delivery).as_ref(), Some(&signed.delivery.id));
    assert_eq!(signed.with("X-Gitlab-Token", "gitlab test tokem").verdict(), Err("mismatch"));
}

/// See <https://paystack.com/docs/payments/webhooks/#signature-validation>.
/// `hmac.new(b'sk_test_paystack', P, 'sha512').hexdigest()`
#[test]
fn hmac_sha512_can_be_described() {
    let provider = custom(
        "paystack",
        "sk_test_paystack",
        r#"
        [signature]
        algorithm = "hmac-sha512"
        content = "{body}"
        headers = [{ name = "x-paystack-signature", value = "{signature}" }]
        "#,
    );
    Example::new(provider, r#"{"event":"charge.success","data":{}}"#).signs(&[(
        "x-paystack-signature",
        "9b59c193b0c63a270283f0e0bb4b209d8f4c22ebf90ad543139e12004709188e\
         2e5bebd550493947296575c84b011eeb0653f54b12ddcb5c901544802dd0d841",
    )]);
}
