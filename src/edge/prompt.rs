//! Asks, when there is someone to ask. The only place that knows `dialoguer`.

use dialoguer::{Confirm, Select};

/// Asks yes or no; `None` when the question was left with Escape or cannot be put.
#[must_use]
pub fn confirm(question: &str) -> Option<bool> {
    Confirm::new().with_prompt(question).default(false).interact_opt().ok().flatten()
}

/// Asks for one of several; `None` when the question was left with Escape or cannot be put.
#[must_use]
pub fn select(question: &str, items: &[String]) -> Option<usize> {
    Select::new().with_prompt(question).items(items).default(0).interact_opt().ok().flatten()
}
