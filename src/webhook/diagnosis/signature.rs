//! Signatures as people write them: every encoding that a digest is found in, read back to its bytes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::webhook::encoding::Encoding;

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Hex,
    UpperHex,
    MixedHex,
    SeparatedHex,
    PrefixedHex,
    Base64,
    UnpaddedBase64,
    Base64Url,
    PaddedBase64Url,
    PercentEncoded,
    Base64OfHex,
    HexOfBase64,
}

impl Writing {
    /// Its name for people.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Hex => "lower-case hex",
            Self::UpperHex => "upper-case hex",
            Self::MixedHex => "hex in mixed case",
            Self::SeparatedHex => "hex with separators between the bytes",
            Self::PrefixedHex => "hex with `0x` before it",
            Self::Base64 => "base64",
            Self::UnpaddedBase64 => "base64 without padding",
            Self::Base64Url => "base64url",
            Self::PaddedBase64Url => "base64url with padding",
            Self::PercentEncoded => "percent-encoded text",
            Self::Base64OfHex => "base64 of the hex digits, instead of the bytes",
            Self::HexOfBase64 => "hex of the base64 text, instead of the bytes",
        }
    }

    /// Whether it is what an encoding of schemes writes.
    pub(super) fn is(self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Hex => self == Self::Hex,
            Encoding::Base64 => self == Self::Base64,
            Encoding::Base64Url => self == Self::Base64Url,
        }
    }
}

/// A signature's bytes, and how they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) raw: Vec<u8>,
    pub(super) writing: Writing,
}

/// The shortest signature that proves something: by chance, one computation in 2^64 has its first eight bytes.
const SHORTEST: usize = 8;

/// The longest: SHA-512.
const LONGEST: usize = 64;

/// The signatures that a text could be.
pub(super) fn read(text: &[u8]) -> Vec<Written> {
    let text = text.trim_ascii();
    if text.len() > 4 * LONGEST {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut add = |raw: Vec<u8>, writing| {
        if (SHORTEST..=LONGEST).contains(&raw.len()) {
            found.push(Written { raw, writing });
        }
    };
    if let Some((bytes, writing)) = hex_of(text) {
        if let Some((raw, _)) = str::from_utf8(&bytes).ok().and_then(|inner| base64_of(inner.as_bytes())) {
            add(raw, Writing::HexOfBase64);
        }
        add(bytes, writing);
        return found;
    }
    if let Some(decoded) = percent_decoded(text) {
        for inner in read(&decoded) {
            add(inner.raw, Writing::PercentEncoded);
        }
        return found;
    }
    if let Some((bytes, writing)) = base64_of(text) {
        if let Some((raw, _)) = hex_of(&bytes) {
            add(raw, Writing::Base64OfHex);
        }
        add(bytes, writing);
    }
    found
}

fn hex_of(text: &[u8]) -> Option<(Vec<u8>, Writing)> {
    if let Some(rest) = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")) {
        return Some((hex::decode(rest).ok()?, Writing::PrefixedHex));
    }
    if text.len() > 3 && [b'-', b':', b' '].contains(&text[2]) && text.len() % 3 == 2 {
        let apart = text.iter().skip(2).step_by(3).all(|byte| *byte == text[2]);
        let digits: Vec<u8> = text.chunks(3).flat_map(|chunk| &chunk[..2]).copied().collect();
        return hex::decode(digits).ok().filter(|_| apart).map(|bytes| (bytes, Writing::SeparatedHex));
    }
    // A digit too few or too many is what cutting a text leaves.
    let even = &text[..text.len() - text.len() % 2];
    if !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let writing = match (text.iter().any(u8::is_ascii_uppercase), text.iter().any(u8::is_ascii_lowercase)) {
        (true, true) => Writing::MixedHex,
        (true, false) => Writing::UpperHex,
        (false, _) => Writing::Hex,
    };
    Some((hex::decode(even).ok()?, writing))
}

fn base64_of(text: &[u8]) -> Option<(Vec<u8>, Writing)> {
    let url = text.iter().any(|byte| [b'-', b'_'].contains(byte));
    let padded = text.ends_with(b"=");
    let bytes = lenient_base64(text)?;
    // What fills its last group needs no padding, so that nothing tells the two apart.
    let full = bytes.len() % 3 == 0;
    let writing = match (url, padded || full) {
        (false, true) => Writing::Base64,
        (false, false) => Writing::UnpaddedBase64,
        (true, false) => Writing::Base64Url,
        (true, true) => {
            if padded {
                Writing::PaddedBase64Url
            } else {
                Writing::Base64Url
            }
        }
    };
    Some((bytes, writing))
}

/// Base64 of either alphabet, padded or not; what is left of a cut group counts for nothing.
pub(super) fn lenient_base64(text: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let mut text: Vec<u8> = text.iter().filter(|byte| **byte != b'=').map(standard).collect();
    if text.len() % 4 == 1 && text.last().is_some_and(u8::is_ascii_alphanumeric) {
        text.pop();
    }
    ENGINE.decode(text).ok()
}

/// Decodes what [`Encoding::decode`] refuses for its form only.
pub(super) fn decode_leniently(encoding: Encoding, text: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 | Encoding::Base64Url => lenient_base64(text),
    }
}

/// The text with its `%XX` decoded; nothing where there are none.
pub(super) fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut any = false;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let digits = behind.get(..2).filter(|_| *first == b'%');
        match digits.and_then(|digits| hex::decode(digits).ok()) {
            Some(byte) => {
                decoded.extend(byte);
                rest = &behind[2..];
                any = true;
            }
            None => decoded.push(*first),
        }
    }
    any.then_some(decoded)
}

/// A piece of a header's value, and what marks it: `v1` of `v1=abc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) mark: Option<String>,
    pub(super) text: Vec<u8>,
}

/// What a header's value could be put together from, whatever its form.
pub(super) fn pieces(value: &[u8]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |text: &[u8]| {
        let text = unquoted(text.trim_ascii());
        let mut push = |mark: Option<&[u8]>, text: &[u8]| {
            let mark = mark.map(|mark| String::from_utf8_lossy(mark).to_ascii_lowercase());
            let piece = Piece { mark, text: unquoted(text.trim_ascii()).to_vec() };
            if !piece.text.is_empty() && pieces.len() < 16 && !pieces.contains(&piece) {
                pieces.push(piece);
            }
        };
        // `v1=abc`, `v1,abc`, `sha256:abc`; the `=` at the end of base64 marks nothing.
        let at = text.iter().position(|byte| [b'=', b',', b':'].contains(byte));
        match at.filter(|at| (1..=16).contains(at) && text[at + 1..].iter().any(|byte| *byte != b'=')) {
            Some(at) => push(Some(&text[..at]), &text[at + 1..]),
            None => push(None, text),
        }
    };
    add(value);
    for separator in [&b","[..], b";", b" "] {
        let items = split(value, separator);
        if items.len() > 1 {
            items.into_iter().for_each(&mut add);
        }
    }
    pieces
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        _ => text,
    }
}

/// The items of a list, without the white space around them.
pub(super) fn split<'a>(value: &'a [u8], separator: &[u8]) -> Vec<&'a [u8]> {
    let mut items = Vec::new();
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, separator) {
        items.push(rest[..at].trim_ascii());
        rest = &rest[at + separator.len()..];
    }
    items.push(rest.trim_ascii());
    items
}
