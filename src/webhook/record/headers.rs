//! The headers of a record: pairs, in their order, duplicates kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::body::damage;
use super::text::{Text, reads_text};

/// `[["content-type","application/json"],…]`, duplicates kept.
#[derive(Default)]
pub(super) struct Headers(pub(super) HeaderMap);

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
