//! Signing and verification, held against what providers publish and against independent implementations.
//!
//! Where a provider publishes an example, it is quoted with its address; "stored copy" says that it was read there, and
//! not remembered. Where none is published, the value was computed with Python 3.11 by the line above it, with
//! `T = b'1763719200'`, `P` the payload and `H(key, message) = hmac.new(key, message, 'sha256')`; "see" is where the
//! provider describes the form.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Uri};
use jiff::{SignedDuration, Timestamp};
use wh::webhook::composition::{Draft, Payload};
use wh::webhook::delivery::Delivery;
use wh::webhook::encoding::Encoding;
use wh::webhook::event::EventName;
use wh::webhook::fault::{Fault, Garbage};
use wh::webhook::provider::Provider;
use wh::webhook::scheme::{Algorithm, Scheme};
use wh::webhook::secret::Secret;
use wh::webhook::signing::{Signing, SigningError};
use wh::webhook::table::Source;
use wh::webhook::template::Field;
use wh::webhook::verification::{Rejection, Verified};

use crate::catalogue::{NOW, embedded, providers, sample};

// What a test starts from.

/// What is to be signed.
struct Example {
    provider: Provider,
    secrets: Vec<Secret>,
    event: EventName,
    id: Option<String>,
    moment: Timestamp,
    url: Uri,
    payload: Payload<'static>,
}

impl Example {
    /// Exactly these bytes, signed with the provider's test secret at the time that Python's `T` names.
    fn new(provider: Provider, payload: impl Into<Bytes>) -> Self {
        Self {
            secrets: vec![test_secret(&provider)],
            event: EventName::from_name(&provider.name, "example"),
            id: None,
            moment: NOW,
            url: Uri::from_static("http://localhost:3000/"),
            payload: Payload::Exact(payload.into()),
            provider,
        }
    }

    fn secret(self, text: &str) -> Self {
        self.secrets(&[("the secret", text)])
    }

    fn secrets(mut self, secrets: &[(&str, &str)]) -> Self {
        self.secrets = secrets.iter().map(|(name, text)| Secret::new(*name, *text)).collect();
        self
    }

    fn event(mut self, name: &str) -> Self {
        self.event = EventName::from_name(&self.provider.name, name);
        self
    }

    fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    fn at(mut self, moment: Timestamp) -> Self {
        self.moment = moment;
        self
    }

    fn at_second(self, second: i64) -> Self {
        self.at(Timestamp::from_second(second).expect("a second of this era"))
    }

    fn at_millisecond(self, millisecond: i64) -> Self {
        self.at(Timestamp::from_millisecond(millisecond).expect("a millisecond of this era"))
    }

    fn url(mut self, url: &'static str) -> Self {
        self.url = Uri::from_static(url);
        self
    }

    /// A payload whose placeholders are filled in, instead of the exact bytes.
    fn fixture(mut self, text: &'static str) -> Self {
        self.payload = Payload::Fixture(text.as_bytes());
        self
    }

    fn try_sign(self, fault: Option<Fault>) -> Result<Signed, SigningError> {
        let draft = Draft {
            event: &self.event,
            payload: self.payload,
            id: self.id.as_deref(),
            timestamp: self.moment,
            url: &self.url,
            edits: &[],
        };
        let delivery = self.provider.compose(draft, &mut fastrand::Rng::with_seed(1)).expect("a payload that composes");
        let signing = Signing { timestamp: self.moment, secrets: &self.secrets, fault };
        let delivery = self.provider.scheme.sign(delivery, &signing)?;
        Ok(Signed { provider: self.provider, secrets: self.secrets, now: self.moment, delivery })
    }

    fn sign(self) -> Signed {
        self.try_sign(None).expect("a secret that signs")
    }

    /// Signs it and expects these headers, then expects that the receiver accepts it, and not with another body.
    #[track_caller]
    fn signs(self, headers: &[(&str, &str)]) -> Signed {
        let signed = self.sign();
        for (name, value) in headers {
            assert_eq!(signed.header(name), *value, "{name}");
        }
        assert_eq!(signed.verdict(), Ok(()));
        if signed.provider.scheme.signs_body() {
            let body = [signed.delivery.request.body(), &b" "[..]].concat();
            assert_eq!(signed.clone().with_body(body).verdict(), Err("mismatch"));
        }
        signed
    }
}

/// A signed delivery, and what its receiver verifies it with.
#[derive(Clone)]
struct Signed {
    provider: Provider,
    secrets: Vec<Secret>,
    now: Timestamp,
    delivery: Delivery,
}

impl Signed {
    fn header(&self, name: &str) -> &str {
        let value = self.delivery.request.headers().get(name);
        value.unwrap_or_else(|| panic!("no header {name}")).to_str().expect("a header of visible ASCII")
    }

    fn body(&self) -> &str {
        str::from_utf8(self.delivery.request.body()).expect("a body that is UTF-8")
    }

    fn without(mut self, header: &str) -> Self {
        self.delivery.request.headers_mut().remove(header);
        self
    }

    fn with(self, header: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(header).with_another(header, value)
    }

    /// A second line of the header.
    fn with_another(mut self, header: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(header.as_bytes()).expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header's value");
        self.delivery.request.headers_mut().append(name, value);
        self
    }

    fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        *self.delivery.request.body_mut() = body.into();
        self
    }

    /// The same for a receiver who has these secrets.
    fn received_with(mut self, secrets: &[(&str, &str)]) -> Self {
        self.secrets = secrets.iter().map(|(name, text)| Secret::new(*name, *text)).collect();
        self
    }

    /// The same for a receiver whose clock says so many milliseconds more.
    fn later(mut self, milliseconds: i64) -> Self {
        self.now += SignedDuration::from_millis(milliseconds);
        self
    }

    fn verify(&self) -> Result<Verified, Rejection> {
        self.provider.scheme.verify(&self.delivery, &self.secrets, self.now)
    }

    /// Whether it is accepted, and if not, the reason in one word.
    fn verdict(&self) -> Result<(), &'static str> {
        self.verify().map(|_| ()).map_err(|rejection| rejection.reason())
    }
}

