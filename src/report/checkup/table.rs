//! What came of checking a receiver, for people: a table grouped by severity, failures with their remedy, a verdict.

use crate::report::human::Verbosity;
use crate::report::layout::{self, Page};
use crate::report::palette::{Palette, Role};
use crate::report::sanitize;
use crate::webhook::probe::examination::{Examination, Forgeries, GENUINE, Verdict};
use crate::webhook::probe::judging::{self, Check, Counts, Status};
use crate::webhook::probe::{Probe, Severity, Words};
use crate::webhook::provider::Provider;

/// From how many on checks that were skipped for one reason are told in one row.
const MANY: usize = 3;

/// Why checks say nothing of a receiver that refuses what is genuine.
const UNTRUSTED: &str = "prove nothing while the genuine delivery is refused";

/// The heading of a group.
const fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Security => "Security",
        Severity::Robustness => "Robustness",
        Severity::Advice => "Advice",
    }
}

/// The whole table. Quiet, only what is not as it should be; verbose, all of it with what was sent and expected.
///
/// Where the genuine delivery is refused, that comes first: all else depends on it.
#[must_use]
pub fn table(examination: &Examination, palette: Palette, page: Page, verbosity: Verbosity) -> String {
    let rows = Rows::new(examination, palette, page, verbosity);
    let mut text = String::new();
    let refused = match examination.verdict() {
        Verdict::RefusesGenuine => examination.checks.iter().find(|check| check.id == GENUINE),
        _ => None,
    };
    if let Some(check) = refused {
        let line = palette.paint(Role::Bad, "It refuses the genuine delivery: fix that first");
        text.push_str(&format!("{}\n", page.line(&line, 2)));
        text.push_str(&rows.row(check, &[]));
        text.push('\n');
    }
    for severity in Severity::ALL {
        let meant = |check: &&Check| refused.is_none_or(|refused| refused.id != check.id);
        let group: Vec<&Check> = examination.of(severity).filter(meant).collect();
        text.push_str(&rows.group(severity, &group));
    }
    text.push_str(&rows.ending());
    text
}

/// How rows are written.
struct Rows<'a> {
    examination: &'a Examination,
    palette: Palette,
    page: Page,
    verbosity: Verbosity,
    /// How wide names are.
    width: usize,
    /// Whether there is room beside all of them.
    is_broad: bool,
}

/// Whether a reader has something to do about it.
fn is_notable(check: &Check) -> bool {
    matches!(check.status, Status::Fail | Status::Warn)
}

/// Why a check was skipped.
fn skipped_for(check: &Check) -> Option<&str> {
    let reason = if check.got.ends_with(judging::UNTRUSTED) { UNTRUSTED } else { &check.got };
    (check.status == Status::Skip).then_some(reason)
}

impl<'a> Rows<'a> {
    fn new(examination: &'a Examination, palette: Palette, page: Page, verbosity: Verbosity) -> Self {
        let widest = examination.checks.iter().map(|check| check.id.len()).max().unwrap_or_default();
        // On a narrow terminal the longest names stand out, so that `401 Unauthorized` fits behind the others.
        let room = page.columns().map_or(widest, |columns| columns.saturating_sub(26));
        let is_broad = page.columns().is_none_or(|columns| columns >= widest + 40);
        Self { examination, palette, page, verbosity, width: widest.min(room), is_broad }
    }

    /// The checks of one severity, below their heading.
    fn group(&self, severity: Severity, checks: &[&Check]) -> String {
        let quiet = self.verbosity == Verbosity::Quiet;
        let mut rows = String::new();
        let mut told: Vec<&Check> = Vec::new();
        let mut reasons: Vec<&str> = Vec::new();
        for check in checks.iter().filter(|check| !quiet || is_notable(check)) {
            let Some(reason) = self.shared_reason(check, checks) else {
                rows.push_str(&self.row(check, &told));
                told.extend(is_notable(check).then_some(*check));
                continue;
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
                let count = checks.iter().filter(|other| skipped_for(other) == Some(reason)).count();
                rows.push_str(&self.short(Status::Skip, &format!("{count} checks"), reason));
            }
        }
        if rows.is_empty() {
            return rows;
        }
        format!("{}\n{rows}\n", self.palette.paint(Role::Heading, heading(severity)))
    }

