//! Why a delivery was refused, by proof: a search for the change under which its signature does match.
//!
//! ```text
//! observed   the signatures that stand in the delivery, wherever and however they are written
//! body       what the body could have been when it was signed
//! key        what the secret could have been taken for
//! content    what could have been signed, and how
//! search     one change at a time, then two, until a computed signature equals one that was observed
//! ```
//! A finding is never a guess: the signature of what it describes was computed, and is the one in the delivery.

mod body;
mod charset;
mod class;
mod content;
mod finding;
mod gzip;
mod key;
mod literal;
mod moment;
mod observed;
mod refusal;
mod remedy;
mod reserialised;
mod search;
mod serialisers;
mod signature;
mod style;
mod token;
mod unexplained;
mod url;
mod work;

use jiff::Timestamp;

pub use self::finding::{Code, Finding};
pub use self::unexplained::Advice;
pub use self::work::{Budget, Tried};

use super::delivery::Delivery;
use super::provider::Provider;
use super::secret::Secret;
use super::verification::Rejection;

/// A delivery that was refused, and all that may explain it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The delivery.
    pub delivery: &'a Delivery,
    /// The provider that it was verified for.
    pub provider: &'a Provider,
    /// The secrets that it was verified with.
    pub secrets: &'a [Secret],
    /// Why it was refused.
    pub rejection: &'a Rejection,
    /// The other providers of this run, whose schemes and secrets it could have been signed with.
    pub others: &'a [Known<'a>],
    /// When it was verified.
    pub now: Timestamp,
}

/// A provider, and the secrets that this run has for it besides its published test secret.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// Its secrets.
    pub secrets: &'a [Secret],
}

/// What came of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The causes, all of which together explain the refusal. Empty when no common mistake does.
    pub findings: Vec<Finding>,
    /// What was tried, whether or not it led to something.
    pub tried: Tried,
    /// What to do next, where there are no causes.
    pub advice: Option<Advice>,
}

/// A JSON body as receivers write it anew, each form once and with who writes it so; nothing where it is no JSON.
#[must_use]
pub fn serialised(body: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let Some(tree) = reserialised::Tree::read(body) else { return Vec::new() };
    let mut forms: Vec<(Vec<u8>, &'static str)> = Vec::new();
    for (style, _, what) in serialisers::ALL {
        let written = tree.write(style, 4 * body.len() + 1024).filter(|written| written != body);
        let new = written.filter(|written| forms.iter().all(|(known, _)| known != written));
        forms.extend(new.map(|written| (written, what)));
    }
    forms
}

/// Finds out why a delivery was refused, with at most as much work as `budget` allows.
///
/// The answer depends on the case and the budget alone: the order of the search is fixed, and its work is counted in
/// bytes, not in time.
#[must_use]
pub fn diagnose(case: &Case<'_>, budget: Budget) -> Diagnosis {
    search::run(case, budget)
}
