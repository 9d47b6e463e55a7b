//! A request or an answer out of a line as records are written.
//!
//! What differs from message to message shares one buffer, and the names of headers, which hardly do, are used again.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

use super::line::{Line, Unusual};
use super::read::duration;
use super::recorded::ReadResponse;
use super::text::version;
use crate::webhook::json::Unescape;

/// How many bytes of messages share a buffer.
const SHARED: usize = 16 * 1024;

/// The longest number, in bytes, that all parsers read alike: one of at most 15 digits.
const SURE: usize = 15;

/// Takes messages out of the lines that they stand in.
#[derive(Debug, Default)]
pub(super) struct MessageReader {
    /// The strings of a message, one behind the other.
    strings: Unescape,
    /// The headers, and behind them those of longer messages before it.
    headers: Vec<(HeaderName, Range<usize>)>,
    /// How many headers it has.
    count: usize,
    shared: BytesMut,
}

impl MessageReader {
    pub(super) fn request(&mut self, line: &mut Line<'_>) -> Result<Request<Bytes>, Unusual> {
        self.strings.clear();
        line.pass("{")?;
        let method = line.member("method", Line::text)?.ok_or(Unusual)?;
        let target = line.member("target", |line| self.string(line))?.ok_or(Unusual)?;
        let version = line.member("version", |line| version(line.text()?).ok_or(Unusual))?;
        line.member("headers", |line| self.headers(line))?.ok_or(Unusual)?;
        let body = line.member("body", |line| self.string(line))?.ok_or(Unusual)?;
        line.pass("}")?;

        let strings = self.share();
        let mut request = Request::new(strings.slice(body));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| Unusual)?;
        *request.uri_mut() = Uri::from_maybe_shared(strings.slice(target)).map_err(|_| Unusual)?;
        *request.version_mut() = version.unwrap_or_default();
        *request.headers_mut() = self.map(&strings)?;
        Ok(request)
    }

    pub(super) fn response(&mut self, line: &mut Line<'_>) -> Result<ReadResponse, Unusual> {
        self.strings.clear();
        self.count = 0;
        line.pass("{")?;
        let status = line.member("status", |line| line.number()?.parse().map_err(|_| Unusual))?.ok_or(Unusual)?;
        let duration = line.optional("duration_ms", |line| {
            let number = line.number()?;
            let milliseconds = number.parse().ok().filter(|_| number.len() <= SURE);
            milliseconds.and_then(duration).ok_or(Unusual)
        })?;
        line.member("headers", |line| self.headers(line))?;
        let body = line.optional("body", |line| self.string(line))?.unwrap_or_default();
        let truncated = line.optional("truncated", Line::truth)?.unwrap_or_default();
        line.optional("incomplete", Line::text)?;
        line.pass("}")?;

        let status = StatusCode::from_u16(status).map_err(|_| Unusual)?;
        let strings = self.share();
        Ok(ReadResponse { status, duration, headers: self.map(&strings)?, body: strings.slice(body), truncated })
    }

    fn headers(&mut self, line: &mut Line<'_>) -> Result<(), Unusual> {
        self.count = 0;
        line.pass("[")?;
        while !line.follows("]") {
            line.pass(if self.count == 0 { "[" } else { ",[" })?;
            self.name(line)?;
            line.pass(",")?;
            self.headers[self.count].1 = self.string(line)?;
            line.pass("]")?;
            self.count += 1;
        }
        Ok(())
    }

    /// Notes the next header's name. Most messages have the names that the one before had.
    fn name(&mut self, line: &mut Line<'_>) -> Result<(), Unusual> {
        let name = line.text()?;
        match self.headers.get_mut(self.count) {
            Some((known, _)) if known.as_str() == name => {}
            Some((other, _)) => *other = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unusual)?,
            None => self.headers.push((HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unusual)?, 0..0)),
        }
        Ok(())
    }

    /// What a string stands for, as a part of all strings.
    fn string(&mut self, line: &mut Line<'_>) -> Result<Range<usize>, Unusual> {
        line.pass("\"")?;
        let (place, length) = self.strings.string(line.rest().as_bytes()).ok_or(Unusual)?;
        line.skip(length);
        Ok(place)
    }

    /// The strings of a message, where they can be kept.
    fn share(&mut self) -> Bytes {
        let strings = self.strings.all();
        if strings.is_empty() {
            return Bytes::new();
        }
        // When all that was taken from it is gone, the buffer is used again.
        if self.shared.capacity() < strings.len() {
            self.shared.reserve(strings.len().max(SHARED));
        }
        self.shared.extend_from_slice(strings);
        self.shared.split().freeze()
    }

    fn map(&self, strings: &Bytes) -> Result<HeaderMap, Unusual> {
        let mut headers = HeaderMap::try_with_capacity(self.count).map_err(|_| Unusual)?;
        for (name, value) in &self.headers[..self.count] {
            let value = HeaderValue::from_maybe_shared(strings.slice(value.clone())).map_err(|_| Unusual)?;
            headers.try_append(name.clone(), value).map_err(|_| Unusual)?;
        }
        Ok(headers)
    }
}
