//! What came of checking a receiver, for people: a table grouped by severity, failures with their remedy, a verdict.

use crate::report::human::Verbosity;
use crate::report::palette::{Palette, Role};
use crate::report::sanitize;
use crate::webhook::probe::examination::{Examination, Verdict};
use crate::webhook::probe::judging::{Check, Counts, Status};
use crate::webhook::probe::{Probe, Severity};
use crate::webhook::provider::Provider;

/// How wide prose is where nobody says.
const USUAL_COLUMNS: usize = 100;

/// The heading of a group.
const fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Security => "Security",
        Severity::Robustness => "Robustness",
        Severity::Advice => "Advice",
    }
}

/// The whole table. Quiet, only what is not as it should be; verbose, all of it with what was sent and expected.
#[must_use]
pub fn table(examination: &Examination, palette: Palette, columns: Option<usize>, verbosity: Verbosity) -> String {
    let quiet = verbosity == Verbosity::Quiet;
    let mut text = String::new();
    let width = examination.checks.iter().map(|check| check.id.len()).max().unwrap_or_default();
    let rows = Rows { palette, columns, width, verbose: verbosity == Verbosity::Verbose };
    for severity in Severity::ALL {
        let shown: Vec<&Check> = examination
            .of(severity)
            .filter(|check| !quiet || matches!(check.status, Status::Fail | Status::Warn))
            .collect();
        if shown.is_empty() {
            continue;
        }
        text.push_str(&format!("{}\n", palette.paint(Role::Heading, heading(severity))));
        let mut told: Vec<&Check> = Vec::new();
        for check in shown {
            text.push_str(&rows.row(check, &told));
            if is_notable(check) {
                told.push(check);
            }
        }
        text.push('\n');
    }
    let role = match examination.verdict() {
        Verdict::Good => Role::Good,
        Verdict::Insecure | Verdict::Fragile | Verdict::Doubtful | Verdict::RefusesGenuine | Verdict::Unreachable => {
            Role::Bad
        }
        Verdict::Nothing | Verdict::Interrupted => Role::Notice,
    };
    if quiet && role == Role::Good {
        return text;
    }
    if let Some(hint) = &examination.hint {
        let hint = wrapped(&sanitize::line(hint), "      ", columns);
        text.push_str(&format!("{} {hint}\n", palette.paint(Role::Notice, "hint:")));
    }
    if let Some(again) =
        examination.checks.iter().filter(|check| is_notable(check)).find_map(|check| examination.again(check))
    {
        // To be copied, so never broken into lines.
        text.push_str(&format!("{} {}\n", palette.paint(Role::Faint, "see it again:"), sanitize::line(&again)));
    }
    let (first, rest) = verdict(examination);
    text.push_str(&wrapped(&format!("{}: {rest}", palette.paint(role, &first)), "", columns));
    text.push('\n');
    text
}

/// How rows are written.
struct Rows {
    palette: Palette,
    columns: Option<usize>,
    /// How wide names are.
    width: usize,
    /// Whether what passed is told whole, too.
    verbose: bool,
}

/// Whether a reader has something to do about it.
fn is_notable(check: &Check) -> bool {
    matches!(check.status, Status::Fail | Status::Warn)
}

impl Rows {
    /// A check; what those above it in its group have said is not said again.
    fn row(&self, check: &Check, told: &[&Check]) -> String {
        let (word, role) = match check.status {
            Status::Pass => ("ok  ", Role::Good),
            Status::Fail => ("FAIL", Role::Bad),
            Status::Warn => ("warn", Role::Notice),
            Status::Skip => ("skip", Role::Faint),
        };
        let word = self.palette.paint(role, word);
        let name = format!("{:width$}", check.id, width = self.width);
        let notable = is_notable(check);
        if !notable && !self.verbose {
            let got = wrapped(&sanitize::line(&check.got), &" ".repeat(self.width + 10), self.columns);
            return format!("  {word}  {name}  {}\n", self.palette.paint(Role::Faint, &got));
        }
        let mut text =
            format!("  {word}  {}  {}\n", self.palette.paint(Role::Name, &name), sanitize::line(&check.title));
        self.fact(&mut text, "expected", &check.expected);
        self.fact(&mut text, "got", &check.got);
        if notable {
            let is_known = check.why == check.got || told.iter().any(|earlier| earlier.why == check.why);
            self.fact(&mut text, "why", if is_known { "" } else { &check.why });
            match told.iter().find(|earlier| earlier.remedy == check.remedy) {
                Some(earlier) => self.fact(&mut text, "remedy", &format!("as for {}", earlier.id)),
                None => self.fact(&mut text, "remedy", &check.remedy),
            }
        }
        text
    }

