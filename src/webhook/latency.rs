//! How long answers took: counted in a table of fixed size, however many there are.

use std::time::Duration;

/// Each power of two is divided into so many buckets, so that a value is known to within 1.6 %.
const PARTS: u64 = 64;

/// Times are counted in microseconds up to this power of two, some 19 hours; a longer one counts as that.
const POWERS: u64 = 36;

const PARTS_POWER: u64 = PARTS.ilog2() as u64;

#[expect(clippy::cast_possible_truncation, reason = "some two thousand")]
const BUCKETS: usize = ((POWERS - PARTS_POWER + 1) * PARTS) as usize;

/// The upper ends of the ranges of the small histogram, in microseconds: 1, 2, 5, 10 and so on, to 5000 s.
const RANGES: [u64; 30] = {
    let mut ranges = [0; 30];
    let mut power = 1;
    let mut index = 0;
    while index < ranges.len() {
        ranges[index] = power;
        ranges[index + 1] = 2 * power;
        ranges[index + 2] = 5 * power;
        power *= 10;
        index += 3;
    }
    ranges
};

/// How long answers took.
#[derive(Debug, Clone)]
pub struct Latencies {
    buckets: Box<[u64]>,
    /// How many fell into each of the [`RANGES`].
    ranges: [u64; RANGES.len()],
    count: u64,
    longest: Duration,
}

/// A range of times, and how many fell into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Its upper end; the one before has the lower.
    pub up_to: Duration,
    /// How many.
    pub count: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS].into_boxed_slice(),
            ranges: [0; RANGES.len()],
            count: 0,
            longest: Duration::ZERO,
        }
    }
}

impl Latencies {
    /// Counts one.
    pub fn add(&mut self, latency: Duration) {
        self.buckets[bucket(latency)] += 1;
        let range = RANGES.partition_point(|up_to| *up_to < micros(latency)).min(RANGES.len() - 1);
        self.ranges[range] += 1;
        self.count += 1;
        self.longest = self.longest.max(latency);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, exactly.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The time that so many of a hundred took at most, to within 1.6 %; nothing where there are none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let index = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(upper_end(index).min(self.longest))
    }

    /// A small histogram: at most so many ranges, from the first that is not empty to the last.
    #[must_use]
    pub fn bars(&self, most: usize) -> Vec<Bar> {
        let is_full = |count: &u64| *count > 0;
        let Some(last) = self.ranges.iter().rposition(is_full) else { return Vec::new() };
        let first = self.ranges.iter().position(is_full).unwrap_or(last).max((last + 1).saturating_sub(most.max(1)));
        let bar = |index: usize| Bar { up_to: Duration::from_micros(RANGES[index]), count: self.ranges[index] };
        let mut bars: Vec<Bar> = (first..=last).map(bar).collect();
        // What is shorter than all the ranges that there is room for goes into the first of them.
        bars[0].count += self.ranges[..first].iter().sum::<u64>();
        bars
    }
}

fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
}

/// Up to 64 µs there is a bucket for each; from there on, 64 for each power of two.
fn bucket(latency: Duration) -> usize {
    let micros = micros(latency).min((1 << POWERS) - 1);
    let shift = u64::from(micros.max(1).ilog2()).saturating_sub(PARTS_POWER);
    usize::try_from(shift * PARTS + (micros >> shift)).unwrap_or(BUCKETS - 1).min(BUCKETS - 1)
}

/// The longest time that a bucket holds.
fn upper_end(index: usize) -> Duration {
    let index = index as u64;
    let shift = (index / PARTS).saturating_sub(1);
    let first = (index - shift * PARTS) << shift;
    Duration::from_micros(first + (1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|millis| latencies.add(Duration::from_millis(millis)));
        latencies
    }

    #[track_caller]
    fn assert_near(found: Option<Duration>, millis: u64) {
        let found = found.expect("there are some").as_secs_f64() * 1000.0;
        let error = (found / f64::from(u32::try_from(millis).expect("few")) - 1.0).abs();
        assert!(error < 0.016, "{found} ms where {millis} ms are due");
    }

    #[test]
    fn percentiles_are_true_to_within_a_fiftieth() {
        let latencies = of(1..=1000);
        assert_near(latencies.percentile(50), 500);
        assert_near(latencies.percentile(90), 900);
        assert_near(latencies.percentile(99), 990);
        assert_eq!(latencies.percentile(100), Some(Duration::from_secs(1)));
        assert_eq!((latencies.count(), latencies.longest()), (1000, Duration::from_secs(1)));
    }

    #[test]
    fn one_is_all_percentiles_and_none_has_none() {
        for percent in [0, 50, 99, 100] {
            assert_near(of([7]).percentile(percent), 7);
        }
        assert_eq!(Latencies::default().percentile(50), None);
        assert_eq!(Latencies::default().bars(8), []);
    }

    #[test]
    fn every_time_has_a_bucket_that_holds_it() {
        let mut last = 0;
        for micros in (0..5000).chain((13..60).map(|power| (1 << power) - 1)).chain([u64::MAX]) {
            let index = bucket(Duration::from_micros(micros));
            assert!(index >= last && index < BUCKETS, "{micros} µs in {index}");
            assert!(
                micros >= 1 << POWERS || upper_end(index) >= Duration::from_micros(micros),
                "{micros} µs in {index}"
            );
            last = index;
        }
    }

    #[test]
    fn bars_have_no_gap_and_hold_all() {
        let bars = of([1, 1, 1, 7, 100]).bars(8);
        assert_eq!(bars.iter().map(|bar| bar.up_to.as_millis()).collect::<Vec<_>>(), [1, 2, 5, 10, 20, 50, 100]);
        assert_eq!(bars.iter().map(|bar| bar.count).collect::<Vec<_>>(), [3, 0, 0, 1, 0, 0, 1]);
        let few = of([1, 1, 1, 7, 100]).bars(3);
        assert_eq!(few.iter().map(|bar| bar.count).collect::<Vec<_>>(), [4, 0, 1]);
        let mut longest = Latencies::default();
        longest.add(Duration::MAX);
        assert_eq!(longest.bars(8).iter().map(|bar| bar.count).sum::<u64>(), 1);
    }
}
