//! An answer as it comes over a connection (RFC 9112): its head, and a body that is as long as the head says.
//!
//! Nothing here waits: each function takes what has come so far, and says whether that was enough.

use bytes::{Buf as _, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use httparse::{EMPTY_HEADER, Status};
use memchr::memmem;

/// How long a head may be, in bytes, and so may what stands behind the chunks of a body.
const LONGEST_HEAD: usize = 256 * 1024;

/// How many headers an answer may have.
const MOST_HEADERS: usize = 100;

/// How long the line before a chunk may be, in bytes.
const LONGEST_CHUNK_LINE: usize = 16 * 1024;

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// What is to come of its body.
    pub(super) body: Body,
    /// Whether another request may go out on the connection.
    pub(super) lasts: bool,
}

/// Why what comes is no answer, as the end of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoHttp(pub(super) String);

impl NoHttp {
    fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Takes the head of an answer off the front of what has come; nothing while its end has not. Interim answers, such as
/// 100, are passed over.
pub(super) fn take_head(come: &mut BytesMut, method: &Method) -> Result<Option<Head>, NoHttp> {
    loop {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Response::new(&mut headers);
        let length = match parsed.parse(come) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if come.len() < LONGEST_HEAD => return Ok(None),
            Ok(Status::Partial) => return Err(NoHttp::because("its head does not end within 256 KiB")),
            Err(error) => return Err(NoHttp::because(error.to_string())),
        };
        let status = StatusCode::from_u16(parsed.code.unwrap_or_default());
        let status = status.map_err(|error| NoHttp::because(error.to_string()))?;
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            come.advance(length);
            continue;
        }
        let is_old = parsed.version == Some(0);
        let headers = header_map(parsed.headers)?;
        come.advance(length);
        let tunnel = *method == Method::CONNECT && status.is_success();
        let body = if has_no_body(status, method) || tunnel { Body::Over } else { body(&headers, is_old)? };
        let upgraded = tunnel || status == StatusCode::SWITCHING_PROTOCOLS;
        let lasts = !upgraded && !matches!(body, Body::ToTheEnd) && is_kept(&headers, is_old);
        return Ok(Some(Head { status, headers, body, lasts }));
    }
}

fn header_map(parsed: &[httparse::Header<'_>]) -> Result<HeaderMap, NoHttp> {
    let mut headers = HeaderMap::with_capacity(parsed.len());
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        match (name, value) {
            (Ok(name), Ok(value)) => headers.append(name, value),
            (Err(_), _) | (_, Err(_)) => return Err(NoHttp::because(format!("invalid header `{}`", header.name))),
        };
    }
    Ok(headers)
}

/// Whether an answer ends with its head, whatever that says (RFC 9112, section 6.3).
fn has_no_body(status: StatusCode, method: &Method) -> bool {
    let empty = [StatusCode::SWITCHING_PROTOCOLS, StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    *method == Method::HEAD || empty.contains(&status)
}

/// How long a body is (RFC 9112, section 6.3).
fn body(headers: &HeaderMap, is_old: bool) -> Result<Body, NoHttp> {
    if let Some(coding) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        let last = coding.as_bytes().rsplit(|byte| *byte == b',').next().unwrap_or_default();
        return match last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            _ if is_old => Err(NoHttp::because("HTTP/1.0 has no Transfer-Encoding")),
            true => Ok(Body::Chunks(Chunks::Line)),
            false => Ok(Body::ToTheEnd),
        };
    }
    let lengths = headers.get_all(CONTENT_LENGTH).iter();
    let mut lengths = lengths.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let Some(first) = lengths.next() else { return Ok(Body::ToTheEnd) };
    // Some say it twice; two that differ leave its end in doubt.
    match number(first).filter(|_| lengths.all(|length| length == first)) {
        Some(0) => Ok(Body::Over),
        Some(length) => Ok(Body::Length(length)),
        None => Err(NoHttp::because("its Content-Length is no number")),
    }
}

/// Digits and nothing else, no sign.
fn number(text: &[u8]) -> Option<u64> {
    let digits = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits?.parse().ok()
}