    /// Why a check and many around it were skipped.
    fn shared_reason<'b>(&self, check: &'b Check, checks: &[&Check]) -> Option<&'b str> {
        let reason = skipped_for(check).filter(|_| self.verbosity != Verbosity::Verbose)?;
        let count = checks.iter().filter(|other| skipped_for(other) == Some(reason)).count();
        (count >= MANY).then_some(reason)
    }

    /// `  ok    stale  401 Unauthorized`
    fn short(&self, status: Status, name: &str, text: &str) -> String {
        let text = self.palette.paint(Role::Faint, &sanitize::line(text));
        self.first_line(status, name, name, &text)
    }

    /// A row's first line: a word, a name in its column, painted already, and a text. On a narrow terminal the text
    /// follows the name wherever that ends, if it does not fit into its own column.
    fn first_line(&self, status: Status, name: &str, painted: &str, text: &str) -> String {
        let head = format!("  {}  {painted}  ", self.word(status));
        let filling = " ".repeat(self.width.saturating_sub(name.len()));
        let columnar = format!("{head}{filling}{text}");
        let fits = self.page.columns().is_none_or(|columns| self.is_broad || layout::width(&columnar) <= columns);
        let head = if fits { format!("{head}{filling}") } else { head };
        format!("{}\n", self.page.beside(&head, text, 8))
    }

    fn word(&self, status: Status) -> String {
        let (word, role) = match status {
            Status::Pass => ("ok  ", Role::Good),
            Status::Fail => ("FAIL", Role::Bad),
            Status::Warn => ("warn", Role::Notice),
            Status::Skip => ("skip", Role::Faint),
        };
        self.palette.paint(role, word)
    }

    /// A check; what those above it in its group have said is not said again.
    fn row(&self, check: &Check, told: &[&Check]) -> String {
        let notable = is_notable(check);
        if !notable && self.verbosity != Verbosity::Verbose {
            return self.short(check.status, check.id, &check.got);
        }
        let name = self.palette.paint(Role::Name, check.id);
        let mut text = self.first_line(check.status, check.id, &name, &sanitize::line(&check.title));
        self.fact(&mut text, "expected", &check.expected);
        self.fact(&mut text, "got", &check.got);
        if notable {
            // Why it matters that the genuine delivery is refused is what the verdict says.
            let is_said = check.id == GENUINE && self.examination.verdict() == Verdict::RefusesGenuine;
            let is_known = is_said || check.why == check.got || told.iter().any(|earlier| earlier.why == check.why);
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
        let filling = " ".repeat(8_usize.saturating_sub(name.len()));
        let head = format!("        {}{filling}  ", self.palette.paint(Role::Faint, name));
        text.push_str(&format!("{}\n", self.page.beside(&head, &sanitize::line(value), 10)));
    }

    /// How to see a failure again, and the verdict.
    fn ending(&self) -> String {
        let Self { examination, palette, .. } = *self;
        let role = match examination.verdict() {
            Verdict::Good => Role::Good,
            Verdict::Insecure
            | Verdict::Fragile
            | Verdict::Doubtful
            | Verdict::RefusesGenuine
            | Verdict::Unreachable => Role::Bad,
            Verdict::Nothing | Verdict::Unproven | Verdict::Interrupted => Role::Notice,
        };
        if self.verbosity == Verbosity::Quiet && role == Role::Good {
            return String::new();
        }
        let mut text = String::new();
        let mut notable = examination.checks.iter().filter(|check| is_notable(check));
        if let Some(again) = notable.find_map(|check| examination.again(check)) {
            let title = format!("{} ", palette.paint(Role::Faint, "see it again:"));
            text.push_str(&format!("{}\n", self.page.whole(&title, &sanitize::line(&again))));
        }
        let (mut sentence, counts) = verdict(examination);
        if examination.verdict() == Verdict::RefusesGenuine {
            // That it is refused was the first line.
            "Nothing can be concluded about forgeries".clone_into(&mut sentence);
        }
        let line = format!("{}. {counts}", palette.paint(role, &sentence));
        text.push_str(&self.page.line(&line, 0));
        text.push('\n');
        text
    }
}

