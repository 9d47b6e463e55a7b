//! A run of the deliverer: what is on its way, what waits for its next attempt, and what has come of the rest.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::crew::{Crew, Flight, Landing};
use super::pace::{Metronome, Timeline};
use super::tally::Tally;
use super::{Deliverer, Job, Route, Shown, Source};
use crate::edge::interruption::Interruptions;
use crate::error::Error;
use crate::report::findings::Why;
use crate::report::{Outcome, Progress, Prospect, Whole};
use crate::webhook::attempt::{Attempt, Failure};
use crate::webhook::delivery::Delivery;
use crate::webhook::policy::StatusPatterns;
use crate::webhook::retrying::{GivingUp, Step};

/// How many deliveries may wait for their next attempt before no further ones are begun: each is kept in memory.
const MOST_WAITING: usize = 10_000;

/// How often someone who watches is told how far it is.
const TICK: Duration = Duration::from_millis(100);

/// Why a run ends before its time.
pub(super) enum Stop {
    /// Someone pressed Ctrl-C.
    Interrupted,
    /// Nobody is there, and nobody will be.
    Nobody(Error),
}

/// A delivery between two attempts, or before the first.
pub(super) struct Ticket {
    job: Job,
    /// Its place among all.
    place: usize,
    /// The number of its next attempt, from 1.
    pub(super) number: u32,
    /// When that is due, in the provider's time.
    due: Duration,
    /// How long it has waited between attempts, in the provider's time.
    waited: Duration,
    /// Whether its last attempt got an answer.
    answered: bool,
}

/// How an endpoint has done lately.
#[derive(Debug, Clone, Copy, Default)]
struct Health {
    /// How many attempts in a row have failed.
    failures: u32,
    /// Whether the provider sends nothing more there.
    disabled: bool,
    /// Whether that was said.
    told: bool,
}

pub(super) struct Run<'a, 'b> {
    deliverer: Deliverer<'a>,
    source: &'b mut dyn Source,
    /// How many jobs it has given.
    taken: usize,
    exhausted: bool,
    /// The next job of the source, while its time has not come.
    upcoming: Option<Ticket>,
    crew: Crew,
    waiting: BinaryHeap<Reverse<Waiting>>,
    timeline: Timeline,
    metronome: Option<Metronome>,
    health: Vec<Health>,
    tally: Tally,
    /// The same advice helps once.
    last_advice: Option<String>,
    /// The kinds of failure of which an example was shown.
    examples: BTreeSet<String>,
}

impl<'a, 'b> Run<'a, 'b> {
    pub(super) fn new(deliverer: Deliverer<'a>, source: &'b mut dyn Source) -> Self {
        Self {
            source,
            taken: 0,
            exhausted: false,
            upcoming: None,
            crew: Crew::new(),
            waiting: BinaryHeap::new(),
            timeline: Timeline::new(deliverer.plan.speed),
            metronome: deliverer.plan.rate.map(Metronome::new),
            health: vec![Health::default(); deliverer.routes.len()],
            tally: Tally::new(deliverer.plan.all),
            last_advice: None,
            examples: BTreeSet::new(),
            deliverer,
        }
    }

