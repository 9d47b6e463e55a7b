//! What is shown of a run: every attempt, or an example of each kind of failure, or only what came of all.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Plan, Route, Shown, Source};
use crate::commands::receiver::Reception;
use crate::error::Error;
use crate::report::findings::Why;
use crate::report::notice::Notice;
use crate::report::{Outcome, Progress, Prospect, Reporter, Summary, Whole};
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;
use crate::webhook::policy::StatusPatterns;

/// Where a run is shown.
pub(super) struct Screen<'a> {
    reporter: &'a mut dyn Reporter,
    shown: Shown,
    /// Whether credentials are shown.
    secrets: bool,
    fault: Option<&'static str>,
    /// Which answers are good, where the user said so.
    expect: Option<StatusPatterns>,
    /// Whether there is one delivery in all, which is shown whole.
    alone: bool,
    /// The same advice helps once.
    last_advice: Option<String>,
    /// The kinds of failure of which an example was shown.
    examples: BTreeSet<String>,
}

/// An attempt that has ended.
pub(super) struct Ended<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) attempt: &'a Attempt,
    pub(super) route: &'a Route,
    /// How it arrived at the receiver inside, if it went there.
    pub(super) reception: Option<Reception>,
    pub(super) good: bool,
    /// Whether this ends the run, so that an error says the rest.
    pub(super) fatal: bool,
    /// What the provider does next, where its policy is followed.
    pub(super) prospect: Option<&'a Prospect>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(reporter: &'a mut dyn Reporter, plan: &Plan) -> Self {
        let Plan { shown, secrets, fault, all, .. } = *plan;
        let (alone, expect) = (all == 1, plan.expect.clone());
        Self { reporter, shown, secrets, fault, expect, alone, last_advice: None, examples: BTreeSet::new() }
    }

    /// Whether deliveries are only counted.
    pub(super) fn counts(&self) -> bool {
        self.shown != Shown::Each
    }

    pub(super) fn notice(&mut self, notice: Notice) -> Result<(), Error> {
        Ok(self.reporter.report(&Outcome::Notice(notice))?)
    }

    /// Ctrl-C was pressed.
    pub(super) fn interrupted(&mut self) -> Result<(), Error> {
        Ok(self.reporter.report(&Outcome::Interrupted)?)
    }

    /// A delivery goes out.
    pub(super) fn sending(
        &mut self,
        delivery: &Delivery,
        route: &Route,
        at: Timestamp,
        remark: Option<Notice>,
    ) -> Result<(), Error> {
        if let Some(notice) = remark {
            self.notice(notice)?;
        }
        // A receiver inside shows the delivery as it arrived.
        if route.is_inside() { Ok(()) } else { self.arrow(delivery, route, at) }
    }

    /// A delivery is left out, because its endpoint is disabled after so many failures in a row.
    pub(super) fn left(&mut self, delivery: &Delivery, at: Timestamp, failures: u32) -> Result<(), Error> {
        Ok(self.reporter.report(&Outcome::Left { delivery, at, failures })?)
    }

    /// An attempt has ended: it is shown with what follows it, as far as that is wanted.
    pub(super) fn ended(&mut self, ended: Ended<'_>, source: &dyn Source) -> Result<(), Error> {
        let Ended { delivery, attempt, route, reception, good, fatal, prospect } = ended;
        let wanted = match self.shown {
            Shown::Each => true,
            Shown::Examples => !good && self.examples.insert(kind(attempt)),
            Shown::Totals => false,
        };
        if !wanted && !fatal {
            return Ok(());
        }
        if let Some(reception) = reception {
            self.reporter.report(&Outcome::Received {
                delivery: &reception.delivery,
                provider: route.provider.as_deref(),
                at: reception.at,
                remote: reception.remote,
                verdict: Some(&reception.verdict),
                answer: Some((reception.status, None)),
                whole: if self.alone { Whole::Request } else { Whole::Line },
                secrets: self.secrets,
                why: Why::Unasked,
            })?;
        } else if self.shown == Shown::Examples {
            self.arrow(delivery, route, attempt.started)?;
        }
        let unexpected = || {
            let expect = self.expect.as_ref().filter(|_| !good && attempt.is_success())?;
            Some(format!("it counts as refused, for --expect {expect} asks for another answer"))
        };
        let advice = source.advice(attempt, route, good).or_else(unexpected);
        let advice = advice.filter(|advice| self.last_advice.as_ref() != Some(advice));
        if advice.is_some() {
            self.last_advice.clone_from(&advice);
        }
        let fault = self.fault;
        Ok(self.reporter.report(&Outcome::Attempted { delivery, attempt, good, advice, fault, fatal, prospect })?)
    }

    pub(super) fn progress(&mut self, progress: Progress) -> Result<(), Error> {
        Ok(self.reporter.report(&Outcome::Progress(progress))?)
    }

    pub(super) fn summary(&mut self, summary: &Summary) -> Result<(), Error> {
        Ok(self.reporter.report(&Outcome::Summary(summary))?)
    }

    fn arrow(&mut self, delivery: &Delivery, route: &Route, at: Timestamp) -> Result<(), Error> {
        let (provider, fault, secrets) = (route.provider.as_deref(), self.fault, self.secrets);
        Ok(self.reporter.report(&Outcome::Sending { delivery, provider, at, fault, secrets })?)
    }
}

/// What kind of answer, or of failure, an attempt got.
fn kind(attempt: &Attempt) -> String {
    match &attempt.outcome {
        Ok(answer) => answer.status.as_str().to_owned(),
        Err(failure) => failure.code().to_owned(),
    }
}
