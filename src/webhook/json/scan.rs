//! Quick ways through a JSON text: eight bytes at a time through strings, bytes elsewhere.

/// A byte in each of eight places.
const ONES: u64 = u64::MAX / 255;

/// How deep arrays and objects may stand in each other for [`is_surely_json`] to look into them: a bit for each.
const DEEPEST: u32 = u64::BITS;

/// Where among eight bytes the first one stands that a JSON string cannot hold: a quote, a backslash, a control character.
#[inline]
pub(super) fn first_special(eight: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(eight);
    // The highest bit of each byte that is less than `limit`, exact up to the first of them.
    let less = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES * 0x80);
    let is = |byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    let found = less(word, 0x20) | is(b'"') | is(b'\\');
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// Whether a JSON string cannot hold a byte as it is.
#[inline]
pub(super) fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | ..0x20)
}

/// Where the first quote, backslash or control character stands, at `at` or behind it; the text's end when there is none.
fn special(text: &[u8], mut at: usize) -> usize {
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

/// Whether a text is one JSON value, seen in one pass. For what is very deep this is `false` although it may be one.
pub(super) fn is_surely_json(text: &[u8]) -> bool {
    Checker { text, at: 0, objects: 0, depth: 0 }.check().is_some()
}

struct Checker<'a> {
    text: &'a [u8],
    at: usize,
    /// A bit for each array or object that is open, the innermost lowest: set for an object.
    objects: u64,
    depth: u32,
}

impl Checker<'_> {
    fn check(&mut self) -> Option<()> {
        loop {
            if self.open()? {
                continue;
            }
            // A value has ended: so may what it stands in.
            loop {
                let next = self.next();
                if self.depth == 0 {
                    return next.is_none().then_some(());
                }
                self.at += 1;
                match (next?, self.objects & 1 == 1) {
                    (b',', true) => {
                        self.name()?;
                        break;
                    }
                    (b',', false) => break,
                    (b'}', true) | (b']', false) => {
                        self.objects >>= 1;
                        self.depth -= 1;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// Reads a value, or the beginning of an array or object that is not empty: then this is true.
    fn open(&mut self) -> Option<bool> {
        let first = self.next()?;
        match first {
            b'"' => self.string()?,
            b'{' | b'[' => {
                self.at += 1;
                if self.next()? == first + 2 {
                    self.at += 1;
                    return Some(false);
                }
                if self.depth == DEEPEST {
                    return None;
                }
                self.depth += 1;
                self.objects = self.objects << 1 | u64::from(first == b'{');
                if first == b'{' {
                    self.name()?;
                }
                return Some(true);
            }
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => self.number()?,
        }
        Some(false)
    }

    /// The byte that comes next behind white space.
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at)? {
                b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// A member's name and the colon behind it.
    fn name(&mut self) -> Option<()> {
        (self.next()? == b'"').then_some(())?;
        self.string()?;
        (self.next()? == b':').then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at = special(self.text, self.at);
            match self.text.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => match self.text.get(self.at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
                    b'u' => {
                        let digits = self.text.get(self.at + 2..self.at + 6)?;
                        digits.iter().all(u8::is_ascii_hexdigit).then(|| self.at += 6)?;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.text[self.at] == b'-');
        let leading = self.text.get(self.at)?;
        let whole = self.digits()?;
        (*leading != b'0' || whole == 1).then_some(())?;
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    /// Some digits, at least one; how many.
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        let count = self.at - start;
        (count > 0).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn is_json(text: &[u8]) -> bool {
        serde_json::from_slice::<IgnoredAny>(text).is_ok()
    }

    #[test]
    fn what_is_surely_json_is_json_and_what_is_not_deep_is_surely_so() {
        let seeds: [&[u8]; 12] = [
            br#"{"event":"a.b","data":{"n":[1.10,-0,1e400,0.5E-7,{}],"s":"x\u00e9\"\\\/"},"t":true,"f":[false,null]}"#,
            b" [ ] ",
            b"\t\"\"\r\n",
            b"-",
            b"01",
            b"1.",
            b"{\"a\" : 1 , \"b\":[ ]\n}",
            b"[1,]",
            b"{\"a\":1,}",
            b"nul",
            b"",
            "\"\u{7f}東\u{1}\"".as_bytes(),
        ];
        let mut random = fastrand::Rng::with_seed(1);
        for seed in seeds {
            assert_eq!(is_surely_json(seed), is_json(seed), "{}", seed.escape_ascii());
            for _ in 0..20_000 {
                let mut text = seed.to_vec();
                for _ in 0..random.usize(1..4) {
                    let at = random.usize(..=text.len());
                    let byte = *random.choice(b"{}[]:,\"\\/u0019.eE+-tfn \n\x01\xffae").expect("some");
                    match random.u8(..3) {
                        0 => text.insert(at, byte),
                        1 if at < text.len() => text[at] = byte,
                        _ => text.truncate(at),
                    }
                }
                assert_eq!(is_surely_json(&text), is_json(&text), "{}", text.escape_ascii());
            }
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_surely_json(deep(65).as_bytes()) && !is_surely_json(deep(66).as_bytes()));
    }

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
