//! What has come of the deliveries so far.

use std::time::Duration;

use crate::error::Error;
use crate::exit::Exit;
use crate::report::{Progress, Summary};
use crate::webhook::attempt::Attempt;

/// Counts deliveries and their attempts.
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

    /// The first attempt at a delivery has begun.
    pub(super) fn begun(&mut self) {
        self.summary.unsent = self.summary.unsent.saturating_sub(1);
    }

    /// An attempt has ended.
    pub(super) fn attempted(&mut self, attempt: &Attempt) {
        let summary = &mut self.summary;
        summary.attempts += 1;
        match &attempt.outcome {
            Ok(answer) => {
                *summary.statuses.entry(answer.status.as_u16()).or_default() += 1;
                summary.latencies.add(attempt.duration);
            }
            Err(failure) => *summary.errors.entry(failure.code()).or_default() += 1,
        }
    }

    /// A delivery has come to its end.
    pub(super) fn ended(&mut self, answered: bool, good: bool) {
        self.summary.sent += 1;
        match (answered, good) {
            (true, true) => self.summary.accepted += 1,
            (true, false) => self.summary.refused += 1,
            (false, _) => self.summary.failed += 1,
        }
    }

    /// The run is over, with that many deliveries on their way, and that many between two attempts.
    pub(super) fn stop(&mut self, in_flight: usize, waiting: usize, elapsed: Duration) {
        self.summary.in_flight = in_flight;
        self.summary.waiting = waiting;
        self.summary.elapsed = elapsed;
    }

    /// Whether any delivery got an answer.
    pub(super) fn answered(&self) -> bool {
        !self.summary.statuses.is_empty()
    }

    pub(super) fn summary(&self, counted: bool) -> Summary {
        Summary { counted, ..self.summary.clone() }
    }

    /// How far it is.
    pub(super) fn progress(&self, elapsed: Duration) -> Progress {
        let Summary { sent, accepted, .. } = self.summary;
        Progress { done: sent, all: self.all, bad: sent - accepted, elapsed, ..Progress::default() }
    }

    /// Whether all of them have come to their end.
    pub(super) fn is_complete(&self) -> bool {
        self.summary.sent == self.all
    }

    /// How the run ends when nothing stopped it.
    pub(super) fn exit(&self) -> Exit {
        match self.summary {
            Summary { refused: 1.., .. } => Exit::No,
            Summary { failed: 1.., .. } => Exit::Environment,
            // Nobody was asked about what was left out.
            Summary { unsent: 1.., .. } => Exit::No,
            Summary { .. } => Exit::Good,
        }
    }

    /// What is said when Ctrl-C stopped it.
    pub(super) fn interrupted(&self) -> Error {
        let Summary { sent: done, in_flight, waiting, .. } = self.summary;
        Error::Interrupted { done, in_flight, waiting, all: self.all }
    }
}
