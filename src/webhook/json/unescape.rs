//! A JSON string as the text that it stands for, eight bytes at a time.

use super::scan::marks;

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
    /// As long as the longest text so far: what stands in it is written over.
    buffer: Vec<u8>,
}

impl Unescape {
    /// What the string stands for whose opening quote is right before `text`, and how many bytes of `text` it takes with its
    /// closing quote. Nothing when it has no end, or is no JSON string; that the text is UTF-8 is not looked at.
    pub fn string(&mut self, text: &[u8]) -> Option<(&[u8], usize)> {
        if self.buffer.len() < text.len() {
            self.buffer.resize(text.len(), 0);
        }
        let buffer = self.buffer.as_mut_slice();
        // Up to where it was read, and written: what is written is never longer than what was read.
        let (mut from, mut to) = (0, 0);
        let (chunks, rest) = text.as_chunks::<8>();
        let mut last = [b' '; 8];
        last[..rest.len()].copy_from_slice(rest);
        for (index, chunk) in chunks.iter().chain([&last]).enumerate() {
            let mut marks = marks(*chunk);
            while marks != 0 {
                let at = index * 8 + (marks.trailing_zeros() / 8) as usize;
                marks &= marks - 1;
                // It was the second half of an escape.
                if at < from {
                    continue;
                }
                copy(&text[from..], at - from, &mut buffer[to..]);
                to += at - from;
                if text[at] == b'"' {
                    return Some((&self.buffer[..to], at + 1));
                }
                let [b'\\', kind, ..] = text[at..] else { return None };
                let simple = SIMPLE[usize::from(kind)];
                if simple == 0 {
                    let (character, taken) = unicode(&text[at..])?;
                    (from, to) = (at + taken, to + character.encode_utf8(&mut buffer[to..]).len());
                } else {
                    buffer[to] = simple;
                    (from, to) = (at + 2, to + 1);
                }
            }
        }
        None
    }
}

/// Copies the first `length` bytes: some at once, whether or not they are so many, for what is too much is written over.
fn copy(text: &[u8], length: usize, buffer: &mut [u8]) {
    const SOME: usize = 24;
    let (Some(some), Some(place)) = (text.first_chunk::<SOME>(), buffer.first_chunk_mut::<SOME>()) else {
        return buffer[..length].copy_from_slice(&text[..length]);
    };
    *place = *some;
    if length > SOME {
        buffer[SOME..length].copy_from_slice(&text[SOME..length]);
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
        let found = unescape.string(all.as_bytes());
        let found = found.filter(|(_, end)| *end == text.len() + 1).map(|(bytes, _)| bytes.to_vec());
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
