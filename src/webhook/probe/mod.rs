//! The table of `check`: what a receiver is tried with, what it must answer, why, and how to mend it.
//!
//! A row is data; [`material`] makes from it what goes out, [`judging`] says what an answer means.

pub mod advice;
pub mod bodies;
pub mod examination;
pub mod judging;
pub mod leak;
pub mod material;
pub mod robustness;
pub mod security;

use super::fault::Fault;
use super::provider::Provider;
use super::weakness::Weakness;

/// Every probe, in the order in which reports have them. Those that may upset a receiver are sent last.
pub const TABLE: [&[Probe]; 3] = [security::ROWS, robustness::ROWS, advice::ROWS];

/// One thing that a receiver is tried with.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Its name on the command line.
    pub id: &'static str,
    /// What is sent, or looked at, in a few words, with gaps that [`Words`] fill.
    pub title: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// What is sent.
    pub sends: Sends,
    /// What must come back.
    pub rule: Rule,
    /// Whether it may upset a receiver, so that the genuine delivery is sent again after it.
    pub upsets: bool,
    /// Why a failure matters.
    pub why: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
}

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A forgery gets through, or a secret gets out.
    Security,
    /// A genuine delivery is lost, or an input makes the receiver fall over.
    Robustness,
    /// Worth knowing; fails nothing by itself.
    Advice,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 3] = [Self::Security, Self::Robustness, Self::Advice];

    /// Its name for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Robustness => "robustness",
            Self::Advice => "advice",
        }
    }
}

/// What a probe sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    /// The genuine delivery.
    Genuine,
    /// A delivery with a fault.
    Fault(Fault),
    /// Genuine deliveries of payloads that are unusual.
    Body(bodies::Variation),
    /// A genuine delivery of every documented event.
    EveryEvent,
    /// A genuine delivery in an unusual request.
    Request(RequestForm),
    /// The same genuine delivery twice, one after the other.
    Twice,
    /// The same genuine delivery twice at once.
    TwiceAtOnce,
    /// A genuine delivery with two signatures, the first with a secret that the receiver does not have.
    Rotation,
    /// Nothing: what the answers to the others say is looked at.
    Observation(Observation),
    /// Nothing: the scheme's own data say it.
    Scheme(Weakness),
}

/// A request that is made in another way than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestForm {
    /// The body in chunks, without its length.
    Chunked,
    /// The names of the headers in lower case, as HTTP/2 has them.
    LowerCase,
    /// The content type with a character set.
    Charset,
    /// No content type.
    NoContentType,
    /// A content type that does not fit.
    OtherContentType,
    /// GET instead of POST, and without a body.
    Get,
    /// PUT instead of POST.
    Put,
}

/// What is looked at in all the answers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// An error answer that holds what nobody may know.
    Leak,
    /// How long the slowest genuine delivery took.
    Time,
    /// Whether a genuine delivery was answered with a redirect.
    Redirect,
    /// Whether deliveries go over a network without TLS.
    PlainHttp,
    /// Whether a forgery that was refused took effect all the same.
    ForgeryEffect,
    /// Whether a duplicate took effect.
    DuplicateEffect,
}

/// What must come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A 4xx: it is no delivery of the provider's.
    Refused,
    /// What the provider counts as success: it could send this.
    Accepted,
    /// The same, but a refusal is worth a warning only: it is a matter of taste, or hardly ever sent.
    Welcome,
    /// Any answer but a 5xx.
    Handled,
}

/// What stands in the gaps of a probe's texts: `{proof}` is a signature or a token, `{key}` what tells a delivery from
/// its duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    proof: &'static str,
    key: String,
}

impl Words {
    /// The words for a provider's receivers, or for anybody's.
    #[must_use]
    pub fn of(provider: Option<&Provider>) -> Self {
        let Some(provider) = provider else {
            let key = "the event's id, or a hash of the payload where there is none,".to_owned();
            return Self { proof: "signature", key };
        };
        let id = || provider.places.id.first().map(|place| format!("the id ({place})"));
        let key = provider.deduplication().map(|places| format!("the key for duplicates ({places})")).or_else(id);
        let key = key.unwrap_or_else(|| "a hash of the payload (there is no id)".to_owned());
        Self { proof: provider.scheme.proof(), key }
    }

    /// A text of the table without its gaps.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        text.replace("{proof}", self.proof).replace("{key}", &self.key)
    }
}

impl Probe {
    /// The probe of that name.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Self> {
        all().find(|probe| probe.id == id)
    }

    /// The fault that it sends, if it is one.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self.sends {
            Sends::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Why it says nothing about receivers of this provider; `None` when it does.
    #[must_use]
    pub fn obstacle(&self, provider: &Provider) -> Option<&'static str> {
        let scheme = &provider.scheme;
        let missing = match self.sends {
            // A version that may be missing says nothing that the signature does not.
            Sends::Fault(Fault::WrongVersion) if scheme.version_is_optional() => {
                (true, "its version may be missing, so that receivers need not look at it")
            }
            Sends::Fault(fault) => return fault.obstacle(scheme),
            Sends::Scheme(weakness) => (!weakness.is_in(scheme), "its scheme does not leave that open"),
            Sends::Rotation => (!scheme.carries_several_signatures(), "it carries one signature"),
            Sends::Request(RequestForm::Put) => (provider.request.method == "PUT", "it delivers with PUT"),
            Sends::Request(RequestForm::Get) => (provider.request.method == "GET", "it delivers with GET"),
            Sends::Observation(Observation::Time) => {
                (provider.policy.timeout.is_none(), "its page does not say how long it waits")
            }
            Sends::Genuine
            | Sends::Body(_)
            | Sends::EveryEvent
            | Sends::Request(_)
            | Sends::Twice
            | Sends::TwiceAtOnce
            | Sends::Observation(_) => return None,
        };
        missing.0.then_some(missing.1)
    }
}

/// Every probe of the table, in order.
pub fn all() -> impl Iterator<Item = &'static Probe> {
    TABLE.iter().flat_map(|rows| rows.iter())
}
