//! What the log holds, for people: its records as a table, or a delivery in full with all that was answered.

use std::io;

use jiff::Timestamp;

use super::exchange::{SENTENCE, status_words};
use super::{HumanReporter, Verbosity, elapsed};
use crate::report::listing::Table;
use crate::report::palette::Role;
use crate::report::{payload, sanitize};
use crate::webhook::provider::Provider;
use crate::webhook::record::{Direction, Entry, Recorded};

impl HumanReporter<'_> {
    /// Lines of a table, whose columns are as wide as those so far ask for. Where they change, their titles come again.
    pub(super) fn logged(&mut self, entries: &[Entry], now: Timestamp) -> io::Result<()> {
        let palette = self.style.output;
        let quiet = self.is(Verbosity::Quiet);
        let (table, changed) = match self.table.take() {
            Some(mut table) => {
                let changed = table.widen(entries);
                (table, changed)
            }
            None => (Table::new(entries, now, self.zone(), self.style.page.columns()), true),
        };
        let head = (changed && !quiet).then(|| table.head(palette));
        let meant = entries.iter().filter(|entry| !quiet || !entry.is_good() || entry.trouble.is_some());
        let rows = meant.map(|entry| table.row(entry, palette));
        for line in head.into_iter().chain(rows) {
            writeln!(self.output, "{}", line.trim_end())?;
        }
        self.table = Some(table);
        Ok(())
    }

    /// A record in full: when and where, the request, and what was answered.
    pub(super) fn logged_whole(
        &mut self,
        recorded: &Recorded<'_>,
        provider: Option<&Provider>,
        same_payload: bool,
        first: bool,
    ) -> io::Result<()> {
        let delivery = &recorded.delivery;
        if first {
            let scheme = delivery.scheme.as_deref().unwrap_or("?");
            let event = delivery.event_name();
            let words = [scheme, &event, &delivery.id].map(sanitize::name);
            let heading = self.paint(Role::Heading, words.join(" ").trim_end());
            self.line(&heading, 2)?;
        }
        let title = self.occasion(recorded);
        writeln!(self.output)?;
        self.line(&title, 4)?;
        writeln!(self.output)?;
        // Secrets may have been recorded on purpose; the record itself has them.
        self.head(delivery, provider, "  ", false)?;
        writeln!(self.output)?;
        if same_payload {
            writeln!(self.output, "  {}", self.paint(Role::Faint, "(the same payload)"))?;
        } else {
            let opened = provider.and_then(|provider| provider.scheme.payload(delivery));
            let body = opened.as_deref().unwrap_or(delivery.request.body());
            let body = payload::whole(body, self.style.output);
            self.indented(&body, "  ")?;
        }
        writeln!(self.output)?;
        self.logged_answer(recorded)
    }

    /// `2026-11-21 10:00:00.123 sent to http://localhost:3000/, attempt 2`
    fn occasion(&self, recorded: &Recorded<'_>) -> String {
        let zone = self.zone();
        let time = recorded.at.map(|at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S%.3f ").to_string());
        let time = self.paint(Role::Faint, &time.unwrap_or_default());
        let what = match recorded.direction {
            Direction::Sent => {
                let url = recorded.url.as_deref().unwrap_or("a receiver inside wh");
                let attempt = recorded.attempt.map(|attempt| format!(", attempt {attempt}")).unwrap_or_default();
                format!("sent to {url}{attempt}")
            }
            Direction::Received => match recorded.remote.as_deref() {
                Some(remote) => format!("received from {remote}"),
                None => "received".to_owned(),
            },
        };
        let verdict = match (recorded.direction, recorded.valid) {
            (Direction::Sent, _) => String::new(),
            (Direction::Received, Some(true)) => self.paint(Role::Good, ", signature ok"),
            (Direction::Received, Some(false)) => {
                let reason = recorded.reason.as_deref().unwrap_or("invalid");
                self.paint(Role::Bad, &format!(", signature refused: {}", sanitize::name(reason)))
            }
            (Direction::Received, None) => self.paint(Role::Notice, ", not verified"),
        };
        format!("{time}{}{verdict}", self.paint(Role::Name, &sanitize::cut(&what, SENTENCE)))
    }

    /// `<-- 503 Service Unavailable (12 ms)`, with its headers and its body.
    fn logged_answer(&mut self, recorded: &Recorded<'_>) -> io::Result<()> {
        let Some(response) = &recorded.response else {
            let error = recorded.error.as_deref().unwrap_or("no answer");
            let error = self.paint(Role::Bad, &sanitize::cut(error, SENTENCE));
            return self.line(&format!("<-- {error}"), 4);
        };
        let role = if response.status.is_success() { Role::Good } else { Role::Bad };
        let took = response.duration.map(|duration| format!(" ({})", elapsed(duration))).unwrap_or_default();
        writeln!(self.output, "<-- {}{took}", self.paint(role, &status_words(response.status)))?;
        let headers = self.headers(&response.headers);
        self.indented(&headers, "  ")?;
        if response.body.is_empty() {
            return Ok(());
        }
        let body = payload::whole(&response.body, self.style.output);
        writeln!(self.output)?;
        self.indented(&body, "  ")?;
        if response.truncated {
            writeln!(self.output, "  {}", self.paint(Role::Faint, "… and more, which was not kept"))?;
        }
        Ok(())
    }
}
