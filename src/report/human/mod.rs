//! Lines for people: arrows with the same id on both, the answer's body when it matters, a page about a scheme.
//!
//! ```text
//! 10:00:00 --> wpg slot.submitted [msg_2Lk9…] signature ok
//! 10:00:00 <-- 200 POST http://localhost:3000/ (12 ms) [msg_2Lk9…]
//! ```

mod catalogue;
pub(super) mod exchange;
mod logged;

use std::io::{self, Write};
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::exchange::Arrival;
use super::layout::Page;
use super::listing::Table;
use super::palette::{Palette, Role};
use super::progress::Meter;
use super::{Onward, Outcome, Problem, Reporter, Summary, Totals, checkup, sanitize, totals};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Failures only.
    Quiet,
    /// What is usual.
    Normal,
    /// Requests and answers whole.
    Verbose,
}

/// Writes for people: the answer to one stream, the conversation to the other.
pub struct HumanReporter<'a> {
    pub(super) output: Box<dyn Write + 'a>,
    errors: Box<dyn Write + 'a>,
    pub(super) style: Style,
    zone: OnceLock<TimeZone>,
    meter: Meter,
    table: Option<Table>,
}

/// How a [`HumanReporter`] writes.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The colours of the answer.
    pub output: Palette,
    /// The colours of the conversation.
    pub errors: Palette,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether the answer goes to a terminal, so that nothing in it may act on one.
    pub terminal: bool,
    /// How wide the place of the answer is.
    pub page: Page,
    /// How wide the place of the conversation is.
    pub errors_page: Page,
    /// The time zone of times that are shown.
    pub zone: fn() -> TimeZone,
}

impl<'a> HumanReporter<'a> {
    /// A reporter that writes to these streams.
    #[must_use]
    pub fn new(output: Box<dyn Write + 'a>, errors: Box<dyn Write + 'a>, style: Style) -> Self {
        Self {
            output,
            errors,
            style,
            zone: OnceLock::new(),
            meter: Meter::new(style.errors, style.errors_page.columns()),
            table: None,
        }
    }

