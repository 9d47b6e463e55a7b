//! `Scheme::sign`: what turns a composed delivery into a genuine one, or into one with a deliberate fault.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request};
use jiff::Timestamp;

use super::delivery::Delivery;
use super::fault::Fault;
use super::keyring::{Keyed, Keyring};
use super::scheme::{Algorithm, HeaderRule, Scheme};
use super::secret::{Secret, SecretError};
use super::template::Field;

/// How long the values of headers are, as a rule, in bytes.
const USUAL_VALUE: usize = 128;

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
pub(super) struct Proof<'a> {
    pub(super) timestamp: Option<String>,
    pub(super) version: Option<Cow<'a, str>>,
    pub(super) signatures: Option<Vec<String>>,
    pub(super) token: Option<Cow<'a, [u8]>>,
    pub(super) id: Cow<'a, str>,
}

impl Scheme {
    /// Signs a delivery whose body is the payload: adds the scheme's headers, and wraps the body where it has an
    /// envelope. Headers of the same names that it had before are replaced.
    pub fn sign(&self, mut delivery: Delivery, signing: &Signing<'_>) -> Result<Delivery, SigningError> {
        let keyring = Keyring::new(self, signing.secrets);
        self.sign_with(&mut delivery, &keyring, signing.timestamp, signing.fault)?;
        Ok(delivery)
    }

    /// The same with secrets that were made ready, for many deliveries. The time is that of the attempt; the fault is
    /// what is to be wrong with it.
    pub fn sign_with(
        &self,
        delivery: &mut Delivery,
        keyring: &Keyring,
        moment: Timestamp,
        fault: Option<Fault>,
    ) -> Result<(), SigningError> {
        let [first, others @ ..] = keyring.entries.as_slice() else {
            return Err(SigningError::NoSecret);
        };
        if !others.is_empty() && !self.carries_several_signatures() {
            let scheme = delivery.scheme.clone().unwrap_or_default();
            return Err(SigningError::OneSignatureOnly { scheme, count: keyring.entries.len() });
        }
        let payload = delivery.request.body().clone();
        // What the payload says of the time is what a receiver reads, whatever the clock says.
        let timestamp = self.timestamp_in(&payload).filter(|_| !self.has_timestamp_header());
        let genuine = timestamp.unwrap_or_else(|| self.timestamp.unit.write(moment));
        let garbage = fault.and_then(|fault| fault.timestamp(moment, &genuine));
        let timestamp = garbage.unwrap_or(genuine);
        // What is signed, where it is not what is sent.
        let other = fault.and_then(|fault| fault.signed_payload(&payload)).map(|payload| {
            let mut delivery = delivery.clone();
            *delivery.request.body_mut() = payload.clone();
            (delivery, payload)
        });
        let (signed, signed_payload) =
            other.as_ref().map_or((&*delivery, &payload), |(other, payload)| (other, payload));

        let encoding = fault.map_or(self.encoding, |fault| fault.encoding(self));
        let mut signatures = Vec::with_capacity(keyring.entries.len());
        for entry in &keyring.entries {
            let keyed = entry.key.as_ref().map_err(Clone::clone)?;
            let raw = |keyed: &Keyed| self.raw(signed, signed_payload, &timestamp, keyed);
            let signature = match fault {
                Some(fault) => fault.signature(self, keyed, raw)?,
                None => raw(keyed)?,
            };
            signatures.push(encoding.encode(&signature));
        }
        let Delivery { id, request, .. } = &mut *delivery;
        let mut proof = Proof {
            timestamp: Some(timestamp),
            version: self.version.as_deref().map(Cow::Borrowed),
            signatures: Some(signatures),
            token: Some(Cow::Borrowed(first.secret.expose())),
            id: Cow::Borrowed(id),
        };
        let payload = match fault {
            Some(fault) => {
                fault.alter(self, &mut proof);
                fault.payload(payload)
            }
            None => payload,
        };
        self.write(request, payload, &proof)?;
        if let Some(fault) = fault {
            fault.finish(self, delivery);
        }
        Ok(())
    }

    /// The raw signature of a delivery under a key.
    fn raw(
        &self,
        delivery: &Delivery,
        payload: &Bytes,
        timestamp: &str,
        keyed: &Keyed,
    ) -> Result<Vec<u8>, SigningError> {
        if self.algorithm == Algorithm::Token {
            return Ok(Vec::new());
        }
        let content =
            Content { delivery, payload, timestamp: Some(timestamp), id: Some(&delivery.id), key: &keyed.key };
        let signature = keyed.compute(|update| self.write_content(&content, update));
        signature.map_err(|field| SigningError::MissingField { field: field.title() })
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

    fn write(&self, request: &mut Request<Bytes>, payload: Bytes, proof: &Proof<'_>) -> Result<(), SigningError> {
        let headers = request.headers_mut();
        // One piece of memory for the values of all headers.
        let mut text = BytesMut::with_capacity(USUAL_VALUE * self.headers.len());
        for rule in &self.headers {
            if !proof.write(rule, &mut text) {
                headers.remove(&rule.header);
                continue;
            }
            let value = HeaderValue::from_maybe_shared(text.split().freeze()).map_err(|_| SigningError::BadHeader {
                name: rule.name.clone(),
                reason: "a control character is in it",
            })?;
            headers.insert(&rule.header, value);
        }
        *request.body_mut() = match &self.envelope {
            None => payload,
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
        Ok(())
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

impl Proof<'_> {
    /// Writes the value of a header in place of `text`: its items, each once, or once for each signature where it holds
    /// one. An item in which something is left out is left out; whether any is not.
    fn write(&self, rule: &HeaderRule, text: &mut BytesMut) -> bool {
        text.clear();
        let mut any = false;
        for item in &rule.items {
            let signatures = self.signatures.as_ref().map_or(0, Vec::len);
            let count = if item.mentions(Field::Signature) { signatures } else { 1 };
            for index in 0..count {
                let start = text.len();
                if any {
                    text.extend_from_slice(rule.separator.as_deref().unwrap_or_default().as_bytes());
                }
                let written =
                    item.write_to(|field| self.value(field, index), &mut |bytes| text.extend_from_slice(bytes));
                match written {
                    Ok(()) => any = true,
                    Err(_) => text.truncate(start),
                }
            }
        }
        any
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
