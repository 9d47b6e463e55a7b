//! Bytes as text: the encodings in which providers write signatures, secrets and payloads.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A way to write bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Two lower-case hexadecimal digits a byte.
    Hex,
    /// Base64 with the standard alphabet and padding (RFC 4648, section 4).
    Base64,
    /// Base64 with the URL-safe alphabet and without padding (RFC 4648, section 5).
    Base64Url,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 3] = [Self::Hex, Self::Base64, Self::Base64Url];

    /// Its name in provider files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }

    /// Its name for people, exact where it matters.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hex => "lower-case hex",
            Self::Base64 | Self::Base64Url => self.name(),
        }
    }

    /// The encoding of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// Writes bytes.
    #[must_use]
    pub fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hexadecimal(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    /// Reads exactly what [`encode`](Self::encode) writes; `None` for anything else, such as upper-case hex.
    #[must_use]
    pub fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Hex => hex::decode(text).ok()?,
            Self::Base64 => STANDARD.decode(text).ok()?,
            Self::Base64Url => URL_SAFE_NO_PAD.decode(text).ok()?,
        };
        (self.encode(&bytes).as_bytes() == text).then_some(bytes)
    }

    /// Where a text stops being in this encoding: the offset of the first character that is not of its alphabet.
    #[must_use]
    pub fn first_stranger(self, text: &str) -> Option<usize> {
        let belongs = |character: char| match self {
            Self::Hex => character.is_ascii_hexdigit(),
            Self::Base64 => character.is_ascii_alphanumeric() || "+/=".contains(character),
            Self::Base64Url => character.is_ascii_alphanumeric() || "-_".contains(character),
        };
        text.chars().position(|character| !belongs(character))
    }
}

/// All digits at once, which `hex::encode` pushes one by one.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut digits = vec![0; bytes.len() * 2];
    hex::encode_to_slice(bytes, &mut digits).expect("two digits a byte");
    String::from_utf8(digits).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_encode_writes_is_decoded() {
        assert_eq!(Encoding::Hex.decode(b"00ff"), Some(vec![0, 255]));
        assert_eq!(Encoding::Hex.decode(b"00FF"), None);
        assert_eq!(Encoding::Base64.decode(b"+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(Encoding::Base64.decode(b"+/8"), None);
        assert_eq!(Encoding::Base64Url.decode(b"-_8"), Some(vec![0xfb, 0xff]));
    }
}
