//! Lets go of clients that take too long: one look around for all connections, in place of timers for each request.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Limits;
use crate::edge::watched::Watch;

/// Knows all connections, and how long their clients have taken.
#[derive(Debug)]
pub(super) struct Patience {
    limits: Limits,
    start: Instant,
    /// The time of the last look around, in milliseconds since the start.
    now: AtomicU64,
    connections: Mutex<Vec<Weak<Progress>>>,
    first: Notify,
}

/// How far a connection's client has come with its request.
#[derive(Debug)]
pub(super) struct Progress {
    patience: Arc<Patience>,
    stage: AtomicU8,
    /// When the stage began.
    since: AtomicU64,
    /// When something arrived last.
    heard: AtomicU64,
    /// Whether the client has had its time.
    over: AtomicBool,
    /// Whether the server is to stop.
    stopping: AtomicBool,
    /// Whether somebody waits for the client to end its side.
    looking_out: AtomicBool,
    /// Whether it has.
    ended: AtomicBool,
    /// Wakes the connection's task.
    waker: OnceLock<Waker>,
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// For a request to begin, or for an answer to be read.
    Silent,
    /// For the rest of a head.
    Head,
    /// For the rest of a body.
    Body,
    /// For us.
    Answer,
}

impl Patience {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            start: Instant::now(),
            now: AtomicU64::new(0),
            connections: Mutex::default(),
            first: Notify::new(),
        })
    }

    /// Begins to look after a connection.
    pub(super) fn with(self: &Arc<Self>) -> Arc<Progress> {
        let mut connections = self.connections();
        if connections.is_empty() {
            // Nobody has looked at the clock while there was nobody to wait for.
            self.read_clock();
            self.first.notify_one();
        }
        let now = self.now.load(Ordering::Relaxed);
        let progress = Arc::new(Progress {
            patience: Arc::clone(self),
            stage: AtomicU8::new(Stage::Silent as u8),
            since: AtomicU64::new(now),
            heard: AtomicU64::new(now),
            over: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            looking_out: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            waker: OnceLock::new(),
        });
        connections.push(Arc::downgrade(&progress));
        progress
    }

    /// Looks around again and again; runs until it is dropped.
    pub(super) async fn watch(&self) {
        let shortest = self.limits.headers.min(self.limits.idle).min(self.limits.total);
        let pause = (shortest / 8).clamp(Duration::from_millis(10), Duration::from_millis(250));
        loop {
            if self.connections().is_empty() {
                self.first.notified().await;
            }
            tokio::time::sleep(pause).await;
            let now = self.read_clock();
            self.connections().retain(|connection| {
                let Some(progress) = connection.upgrade() else { return false };
                if progress.has_had_its_time(now, self.limits) {
                    progress.over.store(true, Ordering::Relaxed);
                    progress.wake();
                }
                true
            });
        }
    }

    /// Tells every connection that the server is to stop.
    pub(super) fn stop(&self) {
        for progress in self.connections().iter().filter_map(Weak::upgrade) {
            progress.stopping.store(true, Ordering::Relaxed);
            progress.wake();
        }
    }

    fn read_clock(&self) -> u64 {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.now.store(now, Ordering::Relaxed);
        now
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Weak<Progress>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Has this task woken when there is something to know. A connection has one task, so that the first one stays.
    pub(super) fn tell(&self, context: &Context<'_>) {
        self.waker.get_or_init(|| context.waker().clone());
    }

    /// Begins another stage, with all its time.
    pub(super) fn enter(&self, stage: Stage) {
        let now = self.patience.now.load(Ordering::Relaxed);
        self.since.store(now, Ordering::Relaxed);
        self.heard.store(now, Ordering::Relaxed);
        self.over.store(false, Ordering::Relaxed);
        self.looking_out.store(false, Ordering::Relaxed);
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// Whether it has come this far.
    pub(super) fn is_in(&self, stage: Stage) -> bool {
        self.stage.load(Ordering::Relaxed) == stage as u8
    }

    /// Whether the client has had its time.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Whether the server is to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Waits until the client has ended its side. Only within the connection's own task, which is woken then.
    pub(super) async fn ended(&self) {
        self.looking_out.store(true, Ordering::Relaxed);
        let ended =
            |_: &mut Context<'_>| if self.ended.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending };
        std::future::poll_fn(ended).await;
    }

    fn has_had_its_time(&self, now: u64, limits: Limits) -> bool {
        let longer = |since: &AtomicU64, limit: Duration| {
            u128::from(now.saturating_sub(since.load(Ordering::Relaxed))) >= limit.as_millis()
        };
        if self.is_in(Stage::Body) {
            return longer(&self.heard, limits.idle) || longer(&self.since, limits.total);
        }
        !self.is_in(Stage::Answer) && longer(&self.since, limits.headers)
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }
}

impl Watch for Arc<Progress> {
    fn heard(&self) {
        if self.is_in(Stage::Silent) {
            self.enter(Stage::Head);
        }
        self.heard.store(self.patience.now.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    fn looks_out(&self) -> bool {
        self.looking_out.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed)
    }

    fn ended(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// A client that reads on, however slowly, has its time anew.
    fn said(&self) {
        if self.is_in(Stage::Silent) {
            self.enter(Stage::Silent);
        }
    }
}
