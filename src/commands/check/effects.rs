//! What deliveries do: a command prints something that changes when one has been processed, so that a duplicate that
//! takes effect twice, or a refused forgery that takes effect at all, is seen.

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::error::Error;
use crate::webhook::probe::judging::{Finding, Status};
use crate::webhook::probe::{Observation, Severity};

/// How long a genuine delivery may take to take effect.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait at least for what should not happen.
const SHORTEST: Duration = Duration::from_millis(150);

/// A command that prints what deliveries did, and what it printed.
#[derive(Debug)]
pub(super) struct Effects {
    command: String,
    /// What it printed last.
    last: String,
    /// How long a delivery takes to take effect; nothing while none did.
    latency: Option<Duration>,
    findings: Vec<(Observation, Finding)>,
}

impl Effects {
    /// Runs the command for the first time: what cannot be run is told before anything is sent.
    pub(super) async fn new(command: &str) -> Result<Self, Error> {
        let last = look(command).await?;
        Ok(Self { command: command.to_owned(), last, latency: None, findings: Vec::new() })
    }

    /// Whether a genuine delivery was seen to take effect.
    pub(super) fn are_seen(&self) -> bool {
        self.latency.is_some()
    }

    /// Waits for the effect of a genuine delivery, and so learns how long that takes.
    pub(super) async fn learn(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let now = look(&self.command).await?;
            if now != self.last {
                self.latency = Some(begun.elapsed());
                // What is written in several steps is done when nothing more comes.
                self.last = now;
                self.settle().await?;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let got = format!("its output did not change within {} s of a genuine delivery", PATIENCE.as_secs());
        for observation in [Observation::DuplicateEffect, Observation::ForgeryEffect] {
            self.put(observation, Status::Skip, got.clone());
        }
        Ok(())
    }

    /// Says whether what was sent since the last look took effect, which it should not have.
    pub(super) async fn expect_none(&mut self, observation: Observation) -> Result<(), Error> {
        let before = self.last.clone();
        self.settle().await?;
        let (status, got) = if self.last == before {
            (Status::Pass, "no effect".to_owned())
        } else {
            (Status::Fail, format!("the output went from {} to {}", shown(&before), shown(&self.last)))
        };
        self.put(observation, status, got);
        Ok(())
    }

    /// What was found out.
    pub(super) fn finding(&self, observation: Observation) -> Option<&Finding> {
        self.findings.iter().find(|(known, _)| *known == observation).map(|(_, finding)| finding)
    }

    /// Looks again after what comes late has come: some three times what one delivery took.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        let pause = self.latency.map_or(SHORTEST, |latency| (latency * 3).clamp(SHORTEST, PATIENCE));
        tokio::time::sleep(pause).await;
        self.last = look(&self.command).await?;
        Ok(())
    }

    fn put(&mut self, observation: Observation, status: Status, got: String) {
        let severity = match observation {
            Observation::ForgeryEffect => Severity::Security,
            _ => Severity::Robustness,
        };
        self.findings.push((observation, Finding { status, severity, got }));
    }
}

/// How long the command may take each time.
const LONGEST: Duration = Duration::from_secs(30);

/// What the command prints.
async fn look(command: &str) -> Result<String, Error> {
    let failed = |reason: io::Error| Error::System { what: "the command of --effects failed", reason };
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell).args([flag, command]).stdin(Stdio::null()).kill_on_drop(true).output();
    let late = || failed(io::Error::new(io::ErrorKind::TimedOut, format!("it took more than {} s", LONGEST.as_secs())));
    let output = tokio::time::timeout(LONGEST, output).await.map_err(|_| late())?.map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let said = if said.is_empty() { output.status.to_string() } else { format!("{}: {said}", output.status) };
    Err(failed(io::Error::other(said)))
}

/// The start of an output, for a sentence.
fn shown(output: &str) -> String {
    let line = output.lines().last().unwrap_or_default();
    let start: String = line.chars().take(60).collect();
    format!("`{start}`")
}
