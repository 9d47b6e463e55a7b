//! `Entry`: a record in short, as a list shows it, and `Filter`, which says what is in the list.

use std::time::Duration;

use jiff::Timestamp;

use super::{Direction, Recorded};
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::glob::Glob;

/// A record in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was received, or sent.
    pub at: Option<Timestamp>,
    /// Which way it went.
    pub direction: Direction,
    /// Whose it is, if that is known.
    pub scheme: Option<String>,
    /// The event with its variant; `unknown` when it is not known.
    pub event: String,
    /// The delivery's id.
    pub id: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// In one word, what went wrong: with the signature of what came in, or on the way of what went out.
    pub trouble: Option<String>,
    /// Which attempt it was, of what was sent.
    pub attempt: Option<u32>,
    /// How long the answer took.
    pub duration: Option<Duration>,
}

impl Entry {
    /// A record in short.
    #[must_use]
    pub fn new(recorded: &Recorded<'_>) -> Self {
        let reason = recorded.reason.as_deref().filter(|_| recorded.valid == Some(false));
        let response = recorded.response.as_ref();
        Self {
            at: recorded.at,
            direction: recorded.direction,
            scheme: recorded.delivery.scheme.clone(),
            event: recorded.delivery.event_name(),
            id: recorded.delivery.id.clone(),
            status: response.map(|response| response.status.as_u16()),
            trouble: reason.or(recorded.error.as_deref()).map(str::to_owned),
            attempt: recorded.attempt,
            duration: response.and_then(|response| response.duration),
        }
    }

    /// Whether it was answered with a 2xx.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Recorded<'_> {
    /// A delivery of which it is not known what has become of it.
    #[must_use]
    pub fn unanswered(delivery: Delivery, at: Option<Timestamp>) -> Self {
        Self {
            delivery,
            direction: Direction::Received,
            at,
            remote: None,
            url: None,
            attempt: None,
            valid: None,
            reason: None,
            response: None,
            error: None,
        }
    }
}

/// Which records are meant.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The events: any of these, by `type` or `provider/type`; all when there are none.
    pub events: Vec<Glob>,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Only what was not answered with a 2xx.
    pub failed: bool,
    /// Only what came in and was found not to be genuine.
    pub invalid: bool,
}

impl Filter {
    /// Whether every record is meant.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let Self { events, since, failed, invalid } = self;
        events.is_empty() && since.is_none() && !failed && !invalid
    }

    /// Whether a record is meant.
    #[must_use]
    pub fn admits(&self, recorded: &Recorded<'_>) -> bool {
        let since = self.since.is_none_or(|since| recorded.at.is_some_and(|at| at >= since));
        let failed = || !recorded.response.as_ref().is_some_and(|response| response.status.is_success());
        let invalid = || recorded.valid == Some(false);
        since && (!self.failed || failed()) && (!self.invalid || invalid()) && self.names(recorded)
    }

    fn names(&self, recorded: &Recorded<'_>) -> bool {
        if self.events.is_empty() {
            return true;
        }
        let delivery = &recorded.delivery;
        let Some(event) = delivery.event.clone() else { return false };
        let provider = delivery.scheme.clone().unwrap_or_default();
        let mut name = EventName { provider, event, variant: delivery.variant.clone() };
        let mut names = vec![name.name(), name.to_string()];
        if name.variant.take().is_some() {
            names.extend([name.name(), name.to_string()]);
        }
        self.events.iter().any(|glob| glob.matches_any(&names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(filter: &Filter, change: &str) -> bool {
        let record = r#"{"schema":"wh.delivery/1","id":"a","received_at":"2026-11-21T10:00:00Z","scheme":"wpg","event":"slot.submitted",
            "request":{"method":"POST","target":"/","headers":[],"body":""},"verification":{"valid":true},"response":{"status":200}}"#;
        let (from, to) = change.split_once(" to ").unwrap_or_default();
        let record = record.replace(from, to);
        filter.admits(&crate::webhook::record::read(record.as_bytes()).expect("a record"))
    }

    fn event(glob: &str) -> Filter {
        Filter { events: vec![Glob::new(glob)], ..Filter::default() }
    }

    #[test]
    fn an_event_is_named_with_its_provider_or_without() {
        for glob in ["slot.*", "wpg/*", "wpg/slot.submitted", "slot.submitted"] {
            assert!(admits(&event(glob), "x to x"), "{glob}");
        }
        for glob in ["chat.*", "whop/*", "slot"] {
            assert!(!admits(&event(glob), "x to x"), "{glob}");
        }
        let variant = r#""scheme" to "variant":"late","scheme""#;
        assert!(admits(&event("slot.submitted@late"), variant) && admits(&event("slot.submitted"), variant));
        assert!(!admits(&event("*"), r#""event":"slot.submitted", to  "#));
    }

    #[test]
    fn failed_is_what_was_not_accepted_and_invalid_what_is_not_genuine() {
        let failed = Filter { failed: true, ..Filter::default() };
        assert!(!admits(&failed, "x to x"));
        assert!(admits(&failed, "200 to 302") && admits(&failed, r#"{"status":200} to null"#));
        let invalid = Filter { invalid: true, ..Filter::default() };
        assert!(!admits(&invalid, "x to x") && !admits(&invalid, "true to null"));
        assert!(admits(&invalid, "true to false"));
    }

    #[test]
    fn since_includes_its_moment() {
        let since = |text: &str| Filter { since: Some(text.parse().expect("a time")), ..Filter::default() };
        assert!(admits(&since("2026-11-21T10:00:00Z"), "x to x"));
        assert!(!admits(&since("2026-11-21T10:00:01Z"), "x to x"));
        assert!(!admits(&since("2026-11-21T09:00:00Z"), r#""received_at" to "other""#));
    }
}
