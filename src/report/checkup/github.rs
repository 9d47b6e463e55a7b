//! Checks as annotations of a GitHub Actions job:
//! `::error title=wh check no-signature::expected a refusal: 4xx, got 200 OK`.

use super::details;
use crate::webhook::probe::examination::Examination;
use crate::webhook::probe::judging::Status;

/// A line for each check that failed or is worth a warning.
#[must_use]
pub fn write(examination: &Examination) -> String {
    let mut text = String::new();
    for check in &examination.checks {
        let command = match check.status {
            _ if examination.is_failure(check) => "error",
            Status::Warn => "warning",
            Status::Pass | Status::Skip | Status::Fail => continue,
        };
        let title = property(&format!("wh check {}: {}", check.id, check.title));
        text.push_str(&format!("::{command} title={title}::{}\n", data(&details(check))));
    }
    text
}

/// Text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
