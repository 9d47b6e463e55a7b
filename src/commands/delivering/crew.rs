//! The workers that make the attempts: as many as may be on their way at a time, each with one attempt after the other.
//!
//! A worker lives as long as the run, so that a delivery costs two messages and no task of its own.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::agenda::Ticket;
use crate::edge::client::Client;
use crate::error::Error;
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;

/// An attempt that is to be made.
pub(super) struct Flight {
    pub(super) ticket: Ticket,
    /// The delivery without its signature, where it may have to be sent again.
    pub(super) spare: Option<Box<Delivery>>,
    pub(super) delivery: Box<Delivery>,
    pub(super) client: Arc<Client>,
    pub(super) started: Timestamp,
}

/// An attempt that has ended.
pub(super) struct Landing {
    pub(super) flight: Flight,
    pub(super) attempt: Attempt,
    worker: Worker,
}

type Worker = mpsc::Sender<Flight>;

/// The workers.
pub(super) struct Crew {
    /// Those that have nothing to do.
    idle: Vec<Worker>,
    /// How many attempts are on their way.
    flying: usize,
    landings: mpsc::UnboundedReceiver<Landing>,
    landed: mpsc::UnboundedSender<Landing>,
    /// Those that there are; they are stopped with it.
    workers: JoinSet<()>,
}

impl Crew {
    pub(super) fn new() -> Self {
        let (landed, landings) = mpsc::unbounded_channel();
        Self { idle: Vec::new(), flying: 0, landings, landed, workers: JoinSet::new() }
    }

    /// How many attempts are on their way.
    pub(super) fn flying(&self) -> usize {
        self.flying
    }

    /// Makes an attempt; a further worker makes it when all have something to do.
    pub(super) fn send(&mut self, flight: Flight) -> Result<(), Error> {
        let worker = self.idle.pop().unwrap_or_else(|| self.hire());
        self.flying += 1;
        worker.try_send(flight).map_err(|_| broken())
    }

    /// Waits for the next attempt that ends.
    pub(super) async fn landed(&mut self) -> Result<Landing, Error> {
        tokio::select! {
            biased;
            Some(landing) = self.landings.recv() => Ok(self.relieve(landing)),
            // It ends before its time only by a mistake in the program, and what it had to do is lost.
            Some(_) = self.workers.join_next() => Err(broken()),
        }
    }

    /// The next attempt that has ended already.
    pub(super) fn try_landed(&mut self) -> Option<Landing> {
        let landing = self.landings.try_recv().ok()?;
        Some(self.relieve(landing))
    }

    fn relieve(&mut self, landing: Landing) -> Landing {
        self.flying -= 1;
        self.idle.push(landing.worker.clone());
        landing
    }

    fn hire(&mut self) -> Worker {
        let (worker, mut flights) = mpsc::channel::<Flight>(1);
        let (back, landed) = (worker.clone(), self.landed.clone());
        self.workers.spawn(async move {
            while let Some(flight) = flights.recv().await {
                let Flight { ticket, delivery, client, started, .. } = &flight;
                let attempt = client.send(delivery, ticket.number, *started).await;
                if landed.send(Landing { flight, attempt, worker: back.clone() }).is_err() {
                    break;
                }
            }
        });
        worker
    }
}

fn broken() -> Error {
    Error::System { what: "an attempt broke off", reason: io::Error::other("its worker has ended") }
}
