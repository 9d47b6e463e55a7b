//! What came of verifying captures: a line each, and what there is to say about one.
//!
//! ```text
//! log.jsonl:1: ok wpg slot.submitted [msg_2Lk9…] (0 s old on arrival, with WPG_WEBHOOK_SECRET)
//! log.jsonl:2: invalid wpg slot.submitted [msg_7Rq2…] mismatch: the signature does not match
//! ```

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::findings::{self, FindingItem, Searched};
use super::human::exchange::SENTENCE;
use super::human::{HumanReporter, Verbosity};
use super::json::JsonReporter;
use super::palette::Role;
use super::{explanation, sanitize};
use crate::webhook::capture::Fault;
use crate::webhook::encoding::Encoding;
use crate::webhook::evidence::Evidence;
use crate::webhook::judgement::{Clock, Count, Examined, Judgement, Kept, Verdict};
use crate::webhook::provider::Provider;
use crate::webhook::scheme::{Algorithm, Scheme};
use crate::webhook::verification::{Place, Verified};

/// How much of what was signed is shown to a person, in bytes.
const SHOWN: usize = 600;

impl HumanReporter<'_> {
    /// The parts of a file, in their order.
    pub(super) fn examined(&mut self, file: &str, examined: &[Examined]) -> io::Result<()> {
        for examined in examined {
            match examined {
                Examined::Judged(judgement) => self.judged(file, judgement)?,
                Examined::Unread(fault) => {
                    self.output.flush()?;
                    self.aside(Role::Bad, "error:", &told(file, fault))?;
                    self.aside(Role::Notice, "hint:", fault.way_out())?;
                }
            }
        }
        Ok(())
    }

    fn judged(&mut self, file: &str, judgement: &Judgement) -> io::Result<()> {
        let Judgement { place, scheme, event, id, verdict, .. } = judgement;
        let place = self.paint(Role::Faint, &format!("{}{place}:", sanitize::line(file)));
        let scheme = sanitize::name(scheme.as_deref().unwrap_or("?"));
        let event = self.paint(Role::Name, &sanitize::name(event.as_deref().unwrap_or("unknown")));
        let id = match id.as_str() {
            "" => String::new(),
            id => self.paint(Role::Faint, &format!(" [{}]", sanitize::name(id))),
        };
        let (word, rest) = match verdict {
            Verdict::Genuine(verified) => {
                let rest = format!("({})", genuine(verified, judgement.clock));
                (self.paint(Role::Good, "ok"), self.paint(Role::Faint, &sanitize::line(&rest)))
            }
            Verdict::Refused(rejection) => {
                let rest = format!("{}: {rejection}", rejection.reason());
                (self.paint(Role::Bad, "invalid"), sanitize::cut(&rest, SENTENCE).into_owned())
            }
            Verdict::Open(doubt) => {
                let rest = format!("{}: {doubt}", doubt.reason());
                (self.paint(Role::Notice, "unknown"), sanitize::cut(&rest, SENTENCE).into_owned())
            }
        };
        self.line(&format!("{place} {word} {scheme} {event}{id} {rest}"), 4)?;
        if let Some(hint) = judgement.hint() {
            let hint = self.paint(Role::Notice, &sanitize::line(&hint));
            self.line(&format!("    {hint}"), 4)?;
        }
        if let Some(diagnosis) = &judgement.diagnosis {
            let said = match verdict {
                Verdict::Refused(rejection) => Some(rejection.to_string()),
                Verdict::Genuine(_) | Verdict::Open(_) => None,
            };
            self.diagnosis(diagnosis, said.as_deref())?;
        }
        if let Some(Kept { delivery, provider, evidence }) = &judgement.kept {
            if let (Some(evidence), Some(provider)) = (evidence, provider) {
                self.evidence(evidence, provider, judgement)?;
            }
            if self.is(Verbosity::Verbose) {
                self.request(delivery, provider.as_deref(), "    ", false)?;
            }
        }
        Ok(())
    }

    /// What was signed, with what, which secret matched, and how old it is.
    fn evidence(&mut self, evidence: &Evidence, provider: &Provider, judgement: &Judgement) -> io::Result<()> {
        let scheme = &provider.scheme;
        self.fact("signature", &explanation::signature(scheme))?;
        if let Some(content) = &evidence.content {
            let shown = sanitize::bytes(&content[..content.len().min(SHOWN)]);
            let more = if content.len() > SHOWN { "…" } else { "" };
            self.fact("signed", &format!("{shown}{more} ({} bytes)", content.len()))?;
        }
        self.fact("key", &explanation::key(scheme))?;
        match &judgement.verdict {
            Verdict::Genuine(verified) => self.fact("secret", &verified.secret)?,
            Verdict::Refused(_) | Verdict::Open(_) => {}
        }
        for (place, signature) in &evidence.signatures {
            self.fact("received", &format!("{signature} in {place}"))?;
        }
        for (secret, signature) in evidence.computed.iter().filter(|_| judgement.is_failure()) {
            self.fact("computed", &format!("{signature} with {secret}"))?;
        }
        if let Some((text, moment)) = &evidence.timestamp {
            let moment = moment.map_or_else(|| "no time".to_owned(), |moment| moment.to_string());
            self.fact("timestamp", &format!("{text}, which is {moment}"))?;
        }
        let whose = match judgement.clock {
            Clock::Given => "as --at says",
            Clock::Capture => "when it was captured",
            Clock::Now => "now",
        };
        self.fact("judged at", &format!("{:.3}, {whose}", judgement.at))?;
        self.fact("tolerance", &explanation::tolerance(scheme))
    }

    pub(super) fn verified(&mut self, count: Count) -> io::Result<()> {
        let Count { valid, invalid, inconclusive, unreadable, skipped } = count;
        // One line is its own summary.
        if count.deliveries() + unreadable <= 1 && skipped == 0 {
            return Ok(());
        }
        let role = if invalid + unreadable > 0 { Role::Bad } else { Role::Good };
        if self.is(Verbosity::Quiet) && role == Role::Good && inconclusive == 0 {
            return Ok(());
        }
        let mut text = format!("{} verified, {valid} genuine", valid + invalid);
        for (count, words) in [
            (invalid, "not genuine"),
            (inconclusive, "could not be verified"),
            (unreadable, "could not be read"),
            (skipped, "other requests"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {words}"));
            }
        }
        let text = self.paint(role, &text);
        self.line(&text, 2)
    }
}

