//! What clap says of a command line, in our own voice: one sentence, and the way out.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::commands::arguments::Mistake;
use crate::error::Error;

/// A mistake on the command line as an error of ours.
#[must_use]
pub fn error(error: &clap::Error) -> Error {
    Error::Usage { message: message(error), hint: Some(hint(error)) }
}

fn message(error: &clap::Error) -> String {
    let argument = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = text(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => format!("there is no `{argument}` here"),
        ErrorKind::InvalidSubcommand => {
            format!("there is no command `{}`", text(error, ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::InvalidValue => match value {
            Some(value) if !value.is_empty() => format!("`{value}` is no value of `{}`", flag(&argument)),
            _ => format!("`{}` needs a value", flag(&argument)),
        },
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(source) => format!("{}: {source}", flag(&argument)),
            None => format!("`{}` is no value of `{}`", value.unwrap_or_default(), flag(&argument)),
        },
        ErrorKind::MissingSubcommand => "no command was given".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("`{}` is missing", flag(&argument)),
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg).unwrap_or_default();
            let (argument, other) = (flag(&argument), flag(&other));
            if other == argument || other.is_empty() {
                format!("`{argument}` was given twice")
            } else {
                format!("`{argument}` and `{other}` exclude each other")
            }
        }
        _ => plain(error),
    }
}

fn hint(error: &clap::Error) -> String {
    if let Some(mistake) = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Mistake>()) {
        return mistake.hint.to_owned();
    }
    let suggestions = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(word) = suggestions.into_iter().find_map(|kind| text(error, kind)) {
        return format!("did you mean `{word}`?");
    }
    if let Some(values) = text(error, ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        return format!("it is one of {values}");
    }
    match error.kind() {
        ErrorKind::ArgumentConflict => "leave one of them out".to_owned(),
        _ => command(error).map_or_else(|| "see --help".to_owned(), |command| format!("see {command} --help")),
    }
}

/// The command that was typed, as its usage line has it.
fn command(error: &clap::Error) -> Option<String> {
    let usage = text(error, ContextKind::Usage)?;
    let words = usage.split_whitespace().skip_while(|word| *word != "wh");
    let words: Vec<&str> = words.take_while(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The flag alone: `--set <PATH=VALUE>` is `--set`.
fn flag(argument: &str) -> &str {
    argument.split(' ').next().unwrap_or(argument)
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}

/// The first line that clap itself would print.
fn plain(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
