//! Signing and verification, held against what providers publish and against independent implementations.
//!
//! Where a provider publishes an example, it is quoted with its address; "stored copy" says that it was read there, and
//! not remembered. Where none is published, the value was computed with Python 3.11 by the line above it, with
//! `T = b'1763719200'`, `P` the payload and `H(key, message) = hmac.new(key, message, 'sha256')`; "see" is where the
//! provider describes the form.

mod altered;
mod bounds;
mod described;
mod faults;
mod lists;
mod published;
mod reasons;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Uri};
use jiff::{SignedDuration, Timestamp};
use wh::webhook::composition::{Draft, Payload};
use wh::webhook::delivery::Delivery;
use wh::webhook::event::EventName;
use wh::webhook::fault::Fault;
use wh::webhook::provider::Provider;
use wh::webhook::secret::Secret;
use wh::webhook::signing::{Signing, SigningError};
use wh::webhook::table::Source;
use wh::webhook::verification::{Rejection, Verified};

use crate::catalogue::{NOW, embedded, providers, sample};

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

/// The provider that a user's file describes, which has this test secret. What every file begins with is left out of
/// `text`: it goes on in `[secret]`.
fn custom(name: &str, secret: &str, text: &str) -> Provider {
    let head = "title = 'Custom'\nabout = 'A custom provider'\ndocumentation = 'https://example.com/'\n";
    let event = if text.contains("[event]") { "" } else { "[event]\ntype = '/type'\n" };
    let text = format!("{head}{event}[secret]\ntest = '{secret}'\n{text}");
    let source = Source { path: "provider.toml", text: &text };
    Provider::read(name, source, &[]).unwrap_or_else(|error| panic!("{error} ({:?})", error.hint))
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

const LINEAR: &str = r#"
    [signature]
    algorithm = "hmac-sha256"
    content = "{body}"
    headers = [{ name = "Linear-Signature", value = "{signature}" }]
    [timestamp]
    unit = "milliseconds"
    payload = "/webhookTimestamp"
    tolerance-past = "60s"
    tolerance-future = "60s"
"#;

/// Spoils a header of a genuine delivery by each value, and expects the reason.
#[track_caller]
fn header_is_rejected(provider: &str, header: &str, reason: &str, values: &[&str]) {
    for value in values {
        let verdict = genuine(provider).with(header, value).verdict();
        assert_eq!(verdict, Err(reason), "{provider}: {header}: {value:?}");
    }
}
