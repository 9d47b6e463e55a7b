//! Example payloads with placeholders: `"slotId":"slot_{{alnum:16}}"` is another slot in each delivery.
//!
//! Placeholders stand inside JSON strings, so that a fixture is JSON, and yield nothing that JSON would have to escape.
//!
//! | placeholder | yields |
//! |---|---|
//! | `{{id}}`, `{{event}}` | the delivery's id, the event type |
//! | `{{uuid}}` | a random UUID (RFC 9562, version 4) |
//! | `{{hex:8}}`, `{{alnum:8}}`, `{{ALNUM:8}}`, `{{digits:8}}` | that many random characters |
//! | `{{unix}}`, `{{unix-ms}}` | the time of the attempt, in seconds or milliseconds since 1970 |
//! | `{{time}}`, `{{time-ms}}`, `{{time-us}}`, `{{time-ns}}` | the same in RFC 3339, with that many digits |
//! | `{{date}}` | its date in UTC |
//!
//! Times take an offset (`{{unix:-30d}}`), random ones a label (`{{hex:8:user}}`): equal ones are equal in a payload. A
//! string that is one placeholder with `#` becomes a number: `"{{#unix}}"` is `1763719200`. `{{{{` stands for `{{`.

use std::borrow::Cow;
use std::io::Write as _;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::nearest::suggestion;
use super::rfc3339::write_time;
use super::template::position;

/// Fills in the placeholders of one delivery.
pub struct Renderer<'a> {
    id: &'a str,
    event: &'a str,
    moment: Timestamp,
    random: &'a mut fastrand::Rng,
}

/// A placeholder that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown placeholder `{{{{{text}}}}}`")]
pub struct PlaceholderError {
    /// Where it stands, in bytes.
    pub offset: usize,
    /// What stands between the braces.
    pub text: String,
    /// What to write instead.
    pub hint: String,
}

const KINDS: [&str; 14] = [
    "id", "event", "uuid", "hex", "alnum", "ALNUM", "digits", "unix", "unix-ms", "time", "time-ms", "time-us",
    "time-ns", "date",
];

const LETTERS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl<'a> Renderer<'a> {
    /// A renderer for the delivery with that id, of that event, at that time.
    pub fn new(id: &'a str, event: &'a str, moment: Timestamp, random: &'a mut fastrand::Rng) -> Self {
        Self { id, event, moment, random }
    }

    /// The text with its placeholders filled in; every other byte stays as it is.
    pub fn render(&mut self, text: &[u8]) -> Result<Vec<u8>, PlaceholderError> {
        self.fill(&Prepared::parse(text)?)
    }

    /// The same of a text whose placeholders have been read already.
    pub fn fill(&mut self, prepared: &Prepared) -> Result<Vec<u8>, PlaceholderError> {
        let mut rendered = Vec::with_capacity(prepared.room);
        // Where what has a label stands, so that it can be said again.
        let mut labelled: Vec<(&str, Range<usize>)> = Vec::new();
        for piece in &prepared.pieces {
            let placeholder = match piece {
                Piece::Literal(range) => {
                    rendered.extend_from_slice(&prepared.text[range.clone()]);
                    continue;
                }
                Piece::Placeholder(placeholder) => placeholder,
            };
            let known = labelled.iter().find(|(text, _)| placeholder.labelled && *text == placeholder.text);
            if let Some((_, range)) = known {
                rendered.extend_from_within(range.clone());
                continue;
            }
            let start = rendered.len();
            self.value(placeholder, &mut rendered)?;
            if placeholder.labelled {
                labelled.push((&placeholder.text, start..rendered.len()));
            }
        }
        Ok(rendered)
    }

    /// Writes what a placeholder yields.
    fn value(&mut self, placeholder: &Placeholder, rendered: &mut Vec<u8>) -> Result<(), PlaceholderError> {
        let Placeholder { offset, text, value, .. } = placeholder;
        match value {
            Value::Id => rendered.extend_from_slice(within_json(self.id).as_bytes()),
            Value::Event => rendered.extend_from_slice(within_json(self.event).as_bytes()),
            Value::Uuid => rendered.extend_from_slice(&uuid(self.random)),
            Value::Characters { alphabet, length, number } => {
                // JSON numbers have no leading zero, and `{{#digits:7}}` is one.
                let first = usize::from(*number);
                rendered.push(alphabet[self.random.usize(first..alphabet.len())]);
                characters(alphabet, length - 1, self.random, rendered);
            }
            Value::Time { kind, offset: length } => {
                let moment = self.moment.checked_add(*length).map_err(|_| PlaceholderError {
                    offset: *offset,
                    text: text.clone(),
                    hint: an_offset(kind),
                })?;
                write_moment(kind, moment, rendered);
            }
        }
        Ok(())
    }
}

