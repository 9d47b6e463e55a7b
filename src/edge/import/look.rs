//! What form a file has, by its first bytes.

use memchr::memchr;
use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::without_mark;
use crate::webhook::capture::{Fault, Place};

/// How a file holds deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A record a line.
    Lines,
    /// Records over several lines each, one after the other or in a list.
    Document,
    /// An archive of HTTP traffic, as browsers and proxies write it.
    Har,
    /// HTTP messages as they go over the wire.
    Http,
    /// The bytes of a body, and no more.
    Body,
}

/// How much is looked at, at most.
const ENOUGH: usize = 64 * 1024;

/// The form of a file that begins with `head`, where `end` says that this is all of it; `None` when more has to be seen.
pub(super) fn form(head: &[u8], end: bool, headers: bool) -> Option<Result<Form, Fault>> {
    let all = end || head.len() >= ENOUGH;
    let text = without_mark(head);
    let Some(start) = text.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != 0) else {
        let what = match head {
            [] if headers => return end.then_some(Ok(Form::Body)),
            [] => "it is empty",
            _ if head.contains(&0) => "it holds nothing but NUL bytes and white space",
            _ => "it holds nothing but white space",
        };
        return all.then(|| Err(Fault::nothing(what)));
    };
    if head.len() < 4 && !end {
        return None;
    }
    // A body may be anything, also compressed.
    if !headers && let Some(fault) = foreign(head) {
        return Some(Err(fault));
    }
    let start = &text[start..];
    if start.starts_with(b"{") || start.starts_with(b"[") {
        let ours = || memmem::find(start, b"wh.delivery/").is_some() || memmem::find(start, b"\"signed\"").is_some();
        return match json(start, all)? {
            Form::Lines | Form::Document if headers && !ours() => Some(Ok(Form::Body)),
            form => Some(Ok(form)),
        };
    }
    let line = memchr(b'\n', start).map(|line| &start[..line]).or(all.then_some(start))?;
    let line = line.trim_ascii_end();
    if line.starts_with(b"HTTP/") && line.get(8) == Some(&b' ') {
        return Some(Err(Fault::bad(Place::line(1), "it begins with a response, and a delivery is a request")));
    }
    Some(Ok(if is_request_line(line) { Form::Http } else { Form::Body }))
}

/// Whether a line begins a request: `POST /hook HTTP/1.1`.
pub(super) fn is_request_line(line: &[u8]) -> bool {
    let Ok(line) = str::from_utf8(line) else { return false };
    let mut words = line.split(' ');
    let method =
        words.next().is_some_and(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase()));
    let version = line.rsplit(' ').next().is_some_and(|word| word.starts_with("HTTP/"));
    method && version && line.split(' ').count() >= 3
}

/// The form of JSON, as far as it can be seen.
fn json(text: &[u8], all: bool) -> Option<Form> {
    if begins_har(text) {
        return Some(Form::Har);
    }
    if text.starts_with(b"[") {
        return Some(Form::Document);
    }
    let Some(end) = memchr(b'\n', text) else {
        return all.then_some(Form::Lines);
    };
    let line = &text[..end];
    match serde_json::from_slice::<IgnoredAny>(line) {
        Err(error) if error.classify() == Category::Eof => {}
        Ok(_) | Err(_) => return Some(Form::Lines),
    }
    // A line that breaks off is the beginning of a document, unless what follows it begins anew.
    let rest = &text[end + 1..];
    match rest.iter().find(|byte| !byte.is_ascii_whitespace()) {
        // Cut off in its only line, or in the first line of a document: it is told the same way.
        None => all.then_some(Form::Lines),
        Some(b'{') if line.trim_ascii() != b"{" => Some(Form::Lines),
        Some(_) => Some(Form::Document),
    }
}

