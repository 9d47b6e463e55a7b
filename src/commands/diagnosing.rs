//! Finding out why deliveries are refused, with all that this run knows, and no more work than it can spare.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::secrets::found_beside;
use crate::cli::SecretArgs;
use crate::context::Context;
use crate::webhook::catalogue::Catalogue;
use crate::webhook::delivery::Delivery;
use crate::webhook::diagnosis::{Budget, Case, Diagnosis, Known, diagnose};
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;
use crate::webhook::verification::Rejection;

/// Finds out why deliveries are refused.
pub struct Doctor<'a> {
    catalogue: &'a Catalogue,
    args: &'a SecretArgs,
    context: &'a Context,
    /// The secrets that deliveries are verified with, by their providers' names.
    own: Vec<(String, Vec<Secret>)>,
    /// The other providers and their secrets, read when the first delivery is refused.
    known: Option<Vec<(Provider, Vec<Secret>)>>,
    allowance: Allowance,
}

/// How much work may be done, in the units of [`Budget`].
#[derive(Debug)]
pub enum Allowance {
    /// So much in all, each search being as thorough as it can.
    InAll(u64),
    /// So much in each second, that being as long as answers must not wait.
    EachSecond {
        /// How much.
        work: u64,
        /// What is left of it in this second.
        left: u64,
        /// When this second began.
        since: Option<Instant>,
    },
}

impl Allowance {
    /// For files: a few seconds of work, after which refusals are told without their causes.
    pub const FILES: Self = Self::InAll(16 * Budget::FULL.0);

    /// For a listener: a few hundredths of each second.
    pub const LISTENER: Self = Self::EachSecond { work: 2 * Budget::BRIEF.0, left: 0, since: None };

    /// The budget of the next search; nothing when there is too little left for one.
    fn next(&mut self) -> Option<Budget> {
        match self {
            Self::InAll(left) => (*left > Budget::BRIEF.0).then(|| Budget::FULL.min(Budget(*left))),
            Self::EachSecond { work, left, since } => {
                let now = Instant::now();
                if since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1)) {
                    (*left, *since) = (*work, Some(now));
                }
                (*left > Budget::BRIEF.0 / 8).then(|| Budget::BRIEF.min(Budget(*left)))
            }
        }
    }

    fn spend(&mut self, work: u64) {
        match self {
            Self::InAll(left) | Self::EachSecond { left, .. } => *left = left.saturating_sub(work),
        }
    }
}

impl<'a> Doctor<'a> {
    /// One that knows the catalogue, and the secrets that this run verifies with, by their providers' names.
    #[must_use]
    pub const fn new(
        catalogue: &'a Catalogue,
        args: &'a SecretArgs,
        context: &'a Context,
        own: Vec<(String, Vec<Secret>)>,
        allowance: Allowance,
    ) -> Self {
        Self { catalogue, args, context, own, known: None, allowance }
    }

    /// Why a delivery was refused; nothing when there was no time left to find out.
    pub fn examine(
        &mut self,
        delivery: &Delivery,
        provider: &Provider,
        rejection: &Rejection,
        now: Timestamp,
    ) -> Option<Diagnosis> {
        let budget = self.allowance.next()?;
        let (catalogue, args, context) = (self.catalogue, self.args, self.context);
        let known = self.known.get_or_insert_with(|| known(catalogue, args, context));
        let others: Vec<Known<'_>> = known
            .iter()
            .filter(|(other, _)| other.name != provider.name)
            .map(|(provider, secrets)| Known { provider, secrets })
            .collect();
        let secrets = self.own.iter().find(|(name, _)| *name == provider.name).map_or(&[][..], |(_, secrets)| secrets);
        let diagnosis = diagnose(&Case { delivery, provider, secrets, rejection, others: &others, now }, budget);
        // Reading the delivery and making the variants is work, too, also where the search is short.
        self.allowance.spend(diagnosis.tried.work + delivery.request.body().len() as u64 + 4096);
        Some(diagnosis)
    }
}

/// Every provider with the secrets that the environment or a file of settings has for it.
fn known(catalogue: &Catalogue, args: &SecretArgs, context: &Context) -> Vec<(Provider, Vec<Secret>)> {
    let provider = |name| catalogue.provider(name).ok();
    let with_secrets = |provider: Provider| {
        // One that cannot be had is not this delivery's, and was told where it is needed.
        let secrets = found_beside(&[], args, &provider, context).unwrap_or_default();
        (provider, secrets)
    };
    catalogue.names().filter_map(provider).map(with_secrets).collect()
}
