//! Checks in the Test Anything Protocol, version 14 (<https://testanything.org/tap-version-14-specification.html>).
//!
//! ```text
//! TAP version 14
//! 1..2
//! ok 1 - no-signature: a delivery without its signature
//! not ok 2 - stale: a delivery older than the tolerance
//!   ---
//!   severity: "security"
//!   ...
//! ```

use serde_json::Value;

use crate::report::sanitize;
use crate::webhook::probe::examination::Examination;
use crate::webhook::probe::judging::Status;

/// The report, as a whole.
#[must_use]
pub fn write(examination: &Examination) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", examination.checks.len());
    for (index, check) in examination.checks.iter().enumerate() {
        let result = if examination.is_failure(check) { "not ok" } else { "ok" };
        let title = escaped(&format!("{}: {}", check.id, check.title));
        let skip =
            if check.status == Status::Skip { format!(" # SKIP {}", escaped(&check.got)) } else { String::new() };
        text.push_str(&format!("{result} {} - {title}{skip}\n", index + 1));
        if !matches!(check.status, Status::Fail | Status::Warn) {
            continue;
        }
        let facts = [
            ("severity", check.severity.name()),
            ("status", check.status.name()),
            ("expected", &check.expected),
            ("got", &check.got),
            ("why", &check.why),
            ("remedy", &check.remedy),
        ];
        text.push_str("  ---\n");
        for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
            // A JSON string is a YAML string.
            text.push_str(&format!("  {name}: {}\n", sanitize::json(&Value::from(value).to_string())));
        }
        text.push_str("  ...\n");
    }
    if examination.interrupted {
        text.push_str("Bail out! Stopped by Ctrl-C\n");
    }
    text
}

/// A description, in which `#` would begin a directive.
fn escaped(text: &str) -> String {
    sanitize::line(text).replace('\\', "\\\\").replace('#', "\\#")
}
