//! One thread's part of serving: it takes connections from sockets that all threads share, and keeps a logbook of its own, so
//! that nothing is handed from one thread to another.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{mpsc, watch};

use super::desk::Clerk;
use super::logbook::SharedLog;
use super::phase::Phase;
use crate::edge::listener::{self, Room};

/// What a thread serves with.
pub(super) struct Server {
    clerk: Arc<Clerk>,
    sockets: Vec<TcpListener>,
    log: Option<Arc<SharedLog>>,
    room: Arc<Room>,
    phase: watch::Receiver<Phase>,
    /// Gone once all that was in flight here is finished.
    busy: mpsc::Sender<Infallible>,
}

impl Server {
    /// A server at sockets that others may serve as well; they do not block.
    pub(super) fn new(
        clerk: Clerk,
        sockets: &[TcpListener],
        log: Option<Arc<SharedLog>>,
        room: &Arc<Room>,
        (phase, busy): (&watch::Receiver<Phase>, &mpsc::Sender<Infallible>),
    ) -> io::Result<Self> {
        let sockets = sockets.iter().map(TcpListener::try_clone).collect::<io::Result<_>>()?;
        let (clerk, room, phase, busy) = (Arc::new(clerk), Arc::clone(room), phase.clone(), busy.clone());
        Ok(Self { clerk, sockets, log, room, phase, busy })
    }

    /// Serves on a thread of its own.
    pub(super) fn start(self) -> io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("listener".to_owned()).spawn(move || runtime.block_on(self.serve()))
    }

    /// Serves until it is time to finish, and what is in flight is, or until it is time to leave.
    pub(super) async fn serve(self) {
        let Self { clerk, sockets, log, room, phase, busy } = self;
        let sockets = sockets.into_iter().map(tokio::net::TcpListener::from_std).collect::<io::Result<_>>();
        // Nobody could have taken them away in the meantime.
        let Ok(sockets) = sockets else { return };
        let keeper = Arc::clone(&clerk);
        let keeping = tokio::spawn(async move {
            if let (Some(logbook), Some(log)) = (&keeper.logbook, log) {
                logbook.keep(&log).await;
            }
        });
        let reached = |wanted: Phase| {
            let mut phase = phase.clone();
            async move {
                // Said, or whoever would have said it is gone.
                let _ = phase.wait_for(|phase| *phase >= wanted).await;
            }
        };
        tokio::select! {
            () = listener::serve(sockets, clerk, room, reached(Phase::Finish)) => {}
            () = reached(Phase::Leave) => {}
        }
        keeping.abort();
        let _ = keeping.await;
        drop(busy);
    }
}
