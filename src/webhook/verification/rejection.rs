//! Why a delivery is not genuine: a closed list of reasons, each with its sentence and its word for machines.

use std::fmt;
use std::time::Duration;

use crate::webhook::secret::SecretError;

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
