//! The deliveries of a replay, one after the other, and what has become of them.

use std::time::Duration;

use jiff::Timestamp;

use super::preparing::{Preparer, Ready};
use super::selection::Selection;
use crate::commands::delivering::{Job, Recorder, Route, Source};
use crate::commands::recording::AttemptLog;
use crate::edge::unfinished::Unfinished;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;

/// A delivery's place among all of the replay; it travels with its request.
#[derive(Debug, Clone, Copy)]
struct Serial(usize);

/// What there is to deliver.
pub(super) struct Deliveries<'a, 'b> {
    preparer: &'b mut Preparer<'a>,
    selection: &'b Selection,
    ready: Vec<Ready>,
    /// Whose turn it is, and how many are left.
    turn: usize,
    left: usize,
    /// When the first one was captured, where the intervals are kept.
    first: Option<Timestamp>,
    due: Duration,
}

impl<'a, 'b> Deliveries<'a, 'b> {
    pub(super) fn new(
        preparer: &'b mut Preparer<'a>,
        selection: &'b Selection,
        ready: Vec<Ready>,
        all: usize,
        keep_pace: bool,
    ) -> Self {
        let first = ready.iter().find_map(|ready| ready.at).filter(|_| keep_pace);
        Self { preparer, selection, ready, turn: 0, left: all, first, due: Duration::ZERO }
    }
}

impl Source for Deliveries<'_, '_> {
    fn next(&mut self, _: Timestamp) -> Result<Option<Job>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let ready = self.ready[self.turn];
        self.turn = (self.turn + 1) % self.ready.len();
        let (mut draft, route) = self.preparer.delivery(&ready.item, self.selection)?;
        draft.request.extensions_mut().insert(Serial(ready.item.serial));
        if let (Some(first), Some(at)) = (self.first, ready.at) {
            // What was captured out of its order does not go back in time.
            let since = Duration::try_from(at.duration_since(first)).unwrap_or_default();
            self.due = self.due.max(since);
        }
        Ok(Some(Job { route, draft: Box::new(draft), due: self.due }))
    }

    fn sign(&mut self, draft: &mut Delivery, route: usize, now: Timestamp) -> Result<(), Error> {
        self.preparer.sign(draft, route, now)
    }

    fn advice(&self, attempt: &Attempt, route: &Route, good: bool) -> Option<String> {
        self.preparer.advice(attempt, route).filter(|_| !good)
    }
}

/// Keeps what was delivered: every attempt in the log, and which deliveries are done with.
pub(super) struct ReplayLog {
    attempts: AttemptLog,
    unfinished: Option<Unfinished>,
    /// How many are not done with.
    left: usize,
}

impl ReplayLog {
    pub(super) fn new(attempts: AttemptLog, unfinished: Option<Unfinished>, all: usize) -> Self {
        Self { attempts, unfinished, left: all }
    }

    /// Says how many are left that can be gone on with; nothing when none are.
    pub(super) fn end(self) -> Result<Option<usize>, Error> {
        let Some(unfinished) = self.unfinished else { return Ok(None) };
        if self.left > 0 {
            return Ok(Some(self.left));
        }
        unfinished.end().map_err(progress)?;
        Ok(None)
    }
}

impl Recorder for ReplayLog {
    fn record(&mut self, delivery: &Delivery, attempt: &Attempt, route: &Route, again: bool) -> Result<(), Error> {
        self.attempts.record(delivery, attempt, route, again)?;
        // What got no answer at all is gone on with.
        if !again && attempt.outcome.is_ok() {
            self.left = self.left.saturating_sub(1);
            if let (Some(unfinished), Some(Serial(serial))) =
                (&mut self.unfinished, delivery.request.extensions().get().copied())
            {
                unfinished.done(serial);
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<Option<Notice>, Error> {
        let notice = self.attempts.commit()?;
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.commit().map_err(progress)?;
        }
        Ok(notice)
    }
}

fn progress(reason: std::io::Error) -> Error {
    Error::System { what: "what was delivered cannot be noted for --resume", reason }
}
