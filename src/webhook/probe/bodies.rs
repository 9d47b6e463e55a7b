//! Payloads that are unusual: genuine ones that break careless receivers, and some that no provider would send.

use std::fmt::Write as _;

use crate::webhook::json::{Document, Kind, Path};
use crate::webhook::provider::{Place, Provider};

/// How a payload differs from the example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variation {
    /// Letters of many scripts, unescaped.
    Unicode,
    /// Characters written as escapes.
    Escapes,
    /// Indented.
    Pretty,
    /// A line feed at the end.
    TrailingNewline,
    /// Numbers that a parser would write otherwise.
    Numbers,
    /// Members in the opposite order.
    KeyOrder,
    /// A member that is not documented.
    ExtraField,
    /// Two members of the same name.
    DuplicateKeys,
    /// An event that is not documented.
    UnknownEvent,
    /// Without its data.
    MissingData,
    /// With null for its data.
    NullData,
    /// No JSON.
    InvalidJson,
    /// Nothing.
    Empty,
    /// An empty array.
    Array,
    /// Null.
    Null,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A byte order mark before it.
    ByteOrderMark,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// Ten thousand levels deep.
    Deep,
    /// 110 KiB.
    Large,
    /// 2 MiB.
    Huge,
}

/// The event type of an event that nobody documents.
pub const UNKNOWN_EVENT: &str = "wh.unknown_event";

/// The name of the member that is added.
const MEMBER: &str = "wh_probe";

