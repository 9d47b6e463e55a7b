//! The body of a record: a string, or base64 where it is not text.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::text::reads_text;

/// The one that a request has of `body` and `body_base64`.
pub(super) fn one_body<E: de::Error>(body: Option<Body<'_>>, base64: Option<Base64Body>) -> Result<Body<'_>, E> {
    match (body, base64) {
        (Some(body), None) => Ok(body),
        (None, Some(Base64Body(bytes))) => Ok(Body::Bytes(bytes)),
        (None, None) => Err(E::custom("the request has neither `body` nor `body_base64`")),
        (Some(_), Some(_)) => Err(E::custom("the request has both `body` and `body_base64`")),
    }
}

/// A body, borrowed where it stands in the record as it is.
pub(super) enum Body<'a> {
    Text(Cow<'a, str>),
    Bytes(Bytes),
}

impl Body<'_> {
    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(Cow::Borrowed(text)) => Bytes::copy_from_slice(text.as_bytes()),
            Self::Text(Cow::Owned(text)) => Bytes::from(text),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Body<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`body`, a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Body<'de>, E> {
                Ok(Body::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Body<'de>, E> {
                Ok(Body::Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

pub(super) struct Base64Body(Bytes);
reads_text!(Base64Body, "`body_base64`, a string", |text| {
    STANDARD.decode(text).map(Bytes::from).map_err(|error| format!("`body_base64` is damaged: {}", damage(&error)))
});

/// What is wrong with it.
pub(super) fn damage(error: &base64::DecodeError) -> String {
    match error {
        base64::DecodeError::InvalidByte(at, _) => format!("character {} does not belong there", at + 1),
        base64::DecodeError::InvalidLastSymbol { .. } => "its last character cannot be the last".to_owned(),
        _ => "its length or its padding is wrong".to_owned(),
    }
}
