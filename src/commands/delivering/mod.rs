//! Sending deliveries: one attempt after the other, several at a time, each recorded, shown and counted.
//!
//! A command says what there is to deliver ([`Source`]) and where it goes ([`Route`]); the [`Deliverer`] does the rest.
//! It alone waits, and what it does between two waits is done by one thread, so that nothing here needs a lock.

mod route;
mod tally;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

pub use self::route::{Connecting, Route};
use self::tally::Tally;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter, Whole};
use crate::webhook::attempt::{Attempt, Failure};
use crate::webhook::delivery::Delivery;
use crate::webhook::policy::StatusPatterns;

/// Something to deliver.
pub struct Job {
    /// Which of the routes it takes.
    pub route: usize,
    /// What is delivered: the same id and payload in each attempt. [`Source::sign`] makes an attempt's delivery of it.
    pub draft: Delivery,
}

/// What there is to deliver. Asked for one job after the other, so that no more of them exist than are on their way.
pub trait Source {
    /// The next delivery, as of `now`; nothing when there are no more.
    fn next(&mut self, now: Timestamp) -> Result<Option<Job>, Error>;

    /// The delivery of an attempt that begins `now`, with that time and its signature.
    fn sign(&mut self, job: &Job, route: &Route, now: Timestamp) -> Result<Delivery, Error>;

    /// What is worth saying about a delivery before it goes out.
    fn remark(&self, _delivery: &Delivery, _route: &Route) -> Option<Notice> {
        None
    }

    /// What may help with an answer.
    fn advice(&self, _attempt: &Attempt, _route: &Route) -> Option<String> {
        None
    }
}

/// Keeps what was delivered.
pub trait Recorder {
    /// Takes an attempt and what came of it.
    fn record(&mut self, delivery: &Delivery, attempt: &Attempt, route: &Route) -> Result<(), Error>;

    /// Puts all that was taken where it is kept. Called before anything further is sent, and at the end. The notice says
    /// that it could not be done, and that this stops nobody.
    fn commit(&mut self) -> Result<Option<Notice>, Error>;
}

/// How deliveries are sent.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many there are, as far as that is known.
    pub all: usize,
    /// Which answers are good.
    pub expect: StatusPatterns,
    /// What is wrong with the deliveries on purpose.
    pub fault: Option<&'static str>,
    /// How many may be on their way at a time, from 1.
    pub concurrency: usize,
}

/// Sends deliveries.
pub struct Deliverer<'a> {
    /// The routes that jobs may take.
    pub routes: Vec<Route>,
    /// How they are sent.
    pub plan: Plan,
    /// Says what time it is.
    pub clock: fn() -> Timestamp,
    /// Shows what happens.
    pub reporter: &'a mut dyn Reporter,
    /// Keeps what was delivered, if something is to.
    pub recorder: Option<&'a mut dyn Recorder>,
}

/// An attempt that has ended.
struct Landing {
    job: Job,
    delivery: Delivery,
    attempt: Attempt,
}

impl Deliverer<'_> {
    /// Delivers all that the source has; what came of it decides how the run ends.
    pub async fn run(self, source: &mut dyn Source) -> Result<Exit, Error> {
        let tally = Tally::new(self.plan.all);
        let mut run = Run { deliverer: self, source, tally, flights: JoinSet::new(), last_advice: None };
        let stopped = run.fly().await?;
        run.tally.abandon(run.flights.len());
        run.flights.abort_all();
        run.commit()?;
        if run.deliverer.plan.all > 1 {
            run.deliverer.reporter.report(&Outcome::Summary(run.tally.summary()))?;
        }
        match stopped {
            Some(Stop::Interrupted) => Err(run.tally.interrupted()),
            Some(Stop::Nobody(error)) => Err(error),
            None => Ok(run.tally.exit()),
        }
    }
}

/// Why a run ends before its time.
enum Stop {
    /// Someone pressed Ctrl-C.
    Interrupted,
    /// Nobody is there, and nobody will be.
    Nobody(Error),
}

/// A run of a deliverer: what is on its way, and what has come of the rest.
struct Run<'a, 'b> {
    deliverer: Deliverer<'a>,
    source: &'b mut dyn Source,
    tally: Tally,
    flights: JoinSet<Landing>,
    /// The same advice helps once.
    last_advice: Option<String>,
}