    fn fact(&self, text: &mut String, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = wrapped(&sanitize::line(value), &" ".repeat(18), self.columns);
        let name = self.palette.paint(Role::Faint, &format!("{name:<8}"));
        text.push_str(&format!("        {name}  {value}\n"));
    }
}

/// One line: what can be said of the receiver, and on what ground.
#[must_use]
pub fn verdict(examination: &Examination) -> (String, String) {
    let failed = |severity: Severity| {
        let names: Vec<&str> =
            examination.of(severity).filter(|check| check.status == Status::Fail).map(|check| check.id).collect();
        names.len()
    };
    let words = match examination.verdict() {
        Verdict::Good => "It refuses forgeries and accepts what is genuine".to_owned(),
        Verdict::Insecure => format!("Do not trust it: {} of security failed", checks(failed(Severity::Security))),
        Verdict::Fragile => {
            format!("It refuses forgeries, and {} of robustness failed", checks(failed(Severity::Robustness)))
        }
        Verdict::Doubtful => "Warnings fail here, as --strict says".to_owned(),
        Verdict::RefusesGenuine => {
            "It refuses the genuine delivery, so that nothing can be concluded about forgeries".to_owned()
        }
        Verdict::Unreachable => "Nobody answered".to_owned(),
        Verdict::Nothing => "Nothing was checked that proves anything".to_owned(),
        Verdict::Interrupted => "Stopped before the end".to_owned(),
    };
    (words, format!("{} ({} ms)", counts(examination.counts()), examination.duration.as_millis()))
}

fn checks(count: usize) -> String {
    if count == 1 { "1 check".to_owned() } else { format!("{count} checks") }
}

/// `41 passed, 2 failed, 1 warning`.
#[must_use]
pub fn counts(counts: Counts) -> String {
    let Counts { passed, failed, warned, skipped } = counts;
    let mut text = format!("{passed} passed, {failed} failed");
    if warned > 0 {
        text.push_str(&format!(", {warned} {}", if warned == 1 { "warning" } else { "warnings" }));
    }
    if skipped > 0 {
        text.push_str(&format!(", {skipped} skipped"));
    }
    text
}

/// The checks that there are, grouped by severity.
#[must_use]
pub fn list(probes: &[&Probe], provider: Option<&Provider>, palette: Palette, columns: Option<usize>) -> String {
    let mut text = String::new();
    let width = probes.iter().map(|probe| probe.id.len()).max().unwrap_or_default();
    for severity in Severity::ALL {
        let mut group = probes.iter().filter(|probe| probe.severity == severity).peekable();
        if group.peek().is_none() {
            continue;
        }
        text.push_str(&format!("{}\n", palette.paint(Role::Heading, heading(severity))));
        for probe in group {
            let title = match provider {
                Some(provider) => probe.title(provider),
                None => probe.title.replace("{proof}", "signature"),
            };
            let obstacle = provider.and_then(|provider| probe.obstacle(provider));
            let (role, note) = match obstacle {
                Some(obstacle) => (Role::Faint, format!("{title} (left out: {obstacle})")),
                None => (Role::Name, title),
            };
            let name = palette.paint(role, &format!("{:width$}", probe.id));
            text.push_str(&format!("  {name}  {}\n", wrapped(&note, &" ".repeat(width + 4), columns)));
        }
        text.push('\n');
    }
    text
}

/// Prose as wide as the terminal; its lines but for the first stand behind `indent`.
fn wrapped(text: &str, indent: &str, columns: Option<usize>) -> String {
    match columns.unwrap_or(USUAL_COLUMNS).checked_sub(indent.len()) {
        Some(width @ 24..) => textwrap::wrap(text, width).join(&format!("\n{indent}")),
        _ => text.to_owned(),
    }
}
