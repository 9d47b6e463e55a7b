//! Where things stand in a JSON text, without changing a byte of it.
//!
//! A parsed value loses what a signature covers: `1.10` becomes `1.1`, the first of two equal keys is gone, `1e400` is
//! refused. Here `serde_json` says whether a text is JSON, and a scanner that trusts this says where each token is.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::path::{Path, Step};

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

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

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
            .then(|| self.members(&span).map(|member| member.name.into_owned()).collect())
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
        let mut tokens = Tokens { text: self.text, at: span.start };
        let named = self.text[span.start] == b'{';
        let mut more = tokens.next().is_some_and(|token| token.kind == Kind::Open);
        let mut index = 0;
        std::iter::from_fn(move || {
            if !more {
                return None;
            }
            let first = tokens.value()?;
            if tokens.text[first.start] == b'}' || tokens.text[first.start] == b']' {
                return None;
            }
            let member = if named {
                tokens.next()?;
                let value = tokens.value()?;
                let name = name(&tokens.text[first.clone()]);
                Member { name, whole: first.start..value.end, value }
            } else {
                index += 1;
                Member { name: (index - 1).to_string().into(), whole: first.clone(), value: first }
            };
            more = tokens.next().is_some_and(|token| token.kind == Kind::Comma);
            Some(member)
        })
    }
}

/// A member of an object, or an item of an array, whose name is its index.
pub(super) struct Member<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Member<'_> {
    pub(super) fn is(&self, step: &Step) -> bool {
        self.name == step.text()
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

impl Tokens<'_> {
    /// The span of the whole value that starts here, or of a closing bracket.
    fn value(&mut self) -> Option<Range<usize>> {
        let first = self.next()?;
        let mut depth = usize::from(first.kind == Kind::Open);
        let mut end = first.span.end;
        while depth > 0 {
            let token = self.next()?;
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                Kind::Colon | Kind::Comma | Kind::String | Kind::Scalar => {}
            }
            end = token.span.end;
        }
        Some(first.span.start..end)
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let rest = &self.text[start..];
        let (kind, length) = match rest[0] {
            b'{' | b'[' => (Kind::Open, 1),
            b'}' | b']' => (Kind::Close, 1),
            b':' => (Kind::Colon, 1),
            b',' => (Kind::Comma, 1),
            b'"' => (Kind::String, string_length(rest)),
            _ => (Kind::Scalar, scalar_length(rest)),
        };
        self.at = start + length;
        Some(Token { kind, span: start..self.at })
    }
}

fn string_length(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        match rest[at] {
            b'"' => return at + 1,
            // What is escaped ends nothing.
            _ => at += 2,
        }
    }
    rest.len()
}

fn scalar_length(rest: &[u8]) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:{}[]\"".contains(byte);
    rest.iter().position(ends).unwrap_or(rest.len()).max(1)
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
