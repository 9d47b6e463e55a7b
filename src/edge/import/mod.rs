//! Captured deliveries out of files of whatever form: found out by looking.
//!
//! ```text
//! {"schema":"wh.delivery/1",…}    a record, or a log of them, one a line; also what --json printed
//! {"log":{"entries":[…]}}         HAR
//! POST /hook HTTP/1.1             raw HTTP messages
//! anything else                   a bare body, whose headers are given beside it
//! ```

mod blocks;
mod document;
mod har;
mod http;
mod look;
mod record;

use std::io::{self, Read};

pub use self::blocks::{Block, Blocks};
pub use self::look::Form;
pub use self::record::line;

use crate::webhook::capture::{Capture, Fault, Place};
use crate::webhook::record::LONGEST;

/// How long a line, a message or a document may be, in bytes: what is longer is told, and passed over.
pub const LARGEST: usize = LONGEST;

/// What a part of a file is.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, and most of them are deliveries")]
pub enum Part {
    /// A delivery.
    Delivery(Capture),
    /// Nothing: a blank line, or something else that we print beside deliveries.
    Other,
    /// A request that was made and is no delivery.
    Request,
    /// Something that cannot be read.
    Fault(Fault),
}

/// A file whose form is known.
pub struct Import {
    reader: Box<dyn Read + Send>,
    head: Vec<u8>,
    form: Form,
}

impl Import {
    /// Looks at the beginning of a file. With `headers` given for it, what has no form of its own is a bare body.
    pub fn open(mut reader: Box<dyn Read + Send>, headers: bool) -> io::Result<Result<Self, Fault>> {
        let mut head = Vec::new();
        let mut end = false;
        loop {
            match look::form(&head, end, headers) {
                None => end = read_some(&mut reader, &mut head)? == 0,
                Some(Ok(form)) => return Ok(Ok(Self { reader, head, form })),
                Some(Err(fault)) => return Ok(Err(fault)),
            }
        }
    }

    /// What it was found to be.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Its lines, a block of them at a time.
    #[must_use]
    pub fn blocks(self) -> Blocks {
        let mut head = self.head;
        head.drain(..head.len() - without_mark(&head).len());
        Blocks::new(self.reader, head)
    }

    /// Its parts, one after the other, where it does not consist of lines. `wanted` says what of a HAR is a delivery.
    pub fn parts(
        self,
        wanted: &dyn Fn(&Capture) -> bool,
        mut each: impl FnMut(Part) -> io::Result<()>,
    ) -> io::Result<()> {
        let form = self.form;
        if form == Form::Har {
            return har::entries(self.head, self.reader, wanted, &mut each);
        }
        let bytes = match self.whole()? {
            Ok(bytes) => bytes,
            Err(fault) => return each(Part::Fault(fault)),
        };
        match form {
            Form::Document => document::values(&bytes, &mut each),
            Form::Http => http::messages(&bytes, &mut each),
            Form::Lines | Form::Har | Form::Body => Ok(()),
        }
    }

    /// All of it.
    pub fn whole(self) -> io::Result<Result<Vec<u8>, Fault>> {
        let Self { mut reader, head: mut bytes, .. } = self;
        let left = (LARGEST + 1).saturating_sub(bytes.len());
        reader.as_mut().take(left as u64).read_to_end(&mut bytes)?;
        if bytes.len() > LARGEST {
            return Ok(Err(too_large(Place::default(), "it")));
        }
        Ok(Ok(bytes))
    }
}

fn too_large(place: Place, what: &str) -> Fault {
    let most = LARGEST / 1024 / 1024;
    Fault::bad(place, format!("{what} is longer than {most} MiB, which is the most that is read of one delivery"))
        .with_hint(format!(
            "take it out: {most} MiB are the most for every command; `wh listen --max-body` refuses large bodies"
        ))
}

/// A line that is longer than that.
#[must_use]
pub fn too_long(place: Place, bytes: u64) -> Fault {
    too_large(place, &format!("a line of {bytes} bytes"))
}

/// Reads what is there, at least a byte unless it is the end.
fn read_some(reader: &mut dyn Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    const STEP: usize = 64 * 1024;
    let start = bytes.len();
    bytes.resize(start + STEP, 0);
    let read = loop {
        match reader.read(&mut bytes[start..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    bytes.truncate(start + *read.as_ref().unwrap_or(&0));
    read
}

/// A text without the byte order mark that some editors put in front.
#[must_use]
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
