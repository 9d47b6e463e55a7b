//! What a run of `wh listen` waits for, what it has seen, and how it ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use tokio::sync::Notify;

use crate::error::Error;
use crate::exit::Exit;
use crate::report::Totals;
use crate::webhook::attempt::Attempt;
use crate::webhook::glob::Glob;

/// How an app answers that does not believe a signature.
const DISPUTES: [StatusCode; 3] = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All that was expected has arrived.
    Met,
    /// The time is over.
    TimeUp,
    /// The time was up, and the command had not ended.
    CommandLeft,
    /// Ctrl-C, or a request of the system to stop.
    Interrupted,
    /// The command has ended, with that exit code.
    Command(u8),
    /// Nobody reads the output any more.
    Unread,
}

/// What is expected, and what has arrived.
#[derive(Debug)]
pub struct Expectations {
    count: Option<u64>,
    globs: Vec<(String, Glob)>,
    ledgers: Mutex<Vec<Arc<Ledger>>>,
    changed: Notify,
}

/// What one thread has seen. A count that all threads write would go from one core to another with each delivery, and so
/// would one beside which another thread's stands in memory.
#[derive(Debug)]
#[repr(align(128))]
pub struct Ledger(Mutex<Seen>);

/// What is worth counting of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Noted<'a> {
    /// What its event is called: `type` and `provider/type`.
    pub names: &'a [String],
    /// Whether it is genuine; `None` when that was not looked at.
    pub genuine: Option<bool>,
    /// Whether it was accepted, and recorded where that was asked for.
    pub accepted: bool,
    /// Whether its event is one of those that are looked at.
    pub wanted: bool,
}

#[derive(Debug, Default)]
struct Seen {
    totals: Totals,
    /// How many of the accepted ones were wanted.
    counted: u64,
    /// How many of the forwarded ones an app answered.
    answered: u64,
    /// Which of the globs have been met.
    met: Vec<bool>,
}

impl Expectations {
    /// Expects that many genuine deliveries, and one for each glob.
    #[must_use]
    pub fn new(count: Option<u64>, globs: &[String]) -> Self {
        let globs = globs.iter().map(|glob| (glob.clone(), Glob::new(glob))).collect();
        Self { count, globs, ledgers: Mutex::default(), changed: Notify::new() }
    }

    /// A ledger for one more thread.
    #[must_use]
    pub fn ledger(&self) -> Arc<Ledger> {
        let ledger = Arc::new(Ledger(Mutex::new(self.nothing())));
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&ledger));
        ledger
    }

    /// Counts a delivery.
    pub fn note(&self, ledger: &Ledger, noted: &Noted<'_>) {
        let mut seen = ledger.seen();
        seen.totals.received += 1;
        match noted.genuine {
            Some(true) => seen.totals.valid += 1,
            Some(false) => seen.totals.invalid += 1,
            None => seen.totals.unverified += 1,
        }
        if noted.accepted {
            seen.totals.accepted += 1;
            seen.counted += u64::from(noted.wanted);
            for (met, (_, glob)) in seen.met.iter_mut().zip(&self.globs) {
                *met |= glob.matches_any(noted.names);
            }
        }
        drop(seen);
        if self.any() {
            self.changed.notify_waiters();
        }
    }

    /// What has arrived so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.seen().totals
    }

    /// Whether anything is expected at all.
    #[must_use]
    pub fn any(&self) -> bool {
        self.count.is_some() || !self.globs.is_empty()
    }

    /// Waits until all that is expected has arrived; for ever, when nothing is.
    pub async fn met(&self) {
        if !self.any() {
            return std::future::pending().await;
        }
        loop {
            let changed = self.changed.notified();
            if self.missing().is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// What has not arrived, as phrases.
    fn missing(&self) -> Vec<String> {
        let seen = self.seen();
        let mut missing = Vec::new();
        if let Some(count) = self.count.filter(|count| seen.counted < *count) {
            let word = if count == 1 { "delivery" } else { "deliveries" };
            missing.push(format!("{} of {count} {word} arrived", seen.counted));
        }
        for ((glob, _), _) in self.globs.iter().zip(&seen.met).filter(|(_, met)| !**met) {
            missing.push(format!("no `{glob}` arrived"));
        }
        missing
    }

    /// What the end means: the command's failure first, then what was expected, then what arrived and what an app said.
    pub fn conclude(&self, end: End) -> Result<Exit, Error> {
        match end {
            End::Interrupted => return Ok(Exit::Interrupted),
            End::Unread => return Ok(Exit::Good),
            End::Command(code) if code != 0 => return Ok(Exit::Passed(code)),
            End::Command(_) | End::Met | End::TimeUp | End::CommandLeft => {}
        }
        let mut missing = self.missing();
        if matches!(end, End::CommandLeft) {
            missing.push("the command had not ended when the time was up".to_owned());
        }
        if !missing.is_empty() {
            let invalid = self.totals().invalid;
            return Err(Error::Unmet { missing: missing.join(", "), invalid });
        }
        let totals = self.totals();
        if totals.received == 0 {
            return Err(Error::Nothing { what: "nothing arrived, so nothing was verified" });
        }
        if totals.received == totals.unverified && !self.any() {
            return Err(Error::Nothing { what: "what arrived is of no scheme that is known, so nothing was verified" });
        }
        let unanswered = totals.forwarded - self.seen().answered;
        Ok(if totals.failed > unanswered || (totals.invalid > 0 && !self.any()) {
            Exit::No
        } else if unanswered > 0 {
            Exit::Environment
        } else {
            Exit::Good
        })
    }

    /// What all threads have seen.
    fn seen(&self) -> Seen {
        let mut all = self.nothing();
        for ledger in self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let seen = ledger.seen();
            all.totals += seen.totals;
            all.counted += seen.counted;
            all.answered += seen.answered;
            all.met.iter_mut().zip(&seen.met).for_each(|(met, seen)| *met |= seen);
        }
        all
    }

    fn nothing(&self) -> Seen {
        Seen { met: vec![false; self.globs.len()], ..Seen::default() }
    }
}

impl Ledger {
    /// Counts what an app answered to a forwarded delivery, and whether that one is genuine.
    pub fn note_forwarded(&self, attempt: &Attempt, genuine: bool) {
        let disputes = attempt.status().is_some_and(|status| DISPUTES.contains(&status));
        let mut seen = self.seen();
        seen.totals.forwarded += 1;
        seen.totals.failed += u64::from(!attempt.is_success());
        seen.totals.disputed += u64::from(genuine && disputes);
        seen.answered += u64::from(attempt.status().is_some());
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_threads_have_seen_is_counted_together() {
        let expectations = Expectations::new(Some(2), &["slot.*".to_owned(), "payment.*".to_owned()]);
        let (one, other) = (expectations.ledger(), expectations.ledger());
        let seen = |ledger: &Ledger, name: &str| {
            let names = [name.to_owned()];
            expectations.note(ledger, &Noted { names: &names, genuine: Some(true), accepted: true, wanted: true });
        };
        seen(&one, "slot.submitted");
        assert_eq!(expectations.missing(), ["1 of 2 deliveries arrived", "no `payment.*` arrived"]);
        seen(&other, "payment.completed");
        assert_eq!((expectations.missing(), expectations.totals().valid), (Vec::new(), 2));
    }
}
