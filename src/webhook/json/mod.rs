//! JSON as it stands: found, shown and changed without another byte of it being touched.

mod document;
mod edit;
mod path;
mod scan;
mod texts;
mod unescape;
mod write;

pub use self::document::{Document, Kind, Token, Tokens};
pub use self::edit::{Change, EditError};
pub use self::path::{Path, PathError, Step};
pub use self::texts::texts;
pub use self::unescape::Unescape;
pub use self::write::{write_number, write_optional, write_string, write_thousandths};

/// What is wrong with a text that is no JSON, with its place in it: the parser's words, in ours.
#[must_use]
pub fn complaint(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("EOF while parsing ") {
        Some(rest) => format!("it ends within {rest}"),
        None => text,
    }
}
