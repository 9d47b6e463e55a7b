//! A record read back: every byte of the request as it was, the rest borrowed from the text where that can be.
//!
//! What is wrong is told with line and column. Members that are not known are passed over, so that a record with more in
//! it is still read.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;
use serde::de::{self, Deserializer};

use super::SCHEMA;
use super::body::{Base64Body, Body, one_body};
use super::headers::Headers;
use super::problem::{ReadError, ReadProblem, no_record, other_schema};
use super::recorded::{Direction, ReadResponse, Recorded};
use super::text::{HttpVersion, Moment, ReadMethod, Target, Text, object, only, whole};
use crate::webhook::delivery::Delivery;

/// What a record is, where it is told that a text is something else.
const EXPECTED: &str = "a delivery record, which is an object";

/// Reads a record: one JSON object, on one line or on many.
pub fn read(json: &[u8]) -> Result<Recorded<'_>, ReadError> {
    match whole::<RawRecord<'_, ReadRequest<'_>>>(json, EXPECTED) {
        Ok(mut raw) if raw.is_ours() => {
            let missing = || ReadProblem::Member("it has no `request`".to_owned());
            let request = raw.request.take().ok_or_else(|| ReadError { line: 1, column: 1, problem: missing() })?;
            Ok(raw.finish(request.head.map(|()| request.body.into_bytes())))
        }
        Ok(_) => Err(other_schema(json).unwrap_or_else(|| no_record(None))),
        Err(error) => Err(other_schema(json).unwrap_or_else(|| ReadError::of(&error))),
    }
}

/// Reads a record whose request stands elsewhere, and in its place the string `mark`; nothing when it is not that simple.
///
/// The mark must stand nowhere else in the text: whatever reads as the mark, and without an escape, is where the request was.
pub(super) fn read_around<'a>(json: &'a str, mark: &str, request: Request<Bytes>) -> Option<Recorded<'a>> {
    let raw: RawRecord<'a, &'a str> = only(serde_json::Deserializer::from_str(json), EXPECTED).ok()?;
    (raw.is_ours() && raw.request == Some(mark)).then(|| raw.finish(request))
}

/// Reads a line that `wh sign --json` or `wh send --dry-run --json` wrote: a request as it would go out.
pub fn read_signed(json: &[u8]) -> Result<Delivery, ReadError> {
    let raw = whole::<RawSigned<'_>>(json, "a signed request, which is an object");
    let raw = raw.map_err(|error| ReadError::of(&error))?;
    let body = one_body(raw.body, raw.body_base64).map_err(|error: serde_json::Error| ReadError::of(&error))?;
    let mut request = Request::new(body.into_bytes());
    *request.method_mut() = raw.method.0;
    *request.uri_mut() = raw.url.0;
    *request.headers_mut() = raw.headers.0;
    Ok(Delivery {
        id: raw.id.map(Text::into_owned).unwrap_or_default(),
        scheme: raw.scheme.map(Text::into_owned),
        event: raw.event.map(Text::into_owned),
        variant: raw.variant.map(Text::into_owned),
        request,
    })
}

/// A record, with a request in whatever form.
#[derive(Deserialize)]
struct RawRecord<'a, R> {
    #[serde(borrow, default)]
    schema: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(default)]
    direction: Option<Direction>,
    #[serde(default)]
    received_at: Option<Moment>,
    #[serde(default)]
    sent_at: Option<Moment>,
    #[serde(borrow, default)]
    remote: Option<Text<'a>>,
    #[serde(borrow, default)]
    url: Option<Text<'a>>,
    #[serde(default)]
    attempt: Option<u32>,
    request: Option<R>,
    #[serde(borrow, default)]
    scheme: Option<Text<'a>>,
    #[serde(borrow, default)]
    event: Option<Text<'a>>,
    #[serde(borrow, default)]
    variant: Option<Text<'a>>,
    #[serde(borrow, default)]
    verification: Option<ReadVerification<'a>>,
    #[serde(default)]
    response: Option<ReadResponse>,
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
}

impl<'a, R> RawRecord<'a, R> {
    fn is_ours(&self) -> bool {
        self.schema.as_ref().is_some_and(|schema| schema.0 == SCHEMA)
    }

    fn finish(self, request: Request<Bytes>) -> Recorded<'a> {
        let verification = self.verification.map(|verification| verification.0).unwrap_or_default();
        Recorded {
            delivery: Delivery {
                id: self.id.map(Text::into_owned).unwrap_or_default(),
                scheme: self.scheme.map(Text::into_owned),
                event: self.event.map(Text::into_owned),
                variant: self.variant.map(Text::into_owned),
                request,
            },
            direction: self.direction.unwrap_or_default(),
            at: self.received_at.or(self.sent_at).map(|moment| moment.0),
            remote: self.remote.map(|text| text.0),
            url: self.url.map(|text| text.0),
            attempt: self.attempt,
            valid: verification.valid,
            reason: verification.reason.map(|text| text.0),
            response: self.response,
            error: self.error.map(|text| text.0),
        }
    }
}

struct ReadVerification<'a>(RawVerification<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for ReadVerification<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer, "`verification`, an object").map(Self)
    }
}

#[derive(Default, Deserialize)]
struct RawVerification<'a> {
    #[serde(default)]
    valid: Option<bool>,
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RawSigned<'a> {
    method: ReadMethod,
    url: Target,
    headers: Headers,
    #[serde(borrow, default)]
    body: Option<Body<'a>>,
    #[serde(default)]
    body_base64: Option<Base64Body>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    scheme: Option<Text<'a>>,
    #[serde(borrow, default)]
    event: Option<Text<'a>>,
    #[serde(borrow, default)]
    variant: Option<Text<'a>>,
}

/// A request out of its members.
struct ReadRequest<'a> {
    head: Request<()>,
    body: Body<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for ReadRequest<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            method: ReadMethod,
            target: Target,
            #[serde(default)]
            version: HttpVersion,
            headers: Headers,
            #[serde(borrow, default)]
            body: Option<Body<'a>>,
            #[serde(default)]
            body_base64: Option<Base64Body>,
        }
        let raw: Raw<'_> = object(deserializer, "`request`, an object")?;
        let body = one_body(raw.body, raw.body_base64)?;
        let mut head = Request::new(());
        *head.method_mut() = raw.method.0;
        *head.uri_mut() = raw.target.0;
        *head.version_mut() = raw.version.0;
        *head.headers_mut() = raw.headers.0;
        Ok(Self { head, body })
    }
}

impl<'de> Deserialize<'de> for ReadResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            status: u16,
            #[serde(default)]
            duration_ms: Option<f64>,
            #[serde(default)]
            headers: Headers,
            #[serde(borrow, default)]
            body: Option<Body<'a>>,
            #[serde(default)]
            body_base64: Option<Base64Body>,
            #[serde(default)]
            truncated: Option<bool>,
        }
        let raw: Raw<'_> = object(deserializer, "`response`, an object or null")?;
        let status = StatusCode::from_u16(raw.status)
            .map_err(|_| de::Error::custom(format!("`{}` is no status of a response", raw.status)))?;
        let duration = raw.duration_ms.map(|length| Duration::try_from_secs_f64(length / 1000.0)).transpose();
        let duration = duration.map_err(|_| de::Error::custom("`duration_ms` is no length of time"))?;
        let body = match (raw.body, raw.body_base64) {
            (None, None) => Bytes::new(),
            (body, base64) => one_body(body, base64)?.into_bytes(),
        };
        Ok(Self { status, duration, headers: raw.headers.0, body, truncated: raw.truncated.unwrap_or_default() })
    }
}
