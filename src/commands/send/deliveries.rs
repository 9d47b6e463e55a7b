//! The deliveries of a run: the events in turn, and what may help where one is refused.

use std::time::Duration;

use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::SendArgs;
use super::senders::{Sender, Senders};
use crate::commands::composing::Composer;
use crate::commands::delivering::{Job, Route, Source};
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::unexpected::{self, Refused, Signed};

/// The deliveries: the events in turn, as many as are wanted.
pub(super) struct Deliveries<'a, 'b> {
    /// The events, and the route of each: that of its provider.
    events: Vec<(EventName, usize)>,
    /// Whose turn it is.
    turn: usize,
    left: usize,
    composer: &'b mut Composer<'a>,
    senders: Vec<&'b Sender>,
    /// Where the routes lead to: a receiver inside the program has an address of its own.
    urls: Vec<Uri>,
    args: &'b SendArgs,
}

impl<'a, 'b> Deliveries<'a, 'b> {
    /// That many of the events, on these routes.
    pub(super) fn new(
        args: &'b SendArgs,
        all: usize,
        events: Vec<EventName>,
        senders: &'b Senders<'_>,
        routes: &[Route],
        composer: &'b mut Composer<'a>,
    ) -> Self {
        let with_route = |event: EventName| {
            let route = senders.index(&event);
            (event, route)
        };
        let events = events.into_iter().map(with_route).collect();
        let urls = routes.iter().map(|route| route.target.uri().clone()).collect();
        Self { events, turn: 0, left: all, composer, senders: senders.iter().collect(), urls, args }
    }
}

impl Source for Deliveries<'_, '_> {
    fn next(&mut self, now: Timestamp) -> Result<Option<Job>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let (event, route) = &self.events[self.turn];
        self.turn = (self.turn + 1) % self.events.len();
        let draft = self.composer.compose(event, &self.senders[*route].provider, &self.urls[*route], now)?;
        Ok(Some(Job { route: *route, draft: Box::new(draft), due: Duration::ZERO }))
    }

    fn sign(&mut self, draft: &mut Delivery, route: usize, now: Timestamp) -> Result<(), Error> {
        let sender = self.senders[route];
        self.composer.sign(draft, &sender.provider, &sender.keyring, now)
    }

    fn remark(&self, delivery: &Delivery, route: &Route) -> Option<Notice> {
        self.composer.misnamed(route.provider.as_deref()?, delivery)
    }

    fn advice(&self, attempt: &Attempt, route: &Route, good: bool) -> Option<String> {
        let provider = route.provider.as_deref()?;
        let sender = self.senders.iter().find(|sender| sender.provider.name == provider.name)?;
        advice(attempt, route, good, sender, self.args)
    }
}

/// What may help with an answer that is not good. Of a delivery that is wrong on purpose, a refusal needs no help.
fn advice(attempt: &Attempt, route: &Route, good: bool, sender: &Sender, args: &SendArgs) -> Option<String> {
    let answer: &Answer = attempt.outcome.as_ref().ok()?;
    let (provider, url) = (&*sender.provider, route.target.uri());
    match args.delivery.fault {
        Some(fault) if answer.status.is_success() => {
            Some(format!("a correct receiver refuses this ({}), and this one accepted it", fault.name()))
        }
        // What is refused here was refused for what is wrong with it.
        Some(fault) if !good && route.is_inside() => Some(format!(
            "{} is wrong on purpose and refused as it should be; --expect 4xx asks for that",
            fault.name()
        )),
        // Where nothing is there, a fault was not refused for what it is.
        Some(_) if !good || answer.status == StatusCode::NOT_FOUND => unexpected::misdirected(answer, provider, url),
        Some(_) => None,
        None if good => None,
        None => {
            let names: Vec<&str> = sender.keyring.names().collect();
            let signed = if args.delivery.has_timestamp() { Signed::AsOf } else { Signed::Now(&names) };
            unexpected::advice(answer, &Refused { provider, url, signed })
        }
    }
}
