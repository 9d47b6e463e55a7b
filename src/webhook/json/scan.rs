//! Quick ways through a JSON text: eight bytes at a time through strings, bytes elsewhere.

/// The top bits of those of eight bytes that do not stand for themselves in a string: `"`, `\`, control characters.
#[inline]
pub(super) fn marks(eight: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let bytes = u64::from_le_bytes(eight);
    // Of seven bits each, so that no sum reaches into the next byte.
    let low = bytes & !TOPS;
    let differs = |byte: u8| (low ^ (ONES * u64::from(byte))) + !TOPS;
    let is_text = low + ONES * (0x80 - 0x20);
    !(bytes | (differs(b'"') & differs(b'\\') & is_text)) & TOPS
}

/// Where among eight bytes the first one stands that a JSON string cannot hold: a quote, a backslash, a control character.
#[inline]
pub(super) fn first_special(eight: [u8; 8]) -> Option<usize> {
    let marks = marks(eight);
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

/// Whether a JSON string cannot hold a byte as it is.
#[inline]
pub(super) fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | ..0x20)
}

/// Where the first quote, backslash or control character stands, at `at` or behind it; the text's end when there is none.
pub(super) fn special(text: &[u8], mut at: usize) -> usize {
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        match first_special(*eight) {
            Some(found) => return at + found,
            None => at += eight.len(),
        }
    }
    text.get(at..).unwrap_or_default().iter().position(|byte| is_special(*byte)).map_or(text.len(), |found| at + found)
}

/// The place behind the string whose first quote stands at `start`; the text's end when it has no second one.
pub(super) fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        at = special(text, at);
        match text.get(at) {
            None => return text.len(),
            Some(b'"') => return at + 1,
            // What is escaped ends nothing.
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

/// The place behind the number or the word that stands at `start`.
pub(super) fn scalar_end(text: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"');
    let rest = &text[start..];
    start + rest.iter().position(ends).unwrap_or(rest.len()).max(1)
}

/// The place behind the value that stands at `start`; nothing when it has no end.
pub(super) fn value_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    let mut depth = 0_usize;
    loop {
        at = match text.get(at)? {
            b'"' => string_end(text, at),
            b'{' | b'[' => {
                depth += 1;
                at + 1
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at + 1
            }
            _ if depth == 0 => scalar_end(text, at),
            _ => at + 1,
        };
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The first place at `at` or behind it where no white space stands.
pub(super) fn behind_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_last_bracket_or_quote_is() {
        for (text, end) in [
            (r#"{"a":"}\"","b":[1,{}]},"#, Some(22)),
            (r#""a\\"x"#, Some(5)),
            ("12.5]", Some(4)),
            ("[[", None),
            ("]", None),
            ("", None),
        ] {
            assert_eq!(value_end(text.as_bytes(), 0), end, "{text}");
        }
        assert_eq!(string_end(b"\"abc", 0), 4);
    }
}
