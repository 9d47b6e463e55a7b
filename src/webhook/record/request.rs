//! A request taken out of a line, where the line has it as records are written: these members in this order, no white space.
//!
//! Most of a record is its request, and most of what a request is made of was in the one before it, too: names of headers
//! are used again, and what differs shares one buffer.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use super::text::version;
use crate::webhook::json::Unescape;

/// How many bytes of requests share a buffer.
const SHARED: usize = 16 * 1024;

/// Takes requests out of the lines that they stand in.
#[derive(Debug, Default)]
pub(super) struct RequestReader {
    /// The strings of a request, one behind the other.
    strings: Unescape,
    /// The headers: those of this request, and of longer ones before it.
    headers: Vec<(HeaderName, Range<usize>)>,
    shared: BytesMut,
}

impl RequestReader {
    /// The request at the beginning of a text, and how long it is there; nothing when it is written in another way, or wrong.
    pub(super) fn take(&mut self, text: &str) -> Option<(Request<Bytes>, usize)> {
        self.strings.clear();
        let mut rest = text;
        pass(&mut rest, r#"{"method":""#)?;
        let method = Method::from_bytes(word(&mut rest)?.as_bytes()).ok()?;
        pass(&mut rest, r#","target":""#)?;
        let target = self.string(&mut rest)?;
        pass(&mut rest, r#","version":""#)?;
        let version = version(word(&mut rest)?)?;
        pass(&mut rest, r#","headers":["#)?;
        let mut count = 0;
        while !rest.starts_with(']') {
            pass(&mut rest, if count == 0 { r#"[""# } else { r#",[""# })?;
            self.name(count, &mut rest)?;
            pass(&mut rest, r#",""#)?;
            self.headers[count].1 = self.string(&mut rest)?;
            pass(&mut rest, "]")?;
            count += 1;
        }
        pass(&mut rest, r#"],"body":""#)?;
        let body = self.string(&mut rest)?;
        pass(&mut rest, "}")?;

        let strings = self.share();
        let mut headers = HeaderMap::try_with_capacity(count).ok()?;
        for (name, value) in &self.headers[..count] {
            let value = HeaderValue::from_maybe_shared(strings.slice(value.clone())).ok()?;
            headers.try_append(name.clone(), value).ok()?;
        }
        let mut request = Request::new(strings.slice(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_maybe_shared(strings.slice(target)).ok()?;
        *request.version_mut() = version;
        *request.headers_mut() = headers;
        Some((request, text.len() - rest.len()))
    }

    /// What the string stands for whose first quote was passed.
    fn string(&mut self, rest: &mut &str) -> Option<Range<usize>> {
        let (place, length) = self.strings.string(rest.as_bytes())?;
        *rest = &rest[length..];
        Some(place)
    }

    /// Notes a header's name. Most requests have the names that the one before had.
    fn name(&mut self, index: usize, rest: &mut &str) -> Option<()> {
        let known = self.headers.get(index).and_then(|(known, _)| rest.strip_prefix(known.as_str())?.strip_prefix('"'));
        if let Some(behind) = known {
            *rest = behind;
            return Some(());
        }
        let header = (HeaderName::from_bytes(word(rest)?.as_bytes()).ok()?, 0..0);
        match self.headers.get_mut(index) {
            Some(other) => *other = header,
            None => self.headers.push(header),
        }
        Some(())
    }

    /// The strings that were taken, where they can be kept.
    fn share(&mut self) -> Bytes {
        let strings = self.strings.all();
        // When all that was taken from it is gone, the buffer is used again.
        if self.shared.capacity() < strings.len() {
            self.shared.reserve(strings.len().max(SHARED));
        }
        self.shared.extend_from_slice(strings);
        self.shared.split().freeze()
    }
}

/// Passes over what a text begins with.
fn pass(rest: &mut &str, expected: &str) -> Option<()> {
    *rest = rest.strip_prefix(expected)?;
    Some(())
}

/// A word whose first quote was passed: a string in which nothing is escaped, for no word that is read holds a backslash.
fn word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (word, behind) = rest.split_once('"')?;
    *rest = behind;
    Some(word)
}
