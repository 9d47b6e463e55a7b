//! A JSON string as the text that it stands for, eight bytes at a time.

use std::ops::Range;

use super::scan::marks;

/// How many bytes are looked at together.
const EIGHT: usize = 8;

/// What the escapes of two characters stand for, by the second one; 0 for what is none of them.
const SIMPLE: [u8; 256] = {
    let mut table = [0; 256];
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'/' as usize] = b'/';
    table[b'b' as usize] = 0x08;
    table[b'f' as usize] = 0x0c;
    table[b'n' as usize] = b'\n';
    table[b'r' as usize] = b'\r';
    table[b't' as usize] = b'\t';
    table
};

/// Takes JSON strings out of the texts that they stand in, into a buffer that is used again.
#[derive(Debug, Default)]
pub struct Unescape {
    /// As long as it ever had to be: what stands in it is written over.
    buffer: Vec<u8>,
    /// How much of it was taken.
    length: usize,
}

impl Unescape {
    /// Takes the string whose opening quote is right before `text`: where in [`Self::all`] is what it stands for, and how
    /// many bytes of `text` it takes with its closing quote. Nothing when it has no end, or is no JSON string; that the text
    /// is UTF-8 is not looked at.
    pub fn string(&mut self, text: &[u8]) -> Option<(Range<usize>, usize)> {
        let start = self.length;
        // What is written is never longer than what was read, but it is written eight bytes at a time.
        let needed = start + text.len() + EIGHT;
        if self.buffer.len() < needed {
            self.buffer.resize(needed, 0);
        }
        let buffer = &mut self.buffer[start..];
        // Up to where it was read, and written.
        let (mut at, mut to) = (0, 0);
        while at < text.len() {
            let plain = Plain::of(first(&text[at..]));
            buffer[to..to + EIGHT].copy_from_slice(&plain.bytes);
            (at, to) = (at + plain.taken, to + plain.length);
            if plain.taken == EIGHT {
                continue;
            }
            match text[at..] {
                [b'"', ..] => {
                    self.length = start + to;
                    return Some((start..self.length, at + 1));
                }
                [b'\\', kind, ..] => match SIMPLE[usize::from(kind)] {
                    0 => {
                        let (character, taken) = unicode(&text[at..])?;
                        (at, to) = (at + taken, to + character.encode_utf8(&mut buffer[to..]).len());
                    }
                    simple => {
                        buffer[to] = simple;
                        (at, to) = (at + 2, to + 1);
                    }
                },
                _ => return None,
            }
        }
        None
    }

    /// All that was taken, one behind the other.
    #[must_use]
    pub fn all(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Forgets what was taken.
    pub fn clear(&mut self) {
        self.length = 0;
    }
}

/// The first eight bytes of a text; spaces stand for those that it does not have.
fn first(text: &[u8]) -> [u8; EIGHT] {
    text.first_chunk().copied().unwrap_or_else(|| {
        let mut eight = [b' '; EIGHT];
        eight[..text.len()].copy_from_slice(text);
        eight
    })
}

/// The beginning of eight bytes, as far as nothing stands in it but text, and backslashes before quotes and backslashes:
/// most of what is escaped is one of these.
struct Plain {
    /// What it stands for, and behind that anything.
    bytes: [u8; EIGHT],
    /// How many bytes it stands for.
    length: usize,
    /// How many bytes it is.
    taken: usize,
}

impl Plain {
    #[inline]
    fn of(eight: [u8; EIGHT]) -> Self {
        let mut bytes = u64::from_le_bytes(eight);
        let mut marks = marks(eight);
        let mut dropped = 0;
        while marks != 0 {
            let bits = marks.trailing_zeros() / 8 * 8;
            if !matches!((bytes >> bits).to_le_bytes(), [b'\\', b'"' | b'\\', ..]) {
                let length = bits as usize / 8;
                return Self { bytes: bytes.to_le_bytes(), length, taken: length + dropped };
            }
            // The backslash goes, and what is behind it moves up: two marks less, and the others one byte further down.
            let before = (1 << bits) - 1;
            bytes = bytes & before | bytes >> 8 & !before;
            marks &= marks - 1;
            marks = (marks & (marks - 1)) >> 8;
            dropped += 1;
        }
        Self { bytes: bytes.to_le_bytes(), length: EIGHT - dropped, taken: EIGHT }
    }
}

/// The character of `\u00e9`, or of the two halves `\ud83d\ude00`, and how long that is.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let first = unit(text)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some((character, 6));
    }
    let second = unit(&text[6..])?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, 12))
}

