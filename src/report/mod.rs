//! Everything visible. Speaks `webhook`, and never decides.

pub mod checkup;
pub mod explanation;
pub mod export;
pub mod findings;
pub mod human;
pub mod json;
pub mod layout;
pub mod listing;
pub mod notice;
pub mod palette;
pub mod payload;
pub mod progress;
pub mod sanitize;
pub mod totals;
pub mod unread;
mod verdicts;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use self::export::ExportForm;
use self::findings::Why;
use self::notice::Notice;
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;
use crate::webhook::judgement::{Count, Examined};
use crate::webhook::latency::Latencies;
use crate::webhook::probe::Probe;
use crate::webhook::probe::examination::Examination;
use crate::webhook::probe::judging::Check;
use crate::webhook::provider::{EventInfo, Provider};
use crate::webhook::record::{Entry, Recorded};
use crate::webhook::retrying::Step;
use crate::webhook::secret::Secret;
use crate::webhook::verification::{Rejection, Verified};

/// Something that happened, or was asked for, to be shown.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// Something to know beside the answer.
    Notice(Notice),
    /// A delivery is about to be sent.
    Sending {
        /// The delivery, signed.
        delivery: &'a Delivery,
        /// Its provider, if that is known.
        provider: Option<&'a Provider>,
        /// When.
        at: Timestamp,
        /// What is wrong with it on purpose.
        fault: Option<&'static str>,
        /// Whether headers that are the secret are shown.
        secrets: bool,
    },
    /// A delivery would have been sent.
    Planned {
        /// The delivery, signed.
        delivery: &'a Delivery,
        /// Its provider, if that is known.
        provider: Option<&'a Provider>,
        /// Whether headers that are the secret are shown.
        secrets: bool,
    },
    /// A delivery was signed, and that is all that was asked for.
    Signed {
        /// The delivery.
        delivery: &'a Delivery,
        /// Its provider.
        provider: &'a Provider,
        /// The form to print it in.
        form: ExportForm,
    },
    /// A delivery arrived at a receiver of ours.
    Received {
        /// The delivery as it came in.
        delivery: &'a Delivery,
        /// Its provider, if that is known.
        provider: Option<&'a Provider>,
        /// When.
        at: Timestamp,
        /// The sender's address.
        remote: std::net::SocketAddr,
        /// Whether it is genuine, if that was looked at.
        verdict: Option<&'a Result<Verified, Rejection>>,
        /// What it is answered with, if nobody else is asked, and after how long, where that is known.
        answer: Option<(http::StatusCode, Option<Duration>)>,
        /// How much of it to show.
        whole: Whole,
        /// Whether headers that are the secret are shown.
        secrets: bool,
        /// Why it is not genuine.
        why: Why<'a>,
    },
    /// A listener is ready.
    Ready {
        /// Its URL.
        url: &'a str,
        /// Its port.
        port: u16,
        /// The provider that it expects; any, when there is none.
        scheme: Option<&'a str>,
        /// Where it records.
        log: Option<&'a str>,
        /// Where it forwards to.
        targets: &'a [Onward],
    },
    /// A delivery went on to an app.
    Forwarded {
        /// The delivery as it went on.
        delivery: &'a Delivery,
        /// What came of it.
        attempt: &'a Attempt,
        /// Whether the app accepted it.
        good: bool,
    },
    /// Secrets that were asked for.
    Secrets {
        /// The secrets, each with the name of the provider whose it is; without one it is everybody's.
        secrets: &'a [(Option<&'a str>, &'a Secret)],
        /// Whether the names are worth telling a person, too.
        named: bool,
    },
    /// What came of listening.
    Listened(Totals),
    /// A delivery was sent.
    Attempted {
        /// The delivery.
        delivery: &'a Delivery,
        /// What came of it.
        attempt: &'a Attempt,
        /// Whether the answer is one of those that were expected.
        good: bool,
        /// What may help, where the answer was not good.
        advice: Option<String>,
        /// What is wrong with the delivery on purpose.
        fault: Option<&'static str>,
        /// Whether this ends the run, so that an error says the rest.
        fatal: bool,
        /// What the provider does next, where its policy is followed.
        prospect: Option<&'a Prospect>,
    },
    /// A delivery was left out, because its provider sends nothing more to this endpoint.
    Left {
        /// The delivery, without its signature.
        delivery: &'a Delivery,
        /// When.
        at: Timestamp,
        /// How many attempts in a row had failed.
        failures: u32,
    },
    /// Ctrl-C was pressed, which a terminal shows.
    Interrupted,
    /// How far it is.
    Progress(Progress),
    /// Parts of a file were verified.
    Judged {
        /// The file.
        file: &'a str,
        /// What was found, in the order of the file.
        examined: &'a [Examined],
    },
    /// What came of verifying.
    Verified(Count),
    /// The events of a provider.
    Events {
        /// The provider.
        provider: &'a Provider,
        /// Those that were asked for.
        events: &'a [EventInfo],
    },
    /// One event, whole.
    Event {
        /// The event.
        event: &'a EventInfo,
        /// Its provider.
        provider: &'a Provider,
        /// A delivery of it, signed with the test secret.
        example: &'a Delivery,
    },
    /// The providers.
    Schemes(&'a [Provider]),
    /// One provider, explained.
    Scheme {
        /// The provider.
        provider: &'a Provider,
        /// A delivery, signed with the test secret.
        example: Option<&'a Delivery>,
    },
    /// A file as it is going to be.
    Draft {
        /// Where.
        path: &'a Path,
        /// What is going to be in it.
        text: &'a str,
    },
    /// A file was written.
    Written {
        /// Where.
        path: &'a Path,
        /// What is in it.
        text: &'a str,
        /// Whether there was one before.
        replaces: bool,
    },
    /// What to do now.
    Next(&'a [String]),
    /// Records of the log, the newest last.
    Logged {
        /// The records in short.
        entries: &'a [Entry],
        /// The records as they stand in the log.
        lines: &'a [Vec<u8>],
        /// What time it is.
        now: Timestamp,
    },
    /// A record of the log, whole.
    LoggedWhole {
        /// The record.
        recorded: &'a Recorded<'a>,
        /// The record as it stands in the log.
        line: &'a [u8],
        /// Its provider, if that is known.
        provider: Option<&'a Provider>,
        /// Whether it is the first of its delivery.
        first: bool,
        /// Whether its payload is that of the one before.
        same_payload: bool,
    },
    /// What came of many deliveries.
    Summary(&'a Summary),
    /// The checks that there are.
    Probes {
        /// The checks.
        probes: &'a [&'static Probe],
        /// Whose receivers they are for, if that was said.
        provider: Option<&'a Provider>,
    },
    /// A check is done.
    Checked(&'a Check),
    /// All checks are done.
    Examined(&'a Examination),
    /// All checks are done, for a CI job that reads annotations.
    Annotations(&'a Examination),
}

/// How much of a delivery is shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Its line.
    Line,
    /// Its line and its payload.
    Payload,
    /// All of its request, and its line.
    Request,
}

/// Where a listener forwards to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward {
    /// The events that it forwards there; all, when there is none.
    pub glob: Option<String>,
    /// The URL.
    pub url: String,
}

/// What a listener received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many deliveries arrived.
    pub received: u64,
    /// How many of them are genuine.
    pub valid: u64,
    /// How many are not.
    pub invalid: u64,
    /// How many were not verified, for want of a scheme.
    pub unverified: u64,
    /// How many were accepted.
    pub accepted: u64,
    /// How often one was forwarded.
    pub forwarded: u64,
    /// How often the app did not answer 2xx.
    pub failed: u64,
    /// How often it refused a genuine delivery as if its signature were wrong.
    pub disputed: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        let Self { received, valid, invalid, unverified, accepted, forwarded, failed, disputed } = other;
        self.received += received;
        self.valid += valid;
        self.invalid += invalid;
        self.unverified += unverified;
        self.accepted += accepted;
        self.forwarded += forwarded;
        self.failed += failed;
        self.disputed += disputed;
    }
}

