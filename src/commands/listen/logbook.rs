//! Gathers the records of one turn of a thread's event loop into one append, and lets their answers go when it is done.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};

use tokio::sync::Notify;

use crate::edge::log::Log;
use crate::webhook::cause::told;
use crate::webhook::record::Record;

/// A log that several logbooks are appended to.
pub type SharedLog = Mutex<Log>;

/// Records that wait to be appended.
#[derive(Debug, Default)]
pub struct Logbook {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// The tasks whose records these are.
    tasks: Vec<Waker>,
    group: Arc<Group>,
}

/// Records that are appended together, and what came of it.
#[derive(Debug, Default)]
struct Group {
    appended: OnceLock<Result<(), String>>,
}

impl Logbook {
    /// Appends a record and returns when it is in the file; the error is what the system said.
    pub async fn append(&self, record: &Record<'_>) -> Result<(), String> {
        let mut group = None;
        let appended = std::future::poll_fn(|context| {
            let group = match &group {
                Some(group) => group,
                None => group.insert(self.put(record, context.waker())),
            };
            // Whatever else wakes a task, the append comes first: a client that is gone ends its task.
            group.appended.get().map_or(Poll::Pending, |appended| Poll::Ready(appended.clone()))
        });
        appended.await
    }

    /// Puts a record with those that are appended next.
    fn put(&self, record: &Record<'_>, waker: &Waker) -> Arc<Group> {
        let mut waiting = self.waiting();
        let start = waiting.lines.len();
        record.write(&mut waiting.lines);
        waiting.lines.push(b'\n');
        waiting.tasks.push(waker.clone());
        if start == 0 {
            self.more.notify_one();
        }
        Arc::clone(&waiting.group)
    }

    /// Appends what waits, again and again, to the log that several logbooks may share. Runs until it is dropped.
    pub async fn keep(&self, log: &SharedLog) {
        let mut lines = Vec::new();
        let mut tasks = Vec::new();
        loop {
            self.more.notified().await;
            // The other connections that are ready now have their records in the same append.
            tokio::task::yield_now().await;
            // Another thread appends for no longer than this one would. A lock that a task waits for would leave the log idle
            // while the task is woken.
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            let group = {
                let mut waiting = self.waiting();
                mem::swap(&mut lines, &mut waiting.lines);
                mem::swap(&mut tasks, &mut waiting.tasks);
                mem::take(&mut waiting.group)
            };
            // Nobody else sets it.
            let _ = group.appended.set(log.append(&lines).map_err(|error| told(&error)));
            drop(log);
            lines.clear();
            if lines.capacity() > LARGEST_KEPT {
                lines = Vec::new();
            }
            tasks.drain(..).for_each(Waker::wake);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much memory is kept for the next records, in bytes: a large body need not be held for ever.
const LARGEST_KEPT: usize = 1024 * 1024;
