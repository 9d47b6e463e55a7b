//! JSON written straight into bytes, for what is written of every delivery.

use super::scan::{marks, special};

/// How long an escape is at most: `\u001f`.
const LONGEST: usize = 6;

/// How many bytes are put together before they are appended.
const BLOCK: usize = 256;

/// Appends a text as a JSON string, quotes included.
pub fn write_string(text: &str, json: &mut Vec<u8>) {
    json.reserve(text.len() + 2);
    json.push(b'"');
    // Most texts, such as names, need no escape.
    let (plain, rest) = text.as_bytes().split_at(special(text.as_bytes(), 0));
    json.extend_from_slice(plain);
    if !rest.is_empty() {
        write_escaped(rest, json);
    }
    json.push(b'"');
}

fn write_escaped(text: &[u8], json: &mut Vec<u8>) {
    let mut block = [0; BLOCK];
    let mut used = 0;
    let (eights, rest) = text.as_chunks::<8>();
    for eight in eights {
        // Room for eight escapes, of which the last is copied with what stands behind it in the table.
        if used > BLOCK - 8 * LONGEST - 2 {
            json.extend_from_slice(&block[..used]);
            used = 0;
        }
        if marks(*eight) == 0 {
            block[used..used + 8].copy_from_slice(eight);
            used += 8;
        } else {
            // A branch for each byte would be guessed wrong at most of the quotes that JSON is full of.
            for byte in eight {
                let Written { bytes, length } = &WRITTEN[usize::from(*byte)];
                block[used..used + 8].copy_from_slice(bytes);
                used += length;
            }
        }
    }
    json.extend_from_slice(&block[..used]);
    for byte in rest {
        let Written { bytes, length } = &WRITTEN[usize::from(*byte)];
        json.extend_from_slice(&bytes[..*length]);
    }
}

/// The same, or `null`.
pub fn write_optional(text: Option<&str>, json: &mut Vec<u8>) {
    match text {
        Some(text) => write_string(text, json),
        None => json.extend_from_slice(b"null"),
    }
}

/// Appends a whole number.
pub fn write_number(number: u64, json: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number;
    loop {
        start -= 1;
        digits[start] = digit(rest % 10);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    json.extend_from_slice(&digits[start..]);
}

/// Appends a number of thousandths, as `12.5` or `12.0`.
pub fn write_thousandths(thousandths: u64, json: &mut Vec<u8>) {
    write_number(thousandths / 1000, json);
    let part = thousandths % 1000;
    let digits = [b'.', digit(part / 100), digit(part / 10 % 10), digit(part % 10)];
    let length = match (part % 10, part % 100) {
        (_, 0) => 2,
        (0, _) => 3,
        _ => 4,
    };
    json.extend_from_slice(&digits[..length]);
}

fn digit(number: u64) -> u8 {
    b"0123456789"[usize::try_from(number % 10).unwrap_or_default()]
}

/// What is written for a byte: itself, or an escape.
#[derive(Clone, Copy)]
struct Written {
    /// As many bytes as are copied at once, of which `length` count.
    bytes: [u8; 8],
    length: usize,
}

/// What is written for each byte in a JSON string.
static WRITTEN: [Written; 256] = written();

const fn written() -> [Written; 256] {
    let mut all = [Written { bytes: [0; 8], length: 1 }; 256];
    let mut byte = 0;
    while byte < all.len() {
        all[byte] = escaped(byte.to_le_bytes()[0]);
        byte += 1;
    }
    all
}

const fn escaped(byte: u8) -> Written {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        ..0x20 => {
            let bytes = [b'\\', b'u', b'0', b'0', HEX[(byte >> 4) as usize], HEX[(byte & 0xf) as usize], 0, 0];
            return Written { bytes, length: LONGEST };
        }
        _ => return Written { bytes: [byte, 0, 0, 0, 0, 0, 0, 0], length: 1 },
    };
    Written { bytes: [b'\\', letter, 0, 0, 0, 0, 0, 0], length: 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut json = b"before ".to_vec();
        write(&mut json);
        String::from_utf8(json).expect("UTF-8").strip_prefix("before ").expect("what was there").to_owned()
    }

    #[test]
    fn a_string_is_what_serde_json_writes_whatever_is_in_it_and_wherever() {
        let awkward: String = (0..0x180).filter_map(char::from_u32).chain(['\u{2028}', '東', '👍']).collect();
        for filler in 0..9 {
            for text in [awkward.as_str(), "", "\"", "\\\"\u{1}", "a\u{80}\"ÿ\"\n"] {
                let text = format!("{}{text}{}", "x".repeat(filler), "é".repeat(filler));
                let expected = serde_json::to_string(&text).expect("JSON");
                assert_eq!(written(|json| write_string(&text, json)), expected);
            }
        }
        assert_eq!(written(|json| write_optional(None, json)), "null");
    }

    #[test]
    fn numbers_are_written_as_they_are() {
        for number in [0, 7, 10, 401, 1_795_255_200, u64::MAX] {
            assert_eq!(written(|json| write_number(number, json)), number.to_string());
        }
        for (number, text) in
            [(0, "0.0"), (5, "0.005"), (12_000, "12.0"), (12_500, "12.5"), (1_240, "1.24"), (1_030, "1.03")]
        {
            assert_eq!(written(|json| write_thousandths(number, json)), text);
        }
    }
}
