//! Why a text is not a record, and where.

use serde::Deserialize;
use serde_json::error::Category;

use super::SCHEMA;
use super::text::{Loose, whole};

/// Why a text is not a record, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ReadError {
    /// The line of the text, counted from 1.
    pub line: usize,
    /// The column, in bytes, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: ReadProblem,
}

/// What is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadProblem {
    /// The text ends before the record does.
    #[error("the record is cut off")]
    CutOff,
    /// The text is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, and something in it is not what it should be.
    #[error("{0}")]
    Member(String),
    /// It is a record in a form that came after this program.
    #[error("it is a record in the newer form `{schema}`, and this version of wh reads `{SCHEMA}`")]
    Newer {
        /// The form that it says it has.
        schema: String,
    },
    /// It is JSON, and no record.
    #[error("it is not a delivery record{}", .schema.as_ref().map(|name| format!(": its schema is `{name}`")).unwrap_or_default())]
    NoRecord {
        /// The form that it says it has.
        schema: Option<String>,
    },
}

/// The error that a JSON text is no record, or one of another form; `None` when it is not JSON, or says the right form.
pub(super) fn other_schema(json: &[u8]) -> Option<ReadError> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        schema: Loose<'a>,
    }
    let Loose(schema) = match whole::<Named<'_>>(json, "an object") {
        Ok(named) => named.schema,
        // JSON, but no object.
        Err(error) if error.classify() == Category::Data => return Some(no_record(None)),
        Err(_) => return None,
    };
    let Some(schema) = schema else { return Some(no_record(None)) };
    let family = SCHEMA.trim_end_matches(|character: char| character.is_ascii_digit());
    match schema.strip_prefix(family) {
        _ if schema == SCHEMA => None,
        Some(version) if version.parse::<u32>().is_ok_and(|version| version > 1) => {
            let problem = ReadProblem::Newer { schema: schema.into_owned() };
            Some(ReadError { line: 1, column: 1, problem })
        }
        Some(_) | None => Some(no_record(Some(schema.into_owned()))),
    }
}

pub(super) fn no_record(schema: Option<String>) -> ReadError {
    ReadError { line: 1, column: 1, problem: ReadProblem::NoRecord { schema } }
}

impl ReadError {
    pub(super) fn of(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line().max(1), error.column().max(1));
        let text = error.to_string();
        // The place stands in fields of its own.
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
        let text = in_words(text);
        let problem = match error.classify() {
            Category::Eof => ReadProblem::CutOff,
            Category::Syntax | Category::Io => ReadProblem::NotJson(text),
            Category::Data => ReadProblem::Member(text),
        };
        Self { line, column, problem }
    }
}

/// A message in which numbers are told by what they stand for, and not by the name of their type.
fn in_words(message: &str) -> String {
    let names = [("u16", "a status"), ("u32", "the number of an attempt"), ("f64", "a number of milliseconds")];
    let found = names.iter().find_map(|(name, words)| Some((message.strip_suffix(name)?, words)));
    match found {
        Some((before, words)) if before.ends_with("expected ") => format!("{before}{words}"),
        Some(_) | None => message.to_owned(),
    }
}
