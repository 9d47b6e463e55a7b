//! A run of the deliverer: it sends what is due, takes in what has ended, and waits for whatever comes first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::agenda::{Agenda, Entry, Ticket};
use super::crew::{Crew, Flight, Landing};
use super::endpoint::Endpoint;
use super::screen::{Ended, Screen};
use super::tally::Tally;
use super::{Deliverer, Job, Plan, Recorder, Route, Source};
use crate::edge::interruption::Interruptions;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::{Progress, Prospect};
use crate::webhook::attempt::{Attempt, Failure};
use crate::webhook::delivery::Delivery;
use crate::webhook::retrying::{GivingUp, Step};

/// How often someone who watches is told how far it is.
const TICK: Duration = Duration::from_millis(100);

/// Why a run ends before its time.
pub(super) enum Stop {
    /// Someone pressed Ctrl-C.
    Interrupted,
    /// Nobody is there, and nobody will be.
    Nobody(Error),
}

pub(super) struct Run<'a, 'b> {
    routes: Vec<Route>,
    plan: Plan,
    clock: fn() -> Timestamp,
    random: fastrand::Rng,
    recorder: Option<&'a mut dyn Recorder>,
    source: &'b mut dyn Source,
    screen: Screen<'a>,
    agenda: Agenda,
    crew: Crew,
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
            crew: Crew::new(),
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
        self.tally.stop(self.crew.flying(), self.agenda.waiting(), self.agenda.elapsed());
        // What was delivered is kept, whatever stopped the rest.
        self.commit()?;
        let stopped = stopped?;
        if self.plan.all > 1 || self.screen.counts() {
            self.screen.summary(&self.tally.summary(self.screen.counts()))?;
        }
        match stopped {
            Some(Stop::Interrupted) => Err(self.tally.interrupted()),
            Some(Stop::Nobody(error)) => Err(error),
            None => Ok(self.tally.exit()),
        }
    }

    /// Sends until there is nothing more to send, or something stops it.
    pub(super) async fn fly(&mut self) -> Result<Option<Stop>, Error> {
        let unheard = |reason| Error::System { what: "Ctrl-C cannot be heard", reason };
        let mut interruptions = Interruptions::new().map_err(unheard)?;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = self.launch_all()?;
            if self.crew.flying() == 0 && wake.is_none() {
                return Ok(None);
            }
            tokio::select! {
                landed = self.crew.landed(), if self.crew.flying() > 0 => {
                    if let Some(stop) = self.land_all(landed?, true)? {
                        return Ok(Some(stop));
                    }
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => {}
                _ = tick.tick(), if self.plan.watched => self.show_progress()?,
                () = interruptions.next() => return self.finish(&mut interruptions).await.map(Some),
            }
        }
    }

    /// Waits for what is on its way, as long as that is granted and nobody presses Ctrl-C again.
    async fn finish(&mut self, interruptions: &mut Interruptions) -> Result<Stop, Error> {
        let deadline = Instant::now() + self.plan.grace;
        while self.crew.flying() > 0 {
            tokio::select! {
                landed = self.crew.landed() => {
                    self.land_all(landed?, false)?;
                }
                () = sleep_until(deadline.into()) => break,
                () = interruptions.next() => break,
            }
        }
        Ok(Stop::Interrupted)
    }

    /// Sends all that may be sent now. When something may be sent later, without anything else happening, says when.
    fn launch_all(&mut self) -> Result<Option<Instant>, Error> {
        while self.crew.flying() < self.plan.concurrency {
            if self.agenda.wants_job() {
                let job = self.next_job()?;
                self.agenda.take(job);
            }
            match self.agenda.next() {
                Some(entry) => self.launch(entry)?,
                None => return Ok(self.agenda.wakes()),
            }
        }
        Ok(None)
    }

    /// The source's next job that may be sent at all.
    fn next_job(&mut self) -> Result<Option<Job>, Error> {
        while let Some(job) = self.source.next((self.clock)())? {
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

    /// Sends a delivery once.
    fn launch(&mut self, entry: Entry) -> Result<(), Error> {
        let Entry { ticket, draft: mut delivery } = entry;
        let now = (self.clock)();
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
        self.crew.send(Flight { ticket, spare, delivery, client, started: now })
    }

    /// Takes in all attempts that have ended, the first of which is `landed`. Where the run goes on, something else is
    /// sent in the place of each at once: what the one gives back, the other takes.
    fn land_all(&mut self, landed: Landing, goes_on: bool) -> Result<Option<Stop>, Error> {
        let (mut stop, mut next) = (None, Some(landed));
        while let Some(landed) = next {
            let stopped = self.land(landed, stop.is_some())?;
            stop = stop.or(stopped);
            if goes_on && stop.is_none() {
                self.launch_all()?;
            }
            next = self.crew.try_landed();
        }
        self.commit()?;
        Ok(stop)
    }

    /// Puts what was recorded where it is kept.
    fn commit(&mut self) -> Result<(), Error> {
        let lost = self.recorder.as_mut().map(|recorder| recorder.commit()).transpose()?.flatten();
        lost.map_or(Ok(()), |notice| self.screen.notice(notice))
    }

    /// Records, counts and shows what came of an attempt, and decides what follows it. Where the run has stopped for
    /// what another attempt has found out, nothing follows, and it is not said again.
    fn land(&mut self, landing: Landing, stopped: bool) -> Result<Option<Stop>, Error> {
        let Landing { flight, mut attempt, .. } = landing;
        let Flight { mut ticket, spare, delivery, .. } = flight;
        let route = &self.routes[ticket.route];
        let reception = route.reception(&delivery, &mut attempt);
        if let Some(recorder) = &mut self.recorder {
            recorder.record(&delivery, &attempt, route)?;
        }
        self.tally.attempted(&attempt);
        ticket.answered = attempt.outcome.is_ok();
        let good = is_good(&attempt, route, &self.plan);
        let prospect = if self.plan.retry { self.prospect(&mut ticket, &attempt) } else { None };
        let route = &self.routes[ticket.route];
        let fatal = if prospect.is_none() { self.fatal(&attempt, route) } else { None };
        if !stopped {
            let (fatal, prospect) = (fatal.is_some(), prospect.as_ref());
            let (delivery, attempt) = (&delivery, &attempt);
            let ended = Ended { delivery, attempt, route, reception, good, fatal, prospect };
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
    fn show_progress(&mut self) -> Result<(), Error> {
        let next = self.agenda.next_wait().filter(|_| self.crew.flying() == 0);
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
