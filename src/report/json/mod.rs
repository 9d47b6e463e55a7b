//! One JSON object a line, each with its `type`. Keys are a promise to scripts: add to them, never change them.

mod catalogue;
mod exchange;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde_json::{Map, Value, json};

use self::catalogue::{event, event_whole, scheme};
use self::exchange::{attempted, foresee, left, listened, signed, summed};
use super::findings::{self, Why};
use super::human::Verbosity;
use super::{Outcome, Problem, Reporter, checkup, sanitize, verdicts};
use crate::webhook::record::{Direction, Entry, Record, milliseconds};
use crate::webhook::secret::Secret;

/// Writes outcomes as JSON lines to one stream, and notices as text to the other.
pub struct JsonReporter<'a> {
    pub(super) output: Box<dyn Write + 'a>,
    errors: Box<dyn Write + 'a>,
    verbosity: Verbosity,
}

impl<'a> JsonReporter<'a> {
    /// A reporter that writes to these streams.
    #[must_use]
    pub fn new(output: Box<dyn Write + 'a>, errors: Box<dyn Write + 'a>, verbosity: Verbosity) -> Self {
        Self { output, errors, verbosity }
    }

    /// A record with its `type` in front, and what was found out of a refusal in its verification.
    fn received(&mut self, record: &Record<'_>, why: Why<'_>) -> io::Result<()> {
        let mut more = format!(",\"diagnosis\":{}", json!(findings::items(why.diagnosis())));
        if why != Why::Unasked {
            more.push_str(&format!(",\"searched\":{}", json!(findings::searched(why.diagnosis()))));
        }
        let mut line = Vec::new();
        record.write_with("\"type\":\"received\",", &more, &mut line);
        let line = str::from_utf8(&line).map_err(io::Error::other)?;
        writeln!(self.output, "{}", sanitize::json(line))?;
        self.output.flush()
    }

    fn logged(&mut self, entries: &[Entry], lines: &[Vec<u8>]) -> io::Result<()> {
        entries.iter().zip(lines).try_for_each(|(entry, line)| self.logged_line(entry, line))
    }

    fn secrets(&mut self, secrets: &[(Option<&str>, &Secret)]) -> io::Result<()> {
        secrets.iter().try_for_each(|(scheme, secret)| {
            self.line(&json!({
                "type": "secret",
                "scheme": scheme,
                "name": secret.name(),
                "secret": String::from_utf8_lossy(secret.expose()),
            }))
        })
    }

    /// A record as it stands in the log, behind its `type`: `received`, or `attempt` with what an attempt's line has.
    fn logged_line(&mut self, entry: &Entry, line: &[u8]) -> io::Result<()> {
        // What was read as a record is an object; a log that was changed since is not shown.
        let text = str::from_utf8(line).map_err(io::Error::other)?;
        let Some(members) = text.trim().strip_prefix('{') else { return Ok(()) };
        let head = match entry.direction {
            Direction::Received => json!({ "type": "received" }),
            Direction::Sent => json!({ "type": "attempt", "status": entry.status, "ok": entry.is_good() }),
        };
        let mut head = head;
        if let (Direction::Sent, Some(duration)) = (entry.direction, entry.duration) {
            head["duration_ms"] = milliseconds(duration).into();
            head["error"] = Value::Null;
        }
        let head = head.to_string();
        writeln!(self.output, "{},{}", head.trim_end_matches('}'), sanitize::json(members))?;
        self.output.flush()
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.output, "{}", sanitize::json(&value.to_string()))?;
        self.output.flush()
    }
}

