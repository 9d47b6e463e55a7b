//! JSON as it stands: found, shown and changed without another byte of it being touched.

mod document;
mod edit;
mod path;

pub use self::document::{Document, Kind, Token, Tokens};
pub use self::edit::{Change, EditError};
pub use self::path::{Path, PathError, Step};
