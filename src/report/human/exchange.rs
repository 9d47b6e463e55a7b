//! Deliveries and what was answered, for people: arrows with the same id on both, a request whole, a body when it
//! matters.

use std::io;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use super::{HumanReporter, Verbosity, elapsed, shortened};
use crate::report::export::{self, ExportForm};
use crate::report::findings::Why;
use crate::report::palette::Role;
use crate::report::{Prospect, Whole, payload, sanitize, totals};
use crate::webhook::attempt::{Answer, Attempt};
use crate::webhook::credential::is_credential;
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::Provider;
use crate::webhook::record::REDACTED;
use crate::webhook::retrying::Step;
use crate::webhook::scheme::Algorithm;
use crate::webhook::verification::{Rejection, Verified};

/// A delivery that arrived, as it is to be shown.
#[derive(Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) provider: Option<&'a Provider>,
    pub(super) at: Timestamp,
    pub(super) verdict: Option<&'a Result<Verified, Rejection>>,
    pub(super) answer: Option<(StatusCode, Option<Duration>)>,
    pub(super) whole: Whole,
    pub(super) secrets: bool,
    pub(super) why: Why<'a>,
}

impl HumanReporter<'_> {
    /// A line with an arrow: what goes on below stands behind time and arrow.
    fn arrow(&mut self, line: &str) -> io::Result<()> {
        self.line(line, ARROW)
    }

    /// ` [msg_2Lk9…]`; nothing where there is none.
    fn id(&self, delivery: &Delivery) -> String {
        if delivery.id.is_empty() {
            return String::new();
        }
        let id = self.paint(Role::Faint, &format!("[{}]", sanitize::name(&delivery.id)));
        format!(" {id}")
    }

    /// `10:00:00 --> wpg slot.submitted [msg_2Lk9…]`
    pub(super) fn arrow_out(&self, delivery: &Delivery, at: Timestamp) -> String {
        let scheme = sanitize::name(delivery.scheme.as_deref().unwrap_or("?"));
        let event = delivery.event_name();
        let event = self.paint(Role::Name, &sanitize::name(&event));
        format!("{} --> {scheme} {event}{}", self.time(at), self.id(delivery))
    }

    pub(super) fn sending(
        &mut self,
        delivery: &Delivery,
        provider: Option<&Provider>,
        at: Timestamp,
        fault: Option<&str>,
        secrets: bool,
    ) -> io::Result<()> {
        if self.is(Verbosity::Quiet) {
            return Ok(());
        }
        let fault =
            fault.map(|fault| self.paint(Role::Notice, &format!(" wrong on purpose: {fault}"))).unwrap_or_default();
        let line = format!("{}{fault}", self.arrow_out(delivery, at));
        self.arrow(&line)?;
        if self.is(Verbosity::Verbose) { self.request(delivery, provider, "    ", secrets) } else { Ok(()) }
    }

    /// A delivery that arrived: its line, and as much of it as is wanted.
    pub(super) fn received(&mut self, arrival: &Arrival<'_>) -> io::Result<()> {
        let Arrival { delivery, provider, at, verdict, answer, whole, secrets, why } = *arrival;
        let is_answered = |with: StatusCode| answer.is_some_and(|(status, _)| status == with);
        let failed = is_answered(StatusCode::INSUFFICIENT_STORAGE)
            || verdict.map_or_else(|| is_answered(StatusCode::UNAUTHORIZED), Result::is_err);
        if self.is(Verbosity::Quiet) && !failed {
            return Ok(());
        }
        if whole == Whole::Request {
            self.request(delivery, provider, "", secrets)?;
        }
        let line = format!("{} {}", self.arrow_out(delivery, at), self.verdict(verdict, provider));
        self.arrow(&line)?;
        let said = verdict.and_then(|verdict| verdict.as_ref().err()).map(Rejection::to_string);
        self.why(why, said.as_deref())?;
        match whole {
            Whole::Payload if self.is(Verbosity::Verbose) => self.request(delivery, provider, "    ", secrets)?,
            Whole::Payload => self.payload(delivery, provider, "    ")?,
            Whole::Line | Whole::Request => {}
        }
        match answer {
            // Who sends to itself sees the answer come back.
            Some((status, took)) if whole == Whole::Payload => {
                let role = if status.is_success() { Role::Good } else { Role::Bad };
                let word = self.paint(role, &status_words(status));
                let answered = at.checked_add(took.unwrap_or_default()).unwrap_or(at);
                let line = format!("{} <-- {word} by wh{}", self.time(answered), self.id(delivery));
                self.arrow(&line)
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
            // The word says all of it.
            Some(Err(rejection @ Rejection::Mismatch { secrets: 1, .. })) => {
                self.paint(Role::Bad, &format!("{what} refused: {}", rejection.reason()))
            }
            Some(Err(rejection)) => {
                let word = self.paint(Role::Bad, &format!("{what} refused: {}", rejection.reason()));
                format!("{word}, {}", sanitize::cut(&rejection.to_string(), SENTENCE))
            }
        }
    }

    /// `10:00:00 <-- 200 POST http://localhost:3000/ (12 ms) [msg_2Lk9…]`, and the answer's body when it matters.
    pub(super) fn attempted(&mut self, delivery: &Delivery, attempt: &Attempt, good: bool) -> io::Result<()> {
        if self.is(Verbosity::Quiet) && good {
            return Ok(());
        }
        if self.is(Verbosity::Quiet) {
            // Without the line that went out, nothing would say which event this is about.
            let line = self.arrow_out(delivery, attempt.started);
            self.arrow(&line)?;
        }
        let result = match &attempt.outcome {
            Ok(answer) => self.paint(if good { Role::Good } else { Role::Bad }, &status_words(answer.status)),
            Err(failure) => self.paint(Role::Bad, &sanitize::line(&failure.to_string())),
        };
        let at = attempt.started.checked_add(attempt.duration).unwrap_or(attempt.started);
        let line = format!(
            "{} <-- {result} {} {} ({}){}",
            self.time(at),
            delivery.request.method(),
            sanitize::line(&delivery.request.uri().to_string()),
            elapsed(attempt.duration),
            self.id(delivery),
        );
        self.arrow(&line)?;
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
            self.line(&format!("    {note}"), 4)?;
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

    pub(super) fn headers(&self, headers: &HeaderMap) -> String {
        let lines = headers.iter().map(|(name, value)| {
            format!("{}: {}", self.paint(Role::Key, name.as_str()), sanitize::bytes(value.as_bytes()))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A request for a reader: its head, and its payload taken out of its envelope and indented.
    pub(in crate::report) fn request(
        &mut self,
        delivery: &Delivery,
        provider: Option<&Provider>,
        indent: &str,
        secrets: bool,
    ) -> io::Result<()> {
        self.head(delivery, provider, indent, secrets)?;
        writeln!(self.output)?;
        if provider.is_some_and(|provider| provider.scheme.envelope.is_some()) {
            let whole = String::from_utf8_lossy(delivery.request.body()).into_owned();
            let shown = shortened(&whole, 100);
            let note = self.paint(Role::Faint, &format!("{} (which holds:)", sanitize::line(&shown)));
            writeln!(self.output, "{indent}{note}")?;
        }
        self.payload(delivery, provider, indent)?;
        writeln!(self.output)
    }

    /// The request's line and its headers.
    pub(super) fn head(
        &mut self,
        delivery: &Delivery,
        provider: Option<&Provider>,
        indent: &str,
        secrets: bool,
    ) -> io::Result<()> {
        writeln!(self.output, "{indent}{} {}", delivery.request.method(), sanitize::line(delivery.target()))?;
        for (name, value) in export::headers(delivery, provider) {
            let hidden = !secrets && is_credential(&name, provider.map(|provider| &provider.scheme));
            let value = if hidden { self.paint(Role::Faint, REDACTED) } else { sanitize::bytes(value.as_bytes()) };
            writeln!(self.output, "{indent}{}: {value}", self.paint(Role::Key, &sanitize::line(&name)))?;
        }
        Ok(())
    }

    /// The payload, taken out of its envelope and indented.
    pub(super) fn payload(&mut self, delivery: &Delivery, provider: Option<&Provider>, indent: &str) -> io::Result<()> {
        let opened = provider.and_then(|provider| provider.scheme.payload(delivery));
        let body = match &opened {
            Some(payload) => payload::render(payload, self.style.output),
            None => payload::render(delivery.request.body(), self.style.output),
        };
        self.indented(&body, indent)
    }

    pub(super) fn signed(&mut self, delivery: &Delivery, provider: &Provider, form: ExportForm) -> io::Result<()> {
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

    /// What a provider does after an attempt, below that attempt's line.
    pub(super) fn prospect(&mut self, prospect: &Prospect, number: u32) -> io::Result<()> {
        let role = match prospect.step {
            Step::Done => Role::Good,
            Step::Retry { .. } => Role::Notice,
            Step::GiveUp(_) => Role::Bad,
        };
        let text = self.paint(role, &sanitize::line(&totals::prospect(prospect, number)));
        self.line(&format!("    {text}"), 4)
    }

    /// `10:00:00 --- wpg slot.submitted not sent: … [msg_2Lk9…]`
    pub(super) fn left(&mut self, delivery: &Delivery, at: Timestamp, failures: u32) -> io::Result<()> {
        let scheme = sanitize::name(delivery.scheme.as_deref().unwrap_or("?"));
        let event = self.paint(Role::Name, &sanitize::name(&delivery.event_name()));
        let reason = format!("not sent: {scheme} disables an endpoint after {failures} failures in a row");
        let reason = self.paint(Role::Bad, &reason);
        let line = format!("{} --- {scheme} {event} {reason}", self.time(at));
        self.arrow(&line)
    }
}

/// How many characters of a sentence are shown in which a stranger's words stand, such as the version of a signature.
pub(in crate::report) const SENTENCE: usize = 300;

/// How wide a time and an arrow are, with the space behind them.
const ARROW: usize = 13;

/// `404 Not Found`; a good status needs no words.
pub(super) fn status_words(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) if !status.is_success() => format!("{} {reason}", status.as_u16()),
        _ => status.as_u16().to_string(),
    }
}
