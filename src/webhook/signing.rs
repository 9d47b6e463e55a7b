//! `Scheme::sign`: what turns a composed delivery into a genuine one, or into one with a deliberate fault.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;

use super::delivery::Delivery;
use super::fault::Fault;
use super::scheme::{Algorithm, Scheme};
use super::secret::{Secret, SecretError};
use super::template::{Field, Template};

/// What signing needs besides the delivery.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The time of the attempt.
    pub timestamp: Timestamp,
    /// The secrets to sign with: one, or several where the scheme carries a list of signatures.
    pub secrets: &'a [Secret],
    /// What is to be wrong with it.
    pub fault: Option<Fault>,
}

/// Why a delivery could not be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SigningError {
    /// A secret that is no key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No secret at all.
    #[error("there is no secret to sign with")]
    NoSecret,
    /// Several secrets where the scheme has room for one signature.
    #[error("`{scheme}` carries one signature, so it cannot be signed with {count} secrets")]
    OneSignatureOnly {
        /// The provider's name.
        scheme: String,
        /// How many secrets were given.
        count: usize,
    },
    /// Something that is signed, and that the delivery does not have.
    #[error("the {field} is signed, and this delivery has none")]
    MissingField {
        /// What is missing.
        field: &'static str,
    },
    /// A value that a header cannot hold.
    #[error("the header `{name}` cannot hold its value: {reason}")]
    BadHeader {
        /// The header.
        name: String,
        /// What is in the way.
        reason: &'static str,
    },
}

/// What a delivery's headers and envelope are written from. What is `None` is left out, with all that leads to it.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    pub(super) timestamp: Option<String>,
    pub(super) version: Option<String>,
    pub(super) signatures: Option<Vec<String>>,
    pub(super) token: Option<Vec<u8>>,
    pub(super) id: String,
}

impl Scheme {
    /// Signs a delivery whose body is the payload: adds the scheme's headers, and wraps the body where it has an
    /// envelope. Headers of the same names that it had before are replaced.
    pub fn sign(&self, delivery: Delivery, signing: &Signing<'_>) -> Result<Delivery, SigningError> {
        let [first, others @ ..] = signing.secrets else {
            return Err(SigningError::NoSecret);
        };
        if !others.is_empty() && !self.carries_several_signatures() {
            let scheme = delivery.scheme.clone().unwrap_or_default();
            return Err(SigningError::OneSignatureOnly { scheme, count: signing.secrets.len() });
        }
        let payload = delivery.request.body().clone();
        // What the payload says of the time is what a receiver reads, whatever the clock says.
        let timestamp = self.timestamp_in(&payload).filter(|_| !self.has_timestamp_header());
        let genuine = timestamp.unwrap_or_else(|| self.timestamp.unit.write(signing.timestamp));
        let garbage = signing.fault.and_then(|fault| fault.timestamp(signing.timestamp, &genuine));
        let timestamp = garbage.unwrap_or(genuine);
        // What is signed, where it is not what is sent.
        let other = signing.fault.and_then(|fault| fault.signed_payload(&payload)).map(|payload| {
            let mut delivery = delivery.clone();
            *delivery.request.body_mut() = payload.clone();
            (delivery, payload)
        });
        let (signed, signed_payload) =
            other.as_ref().map_or((&delivery, &payload), |(other, payload)| (other, payload));

        let encoding = signing.fault.map_or(self.encoding, |fault| fault.encoding(self));
        let mut signatures = Vec::new();
        for secret in signing.secrets {
            let key = self.key.key(secret)?;
            let raw = |key: &[u8]| self.raw(signed, signed_payload, &timestamp, key);
            let signature = match signing.fault {
                Some(fault) => fault.signature(self, &key, raw)?,
                None => raw(&key)?,
            };
            signatures.push(encoding.encode(&signature));
        }
        let mut proof = Proof {
            timestamp: Some(timestamp),
            version: self.version.clone(),
            signatures: Some(signatures),
            token: Some(first.expose().to_vec()),
            id: delivery.id.clone(),
        };
        let payload = match signing.fault {
            Some(fault) => {
                fault.alter(self, &mut proof);
                fault.payload(payload)
            }
            None => payload,
        };
        let mut delivery = self.write(delivery, &payload, &proof)?;
        if let Some(fault) = signing.fault {
            fault.finish(self, &mut delivery);
        }
        Ok(delivery)
    }

