//! What came of many deliveries, and what follows an attempt, in words.

use std::time::Duration;

use super::explanation::duration;
use super::{BARS, Prospect, Summary};
use crate::webhook::latency::Bar;
use crate::webhook::retrying::{GivingUp, Step};

/// `9998 of 10000 accepted, 2 refused`, or `10 of 10 answered 401`
#[must_use]
pub fn outcome(summary: &Summary) -> String {
    let Summary { sent, accepted, refused, failed, in_flight, waiting, unsent, .. } = *summary;
    let (good, bad) = match &summary.expect {
        None => ("accepted".to_owned(), "refused"),
        Some(expect) => (format!("answered {expect}"), "answered otherwise"),
    };
    let mut text = format!("{accepted} of {sent} {good}");
    for (count, word) in [
        (refused, bad),
        (failed, "without an answer"),
        (in_flight, "still on the way"),
        (waiting, "to be tried again"),
        (unsent, "not sent"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    text
}

/// What else there is to say about many, on so many columns: how long they took, what was answered, and how fast.
#[must_use]
pub fn details(summary: &Summary, columns: Option<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut took = format!("{} attempts in {}", summary.attempts, brief(summary.elapsed));
    if let Some(per_second) = summary.per_second() {
        took.push_str(&format!(", {per_second:.0} a second"));
    }
    lines.push(took);
    let statuses = summary.statuses.iter().map(|(status, count)| format!("{status} × {count}"));
    let errors = summary.errors.iter().map(|(code, count)| format!("{code} × {count}"));
    lines.push(statuses.chain(errors).collect::<Vec<_>>().join(", "));
    let latencies = &summary.latencies;
    if let [Some(half), Some(nine), Some(most)] = [50, 90, 99].map(|percent| latencies.percentile(percent)) {
        lines.push(format!(
            "p50 {}, p90 {}, p99 {}, max {}",
            brief(half),
            brief(nine),
            brief(most),
            brief(latencies.longest())
        ));
    }
    lines.extend(histogram(summary, columns));
    lines
}

/// How long a bar is at most, where there is room.
const LONGEST: usize = 40;

/// `   2.05 ms  ████████  1234`: a bar for each range of times, which it is named after the upper end of.
fn histogram(summary: &Summary, columns: Option<usize>) -> Vec<String> {
    let bars = summary.latencies.bars(BARS);
    // One bar says no more than the percentiles.
    if bars.len() < 2 {
        return Vec::new();
    }
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or_default().max(1);
    // Beside a bar stand an indent, its range and its count.
    let beside = 13 + most.to_string().len();
    let width = columns.map_or(LONGEST, |columns| columns.saturating_sub(beside).clamp(8, LONGEST)) as u64;
    let line = |bar: &Bar| {
        // What is there is seen, however little it is.
        let eighths = (bar.count * width * 8).div_ceil(most);
        let whole = "█".repeat(usize::try_from(eighths / 8).unwrap_or_default());
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][usize::try_from(eighths % 8).unwrap_or_default()];
        let space = if bar.count > 0 { " " } else { "" };
        format!("≤ {:>6}  {whole}{part}{space}{}", duration_of_range(bar.up_to), bar.count)
    };
    bars.iter().map(line).collect()
}

/// A range's end, which is a round number: `20 µs`, `5 ms`, `10 s`.
fn duration_of_range(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        micros @ 1_000..1_000_000 => format!("{} ms", micros / 1_000),
        micros => format!("{} s", micros / 1_000_000),
    }
}

/// A time in three digits: `431 µs`, `2.05 ms`, `31.0 ms`, `1.50 s`.
#[must_use]
pub fn brief(time: Duration) -> String {
    let micros = time.as_micros();
    let seconds = time.as_secs_f64();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.2} ms", seconds * 1e3),
        10_000..100_000 => format!("{:.1} ms", seconds * 1e3),
        100_000..1_000_000 => format!("{:.0} ms", seconds * 1e3),
        1_000_000..60_000_000 => format!("{seconds:.2} s"),
        _ => duration(Duration::from_secs(time.as_secs())),
    }
}

