//! How fast: how many at a time, how many a second, and what the provider's minutes last here.

use std::time::{Duration, Instant};

use clap::Args;

use crate::commands::arguments::Mistake;
use crate::report::notice::Notice;
use crate::webhook::provider::Provider;

/// The most deliveries that may be on their way at a time: each has a connection, and a process may have some thousand.
const MOST_AT_A_TIME: usize = 1000;

/// How many may be on their way where a rate is to be held, so that slow answers do not hold it up.
const AT_A_TIME_WITH_RATE: usize = 64;

/// How fast deliveries go out, and whether failed ones go out again.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// Let this many be on their way at a time [default: 1; with --rate 64]
    #[arg(short, long, value_name = "N", value_parser = concurrency)]
    pub concurrency: Option<usize>,
    /// Begin this many in a second (100, 100/s) or a minute (600/m)
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub rate: Option<Rate>,
    /// Deliver as the provider does: what fails is sent again by its own policy
    #[arg(long)]
    pub retry: bool,
    /// Make waiting this many times shorter (60), or do not wait at all (max)
    #[arg(long, value_name = "FACTOR", value_parser = speed)]
    pub speed: Option<Speed>,
}

impl PaceArgs {
    /// How many may be on their way at a time.
    #[must_use]
    pub fn at_a_time(&self) -> usize {
        self.concurrency.unwrap_or(if self.rate.is_some() { AT_A_TIME_WITH_RATE } else { 1 })
    }

    /// What is worth knowing about a provider whose policy is to be followed: it has none, or not all of it is published.
    #[must_use]
    pub fn notice(&self, provider: &Provider) -> Option<Notice> {
        if !self.retry {
            return None;
        }
        let scheme = provider.name.clone();
        match (provider.policy.most_attempts(), provider.policy.backoff.as_slice()) {
            (None, _) => Some(Notice::NoSchedule { scheme }),
            (Some(1), _) => Some(Notice::NoRetries { scheme }),
            (Some(attempts), []) => Some(Notice::NoWaits { scheme, attempts }),
            (Some(_), _) => None,
        }
    }
}

/// A number of beginnings in a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many in a second.
    pub per_second: f64,
}

/// How much faster than at the provider time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times.
    Times(f64),
    /// Nothing is waited for.
    Max,
}

/// Reads a number of deliveries, from 1 to a hundred million.
pub fn count(text: &str) -> Result<usize, Mistake> {
    within(text, 100_000_000, "write a number from 1 to 100000000, as in --count 1000")
}

fn concurrency(text: &str) -> Result<usize, Mistake> {
    within(text, MOST_AT_A_TIME, "write a number from 1 to 1000, as in --concurrency 64")
}

fn within(text: &str, most: usize, hint: &'static str) -> Result<usize, Mistake> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (1..=most).contains(number));
    number.ok_or_else(|| Mistake { message: format!("`{text}` is not from 1 to {most}"), hint })
}

/// Reads `100`, `100/s`, `600/m` or `5000/h`.
fn rate(text: &str) -> Result<Rate, Mistake> {
    let hint = "write 100/s, 600/m or 5000/h: more than none, and a million a second at most";
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit {
        "s" => Some(1.0),
        "m" | "min" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let per_second = plain_number(number).zip(seconds).map(|(number, seconds)| number / seconds);
    match per_second {
        // Slower than one a day is a slip.
        Some(per_second) if (1.0 / 86_400.0..=1e6).contains(&per_second) => Ok(Rate { per_second }),
        Some(_) => Err(Mistake { message: format!("`{text}` is out of all bounds"), hint }),
        None => Err(Mistake { message: format!("`{text}` is no rate"), hint }),
    }
}

/// Reads `60`, `60x` or `max`.
fn speed(text: &str) -> Result<Speed, Mistake> {
    let hint = "write --speed 60, which makes a minute a second, or --speed max, which does not wait";
    if text == "max" {
        return Ok(Speed::Max);
    }
    match plain_number(text.strip_suffix('x').unwrap_or(text)) {
        Some(times) if (0.001..=1e6).contains(&times) => Ok(Speed::Times(times)),
        Some(_) => Err(Mistake { message: format!("`{text}` is not from 0.001 to 1000000"), hint }),
        None => Err(Mistake { message: format!("`{text}` is no speed"), hint }),
    }
}

/// Digits, with a fraction perhaps: no sign, no exponent, no `inf`.
fn plain_number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

/// The time of the provider, in which its waits are; it begins with the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeline {
    started: Instant,
    speed: Speed,
}

