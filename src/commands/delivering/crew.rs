//! The workers of a run: as many as may be on their way at a time, each with one attempt after the other.
//!
//! They all work in one task. Whoever has its answer takes in what came of it and has the next delivery signed, so that
//! nothing is handed over on the way.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::HeaderMap;
use tokio::task::coop::unconstrained;
use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::run::{Flight, Run, Stop};
use crate::edge::interruption::Interruptions;
use crate::error::Error;

/// How often someone who watches is told how far it is.
const TICK: Duration = Duration::from_millis(100);

/// What a worker leaves with: whether what it found out stops the run.
type Left = Result<Option<Stop>, Error>;

/// Sends until there is nothing more to send, or something stops it. What is on its way then is waited for.
pub(super) async fn fly(run: &RefCell<Run<'_, '_>>) -> Left {
    let unheard = |reason| Error::System { what: "Ctrl-C cannot be heard", reason };
    let mut interruptions = Interruptions::new().map_err(unheard)?;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (most, watched) = (run.borrow().plan.concurrency, run.borrow().plan.watched);
    let mut workers = FuturesUnordered::new();
    let stopped = 'run: loop {
        let wake = loop {
            if workers.len() == most {
                break None;
            }
            let next = run.borrow_mut().next();
            match next {
                Ok(Some(flight)) => workers.push(work(run, flight)),
                Ok(None) => break run.borrow().wakes(),
                Err(error) => break 'run Err(error),
            }
        };
        if workers.is_empty() && wake.is_none() {
            return Ok(None);
        }
        let left = tokio::select! {
            left = one_leaves(run, &mut workers), if !workers.is_empty() => left,
            () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => Ok(None),
            _ = tick.tick(), if watched => run.borrow_mut().show_progress().map(|()| None),
            () = interruptions.next() => run.borrow_mut().interrupt().map(|()| Some(Stop::Interrupted)),
        };
        match left {
            Ok(None) => {}
            stopped => break stopped,
        }
    };
    let interrupted = matches!(stopped, Ok(Some(Stop::Interrupted)));
    let finished = finish(run, workers, &mut interruptions, interrupted).await;
    let stopped = stopped?;
    finished?;
    Ok(stopped)
}

/// Waits for what is on its way, as long as that is granted and nobody presses Ctrl-C again. The error is the first one.
async fn finish(
    run: &RefCell<Run<'_, '_>>,
    mut workers: FuturesUnordered<impl Future<Output = Left>>,
    interruptions: &mut Interruptions,
    interrupted: bool,
) -> Result<(), Error> {
    run.borrow_mut().close();
    let deadline = Instant::now() + run.borrow().plan.grace;
    let mut finished = if workers.is_empty() { Ok(()) } else { run.borrow_mut().tell_of_grace(interrupted) };
    while !workers.is_empty() {
        tokio::select! {
            left = one_leaves(run, &mut workers) => finished = finished.and(left.map(|_| ())),
            () = sleep_until(deadline.into()) => break,
            () = interruptions.next() => break,
        }
    }
    finished
}

/// Makes an attempt, takes in what came of it, and makes the next one, until there is none to make now.
async fn work(run: &RefCell<Run<'_, '_>>, mut flight: Flight) -> Left {
    let mut memory = HeaderMap::new();
    loop {
        let mut attempt = flight.send(memory).await;
        if let Some(stop) = run.borrow_mut().land(flight, &mut attempt)? {
            return Ok(Some(stop));
        }
        memory = attempt.outcome.map(|answer| answer.headers).unwrap_or_default();
        let Some(next) = run.borrow_mut().next()? else { return Ok(None) };
        flight = next;
        // The others have their answers taken in, too, before the next is sent: a receiver that gets requests one close to
        // the other need not be woken for each of them.
        yield_now().await;
    }
}

/// Lets all go on that can until one of them leaves. What was recorded meanwhile is kept before anything is waited for.
async fn one_leaves(run: &RefCell<Run<'_, '_>>, workers: &mut FuturesUnordered<impl Future<Output = Left>>) -> Left {
    let left = poll_fn(|context| {
        let (mut stop, mut any) = (None, false);
        while let Poll::Ready(Some(left)) = workers.poll_next_unpin(context) {
            stop = stop.or(left?);
            any = true;
        }
        run.borrow_mut().commit()?;
        if any { Poll::Ready(Ok(stop)) } else { Poll::Pending }
    });
    // A task may do so much at a time, and these are many in one.
    unconstrained(left).await
}
