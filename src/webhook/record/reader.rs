//! Records one after the other, as a log has them, with buffers that are used again.
//!
//! Most of a record is its body, and in a string every quote of it is escaped. So the body is taken out first, in one go,
//! and the parser reads the rest. Wherever a line is unusual the parser reads all of it, and it alone says what is wrong.

use bytes::{Bytes, BytesMut};
use memchr::memchr;
use memchr::memmem::Finder;

use super::problem::ReadError;
use super::read::{read, read_around};
use super::recorded::Recorded;
use crate::webhook::json::Unescape;

/// What stands before a body. In JSON its first quote can only begin a name: one that ends a string has no name behind it.
const NAME: &[u8] = b",\"body\":\"";

/// Stands where the body stood: a character that is none. Where a text has one that begins with the same byte, nothing is
/// taken out of it.
const MARK: &str = "\u{10ffff}";

/// The longest line that a body is taken out of, in bytes: what is longer is rare, and its buffers would stay.
const LONGEST: usize = 256 * 1024;

/// How many bytes of bodies share a buffer.
const SHARED: usize = 64 * 1024;

/// Reads records, one after the other.
#[derive(Debug)]
pub struct Reader {
    /// Looks for [`NAME`].
    name: Finder<'static>,
    /// A line without its body.
    rest: String,
    unescape: Unescape,
    bodies: BytesMut,
}

impl Default for Reader {
    fn default() -> Self {
        Self { name: Finder::new(NAME), rest: String::new(), unescape: Unescape::default(), bodies: BytesMut::new() }
    }
}

impl Reader {
    /// Reads a record as [`read`] does.
    pub fn read<'a>(&'a mut self, json: &'a [u8]) -> Result<Recorded<'a>, ReadError> {
        if let Some(body) = self.take_body(json)
            && let Some(recorded) = read_around(&self.rest, MARK, body)
        {
            return Ok(recorded);
        }
        read(json)
    }

    /// Takes what seems to be the body out of a line; `rest` is the line without it.
    fn take_body(&mut self, json: &[u8]) -> Option<Bytes> {
        if json.len() > LONGEST {
            return None;
        }
        let line = str::from_utf8(json).ok()?;
        let start = self.name.find(json)? + NAME.len();
        let (body, length) = self.unescape.string(&json[start..])?;
        let (before, behind) = (&line[..start], &line[start + length - 1..]);
        if [before, behind].iter().any(|text| memchr(MARK.as_bytes()[0], text.as_bytes()).is_some()) {
            return None;
        }
        self.rest.clear();
        self.rest.extend([before, MARK, behind]);
        // When all that was taken from it is gone, the buffer is used again.
        if self.bodies.capacity() < body.len() {
            self.bodies.reserve(body.len().max(SHARED));
        }
        self.bodies.extend_from_slice(body);
        Some(self.bodies.split().freeze())
    }
}
