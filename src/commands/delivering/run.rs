//! A run of the deliverer: what is sent next, and what follows from what has ended. It waits for nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use jiff::Timestamp;

use super::agenda::{Agenda, Entry, Ticket};
use super::endpoint::Endpoint;
use super::screen::{Ended, Screen};
use super::tally::Tally;
use super::{Deliverer, Job, Plan, Recorder, Route, Source};
use crate::edge::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Progress, Prospect, Summary};
use crate::webhook::attempt::{Attempt, Failure};
use crate::webhook::credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::probe::material::Wire;
use crate::webhook::retrying::{GivingUp, Step};

/// Why a run ends before its time.
pub(super) enum Stop {
    /// Someone pressed Ctrl-C.
    Interrupted,
    /// Nobody is there, and nobody will be.
    Nobody(Error),
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    On,
    /// Nothing more is sent; what has ended is told.
    Closing,
    /// The same, for what an attempt has found out: others that find it out, too, need not tell it again.
    Stopped,
}

/// An attempt that is to be made.
pub(super) struct Flight {
    ticket: Ticket,
    /// The delivery without its signature, where it may have to be sent again.
    spare: Option<Box<Delivery>>,
    delivery: Box<Delivery>,
    client: Arc<Client>,
    started: Timestamp,
}

impl Flight {
    /// Makes it. The memory of headers that nobody needs any more serves for its own.
    pub(super) async fn send(&self, memory: HeaderMap) -> Attempt {
        self.client.send_in(memory, &self.delivery, Wire::Usual, self.ticket.number, self.started).await
    }
}

pub(super) struct Run<'a, 'b> {
    routes: Vec<Route>,
    pub(super) plan: Plan,
    clock: fn() -> Timestamp,
    random: fastrand::Rng,
    recorder: Option<&'a mut dyn Recorder>,
    source: &'b mut dyn Source,
    screen: Screen<'a>,
    agenda: Agenda,
    /// How many attempts are on their way.
    flying: usize,
    course: Course,
    /// How the endpoints of the routes have done.
    endpoints: Vec<Endpoint>,
    tally: Tally,
}

impl<'a, 'b> Run<'a, 'b> {
    pub(super) fn new(deliverer: Deliverer<'a>, source: &'b mut dyn Source) -> Self {
        let Deliverer { routes, plan, clock, random, reporter, recorder } = deliverer;
        Self {
            screen: Screen::new(reporter, &plan),
            agenda: Agenda::new(plan.speed, plan.rate),
            flying: 0,
            course: Course::On,
            endpoints: vec![Endpoint::default(); routes.len()],
            tally: Tally::new(plan.all),
            routes,
            plan,
            clock,
            random,
            recorder,
            source,
        }
    }

    /// What has come of it, once it has stopped; what is still on its way is given up.
    pub(super) fn end(mut self, stopped: Result<Option<Stop>, Error>) -> Result<Exit, Error> {
        self.tally.stop(self.flying, self.agenda.waiting(), self.agenda.elapsed());
        // What was delivered is kept and summed up, whatever stopped the rest.
        let kept = self.commit();
        let summed_up = if self.plan.all > 1 || self.screen.counts() {
            let expect = self.plan.expect.as_ref().map(ToString::to_string);
            self.screen.summary(&Summary { expect, ..self.tally.summary(self.screen.counts()) })
        } else {
            Ok(())
        };
        let stopped = stopped?;
        kept.and(summed_up)?;
        match stopped {
            Some(Stop::Interrupted) if !self.tally.is_complete() => Err(self.tally.interrupted()),
            Some(Stop::Nobody(error)) => Err(error),
            Some(Stop::Interrupted) | None => Ok(self.tally.exit()),
        }
    }

    /// What is sent next, if anything may be sent now.
    pub(super) fn next(&mut self) -> Result<Option<Flight>, Error> {
        if self.course != Course::On {
            return Ok(None);
        }
        let now = (self.clock)();
        if self.agenda.wants_job() {
            let job = self.next_job(now)?;
            self.agenda.take(job);
        }
        self.agenda.next().map(|entry| self.launch(entry, now)).transpose()
    }

