//! Gathers the records of one turn of the event loop into one append, and lets their answers go when it is done.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::edge::log::Log;
use crate::error::told;
use crate::webhook::record::Record;

/// Records that wait to be appended.
#[derive(Debug, Default)]
pub struct Logbook {
    waiting: Mutex<Waiting>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    answers: Vec<oneshot::Sender<Result<(), String>>>,
}

impl Logbook {
    /// Appends a record and returns when it is in the file; the error is what the system said.
    pub async fn append(&self, record: &Record<'_>) -> Result<(), String> {
        let (done, appended) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let start = waiting.lines.len();
            if let Err(error) = serde_json::to_writer(&mut waiting.lines, record) {
                waiting.lines.truncate(start);
                return Err(error.to_string());
            }
            waiting.lines.push(b'\n');
            waiting.answers.push(done);
        }
        self.more.notify_one();
        appended.await.unwrap_or_else(|_| Err("the log is closed".to_owned()))
    }

    /// Appends what waits, again and again. Runs until it is dropped.
    pub async fn keep(&self, mut log: Log) {
        let mut lines = Vec::new();
        loop {
            self.more.notified().await;
            // The other connections that are ready now have their records in the same append.
            tokio::task::yield_now().await;
            let answers = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut lines, &mut waiting.lines);
                std::mem::take(&mut waiting.answers)
            };
            if answers.is_empty() {
                continue;
            }
            let appended = log.append(&lines).map_err(|error| told(&error));
            lines.clear();
            for answer in answers {
                // Whoever does not wait any more has lost its connection.
                let _ = answer.send(appended.clone());
            }
        }
    }
}