/// An example payload whose placeholders have been read, to be filled in many times.
#[derive(Debug, Clone)]
pub struct Prepared {
    text: Vec<u8>,
    pieces: Vec<Piece>,
    /// How many bytes it has once it is filled in, as far as can be told.
    room: usize,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(Range<usize>),
    Placeholder(Placeholder),
}

#[derive(Debug, Clone)]
struct Placeholder {
    /// Where it stands, in bytes.
    offset: usize,
    /// What stands between the braces, without a `#`.
    text: String,
    value: Value,
    /// Whether it has the same value wherever it stands.
    labelled: bool,
}

/// What a placeholder stands for.
#[derive(Debug, Clone)]
enum Value {
    Id,
    Event,
    Uuid,
    Characters { alphabet: &'static [u8], length: usize, number: bool },
    Time { kind: &'static str, offset: SignedDuration },
}

impl Value {
    /// How many bytes it has, or, where that differs, rather more than it usually has.
    const fn length(&self) -> usize {
        match self {
            Self::Characters { length, .. } => *length,
            Self::Uuid => 36,
            Self::Id | Self::Event | Self::Time { .. } => 32,
        }
    }
}

impl Prepared {
    /// Reads the placeholders of a text.
    pub fn parse(text: &[u8]) -> Result<Self, PlaceholderError> {
        let mut pieces = Vec::new();
        // What comes next stands behind `rest` bytes; what was not yet put into a piece, behind `start`.
        let (mut start, mut rest) = (0, 0);
        let literal = |range: Range<usize>, pieces: &mut Vec<Piece>| {
            if !range.is_empty() {
                pieces.push(Piece::Literal(range));
            }
        };
        while let Some(at) = position(&text[rest..], b"{{") {
            let offset = rest + at;
            let inside = offset + 2;
            if text[inside..].starts_with(b"{{") {
                literal(start..inside, &mut pieces);
                (start, rest) = (inside + 2, inside + 2);
                continue;
            }
            let length = position(&text[inside..], b"}}").unwrap_or((text.len() - inside).min(24));
            let whole = String::from_utf8_lossy(&text[inside..inside + length]).into_owned();
            let error = |hint| PlaceholderError { offset, text: whole.clone(), hint };
            let number = whole.strip_prefix('#');
            let is_number = |text: &str| ["digits:", "unix"].iter().any(|kind| text.starts_with(kind));
            if let Some(number) = number.filter(|number| !is_number(number)) {
                return Err(error(format!("`{number}` is no number: leave the # out")));
            }
            let (value, labelled) = read(number.unwrap_or(&whole)).map_err(error)?;
            let placeholder = Placeholder { offset, text: number.unwrap_or(&whole).to_owned(), value, labelled };
            let end = (inside + length + 2).min(text.len());
            if number.is_some() {
                // A number stands without the quotes that make its placeholder a JSON string.
                let quoted = offset > start && text[offset - 1] == b'"' && text.get(end) == Some(&b'"');
                if !quoted {
                    return Err(error("a number stands in quotes of its own: `\"{{#unix}}\"`".to_owned()));
                }
                literal(start..offset - 1, &mut pieces);
                rest = end + 1;
            } else {
                literal(start..offset, &mut pieces);
                rest = end;
            }
            pieces.push(Piece::Placeholder(placeholder));
            start = rest;
        }
        literal(start..text.len(), &mut pieces);
        let room = pieces.iter().map(|piece| match piece {
            Piece::Literal(range) => range.len(),
            Piece::Placeholder(placeholder) => placeholder.value.length(),
        });
        Ok(Self { text: text.to_vec(), room: room.sum(), pieces })
    }
}

/// What a placeholder stands for, and whether it is the same wherever it stands; the error is a hint.
fn read(text: &str) -> Result<(Value, bool), String> {
    let mut parts = text.splitn(3, ':');
    let kind = parts.next().unwrap_or_default();
    let (argument, label) = (parts.next(), parts.next());
    match KINDS.into_iter().find(|known| *known == kind) {
        Some("id" | "event") if argument.is_some() => Err(format!("`{{{{{kind}}}}}` stands alone")),
        Some("id") => Ok((Value::Id, false)),
        Some("event") => Ok((Value::Event, false)),
        Some("uuid") => Ok((Value::Uuid, argument.is_some())),
        Some("hex" | "alnum" | "ALNUM" | "digits") => {
            let length = argument.and_then(|length| length.parse().ok()).filter(|length| (1..=256).contains(length));
            let length = length.ok_or_else(|| format!("say how many, from 1 to 256: `{{{{{kind}:8}}}}`"))?;
            let alphabet = alphabet(kind);
            Ok((Value::Characters { alphabet, length, number: kind == "digits" }, label.is_some()))
        }
        Some(kind) => {
            let offset = argument.map_or(Some(SignedDuration::ZERO), offset).filter(|_| label.is_none());
            let offset = offset.ok_or_else(|| an_offset(kind))?;
            Ok((Value::Time { kind, offset }, false))
        }
        None => {
            let all = || format!("known are {}; write `{{{{{{{{` for two braces", KINDS.join(", "));
            Err(suggestion(kind, KINDS, all))
        }
    }
}

fn an_offset(kind: &str) -> String {
    format!("an offset is a time such as `{{{{{kind}:-30d}}}}`")
}

/// A text as it stands between the quotes of a JSON string.
fn within_json(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| !matches!(byte, 0..0x20 | b'"' | b'\\');
    // All of them are looked at, for that is done many at a time.
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return Cow::Borrowed(text);
    }
    let quoted = serde_json::Value::from(text).to_string();
    Cow::Owned(quoted[1..quoted.len() - 1].to_owned())
}

fn alphabet(kind: &str) -> &'static [u8] {
    match kind {
        "hex" => b"0123456789abcdef",
        "digits" => &LETTERS_AND_DIGITS[..10],
        "ALNUM" => &LETTERS_AND_DIGITS[..36],
        _ => LETTERS_AND_DIGITS,
    }
}

