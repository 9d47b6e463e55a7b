//! A record read back: every byte of the request as it was, the rest borrowed from the text where that can be.
//!
//! What is wrong is told with line and column. Members that are not known are passed over, so that a record with more in
//! it is still read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};
use jiff::Timestamp;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de::value::MapAccessDeserializer};
use serde_json::error::Category;

use super::SCHEMA;
use crate::webhook::delivery::Delivery;

/// A delivery as it was recorded, and what was known of it then.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// The delivery.
    pub delivery: Delivery,
    /// Whether it came in or went out.
    pub direction: Direction,
    /// When it was received, or sent.
    pub at: Option<Timestamp>,
    /// The sender's address.
    pub remote: Option<Cow<'a, str>>,
    /// Where it was sent.
    pub url: Option<Cow<'a, str>>,
    /// Which attempt it was, counted from 1.
    pub attempt: Option<u32>,
    /// Whether it was found genuine then; `None` when that was not looked at.
    pub valid: Option<bool>,
    /// Why it was not.
    pub reason: Option<Cow<'a, str>>,
    /// The answer that it got, if it got one.
    pub response: Option<ReadResponse>,
    /// What went wrong on the way, in one word.
    pub error: Option<Cow<'a, str>>,
}

/// Which way a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To a listener.
    #[default]
    Received,
    /// From here to a receiver.
    Sent,
}

/// The answer to a delivery, as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadResponse {
    /// The status.
    pub status: StatusCode,
    /// How long it took, where that was recorded.
    pub duration: Option<Duration>,
    /// The headers, where they were recorded.
    pub headers: HeaderMap,
    /// The body, where it was recorded.
    pub body: Bytes,
    /// Whether the body went on.
    pub truncated: bool,
}

/// Why a text is not a record, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ReadError {
    /// The line of the text, counted from 1.
    pub line: usize,
    /// The column, in bytes, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: ReadProblem,
}

/// What is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadProblem {
    /// The text ends before the record does.
    #[error("the record is cut off")]
    CutOff,
    /// The text is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, and something in it is not what it should be.
    #[error("{0}")]
    Member(String),
    /// It is a record in a form that came after this program.
    #[error("it is a record in the newer form `{schema}`, and this version of wh reads `{SCHEMA}`")]
    Newer {
        /// The form that it says it has.
        schema: String,
    },
    /// It is JSON, and no record.
    #[error("it is not a delivery record{}", .schema.as_ref().map(|name| format!(": its schema is `{name}`")).unwrap_or_default())]
    NoRecord {
        /// The form that it says it has.
        schema: Option<String>,
    },
}

/// Reads a record: one JSON object, on one line or on many.
pub fn read(json: &[u8]) -> Result<Recorded<'_>, ReadError> {
    match whole::<RawRecord<'_>>(json, "a delivery record, which is an object") {
        Ok(raw) if raw.schema.as_ref().is_some_and(|schema| schema.0 == SCHEMA) => raw.finish(),
        Ok(_) => Err(other_schema(json).unwrap_or_else(|| no_record(None))),
        Err(error) => Err(other_schema(json).unwrap_or_else(|| ReadError::of(&error))),
    }
}

/// Reads a line that `wh sign --json` or `wh send --dry-run --json` wrote: a request as it would go out.
pub fn read_signed(json: &[u8]) -> Result<Delivery, ReadError> {
    let raw = whole::<RawSigned<'_>>(json, "a signed request, which is an object");
    let raw = raw.map_err(|error| ReadError::of(&error))?;
    let body = one_body(raw.body, raw.body_base64).map_err(|error: serde_json::Error| ReadError::of(&error))?;
    let mut request = Request::new(body);
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

/// The error that a JSON text is no record, or one of another form; `None` when it is not JSON, or says the right form.
fn other_schema(json: &[u8]) -> Option<ReadError> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default)]
        schema: Loose<'a>,
    }
    let Loose(schema) = match whole::<Named<'_>>(json, "an object") {
        Ok(named) => named.schema,
        // JSON, but no object.
        Err(error) if error.classify() == Category::Data => return Some(no_record(None)),
        Err(_) => return None,
    };
    let Some(schema) = schema else { return Some(no_record(None)) };
    let family = SCHEMA.trim_end_matches(|character: char| character.is_ascii_digit());
    match schema.strip_prefix(family) {
        _ if schema == SCHEMA => None,
        Some(version) if version.parse::<u32>().is_ok_and(|version| version > 1) => {
            let problem = ReadProblem::Newer { schema: schema.into_owned() };
            Some(ReadError { line: 1, column: 1, problem })
        }
        Some(_) | None => Some(no_record(Some(schema.into_owned()))),
    }
}

