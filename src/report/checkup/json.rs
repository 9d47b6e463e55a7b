//! Checks as JSON: a line each for `--json`, all of them in one object for `--report json`.

use serde_json::{Value, json};

use super::table::verdict;
use crate::report::sanitize;
use crate::webhook::probe::examination::Examination;
use crate::webhook::probe::judging::Check;
use crate::webhook::probe::{Probe, Words};
use crate::webhook::provider::Provider;
use crate::webhook::record::milliseconds;

/// A probe, as `--list --json` has it.
#[must_use]
pub fn probe(probe: &Probe, provider: Option<&Provider>) -> Value {
    let words = Words::of(provider);
    json!({
        "type": "probe",
        "id": probe.id,
        "title": words.fill(probe.title),
        "severity": probe.severity.name(),
        "applies": provider.map(|provider| probe.obstacle(provider).is_none()),
        "obstacle": provider.and_then(|provider| probe.obstacle(provider)),
        "why": words.fill(probe.why),
        "remedy": words.fill(probe.remedy),
    })
}

/// A check, as `--json` and the report in JSON have it.
#[must_use]
pub fn check(check: &Check) -> Value {
    json!({
        "type": "check",
        "id": check.id,
        "title": check.title,
        "severity": check.severity.name(),
        "status": check.status.name(),
        "expected": check.expected,
        "got": check.got,
        "why": check.why,
        "remedy": check.remedy,
        "fault": check.fault,
        "duration_ms": milliseconds(check.duration),
    })
}

/// What came of all checks together.
#[must_use]
pub fn summary(examination: &Examination) -> Value {
    let counts = examination.counts();
    json!({
        "type": "summary",
        "scheme": examination.scheme,
        "url": examination.url,
        "event": examination.event,
        "passed": counts.passed,
        "failed": counts.failed,
        "warned": counts.warned,
        "skipped": counts.skipped,
        "verdict": examination.verdict().name(),
        "conclusion": verdict(examination).0,
        "accepts_genuine": examination.accepts_genuine,
        "interrupted": examination.interrupted,
        "hint": examination.hint,
        "started_at": format!("{:.3}", examination.started),
        "duration_ms": milliseconds(examination.duration),
    })
}

/// The report, as a whole: the summary, with the checks in it.
#[must_use]
pub fn whole(examination: &Examination) -> String {
    let mut value = summary(examination);
    value["type"] = "examination".into();
    value["checks"] = examination.checks.iter().map(check).collect();
    let lines = format!("{value:#}");
    let lines: Vec<_> = lines.lines().map(sanitize::json).collect();
    lines.join("\n") + "\n"
}