impl Timeline {
    pub(super) fn new(speed: Speed) -> Self {
        Self { started: Instant::now(), speed }
    }

    /// What time it is, for what was begun at `begun`: where nothing is waited for, no time passes by itself.
    pub(super) fn now(&self, begun: Duration) -> Duration {
        match self.speed {
            Speed::Times(times) => self.started.elapsed().mul_f64(times),
            Speed::Max => begun,
        }
    }

    /// When something is due that is due at that time; nothing where it is not waited for.
    pub(super) fn instant(&self, due: Duration) -> Option<Instant> {
        match self.speed {
            Speed::Times(times) => Some(self.started + due.div_f64(times)),
            Speed::Max => None,
        }
    }

    /// How long a wait lasts here.
    pub(super) fn here(&self, wait: Duration) -> Duration {
        match self.speed {
            Speed::Times(times) => wait.div_f64(times),
            Speed::Max => Duration::ZERO,
        }
    }

    /// How long ago the run began, by the clock on the wall.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Says when the next delivery may begin, so that a rate is held.
#[derive(Debug)]
pub(super) struct Metronome {
    interval: Duration,
    next: Instant,
}

impl Metronome {
    /// How far behind it may fall and still catch up.
    const SLACK: Duration = Duration::from_millis(100);

    pub(super) fn new(rate: Rate) -> Self {
        Self { interval: Duration::from_secs_f64(1.0 / rate.per_second), next: Instant::now() }
    }

    /// When the next one may begin.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// One has begun.
    pub(super) fn beat(&mut self, now: Instant) {
        // What was missed for longer is not made up for: it would come as a burst.
        let next = self.next.max(now.checked_sub(Self::SLACK).unwrap_or(now));
        self.next = next + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_rates_and_speeds_are_more_than_none_and_within_bounds() {
        assert_eq!(count("10000"), Ok(10_000));
        assert_eq!(concurrency("64"), Ok(64));
        for text in ["0", "-1", "+1", "1.5", "", "x", "1001", "99999999999999999999", "1e3"] {
            assert!(concurrency(text).is_err(), "{text}");
        }
        assert!(count("100000001").is_err());
        let per_second = |text| rate(text).map(|rate| rate.per_second);
        assert_eq!((per_second("100"), per_second("100/s")), (Ok(100.0), Ok(100.0)));
        assert_eq!((per_second("600/m"), per_second("0.5/s")), (Ok(10.0), Ok(0.5)));
        for text in ["0", "0/s", "-1", "1/d", "1000001", "inf", "NaN", "", "/s", "1e5", "0.01/h"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert_eq!(
            (speed("60"), speed("60x"), speed("max")),
            (Ok(Speed::Times(60.0)), Ok(Speed::Times(60.0)), Ok(Speed::Max))
        );
        for text in ["0", "-60", "1000001", "fast", "", "x", "MAX", "1e2"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_minute_is_a_second_at_speed_60_and_nothing_at_max() {
        let minute = Duration::from_mins(1);
        assert_eq!(Timeline::new(Speed::Times(60.0)).here(minute), Duration::from_secs(1));
        let max = Timeline::new(Speed::Max);
        assert_eq!((max.here(minute), max.instant(minute), max.now(minute)), (Duration::ZERO, None, minute));
    }

    #[test]
    fn a_rate_is_held_and_what_was_missed_for_long_is_not_made_up_for() {
        let mut metronome = Metronome::new(Rate { per_second: 10.0 });
        let start = metronome.next;
        metronome.beat(start);
        assert_eq!(metronome.next(), start + Duration::from_millis(100));
        // A little late: the next one comes at its time all the same.
        metronome.beat(start + Duration::from_millis(130));
        assert_eq!(metronome.next, start + Duration::from_millis(200));
        metronome.beat(start + Duration::from_secs(10));
        assert_eq!(metronome.next, start + Duration::from_secs(10));
    }
}
