//! Records over several lines each, one after the other or in a list.

use std::io;

use memchr::memchr_iter;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::{Part, record, without_mark};
use crate::webhook::capture::{Fault, FaultKind, Place};

/// The values of a document, in their order. What stands behind a mistake in its JSON is not read.
pub(super) fn values(bytes: &[u8], each: &mut dyn FnMut(Part) -> io::Result<()>) -> io::Result<()> {
    let text = without_mark(bytes);
    let mut at = skip(text, 0);
    let list = text.get(at) == Some(&b'[');
    if list {
        at = skip(text, at + 1);
    }
    // Lines are counted on from the value before: a list may have millions of values.
    let (mut line, mut counted) = (1, 0);
    while at < text.len() && !(list && text[at] == b']') {
        line += memchr_iter(b'\n', &text[counted..at]).count() as u64;
        counted = at;
        let mut stream = Deserializer::from_slice(&text[at..]).into_iter::<IgnoredAny>();
        let part = match stream.next() {
            Some(Ok(_)) => record::value(&text[at..at + stream.byte_offset()], line),
            // It is said what is wrong, and where, by the same words as of a line.
            Some(Err(_)) | None => return each(record::value(text[at..].trim_ascii_end(), line)),
        };
        // What is no record at its beginning is none to its end.
        let bare = matches!(&part, Part::Fault(fault) if fault.kind == FaultKind::Bare);
        each(part)?;
        if bare {
            return Ok(());
        }
        at = skip(text, at + stream.byte_offset());
        if list && text.get(at) == Some(&b',') {
            at = skip(text, at + 1);
        } else if list && text.get(at) != Some(&b']') {
            line += memchr_iter(b'\n', &text[counted..at]).count() as u64;
            return each(Part::Fault(Fault::bad(Place::line(line), "the list of records is cut off")));
        }
    }
    Ok(())
}

/// The next place that holds something.
fn skip(text: &[u8], from: usize) -> usize {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    text[from..].iter().position(|byte| !blank(byte)).map_or(text.len(), |found| from + found)
}
