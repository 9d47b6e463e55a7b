//! Between the server and the reporter: lines wait in a queue of bounded length, so that a slow terminal slows nobody.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::commands::diagnosing::Doctor;
use crate::report::findings::Why;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter, Whole};
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::Provider;
use crate::webhook::verification::{Rejection, Verified};

/// Something to show, on its way to the reporter.
#[derive(Debug)]
pub enum Line {
    /// A delivery that arrived.
    Received {
        /// The delivery.
        delivery: Delivery,
        /// Its provider, if it is known.
        provider: Option<Arc<Provider>>,
        /// When it arrived.
        at: Timestamp,
        /// The sender's address.
        remote: SocketAddr,
        /// Whether it is genuine, if that was looked at.
        verdict: Option<Result<Verified, Rejection>>,
        /// What it is answered with and after how long, if no app is asked.
        answer: Option<(StatusCode, Duration)>,
        /// Whether headers that are the secret are shown.
        secrets: bool,
    },
    /// What an app answered.
    Forwarded {
        /// The delivery as it went on.
        delivery: Delivery,
        /// What came of it.
        attempt: Attempt,
    },
    /// Something to know.
    Notice(Notice),
}

/// A line with the room that it takes up until it is shown.
pub type Queued = (Line, OwnedSemaphorePermit);

/// What is done once there is room for a line.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where one thread puts lines in.
#[derive(Debug)]
pub struct Display {
    lines: Sender<Queued>,
    queue: Arc<Queue>,
    left_out: Arc<LeftOut>,
}

/// What the threads that put lines in have in common. While much is left out it is only read.
#[derive(Debug)]
struct Queue {
    /// Room for bodies, in KiB.
    room: Arc<Semaphore>,
    /// What each thread has left out.
    left_out: Mutex<Vec<Arc<LeftOut>>>,
    /// Whether every line counts, as it does for a script: then the server waits for its reader.
    lossless: bool,
    /// Whether what is left out stands in a log, all of it.
    recorded: AtomicBool,
    start: Instant,
    second: AtomicU64,
    shown: AtomicU64,
}

/// How many lines a thread has left out, in memory that no other thread writes.
#[derive(Debug, Default)]
#[repr(align(128))]
struct LeftOut(AtomicU64);

impl Display {
    /// How many lines wait before more of them are left out.
    pub const BACKLOG: usize = 1024;

    /// How many lines a person is shown in a second; printing more would take time from the answers.
    const A_SECOND: u64 = 500;

    /// How much memory the lines that wait may take, in KiB.
    const ROOM: u32 = 64 * 1024;

    /// A queue into that channel.
    #[must_use]
    pub fn new(lines: Sender<Queued>, lossless: bool, recorded: bool) -> Self {
        let queue = Queue {
            room: Arc::new(Semaphore::new(Self::ROOM as usize)),
            left_out: Mutex::default(),
            lossless,
            recorded: AtomicBool::new(recorded),
            start: Instant::now(),
            second: AtomicU64::new(0),
            shown: AtomicU64::new(0),
        };
        Self::of(lines, Arc::new(queue))
    }

    /// One more, for another thread.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::of(self.lines.clone(), Arc::clone(&self.queue))
    }

    fn of(lines: Sender<Queued>, queue: Arc<Queue>) -> Self {
        let left_out = Arc::<LeftOut>::default();
        queue.left_out.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&left_out));
        Self { lines, queue, left_out }
    }

    /// Shows a line, or counts it as left out; one that is left out is never made. Where every line counts, this is what
    /// has to be waited for.
    pub fn show(&self, line: impl FnOnce() -> Line) -> Option<Waiting<'_>> {
        if !self.queue.lossless {
            self.hint(line);
            return None;
        }
        let line = line();
        Some(Box::pin(async move {
            let Ok(place) = Arc::clone(&self.queue.room).acquire_many_owned(line.size()).await else { return };
            // Where nobody reads any more, the run is about to end.
            let _ = self.lines.send((line, place)).await;
        }))
    }

    /// Shows a line where there is room for it, and never waits.
    pub fn hint(&self, line: impl FnOnce() -> Line) {
        if !(self.queue.is_slow_enough() && self.put(line())) {
            self.left_out.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Says that a delivery could not be recorded, and why.
    pub fn not_recorded(&self, reason: String) {
        self.queue.recorded.store(false, Ordering::Relaxed);
        self.hint(|| Line::Notice(Notice::NotRecorded { reason }));
    }

    /// Says how many lines were left out, again and again. Runs until it is dropped.
    pub async fn tell_left_out(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if let Some(notice) = self.left_out()
                && let Notice::LeftOut { lines, .. } = notice
                && !self.put(Line::Notice(notice))
            {
                self.left_out.0.fetch_add(lines, Ordering::Relaxed);
            }
        }
    }

    /// Says what was left out since that was said last, if that can still be said. Waits, and is not for tasks.
    pub fn last_words(&self) {
        if let (Some(notice), Ok(place)) = (self.left_out(), Arc::clone(&self.queue.room).try_acquire_owned()) {
            let _ = self.lines.blocking_send((Line::Notice(notice), place));
        }
    }

    /// What was left out since this was asked last.
    fn left_out(&self) -> Option<Notice> {
        let all = self.queue.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = all.iter().map(|left_out| left_out.0.swap(0, Ordering::Relaxed)).sum();
        (lines > 0).then_some(Notice::LeftOut { lines, recorded: self.queue.recorded.load(Ordering::Relaxed) })
    }

    fn put(&self, line: Line) -> bool {
        let place = Arc::clone(&self.queue.room).try_acquire_many_owned(line.size());
        place.is_ok_and(|place| self.lines.try_send((line, place)).is_ok())
    }
}