/// Whether the other side keeps the connection (RFC 9112, section 9.3).
fn is_kept(headers: &HeaderMap, is_old: bool) -> bool {
    let mut asks_to_keep = false;
    for option in headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
        if option.trim_ascii().eq_ignore_ascii_case(b"close") {
            return false;
        }
        asks_to_keep |= option.trim_ascii().eq_ignore_ascii_case(b"keep-alive");
    }
    !is_old || asks_to_keep
}

/// What is still to come of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Nothing.
    Over,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunks(Chunks),
    /// All that comes until the other side closes the connection.
    ToTheEnd,
}

/// Where in a body of chunks it is (RFC 9112, section 7.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// Before the line that tells the length of a chunk.
    Line,
    /// In a chunk, of which so many bytes are to come.
    Inside(u64),
    /// Behind a chunk, before the end of its line.
    Behind,
    /// Behind the last chunk.
    Trailers,
}

/// A body that is not what its head says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Body {
    /// Takes the next piece of the body off the front of what has come, and adds it to `body`. Whether there may be more
    /// in what has come.
    pub(super) fn take(&mut self, come: &mut BytesMut, body: &mut Vec<u8>) -> Result<bool, Malformed> {
        match self {
            Self::Over => Ok(false),
            Self::ToTheEnd => {
                body.extend_from_slice(come);
                come.clear();
                Ok(false)
            }
            Self::Length(left) => {
                *left -= take_up_to(*left, come, body);
                if *left == 0 {
                    *self = Self::Over;
                }
                Ok(false)
            }
            Self::Chunks(chunks) => match chunks.take(come, body)? {
                Step::Over => {
                    *self = Self::Over;
                    Ok(false)
                }
                Step::On => Ok(true),
                Step::Wait => Ok(false),
            },
        }
    }
}

/// What comes after a part of a body of chunks.
enum Step {
    /// The next part, which may have come.
    On,
    /// More has to come.
    Wait,
    /// Nothing.
    Over,
}

impl Chunks {
    fn take(&mut self, come: &mut BytesMut, body: &mut Vec<u8>) -> Result<Step, Malformed> {
        match self {
            // To httparse, no digit at all is a nought.
            Self::Line if come.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) => return Err(Malformed),
            Self::Line => match httparse::parse_chunk_size(come).map_err(|_| Malformed)? {
                Status::Partial if come.len() > LONGEST_CHUNK_LINE => return Err(Malformed),
                Status::Partial => return Ok(Step::Wait),
                Status::Complete((line, length)) => {
                    come.advance(line);
                    *self = if length == 0 { Self::Trailers } else { Self::Inside(length) };
                }
            },
            Self::Inside(left) => {
                *left -= take_up_to(*left, come, body);
                if *left > 0 {
                    return Ok(Step::Wait);
                }
                *self = Self::Behind;
            }
            Self::Behind => {
                if come.len() < 2 {
                    return Ok(Step::Wait);
                }
                if !come.starts_with(b"\r\n") {
                    return Err(Malformed);
                }
                come.advance(2);
                *self = Self::Line;
            }
            Self::Trailers => {
                // A blank line ends them, and is alone where there are none.
                let end =
                    if come.starts_with(b"\r\n") { Some(2) } else { memmem::find(come, b"\r\n\r\n").map(|at| at + 4) };
                match end {
                    Some(end) => come.advance(end),
                    None if come.len() > LONGEST_HEAD => return Err(Malformed),
                    None => return Ok(Step::Wait),
                }
                return Ok(Step::Over);
            }
        }
        Ok(Step::On)
    }
}

