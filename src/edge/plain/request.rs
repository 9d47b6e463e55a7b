//! A request as it goes over a connection (RFC 9112): its head and its body as bytes.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue};

use crate::edge::chunked::chunk;
use crate::webhook::delivery::Delivery;
use crate::webhook::json::write_number;
use crate::webhook::probe::material::Wire;
use crate::webhook::provider::title_case;

/// How long a body may be, in bytes, that is copied behind its head, so that both go out at once.
const LONGEST_COPY: usize = 16 * 1024;

/// How the names of headers are written.
#[derive(Debug)]
pub(super) enum Spelling {
    /// `content-type`
    LowerCase,
    /// `Content-Type`, but for these, which are written as they are here.
    TitleCase(Vec<(HeaderName, String)>),
}

impl Spelling {
    /// All names in lower case, or each as people write it, where nothing is said of it in `names`.
    pub(super) fn new(lower_case: bool, names: &[String]) -> Self {
        if lower_case {
            return Self::LowerCase;
        }
        let header = |name: &String| Some((HeaderName::from_bytes(name.as_bytes()).ok()?, name.clone()));
        let unusual = |(header, name): &(HeaderName, String)| *name != title_case(header.as_str());
        Self::TitleCase(names.iter().filter_map(header).filter(unusual).collect())
    }

    fn write(&self, header: &HeaderName, text: &mut Vec<u8>) {
        let start = text.len();
        text.extend_from_slice(header.as_str().as_bytes());
        let Self::TitleCase(unusual) = self else { return };
        if let Some((_, name)) = unusual.iter().find(|(unusual, _)| unusual == header) {
            text[start..].copy_from_slice(name.as_bytes());
            return;
        }
        let mut begins = true;
        for byte in &mut text[start..] {
            if begins {
                byte.make_ascii_uppercase();
            }
            begins = *byte == b'-';
        }
    }
}

/// What of a request is to be written.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// The head, and a short body behind it.
    head: Vec<u8>,
    /// A long body.
    body: Bytes,
    sent: usize,
}

impl Outgoing {
    /// Begins with a delivery: with a path instead of a URL, and with the headers that every request has.
    pub(super) fn begin(&mut self, delivery: &Delivery, wire: Wire, spelling: &Spelling, host: &HeaderValue) {
        let request = &delivery.request;
        let head = &mut self.head;
        self.sent = 0;
        head.clear();
        head.extend_from_slice(request.method().as_str().as_bytes());
        head.push(b' ');
        let target = delivery.target();
        if !target.starts_with(['/', '*']) {
            // A URL may have a query right behind its host.
            head.push(b'/');
        }
        head.extend_from_slice(target.as_bytes());
        head.extend_from_slice(b" HTTP/1.1\r\n");
        let mut line = |name: &HeaderName, value: &[u8]| {
            spelling.write(name, head);
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        };
        let headers = request.headers();
        // How long the body is, is said below, as it is.
        for (name, value) in headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH && **name != TRANSFER_ENCODING)
        {
            line(name, value.as_bytes());
        }
        if !headers.contains_key(ACCEPT) {
            line(&ACCEPT, b"*/*");
        }
        if !headers.contains_key(HOST) {
            line(&HOST, host.as_bytes());
        }
        let body = request.body();
        self.body = Bytes::new();
        if wire == Wire::Chunked {
            line(&TRANSFER_ENCODING, b"chunked");
            head.extend_from_slice(b"\r\n");
            write_chunks(body, head);
            return;
        }
        if !body.is_empty() {
            spelling.write(&CONTENT_LENGTH, head);
            head.extend_from_slice(b": ");
            write_number(body.len() as u64, head);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        if body.len() <= LONGEST_COPY {
            head.extend_from_slice(body);
        } else {
            self.body = body.clone();
        }
    }

    /// What is written next; nothing where all has been.
    pub(super) fn next(&self) -> Option<&[u8]> {
        let next = match self.sent.checked_sub(self.head.len()) {
            None => &self.head[self.sent..],
            Some(sent) => &self.body[sent..],
        };
        (!next.is_empty()).then_some(next)
    }

    /// So many bytes more have been written.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent += count;
    }
}

fn write_chunks(mut body: &[u8], text: &mut Vec<u8>) {
    while !body.is_empty() {
        let (chunk, rest) = body.split_at(chunk(body.len()));
        text.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
        text.extend_from_slice(chunk);
        text.extend_from_slice(b"\r\n");
        body = rest;
    }
    text.extend_from_slice(b"0\r\n\r\n");
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn written(spelling: &Spelling, wire: Wire, headers: &[(&str, &str)], body: &[u8]) -> String {
        let request = Request::post("http://localhost:3000/hook?x=1");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Bytes::copy_from_slice(body)).expect("a request");
        let mut outgoing = Outgoing::default();
        outgoing.begin(&Delivery::of(request), wire, spelling, &HeaderValue::from_static("localhost:3000"));
        let mut text = Vec::new();
        while let Some(next) = outgoing.next() {
            let part = &next[..next.len().div_ceil(3)];
            text.extend_from_slice(part);
            outgoing.advance(part.len());
        }
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn a_request_is_written_with_its_length_and_names_as_the_provider_spells_them() {
        let spelling = Spelling::new(false, &["X-GitHub-Event".into(), "X-Usual".into(), "no name".into()]);
        let headers = [("x-github-event", "push"), ("x-a-b", "1"), ("x-a-b", "2"), ("content-length", "9")];
        assert_eq!(
            written(&spelling, Wire::Usual, &headers, b"{}"),
            "POST /hook?x=1 HTTP/1.1\r\nX-GitHub-Event: push\r\nX-A-B: 1\r\nX-A-B: 2\r\nAccept: */*\r\n\
             Host: localhost:3000\r\nContent-Length: 2\r\n\r\n{}"
        );
        let lower = Spelling::new(true, &["X-GitHub-Event".into()]);
        let headers = [("x-github-event", "push"), ("accept", "a/b"), ("host", "there")];
        assert_eq!(
            written(&lower, Wire::Usual, &headers, b""),
            "POST /hook?x=1 HTTP/1.1\r\nx-github-event: push\r\naccept: a/b\r\nhost: there\r\n\r\n"
        );
    }

    #[test]
    fn a_long_body_follows_its_head_to_the_byte() {
        let body = "0123456789".repeat(5000);
        let text = written(&Spelling::new(false, &[]), Wire::Usual, &[], body.as_bytes());
        assert_eq!(text.split_once("Content-Length: 50000\r\n\r\n").map(|(_, behind)| behind), Some(body.as_str()));
    }

    #[test]
    fn a_body_in_chunks_does_not_say_how_long_it_is() {
        let chunked = |body: &[u8]| {
            let text = written(&Spelling::new(false, &[]), Wire::Chunked, &[("content-length", "2")], body);
            assert!(!text.contains("Content-Length"), "{text}");
            text.split_once("Transfer-Encoding: chunked\r\n\r\n").expect("its head").1.to_owned()
        };
        assert_eq!(chunked(b""), "0\r\n\r\n");
        assert_eq!(chunked(b"{}"), "2\r\n{}\r\n0\r\n\r\n");
        let (twenty, four) = ("a".repeat(20), "a".repeat(4));
        assert_eq!(
            chunked(&[b'a'; 40]),
            format!("14\r\n{twenty}\r\n10\r\n{}\r\n4\r\n{four}\r\n0\r\n\r\n", "a".repeat(16))
        );
    }
}
