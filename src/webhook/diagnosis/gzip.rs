//! Compressed bodies, opened. Only this direction can be proved: two programs compress the same text differently.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// What a compressed body holds, if it is one and holds at most `limit` bytes.
pub(super) fn opened(body: &[u8], limit: usize) -> Option<Vec<u8>> {
    match body {
        [0x1f, 0x8b, ..] => read(MultiGzDecoder::new(body), limit),
        // RFC 1950: the check bits make the first two bytes a multiple of 31.
        [first @ 0x78, second, ..] if (u16::from(*first) * 256 + u16::from(*second)).is_multiple_of(31) => {
            read(ZlibDecoder::new(body), limit)
        }
        _ => None,
    }
}

fn read(decoder: impl Read, limit: usize) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    // One byte more than the limit tells what is too large from what just fits.
    decoder.take(limit as u64 + 1).read_to_end(&mut text).ok()?;
    (text.len() <= limit && !text.is_empty()).then_some(text)
}