fn no_record(schema: Option<String>) -> ReadError {
    ReadError { line: 1, column: 1, problem: ReadProblem::NoRecord { schema } }
}

impl ReadError {
    fn of(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line().max(1), error.column().max(1));
        let text = error.to_string();
        // The place stands in fields of its own.
        let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned();
        let problem = match error.classify() {
            Category::Eof => ReadProblem::CutOff,
            Category::Syntax | Category::Io => ReadProblem::NotJson(text),
            Category::Data => ReadProblem::Member(text),
        };
        Self { line, column, problem }
    }
}

#[derive(Deserialize)]
struct RawRecord<'a> {
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
    #[serde(default)]
    request: Option<ReadRequest>,
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

impl<'a> RawRecord<'a> {
    fn finish(self) -> Result<Recorded<'a>, ReadError> {
        let missing = || ReadProblem::Member("it has no `request`".to_owned());
        let request = self.request.ok_or_else(|| ReadError { line: 1, column: 1, problem: missing() })?;
        let verification = self.verification.map(|verification| verification.0).unwrap_or_default();
        Ok(Recorded {
            delivery: Delivery {
                id: self.id.map(Text::into_owned).unwrap_or_default(),
                scheme: self.scheme.map(Text::into_owned),
                event: self.event.map(Text::into_owned),
                variant: self.variant.map(Text::into_owned),
                request: request.0,
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
        })
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
    #[serde(default)]
    body: Option<Body>,
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
struct ReadRequest(Request<Bytes>);

impl<'de> Deserialize<'de> for ReadRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            method: ReadMethod,
            target: Target,
            #[serde(default)]
            version: HttpVersion,
            headers: Headers,
            #[serde(default)]
            body: Option<Body>,
            #[serde(default)]
            body_base64: Option<Base64Body>,
        }
        let raw: Raw = object(deserializer, "`request`, an object")?;
        let mut request = Request::new(one_body(raw.body, raw.body_base64)?);
        *request.method_mut() = raw.method.0;
        *request.uri_mut() = raw.target.0;
        *request.version_mut() = raw.version.0;
        *request.headers_mut() = raw.headers.0;
        Ok(Self(request))
    }
}

fn one_body<E: de::Error>(body: Option<Body>, base64: Option<Base64Body>) -> Result<Bytes, E> {
    match (body, base64) {
        (Some(Body(body)), None) | (None, Some(Base64Body(body))) => Ok(body),
        (None, None) => Err(E::custom("the request has neither `body` nor `body_base64`")),
        (Some(_), Some(_)) => Err(E::custom("the request has both `body` and `body_base64`")),
    }
}

impl<'de> Deserialize<'de> for ReadResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            status: u16,
            #[serde(default)]
            duration_ms: Option<f64>,
            #[serde(default)]
            headers: Headers,
            #[serde(default)]
            body: Option<Body>,
            #[serde(default)]
            body_base64: Option<Base64Body>,
            #[serde(default)]
            truncated: Option<bool>,
        }
        let raw: Raw = object(deserializer, "`response`, an object or null")?;
        let status = StatusCode::from_u16(raw.status)
            .map_err(|_| de::Error::custom(format!("`{}` is no status of a response", raw.status)))?;
        let duration = raw.duration_ms.map(|length| Duration::try_from_secs_f64(length / 1000.0)).transpose();
        let duration = duration.map_err(|_| de::Error::custom("`duration_ms` is no length of time"))?;
        let body = match (raw.body, raw.body_base64) {
            (None, None) => Bytes::new(),
            (body, base64) => one_body(body, base64)?,
        };
        Ok(Self { status, duration, headers: raw.headers.0, body, truncated: raw.truncated.unwrap_or_default() })
    }
}

/// All of a JSON text, which is an object.
fn whole<'a, T: Deserialize<'a>>(json: &'a [u8], expected: &'static str) -> serde_json::Result<T> {
    // To look once at all of it is quicker than at every string; what is not UTF-8 is told where it is met.
    match str::from_utf8(json) {
        Ok(text) => only(serde_json::Deserializer::from_str(text), expected),
        Err(_) => only(serde_json::Deserializer::from_slice(json), expected),
    }
}

/// The object that a text consists of.
fn only<'a, R: serde_json::de::Read<'a>, T: Deserialize<'a>>(
    mut deserializer: serde_json::Deserializer<R>,
    expected: &'static str,
) -> serde_json::Result<T> {
    let value = object(&mut deserializer, expected)?;
    deserializer.end()?;
    Ok(value)
}

/// An object, and not the list of its values, which would do for a derived reader.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    struct Object<T>(&'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }
    deserializer.deserialize_map(Object(expected, PhantomData))
}

/// A string, borrowed where it holds no escapes.
struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