    /// When something may be sent without anything else happening, where nothing may be now.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.agenda.wakes()
    }

    /// Sends nothing more.
    pub(super) fn close(&mut self) {
        if self.course == Course::On {
            self.course = Course::Closing;
        }
    }

    /// Takes note of Ctrl-C.
    pub(super) fn interrupt(&mut self) -> Result<(), Error> {
        self.screen.interrupted()
    }

    /// Says that what is on its way is waited for, where it is.
    pub(super) fn tell_of_grace(&mut self, interrupted: bool) -> Result<(), Error> {
        match self.plan.grace {
            Duration::ZERO => Ok(()),
            grace => self.screen.notice(Notice::Finishing { answers: self.flying, grace, interrupted }),
        }
    }

    /// The source's next job that may be sent at all.
    fn next_job(&mut self, now: Timestamp) -> Result<Option<Job>, Error> {
        while let Some(job) = self.source.next(now)? {
            if !self.endpoints[job.route].is_disabled() {
                return Ok(Some(job));
            }
            self.leave(job.route, &job.draft)?;
            // One that is left out says why for all that follow it.
            if self.endpoints.iter().all(Endpoint::is_disabled) {
                break;
            }
        }
        Ok(None)
    }

    /// Leaves a delivery out, because its endpoint is disabled, and says so the first time.
    fn leave(&mut self, route: usize, draft: &Delivery) -> Result<(), Error> {
        match self.endpoints[route].tell() {
            Some(failures) => self.screen.left(draft, (self.clock)(), failures),
            None => Ok(()),
        }
    }

    /// Makes a delivery ready to be sent once.
    fn launch(&mut self, entry: Entry, now: Timestamp) -> Result<Flight, Error> {
        let Entry { ticket, draft: mut delivery } = entry;
        let route = &self.routes[ticket.route];
        // Only what may be sent again needs to be kept as it is.
        let spare = if self.plan.retry { Some(delivery.clone()) } else { None };
        self.source.sign(&mut delivery, ticket.route, now)?;
        if ticket.number == 1 {
            self.tally.begun();
        }
        if !self.screen.counts() {
            let remark = if ticket.number == 1 { self.source.remark(&delivery, route) } else { None };
            self.screen.sending(&delivery, route, now, remark)?;
        }
        let client = Arc::clone(&route.client);
        self.flying += 1;
        Ok(Flight { ticket, spare, delivery, client, started: now })
    }

    /// Puts what was recorded where it is kept.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        let lost = self.recorder.as_mut().map(|recorder| recorder.commit()).transpose()?.flatten();
        lost.map_or(Ok(()), |notice| self.screen.notice(notice))
    }

    /// Records, counts and shows what came of an attempt, and decides what follows it. Where the run is over for what
    /// another attempt has found out, it is not said again.
    pub(super) fn land(&mut self, flight: Flight, attempt: &mut Attempt) -> Result<Option<Stop>, Error> {
        self.flying -= 1;
        let Flight { mut ticket, spare, delivery, .. } = flight;
        let route = &self.routes[ticket.route];
        let reception = route.reception(&delivery, attempt);
        let scheme = route.provider.as_ref().map(|provider| &provider.scheme);
        if let (Ok(answer), false, true) =
            (&mut attempt.outcome, self.plan.secrets, scheme.is_some_and(credential::sends_secret))
        {
            credential::conceal(answer, &delivery, scheme);
        }
        self.tally.attempted(attempt);
        ticket.answered = attempt.outcome.is_ok();
        let good = is_good(attempt, route, &self.plan);
        let prospect = if self.plan.retry { self.prospect(&mut ticket, attempt) } else { None };
        let route = &self.routes[ticket.route];
        if let Some(recorder) = &mut self.recorder {
            let again = prospect.as_ref().is_some_and(|prospect| matches!(prospect.step, Step::Retry { .. }));
            recorder.record(&delivery, attempt, route, again)?;
        }
        // Of a run that is over already nothing else will be said of it.
        let fatal = if prospect.is_none() && self.course == Course::On { self.fatal(attempt, route) } else { None };
        if self.course != Course::Stopped {
            let (fatal, prospect) = (fatal.is_some(), prospect.as_ref());
            let ended = Ended { delivery: &delivery, attempt, route, reception, good, fatal, prospect };
            self.screen.ended(ended, &*self.source)?;
        }
        let index = ticket.route;
        match (prospect.map(|prospect| prospect.step), spare) {
            (Some(Step::Retry { after }), Some(draft)) => self.agenda.again(ticket, draft, after),
            (step, _) => {
                self.tally.ended(ticket.answered, good);
                if let Some(Step::GiveUp(GivingUp::Disabled { .. })) = step {
                    self.disable(index)?;
                }
            }
        }
        if fatal.is_some() {
            self.course = Course::Stopped;
        }
        Ok(fatal.map(Stop::Nobody))
    }

    /// What the provider does after an attempt.
    fn prospect(&mut self, ticket: &mut Ticket, attempt: &Attempt) -> Option<Prospect> {
        let provider = self.routes[ticket.route].provider.as_ref()?;
        let policy = &provider.policy;
        let now = (self.clock)();
        let step = self.endpoints[ticket.route].step(policy, attempt, now, &mut self.random);
        let mut pause = None;
        if let Step::Retry { after } = step {
            ticket.waited += after;
            pause = Some(self.agenda.here(after));
        }
        let next_at = pause.and_then(|pause| now.checked_add(pause).ok());
        let last = step == Step::GiveUp(GivingUp::LastAttempt);
        let sentence = policy.after_last_attempt.clone().filter(|_| last);
        let provider = provider.name.clone();
        Some(Prospect { step, provider, most: policy.most_attempts(), waited: ticket.waited, pause, next_at, sentence })
    }

    /// Nothing more is sent to an endpoint: what waited for its next attempt has failed.
    fn disable(&mut self, route: usize) -> Result<(), Error> {
        let (waiting, upcoming) = self.agenda.close(route);
        for ticket in waiting {
            self.tally.ended(ticket.answered, false);
        }
        upcoming.map_or(Ok(()), |draft| self.leave(route, &draft))
    }

    /// The error that ends the run, where the next delivery would fail the same way.
    fn fatal(&self, attempt: &Attempt, route: &Route) -> Option<Error> {
        let failure = attempt.outcome.as_ref().err()?;
        let lasting = self.plan.all == 1 || (!self.tally.answered() && failure.is_lasting());
        lasting.then(|| Error::Unreachable { target: Box::new(route.target.clone()), failure: failure.clone() })
    }

    /// Tells who watches how far it is.
    pub(super) fn show_progress(&mut self) -> Result<(), Error> {
        let next = self.agenda.next_wait().filter(|_| self.flying == 0);
        let counted = self.screen.counts();
        if next.is_none() && !counted {
            return Ok(());
        }
        let progress = Progress {
            counted,
            left: next.and_then(|(_, left)| left),
            attempt: next.map(|(ticket, _)| ticket.number),
            waiting: self.agenda.waiting(),
            all: self.plan.all,
            ..self.tally.progress(self.agenda.elapsed())
        };
        self.screen.progress(progress)
    }
}

/// Whether an answer is one of those that are expected.
fn is_good(attempt: &Attempt, route: &Route, plan: &Plan) -> bool {
    let Some(status) = attempt.status() else { return false };
    match (&plan.expect, &route.provider) {
        (Some(expect), _) => expect.matches(status),
        (None, Some(provider)) if plan.retry => provider.policy.success.matches(status),
        (None, _) => status.is_success(),
    }
}

impl Failure {
    /// Whether the next delivery would fail the same way.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::UnknownHost { .. }
            | Self::Tls { .. }
            | Self::CaCertificate
            | Self::Proxy { .. }
            | Self::BadUrl { .. }
            | Self::NotHttp { .. } => true,
            Self::TimedOut { .. } | Self::Broken { .. } => false,
        }
    }
}
