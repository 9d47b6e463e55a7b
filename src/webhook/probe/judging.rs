//! What an answer means: from what came back to a check that passed, failed, is worth a warning, or proves nothing.

use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;

use super::bodies::Variation;
use super::{Probe, Rule, Sends, Severity, Words};
use crate::webhook::attempt::{Answer, Failure};
use crate::webhook::policy::StatusPatterns;
use crate::webhook::provider::Provider;

/// Why a 5xx matters.
pub const FELL: &str = "A 5xx tells the provider to send it again, and an attacker that the input reached code that did \
                        not expect it.";

/// Why silence matters.
pub const SILENT: &str = "One such request takes the receiver away from everybody, and anyone can send it.";

/// What ends the words for an answer that says nothing because the genuine delivery gets no better one.
pub const UNTRUSTED: &str = ", as the genuine delivery is refused too";

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The probe's name.
    pub id: &'static str,
    /// What was sent, or looked at.
    pub title: String,
    /// How bad a failure is: that of the probe, or another where the failure is of another kind.
    pub severity: Severity,
    /// What came of it.
    pub status: Status,
    /// What should have come back.
    pub expected: String,
    /// What did.
    pub got: String,
    /// Why a failure matters.
    pub why: String,
    /// How to mend it.
    pub remedy: String,
    /// How long it took.
    pub duration: Duration,
    /// The fault to give to `wh send --fault`, which sends the same again.
    pub fault: Option<&'static str>,
}

/// What came of a probe, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The receiver did what it should.
    Pass,
    /// It could not be run, or its answer proves nothing.
    Skip,
    /// Worth knowing, and no failure.
    Warn,
    /// The receiver did not do what it should.
    Fail,
}

impl Status {
    /// Its name for machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// How many checks came out which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Passed.
    pub passed: usize,
    /// Failed.
    pub failed: usize,
    /// Worth a warning.
    pub warned: usize,
    /// Not run, or without proof.
    pub skipped: usize,
}

impl Counts {
    /// Counts checks.
    #[must_use]
    pub fn of(checks: &[Check]) -> Self {
        let count = |status| checks.iter().filter(|check| check.status == status).count();
        Self {
            passed: count(Status::Pass),
            failed: count(Status::Fail),
            warned: count(Status::Warn),
            skipped: count(Status::Skip),
        }
    }
}

/// What one answer, or several together, mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What came of it.
    pub status: Status,
    /// How bad it is.
    pub severity: Severity,
    /// What came back, in words.
    pub got: String,
}

/// What an answer to a probe means.
///
/// A redirect of a forgery is neither an acceptance, since providers follow none, nor a refusal: a warning. A 429 says
/// that the receiver is asked too often, and proves nothing either way.
#[must_use]
pub fn judge(probe: &Probe, success: &StatusPatterns, outcome: &Result<Answer, Failure>) -> Finding {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure) => return judge_failure(probe, failure),
    };
    let status = answer.status;
    let got = words(answer);
    let finding = |status, severity| Finding { status, severity, got: got.clone() };
    if status == StatusCode::TOO_MANY_REQUESTS {
        let got = format!("{got}: it was asked too often, which proves nothing");
        return Finding { status: Status::Skip, severity: probe.severity, got };
    }
    if status.is_server_error() {
        // It was not let in, but the input reached code that did not expect it.
        return finding(Status::Fail, Severity::Robustness);
    }
    let good = success.matches(status);
    match probe.rule {
        // What is accepted lets a forger in, whatever the probe is about.
        Rule::Refused if good || status.is_success() => finding(Status::Fail, Severity::Security),
        Rule::Refused if status.is_client_error() => finding(Status::Pass, probe.severity),
        Rule::Accepted | Rule::Welcome if good => finding(Status::Pass, probe.severity),
        Rule::Handled => finding(Status::Pass, probe.severity),
        Rule::Accepted => finding(Status::Fail, probe.severity),
        Rule::Refused | Rule::Welcome => finding(Status::Warn, probe.severity),
    }
}

