//! A run of the listener: the server, the log and the command that it is for, until something ends them.

use std::cell::Cell;
use std::ffi::OsString;
use std::io;
use std::num::NonZero;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc, watch};

use super::desk::{Clerk, Desk, Station};
use super::display::Display;
use super::expectations::End;
use super::logbook::{Logbook, SharedLog};
use super::phase::Phase;
use super::server::Server;
use crate::edge::interruption::Interruptions;
use crate::edge::listener::{Limits, Room};
use crate::edge::log::Log;
use crate::edge::reader;
use crate::error::Error;
use crate::exit::Exit;

/// A listener, ready to serve.
pub struct Serving<'a> {
    /// What is done with deliveries.
    pub desk: Arc<Desk>,
    /// Where they are shown.
    pub display: Display,
    /// Where the ids of deliveries that have none come from.
    pub random: fastrand::Rng,
    /// Where they come in.
    pub sockets: Vec<std::net::TcpListener>,
    /// Where they are recorded, if they are.
    pub log: Option<Log>,
    /// How long it lasts, at most.
    pub timeout: Option<Duration>,
    /// What is run once it is ready, if anything is.
    pub command: &'a [OsString],
    /// The URL that the command is told.
    pub url: &'a str,
    /// Whether the standard output holds JSON alone.
    pub json: bool,
    /// What a client may take.
    pub limits: Limits,
    /// Ctrl-C.
    pub interruptions: Interruptions,
    /// Told when nobody reads the output any more.
    pub unread: &'a Notify,
}

impl Serving<'_> {
    /// Serves until the end, and says which end it was. When this returns, nobody is left who would show anything.
    pub fn run(mut self, runtime: Runtime) -> Result<End, Error> {
        let (stop, phase) = watch::channel(Phase::Open);
        let (busy, mut finished) = mpsc::channel(1);
        let log = self.log.take().map(|log| Arc::new(SharedLog::new(log)));
        let room = Room::new(self.limits);
        // Closed here, so that nobody is let in any more once the servers have closed theirs.
        let sockets = std::mem::take(&mut self.sockets);
        let (desk, display) = (&self.desk, &self.display);
        let mut server = || {
            let logbook = log.is_some().then(Logbook::default);
            let clerk = Clerk::new(desk, logbook, display.another(), self.random.fork(), phase.clone());
            Server::new(clerk, &sockets, log.clone(), &room, (&phase, &busy))
        };
        let own = server().map_err(Error::network)?;
        // Where the system has no more threads to give, fewer do as well.
        let others: Vec<_> = (1..threads()).map_while(|_| server().and_then(Server::start).ok()).collect();
        drop((sockets, busy));
        let end = runtime.block_on(async {
            let own = tokio::spawn(own.serve());
            let teller = self.display.another();
            tokio::spawn(async move { teller.tell_left_out().await });
            let end = self.end().await;
            if matches!(end, Ok(End::Interrupted)) {
                std::thread::spawn(leave_when_interrupted_again);
            }
            // What is in flight is finished, on every thread before any of them is told to leave; a second Ctrl-C does not wait
            // for it.
            let _ = stop.send(Phase::Finish);
            tokio::select! {
                _ = finished.recv() => {}
                () = self.interruptions.next() => {}
            }
            let _ = stop.send(Phase::Leave);
            if !own.is_finished() {
                let _ = own.await;
            }
            end
        });
        for other in others {
            other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        self.display.last_words();
        // Connections that are still open hold a clerk, and with it a display.
        drop(runtime);
        end
    }

    /// Waits for whatever comes first of all that may end a run.
    async fn end(&mut self) -> Result<End, Error> {
        let (expectations, timeout) = (Arc::clone(&self.desk.expectations), self.timeout);
        let child = self.start()?;
        let running = Cell::new(child.is_some());
        let time_up = async {
            match timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        let work = async {
            let Some(mut child) = child else {
                expectations.met().await;
                return Ok(End::Met);
            };
            let status = child.wait().await.map_err(|reason| Error::System { what: "the command is lost", reason })?;
            running.set(false);
            let code = exit_code(status);
            if code == 0 && expectations.any() {
                let patience = if timeout.is_some() { Duration::MAX } else { AFTER_COMMAND };
                let _ = tokio::time::timeout(patience, expectations.met()).await;
            }
            Ok(End::Command(code))
        };
        tokio::select! {
            // Ctrl-C ends whoever reads, too, and is said.
            biased;
            end = work => end,
            () = time_up => Ok(if running.get() { End::CommandLeft } else { End::TimeUp }),
            () = self.interruptions.next() => Ok(End::Interrupted),
            () = self.unread.notified() => Ok(End::Unread),
            () = reader::gone() => Ok(End::Unread),
        }
    }

    /// Starts the command, if there is one. With JSON on stdout its own output goes to stderr.
    fn start(&self) -> Result<Option<Child>, Error> {
        let Some((program, arguments)) = self.command.split_first() else { return Ok(None) };
        let mut command = Command::new(program);
        command.args(arguments).env("WH_URL", self.url).kill_on_drop(true);
        command.envs(secrets(&self.desk.stations));
        if self.json {
            command.stdout(Stdio::from(io::stderr()));
        }
        let shown = program.to_string_lossy().into_owned();
        command.spawn().map(Some).map_err(|reason| Error::Command { program: shown, reason })
    }
}

/// How many threads serve: more than a few would only wait for the log.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS)
}

/// How many threads serve at most.
const MOST_THREADS: usize = 4;

/// The environment in which a sender signs as this listener verifies: a variable for each provider, and `WH_SECRET` where
/// all have the same secret. One that is no text is left out.
fn secrets(stations: &[Station]) -> Vec<(String, &str)> {
    let mut variables = Vec::new();
    for station in stations {
        variables.extend(first_secret(station).map(|secret| (station.provider.secret_variable(), secret)));
    }
    let first = stations.first().and_then(first_secret);
    if let Some(secret) = first.filter(|_| stations.iter().all(|station| first_secret(station) == first)) {
        variables.push(("WH_SECRET".to_owned(), secret));
    }
    variables
}

/// The secret that a sender signs with, if it is text.
fn first_secret(station: &Station) -> Option<&str> {
    str::from_utf8(station.secrets.first()?.expose()).ok()
}

/// How long to wait for what was expected once the command has ended, where nothing else was said.
const AFTER_COMMAND: Duration = Duration::from_secs(10);

/// How long the last words may take once Ctrl-C was pressed twice.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Ends the process at a second Ctrl-C, even if whoever reads its output has stopped to.
fn leave_when_interrupted_again() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let Ok(mut interruptions) = Interruptions::new() else { return };
        interruptions.next().await;
        tokio::time::sleep(LAST_WORDS).await;
    });
    std::process::exit(Exit::Interrupted.code().into());
}

/// A command's exit code; one that a signal ended has 128 and its number, as shells have it.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
