//! The timestamp of an attempt: its unit, where it stands, and how far from the clock it may be.

use std::time::Duration;

use jiff::Timestamp;

use crate::webhook::json::Path;

/// The timestamp of an attempt.
#[derive(Debug, Clone, Default)]
pub struct TimestampRule {
    /// Its unit.
    pub unit: TimestampUnit,
    /// Where it stands in the payload, when no header has it.
    pub payload: Option<Path>,
    /// How old a delivery may be, inclusive; `None` when the provider checks nothing.
    pub tolerance_past: Option<Duration>,
    /// How far ahead of the receiver's clock it may be, inclusive.
    pub tolerance_future: Option<Duration>,
}

/// The unit of a timestamp since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl TimestampUnit {
    /// Every unit with its name in provider files.
    pub const NAMES: [(&'static str, Self); 2] = [("seconds", Self::Seconds), ("milliseconds", Self::Milliseconds)];

    /// The unit in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
        }
    }

    /// A moment as the header has it.
    #[must_use]
    pub fn write(self, moment: Timestamp) -> String {
        match self {
            Self::Seconds => moment.as_second().to_string(),
            Self::Milliseconds => moment.as_millisecond().to_string(),
        }
    }

    /// A moment without what the unit cannot say, as receivers read their clock: 300.9 s old is 300 s old.
    #[must_use]
    pub fn floor(self, moment: Timestamp) -> Timestamp {
        let floored = match self {
            Self::Seconds => Timestamp::from_second(moment.as_second()),
            Self::Milliseconds => Timestamp::from_millisecond(moment.as_millisecond()),
        };
        floored.unwrap_or(moment)
    }

    /// The moment that a text names: digits and nothing else, no sign, no space, no fraction.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Timestamp> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = text.parse().ok()?;
        match self {
            Self::Seconds => Timestamp::from_second(number).ok(),
            Self::Milliseconds => Timestamp::from_millisecond(number).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_digits_and_nothing_else() {
        assert_eq!(TimestampUnit::Seconds.read("1700000000").map(Timestamp::as_second), Some(1_700_000_000));
        let milliseconds = TimestampUnit::Milliseconds.read("1700000000123");
        assert_eq!(milliseconds.map(Timestamp::as_millisecond), Some(1_700_000_000_123));
        for text in ["", " 1700000000", "+1700000000", "-1", "17e8", "1700000000.5", "1700000000abc", "NaN", "٣"] {
            assert_eq!(TimestampUnit::Seconds.read(text), None, "{text}");
        }
        assert_eq!(TimestampUnit::Seconds.read("99999999999999999999999"), None);
    }
}
