//! A text file with its name, and a mistake in it with its line and column.

use std::fmt;

use super::Table;
use crate::webhook::tree::{self, Entry};

/// A mistake in a file: where it is, what it is, and the way out where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// The file's name, as its reader knows it.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, as a sentence without its end.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)
    }
}

impl std::error::Error for FileError {}

/// A text file with its name.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The name that messages use.
    pub path: &'a str,
    /// What is in it.
    pub text: &'a str,
}

impl<'a> Source<'a> {
    /// A file's bytes as text; the error says where it stops being UTF-8.
    pub fn from_bytes(path: &'a str, bytes: &'a [u8]) -> Result<Self, FileError> {
        match str::from_utf8(bytes) {
            Ok(text) => Ok(Self { path, text: text.strip_prefix('\u{feff}').unwrap_or(text) }),
            Err(error) => {
                let good = str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                let source = Self { path, text: good };
                Err(source.error(
                    good.len(),
                    "not UTF-8 from here on".to_owned(),
                    Some("save the file as UTF-8".into()),
                ))
            }
        }
    }

    /// An error that stands at `offset` bytes.
    #[must_use]
    pub fn error(&self, offset: usize, message: String, hint: Option<String>) -> FileError {
        let (line, column) = self.position(offset);
        FileError { path: self.path.to_owned(), line, column, message, hint }
    }

    /// The line and the column of an offset in bytes, both counted from 1.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// The file as a table.
    pub fn table(self) -> Result<Table<'a>, FileError> {
        if self.text.trim().is_empty() {
            return Err(self.error(
                0,
                "the file is empty".to_owned(),
                Some("`wh init --provider NAME` writes one to begin with".to_owned()),
            ));
        }
        let entries = tree::parse(self.text).map_err(|(offset, message)| {
            let twice = message.contains("duplicate key");
            let hint = if twice { "keep one of them" } else { "it is TOML: lines of key = \"value\", below [tables]" };
            self.error(offset, message, Some(hint.to_owned()))
        })?;
        Ok(self.of(entries))
    }

    /// The same, where the file was read before and a digest of it was made.
    pub fn digested_table(self, digest: &'a [u8]) -> Result<Table<'a>, FileError> {
        tree::undigest(digest).map_or_else(|| self.table(), |entries| Ok(self.of(entries)))
    }

    fn of(self, entries: Vec<Entry<'a>>) -> Table<'a> {
        Table { source: self, name: String::new(), at: 0, entries, known: Vec::new() }
    }
}

/// Where in a TOML string, as it is written, the text's own `offset` stands.
pub(super) fn raw_offset(raw: &str, offset: usize) -> usize {
    let long = ["\"\"\"", "'''"].into_iter().find(|quotes| raw.starts_with(quotes));
    let mut at = long.map_or(1, str::len);
    // A line break right behind three quotes is not part of the text.
    if long.is_some() {
        at += raw[at..].len() - raw[at..].trim_start_matches('\r').strip_prefix('\n').unwrap_or(&raw[at..]).len();
    }
    let escapes = raw.starts_with('"');
    let mut left = offset;
    while left > 0 {
        let rest = raw.get(at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else { break };
        if escapes && first == '\\' {
            let digits = match rest.as_bytes().get(1) {
                Some(b'x') => 2,
                Some(b'u') => 4,
                Some(b'U') => 8,
                _ => 0,
            };
            let code = rest.get(2..2 + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            left = left.saturating_sub(code.and_then(char::from_u32).map_or(1, char::len_utf8));
            at += 2 + digits;
        } else {
            left = left.saturating_sub(first.len_utf8());
            at += first.len_utf8();
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_text_or_no_toml_are_told_with_their_place() {
        let error = Source::from_bytes("x.toml", b"a = 1\nb = \xff").expect_err("not UTF-8");
        assert_eq!((error.line, error.column), (2, 5));
        let error = Source { path: "x.toml", text: " \n" }.table().err().expect("empty");
        assert_eq!(error.to_string(), "x.toml:1:1: the file is empty");
        let error = Source { path: "x.toml", text: "a = 1\nb = [\n" }.table().err().expect("not TOML");
        assert_eq!(error.line, 2, "{error}");
    }
}
