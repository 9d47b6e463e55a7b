//! HTTP messages as they go over the wire (RFC 9112), also with the line ends that an editor left: `POST /hook HTTP/1.1`,
//! headers, a blank line, the body.

use std::io;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use memchr::memchr;

use super::{Part, look, without_mark};
use crate::webhook::capture::{Capture, Fault, Place};
use crate::webhook::delivery::Delivery;

/// How many headers a message may have.
const MOST_HEADERS: usize = 1000;

/// The messages of a file, in their order. What stands behind a mistake is not read.
pub(super) fn messages(bytes: &[u8], each: &mut dyn FnMut(Part) -> io::Result<()>) -> io::Result<()> {
    let mut text = Text { rest: without_mark(bytes), line: 1 };
    loop {
        // Between two messages there may be blank lines.
        while let Some(b"\r\n" | b"\n" | b"\r") = text.peek_line() {
            text.line();
        }
        if text.rest.is_empty() {
            return Ok(());
        }
        let start = text.line;
        match message(&mut text) {
            Ok(request) => {
                let delivery = Delivery::of(request);
                let place = Place::line(start);
                each(Part::Delivery(Capture { delivery, at: None, answer: None, recorded: false, place }))?;
            }
            Err(fault) => return each(Part::Fault(fault)),
        }
    }
}

/// A text that is read line by line.
struct Text<'a> {
    rest: &'a [u8],
    line: u64,
}

impl<'a> Text<'a> {
    /// The next line with its end.
    fn peek_line(&self) -> Option<&'a [u8]> {
        let end = memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        (end > 0).then(|| &self.rest[..end])
    }

    /// The next line without its end.
    fn line(&mut self) -> Option<&'a [u8]> {
        let line = self.peek_line()?;
        self.take(line.len());
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// So many bytes, or all that are left.
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        self.line += memchr::memchr_iter(b'\n', taken).count() as u64;
        taken
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::bad(Place::line(self.line), message)
    }
}

fn message(text: &mut Text<'_>) -> Result<Request<Bytes>, Fault> {
    let here = text.line;
    let told = |message: String| Fault::bad(Place::line(here), message);
    let line = text.line().unwrap_or_default();
    let Some((method, target, version)) = request_line(line) else {
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]).into_owned();
        return Err(told(format!("`{shown}` does not begin a request, as `POST /hook HTTP/1.1` does"))
            .with_hint("a body is as long as its Content-Length says: what stands behind it is the next message"));
    };
    let headers = headers(text)?;
    let body = body(text, &headers)?;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target;
    *request.version_mut() = version;
    *request.headers_mut() = headers;
    Ok(request)
}

fn request_line(line: &[u8]) -> Option<(Method, Uri, Version)> {
    let line = str::from_utf8(line).ok().filter(|line| look::is_request_line(line.as_bytes()))?;
    let (method, rest) = line.split_once(' ')?;
    let (target, version) = rest.rsplit_once(' ')?;
    let version = match version {
        "HTTP/1.1" => Version::HTTP_11,
        "HTTP/1.0" => Version::HTTP_10,
        "HTTP/2" | "HTTP/2.0" => Version::HTTP_2,
        "HTTP/3" | "HTTP/3.0" => Version::HTTP_3,
        _ => return None,
    };
    Some((method.parse().ok()?, target.parse().ok()?, version))
}

fn headers(text: &mut Text<'_>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    loop {
        let here = text.line;
        let told = |message: &str| Fault::bad(Place::line(here), message);
        let Some(line) = text.line() else {
            // The end of the file ends a head too: there is no body then.
            return Ok(headers);
        };
        if line.is_empty() {
            return Ok(headers);
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err(told("a header that goes on over several lines is not valid any more (RFC 9112, section 5.2)"));
        }
        if look::is_request_line(line) {
            return Err(told("a second request begins before the first one's headers have ended")
                .with_hint("a blank line stands between headers and body, also where the body is empty"));
        }
        let colon = memchr(b':', line).ok_or_else(|| told("a header has a name, a colon and a value"))?;
        let name = HeaderName::from_bytes(&line[..colon]).map_err(|_| told("this is no header name"))?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii())
            .map_err(|_| told(&format!("the header `{name}` holds a control character, which no header can")))?;
        if headers.len() >= MOST_HEADERS {
            return Err(told(&format!("there are more than {MOST_HEADERS} headers")));
        }
        headers.append(name, value);
    }
}

/// The body: as its headers say, or, where they say nothing, all that is left.
fn body(text: &mut Text<'_>, headers: &HeaderMap) -> Result<Bytes, Fault> {
    let chunked = headers.get_all(TRANSFER_ENCODING).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.rsplit(',').next().unwrap_or_default().trim().eq_ignore_ascii_case("chunked"))
    });
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (chunked, lengths.next(), lengths.next()) {
        (true, Some(_), _) => {
            Err(text.fault("it has both Content-Length and Transfer-Encoding, so that its end is doubtful"))
        }
        (_, _, Some(_)) => Err(text.fault("it has Content-Length more than once, so that its end is doubtful")),
        (true, None, None) => chunks(text),
        (false, None, None) => Ok(Bytes::copy_from_slice(text.take(usize::MAX))),
        (false, Some(value), None) => {
            let digits =
                value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
            let length: usize = digits
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(|| text.fault("its Content-Length is no number"))?;
            let there = text.rest.len();
            if there < length {
                let missing = format!("the body is cut off: it has {there} bytes, and Content-Length says {length}");
                return Err(text.fault(missing).with_hint(
                    "if an editor has changed the line ends, give the body alone, and its headers with -H",
                ));
            }
            Ok(Bytes::copy_from_slice(text.take(length)))
        }
    }
}

/// A body in chunks (RFC 9112, section 7.1); extensions and trailers are passed over.
fn chunks(text: &mut Text<'_>) -> Result<Bytes, Fault> {
    let mut body = Vec::new();
    loop {
        let here = text.line;
        let told = |message: &str| Fault::bad(Place::line(here), message);
        let line = text.line().ok_or_else(|| told("the body is cut off: its last chunk is missing"))?;
        let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let size = str::from_utf8(size)
            .ok()
            .filter(|size| !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or_else(|| told("a chunk begins with its length in hexadecimal digits"))?;
        if size == 0 {
            while text.line().is_some_and(|line| !line.is_empty()) {}
            return Ok(Bytes::from(body));
        }
        if text.rest.len() < size {
            return Err(told(&format!("the body is cut off: a chunk has {} of {size} bytes", text.rest.len())));
        }
        body.extend_from_slice(text.take(size));
        if text.line() != Some(b"") {
            return Err(told(&format!("the chunk does not end after its {size} bytes")));
        }
    }
}
