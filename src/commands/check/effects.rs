//! What deliveries do: a command prints something that changes when one has been processed, so that a duplicate that
//! takes effect twice, or a refused forgery that takes effect at all, is seen.

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::sync::watch;

use super::examiner::STOPPED;
use crate::error::Error;
use crate::webhook::probe::judging::{Finding, Status};
use crate::webhook::probe::{Observation, Severity};

/// How long a genuine delivery may take to take effect.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait at least for what should not happen.
const SHORTEST: Duration = Duration::from_millis(150);

/// How long the command may take each time.
const LONGEST: Duration = Duration::from_secs(30);

/// How much it may print each time, in bytes.
const LIMIT: usize = 64 * 1024;

/// What to do about a command that worked once and fails later.
pub(super) const REMEDY: &str = "Mend the command of --effects: it is run again after each group of deliveries.";

/// A command that prints what deliveries did, and what it printed.
#[derive(Debug)]
pub(super) struct Effects {
    command: String,
    /// What it printed last.
    last: String,
    /// How long a delivery takes to take effect; nothing while none did.
    latency: Option<Duration>,
    /// Why nothing more can be seen.
    trouble: Option<Trouble>,
    findings: Vec<(Observation, Finding)>,
    stop: watch::Receiver<bool>,
}

/// Why nothing more can be seen of what deliveries do.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The command cannot be run, or fails.
    Failed(io::Error),
    /// Someone pressed Ctrl-C.
    Stopped,
}

impl Effects {
    /// Runs the command for the first time: what cannot be run is told before anything is sent. Nothing, where
    /// someone stopped it.
    pub(super) async fn new(command: &str, stop: watch::Receiver<bool>) -> Result<Option<Self>, Error> {
        let findings = Vec::new();
        let mut effects =
            Self { command: command.to_owned(), last: String::new(), latency: None, trouble: None, findings, stop };
        effects.look().await;
        match effects.trouble {
            None => Ok(Some(effects)),
            Some(Trouble::Stopped) => Ok(None),
            Some(Trouble::Failed(reason)) => Err(Error::System { what: FAILED, reason }),
        }
    }

    /// Whether a genuine delivery was seen to take effect, so that there is something to look at.
    pub(super) fn are_seen(&self) -> bool {
        self.latency.is_some() && self.trouble.is_none()
    }

    /// Waits for the effect of a genuine delivery, and so learns how long that takes.
    pub(super) async fn learn(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let before = self.last.clone();
            if !self.look().await {
                return;
            }
            if self.last != before {
                self.latency = Some(begun.elapsed());
                // What is written in several steps is done when nothing more comes.
                self.settle().await;
                return;
            }
            self.wait(Duration::from_millis(20)).await;
        }
        let got = format!("its output did not change within {} s of a genuine delivery", PATIENCE.as_secs());
        for observation in [Observation::DuplicateEffect, Observation::ForgeryEffect] {
            self.put(observation, Status::Skip, got.clone());
        }
    }

    /// Says whether what was sent since the last look took effect, which it should not have.
    pub(super) async fn expect_none(&mut self, observation: Observation) {
        let before = self.last.clone();
        if !self.settle().await {
            return;
        }
        if self.last == before {
            self.put(observation, Status::Pass, "no effect".to_owned());
        } else {
            let got = format!("the output went from {} to {}", shown(&before), shown(&self.last));
            self.put(observation, Status::Fail, got);
        }
    }

    /// What was found out, and whether it is about the receiver; it is not where the command failed.
    pub(super) fn finding(&self, observation: Observation) -> Option<(Finding, bool)> {
        if !matches!(observation, Observation::DuplicateEffect | Observation::ForgeryEffect) {
            return None;
        }
        if let Some((_, finding)) = self.findings.iter().find(|(known, _)| *known == observation) {
            return Some((finding.clone(), true));
        }
        let severity = severity(observation);
        match self.trouble.as_ref()? {
            Trouble::Failed(reason) => {
                let got = format!("{FAILED}: {reason}");
                Some((Finding { status: Status::Warn, severity, got }, false))
            }
            Trouble::Stopped => Some((Finding { status: Status::Skip, severity, got: STOPPED.to_owned() }, true)),
        }
    }

    /// Looks again after what comes late has come: some three times what one delivery took. Says whether it could.
    pub(super) async fn settle(&mut self) -> bool {
        let pause = self.latency.map_or(SHORTEST, |latency| (latency * 3).clamp(SHORTEST, PATIENCE));
        self.wait(pause).await;
        self.look().await
    }

    fn put(&mut self, observation: Observation, status: Status, got: String) {
        self.findings.push((observation, Finding { status, severity: severity(observation), got }));
    }

    /// Waits, but not longer than until someone stops it.
    async fn wait(&mut self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            _ = self.stop.wait_for(|stopped| *stopped) => {}
        }
    }

    /// Runs the command and keeps what it prints. Says whether that was possible.
    async fn look(&mut self) -> bool {
        let output = tokio::select! {
            biased;
            _ = self.stop.wait_for(|stopped| *stopped) => Err(Trouble::Stopped),
            output = tokio::time::timeout(LONGEST, output(&self.command)) => match output {
                Ok(output) => output.map_err(Trouble::Failed),
                Err(_) => Err(Trouble::Failed(io::Error::other(format!("it took more than {} s", LONGEST.as_secs())))),
            },
        };
        match output {
            Ok(output) => self.last = output,
            Err(trouble) => self.trouble = Some(trouble),
        }
        self.trouble.is_none()
    }
}

const FAILED: &str = "the command of --effects failed";

fn severity(observation: Observation) -> Severity {
    match observation {
        Observation::ForgeryEffect => Severity::Security,
        _ => Severity::Robustness,
    }
}

/// What a command prints. Dropped, it ends the command.
async fn output(command: &str) -> io::Result<String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut child = Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let (output, said) = tokio::try_join!(read(output), read(errors))?;
    let status = child.wait().await?;
    if status.success() {
        return Ok(output);
    }
    let said = if said.is_empty() { status.to_string() } else { format!("{status}: {}", shown(&said)) };
    Err(io::Error::other(said))
}

/// All that comes out of a pipe; too much is an error.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let Some(pipe) = pipe else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    pipe.take(LIMIT as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > LIMIT {
        return Err(io::Error::other(format!("it printed more than {} KiB", LIMIT / 1024)));
    }
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// The start of an output, for a sentence.
fn shown(output: &str) -> String {
    let line = output.lines().last().unwrap_or_default();
    let start: String = line.chars().take(60).collect();
    format!("`{start}`")
}
