//! `wh.delivery/1`: a delivery as one JSON object, byte for byte, and back. Keys are a promise to scripts.

mod body;
mod entry;
mod headers;
mod problem;
mod read;
mod reader;
mod recorded;
mod request;
mod sent;
mod text;
mod write;

pub use self::entry::{Entry, Filter};
pub use self::problem::{ReadError, ReadProblem};
pub use self::read::{read, read_signed};
pub use self::reader::Reader;
pub use self::recorded::{Direction, ReadResponse, Recorded};
pub use self::sent::Sent;
pub use self::write::{Record, milliseconds};

use super::delivery::Delivery;
use super::scheme::Scheme;

/// The name and version of the form.
pub const SCHEMA: &str = "wh.delivery/1";

/// How long a record may be that is read, in bytes, and any other form of one delivery: a record of the largest body that
/// is usually accepted, each byte of it an escape.
pub const LONGEST: usize = 64 * 1024 * 1024;

/// What stands in place of a header that is the secret itself.
pub const REDACTED: &str = "(redacted)";

/// The header that this scheme needs and that was redacted when the delivery was recorded, if there is one.
#[must_use]
pub fn redacted_header<'a>(scheme: &'a Scheme, delivery: &Delivery) -> Option<&'a str> {
    let headers = delivery.request.headers();
    let is_redacted = |name: &str| headers.get(name).is_some_and(|value| value == REDACTED);
    scheme.headers.iter().map(|rule| rule.name.as_str()).find(|name| is_redacted(name))
}