    pub(super) fn is(&self, verbosity: Verbosity) -> bool {
        self.style.verbosity == verbosity
    }

    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        self.style.output.paint(role, text)
    }

    fn zone(&self) -> TimeZone {
        self.zone.get_or_init(self.style.zone).clone()
    }

    fn time(&self, at: Timestamp) -> String {
        let zone = self.zone();
        let time = at.to_zoned(zone).strftime("%H:%M:%S").to_string();
        self.paint(Role::Faint, &time)
    }

    fn ready(&mut self, url: &str, scheme: Option<&str>, log: Option<&str>, targets: &[Onward]) -> io::Result<()> {
        if self.is(Verbosity::Quiet) {
            return Ok(());
        }
        let expected = scheme.unwrap_or("any scheme that it recognises");
        let url = self.paint(Role::Name, &sanitize::line(url));
        self.line(&format!("Listening on {url} for {}", sanitize::line(expected)), 2)?;
        for Onward { glob, url } in targets {
            let what = glob.as_ref().map(|glob| format!("{glob} ")).unwrap_or_default();
            let target = format!("{what}to {url}");
            self.line(&format!("  forwarding {}", sanitize::line(&target)), 4)?;
        }
        let log = log.map_or("recording nothing".into(), |log| format!("recording in {}", sanitize::line(log)));
        let log = format!("  {}", self.paint(Role::Faint, &log));
        self.line(&log, 4)?;
        writeln!(self.output)
    }

    /// Begins a line of its own: the terminal has put ^C where the cursor stood, which a bar takes off with itself.
    fn interrupted(&mut self, drawn: bool) -> io::Result<()> {
        if self.style.terminal && !drawn {
            writeln!(self.output)?;
            self.output.flush()?;
        }
        Ok(())
    }

    fn listened(&mut self, totals: Totals) -> io::Result<()> {
        let Totals { received, valid, invalid, unverified, forwarded, failed, .. } = totals;
        let role = if invalid + failed > 0 { Role::Bad } else { Role::Good };
        let mut text = format!("{received} received, {valid} genuine");
        for (count, word) in
            [(invalid, "not genuine"), (unverified, "not verified"), (forwarded, "forwarded"), (failed, "failed")]
        {
            if count > 0 {
                text.push_str(&format!(", {count} {word}"));
            }
        }
        if self.is(Verbosity::Quiet) && role == Role::Good {
            return Ok(());
        }
        // The terminal has put ^C where the cursor stood.
        if self.style.terminal {
            writeln!(self.output)?;
        }
        let text = self.paint(role, &text);
        self.line(&text, 2)
    }

    fn indented(&mut self, text: &str, indent: &str) -> io::Result<()> {
        for line in text.lines() {
            writeln!(self.output, "{indent}{line}")?;
        }
        Ok(())
    }

    pub(super) fn fact(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.fact_as(Role::Faint, name, text)
    }

    /// A fact behind its name, which stands at the right of its column.
    pub(super) fn fact_as(&mut self, role: Role, name: &str, text: &str) -> io::Result<()> {
        let head = format!("{}{}  ", " ".repeat(15_usize.saturating_sub(name.len())), self.paint(role, name));
        let fact = self.style.page.beside(&head, &sanitize::line(text), 4);
        writeln!(self.output, "{fact}")
    }

    /// A sentence of the conversation, behind the word that says what it is.
    pub(super) fn aside(&mut self, role: Role, word: &str, text: &str) -> io::Result<()> {
        let word = self.style.errors.paint(role, word);
        let text = format!("{word} {}", sanitize::line(text));
        // In one piece, so that it stands whole among what others write.
        self.errors.write_all(format!("{}\n", self.style.errors_page.line(&text, 6)).as_bytes())
    }

    /// A line of the answer, safe already, which goes on below behind so many spaces.
    pub(super) fn line(&mut self, text: &str, indent: usize) -> io::Result<()> {
        writeln!(self.output, "{}", self.style.page.line(text, indent))
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        let good = summary.accepted == summary.sent && summary.in_flight + summary.waiting + summary.unsent == 0;
        if self.is(Verbosity::Quiet) && good {
            return Ok(());
        }
        let text = self.paint(if good { Role::Good } else { Role::Bad }, &totals::outcome(summary));
        self.line(&text, 2)?;
        if (summary.counted || self.is(Verbosity::Verbose)) && summary.attempts > 0 {
            for line in totals::details(summary, self.style.page.columns()) {
                self.line(&format!("  {line}"), 4)?;
            }
        }
        Ok(())
    }
}