/// The number that `\u` and four digits at the beginning of a text say.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.get(..6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it makes of a string, which must be what `serde_json` makes of it.
    fn check(unescape: &mut Unescape, text: &str, behind: &str) {
        let expected = serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
        let all = format!("{text}\"{behind}");
        // What was taken before stays.
        unescape.clear();
        let [before, ..] = [6, 0].map(|_| unescape.string(b"before\"").map_or(0..0, |(place, _)| place));
        let found = unescape.string(all.as_bytes());
        let found = found.filter(|(_, end)| *end == text.len() + 1).map(|(place, _)| unescape.all()[place].to_vec());
        assert_eq!(&unescape.all()[before], b"before", "{text:?}");
        assert_eq!(found, expected.map(String::into_bytes), "{text:?}");
        assert_eq!(unescape.string(text.as_bytes()).filter(|(_, end)| *end > text.len()), None, "{text:?}");
    }

    #[test]
    fn strings_of_whatever_pieces_are_what_serde_json_reads() {
        const PIECES: [&str; 48] = [
            "a",
            "bc",
            "player_1",
            "0123456789abcdef",
            " ",
            "\u{7f}",
            "é",
            "日本",
            "😀",
            "\u{ffff}",
            "\\\"",
            "\\\\",
            "\\/",
            "\\b",
            "\\f",
            "\\n",
            "\\r",
            "\\t",
            "\\u0041",
            "\\u00e9",
            "\\u0000",
            "\\uFFFF",
            "\\u65e5",
            "\\ud83d\\ude00",
            "\\uD83D\\uDE00",
            "\\udbff\\udfff",
            "\\ud83d",
            "\\ude00",
            "\\ud83d\\n",
            "\\ud83dx",
            "\\ud83d\\u0041",
            "\\ud83d\\ud83d",
            "\\u12",
            "\\u12g4",
            "\\u+123",
            "\\u 123",
            "\\u",
            "\\",
            "\\x",
            "\\'",
            "\\a",
            "\\N",
            "\\0",
            "\n",
            "\r",
            "\t",
            "\0",
            "\u{1f}",
        ];
        let mut random = fastrand::Rng::with_seed(4);
        let mut unescape = Unescape::default();
        for round in 0..60_000 {
            // Every other one only of what is well formed.
            let most = if round % 2 == 0 { 26 } else { PIECES.len() };
            let text: String = (0..random.usize(..12)).map(|_| PIECES[random.usize(..most)]).collect();
            check(&mut unescape, &text, ["", "}", ",\"a\":\"b\"}", "\\"][round % 4]);
        }
    }

    #[test]
    fn every_byte_and_every_pair_behind_a_backslash_is_what_serde_json_reads() {
        let mut unescape = Unescape::default();
        for character in '\0'..='\u{ff}' {
            for before in 0..9 {
                let before = "x".repeat(before);
                if character != '"' {
                    check(&mut unescape, &format!("{before}{character}"), "");
                    check(&mut unescape, &format!("{before}{character}12345678"), "");
                }
                check(&mut unescape, &format!("{before}\\{character}12345678"), "");
            }
        }
    }

    #[test]
    fn every_unit_of_four_digits_is_what_serde_json_reads() {
        let mut unescape = Unescape::default();
        for unit in 0..=u16::MAX {
            check(&mut unescape, &format!("\\u{unit:04x}"), "");
            check(&mut unescape, &format!("\\ud83d\\u{unit:04X}z"), "}");
        }
    }
}
