//! `Examination`: what became of a receiver that was checked, whole: what every report is written from.

use std::time::Duration;

use jiff::Timestamp;

use super::judging::{Check, Counts, Status};
use super::{Sends, Severity, all};

/// What came of checking a receiver.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The provider that was played.
    pub scheme: String,
    /// The receiver.
    pub url: String,
    /// The event that was sent.
    pub event: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The checks, in the order of the table.
    pub checks: Vec<Check>,
    /// Whether the receiver accepts what is genuine, without which its refusals prove nothing.
    pub accepts_genuine: bool,
    /// What may help where it does not.
    pub hint: Option<String>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

/// What can be said of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It did all that it should.
    Good,
    /// It let forgers in, or let a secret out.
    Insecure,
    /// It lost genuine deliveries, or fell over.
    Fragile,
    /// It refuses what is genuine, so that nothing can be said of forgeries.
    RefusesGenuine,
    /// Nothing was checked that proves anything.
    Nothing,
    /// The checks were stopped.
    Interrupted,
}

impl Examination {
    /// How many checks came out which way.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(&self.checks)
    }

    /// The checks of one severity, in the order of the table.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.severity == severity)
    }

    /// What can be said of the receiver.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let failed = |severity| self.of(severity).any(|check| check.status == Status::Fail);
        let counts = self.counts();
        if self.interrupted {
            Verdict::Interrupted
        } else if failed(Severity::Security) {
            Verdict::Insecure
        } else if !self.accepts_genuine {
            Verdict::RefusesGenuine
        } else if counts.failed > 0 {
            Verdict::Fragile
        } else if self.checks.iter().any(|check| check.status == Status::Pass && sends_something(check.id)) {
            Verdict::Good
        } else {
            Verdict::Nothing
        }
    }
}

/// Whether a probe sends anything beside the genuine delivery: only then has something been checked.
fn sends_something(id: &str) -> bool {
    let probe = all().find(|probe| probe.id == id);
    probe.is_some_and(|probe| !matches!(probe.sends, Sends::Scheme(_)))
}