    /// What has come of it; what is still on its way is given up.
    pub(super) fn end(mut self) -> (Tally, Deliverer<'a>) {
        self.tally.stop(self.crew.flying(), self.waiting.len(), self.timeline.elapsed());
        (self.tally, self.deliverer)
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
                    if let Some(stop) = self.land_all(landed?)? {
                        return Ok(Some(stop));
                    }
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => {}
                _ = tick.tick(), if self.deliverer.plan.watched => self.show_progress()?,
                () = interruptions.next() => return self.finish(&mut interruptions).await.map(Some),
            }
        }
    }

    /// Waits for what is on its way, as long as that is granted and nobody presses Ctrl-C again.
    async fn finish(&mut self, interruptions: &mut Interruptions) -> Result<Stop, Error> {
        let deadline = Instant::now() + self.deliverer.plan.grace;
        while self.crew.flying() > 0 {
            tokio::select! {
                landed = self.crew.landed() => {
                    self.land_all(landed?)?;
                }
                () = sleep_until(deadline.into()) => break,
                () = interruptions.next() => break,
            }
        }
        Ok(Stop::Interrupted)
    }

    /// Sends all that may be sent now. When something may be sent later, without anything else happening, says when.
    fn launch_all(&mut self) -> Result<Option<Instant>, Error> {
        while self.crew.flying() < self.deliverer.plan.concurrency {
            match self.next_ticket()? {
                Next::Ticket(ticket) => self.launch(*ticket)?,
                Next::At(instant) => return Ok(Some(instant)),
                Next::None => break,
            }
        }
        Ok(None)
    }

    /// What is sent next: of what waits and what is new the first that is due.
    fn next_ticket(&mut self) -> Result<Next, Error> {
        if self.upcoming.is_none() && !self.exhausted && self.waiting.len() < MOST_WAITING {
            self.upcoming = self.next_job()?;
        }
        let now = Instant::now();
        let mut new = self.upcoming.as_ref().map(|ticket| ticket.due);
        // A rate is for what is new: what is sent again comes when its time has come.
        let beat = self.metronome.as_ref().and_then(|metronome| metronome.wait(now)).filter(|_| new.is_some());
        if beat.is_some() {
            new = None;
        }
        let again = self.waiting.peek().map(|Reverse(waiting)| waiting.0.due);
        let is_again = match (new, again) {
            (None, None) => return Ok(beat.map_or(Next::None, Next::At)),
            (Some(new), Some(again)) => again < new,
            (new, _) => new.is_none(),
        };
        let due = if is_again { again } else { new };
        if let Some(instant) = due.and_then(|due| self.timeline.instant(due)).filter(|instant| *instant > now) {
            return Ok(Next::At(beat.map_or(instant, |beat| beat.min(instant))));
        }
        let ticket = if is_again {
            self.waiting.pop().map(|Reverse(waiting)| waiting.0)
        } else {
            if let Some(metronome) = &mut self.metronome {
                metronome.beat(now);
            }
            self.upcoming.take()
        };
        Ok(ticket.map_or(Next::None, |ticket| Next::Ticket(Box::new(ticket))))
    }

    /// The source's next job that may be sent at all.
    fn next_job(&mut self) -> Result<Option<Ticket>, Error> {
        while self.health.iter().any(|health| !health.disabled) {
            let now = (self.deliverer.clock)();
            let Some(job) = self.source.next(now)? else { break };
            if !self.health[job.route].disabled {
                let (due, place) = (job.due, self.taken);
                self.taken += 1;
                return Ok(Some(Ticket { job, place, number: 1, due, waited: Duration::ZERO, answered: false }));
            }
            self.leave(&job)?;
        }
        // One that is left out says why for all that follow it.
        if self.health.iter().all(|health| health.disabled)
            && let Some(job) = self.source.next((self.deliverer.clock)())?
        {
            self.leave(&job)?;
        }
        self.exhausted = true;
        Ok(None)
    }

    /// Leaves a delivery out, because its endpoint is disabled, and says so the first time.
    fn leave(&mut self, job: &Job) -> Result<(), Error> {
        let health = &mut self.health[job.route];
        if std::mem::replace(&mut health.told, true) {
            return Ok(());
        }
        let at = (self.deliverer.clock)();
        let (delivery, failures) = (&job.draft, health.failures);
        Ok(self.deliverer.reporter.report(&Outcome::Left { delivery, at, failures })?)
    }

    /// Sends a delivery once.
    fn launch(&mut self, ticket: Ticket) -> Result<(), Error> {
        let now = (self.deliverer.clock)();
        let route = &self.deliverer.routes[ticket.job.route];
        let delivery = self.source.sign(&ticket.job, route, now)?;
        if ticket.number == 1 {
            self.tally.begun();
            if self.is_each()
                && let Some(notice) = self.source.remark(&delivery, route)
            {
                self.deliverer.reporter.report(&Outcome::Notice(notice))?;
            }
        }
        // A receiver inside shows the delivery as it arrived.
        if self.is_each() && !route.is_inside() {
            let (provider, fault) = (route.provider.as_deref(), self.deliverer.plan.fault);
            let sending = Outcome::Sending { delivery: &delivery, provider, at: now, fault };
            self.deliverer.reporter.report(&sending)?;
        }
        let client = Arc::clone(&route.client);
        self.crew.send(Box::new(Flight { ticket, delivery, client, started: now }))
    }

    /// Takes in all attempts that have ended, the first of which is `landed`.
    fn land_all(&mut self, landed: Landing) -> Result<Option<Stop>, Error> {
        let mut stop = self.land(landed)?;
        while let Some(landed) = self.crew.try_landed() {
            stop = stop.or(self.land(landed)?);
        }
        let lost = self.deliverer.recorder.as_mut().map(|recorder| recorder.commit()).transpose()?.flatten();
        if let Some(notice) = lost {
            self.deliverer.reporter.report(&Outcome::Notice(notice))?;
        }
        Ok(stop)
    }

    /// Records, counts and shows what came of an attempt, and decides what follows it.
    fn land(&mut self, landing: Landing) -> Result<Option<Stop>, Error> {
        let Landing { flight, attempt, .. } = landing;
        let Flight { mut ticket, delivery, .. } = *flight;
        let (route, plan) = (&self.deliverer.routes[ticket.job.route], &self.deliverer.plan);
        if let Some(recorder) = &mut self.deliverer.recorder {
            recorder.record(&delivery, &attempt, route)?;
        }
        let good = is_good(&attempt, route, plan.expect.as_ref(), plan.retry);
        ticket.answered = attempt.outcome.is_ok();
        self.tally.attempted(&attempt);
        let prospect = if plan.retry { self.prospect(&mut ticket, &attempt) } else { None };
        let again = matches!(prospect, Some(Prospect { step: Step::Retry { .. }, .. }));
        if !again {
            self.tally.ended(ticket.answered, good);
        }
        let fatal = match &attempt.outcome {
            Err(failure) if prospect.is_none() => self.fatal(failure, ticket.job.route),
            Ok(_) | Err(_) => None,
        };
        self.show(&delivery, &attempt, good, prospect.as_ref(), (ticket.job.route, fatal.is_some()))?;
        if again {
            self.waiting.push(Reverse(Waiting(ticket)));
        } else if let Some(Prospect { step: Step::GiveUp(GivingUp::Disabled { .. }), .. }) = prospect {
            self.disable(ticket.job.route)?;
        }
        Ok(fatal.map(Stop::Nobody))
    }

    /// What the provider does after an attempt.
    fn prospect(&mut self, ticket: &mut Ticket, attempt: &Attempt) -> Option<Prospect> {
        let route = &self.deliverer.routes[ticket.job.route];
        let policy = &route.provider.as_ref()?.policy;
        let health = &mut self.health[ticket.job.route];
        health.failures = if policy.is_success(attempt) { 0 } else { health.failures + 1 };
        let now = (self.deliverer.clock)();
        let step = policy.step(attempt, health.failures, now, &mut self.deliverer.random);
        let mut pause = None;
        if let Step::Retry { after } = step {
            ticket.number += 1;
            ticket.due = self.timeline.now(ticket.due) + after;
            ticket.waited += after;
            pause = Some(self.timeline.here(after));
        }
        let next_at = pause.and_then(|pause| now.checked_add(pause).ok());
        let last = step == Step::GiveUp(GivingUp::LastAttempt);
        let sentence = policy.after_last_attempt.clone().filter(|_| last);
        Some(Prospect { step, most: policy.most_attempts(), waited: ticket.waited, pause, next_at, sentence })
    }

    /// Nothing more is sent to an endpoint: what waited for its next attempt has failed.
    fn disable(&mut self, route: usize) -> Result<(), Error> {
        self.health[route].disabled = true;
        let waiting = std::mem::take(&mut self.waiting);
        for Reverse(Waiting(ticket)) in waiting {
            if ticket.job.route == route {
                self.tally.ended(ticket.answered, false);
            } else {
                self.waiting.push(Reverse(Waiting(ticket)));
            }
        }
        match self.upcoming.take_if(|ticket| ticket.job.route == route) {
            Some(ticket) => self.leave(&ticket.job),
            None => Ok(()),
        }
    }

    /// The error that ends the run, where the next delivery would fail the same way.
    fn fatal(&self, failure: &Failure, route: usize) -> Option<Error> {
        let alone = self.deliverer.plan.all == 1;
        let lasting = alone || (!self.tally.answered() && failure.is_lasting());
        let target = || Box::new(self.deliverer.routes[route].target.clone());
        lasting.then(|| Error::Unreachable { target: target(), failure: failure.clone() })
    }

    /// Shows an attempt and what follows it, as far as that is wanted.
    fn show(
        &mut self,
        delivery: &Delivery,
        attempt: &Attempt,
        good: bool,
        prospect: Option<&Prospect>,
        (route, fatal): (usize, bool),
    ) -> Result<(), Error> {
        let route = &self.deliverer.routes[route];
        let plan = &self.deliverer.plan;
        let reporter = &mut *self.deliverer.reporter;
        let reception = route.reception(delivery);
        let wanted = match plan.shown {
            Shown::Each => true,
            Shown::Examples => !good && self.examples.insert(kind(attempt)),
            Shown::Totals => false,
        };
        if !wanted && !fatal {
            return Ok(());
        }
        let (provider, fault) = (route.provider.as_deref(), plan.fault);
        if let Some(reception) = reception {
            reporter.report(&Outcome::Received {
                delivery: &reception.delivery,
                provider,
                at: reception.at,
                remote: reception.remote,
                verdict: Some(&reception.verdict),
                status: Some(reception.status),
                whole: if plan.all == 1 { Whole::Request } else { Whole::Line },
                secrets: false,
                why: Why::Unasked,
            })?;
        } else if plan.shown == Shown::Examples {
            reporter.report(&Outcome::Sending { delivery, provider, at: attempt.started, fault })?;
        }
        let advice = self.source.advice(attempt, route).filter(|advice| self.last_advice.as_ref() != Some(advice));
        if advice.is_some() {
            self.last_advice.clone_from(&advice);
        }
        reporter.report(&Outcome::Attempted { delivery, attempt, good, advice, fault, fatal, prospect })?;
        Ok(())
    }

    /// Tells who watches how far it is.
    fn show_progress(&mut self) -> Result<(), Error> {
        let next = self.waiting.peek().filter(|_| self.crew.flying() == 0).map(|Reverse(Waiting(ticket))| ticket);
        let counted = self.deliverer.plan.shown != Shown::Each;
        if next.is_none() && !counted {
            return Ok(());
        }
        let left = next.and_then(|ticket| self.timeline.instant(ticket.due));
        let left = left.map(|instant| instant.saturating_duration_since(Instant::now()));
        let progress = Progress {
            counted,
            left,
            attempt: next.map(|ticket| ticket.number),
            waiting: self.waiting.len(),
            all: self.deliverer.plan.all,
            ..self.tally.progress(self.timeline.elapsed())
        };
        Ok(self.deliverer.reporter.report(&Outcome::Progress(progress))?)
    }

    fn is_each(&self) -> bool {
        self.deliverer.plan.shown == Shown::Each
    }
}