    /// The raw signature of a delivery under a key.
    fn raw(&self, delivery: &Delivery, payload: &Bytes, timestamp: &str, key: &[u8]) -> Result<Vec<u8>, SigningError> {
        if self.algorithm == Algorithm::Token {
            return Ok(Vec::new());
        }
        let context = Content { delivery, payload, timestamp: Some(timestamp), id: Some(&delivery.id), key };
        let content = self.content(&context).map_err(|field| SigningError::MissingField { field: field.title() })?;
        Ok(self.algorithm.compute(key, &content))
    }

    /// What the signature covers; the error is a field that the delivery does not have.
    pub(super) fn content(&self, context: &Content<'_>) -> Result<Vec<u8>, Field> {
        let mut content = Vec::new();
        self.write_content(context, &mut |bytes| content.extend_from_slice(bytes))?;
        Ok(content)
    }

    /// The same, handed over piece by piece.
    pub(super) fn write_content(&self, context: &Content<'_>, write: &mut dyn FnMut(&[u8])) -> Result<(), Field> {
        let request = &context.delivery.request;
        let value = |field| match field {
            // In an envelope the signature is part of the body, so that only the payload can be covered.
            Field::Body if self.envelope.is_none() => Some(Cow::Borrowed(request.body().as_ref())),
            Field::Body | Field::Payload => Some(Cow::Borrowed(context.payload)),
            Field::Timestamp => context.timestamp.map(|text| Cow::Borrowed(text.as_bytes())),
            Field::Id => context.id.map(|text| Cow::Borrowed(text.as_bytes())),
            Field::Event => context.delivery.event.as_ref().map(|text| Cow::Borrowed(text.as_bytes())),
            Field::Url => Some(Cow::Owned(context.delivery.url().into_bytes())),
            Field::Method => Some(Cow::Borrowed(request.method().as_str().as_bytes())),
            Field::Version => self.version.as_ref().map(|text| Cow::Borrowed(text.as_bytes())),
            Field::Secret => Some(Cow::Borrowed(context.key)),
            Field::Signature => None,
        };
        self.content.write_to(value, write)
    }

    fn write(&self, mut delivery: Delivery, payload: &Bytes, proof: &Proof) -> Result<Delivery, SigningError> {
        for rule in &self.headers {
            let name = HeaderName::from_bytes(rule.name.as_bytes())
                .map_err(|_| SigningError::BadHeader { name: rule.name.clone(), reason: "its name is none" })?;
            let mut items = Vec::new();
            for item in &rule.items {
                items.extend(proof.items(item));
            }
            let headers = delivery.request.headers_mut();
            headers.remove(&name);
            if items.is_empty() {
                continue;
            }
            let text = items.join(rule.separator.as_deref().unwrap_or_default().as_bytes());
            let value = HeaderValue::from_bytes(&text).map_err(|_| SigningError::BadHeader {
                name: rule.name.clone(),
                reason: "a control character is in it",
            })?;
            headers.insert(name, value);
        }
        *delivery.request.body_mut() = match &self.envelope {
            None => payload.clone(),
            Some(envelope) => {
                let envelope = match proof.signatures {
                    Some(_) => Cow::Borrowed(envelope),
                    None => Cow::Owned(envelope.without(Field::Signature)),
                };
                let body = envelope.write(|field| match field {
                    Field::Payload => Some(Cow::Borrowed(payload.as_ref())),
                    _ => proof.value(field, 0),
                });
                Bytes::from(body.unwrap_or_default())
            }
        };
        Ok(delivery)
    }
}

/// What the signed content of a delivery is made from.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) payload: &'a [u8],
    pub(super) timestamp: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) key: &'a [u8],
}

impl Proof {
    /// An item of a header, once for each signature where it holds one; nothing where something in it is left out.
    fn items(&self, item: &Template) -> Vec<Vec<u8>> {
        let count = if item.mentions(Field::Signature) { self.signatures.as_ref().map_or(0, Vec::len) } else { 1 };
        (0..count).filter_map(|index| item.write(|field| self.value(field, index)).ok()).collect()
    }

    fn value(&self, field: Field, index: usize) -> Option<Cow<'_, [u8]>> {
        let text = match field {
            Field::Timestamp => self.timestamp.as_deref()?,
            Field::Version => self.version.as_deref()?,
            Field::Signature => self.signatures.as_ref()?.get(index)?,
            Field::Secret => return self.token.as_deref().map(Cow::Borrowed),
            Field::Id => &self.id,
            Field::Body | Field::Payload | Field::Event | Field::Url | Field::Method => return None,
        };
        Some(Cow::Borrowed(text.as_bytes()))
    }
}
