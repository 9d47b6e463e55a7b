//! Strangers' text made safe for a terminal: what would move the cursor, hide or reorder text is shown instead.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Text of one line: line breaks and tabs are shown as escapes too.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// How many characters of a name, an id or the like stand on a line at most.
pub const NAME: usize = 100;

/// A name or an id on a line with others: what is too long ends in `…`, so that no stranger decides how long a line is.
#[must_use]
pub fn name(text: &str) -> Cow<'_, str> {
    cut(text, NAME)
}

/// Text of one line, of so many characters at most.
#[must_use]
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let mut places = text.char_indices().map(|(at, _)| at).skip(most.saturating_sub(1));
    match (places.next(), places.next()) {
        (Some(end), Some(_)) => Cow::Owned(format!("{}…", line(&text[..end]))),
        _ => line(text),
    }
}

/// Text of several lines: line feeds and tabs stay.
#[must_use]
pub fn block(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// Bytes of one line; what is not UTF-8 is shown as `\xNN`.
#[must_use]
pub fn bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&line(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// A JSON text in which what a terminal would act on is written as `\uNNNN`, which is the same JSON.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    // Bytes are looked at faster than characters, and most texts have no others.
    let harmless = |byte: &u8| (b' '..=b'~').contains(byte);
    if text.as_bytes().iter().all(harmless) || !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hostile(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn escaped(text: &str, lines: bool) -> Cow<'_, str> {
    let harmless = |character: char| !is_hostile(character) || (lines && matches!(character, '\n' | '\t'));
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if harmless(character) {
            safe.push(character);
        } else {
            safe.extend(character.escape_default());
        }
    }
    Cow::Owned(safe)
}

/// Whether a terminal would act on a character, or a reader not see what it does.
pub(super) fn is_hostile(character: char) -> bool {
    matches!(character,
        // C0, DEL and C1: cursor movement, colours, titles, bells.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Soft hyphen, Arabic letter mark, Mongolian vowel separator, combining grapheme joiner: invisible.
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}'
        // Hangul fillers: blank letters.
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
        // Zero-width spaces and joiners, marks of direction, embeddings, overrides and isolates.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Byte order mark, interlinear annotation, and tags.
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_hides_text_is_shown() {
        assert_eq!(line("a\x1b[31mb\r\n\u{9b}2J"), "a\\u{1b}[31mb\\r\\n\\u{9b}2J");
        assert_eq!(line("abc\u{202e}gpj\u{200b}"), "abc\\u{202e}gpj\\u{200b}");
        assert_eq!(block("a\n\tb\r\x07"), "a\n\tb\\r\\u{7}");
        assert_eq!(bytes(b"ok\xff\x00"), "ok\\xff\\u{0}");
    }

    #[test]
    fn a_name_is_as_long_as_a_line_can_bear() {
        let long = "é".repeat(NAME);
        assert_eq!(name(&long), long);
        assert_eq!(name(&format!("{long}é")), format!("{}…", "é".repeat(NAME - 1)));
        assert_eq!((cut("abc", 3), cut("abcd", 3), cut("", 3)), ("abc".into(), "ab…".into(), "".into()));
        assert_eq!(cut("\u{202e}b", 1), "…");
    }

    #[test]
    fn no_kind_of_hidden_character_passes() {
        for hidden in [
            "\0\t\n\r\x1b\x1f\x7f\u{80}\u{9b}\u{9f}",
            "\u{ad}\u{34f}\u{61c}\u{180e}",
            "\u{115f}\u{1160}\u{3164}\u{ffa0}",
            "\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}",
            "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}",
            "\u{2060}\u{2064}\u{2066}\u{2067}\u{2068}\u{2069}\u{206f}",
            "\u{feff}\u{fff9}\u{fffb}\u{e0001}\u{e0041}\u{e007f}",
        ] {
            for character in hidden.chars() {
                let text = format!("a{character}b");
                let shown = character.escape_default();
                assert_eq!(line(&text), format!("a{shown}b"));
                assert!(json(&text).is_ascii(), "{shown}");
            }
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "a": "x\u{202e}y\u{9b}\u{e0041}" });
        let safe = json(&value.to_string()).into_owned();
        assert!(safe.is_ascii(), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).expect("JSON"), value);
    }

    #[test]
    fn letters_of_any_script_stay() {
        let text = "Zoë Müller, 東京, Привет, 👍 «quotes»";
        assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
    }
}
