//! What a provider does after an attempt: nothing more, another attempt after a wait, or giving up. Its policy decides.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::attempt::Attempt;
use super::policy::{DeliveryPolicy, RetryOn};

/// The longest wait that a receiver may ask for with `Retry-After`; it may name any time at all.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The delivery was received.
    Done,
    /// It is sent again.
    Retry {
        /// After this time.
        after: Duration,
    },
    /// It is not sent again.
    GiveUp(GivingUp),
}

/// Why a delivery is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivingUp {
    /// Nothing is sent again after such an answer.
    NotRetried,
    /// That was the last attempt of several.
    LastAttempt,
    /// The provider does not say when it would.
    NoSchedule,
    /// So many failures in a row disable the endpoint: nothing at all is sent to it any more.
    Disabled {
        /// How many.
        failures: u32,
    },
}

impl Step {
    /// What became of the delivery, in one word for machines; nothing while it is not decided.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Retry { .. } => None,
            Self::Done => Some("delivered"),
            Self::GiveUp(GivingUp::NotRetried | GivingUp::NoSchedule) => Some("not-retried"),
            Self::GiveUp(GivingUp::LastAttempt) => Some("permanently-failed"),
            Self::GiveUp(GivingUp::Disabled { .. }) => Some("disabled"),
        }
    }
}

impl DeliveryPolicy {
    /// How often a delivery is tried in all, as far as is known: where only waits are given, once more than there are waits.
    #[must_use]
    pub fn most_attempts(&self) -> Option<u32> {
        let waits = u32::try_from(self.backoff.len()).unwrap_or(u32::MAX);
        self.attempts.or((waits > 0).then(|| waits.saturating_add(1)))
    }

    /// Whether an attempt counts as received.
    #[must_use]
    pub fn is_success(&self, attempt: &Attempt) -> bool {
        attempt.status().is_some_and(|status| self.success.matches(status))
    }

    /// What follows an attempt that ended `now`, when `failures` attempts in a row have failed at this endpoint, this one
    /// included.
    pub fn step(&self, attempt: &Attempt, failures: u32, now: Timestamp, random: &mut fastrand::Rng) -> Step {
        if self.is_success(attempt) {
            return Step::Done;
        }
        if self.disable_after.is_some_and(|most| failures >= most) {
            return Step::GiveUp(GivingUp::Disabled { failures });
        }
        let Some(most) = self.most_attempts() else { return Step::GiveUp(GivingUp::NoSchedule) };
        if most == 1 || !self.retries(attempt) {
            return Step::GiveUp(GivingUp::NotRetried);
        }
        if attempt.number >= most {
            return Step::GiveUp(GivingUp::LastAttempt);
        }
        let scheduled = self.wait(attempt.number, random);
        let asked = match &attempt.outcome {
            Ok(answer) if self.retry_after => retry_after(&answer.headers, now),
            Ok(_) | Err(_) => None,
        };
        // A receiver asks not to be tried before that time, so that it can make a wait longer and never shorter.
        Step::Retry { after: asked.map_or(scheduled, |asked| asked.max(scheduled)) }
    }

    /// Whether this kind of failure is tried again at all. A policy that names none means any.
    fn retries(&self, attempt: &Attempt) -> bool {
        self.retry.is_empty()
            || self.retry.iter().any(|on| match on {
                RetryOn::Network => attempt.outcome.is_err(),
                RetryOn::Status(pattern) => attempt.status().is_some_and(|status| pattern.matches(status)),
            })
    }

    /// The wait after an attempt: the last one repeats, and none is known where the list is empty.
    fn wait(&self, number: u32, random: &mut fastrand::Rng) -> Duration {
        let index = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        let wait = self.backoff.get(index).or(self.backoff.last()).copied().unwrap_or_default();
        match self.jitter {
            Some(percent) => wait + wait.mul_f64(f64::from(percent) / 100.0 * random.f64()),
            None => wait,
        }
    }
}

/// What `Retry-After` asks for: a number of seconds, or a date (RFC 9110, section 10.2.3). Nothing when it is neither.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        text.parse().map_or(LONGEST_RETRY_AFTER, Duration::from_secs)
    } else {
        // A date that has passed asks for no wait.
        Duration::try_from(date(text)?.duration_since(now)).unwrap_or_default()
    };
    Some(wait.min(LONGEST_RETRY_AFTER))
}

