//! `Judgement`: whether a captured delivery is genuine, and how that was found out.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;

use super::capture::{Fault, Place};
use super::delivery::Delivery;
use super::diagnosis::Diagnosis;
use super::evidence::Evidence;
use super::provider::Provider;
use super::secret::SecretError;
use super::verification::{Rejection, Verified};

/// What came of a part of a file: a delivery and what is thought of it, or why there is none.
#[derive(Debug)]
pub enum Examined {
    /// A delivery was verified, as far as that could be done.
    Judged(Box<Judgement>),
    /// There was none to be read.
    Unread(Fault),
}

impl Examined {
    /// Counts its line from so many lines before it.
    pub fn move_behind(&mut self, lines: u64) {
        let place = match self {
            Self::Judged(judgement) => &mut judgement.place,
            Self::Unread(fault) => &mut fault.place,
        };
        *place = place.behind(lines);
    }
}

impl Judgement {
    /// Whether it is anything but genuine.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self.verdict, Verdict::Genuine(_))
    }

    /// The way out of a verdict that came about for want of something, or that the delivery's receiver did not come to.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match &self.verdict {
            Verdict::Refused(Rejection::Stale { .. } | Rejection::Future { .. }) if self.clock == Clock::Now => {
                "by the clock of this machine; --at takes the time at which it was captured".to_owned()
            }
            Verdict::Open(Doubt::UnknownScheme) => match &self.scheme {
                Some(name) => {
                    format!("its record names `{name}`: a provider of your own is found with --catalogue DIR")
                }
                None => "name the provider with --scheme".to_owned(),
            },
            Verdict::Open(Doubt::Redacted { name }) => {
                format!("give it with -H '{name}: …'; `wh listen --record-secrets` keeps it")
            }
            Verdict::Open(Doubt::NoKey(_)) => "give the provider's own secret".to_owned(),
            Verdict::Genuine(_) => match (self.answer, &self.scheme) {
                (Some(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)), Some(scheme)) => {
                    let status = status.as_u16();
                    format!(
                        "it was answered {status}: `wh check --scheme {scheme} --to URL` tries what its receiver expects"
                    )
                }
                _ => return None,
            },
            Verdict::Refused(_) => return None,
        };
        Some(hint)
    }
}

/// What is thought of a captured delivery.
#[derive(Debug)]
pub struct Judgement {
    /// Where in its file it stands.
    pub place: Place,
    /// The name of its provider, if it is known.
    pub scheme: Option<String>,
    /// The event type, if it is known.
    pub event: Option<String>,
    /// Its id; empty when it has none.
    pub id: String,
    /// Whether it is genuine.
    pub verdict: Verdict,
    /// The time by which its age was told.
    pub at: Timestamp,
    /// What said that time.
    pub clock: Clock,
    /// How its receiver answered it, where that was written down.
    pub answer: Option<StatusCode>,
    /// Why it was refused, where that was looked into.
    pub diagnosis: Option<Diagnosis>,
    /// The delivery itself, where more is to be said of it.
    pub kept: Option<Kept>,
}

/// A delivery of which more is to be said than its verdict.
#[derive(Debug)]
pub struct Kept {
    /// The delivery.
    pub delivery: Delivery,
    /// Its provider, if it is known.
    pub provider: Option<Arc<Provider>>,
    /// What was signed and with what, where that was asked for.
    pub evidence: Option<Evidence>,
}

/// Whether a delivery is genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Genuine(Verified),
    /// It is not.
    Refused(Rejection),
    /// It cannot be said.
    Open(Doubt),
}

/// Why it cannot be said whether a delivery is genuine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// No provider's deliveries look like it.
    #[error("no provider is recognised")]
    UnknownScheme,
    /// A header that is needed was taken out when the delivery was recorded.
    #[error("the header `{name}` was redacted when this was recorded")]
    Redacted {
        /// The header.
        name: String,
    },
    /// None of the secrets is a key for this scheme.
    #[error("{0}")]
    NoKey(SecretError),
}

impl Doubt {
    /// The reason in one word, for machines.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownScheme => "unknown-scheme",
            Self::Redacted { .. } => "redacted-header",
            Self::NoKey(SecretError::Empty { .. }) => "empty-secret",
            Self::NoKey(SecretError::Undecodable { .. }) => "bad-secret",
        }
    }
}

/// What said the time by which a delivery's age was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The user.
    Given,
    /// The capture itself: when it was received or sent.
    Capture,
    /// The clock of this machine.
    Now,
}

impl Clock {
    /// Its name, for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Capture => "capture",
            Self::Now => "now",
        }
    }
}

/// How many deliveries were found genuine, and how many not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// How many are genuine.
    pub valid: u64,
    /// How many are not.
    pub invalid: u64,
    /// Of how many it cannot be said.
    pub inconclusive: u64,
    /// How many parts of files could not be read.
    pub unreadable: u64,
    /// How many requests were passed over, as they are no deliveries.
    pub skipped: u64,
}

impl Count {
    /// How many deliveries there were.
    #[must_use]
    pub const fn deliveries(self) -> u64 {
        self.valid + self.invalid + self.inconclusive
    }

    /// Adds a verdict.
    pub fn note(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Genuine(_) => self.valid += 1,
            Verdict::Refused(_) => self.invalid += 1,
            Verdict::Open(_) => self.inconclusive += 1,
        }
    }

    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.valid += other.valid;
        self.invalid += other.invalid;
        self.inconclusive += other.inconclusive;
        self.unreadable += other.unreadable;
        self.skipped += other.skipped;
    }
}
