//! HAR: the requests of an archive of HTTP traffic (<http://www.softwareishard.com/blog/har-12-spec/>), one at a time.
//!
//! The format has text for a body, and no word on bytes: some writers put `"encoding":"base64"` beside it, as responses
//! have it.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{LARGEST, Part, too_large};
use crate::webhook::capture::{Capture, Fault, Place};
use crate::webhook::delivery::Delivery;

/// Hands each request over that may be a delivery; `wanted` looks at it.
pub(super) fn entries(
    head: Vec<u8>,
    reader: Box<dyn Read + Send>,
    wanted: &dyn Fn(&Capture) -> bool,
    each: &mut dyn FnMut(Part) -> io::Result<()>,
) -> io::Result<()> {
    let left = Cell::new(LARGEST);
    let head = if head.starts_with(b"\xef\xbb\xbf") { head[3..].to_vec() } else { head };
    let reader = Rationed { reader: io::Cursor::new(head).chain(reader), left: &left };
    let mut failure = None;
    let entries = Entries { number: 0, left: &left, wanted, each, failure: &mut failure };
    let read = Archive { entries }.deserialize(&mut serde_json::Deserializer::from_reader(BufReader::new(reader)));
    if let Some(error) = failure {
        return Err(error);
    }
    let Err(error) = read else { return Ok(()) };
    let place = Place { column: Some(error.column()), ..Place::line(error.line().max(1) as u64) };
    let message = if error.is_io() {
        if left.get() > 0 {
            return Err(error.into());
        }
        return each(Part::Fault(too_large(place, "an entry")));
    } else if error.is_eof() {
        "the archive is cut off".to_owned()
    } else {
        let text = error.to_string();
        format!("it is not HAR: {}", text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text))
    };
    each(Part::Fault(Fault::bad(place, message)))
}

/// Reads so many bytes, and then no more until more are granted.
struct Rationed<'a, R> {
    reader: R,
    left: &'a Cell<usize>,
}

impl<R: Read> Read for Rationed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            return Err(io::Error::other("too much"));
        }
        let length = buffer.len().min(self.left.get());
        let read = self.reader.read(&mut buffer[..length])?;
        self.left.set(self.left.get() - read);
        Ok(read)
    }
}

/// `{"log":{"entries":[…]}}`
struct Archive<'a> {
    entries: Entries<'a>,
}

struct Entries<'a> {
    number: u64,
    left: &'a Cell<usize>,
    wanted: &'a dyn Fn(&Capture) -> bool,
    each: &'a mut dyn FnMut(Part) -> io::Result<()>,
    failure: &'a mut Option<io::Error>,
}

impl<'de> DeserializeSeed<'de> for Archive<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer
            .deserialize_map(Member { name: "log", then: Some(Member { name: "entries", then: Some(self.entries) }) })
    }
}

/// Passes over the members of an object but for one.
struct Member<S> {
    name: &'static str,
    then: Option<S>,
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> Visitor<'de> for Member<S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            match self.then.take_if(|_| name == self.name) {
                Some(seed) => members.next_value_seed(seed)?,
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de, S: DeserializeSeed<'de, Value = ()>> DeserializeSeed<'de> for Member<S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`entries`, a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<Entry>()? {
            self.number += 1;
            self.left.set(LARGEST);
            let place = Place { entry: Some(self.number), ..Place::default() };
            let part = match entry.capture(place) {
                Ok(Some(capture)) if (self.wanted)(&capture) => Part::Delivery(capture),
                Ok(Some(_) | None) => Part::Request,
                Err(message) => Part::Fault(Fault::bad(place, message)),
            };
            if let Err(error) = (self.each)(part) {
                *self.failure = Some(error);
                return Err(serde::de::Error::custom("the output is closed"));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an entry of HAR, which is an object")]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: Option<String>,
    request: HarRequest,
}

#[derive(Deserialize)]
#[serde(expecting = "`request`, which is an object")]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    headers: Vec<Pair>,
    #[serde(default)]
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
#[serde(expecting = "a header as {name, value}")]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(expecting = "`postData`, which is an object")]
struct PostData {
    #[serde(default)]
    text: Option<String>,
    #[serde(default, alias = "_encoding")]
    encoding: Option<String>,
}

impl Entry {
    /// The request as a delivery; nothing when it has no body, as deliveries have.
    fn capture(self, place: Place) -> Result<Option<Capture>, String> {
        let Self { started_date_time, request } = self;
        let Some(PostData { text: Some(text), encoding }) = request.post_data else { return Ok(None) };
        let body = match encoding.as_deref() {
            Some("base64") => Bytes::from(
                STANDARD.decode(&text).map_err(|error| format!("the base64 of its body is damaged: {error}"))?,
            ),
            Some(_) | None => Bytes::from(text),
        };
        let mut http = Request::new(body);
        *http.method_mut() = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| format!("`{}` is no HTTP method", request.method))?;
        *http.uri_mut() = request.url.parse().map_err(|_| format!("`{}` is no URL", request.url))?;
        // HTTP/2 has `:method` and the like, which are no headers.
        for Pair { name, value } in request.headers.iter().filter(|pair| !pair.name.starts_with(':')) {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("`{name}` is no header name"))?;
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| format!("the header `{name}` holds a character that no header can"))?;
            http.headers_mut().try_append(name, value).map_err(|_| "there are too many headers".to_owned())?;
        }
        let delivery = Delivery::of(http);
        let at = started_date_time.and_then(|time| time.parse().ok());
        Ok(Some(Capture { delivery, at, answer: None, recorded: false, place }))
    }
}
