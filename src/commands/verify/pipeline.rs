//! Lines through the judge on every core, in the order of the file and in bounded memory.
//!
//! Whoever is free takes the next block of lines, and at the same moment a place in the queue of answers. So no line
//! changes hands but with its verdict, every buffer is used again, and nobody runs ahead of the reporter for long.

use std::io;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use memchr::memchr;

use super::is_told;
use super::judge::Judge;
use super::reading::Failure;
use crate::edge::import::{self, Block, Blocks, Part};
use crate::webhook::capture::Place;
use crate::webhook::judgement::{Count, Examined};
use crate::webhook::record::Reader;

/// How many threads work at most: more would wait for the one that reads.
const MOST_WORKERS: usize = 8;

/// What came of a block of lines.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// What is to be told, each with its line in the file.
    pub(super) examined: Vec<Examined>,
    /// The verdicts.
    pub(super) count: Count,
    /// How many lines the block had.
    lines: u64,
}

/// The lines that are still to be taken, and the queue of the answers.
struct Counter {
    blocks: Blocks,
    queue: Option<SyncSender<io::Result<Receiver<Batch>>>>,
}

/// Judges all lines and hands the batches over in their order.
pub(super) fn lines(
    blocks: Blocks,
    judge: &Judge,
    quiet: bool,
    mut each: impl FnMut(Batch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS);
    let (queue, answers) = sync_channel(workers * 2);
    let counter = Mutex::new(Counter { blocks, queue: Some(queue) });
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| work(&counter, judge, quiet));
        }
        let mut before = 0;
        // When the answers are not wanted any more, the queue is closed by their receiver, which goes before the scope.
        let answers = answers;
        for answer in &answers {
            // A worker that is gone without an answer has panicked, which the scope will say.
            let Ok(mut batch) = answer?.recv() else { break };
            for examined in &mut batch.examined {
                examined.move_behind(before);
            }
            before += batch.lines;
            each(batch)?;
        }
        Ok(())
    })
}

/// Takes blocks until there are none.
fn work(counter: &Mutex<Counter>, judge: &Judge, quiet: bool) {
    let mut block = Block::default();
    let mut reader = Reader::default();
    while let Some(answer) = take(counter, &mut block) {
        // Nobody may want it any more.
        let _ = answer.send(examine(&block, &mut reader, judge, quiet));
    }
}

/// Takes the next block and a place in the queue.
fn take(counter: &Mutex<Counter>, block: &mut Block) -> Option<SyncSender<Batch>> {
    let mut counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
    let Counter { blocks, queue } = &mut *counter;
    let (answer, place) = sync_channel(1);
    let taken = blocks.next(block);
    let more = matches!(taken, Ok(true));
    let placed = match taken {
        Ok(true) => queue.as_ref()?.send(Ok(place)).is_ok(),
        Ok(false) => false,
        Err(reason) => queue.as_ref()?.send(Err(reason)).is_err(),
    };
    if more && placed {
        return Some(answer);
    }
    *queue = None;
    None
}

fn examine(block: &Block, reader: &mut Reader, judge: &Judge, quiet: bool) -> Batch {
    let mut batch = Batch::default();
    let mut rest = block.lines();
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let line = &rest[..end];
        rest = &rest[end..];
        batch.lines += 1;
        match import::line(reader, line, batch.lines) {
            Part::Delivery(capture) => {
                let judgement = judge.judge(capture);
                batch.count.note(&judgement.verdict);
                if is_told(&judgement, quiet) {
                    batch.examined.push(Examined::Judged(Box::new(judgement)));
                }
            }
            Part::Fault(fault) => batch.examined.push(Examined::Unread(fault)),
            Part::Other | Part::Request => {}
        }
    }
    if let Some(length) = block.left_out() {
        batch.lines += 1;
        batch.examined.push(Examined::Unread(import::too_long(Place::line(batch.lines), length)));
    }
    batch
}
