//! A line of JSON as records are written: members in a known order, no white space, hardly an escape.
//!
//! It is read without a parser. Whatever is written in another way, or wrong, is left to one.

use crate::webhook::json::special;

/// That a line is written in another way than records are, or wrong: the parser says which.
#[derive(Debug)]
pub(super) struct Unusual;

/// What is still to be read of a line.
pub(super) struct Line<'a> {
    rest: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Passes over what is next, if it is that; whether it is.
    pub(super) fn follows(&mut self, expected: &str) -> bool {
        let behind = self.rest.strip_prefix(expected);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// Passes over what must be next.
    pub(super) fn pass(&mut self, expected: &str) -> Result<(), Unusual> {
        if self.follows(expected) { Ok(()) } else { Err(Unusual) }
    }

    /// Passes over so many bytes.
    pub(super) fn skip(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    /// The value of the next member of an object, if it is the one of that name. As each name is looked for once, none can
    /// be there twice.
    pub(super) fn member<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Unusual>,
    ) -> Result<Option<T>, Unusual> {
        let named = self.rest.strip_prefix('"').and_then(|rest| rest.strip_prefix(name)?.strip_prefix("\":"));
        let Some(value) = named else { return Ok(None) };
        self.rest = value;
        let value = read(self)?;
        match self.rest.as_bytes() {
            [b',', b'"', ..] => self.skip(1),
            [b'}', ..] => {}
            _ => return Err(Unusual),
        }
        Ok(Some(value))
    }

    /// The same of a member that may be `null`.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Unusual>,
    ) -> Result<Option<T>, Unusual> {
        let value = self.member(name, |line| if line.follows("null") { Ok(None) } else { read(line).map(Some) });
        value.map(Option::flatten)
    }

    /// A string without escapes.
    pub(super) fn text(&mut self) -> Result<&'a str, Unusual> {
        self.pass("\"")?;
        let (text, behind) = self.rest.split_at(special(self.rest.as_bytes(), 0));
        self.rest = behind.strip_prefix('"').ok_or(Unusual)?;
        Ok(text)
    }

    /// A number without an exponent.
    pub(super) fn number(&mut self) -> Result<&'a str, Unusual> {
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let start = usize::from(bytes.first() == Some(&b'-'));
        let mut end = match digits(start) {
            0 => return Err(Unusual),
            2.. if bytes[start] == b'0' => return Err(Unusual),
            length => start + length,
        };
        if bytes.get(end) == Some(&b'.') {
            end += 1 + digits(end + 1);
        }
        let (number, behind) = self.rest.split_at(end);
        self.rest = behind;
        if number.ends_with('.') { Err(Unusual) } else { Ok(number) }
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self) -> Result<bool, Unusual> {
        let truth = self.follows("true");
        if truth || self.follows("false") { Ok(truth) } else { Err(Unusual) }
    }
}