/// `2 s old on arrival, with WPG_WEBHOOK_SECRET`, as it stands behind the id.
fn genuine(verified: &Verified, clock: Clock) -> String {
    let when = match clock {
        Clock::Given => "by --at",
        Clock::Capture => "on arrival",
        Clock::Now => "now",
    };
    let age = verified.age.map(|age| {
        let length = length(age.unsigned_abs().as_secs());
        let side = if age.is_negative() { "ahead" } else { "old" };
        format!("{length} {side} {when}, ")
    });
    let encoding = verified.other_encoding.map(|encoding| format!(" (in {})", encoding.name())).unwrap_or_default();
    format!("{}with {}{encoding}", age.unwrap_or_default(), verified.secret)
}

/// A length of time in the largest unit that says enough.
fn length(seconds: u64) -> String {
    match seconds {
        0..=299 => format!("{seconds} s"),
        300..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

/// `log.jsonl:17:233: the record is cut off`
fn told(file: &str, fault: &Fault) -> String {
    format!("{file}{}: {}", fault.place, fault.message)
}

/// A verdict as a line for machines.
#[derive(Serialize)]
struct VerdictLine<'a> {
    r#type: &'static str,
    valid: Option<bool>,
    scheme: Option<&'a str>,
    event: Option<&'a str>,
    id: Option<&'a str>,
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    age_s: Option<f64>,
    at: String,
    clock: &'static str,
    diagnosis: Vec<FindingItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searched: Option<Searched<'a>>,
    file: &'a str,
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation<'a>>,
}

/// What `--explain` adds for machines.
#[derive(Serialize)]
struct Explanation<'a> {
    algorithm: &'static str,
    content_template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_base64: Option<String>,
    key: String,
    encoding: Option<&'static str>,
    received: Vec<Received<'a>>,
    computed: Vec<Computed<'a>>,
    timestamp: Option<&'a str>,
    timestamp_at: Option<String>,
    tolerance_past_s: Option<f64>,
    tolerance_future_s: Option<f64>,
}

#[derive(Serialize)]
struct Received<'a> {
    header: Option<&'a str>,
    signature: &'a str,
}

#[derive(Serialize)]
struct Computed<'a> {
    secret: &'a str,
    signature: &'a str,
}

