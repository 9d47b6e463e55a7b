//! What came of checking a receiver, in each of the forms that people and CI systems read.

pub mod github;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod table;
pub mod tap;

use super::sanitize;
use crate::webhook::probe::judging::Check;

/// What a failure is about, a line for each fact.
fn details(check: &Check) -> String {
    let facts = [
        ("expected", check.expected.as_str()),
        ("got", &check.got),
        ("why", if check.why == check.got { "" } else { &check.why }),
        ("remedy", &check.remedy),
    ];
    let lines = facts.into_iter().filter(|(_, text)| !text.is_empty());
    lines.map(|(name, text)| format!("{name}: {}", sanitize::line(text))).collect::<Vec<_>>().join("\n")
}