/// One line: what can be said of the receiver, and on what ground.
#[must_use]
pub fn verdict(examination: &Examination) -> (String, String) {
    let words = match examination.verdict() {
        Verdict::Good => match refusals(examination) {
            Some((refusals, true)) => format!("It refuses {refusals} and accepts what is genuine"),
            Some((refusals, false)) => format!("It refuses {refusals} and accepts the genuine delivery"),
            None if examination.forgeries().tried > 0 => {
                "It accepts the genuine delivery; no forgery was accepted, and none refused with a 4xx".to_owned()
            }
            None => format!("It accepts the genuine delivery; {UNTRIED}"),
        },
        Verdict::Insecure => format!("Do not trust it: {}", failed(examination, Severity::Security)),
        Verdict::Fragile => {
            let failed = failed(examination, Severity::Robustness);
            match refusals(examination) {
                Some((refusals, _)) => format!("It refuses {refusals}, but {failed}"),
                None if examination.scope.forgeries > 0 => format!("It is fragile: {failed}"),
                None => format!("It is fragile: {failed}; {UNTRIED}"),
            }
        }
        Verdict::Doubtful => "Warnings fail here, as --strict says".to_owned(),
        Verdict::RefusesGenuine => {
            "It refuses the genuine delivery, so nothing can be concluded about forgeries".to_owned()
        }
        Verdict::Unreachable => "Nobody answered".to_owned(),
        Verdict::Nothing => {
            "Nothing that was asked for was checked: it accepts the genuine delivery, no more".to_owned()
        }
        Verdict::Unproven => "Nothing can be concluded about forgeries: no answer to one proves anything".to_owned(),
        Verdict::Interrupted => "Stopped before the end".to_owned(),
    };
    (words, format!("{} in {} ms", counts(examination.counts()), examination.duration.as_millis()))
}

/// What is said where no forgery was sent.
const UNTRIED: &str = "whether it refuses forgeries was not tried";

/// `forgeries`, or `the 3 forgeries that were tried`, and whether these are all that there are; nothing where none was
/// refused.
fn refusals(examination: &Examination) -> Option<(String, bool)> {
    let Forgeries { tried, refused } = examination.forgeries();
    let words = match (tried, refused) {
        (_, 0) => return None,
        _ if refused == examination.scope.known => return Some(("forgeries".to_owned(), true)),
        (1, _) => "the one forgery that was tried".to_owned(),
        _ if refused == tried => format!("the {tried} forgeries that were tried"),
        _ => format!("{refused} of the {tried} forgeries that were tried"),
    };
    Some((words, false))
}

/// `2 security checks failed (stale, future)`
fn failed(examination: &Examination, severity: Severity) -> String {
    const NAMED: usize = 4;
    let failed = examination.of(severity).filter(|check| check.status == Status::Fail);
    let names: Vec<&str> = failed.map(|check| check.id).collect();
    let mut named = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED {
        named.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    let word = if names.len() == 1 { "check" } else { "checks" };
    format!("{} {} {word} failed ({named})", names.len(), severity.name())
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
pub fn list(probes: &[&Probe], provider: Option<&Provider>, palette: Palette, page: Page) -> String {
    let mut text = String::new();
    let width = probes.iter().map(|probe| probe.id.len()).max().unwrap_or_default();
    let words = Words::of(provider);
    for severity in Severity::ALL {
        let mut group = probes.iter().filter(|probe| probe.severity == severity).peekable();
        if group.peek().is_none() {
            continue;
        }
        text.push_str(&format!("{}\n", palette.paint(Role::Heading, heading(severity))));
        for probe in group {
            let title = words.fill(probe.title);
            let obstacle = provider.and_then(|provider| probe.obstacle(provider));
            let (role, note) = match obstacle {
                Some(obstacle) => (Role::Faint, format!("{title} (left out: {obstacle})")),
                None => (Role::Name, title),
            };
            let name = palette.paint(role, &format!("{:width$}", probe.id));
            text.push_str(&format!("{}\n", page.beside(&format!("  {name}  "), &note, 6)));
        }
        text.push('\n');
    }
    text
}