/// A string if it is one; anything else is passed over.
#[derive(Default)]
struct Loose<'a>(Option<Cow<'a, str>>);

/// What reads strings: the common part of the visitors below.
macro_rules! reads_text {
    ($name:ident, $expected:literal, $read:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;
                impl Visitor<'_> for Reader {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        let read: fn(&str) -> Result<_, String> = $read;
                        read(text).map($name).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Reader)
            }
        }
    };
}

/// A moment, as RFC 3339 writes it.
struct Moment(Timestamp);
reads_text!(Moment, "a time in RFC 3339", |text| text.parse().map_err(|_| format!("`{text}` is no time in RFC 3339")));

struct ReadMethod(Method);
reads_text!(ReadMethod, "a method", |text| {
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is no HTTP method"))
});

struct Target(Uri);
reads_text!(Target, "a request target", |text| text.parse().map_err(|_| format!("`{text}` is no request target")));

#[derive(Default)]
struct HttpVersion(Version);
reads_text!(HttpVersion, "a version of HTTP", |text| match text {
    "HTTP/0.9" => Ok(Version::HTTP_09),
    "HTTP/1.0" => Ok(Version::HTTP_10),
    "HTTP/1.1" => Ok(Version::HTTP_11),
    "HTTP/2.0" | "HTTP/2" => Ok(Version::HTTP_2),
    "HTTP/3.0" | "HTTP/3" => Ok(Version::HTTP_3),
    _ => Err(format!("`{text}` is no version of HTTP")),
});

struct Body(Bytes);
reads_text!(Body, "`body`, a string", |text| Ok(Bytes::copy_from_slice(text.as_bytes())));

struct Base64Body(Bytes);
reads_text!(Base64Body, "`body_base64`, a string", |text| {
    STANDARD.decode(text).map(Bytes::from).map_err(|error| format!("`body_base64` is damaged: {}", damage(&error)))
});

fn damage(error: &base64::DecodeError) -> String {
    match error {
        base64::DecodeError::InvalidByte(at, _) => format!("character {} does not belong there", at + 1),
        base64::DecodeError::InvalidLastSymbol { .. } => "its last character cannot be the last".to_owned(),
        _ => "its length or its padding is wrong".to_owned(),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Loose<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
                Ok(Loose(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
                Ok(Loose(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
                Ok(Loose(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose<'de>, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Loose<'de>, A::Error> {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose(None))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// `[["content-type","application/json"],…]`, duplicates kept.
#[derive(Default)]
struct Headers(HeaderMap);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`headers`, a list of [name, value]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pairs: A) -> Result<Headers, A::Error> {
                // As many as most deliveries have, so that the map grows once.
                let mut headers = HeaderMap::with_capacity(12);
                while let Some(Pair { name, value }) = pairs.next_element()? {
                    headers.try_append(name, value).map_err(|_| de::Error::custom("there are too many headers"))?;
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

struct Pair {
    name: HeaderName,
    value: HeaderValue,
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pair;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a header as [name, value]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Pair, A::Error> {
                let ReadName(name) = items.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
                let value = items.next_element_seed(ValueOf(&name))?;
                let value = value.ok_or_else(|| de::Error::invalid_length(1, &self))?;
                if items.next_element::<IgnoredAny>()?.is_some() {
                    return Err(de::Error::invalid_length(3, &self));
                }
                Ok(Pair { name, value })
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

struct ReadName(HeaderName);
reads_text!(ReadName, "a header's name", |text| {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is no header name"))
});

/// The value of the header of that name: a string, or `{"base64":…}` where it is not text.
struct ValueOf<'a>(&'a HeaderName);

impl ValueOf<'_> {
    fn value<E: de::Error>(&self, bytes: &[u8]) -> Result<HeaderValue, E> {
        HeaderValue::from_bytes(bytes).map_err(|_| {
            let control = bytes.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t');
            let control = control.map(|byte| byte.escape_ascii().to_string()).unwrap_or_default();
            E::custom(format!("the header `{}` holds `{control}`, which no header can", self.0))
        })
    }
}

impl<'de> DeserializeSeed<'de> for ValueOf<'_> {
    type Value = HeaderValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<HeaderValue, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueOf<'_> {
    type Value = HeaderValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value of the header `{}`, a string", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<HeaderValue, E> {
        self.value(text.as_bytes())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<HeaderValue, A::Error> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            base64: Text<'a>,
        }
        let raw = Raw::deserialize(MapAccessDeserializer::new(members))?;
        let bytes = STANDARD.decode(raw.base64.0.as_bytes());
        let bytes = bytes.map_err(|error| {
            de::Error::custom(format!("the base64 of the header `{}` is damaged: {}", self.0, damage(&error)))
        })?;
        self.value(&bytes)
    }
}
