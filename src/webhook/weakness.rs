//! What a scheme leaves open whatever its receivers do, as it follows from the scheme's own data.

use super::provider::Provider;
use super::scheme::{Algorithm, Scheme};

/// Something that a scheme does not protect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weakness {
    /// A token is all there is.
    Token,
    /// The signature does not cover the body.
    UnsignedBody,
    /// There is a timestamp, and the signature does not cover it.
    UnsignedTimestamp,
    /// There is no timestamp.
    NoTimestamp,
    /// Timestamps may be any way ahead.
    AnyFuture,
    /// A plain hash stands where HMAC should.
    PlainHash,
}

impl Weakness {
    /// Every weakness.
    pub const ALL: [Self; 6] =
        [Self::Token, Self::UnsignedBody, Self::UnsignedTimestamp, Self::NoTimestamp, Self::AnyFuture, Self::PlainHash];

    /// Whether a scheme has it.
    #[must_use]
    pub fn is_in(self, scheme: &Scheme) -> bool {
        let token = scheme.algorithm == Algorithm::Token;
        let timestamp = &scheme.timestamp;
        match self {
            Self::Token => token,
            Self::UnsignedBody => !token && !scheme.signs_body(),
            Self::UnsignedTimestamp => !token && scheme.has_timestamp() && !scheme.signs_timestamp(),
            Self::NoTimestamp => !token && !scheme.has_timestamp(),
            Self::AnyFuture => {
                scheme.has_timestamp() && timestamp.tolerance_past.is_some() && timestamp.tolerance_future.is_none()
            }
            Self::PlainHash => matches!(scheme.algorithm, Algorithm::Digest(_)),
        }
    }

    /// What follows from it, as a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Token => {
                "The token proves who sent it and protects nothing else: whoever sees one delivery can forge any other."
            }
            Self::UnsignedBody => "The signature does not cover the body, so a body can be changed on the way.",
            Self::UnsignedTimestamp => {
                "The timestamp is not signed: a captured delivery can be sent again with a fresh one."
            }
            Self::NoTimestamp => "There is no timestamp: a captured delivery can be sent again for ever.",
            Self::AnyFuture => {
                "Timestamps in the future are accepted: a delivery dated ahead stays good for that long."
            }
            Self::PlainHash => "The signature is a plain hash over content and secret, where HMAC was made for this.",
        }
    }
}

impl Provider {
    /// What the scheme leaves open, as sentences: what follows from its data first, then what its file adds.
    #[must_use]
    pub fn open_points(&self) -> Vec<String> {
        let own = Weakness::ALL.into_iter().filter(|weakness| weakness.is_in(&self.scheme));
        own.map(|weakness| weakness.sentence().to_owned()).chain(self.weaknesses.iter().cloned()).collect()
    }
}