impl Reporter for HumanReporter<'_> {
    fn report(&mut self, outcome: &Outcome<'_>) -> io::Result<()> {
        let drawn = !matches!(outcome, Outcome::Progress(_) | Outcome::Checked(_)) && self.meter.clear();
        match outcome {
            Outcome::Interrupted => self.interrupted(drawn)?,
            Outcome::Notice(notice) => {
                if self.is(Verbosity::Quiet) || notice.is_detail() && !self.is(Verbosity::Verbose) {
                    return Ok(());
                }
                return self.aside(Role::Notice, "note:", &notice.to_string());
            }
            Outcome::Sending { delivery, provider, at, fault, secrets } => {
                self.sending(delivery, *provider, *at, *fault, *secrets)?;
            }
            Outcome::Planned { delivery, provider, secrets } => self.request(delivery, *provider, "", *secrets)?,
            Outcome::Signed { delivery, provider, form } => self.signed(delivery, provider, *form)?,
            Outcome::Received { delivery, provider, at, verdict, answer, whole, secrets, why, .. } => {
                let (provider, at, verdict, answer) = (*provider, *at, *verdict, *answer);
                let (whole, secrets, why) = (*whole, *secrets, *why);
                self.received(&Arrival { delivery, provider, at, verdict, answer, whole, secrets, why })?;
            }
            Outcome::Ready { url, scheme, log, targets, .. } => self.ready(url, *scheme, *log, targets)?,
            Outcome::Forwarded { delivery, attempt, good } => self.attempted(delivery, attempt, *good)?,
            Outcome::Secrets { secrets, named } => {
                let name = |scheme: Option<&str>| sanitize::line(scheme.unwrap_or_default()).into_owned();
                let width = secrets.iter().map(|(scheme, _)| name(*scheme).len()).max().unwrap_or_default();
                for (scheme, secret) in *secrets {
                    let name = if *named { format!("{:width$}  ", name(*scheme)) } else { String::new() };
                    let text = String::from_utf8_lossy(secret.expose());
                    writeln!(self.output, "{name}{}", sanitize::line(&text))?;
                }
            }
            Outcome::Draft { .. } | Outcome::Written { .. } | Outcome::Next(_) if self.is(Verbosity::Quiet) => {}
            Outcome::Draft { text, .. } => writeln!(self.output, "{}", sanitize::block(text))?,
            Outcome::Written { path, replaces, .. } => {
                let word = self.paint(Role::Good, if *replaces { "changed" } else { "wrote" });
                writeln!(self.output, "{word} {}", sanitize::line(&path.display().to_string()))?;
            }
            Outcome::Next(steps) => {
                for (index, step) in steps.iter().enumerate() {
                    let word = if index == 0 { "next:" } else { "     " };
                    let step = format!("{} {}", self.paint(Role::Faint, word), sanitize::line(step));
                    self.line(&step, 8)?;
                }
            }
            Outcome::Listened(totals) => self.listened(*totals)?,
            // The error that ends the run says it; twice would be once too often.
            // And a check is shown with its group, once all are done.
            Outcome::Attempted { fatal: true, .. } | Outcome::Checked(_) => {}
            Outcome::Attempted { delivery, attempt, good, advice, prospect, .. } => {
                self.attempted(delivery, attempt, *good)?;
                if let Some(prospect) = prospect.filter(|_| !*good || !self.is(Verbosity::Quiet)) {
                    self.prospect(prospect, attempt.number)?;
                }
                if let Some(advice) = advice {
                    self.output.flush()?;
                    self.aside(Role::Notice, "hint:", advice)?;
                }
            }
            Outcome::Left { delivery, at, failures } => self.left(delivery, *at, *failures)?,
            Outcome::Progress(progress) => {
                self.meter.show(progress);
                return Ok(());
            }
            Outcome::Judged { file, examined } => self.examined(file, examined)?,
            Outcome::Verified(count) => self.verified(*count)?,
            Outcome::Events { provider, events } => self.events(provider, events)?,
            Outcome::Event { event, provider, example } => self.event(event, provider, example)?,
            Outcome::Schemes(providers) => self.schemes(providers)?,
            Outcome::Scheme { provider, example } => self.scheme(provider, *example)?,
            Outcome::Logged { entries, now, .. } => self.logged(entries, *now)?,
            Outcome::LoggedWhole { recorded, provider, first, same_payload, .. } => {
                self.logged_whole(recorded, *provider, *same_payload, *first)?;
            }
            Outcome::Summary(summary) => self.summary(summary)?,
            Outcome::Probes { probes, provider } => {
                let text = checkup::table::list(probes, *provider, self.style.output, self.style.page);
                write!(self.output, "{text}")?;
            }
            Outcome::Annotations(examination) => {
                let text = checkup::github::write(examination);
                return write!(self.errors, "{text}");
            }
            Outcome::Examined(examination) => {
                let Style { output, page, verbosity, .. } = self.style;
                let text = checkup::table::table(examination, output, page, verbosity);
                write!(self.output, "{text}")?;
            }
        }
        self.output.flush()
    }

    fn error(&mut self, problem: &Problem) -> io::Result<()> {
        self.meter.clear();
        self.aside(Role::Bad, "error:", &problem.message)?;
        match &problem.hint {
            Some(hint) => self.aside(Role::Notice, "hint:", hint),
            None => Ok(()),
        }
    }
}

pub(super) fn elapsed(duration: std::time::Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds < 10_000 { format!("{milliseconds} ms") } else { format!("{:.1} s", duration.as_secs_f64()) }
}

fn shortened(text: &str, length: usize) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(length).collect();
    if characters.next().is_some() { format!("{start}…") } else { start }
}
