//! JSON strings and numbers, written again in the style of a serialiser.

use super::style::{Html, Numbers, Strings, Style};

/// A character of a JSON string; what has no character is a surrogate without its partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Character(char),
    Surrogate(u16),
}

/// Writes a string token, quotes included.
pub(super) fn string(token: &[u8], style: Style, out: &mut Vec<u8>) {
    let kept = style.strings == Strings::Kept;
    if kept && !style.slash && style.html == Html::None {
        out.extend_from_slice(token);
        return;
    }
    out.push(b'"');
    let mut rest = inner(token);
    while let Some((unit, length)) = unit(rest) {
        let source = &rest[..length];
        rest = &rest[length..];
        // What is escaped already stays so where nothing else is asked.
        if kept && source.len() > 1 && source[0] == b'\\' {
            out.extend_from_slice(source);
            continue;
        }
        match unit {
            Unit::Surrogate(surrogate) => escape(surrogate, false, out),
            Unit::Character(character) => write_character(character, style, out),
        }
    }
    out.push(b'"');
}

fn write_character(character: char, style: Style, out: &mut Vec<u8>) {
    let upper = style.strings == Strings::UpperEscaped;
    let angle = matches!(character, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    let quote = matches!(character, '\'' | '+' | '`' | '"' | '\u{7f}');
    let marked = match style.html {
        Html::None => false,
        Html::Angles => angle,
        Html::Quotes => angle || quote,
    };
    let foreign = !character.is_ascii() && matches!(style.strings, Strings::Escaped | Strings::UpperEscaped);
    if marked || foreign {
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            escape(*unit, upper, out);
        }
        return;
    }
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '/' if style.slash => out.extend_from_slice(b"\\/"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '\0'..='\u{1f}' => escape(u16::from(character as u8), upper, out),
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn escape(unit: u16, upper: bool, out: &mut Vec<u8>) {
    let digits = if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
    out.extend_from_slice(digits.as_bytes());
}

/// The text of a string token, as people would read it.
pub(super) fn plain(token: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(token.len());
    let mut rest = inner(token);
    while let Some((unit, length)) = unit(rest) {
        rest = &rest[length..];
        let character = match unit {
            Unit::Character(character) => character,
            Unit::Surrogate(_) => char::REPLACEMENT_CHARACTER,
        };
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    text
}

fn inner(token: &[u8]) -> &[u8] {
    token.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(token)
}

/// The first character of the inside of a string, and how many bytes it takes.
fn unit(text: &[u8]) -> Option<(Unit, usize)> {
    let first = *text.first()?;
    if first != b'\\' {
        let length = match first {
            0..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0.. => 4,
        };
        let length = length.min(text.len());
        // `Document` accepts UTF-8 only, so that this is one.
        let character = str::from_utf8(&text[..length]).ok().and_then(|text| text.chars().next());
        return Some((Unit::Character(character.unwrap_or(char::REPLACEMENT_CHARACTER)), length));
    }
    let character = match text.get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let high = code_unit(text)?;
            if let Some(low) = text.get(6..).and_then(code_unit)
                && let Some(Ok(character)) = char::decode_utf16([high, low]).next()
                && character > '\u{ffff}'
            {
                return Some((Unit::Character(character), 12));
            }
            let unit = char::from_u32(high.into()).map_or(Unit::Surrogate(high), Unit::Character);
            return Some((unit, 6));
        }
        other => char::from(*other),
    };
    Some((Unit::Character(character), 2))
}

/// The number of a `\uHHHH` that a text begins with.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// Writes a number, `true`, `false` or `null`.
pub(super) fn scalar(token: &[u8], numbers: Numbers, out: &mut Vec<u8>) {
    let text = str::from_utf8(token).unwrap_or_default();
    let number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let written = match numbers {
        _ if !number => None,
        Numbers::Kept => None,
        Numbers::JavaScript => text.parse().ok().map(javascript),
        Numbers::Python => python(text),
    };
    out.extend_from_slice(written.as_deref().map_or(token, str::as_bytes));
}

/// ECMA-262, `Number::toString`: the shortest digits, an exponent from 1e21 and below 1e-6.
fn javascript(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    let size = number.abs();
    if (1e-6..1e21).contains(&size) { format!("{number}") } else { with_exponent(number, 1) }
}

/// Python's `repr`: whole numbers as they are, others with `.0` or an exponent from 1e16 and below 1e-4.
fn python(text: &str) -> Option<String> {
    if !text.contains(['.', 'e', 'E']) {
        return (text == "-0").then(|| "0".to_owned());
    }
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() {
        return Some(if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() });
    }
    let size = number.abs();
    Some(if number == 0.0 || (1e-4..1e16).contains(&size) { format!("{number:?}") } else { with_exponent(number, 2) })
}

/// `1.5e+300`, `1e-07`: the exponent with its sign and at least so many digits.
fn with_exponent(number: f64, digits: usize) -> String {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{mantissa}e{sign}{exponent:0>digits$}")
}

/// The number of a name that is an index in JavaScript: digits without a leading zero, below 2^32 - 1.
pub(super) fn whole_number(name: &[u8]) -> Option<u32> {
    let text = str::from_utf8(name).ok()?;
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text && number < u32::MAX).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, numbers: Numbers) -> String {
        let mut out = Vec::new();
        scalar(text.as_bytes(), numbers, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn numbers_are_written_as_node_and_python_write_them() {
        // JSON.stringify(JSON.parse(text)) in Node 20, json.dumps(json.loads(text)).
        for (text, node, python) in [
            ("1.10", "1.1", "1.1"),
            ("1.0", "1", "1.0"),
            ("1e2", "100", "100.0"),
            ("-0", "0", "0"),
            ("-0.0", "0", "-0.0"),
            ("1E400", "null", "Infinity"),
            ("12345678901234567890", "12345678901234567000", "12345678901234567890"),
            ("1e21", "1e+21", "1e+21"),
            ("1e16", "10000000000000000", "1e+16"),
            ("0.0000001", "1e-7", "1e-07"),
            ("0.00001", "0.00001", "1e-05"),
            ("100000.5", "100000.5", "100000.5"),
            ("true", "true", "true"),
        ] {
            assert_eq!(number(text, Numbers::JavaScript), node, "{text}");
            assert_eq!(number(text, Numbers::Python), python, "{text}");
        }
    }
}
