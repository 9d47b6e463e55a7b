//! Records one after the other, as a log has them, with buffers that are used again.
//!
//! Most of a record is its request, and it is written in one form. So the request is taken out first, in one go, and the
//! parser reads the rest. Wherever a line is unusual the parser reads all of it, and it alone says what is wrong.

use bytes::Bytes;
use http::Request;
use memchr::memchr;
use memchr::memmem::Finder;

use super::problem::ReadError;
use super::read::{read, read_around};
use super::recorded::Recorded;
use super::request::RequestReader;

/// What stands before a request. In JSON its first quote can only begin a name: one that ends a string has no name behind it.
const NAME: &str = r#","request":"#;

/// Stands where the request stood: a character that is none. Where a text has one that begins with the same byte, nothing is
/// taken out of it.
const MARK: &str = "\u{10ffff}";

/// The longest line that a request is taken out of, in bytes: what is longer is rare, and its buffers would stay.
const LONGEST: usize = 256 * 1024;

/// Reads records, one after the other.
#[derive(Debug)]
pub struct Reader {
    /// Looks for [`NAME`].
    name: Finder<'static>,
    /// A line without its request.
    rest: String,
    requests: RequestReader,
}

impl Default for Reader {
    fn default() -> Self {
        Self { name: Finder::new(NAME), rest: String::new(), requests: RequestReader::default() }
    }
}

impl Reader {
    /// Reads a record as [`read`] does.
    pub fn read<'a>(&'a mut self, json: &'a [u8]) -> Result<Recorded<'a>, ReadError> {
        if let Some(request) = self.take_request(json)
            && let Some(recorded) = read_around(&self.rest, MARK, request)
        {
            return Ok(recorded);
        }
        read(json)
    }

    /// Takes what seems to be the request out of a line; `rest` is the line without it.
    fn take_request(&mut self, json: &[u8]) -> Option<Request<Bytes>> {
        if json.len() > LONGEST {
            return None;
        }
        let line = str::from_utf8(json).ok()?;
        let (before, text) = line.split_at(self.name.find(json)? + NAME.len());
        let (request, length) = self.requests.take(text)?;
        let behind = &text[length..];
        if [before, behind].iter().any(|text| memchr(MARK.as_bytes()[0], text.as_bytes()).is_some()) {
            return None;
        }
        self.rest.clear();
        self.rest.extend([before, "\"", MARK, "\"", behind]);
        Some(request)
    }
}
