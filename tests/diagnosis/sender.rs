//! A sender that makes mistakes: signs with the hash crates alone, as each provider's page says, but for one thing.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use wh::webhook::catalogue::Catalogue;
use wh::webhook::delivery::Delivery;
use wh::webhook::diagnosis::{Budget, Case, Diagnosis, Known, diagnose};
use wh::webhook::provider::Provider;
use wh::webhook::secret::Secret;

pub(super) static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let catalogue = Catalogue::embedded();
    catalogue.names().map(|name| catalogue.provider(name).expect("an embedded provider")).collect()
});

/// The clock of sender and receiver.
pub(super) const NOW: i64 = 1_795_255_200;

pub(super) const ID: &str = "msg_2LkWBfF3cN9";

/// The providers that sign.
pub(super) const SIGNING: [&str; 9] =
    ["wpg", "whop", "gamepush", "comps", "standard", "stripe", "github", "slack", "shopify"];

/// The same without the one that takes a plain hash.
pub(super) const HMAC: [&str; 8] = ["wpg", "whop", "comps", "standard", "stripe", "github", "slack", "shopify"];

/// Headers and body.
pub(super) type Written = (Vec<(String, String)>, Vec<u8>);

/// What is sent, and what is signed instead.
pub(super) struct Sender {
    pub(super) provider: &'static str,
    /// What the receiver verifies with.
    pub(super) secret: Vec<u8>,
    /// What the sender signs with.
    pub(super) key: Vec<u8>,
    pub(super) timestamp: String,
    pub(super) signed_timestamp: String,
    pub(super) body: Vec<u8>,
    pub(super) signed_body: Vec<u8>,
    /// The signed content, from timestamp, id, body and key.
    pub(super) content: fn(&Parts<'_>) -> Vec<u8>,
    /// The signature's bytes, from key and content.
    pub(super) compute: fn(&[u8], &[u8]) -> Vec<u8>,
    pub(super) encode: fn(&[u8]) -> String,
    /// The headers and the body, from timestamp, signature and body.
    pub(super) write: fn(&Self, &str) -> Written,
    pub(super) target: &'static str,
}

pub(super) struct Parts<'a> {
    pub(super) timestamp: &'a str,
    pub(super) body: &'a [u8],
    pub(super) key: &'a [u8],
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn hmac_sha256(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn hmac_sha1(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("any length");
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn hmac_sha512(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("any length");
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

pub(super) fn sha256(content: &[u8]) -> Vec<u8> {
    Sha256::digest(content).to_vec()
}

/// The secret that the receiver has, in the form that the provider gives out.
pub(super) fn secret_of(provider: &str) -> &'static str {
    match provider {
        "wpg" | "stripe" | "standard" => "whsec_Zm9yIHRoZSB0ZXN0cyBvbmx5",
        "whop" => "ws_Zm9yIHRoZSB0ZXN0cyBvbmx5",
        _ => "Zm9yIHRoZSB0ZXN0cyBvbmx5",
    }
}

impl Sender {
    /// A sender without a mistake.
    pub(super) fn genuine(provider: &'static str, body: &[u8]) -> Self {
        let secret = secret_of(provider).as_bytes().to_vec();
        // Standard Webhooks alone decodes the secret.
        let key = if provider == "standard" { b"for the tests only".to_vec() } else { secret.clone() };
        let content: fn(&Parts<'_>) -> Vec<u8> = match provider {
            "wpg" | "whop" | "stripe" => |parts| [parts.timestamp.as_bytes(), b".", parts.body].concat(),
            "slack" => |parts| [b"v0:", parts.timestamp.as_bytes(), b":", parts.body].concat(),
            "standard" => |parts| [ID.as_bytes(), b".", parts.timestamp.as_bytes(), b".", parts.body].concat(),
            "gamepush" => |parts| [base64(parts.body).as_bytes(), b"_", parts.key].concat(),
            _ => |parts| parts.body.to_vec(),
        };
        let compute = if provider == "gamepush" { |_: &[u8], content: &[u8]| sha256(content) } else { hmac_sha256 };
        let encode: fn(&[u8]) -> String = match provider {
            "standard" | "shopify" => |bytes| base64(bytes),
            _ => |bytes| hex::encode(bytes),
        };
        Self {
            provider,
            secret,
            key,
            timestamp: NOW.to_string(),
            signed_timestamp: NOW.to_string(),
            body: body.to_vec(),
            signed_body: body.to_vec(),
            content,
            compute,
            encode,
            write: Self::usual,
            target: "/webhooks",
        }
    }

    pub(super) fn usual(&self, signature: &str) -> Written {
        let time = self.timestamp.clone();
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let headers = match self.provider {
            "wpg" => vec![pair("X-WPG-Signature", signature.to_owned()), pair("X-WPG-Timestamp", time)],
            "comps" => vec![pair("X-Comps-Signature", signature.to_owned()), pair("X-Comps-Timestamp", time)],
            "whop" => vec![pair("X-Whop-Signature", format!("t={time},v1={signature}"))],
            "stripe" => vec![pair("Stripe-Signature", format!("t={time},v1={signature}"))],
            "standard" => vec![
                pair("webhook-id", ID.to_owned()),
                pair("webhook-timestamp", time),
                pair("webhook-signature", format!("v1,{signature}")),
            ],
            "github" => vec![pair("X-Hub-Signature-256", format!("sha256={signature}"))],
            "slack" => {
                vec![pair("X-Slack-Signature", format!("v0={signature}")), pair("X-Slack-Request-Timestamp", time)]
            }
            "shopify" => vec![pair("X-Shopify-Hmac-Sha256", signature.to_owned())],
            "gamepush" => {
                return (vec![], format!("{}.{signature}", base64(&self.body)).into_bytes());
            }
            other => panic!("nobody knows how {other} signs"),
        };
        (headers, self.body.clone())
    }

    pub(super) fn signature(&self) -> String {
        let parts = Parts { timestamp: &self.signed_timestamp, body: &self.signed_body, key: &self.key };
        (self.encode)(&(self.compute)(&self.key, &(self.content)(&parts)))
    }

    pub(super) fn deliver(&self) -> Delivery {
        let (headers, body) = (self.write)(self, &self.signature());
        delivery(self.provider, self.target, &headers, body)
    }

    pub(super) fn diagnosis(&self) -> Diagnosis {
        diagnosis(self.provider, &self.deliver(), &[Secret::new("WH_SECRET", self.secret.clone())])
    }
}

pub(super) fn delivery(provider: &str, target: &str, headers: &[(String, String)], body: Vec<u8>) -> Delivery {
    let mut request = http::Request::post(target).header("Host", "localhost:4000");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Bytes::from(body)).expect("a request");
    Delivery { id: ID.to_owned(), scheme: Some(provider.to_owned()), event: None, variant: None, request }
}

/// What is found out about a delivery that the provider's scheme refuses.
#[track_caller]
pub(super) fn diagnosis(provider: &str, delivery: &Delivery, secrets: &[Secret]) -> Diagnosis {
    let now = Timestamp::from_second(NOW).expect("a moment");
    let own = PROVIDERS.iter().find(|known| known.name == provider).expect("a provider");
    let others: Vec<Known<'_>> = PROVIDERS
        .iter()
        .filter(|known| known.name != provider)
        .map(|provider| Known { provider, secrets: &[] })
        .collect();
    let rejection = own.scheme.verify(delivery, secrets, now).expect_err("a refusal");
    let case = Case { delivery, provider: own, secrets, rejection: &rejection, others: &others, now };
    diagnose(&case, Budget::FULL)
}

/// The codes of what was found.
pub(super) fn codes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis.findings.iter().map(|finding| finding.code.name()).collect()
}
