//! JSON written straight into bytes, for what is written of every delivery.

/// A byte in each of eight places.
const ONES: u64 = u64::MAX / 255;

/// Appends a text as a JSON string, quotes included.
pub fn write_string(text: &str, json: &mut Vec<u8>) {
    json.reserve(text.len() + text.len() / 8 + 2);
    json.push(b'"');
    let mut rest = text.as_bytes();
    // Eight bytes at a time are copied first and looked at then: most of them need no escape.
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        json.extend_from_slice(eight);
        match first_escaped(*eight) {
            None => rest = behind,
            Some(at) => {
                json.truncate(json.len() - eight.len() + at);
                escape(eight[at], json);
                rest = &rest[at + 1..];
            }
        }
    }
    for byte in rest {
        match byte {
            b'"' | b'\\' | ..0x20 => escape(*byte, json),
            _ => json.push(*byte),
        }
    }
    json.push(b'"');
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

/// Where among eight bytes the first one stands that a JSON string cannot hold: a quote, a backslash, a control character.
fn first_escaped(eight: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(eight);
    // The highest bit of each byte that is less than `limit`, exact up to the first of them.
    let less = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES * 0x80);
    let is = |byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    let found = less(word, 0x20) | is(b'"') | is(b'\\');
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cold]
fn escape_control(byte: u8, json: &mut Vec<u8>) {
    let hex = |number: u8| b"0123456789abcdef"[usize::from(number)];
    json.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 0xf)]);
}

fn escape(byte: u8, json: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => return escape_control(byte, json),
    };
    json.extend_from_slice(&[b'\\', letter]);
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
