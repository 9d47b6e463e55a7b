//! `Scheme::verify`: whether a delivery is genuine, and if not, why, as one of a closed list of reasons.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use memchr::memmem;
use subtle::ConstantTimeEq;

use super::delivery::Delivery;
use super::encoding::Encoding;
use super::keyring::{Entry, Keyring};
use super::scheme::{Algorithm, HeaderRule, Scheme};
use super::secret::{Secret, SecretError};
use super::signing::Content;
use super::template::{Captures, Field};

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

/// Why a delivery is not genuine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A header that the scheme needs is not there.
    #[error("the header `{name}` is missing")]
    MissingHeader {
        /// The header.
        name: String,
    },
    /// A header that the scheme has once is there several times, so that none of them can be trusted.
    #[error("the header `{name}` is there {count} times")]
    AmbiguousHeader {
        /// The header.
        name: String,
        /// How often.
        count: usize,
    },
    /// A header, or the body, does not have the form that the scheme gives it.
    #[error("{place} does not have the form `{form}`")]
    BadFormat {
        /// Where.
        place: Place,
        /// The template of the form.
        form: String,
    },
    /// The place for the signature, or for the token, is there and empty.
    #[error("{place} holds no signature")]
    MissingSignature {
        /// Where.
        place: Place,
    },
    /// There are signatures, but none of the version that the scheme has.
    #[error("{place} has the version `{found}`, not `{expected}`")]
    UnknownVersion {
        /// Where.
        place: Place,
        /// The version that is there.
        found: String,
        /// The version that the scheme has.
        expected: String,
    },
    /// The signature is not written in the scheme's encoding, or has another length than a signature.
    #[error("the signature in {place} is not {encoding} of {expected} characters{}", other_length(*expected, *found))]
    BadEncoding {
        /// Where.
        place: Place,
        /// The name of the encoding.
        encoding: &'static str,
        /// How many characters a signature has.
        expected: usize,
        /// How many this one has.
        found: usize,
    },
    /// Something that is signed is not in the delivery.
    #[error("the {field} is signed, and nothing in the delivery says it")]
    MissingField {
        /// What is missing.
        field: &'static str,
    },
    /// The timestamp is not digits and nothing else.
    #[error("the timestamp is not a number of {unit} since 1970")]
    BadTimestamp {
        /// The unit, in words.
        unit: &'static str,
    },
    /// No timestamp stands where the payload should have it.
    #[error("the payload has no timestamp at `{path}`")]
    MissingTimestamp {
        /// Where it should be.
        path: String,
    },
    /// There is no secret to verify with, or it is empty.
    #[error("{0}")]
    EmptySecret(String),
    /// A secret that is no key.
    #[error("{0}")]
    BadSecret(SecretError),
    /// The signature is well formed, but not the one that any of the secrets makes.
    #[error("{}", mismatch(*.secrets, *.token))]
    Mismatch {
        /// How many secrets were tried.
        secrets: usize,
        /// Whether it is a token that was compared.
        token: bool,
    },
    /// The signature is right, and too old.
    #[error("the signature is right, but {} old, and at most {} is allowed", seconds(*age), seconds(*tolerance))]
    Stale {
        /// How old it is.
        age: Duration,
        /// How old it may be.
        tolerance: Duration,
    },
    /// The signature is right, and from the future.
    #[error("the signature is right, but {} ahead of the clock, and at most {} is allowed", seconds(*ahead), seconds(*tolerance))]
    Future {
        /// How far ahead it is.
        ahead: Duration,
        /// How far it may be.
        tolerance: Duration,
    },
}

/// Where in a delivery something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The header of that name.
    Header(String),
    /// The body.
    Body,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header `{name}`"),
            Self::Body => f.write_str("the body"),
        }
    }
}

