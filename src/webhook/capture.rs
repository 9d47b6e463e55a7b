//! `Capture`: a delivery out of a file, with what the file says of it beside the request.

use std::fmt;

use http::StatusCode;
use jiff::Timestamp;

use super::delivery::Delivery;

/// A delivery that was captured earlier, by whatever program.
#[derive(Debug)]
pub struct Capture {
    /// The delivery; its id, scheme and event are those that were written down with it.
    pub delivery: Delivery,
    /// When it was received or sent, where that was written down.
    pub at: Option<Timestamp>,
    /// How it was answered, where that was written down.
    pub answer: Option<StatusCode>,
    /// Whether it was one of our own records, so that its scheme, event and id can be relied on.
    pub recorded: bool,
    /// Where in its file it stands.
    pub place: Place,
}

/// A place in a file: a line, or an entry of a document that is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The column in bytes, counted from 1.
    pub column: Option<usize>,
    /// The entry, counted from 1.
    pub entry: Option<u64>,
}

impl Place {
    /// That line.
    #[must_use]
    pub fn line(line: u64) -> Self {
        Self { line: Some(line), ..Self::default() }
    }

    /// The same place, seen from a text in which another text stands before it.
    #[must_use]
    pub fn behind(self, lines: u64) -> Self {
        Self { line: self.line.map(|line| line + lines), ..self }
    }
}

impl fmt::Display for Place {
    /// What stands behind the name of a file: `:12:5`, or `, entry 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        Ok(())
    }
}

/// Why a part of a file, or all of it, holds no delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Of which kind it is.
    pub kind: FaultKind,
    /// Where.
    pub place: Place,
    /// What is wrong, as a sentence without its end.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
}

/// What follows from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Something cannot be read.
    Bad,
    /// There is nothing to be read.
    Nothing,
    /// There is a body, and no headers that came with it.
    Bare,
}

impl Fault {
    /// Something that cannot be read.
    #[must_use]
    pub fn bad(place: Place, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Bad, place, message: message.into(), hint: None }
    }

    /// Something that holds no delivery.
    #[must_use]
    pub fn nothing(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Nothing, ..Self::bad(Place::default(), message) }
    }

    /// A body without its headers.
    #[must_use]
    pub fn bare(place: Place, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Bare, ..Self::bad(place, message) }
    }

    /// The same with a way out.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The way out: its own, or what helps with all of its kind.
    #[must_use]
    pub fn way_out(&self) -> &str {
        self.hint.as_deref().unwrap_or(match self.kind {
            FaultKind::Bad => "mend it, or take it out",
            FaultKind::Nothing => "name a file with deliveries in it; `wh listen` records what arrives",
            FaultKind::Bare => "give the headers that came with it",
        })
    }

    /// The kind in one word, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.kind {
            FaultKind::Bad => "bad-capture",
            FaultKind::Nothing => "nothing",
            FaultKind::Bare => "no-headers",
        }
    }
}
