//! `-h`: one screen with what is needed first, and where the rest is. `--help` has everything, in groups.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, Command};

/// How many examples `-h` shows.
const EXAMPLES: usize = 3;

/// What `-h` shows of each command, in this order; a command that is not here shows all flags of its own.
const FIRST: [(&str, &[&str]); 10] = [
    (
        "send",
        &[
            "scheme",
            "all",
            "to",
            "data",
            "set",
            "header",
            "fault",
            "expect",
            "count",
            "retry",
            "secret_env",
            "dry_run",
            "json",
            "verbose",
        ],
    ),
    ("sign", &["form", "scheme", "to", "data", "set", "header", "timestamp", "fault", "secret_env"]),
    (
        "listen",
        &[
            "port",
            "scheme",
            "events",
            "forward_to",
            "respond",
            "no_verify",
            "log",
            "count",
            "timeout",
            "expect",
            "secret_env",
            "json",
            "verbose",
        ],
    ),
    (
        "check",
        &[
            "scheme",
            "to",
            "allow_remote",
            "event",
            "only",
            "skip",
            "list",
            "strict",
            "report",
            "effects",
            "secret_env",
            "json",
            "verbose",
        ],
    ),
    ("log", &["last", "event", "since", "failed", "invalid", "follow", "log", "json"]),
    (
        "replay",
        &[
            "to",
            "allow_remote",
            "last",
            "event",
            "since",
            "failed",
            "invalid",
            "resume",
            "keep_signature",
            "retry",
            "keep_pace",
            "secret_env",
            "json",
        ],
    ),
    ("verify", &["scheme", "explain", "headers", "at", "tolerance", "secret_file", "secret_env", "json", "verbose"]),
    ("events", &["scheme", "json"]),
    ("schemes", &["json"]),
    ("completions", &[]),
];

/// The short help that a command line asks for; `None` when it asks for the long one.
#[must_use]
pub fn short(command: Command, arguments: &[OsString]) -> Option<StyledStr> {
    let words = || arguments.iter().skip(1).take_while(|word| *word != "--").filter_map(|word| word.to_str());
    let is_short = |word: &str| word.starts_with('-') && !word.starts_with("--") && word.ends_with('h');
    if words().any(|word| word == "--help" || word == "help") || !words().any(is_short) {
        return None;
    }
    let mut command = command;
    command.build();
    match words().find_map(|word| command.find_subcommand(word)) {
        Some(subcommand) => Some(brief(subcommand.clone()).render_help()),
        None => Some(start(command)),
    }
}

/// The help of the program itself: what there is, and what to start with.
#[must_use]
pub fn start(command: Command) -> StyledStr {
    let mut command = command;
    command.build();
    let hidden = |argument: Arg| {
        let shown = ["help", "version"].contains(&argument.get_id().as_str());
        argument.hide(!shown)
    };
    command.mut_args(hidden).render_help()
}

/// A command without its groups, and with the flags that are needed first.
fn brief(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let first = FIRST.iter().find(|(known, _)| *known == name).map(|(_, first)| *first);
    let place = |argument: &Arg| {
        let id = argument.get_id().as_str();
        match first {
            _ if id == "help" => Some(usize::MAX),
            Some(first) => first.iter().position(|known| *known == id).map(|at| at * 1000),
            None => (!argument.is_global_set()).then_some(0),
        }
    };
    let examples = command.get_after_help().map(|text| shortened(&text.to_string()));
    let mut position = 0;
    let command = command.mut_args(|argument| {
        if argument.is_positional() {
            return argument;
        }
        position += 1;
        let place = place(&argument);
        let argument = argument.help_heading(None::<&str>).hide_possible_values(true).hide(place.is_none());
        argument.display_order(place.map_or(0, |place| place.saturating_add(position)))
    });
    command.after_help(examples.unwrap_or_default())
}

/// The first few examples of a text, with their heading, and nothing of what stands around them.
fn shortened(text: &str) -> String {
    let examples = text.lines().skip_while(|line| *line != "Examples:").skip(1);
    let first: Vec<&str> = examples.take_while(|line| line.starts_with("  ")).take(EXAMPLES).collect();
    if first.is_empty() { String::new() } else { format!("Examples:\n{}", first.join("\n")) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn what_comes_first_is_there() {
        let mut command = Cli::command();
        command.build();
        for (name, first) in FIRST {
            let command = command.find_subcommand(name).unwrap_or_else(|| panic!("there is no command {name}"));
            for id in first {
                assert!(command.get_arguments().any(|argument| argument.get_id() == id), "{name} has no {id}");
            }
        }
    }

    #[test]
    fn the_first_examples_stay_with_their_heading() {
        let text = "Before.\n\nExamples:\n  a\n  b\n  c\n  d\n\nAfter.";
        assert_eq!(shortened(text), "Examples:\n  a\n  b\n  c");
        assert_eq!(shortened(""), "");
    }
}