/// Writes so many characters of an alphabet. A random number is read as a fraction, whose digits to the base of the
/// alphabet's size are as random as it is; eight of them leave it bits enough.
fn characters(alphabet: &[u8], length: usize, random: &mut fastrand::Rng, rendered: &mut Vec<u8>) {
    let base = alphabet.len() as u128;
    let start = rendered.len();
    rendered.resize(start + length, 0);
    let mut write = |places: &mut [u8]| {
        let mut fraction = random.u64(..);
        for place in places {
            let product = u128::from(fraction) * base;
            #[expect(clippy::cast_possible_truncation, reason = "the lower half is the rest of the fraction")]
            {
                fraction = product as u64;
            }
            *place = alphabet[usize::try_from(product >> 64).unwrap_or_default()];
        }
    };
    let (eights, rest) = rendered[start..].as_chunks_mut::<8>();
    for eight in eights {
        write(eight);
    }
    if !rest.is_empty() {
        write(rest);
    }
}

fn uuid(random: &mut fastrand::Rng) -> [u8; 36] {
    let mut bits = random.u128(..);
    bits = bits & !(0xf << 76) | (0x4 << 76);
    bits = bits & !(0x3 << 62) | (0x2 << 62);
    let mut digits = [0; 32];
    hex::encode_to_slice(bits.to_be_bytes(), &mut digits).expect("two digits a byte");
    let mut uuid = [b'-'; 36];
    for (to, from) in [(0..8, 0..8), (9..13, 8..12), (14..18, 12..16), (19..23, 16..20), (24..36, 20..32)] {
        uuid[to].copy_from_slice(&digits[from]);
    }
    uuid
}