impl Variation {
    /// The payload varied; nothing where it is no JSON object and would have to be.
    #[must_use]
    pub fn apply(self, payload: &[u8], provider: &Provider) -> Option<Vec<u8>> {
        let with = |value: &str| added(payload, MEMBER, value);
        match self {
            Self::Unicode => with("\"Zoë Müller, 東京, Привет, 👍🏽, \u{fb01}, e\u{301}\""),
            Self::Escapes => with(r#""\u00e9\u4e1c\ud83d\udc4d \/ \" \\ \b\f\n\r\t < > & ' \u2028""#),
            Self::Pretty => pretty(payload),
            Self::TrailingNewline => Some([payload, b"\n"].concat()),
            Self::Numbers => with(r#"{"price":1.10,"zero":-0,"small":1E-2,"large":12345678901234567890,"whole":5.0}"#),
            Self::KeyOrder => reversed(payload),
            Self::ExtraField => with(r#"{"note":"a member that is not documented"}"#),
            Self::DuplicateKeys => {
                let once = with("1")?;
                let end = once.iter().rposition(|byte| *byte == b'}')?;
                Some([&once[..end], format!(",\"{MEMBER}\":2").as_bytes(), &once[end..]].concat())
            }
            Self::UnknownEvent => Some(renamed(payload, provider)),
            Self::MissingData => without_data(payload, provider, None),
            Self::NullData => without_data(payload, provider, Some("null")),
            Self::InvalidJson => Some(b"{\"event\": \"broken".to_vec()),
            Self::Empty => Some(Vec::new()),
            Self::Array => Some(b"[]".to_vec()),
            Self::Null => Some(b"null".to_vec()),
            Self::Number => Some(b"5".to_vec()),
            Self::Text => Some(b"\"x\"".to_vec()),
            Self::ByteOrderMark => Some([b"\xef\xbb\xbf", payload].concat()),
            Self::InvalidUtf8 => {
                let end = payload.iter().rposition(|byte| *byte == b'"')?;
                Some([&payload[..end], b"\xff\xc3\x28", &payload[end..]].concat())
            }
            Self::Deep => with(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
            Self::Large => with(&filler(110 * 1024)),
            Self::Huge => with(&filler(2 * 1024 * 1024)),
        }
    }
}

/// A JSON string of some length.
fn filler(length: usize) -> String {
    format!("\"{}\"", "x".repeat(length))
}

fn path(steps: &[&str]) -> Option<Path> {
    let mut pointer = String::new();
    for step in steps {
        // Writing to a String cannot fail.
        let _ = write!(pointer, "/{}", step.replace('~', "~0").replace('/', "~1"));
    }
    Path::parse(&pointer).ok()
}

/// An object with one more member.
fn added(payload: &[u8], name: &str, value: &str) -> Option<Vec<u8>> {
    let document = Document::parse(payload).ok()?;
    document.names()?;
    document.set(&path(&[name])?, value).ok().map(|change| change.text)
}

/// With the event type of an event that nobody documents, where the payload has it.
fn renamed(payload: &[u8], provider: &Provider) -> Vec<u8> {
    let place = provider.places.event.iter().find_map(|place| match place {
        Place::Payload(path) => Some(path),
        Place::Header { .. } => None,
    });
    let renamed = place.and_then(|path| {
        let document = Document::parse(payload).ok()?;
        document.find(path)?;
        document.set(path, &format!("\"{UNKNOWN_EVENT}\"")).ok().map(|change| change.text)
    });
    renamed.unwrap_or_else(|| payload.to_vec())
}

/// Without its largest object, or with a value in its place; a flat payload keeps its event type alone.
fn without_data(payload: &[u8], provider: &Provider, value: Option<&str>) -> Option<Vec<u8>> {
    let document = Document::parse(payload).ok()?;
    let names = document.names()?;
    let length = |name: &String| {
        let found = document.find(&path(&[name])?)?;
        found.starts_with(b"{").then_some(found.len())
    };
    let largest = names.iter().filter(|name| length(name).is_some()).max_by_key(|name| length(name));
    let is_event = |name: &String| {
        provider.places.event.iter().any(|place| match place {
            Place::Payload(path) => path.steps().first().is_some_and(|step| step.text() == name),
            Place::Header { .. } => false,
        })
    };
    let emptied: Vec<&String> = match largest {
        Some(name) => vec![name],
        None => names.iter().filter(|name| !is_event(name)).collect(),
    };
    let mut text = payload.to_vec();
    for name in emptied {
        let place = path(&[name])?;
        let document = Document::parse(&text).ok()?;
        text = match value {
            Some(value) => document.set(&place, value).ok()?.text,
            None => document.unset(&place).ok()?,
        };
    }
    Some(text)
}

/// The members of an object in the opposite order, each with its own bytes.
fn reversed(payload: &[u8]) -> Option<Vec<u8>> {
    let document = Document::parse(payload).ok()?;
    let mut members = Vec::new();
    for name in document.names()?.iter().rev() {
        let value = document.find(&path(&[name])?)?;
        let name = serde_json::Value::from(name.as_str()).to_string();
        members.push([name.as_bytes(), b":", value].concat());
    }
    Some([b"{", members.join(&b","[..]).as_slice(), b"}"].concat())
}

/// Indented by two spaces, each token with its own bytes.
fn pretty(payload: &[u8]) -> Option<Vec<u8>> {
    let document = Document::parse(payload).ok()?;
    document.names()?;
    let mut text = Vec::with_capacity(payload.len() * 2);
    let mut depth = 0_usize;
    let mut opened = false;
    let line = |text: &mut Vec<u8>, depth: usize| {
        text.push(b'\n');
        text.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    for token in document.tokens() {
        let bytes = &payload[token.span];
        if token.kind == Kind::Close {
            depth = depth.saturating_sub(1);
            if !opened {
                line(&mut text, depth);
            }
        } else if opened {
            line(&mut text, depth);
        }
        text.extend_from_slice(bytes);
        opened = token.kind == Kind::Open;
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Colon => text.push(b' '),
            Kind::Comma => line(&mut text, depth),
            Kind::Close | Kind::String | Kind::Scalar => {}
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_indented_and_turned_around_with_every_byte_of_its_values() {
        let payload = br#"{"event":"a","data":{"n":1.10,"e":{},"l":[1,"x"]}}"#;
        let expected = "{\n  \"event\": \"a\",\n  \"data\": {\n    \"n\": 1.10,\n    \"e\": {},\n    \"l\": [\n      1,\n      \"x\"\n    ]\n  }\n}";
        assert_eq!(String::from_utf8(pretty(payload).expect("an object")).expect("UTF-8"), expected);
        let turned = reversed(payload).expect("an object");
        assert_eq!(turned, br#"{"data":{"n":1.10,"e":{},"l":[1,"x"]},"event":"a"}"#);
    }

    #[test]
    fn a_payload_that_is_no_object_is_not_added_to() {
        for payload in [&b"[]"[..], b"5", b"\"{\"", b"", b"a=1&b=2"] {
            assert_eq!(added(payload, "x", "1"), None, "{payload:?}");
        }
        assert_eq!(added(b"{}", "x", "1").as_deref(), Some(&b"{\"x\":1}"[..]));
    }
}