impl Queue {
    /// Whether a person could still follow: so many lines a second, and no more.
    fn is_slow_enough(&self) -> bool {
        let second = self.start.elapsed().as_secs();
        if self.second.load(Ordering::Relaxed) != second {
            self.second.store(second, Ordering::Relaxed);
            self.shown.store(0, Ordering::Relaxed);
        }
        // Once it is too many, nothing is written any more that other threads read.
        self.shown.load(Ordering::Relaxed) < Display::A_SECOND
            && self.shown.fetch_add(1, Ordering::Relaxed) < Display::A_SECOND
    }
}

impl Line {
    /// How much memory it takes, in KiB; never more than there is for all.
    fn size(&self) -> u32 {
        let bytes = match self {
            Self::Received { delivery, .. } => delivery.request.body().len(),
            Self::Forwarded { delivery, attempt } => {
                delivery.request.body().len() + attempt.outcome.as_ref().map_or(0, |answer| answer.body.len())
            }
            Self::Notice(_) => 0,
        };
        u32::try_from(1 + bytes / 1024).unwrap_or(Display::ROOM).min(Display::ROOM)
    }
}

/// Reports lines, each refusal with its cause, until the last [`Display`] is gone.
pub fn report(lines: &mut Receiver<Queued>, doctor: &mut Doctor<'_>, reporter: &mut dyn Reporter) -> io::Result<()> {
    while let Some((line, _place)) = lines.blocking_recv() {
        match &line {
            Line::Received { delivery, provider, at, remote, verdict, answer, secrets } => {
                let refused = provider.as_deref().zip(verdict.as_ref().and_then(|verdict| verdict.as_ref().err()));
                let diagnosis = refused.map(|(provider, rejection)| doctor.examine(delivery, provider, rejection, *at));
                reporter.report(&Outcome::Received {
                    delivery,
                    provider: provider.as_deref(),
                    at: *at,
                    remote: *remote,
                    verdict: verdict.as_ref(),
                    answer: answer.map(|(status, took)| (status, Some(took))),
                    whole: Whole::Payload,
                    secrets: *secrets,
                    why: match &diagnosis {
                        None => Why::Unasked,
                        Some(None) => Why::LeftOut,
                        Some(Some(diagnosis)) => Why::Found(diagnosis),
                    },
                })?;
            }
            Line::Forwarded { delivery, attempt } => {
                reporter.report(&Outcome::Forwarded { delivery, attempt, good: attempt.is_success() })?;
            }
            Line::Notice(notice) => reporter.report(&Outcome::Notice(notice.clone()))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_every_delivery_only_where_each_was_recorded() {
        for (log, failed, recorded) in [(true, false, true), (true, true, false), (false, false, false)] {
            let (lines, mut shown) = tokio::sync::mpsc::channel(Display::BACKLOG);
            let display = Display::new(lines, false, log);
            let another = display.another();
            if failed {
                another.not_recorded("no space left on device".to_owned());
            }
            another.left_out.0.fetch_add(7, Ordering::Relaxed);
            display.last_words();
            drop((display, another));
            let mut last = None;
            while let Some((line, _)) = shown.blocking_recv() {
                last = Some(line);
            }
            let Some(Line::Notice(Notice::LeftOut { lines: 7, recorded: said })) = last else { panic!("{last:?}") };
            assert_eq!(said, recorded, "{log} {failed}");
        }
    }
}
