//! Where things stand in a JSON text, without changing a byte of it.
//!
//! A parsed value loses what a signature covers: `1.10` becomes `1.1`, the first of two equal keys is gone, `1e400` is
//! refused. Here `serde_json` says whether a text is JSON, and a scanner that trusts this says where each token is.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

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
    text: &'a [u8],
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
            b'"' => serde_json::from_slice::<String>(value).ok().map(Cow::Owned),
            b'{' | b'[' | b'n' => None,
            _ => str::from_utf8(value).ok().map(Cow::Borrowed),
        }
    }

    /// The text with the value at `path` replaced, or added where its parents allow it.
    pub fn set(&self, path: &Path, value: &str) -> Result<Vec<u8>, EditError> {
        let steps = path.steps();
        let mut found = 0;
        while found < steps.len() && self.locate(&Path::from_steps(&steps[..=found])).is_some() {
            found += 1;
        }
        if found == steps.len() {
            let span = self.locate(path).unwrap_or(0..self.text.len());
            return Ok(self.splice(span, value));
        }

        let parent_path = Path::from_steps(&steps[..found]);
        let parent = self.locate(&parent_path).unwrap_or(0..self.text.len());
        let missing = &steps[found];
        // What is not there yet below the missing step is made of objects: `a.b.c=1` in `{}` is `{"a":{"b":{"c":1}}}`.
        let mut inner = value.to_owned();
        for step in steps[found + 1..].iter().rev() {
            inner = format!("{{{}:{inner}}}", quoted(step));
        }
        let item = match self.text[parent.start] {
            b'{' => format!("{}:{inner}", quoted(missing)),
            b'[' => {
                let length = self.members(&parent).count();
                if missing != "-" && missing.parse() != Ok(length) {
                    return Err(EditError::BadIndex { path: parent_path, index: missing.clone(), length });
                }
                inner
            }
            _ => return Err(EditError::NotAContainer { path: parent_path, step: missing.clone() }),
        };
        let close = parent.end - 1;
        let separator = if self.members(&parent).next().is_some() { "," } else { "" };
        let end = self.last_token_end_before(&parent);
        Ok(self.splice(end.unwrap_or(close)..end.unwrap_or(close), &format!("{separator}{item}")))
    }

    /// The text without the member or item at `path`; of equal keys, all.
    pub fn unset(&self, path: &Path) -> Result<Vec<u8>, EditError> {
        let Some((last, parents)) = path.steps().split_last() else {
            return Err(EditError::WholeDocument);
        };
        let parent_path = Path::from_steps(parents);
        let missing = || EditError::NotFound { path: path.clone(), nearest: self.nearest(&parent_path, last) };
        let parent = self.locate(&parent_path).ok_or_else(missing)?;
        let members: Vec<Member> = self.members(&parent).collect();
        let kept: Vec<&Member> = members.iter().filter(|member| !member.is(last)).collect();
        if kept.len() == members.len() {
            return Err(missing());
        }
        // Each member is kept with its own bytes; only the commas between them are written anew.
        let mut text = self.text[..=parent.start].to_vec();
        for (index, member) in kept.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            text.extend_from_slice(&self.text[member.whole.clone()]);
        }
        text.extend_from_slice(&self.text[parent.end - 1..]);
        Ok(text)
    }

    fn splice(&self, span: Range<usize>, value: &str) -> Vec<u8> {
        [&self.text[..span.start], value.as_bytes(), &self.text[span.end..]].concat()
    }

    fn locate(&self, path: &Path) -> Option<Range<usize>> {
        let mut span = self.tokens().value()?;
        for step in path.steps() {
            span = self.members(&span).filter(|member| member.is(step)).last()?.value;
        }
        Some(span)
    }

    fn nearest(&self, parent: &Path, step: &str) -> Option<String> {
        let span = self.locate(parent)?;
        let names: Vec<String> = self.members(&span).map(|member| member.name).collect();
        super::nearest::nearest(step, names.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The members of the object or the items of the array that stands at `span`; nothing for anything else.
    fn members(&self, span: &Range<usize>) -> impl Iterator<Item = Member> + use<'a> {
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
                let name = serde_json::from_slice(&tokens.text[first.clone()]).unwrap_or_default();
                Member { name, whole: first.start..value.end, value }
            } else {
                index += 1;
                Member { name: (index - 1).to_string(), whole: first.clone(), value: first }
            };
            more = tokens.next().is_some_and(|token| token.kind == Kind::Comma);
            Some(member)
        })
    }

    /// Where the last member of the container at `span` ends, so that what is added stands right behind it.
    fn last_token_end_before(&self, span: &Range<usize>) -> Option<usize> {
        self.members(span).last().map(|member| member.whole.end)
    }
}

/// A member of an object, or an item of an array, whose name is its index.
struct Member {
    name: String,
    whole: Range<usize>,
    value: Range<usize>,
}

impl Member {
    fn is(&self, step: &str) -> bool {
        self.name == step
    }
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

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// The way to a value inside a JSON document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    steps: Vec<String>,
}

