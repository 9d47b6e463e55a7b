//! Deliveries that are wrong on purpose: what a forger, a broken clock or a careless proxy would send.
//!
//! A fault is what `send --fault` sends and what `check` tries: its name, title and remedy stand in its row of the
//! table in [`super::probe`]; what it changes stands here.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use jiff::Timestamp;

use super::delivery::Delivery;
use super::encoding::Encoding;
use super::keyring::Keyed;
use super::probe::{Probe, Sends, TABLE};
use super::scheme::{Algorithm, Scheme, TimestampUnit};
use super::secret::Key;
use super::signing::Proof;
use super::template::Field;

/// One thing that is wrong with a delivery. A correct receiver refuses each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The signature, or the token, is not there at all.
    NoSignature,
    /// The signature is there and empty.
    EmptySignature,
    /// The signature breaks off half way.
    TruncatedSignature,
    /// A signature of the right form that nobody computed.
    ForgedSignature,
    /// Signed with another secret.
    WrongSecret,
    /// Signed with the empty secret, as a receiver verifies that was given none.
    EmptySecret,
    /// The genuine signature, and something behind it.
    SignatureSuffix,
    /// The genuine signature of another delivery.
    OtherSignature,
    /// The body was changed after signing.
    AlteredBody,
    /// The timestamp was changed after signing.
    AlteredTimestamp,
    /// The id was changed after signing.
    AlteredId,
    /// Genuine, but older than the tolerance.
    Stale,
    /// Genuine, but further ahead of the clock than the tolerance.
    Future,
    /// The timestamp is not there.
    NoTimestamp,
    /// The timestamp is not a number.
    GarbageTimestamp,
    /// The timestamp is not a number, and signed all the same.
    SignedGarbage(Garbage),
    /// The timestamp is in milliseconds where seconds are due, and signed.
    MillisecondsTimestamp,
    /// The signature is marked with a version that does not exist.
    WrongVersion,
    /// Another word stands before the token.
    WrongWord,
    /// A word stands where the header of the signature, or the envelope, should.
    MalformedHeader,
    /// The signature holds characters that are not ASCII.
    NonAsciiSignature,
    /// The signature is one character too short.
    WrongLength,
    /// The signature is written in another encoding.
    WrongEncoding,
    /// The header of the signature is there twice.
    DuplicateHeader,
}

/// What is no number of seconds, and passes for one where a number is read carelessly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Garbage {
    /// `abc`.
    Word,
    /// Nothing.
    Empty,
    /// `<now>abc`.
    Suffix,
    /// `<now>.5`.
    Fraction,
    /// `NaN`.
    NotANumber,
}

