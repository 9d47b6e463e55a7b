//! `Attempt`: what came of sending a delivery once. A refusal is an answer, not an error.

use std::fmt;
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

    /// Whether it was answered with a 2xx, which counts as received where nobody says what does.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status().is_some_and(|status| status.is_success())
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
    /// Why the rest of the body did not come, where it did not.
    pub incomplete: Option<Incomplete>,
}

/// Why an answer is not whole, although its head came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// The connection ended before the body did.
    BrokenOff,
    /// The time was over before the body was.
    TooSlow {
        /// How long was waited.
        after: Duration,
    },
}

impl Incomplete {
    /// The reason in one word, for machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BrokenOff => "broken-off",
            Self::TooSlow { .. } => "timeout",
        }
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BrokenOff => f.write_str("the answer breaks off here"),
            Self::TooSlow { after } => write!(f, "the rest did not come within {} s", after.as_secs_f64()),
        }
    }
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
    /// The receiver's certificate is one that signs others.
    #[error("TLS failed: its certificate is that of an authority (CA:TRUE), which may not stand for a server")]
    CaCertificate,
    /// The proxy on the way cannot be reached, or refuses.
    #[error("the proxy {proxy} fails: {reason}")]
    Proxy {
        /// Its URL, without a password.
        proxy: String,
        /// What happened.
        reason: String,
    },
    /// There is no URL to send it to.
    #[error("the URL to forward to cannot be made: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// What came back is no HTTP.
    #[error("what answers there speaks no HTTP ({reason})")]
    NotHttp {
        /// What the HTTP library said.
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
            Self::Tls { .. } | Self::CaCertificate => "tls",
            Self::Proxy { .. } => "proxy",
            Self::BadUrl { .. } => "bad-url",
            Self::NotHttp { .. } => "not-http",
            Self::Broken { .. } => "connection-failed",
        }
    }
}