/// What follows an attempt: `attempt 1 of 6; the next one in 1 min`.
#[must_use]
pub fn prospect(prospect: &Prospect, number: u32) -> String {
    let place = match prospect.most {
        Some(1) | None => format!("attempt {number}"),
        Some(most) => format!("attempt {number} of {most}"),
    };
    let waited = match prospect.waited {
        Duration::ZERO => String::new(),
        waited => format!(" after {} of waiting", length(waited)),
    };
    match prospect.step {
        Step::Done => format!("{place}: delivered{waited}"),
        Step::Retry { after } => {
            let here = match prospect.pause {
                Some(Duration::ZERO) if after > Duration::ZERO => ", which is not waited for".to_owned(),
                Some(pause) if pause.abs_diff(after) > Duration::from_millis(1) => {
                    format!(", which is {} here", brief(pause))
                }
                Some(_) | None => String::new(),
            };
            format!("{place}; the next one in {}{here}", length(after))
        }
        Step::GiveUp(GivingUp::LastAttempt) => {
            let sentence = prospect.sentence.as_ref().map(|sentence| format!(". {sentence}")).unwrap_or_default();
            format!("{place}: permanently failed{waited}{sentence}")
        }
        Step::GiveUp(GivingUp::NotRetried) => {
            // That a provider never tries again was said before anything was sent.
            let why = match prospect.most {
                Some(1) => String::new(),
                Some(_) | None => format!("; by the policy of {} this is final", prospect.provider),
            };
            format!("{place}: not tried again{waited}{why}")
        }
        Step::GiveUp(GivingUp::NoSchedule) => format!("{place}: not tried again"),
        Step::GiveUp(GivingUp::Disabled { failures }) => {
            format!("{place}: the endpoint is disabled after {failures} failures in a row")
        }
    }
}

/// A length of time in the two largest units that it has: `31 min`, `1 h 30 min`, `1 min 12 s`.
fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds == 0 {
        return if time.is_zero() { "0 s".to_owned() } else { brief(time) };
    }
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or_default();
    let shown = parts.iter().skip(first).take(2).filter(|(count, _)| *count > 0);
    shown.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_attempt(step: Step, waited: u64, pause: Option<u64>) -> Prospect {
        let pause = pause.map(Duration::from_secs);
        let sentence = Some("An alert is sent.".to_owned());
        let (waited, provider) = (Duration::from_secs(waited), "comps".to_owned());
        Prospect { step, provider, most: Some(6), waited, pause, next_at: None, sentence }
    }

    #[test]
    fn what_follows_an_attempt_is_told_with_its_wait() {
        let again = Step::Retry { after: Duration::from_mins(4) };
        let told = |pause| prospect(&after_attempt(again, 420, Some(pause)), 3);
        assert_eq!(told(240), "attempt 3 of 6; the next one in 4 min");
        assert_eq!(told(4), "attempt 3 of 6; the next one in 4 min, which is 4.00 s here");
        assert_eq!(told(0), "attempt 3 of 6; the next one in 4 min, which is not waited for");
        let last = after_attempt(Step::GiveUp(GivingUp::LastAttempt), 1860, None);
        let text = "attempt 6 of 6: permanently failed after 31 min of waiting. An alert is sent.";
        assert_eq!(prospect(&last, 6), text);
        assert_eq!(prospect(&after_attempt(Step::Done, 0, None), 1), "attempt 1 of 6: delivered");
        let refused = after_attempt(Step::GiveUp(GivingUp::NotRetried), 0, None);
        let text = "attempt 1 of 6: not tried again; by the policy of comps this is final";
        assert_eq!(prospect(&refused, 1), text);
        let once = Prospect { most: Some(1), ..refused };
        assert_eq!(prospect(&once, 1), "attempt 1: not tried again");
    }

    #[test]
    fn times_are_told_in_units_that_people_use() {
        let told =
            [(431, "431 µs"), (2_049, "2.05 ms"), (31_000, "31.0 ms"), (312_400, "312 ms"), (1_500_000, "1.50 s")];
        for (micros, text) in told {
            assert_eq!(brief(Duration::from_micros(micros)), text);
        }
        for (seconds, text) in [(0, "0 s"), (72, "1 min 12 s"), (1860, "31 min"), (5400, "1 h 30 min"), (86_400, "1 d")]
        {
            assert_eq!(length(Duration::from_secs(seconds)), text);
        }
    }
}
