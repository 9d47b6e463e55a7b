//! What the answers to all probes say together: what they leak, how slow they are, where they lead to.

use std::time::Duration;

use crate::report::explanation;
use crate::webhook::attempt::Attempt;
use crate::webhook::probe::judging::{Finding, Status, words};
use crate::webhook::probe::leak::{self, Leak};
use crate::webhook::probe::material::Shot;
use crate::webhook::probe::{Observation, Probe, Rule};
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Observations {
    errors: usize,
    leak: Option<(Leak, &'static str)>,
    slowest: Option<(Duration, &'static str)>,
    redirect: Option<(String, &'static str)>,
}

impl Observations {
    /// Looks at an answer.
    pub(super) fn note(
        &mut self,
        probe: &'static Probe,
        shot: &Shot,
        attempt: &Attempt,
        provider: &Provider,
        secrets: &[Secret],
    ) {
        let Ok(answer) = &attempt.outcome else { return };
        if answer.status.is_client_error() || answer.status.is_server_error() {
            self.errors += 1;
        }
        if let Some(leak) = leak::find(answer, &provider.scheme, &shot.delivery, secrets)
            && self.leak.is_none_or(|(worst, _)| leak < worst)
        {
            self.leak = Some((leak, probe.id));
        }
        if probe.rule != Rule::Accepted {
            return;
        }
        if answer.status.is_redirection() && self.redirect.is_none() {
            self.redirect = Some((words(answer), probe.id));
        }
        if provider.policy.success.matches(answer.status)
            && self.slowest.is_none_or(|(slowest, _)| attempt.duration > slowest)
        {
            self.slowest = Some((attempt.duration, probe.id));
        }
    }

    /// What an observation comes to, and what should have been seen; nothing where there was nothing to look at.
    pub(super) fn judge(
        &self,
        observation: Observation,
        probe: &Probe,
        provider: &Provider,
        exposed: bool,
    ) -> Option<(Finding, String)> {
        let severity = probe.severity;
        let (status, expected, got) = match observation {
            Observation::Leak if self.errors == 0 => return None,
            Observation::Leak => {
                let expected = "no signature, no secret and no stack trace in an error answer".to_owned();
                match self.leak {
                    Some((leak, id)) => (Status::Fail, expected, format!("{} in the answer to {id}", leak.title())),
                    None => (Status::Pass, expected, format!("nothing of the kind in {} answers", self.errors)),
                }
            }
            Observation::Time => {
                let limit = provider.policy.timeout?;
                let (slowest, id) = self.slowest?;
                let status = if slowest < limit { Status::Pass } else { Status::Fail };
                let got = format!("{} ms for {id}", slowest.as_millis());
                (status, format!("an answer within {}", explanation::duration(limit)), got)
            }
            Observation::Redirect => {
                let expected = "no redirect".to_owned();
                match &self.redirect {
                    Some((words, id)) => (Status::Fail, expected, format!("{words} for {id}")),
                    None => (Status::Pass, expected, "none".to_owned()),
                }
            }
            Observation::PlainHttp if !exposed => return None,
            Observation::PlainHttp => {
                (Status::Warn, "an https:// URL".to_owned(), "plain HTTP over a network".to_owned())
            }
            Observation::ForgeryEffect | Observation::DuplicateEffect => return None,
        };
        Some((Finding { status, severity, got }, expected))
    }
}