fn judge_failure(probe: &Probe, failure: &Failure) -> Finding {
    let large = matches!(probe.sends, Sends::Body(Variation::Huge | Variation::Large));
    let (status, got) = match (failure, probe.rule) {
        // Who has read enough may close the connection while the rest is still on its way.
        (Failure::Broken { .. }, Rule::Handled) if large => (Status::Pass, "it closed the connection".to_owned()),
        (Failure::Broken { .. }, Rule::Welcome) if large => (Status::Warn, "it closed the connection".to_owned()),
        (Failure::TimedOut { after }, _) => (Status::Fail, format!("no answer within {} s", after.as_secs_f64())),
        (Failure::Broken { reason }, _) => (Status::Fail, format!("no answer: {reason}")),
        (failure, _) => (Status::Fail, format!("no answer: {failure}")),
    };
    Finding { status, severity: probe.severity, got }
}

/// What several answers to one probe mean together: the worst of them decides.
#[must_use]
pub fn combine(findings: &[(Option<String>, Finding)]) -> Option<Finding> {
    let worst = findings.iter().map(|(_, finding)| finding.status).max()?;
    let severity = findings.iter().filter(|(_, finding)| finding.status == worst).map(|(_, finding)| finding.severity);
    let severity = severity.min()?;
    let mut words: Vec<(&str, Vec<&str>)> = Vec::new();
    for (label, finding) in findings.iter().filter(|(_, finding)| finding.status == worst) {
        let label = label.as_deref().unwrap_or_default();
        match words.iter_mut().find(|(got, _)| *got == finding.got) {
            Some((_, labels)) => labels.push(label),
            None => words.push((&finding.got, vec![label])),
        }
    }
    let got = words.iter().map(|(got, labels)| match labels.as_slice() {
        [""] => (*got).to_owned(),
        labels if worst == Status::Pass || labels.len() > 6 => {
            format!("{got} to {} of {}", labels.len(), findings.len())
        }
        labels => format!("{got} to {}", labels.join(", ")),
    });
    Some(Finding { status: worst, severity, got: got.collect::<Vec<_>>().join("; ") })
}

/// Why a failure matters: a forgery that makes the receiver fall over is another matter than one that is let in.
fn why(probe: &Probe, found: Severity) -> &'static str {
    match (probe.severity, found) {
        (Severity::Security, Severity::Robustness) => FELL,
        (Severity::Robustness, Severity::Security) => "It was accepted, and no provider signed it: a forger gets in.",
        _ => probe.why,
    }
}

/// What should come back, in words.
#[must_use]
pub fn expected(probe: &Probe, provider: &Provider) -> String {
    let success = &provider.policy.success;
    match (probe.rule, probe.sends) {
        (_, Sends::Observation(_) | Sends::Scheme(_)) => String::new(),
        (Rule::Refused, _) => "a refusal: 4xx".to_owned(),
        (Rule::Accepted | Rule::Welcome, Sends::EveryEvent | Sends::Twice | Sends::TwiceAtOnce) => {
            format!("{success} to each")
        }
        (Rule::Accepted | Rule::Welcome, _) => success.to_string(),
        (Rule::Handled, _) => "any answer but a 5xx".to_owned(),
    }
}

/// `302 Found (to /login)`.
#[must_use]
pub fn words(answer: &Answer) -> String {
    let status = answer.status;
    let mut text = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    };
    let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    if let Some(location) = location.filter(|_| status.is_redirection()) {
        text.push_str(&format!(" (to {location})"));
    }
    text
}

impl Check {
    /// The check that a finding about a probe makes.
    #[must_use]
    pub fn new(probe: &Probe, provider: &Provider, finding: Finding, duration: Duration) -> Self {
        let words = Words::of(Some(provider));
        Self {
            id: probe.id,
            title: words.fill(probe.title),
            severity: finding.severity,
            status: finding.status,
            expected: expected(probe, provider),
            got: finding.got,
            why: words.fill(why(probe, finding.severity)),
            remedy: words.fill(probe.remedy),
            duration,
            fault: probe.fault().map(|_| probe.id),
        }
    }