/// Whether JSON begins as HAR does: `{"log":{`.
fn begins_har(text: &[u8]) -> bool {
    let mut rest = text;
    for token in [&b"{"[..], b"\"log\"", b":", b"{"] {
        match rest.trim_ascii_start().strip_prefix(token) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    true
}

/// What is known and cannot be read as it stands.
fn foreign(head: &[u8]) -> Option<Fault> {
    let compressed = |what: &str, command: &str| {
        Fault::bad(Place::default(), format!("it is compressed with {what}"))
            .with_hint(format!("decompress it first: {command} FILE | wh verify -"))
    };
    Some(match head {
        [0x1f, 0x8b, ..] => compressed("gzip", "gzip -dc"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => compressed("zstd", "zstd -dc"),
        [b'B', b'Z', b'h', ..] => compressed("bzip2", "bzip2 -dc"),
        [0xfd, b'7', b'z', b'X', ..] => compressed("xz", "xz -dc"),
        [b'P', b'K', 3, 4, ..] => compressed("zip", "unzip -p"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Fault::bad(Place::default(), "it is UTF-16, and records are UTF-8")
            .with_hint("convert it first: iconv -f UTF-16 -t UTF-8 FILE | wh verify -"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_found_by_looking() {
        let cases: [(&[u8], Form); 14] = [
            (b"{\"schema\":1}\n{\"schema\":1}\n", Form::Lines),
            (b"{\"schema\":1}", Form::Lines),
            (b"\xef\xbb\xbf\r\n{\"schema\":1}\r\n", Form::Lines),
            (b"{\"schema\":\"wh.del\n{\"schema\":1}\n", Form::Lines),
            (b"{no json\n", Form::Lines),
            (b"{\n  \"schema\": 1\n}\n", Form::Document),
            (b"{ \"schema\": 1,\n  \"id\": {}}\n", Form::Document),
            (b"[\n{\"schema\":1}]", Form::Document),
            (b"{\"log\":{\"entries\":[]}}", Form::Har),
            (b"{\n  \"log\" : {\n", Form::Har),
            (b"POST /hook?a=1 HTTP/1.1\r\nHost: a\r\n\r\n", Form::Http),
            (b"POST /hook HTTP/2\nhost: a\n\n", Form::Http),
            (b"eyJhIjoxfQ==.00ff", Form::Body),
            (b"POST is a word\n", Form::Body),
        ];
        for (head, expected) in cases {
            assert_eq!(form(head, true, false), Some(Ok(expected)), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_needs_more_to_be_told_waits_for_it() {
        for head in [&b""[..], b"\xef", b"\r\n", b"{\"a\":1}", b"{\n", b"{\"log\"", b"POST /", b"\0\0"] {
            assert_eq!(form(head, false, false), None, "{}", head.escape_ascii());
        }
        assert_eq!(form(b"{\"a\":1}\n", false, false), Some(Ok(Form::Lines)));
    }

    #[test]
    fn what_cannot_be_read_is_told_for_what_it_is() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "it is empty"),
            (b" \r\n\t", "nothing but white space"),
            (b"\0\0\0", "nothing but NUL"),
            (b"\x1f\x8b\x08\0", "compressed with gzip"),
            (b"\xff\xfe{\0", "it is UTF-16"),
            (b"HTTP/1.1 200 OK\r\n", "begins with a response"),
        ];
        for (head, words) in cases {
            let fault = form(head, true, false).expect("all is seen").expect_err(words);
            assert!(fault.message.contains(words), "{}", fault.message);
        }
    }

    #[test]
    fn with_headers_whatever_is_not_ours_is_a_body() {
        for head in [&b""[..], b"{\"a\":1}", b"{\n\"a\":1}", b"[1]", b"\x1f\x8b\x08\0", b"text"] {
            assert_eq!(form(head, true, true), Some(Ok(Form::Body)), "{}", head.escape_ascii());
        }
        assert_eq!(form(b"{\"schema\":\"wh.delivery/1\"}\n", true, true), Some(Ok(Form::Lines)));
    }
}
