//! Deliveries that are wrong on purpose: what a forger, a broken clock or a careless proxy would send.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::scheme::{Algorithm, Scheme};
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
    /// The body was changed after signing.
    AlteredBody,
    /// Genuine, but older than the tolerance.
    Stale,
    /// Genuine, but further ahead of the clock than the tolerance.
    Future,
    /// The timestamp is not there.
    NoTimestamp,
    /// The timestamp is not a number.
    GarbageTimestamp,
    /// The signature is marked with a version that does not exist.
    WrongVersion,
}

impl Fault {
    /// Every fault with its name on the command line and what it does.
    pub const TABLE: [(Self, &'static str, &'static str); 11] = [
        (Self::NoSignature, "no-signature", "leave the signature out"),
        (Self::EmptySignature, "empty-signature", "send an empty signature"),
        (Self::TruncatedSignature, "truncated-signature", "cut the signature in half"),
        (Self::ForgedSignature, "forged-signature", "send a signature of the right form that nobody computed"),
        (Self::WrongSecret, "wrong-secret", "sign with another secret"),
        (Self::AlteredBody, "altered-body", "change the body after signing"),
        (Self::Stale, "stale", "sign with a timestamp older than the tolerance"),
        (Self::Future, "future", "sign with a timestamp further ahead than the tolerance"),
        (Self::NoTimestamp, "no-timestamp", "leave the timestamp out"),
        (Self::GarbageTimestamp, "garbage-timestamp", "put a word where the timestamp belongs"),
        (Self::WrongVersion, "wrong-version", "mark the signature with another version"),
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(fault, ..)| *fault == self).map_or("", |(_, name, _)| name)
    }

    /// Why a scheme has no such fault; `None` when it does.
    #[must_use]
    pub fn obstacle(self, scheme: &Scheme) -> Option<&'static str> {
        let token = scheme.algorithm == Algorithm::Token;
        let missing = match self {
            Self::NoSignature
            | Self::EmptySignature
            | Self::TruncatedSignature
            | Self::ForgedSignature
            | Self::WrongSecret => return None,
            Self::AlteredBody => (token || !scheme.signs_body(), "its signature does not cover the body"),
            Self::Stale => (
                !scheme.has_timestamp() || scheme.timestamp.tolerance_past.is_none(),
                "it has no limit on a delivery's age",
            ),
            Self::Future => (
                !scheme.has_timestamp() || scheme.timestamp.tolerance_future.is_none(),
                "it has no limit on how far ahead a timestamp may be",
            ),
            Self::NoTimestamp | Self::GarbageTimestamp => (!scheme.has_timestamp_header(), "no header has a timestamp"),
            Self::WrongVersion => {
                (!scheme.headers.iter().any(|rule| rule.value.mentions(Field::Version)), "no header has a version")
            }
        };
        missing.0.then_some(missing.1)
    }

    /// The time to sign with, so that the fault shows: past the tolerance by its half, and by a minute at least.
    #[must_use]
    pub fn moment(self, scheme: &Scheme, now: Timestamp) -> Timestamp {
        let beyond = |tolerance: Duration| tolerance + (tolerance / 2).max(Duration::from_mins(1));
        let shifted = match (self, scheme.timestamp.tolerance_past, scheme.timestamp.tolerance_future) {
            (Self::Stale, Some(past), _) => now.checked_sub(beyond(past)),
            (Self::Future, _, Some(future)) => now.checked_add(beyond(future)),
            _ => return now,
        };
        shifted.unwrap_or(now)
    }

    /// The raw signature to send, where it is not the genuine one.
    pub(super) fn signature<E>(
        self,
        scheme: &Scheme,
        key: &[u8],
        genuine: impl Fn(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        match self {
            Self::WrongSecret => genuine(&other(key)),
            Self::ForgedSignature => Ok(scheme.algorithm.compute(b"forged", b"forged")),
            Self::NoSignature
            | Self::EmptySignature
            | Self::TruncatedSignature
            | Self::AlteredBody
            | Self::Stale
            | Self::Future
            | Self::NoTimestamp
            | Self::GarbageTimestamp
            | Self::WrongVersion => genuine(key),
        }
    }

    /// Changes what the headers are written from.
    pub(super) fn alter(self, scheme: &Scheme, proof: &mut Proof) {
        match self {
            Self::NoSignature => {
                proof.signatures = None;
                proof.token = None;
            }
            Self::EmptySignature => {
                proof.signatures = Some(vec![String::new()]);
                proof.token = Some(Vec::new());
            }
            Self::TruncatedSignature => {
                for signature in proof.signatures.iter_mut().flatten() {
                    signature.truncate(signature.len() / 2);
                }
                if let Some(token) = &mut proof.token {
                    token.truncate(token.len() / 2);
                }
            }
            Self::ForgedSignature | Self::WrongSecret => {
                proof.token = proof.token.as_deref().map(other);
            }
            Self::NoTimestamp => proof.timestamp = None,
            Self::GarbageTimestamp => proof.timestamp = Some("yesterday".to_owned()),
            Self::WrongVersion => {
                let existing = scheme.version.as_deref().unwrap_or_default();
                proof.version = Some(format!("{existing}9"));
            }
            Self::AlteredBody | Self::Stale | Self::Future => {}
        }
    }

    /// The payload to send, where it is not the one that was signed.
    pub(super) fn payload(self, payload: Bytes) -> Bytes {
        if self != Self::AlteredBody {
            return payload;
        }
        // Another digit keeps the payload what it is, such as JSON, and makes it say something else.
        let mut altered = payload.to_vec();
        match altered.iter().rposition(u8::is_ascii_digit) {
            Some(at) => altered[at] = if altered[at] == b'9' { b'8' } else { altered[at] + 1 },
            None => altered.push(b' '),
        }
        Bytes::from(altered)
    }
}

/// Another secret of the same form: letters and digits are turned into their neighbours.
fn other(secret: &[u8]) -> Vec<u8> {
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