impl<'a> VerdictLine<'a> {
    fn of(file: &'a str, judgement: &'a Judgement) -> Self {
        let Judgement { place, scheme, event, id, verdict, at, clock, answer: _, kept, diagnosis } = judgement;
        let (valid, reason, message, verified) = match verdict {
            Verdict::Genuine(verified) => (Some(true), None, None, Some(verified)),
            Verdict::Refused(rejection) => (Some(false), Some(rejection.reason()), Some(rejection.to_string()), None),
            Verdict::Open(doubt) => (None, Some(doubt.reason()), Some(doubt.to_string()), None),
        };
        let explanation = kept
            .as_ref()
            .and_then(|kept| Some(Explanation::of(kept.evidence.as_ref()?, &kept.provider.as_ref()?.scheme)));
        Self {
            r#type: "verification",
            valid,
            scheme: scheme.as_deref(),
            event: event.as_deref(),
            id: Some(id.as_str()).filter(|id| !id.is_empty()),
            reason,
            message,
            hint: judgement.hint(),
            secret: verified.map(|verified| verified.secret.as_str()),
            encoding: verified.and_then(|verified| verified.other_encoding).map(Encoding::name),
            age_s: verified.and_then(|verified| verified.age).map(|age| age.as_secs_f64()),
            at: format!("{at:.3}"),
            clock: clock.name(),
            diagnosis: findings::items(diagnosis.as_ref()),
            searched: findings::searched(diagnosis.as_ref()),
            file,
            line: place.line,
            entry: place.entry,
            explanation,
        }
    }
}

impl<'a> Explanation<'a> {
    fn of(evidence: &'a Evidence, scheme: &Scheme) -> Self {
        let name = |(_, algorithm): &&(&str, Algorithm)| *algorithm == scheme.algorithm;
        let signs = scheme.algorithm != Algorithm::Token;
        let (content, content_base64) =
            match evidence.content.as_deref().map(|content| (content, str::from_utf8(content))) {
                None => (None, None),
                Some((_, Ok(text))) => (Some(Cow::Borrowed(text)), None),
                Some((bytes, Err(_))) => (None, Some(STANDARD.encode(bytes))),
            };
        let received = evidence.signatures.iter().map(|(place, signature)| {
            let header = match place {
                Place::Header(name) => Some(name.as_str()),
                Place::Body => None,
            };
            Received { header, signature }
        });
        let timestamp = evidence.timestamp.as_ref();
        Self {
            algorithm: Algorithm::NAMES.iter().find(name).map_or("token", |(name, _)| *name),
            content_template: signs.then(|| scheme.content.to_string()),
            content,
            content_base64,
            key: explanation::key(scheme),
            encoding: signs.then(|| scheme.encoding.name()),
            received: received.collect(),
            computed: evidence.computed.iter().map(|(secret, signature)| Computed { secret, signature }).collect(),
            timestamp: timestamp.map(|(text, _)| text.as_str()),
            timestamp_at: timestamp.and_then(|(_, moment)| *moment).map(|moment| moment.to_string()),
            tolerance_past_s: scheme.timestamp.tolerance_past.map(|length| length.as_secs_f64()),
            tolerance_future_s: scheme.timestamp.tolerance_future.map(|length| length.as_secs_f64()),
        }
    }
}

/// A fault as a line for machines.
#[derive(Serialize)]
struct FaultLine<'a> {
    r#type: &'static str,
    code: &'static str,
    message: String,
    hint: &'a str,
    file: &'a str,
    line: Option<u64>,
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
}

/// What came of it all, for machines.
pub(super) fn summary(count: Count) -> Value {
    json!({
        "type": "summary",
        "deliveries": count.deliveries(),
        "valid": count.valid,
        "invalid": count.invalid,
        "inconclusive": count.inconclusive,
        "unreadable": count.unreadable,
        "skipped": count.skipped,
    })
}

impl JsonReporter<'_> {
    /// The parts of a file, in their order; flushed once.
    pub(super) fn examined(&mut self, file: &str, examined: &[Examined]) -> io::Result<()> {
        let mut text = Vec::new();
        for examined in examined {
            text.clear();
            match examined {
                Examined::Judged(judgement) => serde_json::to_writer(&mut text, &VerdictLine::of(file, judgement))?,
                Examined::Unread(fault) => {
                    let place = fault.place;
                    let line = FaultLine {
                        r#type: "error",
                        code: fault.code(),
                        message: told(file, fault),
                        hint: fault.way_out(),
                        file,
                        line: place.line,
                        column: place.column,
                        entry: place.entry,
                    };
                    serde_json::to_writer(&mut text, &line)?;
                }
            }
            let text = String::from_utf8_lossy(&text);
            writeln!(self.output, "{}", sanitize::json(&text))?;
        }
        self.output.flush()
    }
}
