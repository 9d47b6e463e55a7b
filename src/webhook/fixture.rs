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

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::nearest::nearest;

/// Fills in the placeholders of one delivery.
pub struct Renderer<'a> {
    id: &'a str,
    event: &'a str,
    moment: Timestamp,
    random: &'a mut fastrand::Rng,
    labelled: HashMap<String, String>,
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
        Self { id, event, moment, random, labelled: HashMap::new() }
    }

    /// The text with its placeholders filled in; every other byte stays as it is.
    pub fn render(&mut self, text: &[u8]) -> Result<Vec<u8>, PlaceholderError> {
        let mut rendered = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = find(rest, b"{{") {
            let offset = text.len() - rest.len() + at;
            rendered.extend_from_slice(&rest[..at]);
            rest = &rest[at + 2..];
            if let Some(behind) = rest.strip_prefix(b"{{") {
                rendered.extend_from_slice(b"{{");
                rest = behind;
                continue;
            }
            let end = find(rest, b"}}").unwrap_or(rest.len().min(24));
            let placeholder = String::from_utf8_lossy(&rest[..end]).into_owned();
            let number = placeholder.strip_prefix('#');
            let is_number = |text: &str| ["digits:", "unix"].iter().any(|kind| text.starts_with(kind));
            if let Some(number) = number.filter(|number| !is_number(number)) {
                let hint = format!("`{number}` is no number: leave the # out");
                return Err(PlaceholderError { offset, text: placeholder.clone(), hint });
            }
            let value = self.value(number.unwrap_or(&placeholder)).map_err(|hint| PlaceholderError {
                offset,
                text: placeholder.clone(),
                hint,
            })?;
            rest = rest.get(end + 2..).unwrap_or_default();
            if number.is_some() {
                // A number stands without the quotes that make its placeholder a JSON string.
                if rendered.pop() != Some(b'"') || rest.first() != Some(&b'"') {
                    let hint = "a number stands in quotes of its own: `\"{{#unix}}\"`".to_owned();
                    return Err(PlaceholderError { offset, text: placeholder, hint });
                }
                rest = &rest[1..];
            }
            rendered.extend_from_slice(value.as_bytes());
        }
        rendered.extend_from_slice(rest);
        Ok(rendered)
    }

    /// What a placeholder yields; the error is a hint.
    fn value(&mut self, text: &str) -> Result<String, String> {
        let mut parts = text.splitn(3, ':');
        let kind = parts.next().unwrap_or_default();
        let (argument, label) = (parts.next(), parts.next());
        match kind {
            "id" | "event" if argument.is_some() => Err(format!("`{{{{{kind}}}}}` stands alone")),
            "id" => Ok(within_json(self.id)),
            "event" => Ok(within_json(self.event)),
            "uuid" => Ok(self.labelled(text, argument.is_some(), uuid)),
            "hex" | "alnum" | "ALNUM" | "digits" => {
                let length =
                    argument.and_then(|length| length.parse().ok()).filter(|length| (1..=256).contains(length));
                let length: usize = length.ok_or_else(|| format!("say how many, from 1 to 256: `{{{{{kind}:8}}}}`"))?;
                Ok(self.labelled(text, label.is_some(), |random| characters(random, kind, length)))
            }
            "unix" | "unix-ms" | "time" | "time-ms" | "time-us" | "time-ns" | "date" => {
                let offset = argument.map_or(Some(SignedDuration::ZERO), offset);
                let offset = offset.filter(|_| label.is_none());
                let moment = offset.and_then(|offset| self.moment.checked_add(offset).ok());
                let moment = moment.ok_or_else(|| format!("an offset is a time such as `{{{{{kind}:-30d}}}}`"))?;
                Ok(time(kind, moment))
            }
            _ => Err(match nearest(kind, KINDS) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("known are {}; write `{{{{{{{{` for two braces", KINDS.join(", ")),
            }),
        }
    }

    fn labelled(&mut self, text: &str, labelled: bool, make: impl FnOnce(&mut fastrand::Rng) -> String) -> String {
        if !labelled {
            return make(self.random);
        }
        self.labelled.entry(text.to_owned()).or_insert_with(|| make(self.random)).clone()
    }
}

/// A text as it stands between the quotes of a JSON string.
fn within_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn characters(random: &mut fastrand::Rng, kind: &str, length: usize) -> String {
    let alphabet = match kind {
        "hex" => b"0123456789abcdef",
        "digits" => &LETTERS_AND_DIGITS[..10],
        "ALNUM" => &LETTERS_AND_DIGITS[..36],
        _ => LETTERS_AND_DIGITS,
    };
    let mut text = String::with_capacity(length);
    for index in 0..length {
        // JSON numbers have no leading zero, and `{{#digits:7}}` is one.
        let from = usize::from(kind == "digits" && index == 0);
        text.push(char::from(alphabet[random.usize(from..alphabet.len())]));
    }
    text
}

fn uuid(random: &mut fastrand::Rng) -> String {
    let mut bits = random.u128(..);
    bits = bits & !(0xf << 76) | (0x4 << 76);
    bits = bits & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
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

fn time(kind: &str, moment: Timestamp) -> String {
    let digits = match kind {
        "unix" => return moment.as_second().to_string(),
        "unix-ms" => return moment.as_millisecond().to_string(),
        "date" => return moment.strftime("%Y-%m-%d").to_string(),
        "time-ms" => 3,
        "time-us" => 6,
        "time-ns" => 9,
        _ => 0,
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{moment:.digits$}");
    text
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
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
