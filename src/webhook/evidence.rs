//! `Evidence`: what a signature covers and what it is made with, so that a person can follow a verdict.

use bytes::Bytes;
use jiff::Timestamp;

use super::delivery::Delivery;
use super::keyring::{Entry, Keyring};
use super::scheme::{Algorithm, Scheme};
use super::signing::Content;
use super::verification::Place;

/// What stands in place of a secret in what is shown.
const MASK: &[u8] = b"(secret)";

/// How a delivery was verified. It holds no secret, also where the scheme signs or sends one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The bytes that are signed; `None` when something of it is missing, or nothing is signed.
    pub content: Option<Bytes>,
    /// The signatures that the delivery carries, and where.
    pub signatures: Vec<(Place, String)>,
    /// The signature that each secret makes of the content, by the secret's name.
    pub computed: Vec<(String, String)>,
    /// The timestamp as the delivery has it, and the moment that it names.
    pub timestamp: Option<(String, Option<Timestamp>)>,
}

impl Scheme {
    /// What verifying a delivery looks at; nothing of it when the delivery does not have the scheme's form.
    #[must_use]
    pub fn evidence(&self, delivery: &Delivery, secrets: &Keyring) -> Evidence {
        let mut evidence = Evidence { content: None, signatures: Vec::new(), computed: Vec::new(), timestamp: None };
        let Ok(claim) = self.claim(delivery) else { return evidence };
        let payload = claim.payload.as_deref().unwrap_or(delivery.request.body());
        let (timestamp, id) = (claim.timestamp.as_deref(), claim.id.as_deref().or(Some(&delivery.id)));
        if self.algorithm != Algorithm::Token {
            let shown = Content { delivery, payload, timestamp, id, key: MASK };
            evidence.content = self.content(&shown).ok().map(Bytes::from);
            for Entry { secret, key } in &secrets.entries {
                let Ok(keyed) = key else { continue };
                let content = Content { key: &keyed.key, ..shown };
                let computed = keyed.compute(|update| self.write_content(&content, update));
                let computed = computed.map(|signature| self.encoding.encode(&signature));
                evidence.computed.extend(computed.map(|signature| (secret.name().to_owned(), signature)));
            }
        }
        evidence.timestamp =
            claim.timestamp.as_ref().map(|text| (text.clone().into_owned(), self.timestamp.unit.read(text)));
        evidence.signatures = claim.signatures();
        evidence
    }
}
