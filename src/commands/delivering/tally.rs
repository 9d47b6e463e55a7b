//! What has come of the deliveries so far.

use crate::error::Error;
use crate::exit::Exit;
use crate::report::Summary;
use crate::webhook::attempt::Attempt;

/// Counts deliveries.
#[derive(Debug)]
pub(super) struct Tally {
    summary: Summary,
    all: usize,
}

impl Tally {
    /// A tally of that many deliveries, none of which has been sent.
    pub(super) fn new(all: usize) -> Self {
        Self { summary: Summary { unsent: all, ..Summary::default() }, all }
    }

    /// A delivery has gone out.
    pub(super) fn begun(&mut self) {
        self.summary.unsent = self.summary.unsent.saturating_sub(1);
    }

    /// A delivery has come to its end.
    pub(super) fn ended(&mut self, attempt: &Attempt, good: bool) {
        self.summary.sent += 1;
        match &attempt.outcome {
            Ok(_) if good => self.summary.accepted += 1,
            Ok(_) => self.summary.refused += 1,
            Err(_) => self.summary.failed += 1,
        }
    }

    /// Deliveries that were on their way when the run was stopped: they may have arrived.
    pub(super) fn abandon(&mut self, count: usize) {
        self.summary.in_flight = count;
    }

    /// Whether any delivery got an answer.
    pub(super) fn answered(&self) -> bool {
        self.summary.accepted + self.summary.refused > 0
    }

    pub(super) fn summary(&self) -> Summary {
        self.summary
    }

    /// How the run ends when nothing stopped it.
    pub(super) fn exit(&self) -> Exit {
        match self.summary {
            Summary { refused: 1.., .. } => Exit::No,
            Summary { failed: 1.., .. } => Exit::Environment,
            Summary { .. } => Exit::Good,
        }
    }

    /// What is said when Ctrl-C stopped it.
    pub(super) fn interrupted(&self) -> Error {
        Error::Interrupted { done: self.summary.sent, in_flight: self.summary.in_flight, all: self.all }
    }
}
