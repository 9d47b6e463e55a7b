//! Sending deliveries: one attempt after the other, several at a time, each recorded, shown and counted.
//!
//! A command says what there is to deliver ([`Source`]) and where it goes ([`Route`]); the [`Deliverer`] does the rest.
//! It alone waits, and what it does between two waits is done by one thread, so that nothing here needs a lock.

mod agenda;
mod crew;
mod endpoint;
mod pace;
mod route;
mod run;
mod screen;
mod tally;

use std::cell::RefCell;
use std::time::Duration;

use jiff::Timestamp;

pub use self::pace::{PaceArgs, Rate, Speed, count};
pub use self::route::Route;
use self::run::Run;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::Reporter;
use crate::report::notice::Notice;
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;
use crate::webhook::policy::StatusPatterns;

/// Something to deliver.
pub struct Job {
    /// Which of the routes it takes.
    pub route: usize,
    /// What is delivered: the same id and payload in each attempt. [`Source::sign`] makes it that of an attempt.
    pub draft: Box<Delivery>,
    /// How long after the beginning of the run it is due, in the provider's time, which `--speed` scales.
    pub due: Duration,
}

/// How much is shown of what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Every attempt.
    Each,
    /// The first of each kind of failure, and what came of all.
    Examples,
    /// What came of all.
    Totals,
}

/// What there is to deliver. Asked for one job after the other, so that no more of them exist than are on their way.
pub trait Source {
    /// The next delivery, as of `now`; nothing when there are no more.
    fn next(&mut self, now: Timestamp) -> Result<Option<Job>, Error>;

    /// Gives a delivery to one of the routes what an attempt that begins `now` has: that time, and a signature.
    fn sign(&mut self, draft: &mut Delivery, route: usize, now: Timestamp) -> Result<(), Error>;

    /// What is worth saying about a delivery before it goes out.
    fn remark(&self, _delivery: &Delivery, _route: &Route) -> Option<Notice> {
        None
    }

    /// What may help with an answer, which is one of those that are expected or not.
    fn advice(&self, _attempt: &Attempt, _route: &Route, _good: bool) -> Option<String> {
        None
    }
}

/// Keeps what was delivered.
pub trait Recorder {
    /// Takes an attempt and what came of it, and whether another one is to follow.
    fn record(&mut self, delivery: &Delivery, attempt: &Attempt, route: &Route, again: bool) -> Result<(), Error>;

    /// Puts all that was taken where it is kept. Called before anything further is waited for, and at the end. The notice
    /// says that it could not be done, and that this stops nobody.
    fn commit(&mut self) -> Result<Option<Notice>, Error>;
}

/// How deliveries are sent.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many there are.
    pub all: usize,
    /// Which answers are good; without a word from the user those that the provider, or else anybody, counts as received.
    pub expect: Option<StatusPatterns>,
    /// What is wrong with the deliveries on purpose.
    pub fault: Option<&'static str>,
    /// How many may be on their way at a time, from 1.
    pub concurrency: usize,
    /// How many may begin in a time.
    pub rate: Option<Rate>,
    /// Whether what fails is sent again by its provider's policy.
    pub retry: bool,
    /// How fast the time passes that is waited.
    pub speed: Speed,
    /// How much is shown.
    pub shown: Shown,
    /// Whether credentials are shown, too.
    pub secrets: bool,
    /// How long Ctrl-C leaves to what is on its way, so that it is known what came of it.
    pub grace: Duration,
    /// Whether someone watches who wants to see how far it is.
    pub watched: bool,
}

/// Sends deliveries.
pub struct Deliverer<'a> {
    /// The routes that jobs may take.
    pub routes: Vec<Route>,
    /// How they are sent.
    pub plan: Plan,
    /// Says what time it is.
    pub clock: fn() -> Timestamp,
    /// Where the chance in a provider's waits comes from.
    pub random: fastrand::Rng,
    /// Shows what happens.
    pub reporter: &'a mut dyn Reporter,
    /// Keeps what was delivered, if something is to.
    pub recorder: Option<&'a mut dyn Recorder>,
}

impl Deliverer<'_> {
    /// Delivers all that the source has; what came of it decides how the run ends.
    pub async fn run(self, source: &mut dyn Source) -> Result<Exit, Error> {
        let run = RefCell::new(Run::new(self, source));
        let stopped = crew::fly(&run).await;
        run.into_inner().end(stopped)
    }
}
