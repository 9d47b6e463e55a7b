//! Where things stand in a JSON text, without changing a byte of it.
//!
//! A parsed value loses what a signature covers: `1.10` becomes `1.1`, the first of two equal keys is gone, `1e400` is
//! refused. Here `serde_json` says whether a text is JSON, and a scanner that trusts this says where each token is.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::path::{Path, Step};
use super::scan::{behind_space, scalar_end, string_end, value_end};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{` or `[`.
    Open,
    /// `}` or `]`.
    Close,
    /// `:`.
    Colon,
    /// `,`.
    Comma,
    /// A string, quotes included.
    String,
    /// A number, `true`, `false` or `null`.
    Scalar,
}

/// A piece of a JSON text that is not white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
}

/// A text that is known to be JSON.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    pub(super) text: &'a [u8],
}

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl<'a> Document<'a> {
    /// Checks that `text` is one JSON value; a byte order mark before it is passed over, any depth is accepted.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        let content = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        serde_json::from_slice::<IgnoredAny>(content)?;
        Ok(Self { text })
    }

    /// Its tokens, in order.
    #[must_use]
    pub fn tokens(&self) -> Tokens<'a> {
        let start = if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Tokens { text: self.text, at: start }
    }

    /// The text of the value at `path`, as it stands; of two equal keys the last, as JSON parsers have it.
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<&'a [u8]> {
        self.locate(path).map(|span| &self.text[span])
    }

    /// The value at `path` as people would write it: a string without quotes and escapes, a number as it stands.
    #[must_use]
    pub fn find_text(&self, path: &Path) -> Option<Cow<'a, str>> {
        let value = self.find(path)?;
        match value.first()? {
            b'"' if !value.contains(&b'\\') => str::from_utf8(&value[1..value.len() - 1]).ok().map(Cow::Borrowed),
            b'"' => serde_json::from_slice::<String>(value).ok().map(Cow::Owned),
            b'{' | b'[' | b'n' => None,
            _ => str::from_utf8(value).ok().map(Cow::Borrowed),
        }
    }

    /// The names of the members, where it is an object.
    #[must_use]
    pub fn names(&self) -> Option<Vec<String>> {
        let span = self.whole()?;
        self.text[span.start..]
            .starts_with(b"{")
            .then(|| self.members(&span).map(|member| member.name().into_owned()).collect())
    }

    pub(super) fn locate(&self, path: &Path) -> Option<Range<usize>> {
        path.steps().iter().try_fold(self.whole()?, |span, step| self.step(&span, step))
    }

    /// The whole value: all but the white space around it.
    pub(super) fn whole(&self) -> Option<Range<usize>> {
        let tokens = self.tokens();
        let start = tokens.at + self.text[tokens.at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        Some(start..self.text.trim_ascii_end().len())
    }

    /// What a step leads to from the value at `span`.
    pub(super) fn step(&self, span: &Range<usize>, step: &Step) -> Option<Range<usize>> {
        if matches!(step, Step::Index(_)) && self.text[span.start] != b'[' {
            return None;
        }
        self.members(span).filter(|member| member.is(step)).last().map(|member| member.value)
    }

    /// The members of the object or the items of the array that stands at `span`; nothing for anything else.
    pub(super) fn members(&self, span: &Range<usize>) -> impl Iterator<Item = Member<'a>> + use<'a> {
        let text = self.text;
        let named = text[span.start] == b'{';
        let opens = named || text[span.start] == b'[';
        let first = opens.then(|| behind_space(text, span.start + 1));
        let mut next = first.filter(|at| !matches!(text.get(*at), Some(b'}' | b']')));
        let mut index = 0;
        std::iter::from_fn(move || {
            let start = next.take()?;
            let (label, start_of_value) = if named {
                let end = string_end(text, start);
                let colon = behind_space(text, end);
                (Label::Name(&text[start..end]), behind_space(text, colon + 1))
            } else {
                index += 1;
                (Label::Index(index - 1), start)
            };
            let value = start_of_value..value_end(text, start_of_value)?;
            let comma = behind_space(text, value.end);
            next = (text.get(comma) == Some(&b',')).then(|| behind_space(text, comma + 1));
            Some(Member { label, whole: start..value.end, value })
        })
    }
}

/// A member of an object, or an item of an array.
pub(super) struct Member<'a> {
    label: Label<'a>,
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

#[derive(Clone, Copy)]
enum Label<'a> {
    /// A member's name with its quotes, as it stands.
    Name(&'a [u8]),
    /// An item's index.
    Index(usize),
}

impl<'a> Member<'a> {
    /// Its name; that of an item is its index.
    pub(super) fn name(&self) -> Cow<'a, str> {
        match self.label {
            Label::Name(quoted) => name(quoted),
            Label::Index(index) => index.to_string().into(),
        }
    }

    pub(super) fn is(&self, step: &Step) -> bool {
        match self.label {
            Label::Name([b'"', inner @ .., b'"']) if !inner.contains(&b'\\') => inner == step.text().as_bytes(),
            // Most indices have another length.
            Label::Index(index) if step.text().len() != index.checked_ilog10().unwrap_or(0) as usize + 1 => false,
            Label::Name(_) | Label::Index(_) => self.name() == step.text(),
        }
    }
}

/// A member's name without quotes and escapes; one that no text can hold, such as half a surrogate pair, as it stands.
fn name(quoted: &[u8]) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len().max(2) - 1];
    if !inner.contains(&b'\\') {
        return String::from_utf8_lossy(inner);
    }
    serde_json::from_slice(quoted).map_or_else(|_| String::from_utf8_lossy(inner), Cow::Owned)
}

/// The tokens of a JSON text. On text that is not JSON it ends early or yields nonsense, but never panics.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = behind_space(self.text, self.at);
        let (kind, end) = match self.text.get(start)? {
            b'{' | b'[' => (Kind::Open, start + 1),
            b'}' | b']' => (Kind::Close, start + 1),
            b':' => (Kind::Colon, start + 1),
            b',' => (Kind::Comma, start + 1),
            b'"' => (Kind::String, string_end(self.text, start)),
            _ => (Kind::Scalar, scalar_end(self.text, start)),
        };
        self.at = end;
        Some(Token { kind, span: start..end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    #[test]
    fn finds_values_by_pointer_and_by_dots() {
        let document = Document::parse(br#"{"a": {"b/c": [1.10, "x\u00e9", {"d": null}]}}"#).expect("JSON");
        assert_eq!(document.find(&path("/a/b~1c/0")), Some(&b"1.10"[..]));
        assert_eq!(document.find_text(&path("/a/b~1c/1")).as_deref(), Some("xé"));
        assert_eq!(document.find(&path("a.b/c[2].d")), Some(&b"null"[..]));
        assert_eq!(document.find(&path("a.nothing")), None);
        assert_eq!(document.find(&path("a.b/c.9")), None);
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        let document = Document::parse(br#"{"a":1,"a":2}"#).expect("JSON");
        assert_eq!(document.find(&path("a")), Some(&b"2"[..]));
    }

    #[test]
    fn ten_thousand_levels_a_mark_and_1e400_are_read_without_harm() {
        let deep =
            format!("\u{feff}{{\"event\":\"x\",\"n\":1e400,\"deep\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let document = Document::parse(deep.as_bytes()).expect("JSON");
        assert_eq!(document.find_text(&path("event")).as_deref(), Some("x"));
        assert_eq!(document.find(&path("n")), Some(&b"1e400"[..]));
        assert_eq!(document.find(&path("deep")).map(<[u8]>::len), Some(20_000));
    }

    #[test]
    fn tokens_of_text_that_is_no_json_end_without_a_panic() {
        for text in ["\"abc", "{\"a", "\\", "{{{", "nul", "\"\\", ""] {
            let tokens = Tokens { text: text.as_bytes(), at: 0 };
            assert!(tokens.count() <= text.len());
        }
    }
}