    /// The check of a probe that proves nothing, and why.
    #[must_use]
    pub fn skipped(probe: &Probe, provider: &Provider, why: impl Into<String>) -> Self {
        let finding = Finding { status: Status::Skip, severity: probe.severity, got: why.into() };
        Self::new(probe, provider, finding, Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;
    use crate::webhook::probe::Probe;

    fn judged(id: &str, status: u16) -> (Status, Severity) {
        let status = StatusCode::from_u16(status).expect("a status");
        let answer =
            Answer { status, headers: HeaderMap::new(), body: Bytes::new(), truncated: false, incomplete: None };
        let probe = Probe::of(id).expect("a probe");
        let finding = judge(probe, &StatusPatterns::default(), &Ok(answer));
        (finding.status, finding.severity)
    }

    #[test]
    fn a_forgery_is_to_be_refused_with_a_4xx() {
        for (status, expected) in [
            (200, (Status::Fail, Severity::Security)),
            (204, (Status::Fail, Severity::Security)),
            (302, (Status::Warn, Severity::Security)),
            (400, (Status::Pass, Severity::Security)),
            (401, (Status::Pass, Severity::Security)),
            (429, (Status::Skip, Severity::Security)),
            (500, (Status::Fail, Severity::Robustness)),
        ] {
            assert_eq!(judged("stale", status), expected, "{status}");
        }
        // Accepted, it lets a forger in, although it was sent to see whether the receiver falls over.
        assert_eq!(judged("malformed-header", 200), (Status::Fail, Severity::Security));
    }

    #[test]
    fn a_forgery_that_any_2xx_answers_was_accepted_whatever_the_provider_counts() {
        let only_200 = StatusPatterns(vec!["200".parse().expect("a status")]);
        let answer = Answer {
            status: StatusCode::ACCEPTED,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            truncated: false,
            incomplete: None,
        };
        let finding = judge(Probe::of("stale").expect("a probe"), &only_200, &Ok(answer));
        assert_eq!((finding.status, finding.severity), (Status::Fail, Severity::Security));
    }

    #[test]
    fn what_the_provider_could_send_is_to_be_accepted_and_the_rest_to_be_survived() {
        assert_eq!(judged("unicode", 204).0, Status::Pass);
        assert_eq!(judged("unicode", 401).0, Status::Fail);
        assert_eq!(judged("unicode", 302).0, Status::Fail);
        assert_eq!(judged("unknown-event", 400).0, Status::Warn);
        assert_eq!(judged("invalid-json", 400).0, Status::Pass);
        assert_eq!(judged("invalid-json", 200).0, Status::Pass);
        assert_eq!(judged("invalid-json", 502).0, Status::Fail);
    }

    #[test]
    fn only_a_body_that_is_too_large_may_be_hung_up_on() {
        let broken = || Failure::Broken { reason: "connection reset".to_owned() };
        let late = || Failure::TimedOut { after: Duration::from_secs(5) };
        for (id, failure, status) in [
            ("huge-body", broken(), Status::Pass),
            ("large-body", broken(), Status::Warn),
            ("invalid-json", broken(), Status::Fail),
            ("unknown-event", broken(), Status::Fail),
            ("stale", broken(), Status::Fail),
            ("huge-body", late(), Status::Fail),
            ("large-body", late(), Status::Fail),
        ] {
            let probe = Probe::of(id).expect("a probe");
            let finding = judge(probe, &StatusPatterns::default(), &Err(failure.clone()));
            assert_eq!((finding.status, finding.severity), (status, probe.severity), "{id}: {failure}");
        }
    }

    #[test]
    fn of_several_answers_the_worst_decides_and_is_named() {
        let finding = |status, got: &str| Finding { status, severity: Severity::Robustness, got: got.to_owned() };
        let combined = combine(&[
            (Some("a".into()), finding(Status::Pass, "200 OK")),
            (Some("b".into()), finding(Status::Fail, "404 Not Found")),
            (Some("c".into()), finding(Status::Fail, "404 Not Found")),
        ]);
        assert_eq!(combined, Some(finding(Status::Fail, "404 Not Found to b, c")));
        let severe = |severity| Finding { severity, ..finding(Status::Fail, "200 OK") };
        let combined = combine(&[
            (None, severe(Severity::Robustness)),
            (None, severe(Severity::Security)),
            (None, Finding { status: Status::Pass, ..severe(Severity::Security) }),
        ]);
        assert_eq!(combined.map(|finding| finding.severity), Some(Severity::Security));
        let harmless = combine(&[
            (None, severe(Severity::Robustness)),
            (None, Finding { status: Status::Pass, ..severe(Severity::Security) }),
        ]);
        assert_eq!(harmless.map(|finding| finding.severity), Some(Severity::Robustness));
        assert_eq!(combine(&[]), None);
    }
}