fn test_secret(provider: &Provider) -> Secret {
    Secret::new("the test secret", provider.scheme.test_secret.as_str())
}

/// A delivery of an embedded provider that its receiver accepts.
fn genuine(provider: &str) -> Signed {
    Example::new(embedded(provider), r#"{"type":"example","amount":12}"#).sign()
}

/// The provider that a user's file describes; only what every file begins with is left out of `text`.
fn custom(name: &str, text: &str) -> Provider {
    let head = "title = 'Custom'\nabout = 'A custom provider'\ndocumentation = 'https://example.com/'\n";
    let text = format!("{head}{text}");
    let source = Source { path: "provider.toml", text: &text };
    Provider::read(name, source, &[]).unwrap_or_else(|error| panic!("{error} ({:?})", error.hint))
}

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

// Providers that a user describes: every shape that the form can say.

/// See <https://docs.lemonsqueezy.com/help/webhooks/signing-requests>.
/// `H(b'lemon_test_secret', P).hexdigest()`
#[test]
fn a_bare_hexadecimal_signature_can_be_described() {
    let provider = custom(
        "lemonsqueezy",
        r#"
        [event]
        type = "/meta/event_name"
        [request.headers]
        "X-Event-Name" = "{event}"
        [secret]
        test = "lemon_test_secret"
        [signature]
        algorithm = "hmac-sha256"
        content = "{body}"
        [[signature.headers]]
        name = "X-Signature"
        value = "{signature}"
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
        r#"
        [event]
        type = "/object"
        [secret]
        test = "meta_app_secret"
        [signature]
        algorithm = "hmac-sha256"
        content = "{body}"
        [[signature.headers]]
        name = "X-Hub-Signature-256"
        value = "sha256={signature}"
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
        r#"
        [event]
        type = "/topic"
        [secret]
        test = "intercom_test_secret"
        [signature]
        algorithm = "hmac-sha1"
        content = "{body}"
        [[signature.headers]]
        name = "X-Hub-Signature"
        value = "sha1={signature}"
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
        r#"
        [event]
        type = "/events/0/type"
        [secret]
        test = "test_secret"
        [signature]
        algorithm = "hmac-sha256"
        content = "{body}"
        encoding = "base64"
        [[signature.headers]]
        name = "X-Line-Signature"
        value = "{signature}"
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
        r#"
        [event]
        type = "/event_type"
        [secret]
        test = "whsec_plJ3nmyCDGBKInavdOK15jsl"
        encoding = "base64"
        prefix = "whsec_"
        [signature]
        algorithm = "hmac-sha256"
        content = "{id}.{timestamp}.{body}"
        encoding = "base64"
        version = "v1"
        [[signature.headers]]
        name = "svix-id"
        value = "{id}"
        [[signature.headers]]
        name = "svix-timestamp"
        value = "{timestamp}"
        [[signature.headers]]
        name = "svix-signature"
        value = "{version},{signature}"
        separator = " "
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
        r#"
        [event]
        type = "/type"
        [secret]
        test = "polar_whs_test"
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
        r#"
        [event]
        type = "/type"
        [secret]
        test = "SuperSecret123"
        [signature]
        algorithm = "hmac-sha256"
        content = "{timestamp}.{body}"
        version = "v1"
        [[signature.headers]]
        name = "Mux-Signature"
        value = "t={timestamp},{version}={signature}"
        separator = ","
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
        r#"
        [event]
        type = "/_type"
        [secret]
        test = "test"
        [signature]
        algorithm = "hmac-sha256"
        content = "{timestamp}.{body}"
        encoding = "base64url"
        version = "v1"
        [[signature.headers]]
        name = "sanity-webhook-signature"
        value = "t={timestamp},{version}={signature}"
        separator = ","
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
        r#"
        [event]
        type = "/event_type"
        [secret]
        test = "VALID_SECRET"
        [signature]
        algorithm = "hmac-sha256"
        content = "{timestamp}:{body}"
        [[signature.headers]]
        name = "Paddle-Signature"
        value = "ts={timestamp};h1={signature}"
        separator = ";"
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
        r#"
        [event]
        type = "/event"
        [secret]
        test = "zoom_test_secret"
        [signature]
        algorithm = "hmac-sha256"
        content = "{version}:{timestamp}:{body}"
        version = "v0"
        [[signature.headers]]
        name = "x-zm-signature"
        value = "{version}={signature}"
        [[signature.headers]]
        name = "x-zm-request-timestamp"
        value = "{timestamp}"
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
        r#"
        [event]
        type = "/type"
        [secret]
        test = "Ibxx_5AKakO-3qeNVR61Dw"
        [signature]
        algorithm = "hmac-sha256"
        content = "{url}{body}"
        encoding = "base64"
        [[signature.headers]]
        name = "x-square-hmacsha256-signature"
        value = "{signature}"
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
    let provider = custom("hubspot-v3", HUBSPOT_V3);
    Example::new(provider, r#"[{"subscriptionType":"contact.creation"}]"#)
        .url("https://example.com/hubspot?portal=62515")
        .signs(&[
            ("X-HubSpot-Signature-v3", "HTRA+KQgafTKrDXYUeMhKbogtt2r7Bmq3ur7ZaWMmo0="),
            ("X-HubSpot-Request-Timestamp", "1763719200123"),
        ]);
}

const HUBSPOT_V3: &str = r#"
    [event]
    type = "/0/subscriptionType"
    [secret]
    test = "hubspot_test_secret"
    [signature]
    algorithm = "hmac-sha256"
    content = "{method}{url}{body}{timestamp}"
    encoding = "base64"
    [[signature.headers]]
    name = "X-HubSpot-Signature-v3"
    value = "{signature}"
    [[signature.headers]]
    name = "X-HubSpot-Request-Timestamp"
    value = "{timestamp}"
    [timestamp]
    unit = "milliseconds"
    tolerance-past = "5m"
"#;

#[test]
fn a_signed_url_is_put_together_from_the_host_header_on_receipt() {
    let example =
        Example::new(custom("hubspot-v3", HUBSPOT_V3), "[]").url("http://localhost:4000/hubspot?portal=62515");
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
    let signed = Example::new(custom("linear", LINEAR), "")
        .fixture(fixture)
        .signs(&[("Linear-Signature", "b027dfc74f6d06fc5cae6e7543ca11a0a8bb629bdcb7fbbc73f2d0ff6ba290a9")]);
    assert_eq!(signed.body(), r#"{"action":"create","type":"Comment","webhookTimestamp":1763719200123}"#);
    let verdict = |milliseconds| signed.clone().later(milliseconds).verdict();
    assert_eq!((verdict(60_000), verdict(60_001)), (Ok(()), Err("stale")));
    assert_eq!((verdict(-60_000), verdict(-60_001)), (Ok(()), Err("future")));
}

const LINEAR: &str = r#"
    [event]
    type = "/type"
    [secret]
    test = "lin_wh_test"
    [signature]
    algorithm = "hmac-sha256"
    content = "{body}"
    [[signature.headers]]
    name = "Linear-Signature"
    value = "{signature}"
    [timestamp]
    unit = "milliseconds"
    payload = "/webhookTimestamp"
    tolerance-past = "60s"
    tolerance-future = "60s"
"#;

#[test]
fn a_payload_without_its_timestamp_is_rejected() {
    let verdict = |payload: &'static str| Example::new(custom("linear", LINEAR), payload).sign().verdict();
    for payload in ["{}", "not JSON", "", r#"{"webhookTimestamp":null}"#, r#"{"webhookTimestamp":{}}"#] {
        assert_eq!(verdict(payload), Err("missing-timestamp"), "{payload}");
    }
    for timestamp in ["-1", "1763719200123.5", "1e12", "true", r#""soon""#] {
        let payload = format!(r#"{{"webhookTimestamp":{timestamp}}}"#);
        let signed = Example::new(custom("linear", LINEAR), payload).sign();
        assert_eq!(signed.verdict(), Err("bad-timestamp"), "{timestamp}");
    }
}

/// <https://developers.hubspot.com/docs/faq/v1-request-validation> (stored copy).
#[test]
fn a_digest_of_secret_and_body_can_be_described() {
    let provider = custom(
        "hubspot-v1",
        r#"
        [event]
        type = "/0/subscriptionType"
        [secret]
        test = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
        [signature]
        algorithm = "sha256"
        content = "{secret}{body}"
        version = "v1"
        [[signature.headers]]
        name = "X-HubSpot-Signature"
        value = "{signature}"
        [[signature.headers]]
        name = "X-HubSpot-Signature-Version"
        value = "{version}"
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
        r#"
        [event]
        id-form = "{{uuid}}"
        [request.headers]
        "X-Gitlab-Event" = "{event}"
        "X-Gitlab-Event-UUID" = "{id}"
        [secret]
        test = "gitlab test token"
        [signature]
        algorithm = "token"
        [[signature.headers]]
        name = "X-Gitlab-Token"
        value = "{secret}"
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
        r#"
        [event]
        type = "/event"
        [secret]
        test = "sk_test_paystack"
        [signature]
        algorithm = "hmac-sha512"
        content = "{body}"
        [[signature.headers]]
        name = "x-paystack-signature"
        value = "{signature}"
        "#,
    );
    Example::new(provider, r#"{"event":"charge.success","data":{}}"#).signs(&[(
        "x-paystack-signature",
        "9b59c193b0c63a270283f0e0bb4b209d8f4c22ebf90ad543139e12004709188e\
         2e5bebd550493947296575c84b011eeb0653f54b12ddcb5c901544802dd0d841",
    )]);
}

// Every provider, genuine.

#[test]
fn every_example_event_is_accepted_by_its_own_scheme() {
    for (provider, delivery) in genuine_deliveries() {
        let verdict = provider.scheme.verify(&delivery, &[test_secret(&provider)], NOW);
        let verified = verdict.unwrap_or_else(|rejection| panic!("{}: {rejection}", delivery.event_name()));
        assert_eq!((verified.secret.as_str(), verified.other_encoding), ("the test secret", None));
    }
}

/// Each example event of each embedded provider, signed.
fn genuine_deliveries() -> impl Iterator<Item = (Provider, Delivery)> {
    deliveries(|provider, event| sign_sample(provider, event, None))
}

fn deliveries(make: impl Fn(&Provider, &EventName) -> Delivery) -> impl Iterator<Item = (Provider, Delivery)> {
    providers().flat_map(move |provider| {
        let made: Vec<Delivery> = provider.events.iter().map(|info| make(&provider, &info.name)).collect();
        made.into_iter().map(move |delivery| (provider.clone(), delivery))
    })
}

fn sign_sample(provider: &Provider, event: &EventName, fault: Option<Fault>) -> Delivery {
    let timestamp = fault.map_or(Some(NOW), |fault| fault.moment(&provider.scheme, NOW)).expect("a time");
    let signing = Signing { timestamp, secrets: &[test_secret(provider)], fault };
    provider.scheme.sign(sample(provider, event, timestamp, 1), &signing).expect("a test secret signs")
}

#[test]
fn a_signature_covers_raw_bytes() {
    for provider in providers().filter(|provider| provider.scheme.signs_body()) {
        let name = provider.name.clone();
        let signed = Example::new(provider, &b"{\"n\":1.10,\"n\":1e400}\r\n\xff\x00"[..]).sign();
        assert_eq!(signed.verdict(), Ok(()), "{name}");
        let payload = signed.provider.scheme.payload(&signed.delivery).expect("its own envelope");
        assert_eq!(payload.as_ref(), b"{\"n\":1.10,\"n\":1e400}\r\n\xff\x00", "{name}");
    }
}

// Every provider, changed on the way.

#[test]
fn no_bit_of_a_body_can_be_flipped() {
    for provider in providers().filter(|provider| provider.scheme.signs_body()) {
        let signed = Example::new(provider, r#"{"amount":12}"#).sign();
        for changed in flipped(signed.delivery.request.body()) {
            let verdict = signed.clone().with_body(changed.clone()).verdict();
            assert!(verdict.is_err(), "{}: {}", signed.provider.name, changed.escape_ascii());
        }
    }
}

#[test]
fn no_bit_of_a_signature_header_can_be_flipped() {
    for provider in providers() {
        let signed = Example::new(provider.clone(), r#"{"amount":12}"#).sign();
        for rule in &provider.scheme.headers {
            if rule.value.mentions(Field::Timestamp) && !provider.scheme.signs_timestamp() {
                continue;
            }
            for value in flipped(signed.header(&rule.name).as_bytes()) {
                if HeaderValue::from_bytes(&value).is_ok() {
                    let verdict = signed.clone().with(&rule.name, &value).verdict();
                    assert!(verdict.is_err(), "{}: {}: {}", provider.name, rule.name, value.escape_ascii());
                }
            }
        }
    }
}

/// The bytes with each of their bits turned, one at a time.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

#[test]
fn what_was_changed_after_signing_does_not_match() {
    let bodies = [
        ("github", r#"{"type":"example","amount":13}"#),
        ("shopify", r#"{"type":"example","amount":12} "#),
        ("slack", r#"{"type":"example", "amount":12}"#),
        ("wpg", "{\"type\":\"example\",\"amount\":12}\n"),
        ("stripe", ""),
    ];
    for (provider, body) in bodies {
        assert_eq!(genuine(provider).with_body(body).verdict(), Err("mismatch"), "{provider}");
    }
    let timestamps = [
        ("slack", "X-Slack-Request-Timestamp"),
        ("wpg", "X-WPG-Timestamp"),
        ("standard", "webhook-timestamp"),
        ("whop-v1", "webhook-timestamp"),
    ];
    for (provider, header) in timestamps {
        assert_eq!(genuine(provider).with(header, "1763719201").verdict(), Err("mismatch"), "{provider}");
    }
    for (provider, header) in [("stripe", "Stripe-Signature"), ("whop", "X-Whop-Signature")] {
        let signed = genuine(provider);
        let value = signed.header(header).replace("t=1763719200", "t=1763719201");
        assert_eq!(signed.with(header, value).verdict(), Err("mismatch"), "{provider}");
    }
    let signatures = [
        ("github", "X-Hub-Signature-256"),
        ("slack", "X-Slack-Signature"),
        ("wpg", "X-WPG-Signature"),
        ("whop", "X-Whop-Signature"),
    ];
    for (provider, header) in signatures {
        let signed = genuine(provider);
        let (rest, last) = signed.header(header).split_at(signed.header(header).len() - 1);
        let value = format!("{rest}{}", if last == "0" { "1" } else { "0" });
        assert_eq!(signed.clone().with(header, value).verdict(), Err("mismatch"), "{provider}");
    }
}

/// What the page of comps leaves open: only the body is signed.
#[test]
fn a_timestamp_that_is_not_signed_can_be_renewed() {
    let signed = genuine("comps").later(3_600_000);
    assert_eq!(signed.verdict(), Err("stale"));
    assert_eq!(signed.with("X-Comps-Timestamp", "1763722800").verdict(), Ok(()));
}

// The reasons.

#[test]
fn a_missing_header_is_named() {
    let cases = [
        ("github", "X-Hub-Signature-256"),
        ("shopify", "X-Shopify-Hmac-Sha256"),
        ("slack", "X-Slack-Signature"),
        ("slack", "X-Slack-Request-Timestamp"),
        ("standard", "webhook-id"),
        ("standard", "webhook-timestamp"),
        ("standard", "webhook-signature"),
        ("stripe", "Stripe-Signature"),
        ("unibo", "Authorization"),
        ("wpg", "X-WPG-Signature"),
        ("wpg", "X-WPG-Timestamp"),
    ];
    for (provider, header) in cases {
        let rejection = Rejection::MissingHeader { name: header.to_owned() };
        assert_eq!(genuine(provider).without(header).verify(), Err(rejection), "{provider}");
    }
}

#[test]
fn an_optional_header_may_be_missing() {
    assert_eq!(genuine("wpg").without("X-WPG-Signature-Version").verdict(), Ok(()));
}

#[test]
fn a_header_that_is_there_twice_is_ambiguous() {
    for provider in providers() {
        let signed = Example::new(provider.clone(), "{}").sign();
        for rule in &provider.scheme.headers {
            let value = signed.header(&rule.name).to_owned();
            let rejection = Rejection::AmbiguousHeader { name: rule.name.clone(), count: 2 };
            let doubled = signed.clone().with_another(&rule.name, &value);
            assert_eq!(doubled.verify(), Err(rejection), "{}", provider.name);
        }
    }
}

/// Spoils a header of a genuine delivery by each value, and expects the reason.
#[track_caller]
fn header_is_rejected(provider: &str, header: &str, reason: &str, values: &[&str]) {
    for value in values {
        let verdict = genuine(provider).with(header, value).verdict();
        assert_eq!(verdict, Err(reason), "{provider}: {header}: {value:?}");
    }
}

#[test]
fn what_has_another_form_is_told_so() {
    header_is_rejected(
        "github",
        "X-Hub-Signature-256",
        "bad-format",
        &["", "sha1=00", "00", "SHA256=00", " sha256=00"],
    );
    header_is_rejected("slack", "X-Slack-Signature", "bad-format", &["", "v0", "v0:00"]);
    header_is_rejected(
        "unibo",
        "Authorization",
        "bad-format",
        &["", "Bearer", "Basic eDp5", "unibo_test_api_key_for_wh"],
    );
    let lists = ["", "nonsense", "t=1763719200", "v1=00", "t=1763719200,v1", "t=1763719200,t=1763719201,v1=00"];
    header_is_rejected("stripe", "Stripe-Signature", "bad-format", &lists);
    header_is_rejected("standard", "webhook-signature", "bad-format", &["", "v1", "v1:00"]);
    for body in ["", "no-dot", "%%%.00", "e30.00", "e30=", "{}.00"] {
        assert_eq!(genuine("gamepush").with_body(body).verdict(), Err("bad-format"), "{body}");
    }
}

#[test]
fn an_empty_place_for_the_signature_is_told_so() {
    header_is_rejected("github", "X-Hub-Signature-256", "missing-signature", &["sha256="]);
    header_is_rejected("wpg", "X-WPG-Signature", "missing-signature", &[""]);
    header_is_rejected("stripe", "Stripe-Signature", "missing-signature", &["t=1763719200,v1=", "v1=,t=1763719200"]);
    header_is_rejected("standard", "webhook-signature", "missing-signature", &["v1,"]);
    assert_eq!(genuine("gamepush").with_body("e30=.").verdict(), Err("missing-signature"));
}

#[test]
fn another_version_is_named() {
    header_is_rejected("stripe", "Stripe-Signature", "unknown-version", &["t=1763719200,v0=00"]);
    header_is_rejected(
        "standard",
        "webhook-signature",
        "unknown-version",
        &["v1a,AAAA", "v2,AAAA v1a,AAAA", "V1,AAAA"],
    );
    header_is_rejected("wpg", "X-WPG-Signature-Version", "unknown-version", &["v2", "", "v1 ", "V1"]);
    let rejection = genuine("slack").with("X-Slack-Signature", "v1=00").verify().expect_err("another version");
    let Rejection::UnknownVersion { found, expected, .. } = rejection else { panic!("{rejection}") };
    assert_eq!((found.as_str(), expected.as_str()), ("v1", "v0"));
}

#[test]
fn a_signature_in_another_encoding_is_told_so() {
    let signed = genuine("wpg");
    let hex = signed.header("X-WPG-Signature").to_owned();
    let spoilt: [Vec<u8>; 8] = [
        hex.to_uppercase().into_bytes(),
        hex.as_bytes()[..63].to_vec(),
        hex.as_bytes()[..62].to_vec(),
        format!("{hex}00").into_bytes(),
        format!("0x{hex}").into_bytes(),
        format!(" {}", &hex[1..]).into_bytes(),
        STANDARD.encode(hex::decode(&hex).expect("hexadecimal digits")).into_bytes(),
        [&hex.as_bytes()[..62], "é".as_bytes()].concat(),
    ];
    for value in spoilt {
        let verdict = signed.clone().with("X-WPG-Signature", &value).verdict();
        assert_eq!(verdict, Err("bad-encoding"), "{}", value.escape_ascii());
    }

    let signed = genuine("shopify");
    let bytes = STANDARD.decode(signed.header("X-Shopify-Hmac-Sha256")).expect("base64");
    // The `~` is in no alphabet, and 0xff is no UTF-8.
    let spoilt =
        [hex::encode(&bytes).into_bytes(), STANDARD_NO_PAD.encode(&bytes).into_bytes(), vec![b'~'; 44], vec![0xff; 44]];
    for value in spoilt {
        let verdict = signed.clone().with("X-Shopify-Hmac-Sha256", &value).verdict();
        assert_eq!(verdict, Err("bad-encoding"), "{}", value.escape_ascii());
    }

    let envelopes = [format!("e30=.{}", "A".repeat(64)), "e30=.00.00".to_owned(), "e30=. ".to_owned()];
    for body in envelopes {
        assert_eq!(genuine("gamepush").with_body(body.clone()).verdict(), Err("bad-encoding"), "{body}");
    }
}

#[test]
fn a_timestamp_is_digits_and_nothing_else() {
    let values =
        ["abc", "", "1763719200abc", "1763719200.5", " 1763719200", "+1763719200", "-1763719200", "0x10", "1e9"];
    for (provider, header) in
        [("slack", "X-Slack-Request-Timestamp"), ("wpg", "X-WPG-Timestamp"), ("comps", "X-Comps-Timestamp")]
    {
        header_is_rejected(provider, header, "bad-timestamp", &values);
        header_is_rejected(provider, header, "bad-timestamp", &["1763719200000", "99999999999999999999"]);
    }
    for value in values {
        for (provider, header) in [("stripe", "Stripe-Signature"), ("whop", "X-Whop-Signature")] {
            let signed = genuine(provider);
            let list = signed.header(header).replace("1763719200", value);
            assert_eq!(signed.with(header, list).verdict(), Err("bad-timestamp"), "{provider}: {value:?}");
        }
    }
    let signed = genuine("wpg").with("X-WPG-Timestamp", [b'1', 0xff]);
    assert_eq!(signed.verdict(), Err("bad-timestamp"), "not UTF-8");
}

#[test]
fn the_tolerance_is_inclusive_and_counts_whole_seconds() {
    for provider in providers().filter(|provider| provider.scheme.has_timestamp()) {
        let name = provider.name.clone();
        let second = Timestamp::from_second(NOW.as_second()).expect("this second");
        let signed = Example::new(provider, "{}").at(second).sign();
        let verdict = |milliseconds| signed.clone().later(milliseconds).verdict();
        assert_eq!((verdict(300_000), verdict(300_999)), (Ok(()), Ok(())), "{name}");
        assert_eq!(verdict(301_000), Err("stale"), "{name}");
        assert_eq!(verdict(-300_000), Ok(()), "{name}");
        let limited = signed.provider.scheme.timestamp.tolerance_future.is_some();
        assert_eq!(verdict(-301_000), if limited { Err("future") } else { Ok(()) }, "{name}");
    }
}

#[test]
fn past_and_future_are_two_limits() {
    assert_eq!(genuine("stripe").later(-31_536_000_000).verdict(), Ok(()));
    assert_eq!(genuine("wpg").later(-31_536_000_000).verdict(), Err("future"));
    assert_eq!(genuine("github").later(31_536_000_000).verdict(), Ok(()));
}

#[test]
fn the_age_of_a_genuine_delivery_is_told() {
    let age = |signed: Signed| signed.verify().map(|verified| verified.age);
    assert_eq!(age(genuine("wpg").later(12_000)), Ok(Some(SignedDuration::from_secs(12))));
    assert_eq!(age(genuine("wpg").later(-12_000)), Ok(Some(SignedDuration::from_secs(-12))));
    assert_eq!(age(genuine("github")), Ok(None));
}

#[test]
fn a_wrong_signature_is_not_called_stale() {
    for provider in ["slack", "stripe", "wpg", "standard", "whop", "comps"] {
        let old = genuine(provider).later(301_000);
        assert_eq!(old.verdict(), Err("stale"), "{provider}");
        assert_eq!(old.with_body("{}").verdict(), Err("mismatch"), "{provider}");
    }
}

// Lists of signatures, and secrets that change.

#[test]
fn any_entry_of_the_right_version_will_do() {
    let signed = genuine("stripe");
    let right = signed.header("Stripe-Signature").trim_start_matches("t=1763719200,").to_owned();
    let wrong = format!("v1={}", "0".repeat(64));
    let lists = [
        format!("t=1763719200,{wrong},{right}"),
        format!("t=1763719200,{right},{wrong}"),
        format!("t=1763719200,v1=bad_signature,{right}"),
        format!("t=1763719200,v0={},{right}", "0".repeat(64)),
        format!("{right},t=1763719200"),
        format!("t=1763719200 , {right}"),
        format!("t=1763719200,t=1763719200,{right},extension,x=y"),
    ];
    for list in lists {
        assert_eq!(signed.clone().with("Stripe-Signature", &list).verdict(), Ok(()), "{list}");
    }
    let forged = right.replace("v1=", "v0=");
    let list = format!("t=1763719200,{wrong},{forged}");
    assert_eq!(signed.with("Stripe-Signature", list).verdict(), Err("mismatch"), "the signature is marked v0");
}

#[test]
fn a_list_with_signatures_of_another_kind_is_looked_through() {
    let signed = genuine("standard");
    let right = signed.header("webhook-signature").to_owned();
    let wrong = format!("v1,{}", STANDARD.encode([0; 32]));
    for list in [
        format!("{wrong} {right} v1a,xxx"),
        format!("v1a,xxx {right}"),
        format!("v1,bad {right}"),
        format!("{right}  {wrong}"),
    ] {
        assert_eq!(signed.clone().with("webhook-signature", &list).verdict(), Ok(()), "{list}");
    }
    let unversioned = right.trim_start_matches("v1,");
    assert_eq!(
        signed.clone().with("webhook-signature", format!("v1a,{unversioned}")).verdict(),
        Err("unknown-version")
    );
    assert_eq!(signed.with("webhook-signature", format!("{wrong} v1a,{unversioned}")).verdict(), Err("mismatch"));
}

#[test]
fn the_secret_that_matched_is_named() {
    for (provider, secret) in [("github", "new secret"), ("stripe", "whsec_new"), ("unibo", "new token")] {
        let signed = Example::new(embedded(provider), "{}").secret(secret).sign();
        let both = signed.received_with(&[("OLD_SECRET", "an older one"), ("NEW_SECRET", secret)]);
        assert_eq!(both.verify().map(|verified| verified.secret).as_deref(), Ok("NEW_SECRET"), "{provider}");
        let neither = both.received_with(&[("a", "an older one"), ("b", "an oldest one")]);
        let token = provider == "unibo";
        assert_eq!(neither.verify(), Err(Rejection::Mismatch { secrets: 2, token }), "{provider}");
    }
}

#[test]
fn a_list_carries_a_signature_for_each_secret() {
    let secrets = [("old", "whsec_b2xk"), ("new", "whsec_bmV3")];
    for provider in ["standard", "stripe", "whop", "whop-v1"] {
        let signed = Example::new(embedded(provider), "{}").secrets(&secrets).sign();
        for secret in secrets {
            let received = signed.clone().received_with(&[secret]);
            assert_eq!(received.verify().map(|verified| verified.secret).as_deref(), Ok(secret.0), "{provider}");
        }
    }
    for provider in ["github", "slack", "wpg", "comps", "gamepush", "unibo"] {
        let refused = Example::new(embedded(provider), "{}").secrets(&secrets).try_sign(None).err();
        let expected = SigningError::OneSignatureOnly { scheme: provider.to_owned(), count: 2 };
        assert_eq!(refused, Some(expected));
    }
}

#[test]
fn tokens_are_compared_exactly() {
    let token = "unibo_test_api_key_for_wh";
    let spoilt = [
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer  {token}"),
        format!("Bearer {token} "),
        format!("Bearer {}", token.to_uppercase()),
    ];
    for value in &spoilt {
        header_is_rejected("unibo", "Authorization", "mismatch", &[value]);
    }
    header_is_rejected("unibo", "Authorization", "missing-signature", &["Bearer "]);
    header_is_rejected("unibo", "Authorization", "bad-format", &[&format!("bearer {token}")]);
}

#[test]
fn nothing_is_verified_or_signed_without_a_secret() {
    for provider in providers() {
        let name = provider.name.clone();
        let signed = Example::new(provider, "{}").sign();
        assert_eq!(signed.clone().received_with(&[]).verdict(), Err("empty-secret"), "{name}");
        assert_eq!(signed.received_with(&[("WH_SECRET", "")]).verdict(), Err("empty-secret"), "{name}");
        let refused = Example::new(embedded(&name), "{}").secrets(&[]).try_sign(None).err();
        assert_eq!(refused, Some(SigningError::NoSecret), "{name}");
        let refused = Example::new(embedded(&name), "{}").secret("").try_sign(None).err();
        assert!(matches!(refused, Some(SigningError::Secret(_))), "{name}: {refused:?}");
    }
    let signed = genuine("standard").received_with(&[("WH_SECRET", "whsec_!")]);
    assert_eq!(signed.verdict(), Err("bad-secret"));
}

// Deliveries that are wrong on purpose.

/// What a fault is rejected for, by how a scheme carries its signature; empty where no such scheme has the fault.
const REJECTIONS: [(Fault, [&str; 4]); 28] = [
    // Headers of their own, a list with the timestamp, in the body, a token.
    (Fault::NoSignature, ["missing-header", "bad-format", "bad-format", "missing-header"]),
    (Fault::EmptySignature, ["missing-signature"; 4]),
    (Fault::TruncatedSignature, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::ForgedSignature, ["mismatch"; 4]),
    (Fault::WrongSecret, ["mismatch"; 4]),
    (Fault::EmptySecret, ["mismatch", "mismatch", "mismatch", ""]),
    (Fault::SignatureSuffix, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::OtherSignature, ["mismatch", "mismatch", "mismatch", ""]),
    (Fault::AlteredBody, ["mismatch", "mismatch", "mismatch", ""]),
    (Fault::AlteredTimestamp, ["mismatch", "mismatch", "", ""]),
    (Fault::AlteredId, ["mismatch", "", "", ""]),
    (Fault::Stale, ["stale", "stale", "", ""]),
    (Fault::Future, ["future", "future", "", ""]),
    (Fault::NoTimestamp, ["missing-header", "bad-format", "", ""]),
    (Fault::GarbageTimestamp, ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Word), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Empty), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Suffix), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::Fraction), ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::SignedGarbage(Garbage::NotANumber), ["bad-timestamp", "bad-timestamp", "", ""]),
    // In seconds it is later than a calendar can tell.
    (Fault::MillisecondsTimestamp, ["bad-timestamp", "bad-timestamp", "", ""]),
    (Fault::WrongVersion, ["unknown-version", "unknown-version", "", ""]),
    (Fault::WrongWord, ["", "", "", "bad-format"]),
    (Fault::MalformedHeader, ["bad-encoding", "bad-format", "bad-format", "bad-format"]),
    (Fault::NonAsciiSignature, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::WrongLength, ["bad-encoding", "bad-encoding", "bad-encoding", "mismatch"]),
    (Fault::WrongEncoding, ["bad-encoding", "bad-encoding", "bad-encoding", ""]),
    (Fault::DuplicateHeader, ["ambiguous-header", "ambiguous-header", "", "ambiguous-header"]),
];

fn expected_rejection(fault: Fault, scheme: &Scheme) -> &'static str {
    // Where nothing marks a signature, separators are one of the wrong length.
    let marked = scheme
        .headers
        .iter()
        .any(|rule| rule.value.mentions(Field::Signature) && rule.value.to_string() != "{signature}");
    if fault == Fault::MalformedHeader && marked {
        return "bad-format";
    }
    let row = REJECTIONS.iter().find(|(known, _)| *known == fault).expect("a row for every fault");
    let listed = |field| scheme.headers.iter().any(|rule| rule.separator.is_some() && rule.value.mentions(field));
    let column = match (scheme.algorithm, &scheme.envelope) {
        (Algorithm::Token, _) => 3,
        (Algorithm::Hmac(_) | Algorithm::Digest(_), Some(_)) => 2,
        (Algorithm::Hmac(_) | Algorithm::Digest(_), None) => usize::from(listed(Field::Timestamp)),
    };
    row.1[column]
}

#[test]
fn every_fault_of_every_event_is_rejected_for_its_reason() {
    assert_eq!(Fault::all().count(), REJECTIONS.len(), "each fault has a row in the table of probes");
    for (fault, name) in Fault::all().map(|fault| (fault, fault.name())) {
        let faulty = deliveries(move |provider, event| sign_sample(provider, event, Some(fault)));
        for (provider, delivery) in faulty.filter(|(provider, _)| fault.obstacle(&provider.scheme).is_none()) {
            let verdict = provider.scheme.verify(&delivery, &[test_secret(&provider)], NOW);
            let reason = verdict.expect_err("a fault").reason();
            let what = format!("{name}: {}/{}", provider.name, delivery.event_name());
            assert_eq!(reason, expected_rejection(fault, &provider.scheme), "{what}");
        }
    }
}

#[test]
fn a_scheme_has_the_faults_that_its_parts_allow() {
    let everywhere = "no-signature empty-signature truncated-signature forged-signature wrong-secret signature-suffix \
                      malformed-header wrong-length-signature non-ascii-signature";
    let signed = "empty-secret other-signature altered-body wrong-encoding-signature";
    let clock = "no-timestamp garbage-timestamp signed-word-timestamp signed-empty-timestamp signed-suffix-timestamp \
                 signed-fraction-timestamp signed-nan-timestamp";
    let (limits, unit) = ("stale future", "milliseconds-timestamp");
    let (moved, twice) = ("altered-timestamp", "duplicate-header");
    let cases: [(&str, &[&str]); 8] = [
        ("unibo", &["wrong-word", twice]),
        ("github", &[signed, twice]),
        ("shopify", &[signed, twice]),
        ("gamepush", &[signed]),
        ("comps", &[signed, clock, limits, unit, twice]),
        ("stripe", &[signed, clock, "stale", moved, "wrong-version", twice]),
        ("wpg", &[signed, clock, limits, unit, moved, "wrong-version", twice]),
        ("standard", &[signed, clock, limits, unit, moved, "altered-id", "wrong-version", twice]),
    ];
    for (provider, further) in cases {
        let scheme = embedded(provider).scheme;
        let mut names: Vec<&str> =
            Fault::all().filter(|fault| fault.obstacle(&scheme).is_none()).map(Fault::name).collect();
        let mut expected: Vec<&str> =
            std::iter::once(&everywhere).chain(further).flat_map(|names| names.split_whitespace()).collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected, "{provider}");
    }
}

#[test]
fn a_timestamp_in_the_payload_is_shifted_with_its_fault() {
    let fixture = r#"{"webhookTimestamp":"{{#unix-ms}}"}"#;
    let scheme = custom("linear", LINEAR).scheme;
    for (fault, reason) in [(Fault::Stale, "stale"), (Fault::Future, "future"), (Fault::AlteredBody, "mismatch")] {
        let example =
            Example::new(custom("linear", LINEAR), "").fixture(fixture).at(fault.moment(&scheme, NOW).expect("a time"));
        let mut signed = example.try_sign(Some(fault)).expect("a secret that signs");
        signed.now = NOW;
        assert_eq!(signed.verdict(), Err(reason));
    }
    assert!(Fault::NoTimestamp.obstacle(&scheme).is_some());
}

// The edge of what can be said.

/// A form may be refused; one that is read must work.
#[test]
fn a_scheme_that_can_be_read_accepts_what_it_signs() {
    let unmarked = "{ name = 'A', value = '{timestamp},{signature}', separator = ',' }";
    let doubled = "{ name = 'A', value = 't={timestamp}' }, { name = 'a', value = '{signature}' }";
    let long = "{ name = 'A', value = 't={timestamp}, and s={signature}', separator = ', and ' }";
    let forms = [
        ("a list without marks", "{timestamp}.{body}", unmarked),
        ("one header said twice", "{timestamp}.{body}", doubled),
        ("a long separator", "{timestamp}.{body}", long),
        ("braces", "{timestamp}.{body}", "{ name = 'A', value = '{{{timestamp}}} {{{signature}}}' }"),
        ("encoded fields", "{timestamp}.{body:hex}", "{ name = 'A', value = '{timestamp:hex}.{signature:base64url}' }"),
        ("a signed event", "{event}.{body}", "{ name = 'A', value = '{signature}' }"),
        (
            "two headers with the signature",
            "{body}",
            "{ name = 'A', value = '{signature}' }, { name = 'B', value = 's={signature}' }",
        ),
    ];
    let broken = forms.iter().filter(|(_, content, headers)| {
        let text = format!(
            "title = 'T'\nabout = 'A'\ndocumentation = 'D'\nevent.type = '/type'\nsecret.test = 'secret'\n\
             [signature]\nalgorithm = 'hmac-sha256'\ncontent = '{content}'\nheaders = [{headers}]\n"
        );
        let source = Source { path: "provider.toml", text: &text };
        Provider::read("edge", source, &[]).is_ok_and(|provider| Example::new(provider, "{}").sign().verdict().is_err())
    });
    assert_eq!(broken.map(|(what, ..)| *what).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// The timestamp is signed beside the body, and stands only in the body.
const TIMED_PAYLOAD: &str = r#"
    [event]
    type = "/type"
    [secret]
    test = "secret"
    [signature]
    algorithm = "hmac-sha256"
    content = "{timestamp}.{body}"
    [[signature.headers]]
    name = "X-Signature"
    value = "{signature}"
    [timestamp]
    payload = "/time"
    tolerance-past = "300s"
"#;

#[test]
fn the_timestamp_that_is_signed_is_the_one_in_the_payload() {
    let signed = Example::new(custom("timed", TIMED_PAYLOAD), r#"{"time":1763719190}"#).sign();
    assert_eq!(signed.verdict(), Ok(()));
}

#[test]
fn a_fault_that_a_scheme_has_is_never_without_effect() {
    let scheme = custom("timed", TIMED_PAYLOAD).scheme;
    for (fault, name) in Fault::all().map(|fault| (fault, fault.name())) {
        if fault.obstacle(&scheme).is_none() {
            let example = Example::new(custom("timed", TIMED_PAYLOAD), "").fixture(r#"{"time":"{{#unix}}"}"#);
            let mut signed = example
                .at(fault.moment(&scheme, NOW).expect("a time"))
                .try_sign(Some(fault))
                .expect("a secret that signs");
            signed.now = NOW;
            assert!(signed.verdict().is_err(), "{name}");
        }
    }
}

#[test]
fn a_delivery_that_lacks_what_is_signed_is_not_signed() {
    let provider = custom(
        "evented",
        r#"
        [event]
        type = "/type"
        [secret]
        test = "secret"
        [signature]
        algorithm = "hmac-sha256"
        content = "{event}.{body}"
        [[signature.headers]]
        name = "X-Signature"
        value = "{signature}"
        "#,
    );
    let Signed { provider, secrets, mut delivery, .. } = Example::new(provider, "{}").sign();
    delivery.event = None;
    let signed = provider.scheme.sign(delivery, &Signing { timestamp: NOW, secrets: &secrets, fault: None });
    assert!(signed.is_err(), "signed without its event: {:?}", signed.map(|delivery| delivery.request));
}