impl Rejection {
    /// The reason in one word, for machines.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingHeader { .. } => "missing-header",
            Self::AmbiguousHeader { .. } => "ambiguous-header",
            Self::BadFormat { .. } => "bad-format",
            Self::MissingSignature { .. } => "missing-signature",
            Self::UnknownVersion { .. } => "unknown-version",
            Self::BadEncoding { .. } => "bad-encoding",
            Self::MissingField { .. } => "missing-field",
            Self::BadTimestamp { .. } => "bad-timestamp",
            Self::MissingTimestamp { .. } => "missing-timestamp",
            Self::EmptySecret(_) => "empty-secret",
            Self::BadSecret(_) => "bad-secret",
            Self::Mismatch { .. } => "mismatch",
            Self::Stale { .. } => "stale",
            Self::Future { .. } => "future",
        }
    }
}

fn mismatch(secrets: usize, token: bool) -> String {
    let what = if token { "the token" } else { "the signature" };
    match secrets {
        1 => format!("{what} does not match"),
        count => format!("{what} matches none of {count} secrets"),
    }
}

fn other_length(expected: usize, found: usize) -> String {
    if found == expected { String::new() } else { format!(" (it has {found})") }
}

/// A duration in whole seconds, rounded up, so that 60.4 s is not told as "60 s old, at most 60 s".
fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_millis().div_ceil(1000))
}

/// What a delivery says of itself: found in its headers and its envelope, and not yet proved. `'a` is the delivery's
/// life and the scheme's.
#[derive(Debug, Default)]
pub(super) struct Claim<'a> {
    pub(super) payload: Option<Cow<'a, [u8]>>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) timestamp: Option<Cow<'a, str>>,
    token: Option<(Spot<'a>, Cow<'a, [u8]>)>,
    signatures: Vec<(Spot<'a>, Cow<'a, str>)>,
}

impl Claim<'_> {
    /// The signatures, and where they stand.
    pub(super) fn signatures(&self) -> Vec<(Place, String)> {
        self.signatures.iter().map(|(spot, signature)| (spot.place(), signature.clone().into_owned())).collect()
    }
}

/// A [`Place`], named by the scheme's own rule.
#[derive(Debug, Clone, Copy)]
enum Spot<'a> {
    Header(&'a HeaderRule),
    Body,
}