/// Moves up to so many bytes from what has come to the body, and says how many they were.
fn take_up_to(most: u64, come: &mut BytesMut, body: &mut Vec<u8>) -> u64 {
    let length = usize::try_from(most).unwrap_or(usize::MAX).min(come.len());
    body.extend_from_slice(&come[..length]);
    come.advance(length);
    length as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, body, whether the connection lasts, and whether more is to come, of an answer that came in pieces of that size.
    fn read(answer: &[u8], piece: usize, method: &Method) -> Result<(u16, String, bool, bool), NoHttp> {
        let mut come = BytesMut::new();
        let (mut head, mut body): (Option<Head>, _) = (None, Vec::new());
        for piece in answer.chunks(piece) {
            come.extend_from_slice(piece);
            if head.is_none() {
                head = take_head(&mut come, method)?;
            }
            while head.as_mut().is_some_and(|head| head.body.take(&mut come, &mut body).expect("well-formed")) {}
        }
        let head = head.expect("a whole head");
        assert!(come.is_empty(), "{come:?} is left");
        Ok((head.status.as_u16(), String::from_utf8_lossy(&body).into_owned(), head.lasts, head.body != Body::Over))
    }

    #[track_caller]
    fn assert_read(answer: &str, expected: (u16, &str, bool, bool)) {
        for piece in [1, 2, 3, 7, usize::MAX] {
            let (status, body, lasts, more) = read(answer.as_bytes(), piece, &Method::POST).expect("an answer");
            assert_eq!((status, body.as_str(), lasts, more), expected, "{answer} in pieces of {piece}");
        }
    }

    #[test]
    fn a_body_is_as_long_as_its_head_says_however_it_comes() {
        assert_read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, "ok", true, false));
        assert_read("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\nok", (200, "ok", true, false));
        assert_read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (200, "", true, false));
        assert_read("HTTP/1.1 500 \r\nContent-Length: 9\r\n\r\nab", (500, "ab", true, true));
        assert_read("HTTP/1.1 400\r\n\r\nno", (400, "no", false, true));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\ntransfer-encoding: x, Chunked\r\n\r\n";
        assert_read(
            &format!("{chunked}3\r\nabc\r\nA ;x=y\r\n0123456789\r\n0\r\n\r\n"),
            (200, "abc0123456789", true, false),
        );
        assert_read(&format!("{chunked}1\r\na\r\n000\r\nX-A: 1\r\nX-B: 2\r\n\r\n"), (200, "a", true, false));
        assert_read(&format!("{chunked}3\r\nab"), (200, "ab", true, true));
        assert_read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nab", (200, "ab", false, true));
    }

    #[test]
    fn some_answers_have_no_body_and_interim_ones_do_not_count() {
        assert_read(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 204 X\r\n\r\n",
            (204, "", true, false),
        );
        assert_read("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", (304, "", true, false));
        assert_read("HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n", (101, "", false, false));
        let to = |method| read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 9, &method);
        assert_eq!(to(Method::HEAD), Ok((200, String::new(), true, false)));
        assert_eq!(to(Method::CONNECT), Ok((200, String::new(), false, false)));
    }

    #[test]
    fn a_connection_lasts_unless_one_side_closes_it() {
        for (version, options, lasts) in [
            ("1.1", "keep-alive", true),
            ("1.1", "x, Close", false),
            ("1.1", "close\r\nConnection: keep-alive", false),
            ("1.0", "x", false),
            ("1.0", "Keep-Alive", true),
        ] {
            let answer = format!("HTTP/{version} 200 OK\r\nConnection: {options}\r\nContent-Length: 0\r\n\r\n");
            assert_read(&answer, (200, "", lasts, false));
        }
    }

    #[test]
    fn what_leaves_the_end_of_an_answer_in_doubt_is_no_http() {
        for head in [
            "SSH-2.0-OpenSSH_9.9\r\n",
            "HTTP/1.1 2000 Good\r\n\r\n",
            "HTTP/1.1 099 Low\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "\x15\x03\x01",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA B: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        ] {
            assert!(take_head(&mut BytesMut::from(head), &Method::POST).is_err(), "{head}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(MOST_HEADERS + 1));
        assert!(take_head(&mut BytesMut::from(many.as_str()), &Method::POST).is_err());
        let long = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(LONGEST_HEAD));
        assert!(take_head(&mut BytesMut::from(long.as_str()), &Method::POST).is_err());
    }

    #[test]
    fn chunks_that_are_none_are_malformed() {
        for chunks in ["zzz\r\n", "-1\r\n", "\r\n", "1\r\nab\r\n", "fffffffffffffffff\r\n"] {
            let mut come = BytesMut::from(chunks);
            let mut body = Body::Chunks(Chunks::Line);
            let result = loop {
                match body.take(&mut come, &mut Vec::new()) {
                    Ok(true) => {}
                    ended => break ended,
                }
            };
            assert_eq!(result, Err(Malformed), "{chunks}");
        }
        let mut endless = BytesMut::from(format!("1;{}", "x".repeat(LONGEST_CHUNK_LINE)).as_str());
        assert_eq!(Body::Chunks(Chunks::Line).take(&mut endless, &mut Vec::new()), Err(Malformed));
    }
}
