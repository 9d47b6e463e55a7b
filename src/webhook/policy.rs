//! `DeliveryPolicy`: how a provider delivers: how long it waits, what it counts as success, what it does about failure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;

/// How a provider delivers, as far as its page says. What it does not say is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// How long the provider waits for an answer.
    pub timeout: Option<Duration>,
    /// The answers that count as received.
    pub success: StatusPatterns,
    /// How often a delivery is tried in all; 1 means never again, `None` that the page does not say.
    pub attempts: Option<u32>,
    /// The wait before the second attempt, the third and so on; the last one repeats.
    pub backoff: Vec<Duration>,
    /// By how much of itself a wait may be longer, at random, in percent.
    pub jitter: Option<u8>,
    /// What is tried again.
    pub retry: Vec<RetryOn>,
    /// Whether the answer's `Retry-After` is heeded.
    pub retry_after: bool,
    /// After how many consecutive failures the endpoint is disabled.
    pub disable_after: Option<u32>,
    /// What happens after the last attempt, as a sentence.
    pub after_last_attempt: Option<String>,
}

/// What makes a provider try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOn {
    /// No answer: refused, broken off, or too late.
    Network,
    /// An answer with such a status.
    Status(StatusPattern),
}

impl FromStr for RetryOn {
    type Err = RetryOnError;

    fn from_str(text: &str) -> Result<Self, RetryOnError> {
        if text == "network" {
            return Ok(Self::Network);
        }
        text.parse().map(Self::Status).map_err(|_| RetryOnError { text: text.to_owned() })
    }
}

/// What nothing is tried again for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither `network`, nor a status such as 503, nor a class such as 5xx")]
pub struct RetryOnError {
    /// What was given.
    pub text: String,
}

impl fmt::Display for RetryOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network => f.write_str("network"),
            Self::Status(pattern) => pattern.fmt(f),
        }
    }
}

/// A status such as `204`, or a class of them such as `2xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusPattern {
    /// One status.
    Exactly(u16),
    /// All with the same first digit.
    Class(u16),
}

impl StatusPattern {
    /// Whether a status is meant.
    #[must_use]
    pub fn matches(self, status: StatusCode) -> bool {
        match self {
            Self::Exactly(code) => status.as_u16() == code,
            Self::Class(digit) => status.as_u16() / 100 == digit,
        }
    }
}

impl FromStr for StatusPattern {
    type Err = StatusPatternError;

    fn from_str(text: &str) -> Result<Self, StatusPatternError> {
        let error = || StatusPatternError { text: text.to_owned() };
        let [first @ b'1'..=b'5', rest @ ..] = text.as_bytes() else { return Err(error()) };
        if rest.eq_ignore_ascii_case(b"xx") {
            return Ok(Self::Class(u16::from(first - b'0')));
        }
        if rest.len() != 2 || !rest.iter().all(u8::is_ascii_digit) {
            return Err(error());
        }
        text.parse().map(Self::Exactly).map_err(|_| error())
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(code) => code.fmt(f),
            Self::Class(digit) => write!(f, "{digit}xx"),
        }
    }
}

/// What is neither a status nor a class of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is neither a status such as 204 nor a class such as 2xx")]
pub struct StatusPatternError {
    /// What was given.
    pub text: String,
}

/// Statuses and classes, any of which will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPatterns(pub Vec<StatusPattern>);

impl StatusPatterns {
    /// Whether one of them means the status.
    #[must_use]
    pub fn matches(&self, status: StatusCode) -> bool {
        self.0.iter().any(|pattern| pattern.matches(status))
    }
}

impl Default for StatusPatterns {
    /// Any 2xx.
    fn default() -> Self {
        Self(vec![StatusPattern::Class(2)])
    }
}

impl fmt::Display for StatusPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(StatusPattern::to_string).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> StatusCode {
        StatusCode::from_u16(code).expect("a status")
    }

    #[test]
    fn a_status_is_matched_by_itself_and_by_its_class() {
        let patterns = StatusPatterns(vec!["401".parse().expect("a status"), "2XX".parse().expect("a class")]);
        assert!(patterns.matches(status(401)) && patterns.matches(status(204)));
        assert!(!patterns.matches(status(400)) && !patterns.matches(status(302)));
        assert_eq!(patterns.to_string(), "401, 2xx");
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for text in ["", "2x", "xx", "99", "600", "2xxx", "+20", "20a", "0xx"] {
            assert!(text.parse::<StatusPattern>().is_err(), "{text}");
        }
    }
}