impl Spot<'_> {
    fn place(self) -> Place {
        match self {
            Self::Header(rule) => Place::Header(rule.name.clone()),
            Self::Body => Place::Body,
        }
    }
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

    /// Reads what the delivery claims from its envelope, its headers and its payload.
    pub(super) fn claim<'a>(&'a self, delivery: &'a Delivery) -> Result<Claim<'a>, Rejection> {
        let mut claim = Claim::default();
        if let Some(envelope) = &self.envelope {
            let read = envelope.read(delivery.request.body());
            let form = || Rejection::BadFormat { place: Place::Body, form: envelope.to_string() };
            let mut captures = read.ok_or_else(form)?;
            claim.payload = captures.take(Field::Payload);
            if envelope.mentions(Field::Signature) {
                let signature = captures.take_text(Field::Signature).ok_or_else(form)?;
                claim.signatures.push((Spot::Body, signature));
            }
        }
        for rule in &self.headers {
            if let Some(value) = single_value(rule, delivery.request.headers())? {
                self.read_header(rule, value, &mut claim)?;
            }
        }
        if let (None, Some(path)) = (&claim.timestamp, &self.timestamp.payload) {
            let payload = claim.payload.as_deref().unwrap_or(delivery.request.body());
            let missing = || Rejection::MissingTimestamp { path: path.to_string() };
            claim.timestamp = Some(Cow::Owned(self.timestamp_in(payload).ok_or_else(missing)?));
        }
        Ok(claim)
    }

    fn read_header<'a>(&self, rule: &'a HeaderRule, value: &'a [u8], claim: &mut Claim<'a>) -> Result<(), Rejection> {
        let place = || Place::Header(rule.name.clone());
        let bad_format = || Rejection::BadFormat { place: place(), form: rule.value.to_string() };
        // What has a mark is known by it; what has none, such as `{version}=…`, takes what is left.
        let marked = rule.items.iter().filter(|template| !template.begins_open());
        let templates = || marked.clone().chain(rule.items.iter().filter(|template| template.begins_open()));
        let mut other_version = None;
        let mut signatures = 0;
        for item in split(value, rule.separator.as_deref()) {
            // In a list, what has none of the forms is another version's, or an extension: passed over.
            let Some(captures) = templates().find_map(|template| template.read(item)) else {
                if rule.separator.is_some() {
                    continue;
                }
                return Err(bad_format());
            };
            if let Some(version) = captures.field(Field::Version)
                && Some(version) != self.version.as_deref().map(str::as_bytes)
            {
                other_version.get_or_insert_with(|| String::from_utf8_lossy(version).into_owned());
                continue;
            }
            if captures.field(Field::Signature).is_some() {
                signatures += 1;
            }
            self.take(rule, captures, claim)?;
        }
        let demanded = rule.value.mentions(Field::Signature) || rule.value.mentions(Field::Version);
        if let (true, 0, Some(found)) = (demanded, signatures, other_version) {
            let expected = self.version.clone().unwrap_or_default();
            return Err(Rejection::UnknownVersion { place: place(), found, expected });
        }
        if rule.value.mentions(Field::Signature) && signatures == 0 {
            return Err(Rejection::BadFormat { place: place(), form: rule.value.to_string() });
        }
        let timestamp_due = rule.value.mentions(Field::Timestamp) && claim.timestamp.is_none();
        if timestamp_due { Err(bad_format()) } else { Ok(()) }
    }

    fn take<'a>(
        &self,
        rule: &'a HeaderRule,
        mut captures: Captures<'a>,
        claim: &mut Claim<'a>,
    ) -> Result<(), Rejection> {
        let bad_format =
            || Rejection::BadFormat { place: Place::Header(rule.name.clone()), form: rule.value.to_string() };
        if captures.field(Field::Timestamp).is_some() {
            let text = captures.take_text(Field::Timestamp).ok_or(self.bad_timestamp())?;
            if claim.timestamp.as_ref().is_some_and(|earlier| *earlier != text) {
                return Err(bad_format());
            }
            claim.timestamp = Some(text);
        }
        if captures.field(Field::Id).is_some() {
            claim.id = Some(captures.take_text(Field::Id).ok_or_else(bad_format)?);
        }
        if let Some(token) = captures.take(Field::Secret) {
            claim.token = Some((Spot::Header(rule), token));
        }
        if let Some(signature) = captures.take(Field::Signature) {
            // What is not UTF-8 is not in any encoding either: as lossy text it is told as such.
            let signature = match signature {
                Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
                Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
            };
            claim.signatures.push((Spot::Header(rule), signature));
        }
        Ok(())
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

/// The one value of a header; nothing when it may be missing and is.
fn single_value<'a>(rule: &HeaderRule, headers: &'a HeaderMap) -> Result<Option<&'a [u8]>, Rejection> {
    let mut values = headers.get_all(rule.name.as_str()).iter();
    match (values.next(), values.count()) {
        (Some(value), 0) => Ok(Some(value.as_bytes())),
        (Some(_), more) => Err(Rejection::AmbiguousHeader { name: rule.name.clone(), count: more + 1 }),
        (None, _) if rule.optional => Ok(None),
        (None, _) => Err(Rejection::MissingHeader { name: rule.name.clone() }),
    }
}

/// The items of a list, without the white space around them; all of the value where nothing separates items.
fn split<'a>(value: &'a [u8], separator: Option<&'a str>) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest.take()?;
        let Some(separator) = separator else { return Some(value) };
        match memmem::find(value, separator.as_bytes()) {
            Some(at) => {
                rest = Some(&value[at + separator.len()..]);
                Some(value[..at].trim_ascii())
            }
            None => Some(value.trim_ascii()),
        }
    })
}
