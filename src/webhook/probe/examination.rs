//! `Examination`: what became of a receiver that was checked, whole: what every report is written from.

use std::time::Duration;

use jiff::Timestamp;

use super::judging::{Check, Counts, Status};
use super::{Probe, Rule, Sends, Severity};
use crate::webhook::attempt::Failure;

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
    /// Whether warnings fail, too.
    pub strict: bool,
    /// Why nobody answered, where nobody did.
    pub unreachable: Option<Failure>,
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
    /// Warnings were to fail, and there is one.
    Doubtful,
    /// It refuses what is genuine, so that nothing can be said of forgeries.
    RefusesGenuine,
    /// Nobody answered.
    Unreachable,
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

    /// Whether a check counts against the receiver.
    #[must_use]
    pub fn is_failure(&self, check: &Check) -> bool {
        check.status == Status::Fail || (self.strict && check.status == Status::Warn)
    }

    /// The command that sends what a check sent once more, and shows the answer whole.
    #[must_use]
    pub fn again(&self, check: &Check) -> Option<String> {
        let fault = check.fault.filter(|_| check.status != Status::Skip)?;
        let url = self.url.strip_prefix("http://").unwrap_or(&self.url);
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@".contains(c));
        let quoted =
            |text: &str| if plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) };
        let event = quoted(&format!("{}/{}", self.scheme, self.event));
        Some(format!("wh send {event} --fault {fault} --to {} -v", quoted(url)))
    }

    /// What can be said of the receiver.
    ///
    /// Where it refuses what is genuine, its refusals of forgeries prove nothing; that it accepts one does all the same.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let fails = |severity, meant: fn(&Check) -> bool| {
            self.of(severity).any(|check| check.status == Status::Fail && meant(check))
        };
        if self.interrupted {
            Verdict::Interrupted
        } else if self.unreachable.is_some() {
            Verdict::Unreachable
        } else if !self.accepts_genuine && !fails(Severity::Security, is_forgery) {
            Verdict::RefusesGenuine
        } else if fails(Severity::Security, |_| true) {
            Verdict::Insecure
        } else if fails(Severity::Robustness, |_| true) {
            Verdict::Fragile
        } else if self.checks.iter().any(|check| self.is_failure(check)) {
            Verdict::Doubtful
        } else if self.checks.iter().any(|check| check.status == Status::Pass && asks_receiver(check)) {
            Verdict::Good
        } else {
            Verdict::Nothing
        }
    }
}

fn is_forgery(check: &Check) -> bool {
    Probe::of(check.id).is_some_and(|probe| probe.rule == Rule::Refused)
}

/// Whether a check asks the receiver for more than whether it is there.
fn asks_receiver(check: &Check) -> bool {
    Probe::of(check.id).is_some_and(|probe| !matches!(probe.sends, Sends::Scheme(_)))
}
