//! Between the server and the reporter: lines wait in a queue of bounded length, so that a slow terminal slows nobody.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::StatusCode;
use jiff::Timestamp;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};

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
        /// What it is answered with, if no app is asked.
        status: Option<StatusCode>,
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

/// Where lines are put in. Clones share one queue.
#[derive(Debug, Clone)]
pub struct Display {
    lines: Sender<Line>,
    left_out: Arc<AtomicU64>,
    /// Whether every line counts, as it does for a script: then the server waits for its reader.
    lossless: bool,
    start: Instant,
    second: Arc<AtomicU64>,
    shown: Arc<AtomicU64>,
}

impl Display {
    /// How many lines wait before more of them are left out.
    pub const BACKLOG: usize = 1024;

    /// How many lines a person is shown in a second; printing more would take time from the answers.
    const A_SECOND: u64 = 500;

    /// A queue into that channel.
    #[must_use]
    pub fn new(lines: Sender<Line>, lossless: bool) -> Self {
        Self {
            lines,
            left_out: Arc::default(),
            lossless,
            start: Instant::now(),
            second: Arc::default(),
            shown: Arc::default(),
        }
    }

    /// Shows a line, or counts it as left out. A line that is left out is never made.
    pub async fn show(&self, line: impl FnOnce() -> Line) {
        if self.lossless {
            // Where nobody reads any more, the run is about to end.
            let _ = self.lines.send(line()).await;
            return;
        }
        self.hint(line);
    }

    /// Shows a line where there is room for it, and never waits.
    pub fn hint(&self, line: impl FnOnce() -> Line) {
        let shown = self.has_room() && !matches!(self.lines.try_send(line()), Err(TrySendError::Full(_)));
        if !shown {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a person could still follow: so many lines a second, and no more.
    fn has_room(&self) -> bool {
        let now = self.start.elapsed().as_secs();
        if self.second.swap(now, Ordering::Relaxed) != now {
            self.shown.store(0, Ordering::Relaxed);
        }
        self.shown.fetch_add(1, Ordering::Relaxed) < Self::A_SECOND
    }

    /// Counts what is left out; for [`report`].
    #[must_use]
    pub fn left_out(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.left_out)
    }
}

/// Reports lines until the last [`Display`] is gone.
pub fn report(lines: &mut Receiver<Line>, left_out: &AtomicU64, reporter: &mut dyn Reporter) -> io::Result<()> {
    let tell_left_out = |reporter: &mut dyn Reporter| {
        let count = left_out.swap(0, Ordering::Relaxed);
        if count == 0 { Ok(()) } else { reporter.report(&Outcome::Notice(Notice::LeftOut { lines: count })) }
    };
    while let Some(line) = lines.blocking_recv() {
        match &line {
            Line::Received { delivery, provider, at, remote, verdict, status, secrets } => {
                reporter.report(&Outcome::Received {
                    delivery,
                    provider: provider.as_deref(),
                    at: *at,
                    remote: *remote,
                    verdict: verdict.as_ref(),
                    status: *status,
                    whole: Whole::Payload,
                    secrets: *secrets,
                })?;
            }
            Line::Forwarded { delivery, attempt } => reporter.report(&Outcome::Forwarded { delivery, attempt })?,
            Line::Notice(notice) => reporter.report(&Outcome::Notice(notice.clone()))?,
        }
        tell_left_out(reporter)?;
    }
    tell_left_out(reporter)
}
