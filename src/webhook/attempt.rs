//! `Attempt`: what came of sending a delivery once. A refusal is an answer, not an error.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

/// A delivery sent once.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Which attempt at this delivery it was, from 1.
    pub number: u32,
    /// Where it was sent.
    pub url: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, until the answer was read or the failure was known.
    pub duration: Duration,
    /// What came back.
    pub outcome: Result<Answer, Failure>,
}

impl Attempt {
    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.outcome.as_ref().ok().map(|answer| answer.status)
    }
}

/// What the receiver answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the first part of it.
    pub body: Bytes,
    /// Whether the body went on after that.
    pub truncated: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused {
        /// Every address that was tried.
        addresses: Vec<SocketAddr>,
    },
    /// The name has no address.
    #[error("no address is known for `{host}`")]
    UnknownHost {
        /// The name.
        host: String,
    },
    /// No answer within the time.
    #[error("no answer within {} s", .after.as_secs_f64())]
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// TLS could not be agreed on, or the certificate is not trusted.
    #[error("TLS failed: {reason}")]
    Tls {
        /// What the TLS library said.
        reason: String,
    },
    /// The connection could not be made, or broke off before the answer was there.
    #[error("{reason}")]
    Broken {
        /// What happened.
        reason: String,
    },
}

impl Failure {
    /// The failure in one word, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "connection-refused",
            Self::UnknownHost { .. } => "unknown-host",
            Self::TimedOut { .. } => "timeout",
            Self::Tls { .. } => "tls",
            Self::Broken { .. } => "connection-failed",
        }
    }
}
