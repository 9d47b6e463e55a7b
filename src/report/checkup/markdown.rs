//! Checks as Markdown, for a pull request or the summary page of a job.

use super::table::{counts, verdict};
use crate::report::sanitize;
use crate::webhook::probe::examination::{Examination, Verdict};
use crate::webhook::probe::judging::{Check, Status};

/// The report, as a whole.
#[must_use]
pub fn write(examination: &Examination) -> String {
    let (sentence, _) = verdict(examination);
    let mark = if examination.verdict() == Verdict::Good { "✅" } else { "❌" };
    let mut text = format!(
        "### {mark} wh check: {} at `{}`\n\n**{sentence}.** {}.\n",
        cell(&examination.scheme),
        cell(&examination.url),
        counts(examination.counts()),
    );
    let of = |status| examination.checks.iter().filter(move |check| check.status == status);
    let notable: Vec<&Check> = of(Status::Fail).chain(of(Status::Warn)).collect();
    if !notable.is_empty() {
        text.push_str("\n| | check | severity | expected | got | remedy |\n|---|---|---|---|---|---|\n");
        for check in notable {
            let mark = if examination.is_failure(check) { "❌" } else { "⚠️" };
            text.push_str(&format!(
                "| {mark} | `{}`<br>{} | {} | {} | {} | {} |\n",
                check.id,
                cell(&check.title),
                check.severity.name(),
                cell(&check.expected),
                cell(&check.got),
                cell(&check.remedy),
            ));
        }
    }
    for (status, heading) in [(Status::Pass, "passed"), (Status::Skip, "skipped")] {
        let names: Vec<String> = of(status).map(|check| format!("`{}`", check.id)).collect();
        if !names.is_empty() {
            let count = names.len();
            text.push_str(&format!(
                "\n<details><summary>{count} {heading}</summary>\n\n{}\n\n</details>\n",
                names.join(", ")
            ));
        }
    }
    text
}

/// Text in which nothing is Markdown or HTML.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in sanitize::line(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '*' | '_' | '[' | ']' | '\\' => safe.extend(['\\', character]),
            '`' => safe.push('\''),
            character => safe.push(character),
        }
    }
    safe
}
