//! `Scheme::verify`: whether a delivery is genuine, and if not, why, as one of a closed list of reasons.

mod claim;
mod rejection;

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;

use self::claim::{Claim, Spot};
pub use self::rejection::{Place, Rejection};
use super::delivery::Delivery;
use super::encoding::Encoding;
use super::keyring::{Entry, Keyring};
use super::scheme::{Algorithm, Scheme};
use super::secret::{Secret, SecretError};
use super::signing::Content;

/// A genuine delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The name of the secret that matched.
    pub secret: String,
    /// How many secrets it is one of.
    pub of_secrets: usize,
    /// The encoding of the signature, when it is not the scheme's own but one it also accepts.
    pub other_encoding: Option<Encoding>,
    /// How long before `now` it was signed; negative when it is ahead. `None` when it has no timestamp.
    pub age: Option<SignedDuration>,
}

impl Scheme {
    /// Whether one of `secrets` signed this delivery, and within the tolerance around `now`.
    ///
    /// The signature is looked at before the clock, so that a stale delivery is told from a wrong one. Comparison takes
    /// the same time wherever the difference is.
    pub fn verify(&self, delivery: &Delivery, secrets: &[Secret], now: Timestamp) -> Result<Verified, Rejection> {
        self.verify_with(delivery, &Keyring::new(self, secrets), now)
    }

    /// The same with secrets that were made ready, for many deliveries.
    pub fn verify_with(&self, delivery: &Delivery, secrets: &Keyring, now: Timestamp) -> Result<Verified, Rejection> {
        if secrets.entries.is_empty() {
            return Err(Rejection::EmptySecret("there is no secret to verify with".to_owned()));
        }
        let claim = self.claim(delivery)?;
        let moment = match &claim.timestamp {
            Some(text) => Some(self.timestamp.unit.read(text).ok_or(self.bad_timestamp())?),
            None => None,
        };
        let (secret, other_encoding) = match self.algorithm {
            Algorithm::Token => (matching_token(&claim, secrets)?, None),
            Algorithm::Hmac(_) | Algorithm::Digest(_) => self.matching_signature(delivery, &claim, secrets)?,
        };
        let now = self.timestamp.unit.floor(now);
        let age = moment.map(|moment| now.duration_since(moment));
        if let Some(age) = age {
            self.check_age(age)?;
        }
        Ok(Verified { secret, of_secrets: secrets.entries.len(), other_encoding, age })
    }

    /// Whether a delivery is older than the scheme tolerates, by its own word: whether that is genuine is not looked at.
    #[must_use]
    pub fn is_stale(&self, delivery: &Delivery, now: Timestamp) -> bool {
        let claim = self.claim(delivery).ok();
        let moment = claim.and_then(|claim| self.timestamp.unit.read(&claim.timestamp?));
        let age = moment.map(|moment| self.timestamp.unit.floor(now).duration_since(moment));
        age.is_some_and(|age| matches!(self.check_age(age), Err(Rejection::Stale { .. })))
    }

    /// The secret's name, and the encoding if it is not the scheme's first.
    fn matching_signature(
        &self,
        delivery: &Delivery,
        claim: &Claim<'_>,
        secrets: &Keyring,
    ) -> Result<(String, Option<Encoding>), Rejection> {
        let payload = claim.payload.as_deref().unwrap_or(delivery.request.body());
        let mut fault = None;
        let mut bad_secret = None;
        for Entry { secret, key } in &secrets.entries {
            // One that is no key must not hide another that is the right one.
            let keyed = match key {
                Ok(keyed) => keyed,
                Err(error) => {
                    bad_secret.get_or_insert_with(|| error.clone());
                    continue;
                }
            };
            let (timestamp, id) = (claim.timestamp.as_deref(), claim.id.as_deref());
            let content = Content { delivery, payload, timestamp, id: id.or(Some(&delivery.id)), key: &keyed.key };
            let expected = keyed.compute(|update| self.write_content(&content, update));
            let expected = expected.map_err(|field| Rejection::MissingField { field: field.title() })?;
            for encoding in std::iter::once(self.encoding).chain(self.also_accepts.iter().copied()) {
                let expected = encoding.encode(&expected);
                for (spot, signature) in &claim.signatures {
                    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
                        return Ok((secret.name().to_owned(), (encoding != self.encoding).then_some(encoding)));
                    }
                    fault = fault.or_else(|| self.form_fault(*spot, signature, expected.len()));
                }
            }
        }
        let mismatch = Rejection::Mismatch { secrets: secrets.entries.len(), token: false };
        Err(bad_secret.map(rejected).or(fault).unwrap_or(mismatch))
    }

    /// What is wrong with the form of a signature, if it could not be anybody's.
    fn form_fault(&self, spot: Spot<'_>, signature: &str, expected: usize) -> Option<Rejection> {
        if signature.is_empty() {
            return Some(Rejection::MissingSignature { place: spot.place() });
        }
        let mut encodings = std::iter::once(self.encoding).chain(self.also_accepts.iter().copied());
        let length = |encoding: Encoding| encoding.decode(signature.as_bytes()).map(|bytes| bytes.len());
        if encodings.any(|encoding| length(encoding) == Some(self.algorithm.size())) {
            return None;
        }
        let found = signature.chars().count();
        Some(Rejection::BadEncoding { place: spot.place(), encoding: self.encoding.title(), expected, found })
    }

    fn check_age(&self, age: SignedDuration) -> Result<(), Rejection> {
        let length = age.unsigned_abs();
        match (age.is_negative(), self.timestamp.tolerance_past, self.timestamp.tolerance_future) {
            (false, Some(tolerance), _) if length > tolerance => Err(Rejection::Stale { age: length, tolerance }),
            (true, _, Some(tolerance)) if length > tolerance => Err(Rejection::Future { ahead: length, tolerance }),
            _ => Ok(()),
        }
    }

    fn bad_timestamp(&self) -> Rejection {
        Rejection::BadTimestamp { unit: self.timestamp.unit.title() }
    }
}

fn matching_token(claim: &Claim<'_>, secrets: &Keyring) -> Result<String, Rejection> {
    let (spot, token) = claim.token.as_ref().map_or((Spot::Body, &[][..]), |(spot, token)| (*spot, token));
    if token.is_empty() {
        return Err(Rejection::MissingSignature { place: spot.place() });
    }
    let mut matched = None;
    for Entry { secret, .. } in &secrets.entries {
        if secret.expose().is_empty() {
            return Err(rejected(SecretError::Empty { name: secret.name().to_owned() }));
        }
        if bool::from(secret.expose().ct_eq(token)) {
            matched = matched.or(Some(secret.name().to_owned()));
        }
    }
    matched.ok_or(Rejection::Mismatch { secrets: secrets.entries.len(), token: true })
}

fn rejected(error: SecretError) -> Rejection {
    match error {
        SecretError::Empty { .. } => Rejection::EmptySecret(error.to_string()),
        SecretError::Undecodable { .. } => Rejection::BadSecret(error),
    }
}
