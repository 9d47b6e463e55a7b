//! Text that went through another character set on its way.

/// What windows-1252 has at 0x80 to 0x9f, where ISO 8859-1 has control characters (0 where it has nothing).
const WINDOWS: [u32; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

/// A text in other character sets, each with what was done to it.
pub(super) fn variants(body: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let mut found = Vec::new();
    let ascii = body.is_ascii();
    if let Ok(text) = str::from_utf8(body) {
        if !ascii {
            found.extend(latin(text).map(|bytes| (bytes, "as ISO 8859-1 (latin-1) instead of UTF-8")));
            found.extend(windows(text).map(|bytes| (bytes, "as windows-1252 instead of UTF-8")));
            found.push((from_latin(body), "read as latin-1 and written as UTF-8, which encodes it twice"));
            found.push((from_windows(body), "read as windows-1252 and written as UTF-8, which encodes it twice"));
            found.push((ascii_only(text, "?"), "as ASCII, with `?` for every other character"));
            found.push((ascii_only(text, ""), "as ASCII, without any other character"));
        }
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        found.push((little.clone(), "as UTF-16 (little-endian)"));
        found.push((big.clone(), "as UTF-16 (big-endian)"));
        found.push(([&[0xff, 0xfe][..], &little].concat(), "as UTF-16 (little-endian) with a byte order mark"));
        found.push(([&[0xfe, 0xff][..], &big].concat(), "as UTF-16 (big-endian) with a byte order mark"));
    } else {
        found.push((from_latin(body), "as UTF-8 instead of latin-1"));
        found.push((from_windows(body), "as UTF-8 instead of windows-1252"));
        let lossy = String::from_utf8_lossy(body).into_owned();
        found.push((lossy.into_bytes(), "with U+FFFD for every byte that is not UTF-8"));
    }
    found.extend(from_utf16(body).map(|bytes| (bytes, "as UTF-8 instead of UTF-16")));
    found
}

fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn windows(text: &str) -> Option<Vec<u8>> {
    let byte = |character: char| {
        let code = u32::from(character);
        let special = WINDOWS.iter().zip(0x80_u8..).find(|(known, _)| **known == code).map(|(_, byte)| byte);
        special.or_else(|| u8::try_from(code).ok())
    };
    text.chars().map(byte).collect()
}

fn from_latin(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes()
}

fn from_windows(bytes: &[u8]) -> Vec<u8> {
    let character = |byte: &u8| {
        let special = byte.checked_sub(0x80).and_then(|at| WINDOWS.get(usize::from(at))).filter(|code| **code != 0);
        special.and_then(|code| char::from_u32(*code)).unwrap_or(char::from(*byte))
    };
    bytes.iter().map(character).collect::<String>().into_bytes()
}

fn ascii_only(text: &str, substitute: &str) -> Vec<u8> {
    let mut ascii = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => ascii.push(byte),
            Ok(_) | Err(_) => ascii.extend_from_slice(substitute.as_bytes()),
        }
    }
    ascii
}

/// UTF-16 with a byte order mark, or plainly so: with a NUL in each of the first two characters.
fn from_utf16(body: &[u8]) -> Option<Vec<u8>> {
    let (big, rest) = match body {
        [0xff, 0xfe, rest @ ..] | rest @ [1..=255, 0, 1..=255, 0, ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] | rest @ [0, 1..=255, 0, 1..=255, ..] => (true, rest),
        _ => return None,
    };
    if !rest.len().is_multiple_of(2) {
        return None;
    }
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let units: Vec<u16> = rest.chunks(2).map(unit).collect();
    String::from_utf16(&units).ok().map(String::into_bytes)
}
