//! What a provider does after an attempt at an endpoint, which is disabled after many failures in a row.

use std::mem::replace;

use jiff::Timestamp;

use crate::webhook::attempt::Attempt;
use crate::webhook::policy::DeliveryPolicy;
use crate::webhook::retrying::{GivingUp, Step};

/// How an endpoint has done lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Endpoint {
    /// How many attempts in a row have failed.
    failures: u32,
    /// After how many failures in a row the provider stopped sending anything there, if it did.
    disabled: Option<u32>,
    /// Whether that was said.
    told: bool,
}

impl Endpoint {
    /// What follows an attempt that ended `now`.
    pub(super) fn step(
        &mut self,
        policy: &DeliveryPolicy,
        attempt: &Attempt,
        now: Timestamp,
        random: &mut fastrand::Rng,
    ) -> Step {
        self.failures = if policy.is_success(attempt) { 0 } else { self.failures + 1 };
        let step = match (policy.step(attempt, self.failures, now, random), self.disabled) {
            // What was on its way when that happened is not sent again, either.
            (Step::Retry { .. } | Step::GiveUp(GivingUp::Disabled { .. }), Some(failures)) => {
                Step::GiveUp(GivingUp::Disabled { failures })
            }
            (step, _) => step,
        };
        if let Step::GiveUp(GivingUp::Disabled { failures }) = step {
            self.disabled.get_or_insert(failures);
        }
        step
    }

    /// Whether the provider sends nothing more there.
    pub(super) fn is_disabled(&self) -> bool {
        self.disabled.is_some()
    }

    /// After how many failures in a row nothing more is sent, where that is still to be said.
    pub(super) fn tell(&mut self) -> Option<u32> {
        self.disabled.filter(|_| !replace(&mut self.told, true))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::webhook::attempt::Failure;
    use crate::webhook::catalogue::Catalogue;

    #[test]
    fn what_was_on_its_way_to_an_endpoint_that_was_disabled_is_not_sent_again() {
        let mut policy = Catalogue::embedded().provider("comps").expect("a provider").policy;
        policy.disable_after = Some(2);
        let (mut endpoint, mut random) = (Endpoint::default(), fastrand::Rng::with_seed(1));
        let now = Timestamp::UNIX_EPOCH;
        let outcome = Err(Failure::TimedOut { after: Duration::ZERO });
        let attempt = Attempt { number: 1, started: now, duration: Duration::ZERO, outcome };
        let mut step = |endpoint: &mut Endpoint| endpoint.step(&policy, &attempt, now, &mut random);
        assert!(matches!(step(&mut endpoint), Step::Retry { .. }));
        let disabled = Step::GiveUp(GivingUp::Disabled { failures: 2 });
        assert_eq!(step(&mut endpoint), disabled);
        // As after a success, which those that fail later do not know of.
        endpoint.failures = 0;
        assert_eq!((step(&mut endpoint), step(&mut endpoint)), (disabled, disabled));
        assert_eq!((endpoint.tell(), endpoint.tell()), (Some(2), None));
    }
}
