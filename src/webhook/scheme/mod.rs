//! `Scheme`: how a provider signs, as read from its file. One interpreter serves them all.

mod algorithm;
mod timestamp;

use std::borrow::Cow;

use http::HeaderName;

pub use self::algorithm::{Algorithm, Hash};
pub use self::timestamp::{TimestampRule, TimestampUnit};
use super::delivery::Delivery;
use super::encoding::Encoding;
use super::json::Document;
use super::secret::KeyForm;
use super::template::{Field, Template};

/// How a provider proves that a delivery is its own.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// What computes the signature.
    pub algorithm: Algorithm,
    /// What the signature covers. Empty for a token.
    pub content: Template,
    /// How the signature is written.
    pub encoding: Encoding,
    /// Other encodings that are recognised on receipt, and reported.
    pub also_accepts: Vec<Encoding>,
    /// What `{version}` stands for.
    pub version: Option<String>,
    /// The headers that carry signature, timestamp and the like.
    pub headers: Vec<HeaderRule>,
    /// The body, where it is an envelope around the payload.
    pub envelope: Option<Template>,
    /// How a secret's text becomes the key.
    pub key: KeyForm,
    /// The secret that the provider's folder publishes for tests.
    pub test_secret: String,
    /// The timestamp's unit, place and limits.
    pub timestamp: TimestampRule,
}

/// A header that carries what verifying needs.
#[derive(Debug, Clone)]
pub struct HeaderRule {
    /// The name, as the provider spells it.
    pub name: String,
    /// The same as requests are searched by it.
    pub header: HeaderName,
    /// The value.
    pub value: Template,
    /// What stands between the items, where the value is a list of them.
    pub separator: Option<String>,
    /// Whether a delivery without it is genuine all the same.
    pub optional: bool,
    /// The templates of the value's items, in order; a value that is no list is one item.
    pub items: Vec<Template>,
}

impl HeaderRule {
    /// A header with that value, which is a list where there is a separator.
    #[must_use]
    pub fn new(
        (name, header): (String, HeaderName),
        value: Template,
        separator: Option<String>,
        optional: bool,
    ) -> Self {
        let items = match &separator {
            Some(separator) => value.split(separator),
            None => vec![value.clone()],
        };
        Self { name, header, value, separator, optional, items }
    }
}

impl Scheme {
    /// Whether any header or the signed content holds the field.
    #[must_use]
    pub fn uses(&self, field: Field) -> bool {
        self.content.mentions(field) || self.headers.iter().any(|rule| rule.value.mentions(field))
    }

    /// Whether the signature covers the timestamp, so that it cannot be changed without breaking it.
    #[must_use]
    pub fn signs_timestamp(&self) -> bool {
        let in_payload = self.timestamp.payload.is_some() && !self.has_timestamp_header();
        self.content.mentions(Field::Timestamp) || (in_payload && self.signs_body())
    }

    /// Whether a header carries the timestamp.
    #[must_use]
    pub fn has_timestamp_header(&self) -> bool {
        self.headers.iter().any(|rule| rule.value.mentions(Field::Timestamp))
    }

    /// Whether a delivery carries a timestamp at all.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.uses(Field::Timestamp) || self.timestamp.payload.is_some()
    }

    /// Whether the signature covers the body.
    #[must_use]
    pub fn signs_body(&self) -> bool {
        self.content.mentions(Field::Body) || self.content.mentions(Field::Payload)
    }

    /// Whether a delivery may carry several signatures, as it does while a secret is being changed.
    #[must_use]
    pub fn carries_several_signatures(&self) -> bool {
        self.headers.iter().any(|rule| rule.separator.is_some() && rule.value.mentions(Field::Signature))
    }

    /// The header that carries the signature, or the token; nothing where an envelope does.
    #[must_use]
    pub fn signature_header(&self) -> Option<&HeaderRule> {
        self.headers.iter().find(|rule| rule.value.mentions(Field::Signature) || rule.value.mentions(Field::Secret))
    }

    /// Whether a delivery is genuine without its version.
    #[must_use]
    pub fn version_is_optional(&self) -> bool {
        self.headers.iter().filter(|rule| rule.value.mentions(Field::Version)).all(|rule| rule.optional)
    }

    /// What a delivery is known by: a signature, or a token.
    #[must_use]
    pub fn proof(&self) -> &'static str {
        if self.algorithm == Algorithm::Token { "token" } else { "signature" }
    }

    /// The payload of a delivery: its body, or what the envelope holds; `None` when the body is not such an envelope.
    #[must_use]
    pub fn payload<'a>(&self, delivery: &'a Delivery) -> Option<Cow<'a, [u8]>> {
        let body = delivery.request.body();
        match &self.envelope {
            None => Some(Cow::Borrowed(body)),
            Some(envelope) => {
                let read = envelope.read(body).or_else(|| envelope.without(Field::Signature).read(body))?;
                read.field(Field::Payload).map(|payload| Cow::Owned(payload.to_vec()))
            }
        }
    }

    /// The timestamp inside a payload, where this scheme has it there.
    #[must_use]
    pub fn timestamp_in(&self, payload: &[u8]) -> Option<String> {
        let path = self.timestamp.payload.as_ref()?;
        let text = Document::parse(payload).ok()?.find_text(path)?;
        Some(text.into_owned())
    }
}