/// What may be sent next.
enum Next {
    /// This, now.
    Ticket(Box<Ticket>),
    /// Something, then.
    At(Instant),
    /// Nothing, unless something else happens.
    None,
}

/// Whether an answer is one of those that are expected.
fn is_good(attempt: &Attempt, route: &Route, expect: Option<&StatusPatterns>, retry: bool) -> bool {
    let Some(status) = attempt.status() else { return false };
    match (expect, &route.provider) {
        (Some(expect), _) => expect.matches(status),
        (None, Some(provider)) if retry => provider.policy.success.matches(status),
        (None, _) => status.is_success(),
    }
}

/// What kind of answer, or of failure, an attempt got.
fn kind(attempt: &Attempt) -> String {
    match &attempt.outcome {
        Ok(answer) => answer.status.as_str().to_owned(),
        Err(failure) => failure.code().to_owned(),
    }
}

/// A ticket in the order in which tickets are due, and of those that are due together, in that of their beginning.
struct Waiting(Ticket);

impl Waiting {
    fn order(&self) -> (Duration, usize) {
        (self.0.due, self.0.place)
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Waiting {}

impl Failure {
    /// Whether the next delivery would fail the same way.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::UnknownHost { .. }
            | Self::Tls { .. }
            | Self::CaCertificate
            | Self::Proxy { .. }
            | Self::NotHttp { .. } => true,
            Self::TimedOut { .. } | Self::Broken { .. } => false,
        }
    }
}