impl Reporter for JsonReporter<'_> {
    fn report(&mut self, outcome: &Outcome<'_>) -> io::Result<()> {
        let value = match outcome {
            Outcome::Notice(notice) => {
                let wanted = match self.verbosity {
                    Verbosity::Quiet => false,
                    Verbosity::Normal => !notice.is_detail(),
                    Verbosity::Verbose => true,
                };
                return if wanted {
                    writeln!(self.errors, "note: {}", sanitize::line(&notice.to_string()))
                } else {
                    Ok(())
                };
            }
            Outcome::Sending { .. }
            | Outcome::Interrupted
            | Outcome::Progress(_)
            | Outcome::Draft { .. }
            | Outcome::Next(_) => return Ok(()),
            Outcome::Planned { delivery, provider, secrets } => signed(delivery, *provider, *secrets),
            Outcome::Signed { delivery, provider, .. } => signed(delivery, Some(provider), true),
            Outcome::Received { delivery, provider, at, remote, verdict, answer, secrets, why, .. } => {
                let (redact, scheme) = (!secrets, provider.map(|provider| &provider.scheme));
                let record = Record {
                    delivery,
                    received_at: *at,
                    remote: *remote,
                    redact,
                    scheme,
                    verdict: *verdict,
                    response: *answer,
                };
                return self.received(&record, *why);
            }
            Outcome::Ready { url, port, scheme, log, targets } => json!({
                "type": "ready",
                "url": url,
                "port": port,
                "scheme": scheme,
                "log": log,
                "forward_to": targets.iter().map(|target| &target.url).collect::<Vec<_>>(),
            }),
            Outcome::Forwarded { delivery, attempt, .. } => json!({
                "type": "forwarded",
                "id": delivery.id,
                "url": delivery.request.uri().to_string(),
                "status": attempt.status().map(|status| status.as_u16()),
                "duration_ms": milliseconds(attempt.duration),
                "error": attempt.outcome.as_ref().err().map(ToString::to_string),
            }),
            Outcome::Written { path, text, replaces } => json!({
                "type": "written",
                "path": path.display().to_string(),
                "text": text,
                "replaces": replaces,
            }),
            Outcome::Listened(totals) => listened(totals),
            Outcome::Attempted { delivery, attempt, good, fault, prospect, .. } => {
                let mut value = attempted(delivery, attempt, *good);
                value["fault"] = (*fault).into();
                if let Some(prospect) = prospect {
                    foresee(&mut value, prospect);
                }
                value
            }
            Outcome::Secrets { secrets, .. } => return self.secrets(secrets),
            Outcome::Left { delivery, failures, .. } => left(delivery, *failures),
            Outcome::Judged { file, examined } => return self.examined(file, examined),
            Outcome::Verified(count) => verdicts::summary(*count),
            Outcome::Events { provider, events } => {
                for info in *events {
                    self.line(&event(info, provider))?;
                }
                return Ok(());
            }
            Outcome::Event { event: info, provider, example } => event_whole(info, provider, example),
            Outcome::Schemes(providers) => {
                for provider in *providers {
                    self.line(&scheme(provider))?;
                }
                return Ok(());
            }
            Outcome::Scheme { provider, .. } => scheme(provider),
            Outcome::Logged { entries, lines, .. } => return self.logged(entries, lines),
            Outcome::LoggedWhole { recorded, line, .. } => return self.logged_line(&Entry::new(recorded), line),
            Outcome::Summary(summary) => summed(summary),
            Outcome::Probes { probes, provider } => {
                for probe in *probes {
                    self.line(&checkup::json::probe(probe, *provider))?;
                }
                return Ok(());
            }
            Outcome::Checked(check) => checkup::json::check(check),
            Outcome::Annotations(examination) => {
                let text = checkup::github::write(examination);
                return write!(self.errors, "{text}");
            }
            Outcome::Examined(examination) => checkup::json::summary(examination),
        };
        self.line(&value)
    }

    fn error(&mut self, problem: &Problem) -> io::Result<()> {
        self.line(&json!({
            "type": "error",
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
        }))
    }
}

/// `[name, value]`; bytes that are not UTF-8 are told as such, for JSON cannot hold them.
fn pair(name: &str, value: &HeaderValue) -> Value {
    json!([name, String::from_utf8_lossy(value.as_bytes())])
}

fn insert(value: &mut Value, key: &str, bytes: &[u8]) {
    let (key, text) = match str::from_utf8(bytes) {
        Ok(text) => (key.to_owned(), text.to_owned()),
        Err(_) => (format!("{key}_base64"), STANDARD.encode(bytes)),
    };
    let object: Option<&mut Map<String, Value>> = value.as_object_mut();
    if let Some(object) = object {
        object.insert(key, text.into());
    }
}
