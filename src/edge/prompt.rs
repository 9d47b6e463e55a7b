//! Asks, when there is someone to ask. The only place that knows `dialoguer`.

use std::future::Future as _;
use std::task::Poll;

use dialoguer::console::Term;
use dialoguer::{Confirm, Input, Select};

/// Asks yes or no; `None` when the question was left with Escape or cannot be put.
#[must_use]
pub fn confirm(question: &str) -> Option<bool> {
    let answer = asked(|| Confirm::new().with_prompt(question).default(false).interact_opt());
    if answer.is_none() {
        end_line();
    }
    answer.flatten()
}

/// Asks for one of several; `None` when the question was left with Escape or cannot be put.
#[must_use]
pub fn select(question: &str, items: &[String]) -> Option<usize> {
    asked(|| Select::new().with_prompt(question).items(items).default(0).interact_opt()).flatten()
}

/// Asks for a text until `check` has nothing to say against it; `None` when the question cannot be put.
#[must_use]
pub fn input(question: &str, usual: &str, check: impl Fn(&str) -> Result<(), String>) -> Option<String> {
    let question = Input::<String>::new().with_prompt(question).default(usual.to_owned());
    let answer = asked(|| question.validate_with(|text: &String| check(text)).interact_text());
    if answer.is_none() {
        end_line();
    }
    answer
}

/// A question that is broken off stands in a line that is not ended.
fn end_line() {
    // Without a terminal there is no line either.
    let _ = Term::stderr().write_line("");
}

/// The answer, if there is one. A question that is left with Ctrl-C is one without an answer, and not the end of the
/// process, which would leave the cursor hidden and say nothing.
fn asked<T>(question: impl FnOnce() -> dialoguer::Result<T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let answer = runtime.block_on(async {
        let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
        // Looked at once, so that the signal has a listener from here on.
        let _ = std::future::poll_fn(|context| Poll::Ready(interrupt.as_mut().poll(context))).await;
        question()
    });
    if answer.is_err() {
        // Without a terminal there is no cursor either.
        let _ = Term::stderr().show_cursor();
    }
    answer.ok()
}
