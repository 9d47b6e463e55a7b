//! What is sent next, and when: what is new, as the source gives it, and what waits for its next attempt.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::Job;
use super::pace::{Metronome, Rate, Speed, Timeline};
use crate::webhook::delivery::Delivery;

/// How many deliveries may wait for their next attempt before no further ones are begun: each is kept in memory.
const MOST_WAITING: usize = 10_000;

/// A delivery between two attempts, or before the first.
pub(super) struct Ticket {
    /// Which of the routes it takes.
    pub(super) route: usize,
    /// The number of its next attempt, from 1.
    pub(super) number: u32,
    /// How long it has waited between attempts, in the provider's time.
    pub(super) waited: Duration,
    /// Whether its last attempt got an answer.
    pub(super) answered: bool,
    /// Its place among all.
    place: usize,
    /// When its next attempt is due, in the provider's time.
    due: Duration,
}

/// A delivery that is to be sent.
pub(super) struct Entry {
    pub(super) ticket: Ticket,
    /// The delivery without the signature of an attempt.
    pub(super) draft: Box<Delivery>,
}

/// What is to be sent.
pub(super) struct Agenda {
    /// The next job of the source, while its time has not come.
    upcoming: Option<Entry>,
    /// How many jobs the source has given.
    taken: usize,
    exhausted: bool,
    waiting: BinaryHeap<Reverse<Entry>>,
    timeline: Timeline,
    metronome: Option<Metronome>,
}

impl Agenda {
    pub(super) fn new(speed: Speed, rate: Option<Rate>) -> Self {
        Self {
            upcoming: None,
            taken: 0,
            exhausted: false,
            waiting: BinaryHeap::new(),
            timeline: Timeline::new(speed),
            metronome: rate.map(Metronome::new),
        }
    }

    /// Whether a job of the source is wanted.
    pub(super) fn wants_job(&self) -> bool {
        self.upcoming.is_none() && !self.exhausted && self.waiting.len() < MOST_WAITING
    }

    /// Takes the source's next job; nothing when there are no more.
    pub(super) fn take(&mut self, job: Option<Job>) {
        let Some(Job { route, draft, due }) = job else {
            self.exhausted = true;
            return;
        };
        let place = self.taken;
        self.taken += 1;
        let ticket = Ticket { route, number: 1, waited: Duration::ZERO, answered: false, place, due };
        self.upcoming = Some(Entry { ticket, draft });
    }

    /// What is sent now, if anything is.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let start = self.start(self.first_due()?);
        let now = if start.is_some() { Some(Instant::now()) } else { None };
        if start > now {
            return None;
        }
        if let (Some(metronome), Some(now)) = (&mut self.metronome, now) {
            metronome.beat(now);
        }
        if self.waiting_comes_first() { self.waiting.pop().map(|Reverse(entry)| entry) } else { self.upcoming.take() }
    }

    /// When something may be sent without anything else happening.
    pub(super) fn wakes(&self) -> Option<Instant> {
        let due = self.first_due()?;
        Some(self.start(due).unwrap_or_else(Instant::now))
    }

    /// Puts a delivery back for another attempt after a wait, and says how long that lasts here.
    pub(super) fn again(&mut self, mut ticket: Ticket, draft: Box<Delivery>, after: Duration) {
        ticket.number += 1;
        ticket.due = self.timeline.now(ticket.due) + after;
        self.waiting.push(Reverse(Entry { ticket, draft }));
    }

    /// Takes out what would take a route: the deliveries that wait, and the one that was to be begun.
    pub(super) fn close(&mut self, route: usize) -> (Vec<Ticket>, Option<Box<Delivery>>) {
        let (closed, open) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|Reverse(entry)| entry.ticket.route == route);
        self.waiting = open.into();
        let upcoming = self.upcoming.take_if(|entry| entry.ticket.route == route);
        (closed.into_iter().map(|Reverse(entry)| entry.ticket).collect(), upcoming.map(|entry| entry.draft))
    }

    /// How many deliveries wait for their next attempt.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The delivery whose next attempt comes first, and how long that is from now; nothing where none waits.
    pub(super) fn next_wait(&self) -> Option<(&Ticket, Option<Duration>)> {
        let Reverse(entry) = self.waiting.peek()?;
        let instant = self.timeline.instant(entry.ticket.due);
        Some((&entry.ticket, instant.map(|instant| instant.saturating_duration_since(Instant::now()))))
    }

    /// How long a wait lasts here.
    pub(super) fn here(&self, wait: Duration) -> Duration {
        self.timeline.here(wait)
    }

    /// How long ago the run began, by the clock on the wall.
    pub(super) fn elapsed(&self) -> Duration {
        self.timeline.elapsed()
    }

    fn waiting_comes_first(&self) -> bool {
        let Some(Reverse(again)) = self.waiting.peek() else { return false };
        self.upcoming.as_ref().is_none_or(|new| again.ticket.due < new.ticket.due)
    }

    /// When the first of all is due, in the provider's time.
    fn first_due(&self) -> Option<Duration> {
        let new = self.upcoming.as_ref().map(|entry| entry.ticket.due);
        let again = self.waiting.peek().map(|Reverse(entry)| entry.ticket.due);
        new.into_iter().chain(again).min()
    }

    /// When what is due then may be sent; nothing means at once. A rate is for every attempt, the first or not.
    fn start(&self, due: Duration) -> Option<Instant> {
        let due = if due.is_zero() { None } else { self.timeline.instant(due) };
        due.max(self.metronome.as_ref().map(Metronome::next))
    }
}

/// Entries in the order in which they are due, and of those that are due together, in that of their beginning.
impl Entry {
    fn order(&self) -> (Duration, usize) {
        (self.ticket.due, self.ticket.place)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Entry {}