/// A date in any of the three forms that HTTP has had (RFC 9110, section 5.6.7).
fn date(text: &str) -> Option<Timestamp> {
    const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let moment = FORMS.iter().find_map(|form| DateTime::strptime(form, text).ok())?;
    moment.to_zoned(TimeZone::UTC).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderValue, StatusCode};

    use super::*;
    use crate::webhook::attempt::{Answer, Failure};
    use crate::webhook::policy::StatusPatterns;

    const NOW: i64 = 1_795_255_200; // 2026-11-21T10:00:00Z, a Saturday

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).expect("a time")
    }

    /// Comps, as its page has it: six attempts, and what is tried again.
    fn comps() -> DeliveryPolicy {
        DeliveryPolicy {
            timeout: None,
            success: StatusPatterns::default(),
            attempts: Some(6),
            backoff: [1, 2, 4, 8, 16].map(Duration::from_mins).to_vec(),
            jitter: None,
            retry: ["network", "408", "429", "5xx"].map(|on| on.parse().expect("known")).to_vec(),
            retry_after: false,
            disable_after: None,
            after_last_attempt: None,
        }
    }

    fn silent() -> DeliveryPolicy {
        DeliveryPolicy { attempts: None, backoff: Vec::new(), retry: Vec::new(), ..comps() }
    }

    fn answered(number: u32, status: u16) -> Attempt {
        let status = StatusCode::from_u16(status).expect("a status");
        let answer =
            Answer { status, headers: HeaderMap::new(), body: Bytes::new(), truncated: false, incomplete: None };
        Attempt { number, started: now(), duration: Duration::ZERO, outcome: Ok(answer) }
    }

    fn step(policy: &DeliveryPolicy, attempt: &Attempt, failures: u32) -> Step {
        policy.step(attempt, failures, now(), &mut fastrand::Rng::with_seed(7))
    }

    fn minutes(step: Step) -> Option<u64> {
        match step {
            Step::Retry { after } => Some(after.as_secs() / 60),
            Step::Done | Step::GiveUp(_) => None,
        }
    }

    #[test]
    fn comps_waits_1_2_4_8_and_16_minutes_and_then_gives_up_for_good() {
        let waits: Vec<Option<u64>> =
            (1..=6).map(|number| minutes(step(&comps(), &answered(number, 503), number))).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), Some(8), Some(16), None]);
        assert_eq!(step(&comps(), &answered(6, 503), 6), Step::GiveUp(GivingUp::LastAttempt));
        assert_eq!(step(&comps(), &answered(6, 503), 6).word(), Some("permanently-failed"));
    }

    #[test]
    fn of_comps_client_errors_only_408_and_429_are_sent_again() {
        for (status, again) in [(400, false), (401, false), (404, false), (410, false), (408, true), (429, true)] {
            assert_eq!(minutes(step(&comps(), &answered(1, status), 1)).is_some(), again, "{status}");
        }
        assert_eq!(step(&comps(), &answered(1, 404), 1), Step::GiveUp(GivingUp::NotRetried));
        assert_eq!(step(&comps(), &answered(1, 302), 1), Step::GiveUp(GivingUp::NotRetried));
        assert_eq!(step(&comps(), &answered(3, 204), 0), Step::Done);
    }

    #[test]
    fn no_answer_is_a_network_error() {
        let after = Duration::from_secs(5);
        let attempt = Attempt { outcome: Err(Failure::TimedOut { after }), ..answered(1, 200) };
        assert_eq!(minutes(step(&comps(), &attempt, 1)), Some(1));
        let only_statuses = DeliveryPolicy { retry: vec!["5xx".parse().expect("known")], ..comps() };
        assert_eq!(step(&only_statuses, &attempt, 1), Step::GiveUp(GivingUp::NotRetried));
    }

    #[test]
    fn a_schedule_that_is_not_published_is_not_made_up() {
        assert_eq!(step(&silent(), &answered(1, 503), 1), Step::GiveUp(GivingUp::NoSchedule));
        let once = DeliveryPolicy { attempts: Some(1), ..silent() };
        assert_eq!(step(&once, &answered(1, 503), 1), Step::GiveUp(GivingUp::NotRetried));
        // The number is known, and the waits are not.
        let nine = DeliveryPolicy { attempts: Some(9), ..silent() };
        assert_eq!(step(&nine, &answered(8, 503), 1), Step::Retry { after: Duration::ZERO });
        assert_eq!(step(&nine, &answered(9, 503), 1), Step::GiveUp(GivingUp::LastAttempt));
    }

    #[test]
    fn the_tenth_failure_in_a_row_disables_and_a_success_never_does() {
        let wpg = DeliveryPolicy { disable_after: Some(10), ..silent() };
        assert_eq!(step(&wpg, &answered(1, 500), 9), Step::GiveUp(GivingUp::NoSchedule));
        assert_eq!(step(&wpg, &answered(1, 500), 10), Step::GiveUp(GivingUp::Disabled { failures: 10 }));
        assert_eq!(step(&wpg, &answered(1, 200), 10), Step::Done);
    }

    #[test]
    fn retry_after_makes_a_wait_longer_where_the_policy_heeds_it() {
        let heeding = DeliveryPolicy { retry_after: true, ..comps() };
        let mut attempt = answered(1, 429);
        let mut after = |text: &'static str, policy: &DeliveryPolicy| {
            if let Ok(answer) = &mut attempt.outcome {
                answer.headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            }
            match step(policy, &attempt, 1) {
                Step::Retry { after } => after.as_secs(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(after("300", &heeding), 300);
        assert_eq!(after("300", &comps()), 60);
        assert_eq!(after("5", &heeding), 60);
        // The three forms of RFC 9110, each ten minutes from now.
        assert_eq!(after("Sat, 21 Nov 2026 10:10:00 GMT", &heeding), 600);
        assert_eq!(after("Saturday, 21-Nov-26 10:10:00 GMT", &heeding), 600);
        assert_eq!(after("Sat Nov 21 10:10:00 2026", &heeding), 600);
        assert_eq!(after("Sat, 21 Nov 2026 09:00:00 GMT", &heeding), 60);
        for text in ["", "soon", "-5", "1.5", "5 s"] {
            assert_eq!(after(text, &heeding), 60, "{text}");
        }
        // Nothing waits for longer than a day, however it is put.
        for text in ["86401", "99999999999999999999", "Tue, 24 Nov 2026 10:00:00 GMT"] {
            assert_eq!(after(text, &heeding), 86_400, "{text}");
        }
    }

    #[test]
    fn jitter_makes_a_wait_longer_by_up_to_its_share_and_is_the_same_for_the_same_seed() {
        let policy = DeliveryPolicy { jitter: Some(50), ..comps() };
        let waits = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut wait = || match policy.step(&answered(1, 503), 1, now(), &mut random) {
                Step::Retry { after } => after,
                other => panic!("{other:?}"),
            };
            [wait(), wait(), wait()]
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
        for wait in waits(3) {
            assert!((Duration::from_mins(1)..=Duration::from_secs(90)).contains(&wait), "{wait:?}");
        }
    }
}