/// What came of many deliveries.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Whether they were only counted, so that this is all that is said of most.
    pub counted: bool,
    /// Which answers were expected, where the user said so.
    pub expect: Option<String>,
    /// How many were sent, and have come to their end.
    pub sent: usize,
    /// How many got an answer that is good.
    pub accepted: usize,
    /// How many got another answer, at the last attempt.
    pub refused: usize,
    /// How many got none.
    pub failed: usize,
    /// How many were on their way when the run was stopped, so that they may have arrived.
    pub in_flight: usize,
    /// How many had failed when the run was stopped, and would have been tried again.
    pub waiting: usize,
    /// How many were left out, because the run stopped before them.
    pub unsent: usize,
    /// How many attempts there were.
    pub attempts: u64,
    /// How often each status was the answer.
    pub statuses: BTreeMap<u16, u64>,
    /// How often there was none, by the failure's code.
    pub errors: BTreeMap<&'static str, u64>,
    /// How long the answers took.
    pub latencies: Latencies,
    /// How long the run took.
    pub elapsed: Duration,
}

/// How many ranges the histogram of a summary has at most.
pub(crate) const BARS: usize = 8;

impl Summary {
    /// How many attempts were made in a second, to a tenth; nothing where the run took no time.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "nobody makes that many attempts")]
        let attempts = self.attempts as f64;
        (seconds > 0.0).then(|| (attempts / seconds * 10.0).round() / 10.0)
    }
}

/// What a provider does after an attempt.
#[derive(Debug, Clone)]
pub struct Prospect {
    /// What.
    pub step: Step,
    /// Whose policy says so.
    pub provider: String,
    /// How many attempts it makes at most, as far as that is known.
    pub most: Option<u32>,
    /// How long the delivery waits between its attempts, this wait included, in the provider's time.
    pub waited: Duration,
    /// How long the wait for the next attempt lasts here.
    pub pause: Option<Duration>,
    /// When the next attempt comes.
    pub next_at: Option<Timestamp>,
    /// What happens after the last attempt, as a sentence.
    pub sentence: Option<String>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Whether deliveries are only counted, so that nothing else tells how far it is.
    pub counted: bool,
    /// How many deliveries have come to their end.
    pub done: usize,
    /// How many there are.
    pub all: usize,
    /// How many got no good answer.
    pub bad: usize,
    /// How long it has taken.
    pub elapsed: Duration,
    /// How many wait for their next attempt.
    pub waiting: usize,
    /// How long it is until the next attempt, when nothing else is going on.
    pub left: Option<Duration>,
    /// Which attempt that is.
    pub attempt: Option<u32>,
}

/// Shows outcomes.
pub trait Reporter {
    /// Shows one; the error is that of the stream that it goes to.
    fn report(&mut self, outcome: &Outcome<'_>) -> io::Result<()>;

    /// Shows what stopped the run.
    fn error(&mut self, problem: &Problem) -> io::Result<()>;
}

/// What stopped a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its kind in one word.
    pub code: &'static str,
    /// The facts, in a sentence.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
}
