//! What a provider does after an attempt at an endpoint, which is disabled after many failures in a row.

use jiff::Timestamp;

use crate::webhook::attempt::Attempt;
use crate::webhook::policy::DeliveryPolicy;
use crate::webhook::retrying::{GivingUp, Step};

/// How an endpoint has done lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Endpoint {
    /// How many attempts in a row have failed.
    failures: u32,
    /// Whether the provider sends nothing more there.
    disabled: bool,
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
        let step = policy.step(attempt, self.failures, now, random);
        self.disabled |= matches!(step, Step::GiveUp(GivingUp::Disabled { .. }));
        step
    }

    /// Whether the provider sends nothing more there.
    pub(super) fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// After how many failures in a row nothing more is sent, where that is still to be said.
    pub(super) fn tell(&mut self) -> Option<u32> {
        (!std::mem::replace(&mut self.told, true)).then_some(self.failures)
    }
}
