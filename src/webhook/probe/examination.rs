//! `Examination`: what became of a receiver that was checked, whole: what every report is written from.

use std::time::Duration;

use jiff::Timestamp;

use super::judging::{Check, Counts, Status};
use super::{Probe, Rule, Sends, Severity, all};
use crate::webhook::attempt::Failure;
use crate::webhook::provider::Provider;

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
    /// What was asked for.
    pub scope: Scope,
    /// The checks, in the order of the table; that of the genuine delivery is there whether it was asked for or not.
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

/// What was asked for of a receiver: no more can be said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Whether the genuine delivery was asked for itself, and not only as that on which all else depends.
    pub genuine: bool,
    /// How many forgeries were asked for that the scheme can have.
    pub forgeries: usize,
    /// How many there are.
    pub known: usize,
}

impl Scope {
    /// The scope of these probes.
    #[must_use]
    pub fn of(probes: &[&Probe], provider: &Provider) -> Self {
        let forgery = |probe: &&Probe| is_forgery(probe) && probe.obstacle(provider).is_none();
        Self {
            genuine: probes.iter().any(|probe| probe.id == GENUINE),
            forgeries: probes.iter().copied().filter(forgery).count(),
            known: all().filter(forgery).count(),
        }
    }
}

/// What became of the forgeries that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgeries {
    /// How many got an answer that says something.
    pub tried: usize,
    /// How many of these were refused.
    pub refused: usize,
}

/// What can be said of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It did all that it should, of what was tried.
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
    /// Nothing that was asked for was checked.
    Nothing,
    /// Forgeries were sent, and no answer to one says anything.
    Unproven,
    /// The checks were stopped.
    Interrupted,
}

impl Verdict {
    /// Its name for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Insecure => "insecure",
            Self::Fragile => "fragile",
            Self::Doubtful => "doubtful",
            Self::RefusesGenuine => "refuses-genuine",
            Self::Unreachable => "unreachable",
            Self::Nothing => "nothing",
            Self::Unproven => "unproven",
            Self::Interrupted => "interrupted",
        }
    }
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
        let concluded = |check: &Check| check.status != Status::Skip && self.is_asked_of_receiver(check);
        if self.interrupted {
            Verdict::Interrupted
        } else if self.unreachable.is_some() {
            Verdict::Unreachable
        } else if !self.accepts_genuine && !fails(Severity::Security, is_refusable) {
            Verdict::RefusesGenuine
        } else if fails(Severity::Security, |_| true) {
            Verdict::Insecure
        } else if fails(Severity::Robustness, |_| true) {
            Verdict::Fragile
        } else if self.checks.iter().any(|check| self.is_failure(check)) {
            Verdict::Doubtful
        } else if !self.checks.iter().any(concluded) {
            Verdict::Nothing
        } else if self.scope.forgeries > 0 && self.forgeries().tried == 0 {
            Verdict::Unproven
        } else {
            Verdict::Good
        }
    }

    /// What became of the forgeries.
    #[must_use]
    pub fn forgeries(&self) -> Forgeries {
        let of = |meant: fn(Status) -> bool| {
            let forgery = |check: &&Check| Probe::of(check.id).is_some_and(is_forgery) && meant(check.status);
            self.checks.iter().filter(forgery).count()
        };
        Forgeries { tried: of(|status| status != Status::Skip), refused: of(|status| status == Status::Pass) }
    }

    /// Whether a check was asked for, and asks the receiver for something: advice about the scheme does not.
    fn is_asked_of_receiver(&self, check: &Check) -> bool {
        let asks = Probe::of(check.id).is_some_and(|probe| !matches!(probe.sends, Sends::Scheme(_)));
        asks && (check.id != GENUINE || self.scope.genuine)
    }
}

/// The check on which all others depend.
pub const GENUINE: &str = "genuine";

/// Whether a check's failure is that something was let in that is not genuine.
fn is_refusable(check: &Check) -> bool {
    Probe::of(check.id).is_some_and(|probe| probe.rule == Rule::Refused)
}

/// Whether what a probe sends could pass for genuine. What is malformed is to be refused, too, but no forger hopes that
/// it is not.
fn is_forgery(probe: &Probe) -> bool {
    probe.severity == Severity::Security && probe.rule == Rule::Refused
}
