//! Asks, when there is someone to ask. The only place that knows `dialoguer`.

use std::future::Future as _;
use std::io::ErrorKind;
use std::task::Poll;

use dialoguer::console::Term;
use dialoguer::{Confirm, Input, Select};

/// Someone pressed Ctrl-C at a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

/// Asks yes or no; `None` when the question was left with Escape or cannot be put.
pub fn confirm(question: &str) -> Result<Option<bool>, Interrupted> {
    let answer = asked(|| Confirm::new().with_prompt(question).default(false).interact_opt());
    if !matches!(answer, Ok(Some(_))) {
        end_line();
    }
    answer.map(Option::flatten)
}

/// Asks for one of several; `None` when the question was left with Escape or cannot be put.
pub fn select(question: &str, items: &[String]) -> Result<Option<usize>, Interrupted> {
    asked(|| Select::new().with_prompt(question).items(items).default(0).interact_opt()).map(Option::flatten)
}

/// Asks for a text until `check` has nothing to say against it; `None` when the question cannot be put.
pub fn input(
    question: &str,
    usual: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<String>, Interrupted> {
    let question = Input::<String>::new().with_prompt(question).default(usual.to_owned());
    let answer = asked(|| question.validate_with(|text: &String| check(text)).interact_text());
    if !matches!(answer, Ok(Some(_))) {
        end_line();
    }
    answer
}

/// A question that is broken off stands in a line that is not ended.
fn end_line() {
    // Without a terminal there is no line either.
    let _ = Term::stderr().write_line("");
}

/// The answer, if there is one. A question that is left with Ctrl-C is not the end of the process, which would leave the
/// cursor hidden and say nothing.
fn asked<T>(question: impl FnOnce() -> dialoguer::Result<T>) -> Result<Option<T>, Interrupted> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Ok(None) };
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
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(dialoguer::Error::IO(reason)) if reason.kind() == ErrorKind::Interrupted => Err(Interrupted),
        Err(_) => Ok(None),
    }
}