impl Path {
    /// Reads a JSON pointer (`/data/slotId`, RFC 6901) or the dotted form (`data.slotId`, `items.0.id`, `items[0].id`).
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if let Some(pointer) = text.strip_prefix('/') {
            let mut tildes = pointer.split('~').skip(1);
            if tildes.any(|behind| !behind.starts_with(['0', '1'])) {
                return Err(PathError { path: text.to_owned(), reason: "a `~` stands for itself as `~0` only" });
            }
            let steps = pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
            return Ok(Self { steps });
        }
        let dotted = text.replace('[', ".").replace(']', "");
        let steps: Vec<String> = dotted.split('.').map(str::to_owned).collect();
        if steps.iter().any(String::is_empty) {
            return Err(PathError { path: text.to_owned(), reason: "a name in it is empty" });
        }
        Ok(Self { steps })
    }

    /// The names and indexes, from the outside in.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    fn from_steps(steps: &[String]) -> Self {
        Self { steps: steps.to_vec() }
    }
}

impl std::fmt::Display for Path {
    /// The dotted form, or the pointer where a name has a dot of its own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.steps.iter().any(|step| step.is_empty() || step.contains(['.', '/', '['])) {
            for step in &self.steps {
                write!(f, "/{}", step.replace('~', "~0").replace('/', "~1"))?;
            }
            return Ok(());
        }
        f.write_str(&self.steps.join("."))
    }
}

/// A path that leads nowhere.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{path}` is no path: {reason}")]
pub struct PathError {
    /// What was given.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Why a document could not be changed as asked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    /// A step below a string, a number, a boolean or null.
    #[error("{} is neither an object nor an array, so it has no `{step}`", described(path))]
    NotAContainer {
        /// What has no members.
        path: Path,
        /// What was looked for in it.
        step: String,
    },
    /// A step into an array that is no index of it, nor the next one.
    #[error("{} is an array of {length}, so `{index}` is no place in it", described(path))]
    BadIndex {
        /// The array.
        path: Path,
        /// What was given as index.
        index: String,
        /// How many items it has.
        length: usize,
    },
    /// Nothing stands there.
    #[error("the payload has no `{path}`")]
    NotFound {
        /// What was looked for.
        path: Path,
        /// A name like it that is there.
        nearest: Option<String>,
    },
    /// The path of the document itself.
    #[error("the payload as a whole cannot be taken out")]
    WholeDocument,
}

fn described(path: &Path) -> String {
    if path.steps.is_empty() { "the payload".to_owned() } else { format!("`{path}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    fn set(text: &str, at: &str, value: &str) -> Result<String, EditError> {
        let changed = Document::parse(text.as_bytes()).expect("JSON").set(&path(at), value)?;
        Document::parse(&changed).expect("an edit of JSON is JSON");
        Ok(String::from_utf8(changed).expect("UTF-8"))
    }

    fn unset(text: &str, at: &str) -> Result<String, EditError> {
        let changed = Document::parse(text.as_bytes()).expect("JSON").unset(&path(at))?;
        Document::parse(&changed).expect("an edit of JSON is JSON");
        Ok(String::from_utf8(changed).expect("UTF-8"))
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
    fn set_changes_the_value_and_nothing_else() {
        let text = "{ \"a\" : 1.10,\n \"b\": {\"x\": [1, 2]}, \"n\":1e400, \"a2\":\"\\u00e9\" }";
        assert_eq!(set(text, "b.x.1", "true").as_deref(), Ok(text.replace("[1, 2]", "[1, true]").as_str()));
        assert_eq!(set(text, "a", "\"z\"").as_deref(), Ok(text.replace("1.10", "\"z\"").as_str()));
    }

    #[test]
    fn set_adds_what_is_not_there() {
        assert_eq!(set("{}", "a.b", "1").as_deref(), Ok("{\"a\":{\"b\":1}}"));
        assert_eq!(set("{\"a\":1 }", "b", "2").as_deref(), Ok("{\"a\":1,\"b\":2 }"));
        assert_eq!(set("[1]", "1", "2").as_deref(), Ok("[1,2]"));
        assert_eq!(set("{\"l\":[]}", "l.-", "2").as_deref(), Ok("{\"l\":[2]}"));
    }

    #[test]
    fn set_refuses_what_has_no_place() {
        let index = EditError::BadIndex { path: path("l"), index: "7".into(), length: 1 };
        assert_eq!(set("{\"l\":[0]}", "l.7", "2"), Err(index));
        assert_eq!(set("{\"a\":5}", "a.b", "2"), Err(EditError::NotAContainer { path: path("a"), step: "b".into() }));
    }

    #[test]
    fn unset_takes_a_member_out_and_keeps_the_others_bytes() {
        assert_eq!(unset("{\"a\":1.10,\"b\":-0 , \"c\":3}", "b").as_deref(), Ok("{\"a\":1.10,\"c\":3}"));
        assert_eq!(unset("{\"a\":1,\"a\":2}", "a").as_deref(), Ok("{}"));
        assert_eq!(unset("{\"l\":[1,2,3]}", "l.0").as_deref(), Ok("{\"l\":[2,3]}"));
    }

    #[test]
    fn unset_of_a_name_that_is_not_there_suggests_one() {
        let error = EditError::NotFound { path: path("data.slotid"), nearest: Some("slotId".into()) };
        assert_eq!(unset("{\"data\":{\"slotId\":1}}", "data.slotid"), Err(error));
    }

    #[test]
    fn tokens_of_text_that_is_no_json_end_without_a_panic() {
        for text in ["\"abc", "{\"a", "\\", "{{{", "nul", "\"\\", ""] {
            let tokens = Tokens { text: text.as_bytes(), at: 0 };
            assert!(tokens.count() <= text.len());
        }
    }
}