impl Run<'_, '_> {
    /// Sends until there is nothing more to send, or something stops it.
    async fn fly(&mut self) -> Result<Option<Stop>, Error> {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        let mut exhausted = false;
        loop {
            while !exhausted && self.flights.len() < self.deliverer.plan.concurrency {
                exhausted = !self.launch()?;
            }
            let landed = tokio::select! {
                landed = self.flights.join_next() => landed,
                Ok(()) = &mut interrupt => return Ok(Some(Stop::Interrupted)),
            };
            let Some(landed) = landed else { return Ok(None) };
            let mut next = Some(landed);
            while let Some(landed) = next {
                // A task that panicked has ended the program's work in any case; none is ever aborted while it is waited for.
                let landing = landed.map_err(|error| Error::System {
                    what: "an attempt broke off",
                    reason: std::io::Error::other(error),
                })?;
                if let Some(stop) = self.land(&landing)? {
                    return Ok(Some(stop));
                }
                next = self.flights.try_join_next();
            }
            self.commit()?;
        }
    }

    /// Puts the records of what was answered where they are kept.
    fn commit(&mut self) -> Result<(), Error> {
        let Deliverer { recorder: Some(recorder), reporter, .. } = &mut self.deliverer else { return Ok(()) };
        if let Some(notice) = recorder.commit()? {
            reporter.report(&Outcome::Notice(notice))?;
        }
        Ok(())
    }

    /// Sends the next delivery, if there is one.
    fn launch(&mut self) -> Result<bool, Error> {
        let now = (self.deliverer.clock)();
        let Some(job) = self.source.next(now)? else { return Ok(false) };
        let route = &self.deliverer.routes[job.route];
        let delivery = self.source.sign(&job, route, now)?;
        let reporter = &mut *self.deliverer.reporter;
        if let Some(notice) = self.source.remark(&delivery, route) {
            reporter.report(&Outcome::Notice(notice))?;
        }
        // A receiver inside shows the delivery as it arrived.
        if !route.is_inside() {
            let (provider, fault) = (route.provider.as_deref(), self.deliverer.plan.fault);
            reporter.report(&Outcome::Sending { delivery: &delivery, provider, at: now, fault })?;
        }
        let client = Arc::clone(&route.client);
        self.tally.begun();
        self.flights.spawn(async move {
            let attempt = client.send(&delivery, 1, now).await;
            Landing { job, delivery, attempt }
        });
        Ok(true)
    }

    /// Records, counts and shows what came of an attempt.
    fn land(&mut self, landing: &Landing) -> Result<Option<Stop>, Error> {
        let Landing { job, delivery, attempt } = landing;
        let route = &self.deliverer.routes[job.route];
        let plan = &self.deliverer.plan;
        if let Some(recorder) = &mut self.deliverer.recorder {
            recorder.record(delivery, attempt, route)?;
        }
        let good = attempt.status().is_some_and(|status| plan.expect.matches(status));
        self.tally.ended(attempt, good);
        let fatal = match &attempt.outcome {
            Err(failure) if plan.all == 1 || (!self.tally.answered() && failure.is_lasting()) => Some(failure.clone()),
            Ok(_) | Err(_) => None,
        };
        let advice = self.source.advice(attempt, route).filter(|advice| self.last_advice.as_ref() != Some(advice));
        if advice.is_some() {
            self.last_advice.clone_from(&advice);
        }
        let reporter = &mut *self.deliverer.reporter;
        if let Some(reception) = route.reception(delivery) {
            reporter.report(&Outcome::Received {
                delivery: &reception.delivery,
                provider: route.provider.as_deref(),
                at: reception.at,
                remote: reception.remote,
                verdict: Some(&reception.verdict),
                status: Some(reception.status),
                whole: if plan.all == 1 { Whole::Request } else { Whole::Line },
                secrets: false,
            })?;
        }
        let (fault, is_fatal) = (plan.fault, fatal.is_some());
        reporter.report(&Outcome::Attempted { delivery, attempt, good, advice, fault, fatal: is_fatal })?;
        let nobody = |failure| Error::Unreachable { target: Box::new(route.target.clone()), failure };
        Ok(fatal.map(|failure| Stop::Nobody(nobody(failure))))
    }
}

impl Failure {
    /// Whether the next delivery would fail the same way.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::UnknownHost { .. } | Self::Tls { .. } => true,
            Self::TimedOut { .. } | Self::Broken { .. } => false,
        }
    }
}
