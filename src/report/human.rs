//! Lines for people: arrows with the same id on both, the answer's body when it matters, a page about a scheme.
//!
//! ```text
//! 10:00:00 --> wpg slot.submitted [msg_2Lk9…] signature ok
//! 10:00:00 <-- 200 POST http://localhost:3000/ (12 ms) [msg_2Lk9…]
//! ```

mod logged;

use std::io::{self, Write};
use std::sync::OnceLock;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::export::{self, ExportForm};
use super::findings::Why;
use super::listing::Table;
use super::palette::{Palette, Role};
use super::progress::Meter;
use super::{
    Outcome, Problem, Prospect, Reporter, Summary, Totals, Whole, checkup, explanation, payload, sanitize, totals,
};
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::{EventInfo, Provider};
use crate::webhook::record::REDACTED;
use crate::webhook::retrying::Step;
use crate::webhook::scheme::Algorithm;
use crate::webhook::verification::{Rejection, Verified};

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
    /// How many columns prose may take.
    pub columns: Option<usize>,
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
            meter: Meter::new(style.errors, style.columns),
            table: None,
        }
    }

    pub(super) fn is(&self, verbosity: Verbosity) -> bool {
        self.style.verbosity == verbosity
    }

    pub(super) fn paint(&self, role: Role, text: &str) -> String {
        self.style.output.paint(role, text)
    }

    fn time(&self, at: Timestamp) -> String {
        let zone = self.zone.get_or_init(TimeZone::system);
        let time = at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
        self.paint(Role::Faint, &time)
    }

    fn id(&self, delivery: &Delivery) -> String {
        self.paint(Role::Faint, &format!("[{}]", sanitize::line(&delivery.id)))
    }

    /// `10:00:00 --> wpg slot.submitted [msg_2Lk9…]`
    fn arrow_out(&self, delivery: &Delivery, at: Timestamp) -> String {
        let scheme = sanitize::line(delivery.scheme.as_deref().unwrap_or("?"));
        let event = delivery.event_name();
        let event = self.paint(Role::Name, &sanitize::line(&event));
        format!("{} --> {scheme} {event} {}", self.time(at), self.id(delivery))
    }

    fn sending(
        &mut self,
        delivery: &Delivery,
        provider: Option<&Provider>,
        at: Timestamp,
        fault: Option<&str>,
    ) -> io::Result<()> {
        if self.is(Verbosity::Quiet) {
            return Ok(());
        }
        let fault =
            fault.map(|fault| self.paint(Role::Notice, &format!(" wrong on purpose: {fault}"))).unwrap_or_default();
        writeln!(self.output, "{}{fault}", self.arrow_out(delivery, at))?;
        if self.is(Verbosity::Verbose) { self.request(delivery, provider, "    ", false) } else { Ok(()) }
    }

    /// A delivery that arrived: its line, and as much of it as is wanted.
    fn received(&mut self, arrival: &Arrival<'_>) -> io::Result<()> {
        let Arrival { delivery, provider, at, verdict, status, whole, secrets, why } = *arrival;
        if self.is(Verbosity::Quiet) && verdict.is_none_or(Result::is_ok) {
            return Ok(());
        }
        if whole == Whole::Request {
            self.request(delivery, provider, "", secrets)?;
        }
        writeln!(self.output, "{} {}", self.arrow_out(delivery, at), self.verdict(verdict, provider))?;
        self.why(why)?;
        match whole {
            Whole::Payload if self.is(Verbosity::Verbose) => self.request(delivery, provider, "    ", secrets)?,
            Whole::Payload => self.payload(delivery, provider, "    ")?,
            Whole::Line | Whole::Request => {}
        }
        match status {
            // Who sends to itself sees the answer come back.
            Some(status) if whole == Whole::Payload => {
                let role = if status.is_success() { Role::Good } else { Role::Bad };
                let word = self.paint(role, &status_words(status));
                writeln!(self.output, "{} <-- {word} by wh {}", self.time(at), self.id(delivery))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// `signature ok`, or why not; where nothing is signed, it is the token that is looked at.
    fn verdict(&self, verdict: Option<&Result<Verified, Rejection>>, provider: Option<&Provider>) -> String {
        let token = provider.is_some_and(|provider| provider.scheme.algorithm == Algorithm::Token);
        let what = if token { "token" } else { "signature" };
        match verdict {
            None => self.paint(Role::Notice, "not verified: no scheme recognised"),
            Some(Ok(Verified { secret, of_secrets, other_encoding, .. })) => {
                let encoding = other_encoding.map(|encoding| encoding.name().to_owned());
                let secret = (*of_secrets > 1).then(|| sanitize::line(secret).into_owned());
                let told: Vec<String> = encoding.into_iter().chain(secret).collect();
                let told = if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) };
                format!("{}{told}", self.paint(Role::Good, &format!("{what} ok")))
            }
            Some(Err(rejection)) => {
                let word = self.paint(Role::Bad, &format!("{what} refused: {}", rejection.reason()));
                format!("{word}, {}", sanitize::line(&rejection.to_string()))
            }
        }
    }

    fn ready(&mut self, url: &str, scheme: Option<&str>, log: Option<&str>, targets: &[String]) -> io::Result<()> {
        if self.is(Verbosity::Quiet) {
            return Ok(());
        }
        let expected = scheme.unwrap_or("any scheme that it recognises");
        let url = self.paint(Role::Name, &sanitize::line(url));
        writeln!(self.output, "Listening on {url} for {}", sanitize::line(expected))?;
        for target in targets {
            writeln!(self.output, "  forwarding to {}", sanitize::line(target))?;
        }
        let log = log.map_or("recording nothing".into(), |log| format!("recording in {}", sanitize::line(log)));
        writeln!(self.output, "  {}\n", self.paint(Role::Faint, &log))
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
        let start = if self.style.terminal { "\n" } else { "" };
        writeln!(self.output, "{start}{}", self.paint(role, &text))
    }

    /// `10:00:00 <-- 200 POST http://localhost:3000/ (12 ms) [msg_2Lk9…]`, and the answer's body when it matters.
    fn attempted(&mut self, delivery: &Delivery, attempt: &Attempt, good: bool) -> io::Result<()> {
        if self.is(Verbosity::Quiet) && good {
            return Ok(());
        }
        if self.is(Verbosity::Quiet) {
            // Without the line that went out, nothing would say which event this is about.
            writeln!(self.output, "{}", self.arrow_out(delivery, attempt.started))?;
        }
        let result = match &attempt.outcome {
            Ok(answer) => self.paint(if good { Role::Good } else { Role::Bad }, &status_words(answer.status)),
            Err(failure) => self.paint(Role::Bad, &sanitize::line(&failure.to_string())),
        };
        let at = attempt.started.checked_add(attempt.duration).unwrap_or(attempt.started);
        writeln!(
            self.output,
            "{} <-- {result} {} {} ({}) {}",
            self.time(at),
            delivery.request.method(),
            sanitize::line(&attempt.url),
            elapsed(attempt.duration),
            self.id(delivery),
        )?;
        match &attempt.outcome {
            Ok(answer) if self.is(Verbosity::Verbose) => self.answer(answer, true),
            Ok(answer) if !answer.status.is_success() || answer.incomplete.is_some() => self.answer(answer, false),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn answer(&mut self, answer: &Answer, headers: bool) -> io::Result<()> {
        if headers {
            let lines = self.headers(&answer.headers);
            self.indented(&lines, "    ")?;
            writeln!(self.output)?;
        }
        if !answer.body.is_empty() {
            let body = self.answer_body(answer, headers);
            self.indented(&body, "    ")?;
        }
        if let Some(incomplete) = answer.incomplete {
            let note = self.paint(Role::Notice, &format!("… {incomplete}"));
            writeln!(self.output, "    {note}")?;
        }
        Ok(())
    }

    fn answer_body(&self, answer: &Answer, whole: bool) -> String {
        let content_type = answer.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if content_type.starts_with(b"text/html") && !whole {
            let text = payload::text_of_html(&String::from_utf8_lossy(&answer.body));
            sanitize::line(&shortened(&text, 300)).into_owned()
        } else if answer.truncated {
            payload::render_beginning(&answer.body, self.style.output)
        } else {
            payload::render(&answer.body, self.style.output)
        }
    }

    fn headers(&self, headers: &HeaderMap) -> String {
        let lines = headers.iter().map(|(name, value)| {
            format!("{}: {}", self.paint(Role::Key, name.as_str()), sanitize::bytes(value.as_bytes()))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A request for a reader: its head, and its payload taken out of its envelope and indented.
    pub(super) fn request(
        &mut self,
        delivery: &Delivery,
        provider: Option<&Provider>,
        indent: &str,
        secrets: bool,
    ) -> io::Result<()> {
        let request = &delivery.request;
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        writeln!(self.output, "{indent}{} {}", request.method(), sanitize::line(target))?;
        let headers: Vec<(String, String)> = export::headers(delivery, provider)
            .map(|(name, value)| (name, sanitize::bytes(value.as_bytes())))
            .collect();
        for (name, value) in headers {
            let hidden = !secrets && is_credential(&name, provider.map(|provider| &provider.scheme));
            let value = if hidden { self.paint(Role::Faint, REDACTED) } else { value };
            writeln!(self.output, "{indent}{}: {value}", self.paint(Role::Key, &name))?;
        }
        writeln!(self.output)?;
        if provider.is_some_and(|provider| provider.scheme.envelope.is_some()) {
            let whole = String::from_utf8_lossy(request.body()).into_owned();
            let shown = shortened(&whole, 100);
            let note = self.paint(Role::Faint, &format!("{} (which holds:)", sanitize::line(&shown)));
            writeln!(self.output, "{indent}{note}")?;
        }
        self.payload(delivery, provider, indent)?;
        writeln!(self.output)
    }

    /// The payload, taken out of its envelope and indented.
    fn payload(&mut self, delivery: &Delivery, provider: Option<&Provider>, indent: &str) -> io::Result<()> {
        let opened = provider.and_then(|provider| provider.scheme.payload(delivery));
        let body = match &opened {
            Some(payload) => payload::render(payload, self.style.output),
            None => payload::render(delivery.request.body(), self.style.output),
        };
        self.indented(&body, indent)
    }

    fn indented(&mut self, text: &str, indent: &str) -> io::Result<()> {
        for line in text.lines() {
            writeln!(self.output, "{indent}{line}")?;
        }
        Ok(())
    }

    fn signed(&mut self, delivery: &Delivery, provider: &Provider, form: ExportForm) -> io::Result<()> {
        let bytes = match form {
            ExportForm::Headers => export::as_headers(delivery, provider),
            ExportForm::Http => export::as_http(delivery, provider),
            ExportForm::Curl => export::as_curl(delivery, provider),
            ExportForm::Hurl => export::as_hurl(delivery, provider),
            // The JSON reporter writes it; who asks for this form gets that reporter.
            ExportForm::Json => return Ok(()),
        };
        // A file or a pipe gets the exact bytes; a terminal gets none that it would act on.
        if self.style.terminal {
            let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            let text = sanitize::block(&text);
            let end = if text.ends_with('\n') { "" } else { "\n" };
            return write!(self.output, "{text}{end}");
        }
        self.output.write_all(&bytes)
    }

    fn events(&mut self, provider: &Provider, events: &[EventInfo]) -> io::Result<()> {
        let heading = format!("{} ({})", provider.title, provider.name);
        writeln!(self.output, "{}", self.paint(Role::Heading, &sanitize::line(&heading)))?;
        let width = events.iter().map(|info| info.name.name().chars().count()).max().unwrap_or_default();
        for info in events {
            let name = info.name.name();
            let padding = " ".repeat(width - name.chars().count());
            let name = self.paint(Role::Name, &sanitize::line(&name));
            let about = self.wrapped(&info.about, &" ".repeat(width + 4));
            let line = format!("  {name}{padding}  {about}");
            writeln!(self.output, "{}", line.trim_end())?;
        }
        writeln!(self.output)
    }

    fn event(&mut self, info: &EventInfo, provider: &Provider, example: &Delivery) -> io::Result<()> {
        let name = self.paint(Role::Name, &sanitize::line(&info.name.to_string()));
        writeln!(self.output, "{name}")?;
        if !info.about.is_empty() {
            writeln!(self.output, "{}", sanitize::line(&info.about))?;
        }
        writeln!(self.output)?;
        self.request(example, Some(provider), "  ", false)?;
        self.fact("signed with", "the test secret; every delivery has ids and times of its own")?;
        if let (Some(key), Some(places)) = (provider.deduplication_key(example), explanation::deduplication(provider)) {
            self.fact("de-duplicate on", &format!("{} (here {})", places, key.join(" + ")))?;
        }
        self.fact("facts from", &provider.documentation)?;
        self.fact("our readings", &format!("wh schemes {}", provider.name))?;
        let full = info.name.to_string();
        let path = provider.request.path.as_deref().unwrap_or_default();
        self.fact("send it", &format!("wh send {full} --to localhost:3000{path}"))
    }

    fn schemes(&mut self, providers: &[Provider]) -> io::Result<()> {
        let width = |text: fn(&Provider) -> &str| {
            providers.iter().map(|provider| text(provider).chars().count()).max().unwrap_or_default()
        };
        let (names, titles) = (width(|provider| &provider.name), width(|provider| &provider.title));
        for provider in providers {
            let name = self.paint(Role::Name, &sanitize::line(&format!("{:names$}", provider.name)));
            let title = format!("{:titles$}", provider.title);
            let count = provider.events.iter().filter(|info| info.name.variant.is_none()).count();
            let how = match provider.scheme.algorithm {
                Algorithm::Token => "token".to_owned(),
                Algorithm::Hmac(_) | Algorithm::Digest(_) => {
                    format!("{} of {}", provider.scheme.algorithm.title(), provider.scheme.content)
                }
            };
            let facts = self.paint(Role::Faint, &sanitize::line(&format!("{count:3} events  {how}")));
            writeln!(self.output, "{name}  {}  {facts}", sanitize::line(&title))?;
        }
        Ok(())
    }

    fn scheme(&mut self, provider: &Provider, example: Option<&Delivery>) -> io::Result<()> {
        let scheme = &provider.scheme;
        let heading = format!("{} ({})", provider.title, provider.name);
        writeln!(self.output, "{}", self.paint(Role::Heading, &sanitize::line(&heading)))?;
        writeln!(self.output, "{}\n", sanitize::line(&provider.about))?;

        self.fact("signature", &explanation::signature(scheme))?;
        self.fact("key", &explanation::key(scheme))?;
        for rule in &scheme.headers {
            let list = rule
                .separator
                .as_ref()
                .map(|separator| format!(" (a list, separated by {separator:?}: any entry may match)"));
            let list = list.unwrap_or_default();
            let optional = if rule.optional { " (may be missing, but not be another)" } else { "" };
            self.fact("header", &format!("{}: {}{list}{optional}", rule.name, rule.value))?;
        }
        if let Some(envelope) = &scheme.envelope {
            self.fact("body", &envelope.to_string())?;
        }
        if let Some(version) = &scheme.version {
            self.fact("version", version)?;
        }
        if let Some(path) = &provider.request.path {
            self.fact("endpoint", &format!("{path} in the provider's guide"))?;
        }
        self.fact("tolerance", &explanation::tolerance(scheme))?;
        self.fact("good answer", &explanation::answer(&provider.policy))?;
        self.fact("retries", &explanation::retries(&provider.policy))?;
        if let Some(giving_up) = explanation::giving_up(&provider.policy) {
            self.fact("gives up", &giving_up)?;
        }
        if let Some(deduplication) = explanation::deduplication(provider) {
            self.fact("de-duplicate on", &deduplication)?;
        }
        self.fact("faults", &explanation::faults(scheme))?;
        self.fact("test secret", &scheme.test_secret)?;
        self.fact("your secret", &format!("read from {}", provider.secret_variable()))?;

        if let Some(example) = example {
            let title = format!("A delivery of {}, signed with the test secret", example.event_name());
            writeln!(self.output, "\n{}", self.paint(Role::Name, &sanitize::line(&title)))?;
            self.example(example, provider)?;
        }
        self.list("What it leaves open", &provider.open_points())?;
        self.list("Where the documentation is silent, we read", &provider.readings)?;
        writeln!(self.output, "\n{}", sanitize::line(&provider.documentation))
    }

    /// The scheme's own headers, and the body in short: the test secret is public, so nothing needs to be hidden.
    fn example(&mut self, example: &Delivery, provider: &Provider) -> io::Result<()> {
        let lines: Vec<(String, String)> =
            export::headers(example, provider).map(|(name, value)| (name, sanitize::bytes(value.as_bytes()))).collect();
        for (name, value) in lines {
            writeln!(self.output, "  {}: {value}", self.paint(Role::Key, &name))?;
        }
        let body = String::from_utf8_lossy(example.request.body()).into_owned();
        let body = shortened(&body, self.style.columns.unwrap_or(100).saturating_sub(3).max(24));
        writeln!(self.output, "\n  {}", sanitize::line(&body))
    }

    fn list(&mut self, title: &str, sentences: &[String]) -> io::Result<()> {
        if sentences.is_empty() {
            return Ok(());
        }
        writeln!(self.output, "\n{}", self.paint(Role::Name, title))?;
        for sentence in sentences {
            let text = self.wrapped(sentence, "    ");
            writeln!(self.output, "  - {text}")?;
        }
        Ok(())
    }

    pub(super) fn fact(&mut self, name: &str, text: &str) -> io::Result<()> {
        let name = self.paint(Role::Faint, &format!("{name:>15}"));
        let text = self.wrapped(text, &" ".repeat(17));
        writeln!(self.output, "{name}  {text}")
    }

    /// A sentence of the conversation, behind the word that says what it is.
    pub(super) fn aside(&mut self, role: Role, word: &str, text: &str) -> io::Result<()> {
        let word = self.style.errors.paint(role, word);
        let text = self.wrapped(text, "      ");
        // In one piece, so that it stands whole among what others write.
        self.errors.write_all(format!("{word} {text}\n").as_bytes())
    }

    /// Prose as wide as the terminal; its lines but for the first stand behind `indent`.
    pub(super) fn wrapped(&self, text: &str, indent: &str) -> String {
        let text = sanitize::line(text);
        // Narrower than this, breaking lines at words makes them harder to read, not easier.
        match self.style.columns.map(|columns| columns.saturating_sub(indent.len())) {
            Some(width @ 24..) => textwrap::wrap(&text, width).join(&format!("\n{indent}")),
            _ => text.into_owned(),
        }
    }

    /// What a provider does after an attempt, below that attempt's line.
    fn prospect(&mut self, prospect: &Prospect, number: u32) -> io::Result<()> {
        let role = match prospect.step {
            Step::Done => Role::Good,
            Step::Retry { .. } => Role::Notice,
            Step::GiveUp(_) => Role::Bad,
        };
        let text = self.wrapped(&totals::prospect(prospect, number), "    ");
        let text = self.paint(role, &text);
        writeln!(self.output, "    {text}")
    }

    /// `10:00:00 --- wpg slot.submitted not sent: … [msg_2Lk9…]`
    fn left(&mut self, delivery: &Delivery, at: Timestamp, failures: u32) -> io::Result<()> {
        let scheme = sanitize::line(delivery.scheme.as_deref().unwrap_or("?"));
        let event = self.paint(Role::Name, &sanitize::line(&delivery.event_name()));
        let reason = format!("not sent: {scheme} disables an endpoint after {failures} failures in a row");
        let reason = self.paint(Role::Bad, &reason);
        writeln!(self.output, "{} --- {scheme} {event} {reason}", self.time(at))
    }

    fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        let good = summary.accepted == summary.sent && summary.in_flight + summary.waiting + summary.unsent == 0;
        if self.is(Verbosity::Quiet) && good {
            return Ok(());
        }
        let text = self.paint(if good { Role::Good } else { Role::Bad }, &totals::outcome(summary));
        writeln!(self.output, "{text}")?;
        if summary.counted && summary.attempts > 0 {
            for line in totals::details(summary) {
                writeln!(self.output, "  {line}")?;
            }
        }
        Ok(())
    }
}

impl Reporter for HumanReporter<'_> {
    fn report(&mut self, outcome: &Outcome<'_>) -> io::Result<()> {
        if !matches!(outcome, Outcome::Progress(_) | Outcome::Checked(_)) {
            self.meter.clear();
        }
        match outcome {
            Outcome::Notice(notice) => {
                if self.is(Verbosity::Quiet) || notice.is_detail() && !self.is(Verbosity::Verbose) {
                    return Ok(());
                }
                return self.aside(Role::Notice, "note:", &notice.to_string());
            }
            Outcome::Sending { delivery, provider, at, fault } => self.sending(delivery, *provider, *at, *fault)?,
            Outcome::Planned { delivery, provider } => self.request(delivery, Some(provider), "", false)?,
            Outcome::Signed { delivery, provider, form } => self.signed(delivery, provider, *form)?,
            Outcome::Received { delivery, provider, at, verdict, status, whole, secrets, why, .. } => {
                let (provider, at, verdict, status) = (*provider, *at, *verdict, *status);
                let (whole, secrets, why) = (*whole, *secrets, *why);
                self.received(&Arrival { delivery, provider, at, verdict, status, whole, secrets, why })?;
            }
            Outcome::Ready { url, scheme, log, targets, .. } => self.ready(url, *scheme, *log, targets)?,
            Outcome::Forwarded { delivery, attempt } => {
                let good = attempt.status().is_some_and(|status| status.is_success());
                self.attempted(delivery, attempt, good)?;
            }
            Outcome::Secret(secret) => {
                let text = String::from_utf8_lossy(secret.expose());
                writeln!(self.output, "{}", sanitize::line(&text))?;
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
                    writeln!(self.output, "{} {}", self.paint(Role::Faint, word), sanitize::line(step))?;
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
                let text = checkup::table::list(probes, *provider, self.style.output, self.style.columns);
                write!(self.output, "{text}")?;
            }
            Outcome::Annotations(examination) => {
                let text = checkup::github::write(examination);
                return write!(self.errors, "{text}");
            }
            Outcome::Examined(examination) => {
                let Style { output, columns, verbosity, .. } = self.style;
                let text = checkup::table::table(examination, output, columns, verbosity);
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

/// A delivery that arrived, as it is to be shown.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    delivery: &'a Delivery,
    provider: Option<&'a Provider>,
    at: Timestamp,
    verdict: Option<&'a Result<Verified, Rejection>>,
    status: Option<StatusCode>,
    whole: Whole,
    secrets: bool,
    why: Why<'a>,
}

/// `404 Not Found`; a good status needs no words.
fn status_words(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) if !status.is_success() => format!("{} {reason}", status.as_u16()),
        _ => status.as_u16().to_string(),
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