/// `-30d`, `+1h`, `-2s`.
fn offset(text: &str) -> Option<SignedDuration> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => return None,
    };
    let unit = match rest.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        _ => return None,
    };
    let number = &rest[..rest.len() - 1];
    let number: i64 = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())??;
    Some(SignedDuration::from_secs(number.checked_mul(unit)?.checked_mul(sign)?))
}

/// Writes a time.
fn write_moment(kind: &str, moment: Timestamp, text: &mut Vec<u8>) {
    let digits = match kind {
        "time-ms" => 3,
        "time-us" => 6,
        "time-ns" => 9,
        "time" => 0,
        _ => {
            // Writing to a Vec cannot fail.
            let _ = match kind {
                "unix" => write!(text, "{}", moment.as_second()),
                "unix-ms" => write!(text, "{}", moment.as_millisecond()),
                _ => write!(text, "{}", moment.strftime("%Y-%m-%d")),
            };
            return;
        }
    };
    write_time(moment, digits, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String, PlaceholderError> {
        let moment = "2026-11-21T10:00:00.123456789Z".parse().expect("a time");
        let mut random = fastrand::Rng::with_seed(7);
        let rendered = Renderer::new("msg_1", "slot.submitted", moment, &mut random).render(text.as_bytes())?;
        Ok(String::from_utf8(rendered).expect("UTF-8"))
    }

    #[test]
    fn times_are_those_of_the_attempt() {
        assert_eq!(
            render("{{time}} {{time-ms}} {{time-ns:-1h}}").as_deref(),
            Ok("2026-11-21T10:00:00Z 2026-11-21T10:00:00.123Z 2026-11-21T09:00:00.123456789Z")
        );
        assert_eq!(
            render("\"{{#unix:+1d}}\" {{unix-ms}} {{date:-21d}}").as_deref(),
            Ok("1795341600 1795255200123 2026-10-31")
        );
    }

    #[test]
    fn random_values_have_their_form_and_labels_repeat_them() {
        let text = render("{{hex:8:a}} {{hex:8:a}} {{hex:8:b}} {{uuid}} {{uuid:x}} {{uuid:x}}").expect("known");
        let words: Vec<&str> = text.split(' ').collect();
        assert_eq!(words[0], words[1]);
        assert_ne!(words[0], words[2]);
        assert_ne!(words[3], words[4]);
        assert_eq!(words[4], words[5]);
        assert_eq!(words[3].len(), 36);
        assert_eq!(&words[3][14..15], "4", "version of {}", words[3]);
        assert!("89ab".contains(&words[3][19..20]), "variant of {}", words[3]);
        for _ in 0..200 {
            assert!(!render("{{digits:3}}").expect("known").starts_with('0'));
        }
    }

    #[test]
    fn what_is_no_placeholder_stays_to_the_byte() {
        let text = "{\"n\":1e400,\"n\":1.10,\"t\":{\"a\":{}}}\n";
        assert_eq!(render(text).as_deref(), Ok(text));
        assert_eq!(render("{{{{name}}").as_deref(), Ok("{{name}}"));
    }

    #[test]
    fn an_unknown_placeholder_is_told_with_its_place() {
        let error = render("{\"a\":\"{{tiem}}\"}").expect_err("a slip");
        assert_eq!((error.offset, error.hint.as_str()), (6, "did you mean `time`?"));
        for text in [
            "{{hex}}",
            "{{hex:0}}",
            "{{hex:9999}}",
            "{{unix:soon}}",
            "{{id:5}}",
            "{{#unix}}",
            "{{",
            "{{time:-9999999999999d}}",
        ] {
            assert!(render(text).is_err(), "{text}");
        }
    }
}