impl Fault {
    /// Every fault, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().flat_map(|rows| rows.iter()).filter_map(Probe::fault)
    }

    /// Its row in the table of probes.
    ///
    /// # Panics
    /// When it has none, which the tests that go through [`all`](Self::all) faults rule out.
    #[must_use]
    pub fn probe(self) -> &'static Probe {
        let mut rows = TABLE.iter().flat_map(|rows| rows.iter());
        rows.find(|probe| probe.sends == Sends::Fault(self)).expect("every fault has a row in the table")
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.probe().id
    }

    /// Why a scheme has no such fault; `None` when it does.
    #[must_use]
    pub fn obstacle(self, scheme: &Scheme) -> Option<&'static str> {
        const NO_HEADER: &str = "no header has a timestamp";
        let token = scheme.algorithm == Algorithm::Token;
        let missing = match self {
            Self::NoSignature
            | Self::EmptySignature
            | Self::TruncatedSignature
            | Self::ForgedSignature
            | Self::WrongSecret
            | Self::SignatureSuffix
            | Self::MalformedHeader
            | Self::NonAsciiSignature
            | Self::WrongLength => return None,
            Self::EmptySecret => (token, "it sends the secret itself"),
            Self::OtherSignature | Self::AlteredBody => {
                (token || !scheme.signs_body(), "its signature does not cover the body")
            }
            Self::AlteredTimestamp => (
                !scheme.has_timestamp_header() || !scheme.content.mentions(Field::Timestamp),
                "its signature covers no timestamp of a header",
            ),
            Self::AlteredId => (
                !scheme.content.mentions(Field::Id)
                    || !scheme.headers.iter().any(|rule| rule.value.mentions(Field::Id)),
                "its signature covers no id of a header",
            ),
            Self::Stale => (
                !scheme.has_timestamp() || scheme.timestamp.tolerance_past.is_none(),
                "it has no limit on a delivery's age",
            ),
            Self::Future => (
                !scheme.has_timestamp() || scheme.timestamp.tolerance_future.is_none(),
                "it has no limit on how far ahead a timestamp may be",
            ),
            Self::NoTimestamp | Self::GarbageTimestamp | Self::SignedGarbage(_) => {
                (!scheme.has_timestamp_header(), NO_HEADER)
            }
            Self::MillisecondsTimestamp if !scheme.has_timestamp_header() => (true, NO_HEADER),
            Self::MillisecondsTimestamp if scheme.timestamp.unit == TimestampUnit::Milliseconds => {
                (true, "its timestamps are in milliseconds")
            }
            Self::MillisecondsTimestamp => return Self::Future.obstacle(scheme),
            Self::WrongVersion => {
                (!scheme.headers.iter().any(|rule| rule.value.mentions(Field::Version)), "no header has a version")
            }
            Self::WrongWord => {
                let worded = scheme.headers.iter().any(|rule| {
                    rule.value.mentions(Field::Secret) && !rule.value.begins_open() && rule.separator.is_none()
                });
                (!worded, "no word stands before a token")
            }
            Self::WrongEncoding => (token, "a token has no encoding"),
            Self::DuplicateHeader => {
                (scheme.signature_header().is_none(), "its signature is in the body, not in a header")
            }
        };
        missing.0.then_some(missing.1)
    }

    /// The time to sign with, so that the fault shows: past the tolerance by its half, and by a minute at least. `None`
    /// where that is before or after all time that can be told.
    #[must_use]
    pub fn moment(self, scheme: &Scheme, now: Timestamp) -> Option<Timestamp> {
        let beyond = |tolerance: Duration| tolerance + (tolerance / 2).max(Duration::from_mins(1));
        match (self, scheme.timestamp.tolerance_past, scheme.timestamp.tolerance_future) {
            (Self::Stale, Some(past), _) => now.checked_sub(beyond(past)).ok(),
            (Self::Future, _, Some(future)) => now.checked_add(beyond(future)).ok(),
            _ => Some(now),
        }
    }

    /// The timestamp to sign, where it is none.
    pub(super) fn timestamp(self, moment: Timestamp, genuine: &str) -> Option<String> {
        let text = match self {
            Self::SignedGarbage(Garbage::Word) => "abc".to_owned(),
            Self::SignedGarbage(Garbage::Empty) => String::new(),
            Self::SignedGarbage(Garbage::Suffix) => format!("{genuine}abc"),
            Self::SignedGarbage(Garbage::Fraction) => format!("{genuine}.5"),
            Self::SignedGarbage(Garbage::NotANumber) => "NaN".to_owned(),
            Self::MillisecondsTimestamp => TimestampUnit::Milliseconds.write(moment),
            _ => return None,
        };
        Some(text)
    }

    /// The payload to sign, where it is not the one that is sent.
    pub(super) fn signed_payload(self, payload: &Bytes) -> Option<Bytes> {
        (self == Self::OtherSignature).then(|| altered(payload))
    }

    /// The raw signature to send, where it is not the genuine one.
    pub(super) fn signature<E>(
        self,
        scheme: &Scheme,
        key: &Keyed,
        genuine: impl Fn(&Keyed) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let with = |key: Vec<u8>| genuine(&Keyed::new(scheme.algorithm, Key::new(key)));
        match self {
            Self::WrongSecret => with(other(&key.key)),
            Self::EmptySecret => with(Vec::new()),
            Self::ForgedSignature => Ok(scheme.algorithm.compute(b"forged", b"forged")),
            _ => genuine(key),
        }
    }

    /// How the signature is written.
    pub(super) fn encoding(self, scheme: &Scheme) -> Encoding {
        if self != Self::WrongEncoding {
            return scheme.encoding;
        }
        // One that is recognised too would be no fault. Base64 and its URL-safe form may look the same.
        let known = |encoding: &Encoding| *encoding == scheme.encoding || scheme.also_accepts.contains(encoding);
        let other = [Encoding::Base64, Encoding::Hex, Encoding::Base64Url].into_iter().find(|other| !known(other));
        other.unwrap_or(scheme.encoding)
    }

    /// Changes what the headers are written from.
    pub(super) fn alter(self, scheme: &Scheme, proof: &mut Proof<'_>) {
        let signatures = proof.signatures.iter_mut().flatten();
        match self {
            Self::NoSignature => {
                proof.signatures = None;
                proof.token = None;
            }
            Self::EmptySignature => {
                proof.signatures = Some(vec![String::new()]);
                proof.token = Some(Cow::Borrowed(b""));
            }
            Self::TruncatedSignature => {
                signatures.for_each(|signature| signature.truncate(signature.len() / 2));
                if let Some(token) = &mut proof.token {
                    let half = token.len() / 2;
                    token.to_mut().truncate(half);
                }
            }
            Self::SignatureSuffix => {
                signatures.for_each(|signature| signature.push_str("zz"));
                if let Some(token) = &mut proof.token {
                    token.to_mut().extend_from_slice(b"zz");
                }
            }
            Self::WrongLength => {
                signatures.for_each(|signature| {
                    signature.pop();
                });
                if let Some(token) = &mut proof.token {
                    token.to_mut().pop();
                }
            }
            Self::NonAsciiSignature => {
                signatures.for_each(|signature| {
                    signature.pop();
                    signature.push('é');
                });
                if let Some(token) = &mut proof.token {
                    token.to_mut().pop();
                    token.to_mut().extend_from_slice("é".as_bytes());
                }
            }
            Self::WrongSecret => proof.token = proof.token.as_deref().map(other).map(Cow::Owned),
            Self::ForgedSignature => {
                if let Some(token) = &mut proof.token {
                    let letter = if token.iter().all(|byte| *byte == b'x') { b'y' } else { b'x' };
                    token.to_mut().fill(letter);
                }
            }
            Self::NoTimestamp => proof.timestamp = None,
            Self::GarbageTimestamp => proof.timestamp = Some("yesterday".to_owned()),
            Self::AlteredTimestamp => {
                // A second later is well within every tolerance: nothing but the signature can tell.
                let moved = proof.timestamp.as_ref().and_then(|text| text.parse::<i64>().ok());
                proof.timestamp = moved.map(|number| (number + 1).to_string());
            }
            Self::AlteredId => proof.id.to_mut().push_str("_2"),
            Self::WrongVersion => {
                let existing = scheme.version.as_deref().unwrap_or_default();
                proof.version = Some(Cow::Owned(format!("{existing}9")));
            }
            Self::EmptySecret
            | Self::OtherSignature
            | Self::AlteredBody
            | Self::Stale
            | Self::Future
            | Self::SignedGarbage(_)
            | Self::MillisecondsTimestamp
            | Self::WrongWord
            | Self::MalformedHeader
            | Self::WrongEncoding
            | Self::DuplicateHeader => {}
        }
    }

    /// The payload to send, where it is not the one that was signed.
    pub(super) fn payload(self, payload: Bytes) -> Bytes {
        if self == Self::AlteredBody { altered(&payload) } else { payload }
    }

    /// Changes what was written.
    pub(super) fn finish(self, scheme: &Scheme, delivery: &mut Delivery) {
        const WORD: &str = "malformed";
        let rule = scheme.signature_header();
        let headers = delivery.request.headers_mut();
        match (self, rule) {
            (Self::MalformedHeader, Some(rule)) => {
                if let Some(value) = headers.get_mut(rule.name.as_str()) {
                    *value = HeaderValue::from_static(WORD);
                }
            }
            (Self::MalformedHeader, None) => *delivery.request.body_mut() = Bytes::from_static(WORD.as_bytes()),
            (Self::DuplicateHeader, Some(rule)) => {
                if let Some((name, value)) =
                    headers.iter().find(|(name, _)| rule.name.eq_ignore_ascii_case(name.as_str()))
                {
                    let (name, value) = (name.clone(), value.clone());
                    headers.append(name, value);
                }
            }
            (Self::WrongWord, Some(rule)) => {
                if let Some(value) = headers.get_mut(rule.name.as_str()) {
                    let token =
                        rule.value.read(value.as_bytes()).and_then(|read| Some(read.field(Field::Secret)?.to_vec()));
                    let word: &[u8] = if value.as_bytes().starts_with(b"Basic") { b"Token " } else { b"Basic " };
                    let worded = HeaderValue::from_bytes(&[word, &token.unwrap_or_default()].concat());
                    *value = worded.unwrap_or_else(|_| HeaderValue::from_static("Basic"));
                }
            }
            _ => {}
        }
    }
}

/// Another payload of the same form: another digit keeps it what it is, such as JSON, and makes it say something else.
fn altered(payload: &Bytes) -> Bytes {
    let mut altered = payload.to_vec();
    match altered.iter().rposition(u8::is_ascii_digit) {
        Some(at) => altered[at] = if altered[at] == b'9' { b'8' } else { altered[at] + 1 },
        None => altered.push(b' '),
    }
    Bytes::from(altered)
}

/// Another secret of the same form: letters and digits are turned into their neighbours.
pub(super) fn other(secret: &[u8]) -> Vec<u8> {
    let turned = |byte: &u8| match byte {
        b'a'..=b'y' | b'A'..=b'Y' | b'0'..=b'8' => byte + 1,
        b'z' => b'a',
        b'Z' => b'A',
        b'9' => b'0',
        byte if byte.is_ascii() => *byte,
        byte => byte ^ 1,
    };
    let turned: Vec<u8> = secret.iter().map(turned).collect();
    if turned == secret { [secret, b"x"].concat() } else { turned }
}
