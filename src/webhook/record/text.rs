//! The strings of a record, and what they stand for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use http::{Method, Uri, Version};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// All of a JSON text, which is an object.
pub(super) fn whole<'a, T: Deserialize<'a>>(json: &'a [u8], expected: &'static str) -> serde_json::Result<T> {
    // To look once at all of it is quicker than at every string; what is not UTF-8 is told where it is met.
    match str::from_utf8(json) {
        Ok(text) => only(serde_json::Deserializer::from_str(text), expected),
        Err(_) => only(serde_json::Deserializer::from_slice(json), expected),
    }
}

/// The object that a text consists of.
pub(super) fn only<'a, R: serde_json::de::Read<'a>, T: Deserialize<'a>>(
    mut deserializer: serde_json::Deserializer<R>,
    expected: &'static str,
) -> serde_json::Result<T> {
    let value = object(&mut deserializer, expected)?;
    deserializer.end()?;
    Ok(value)
}

/// An object, and not the list of its values, which would do for a derived reader.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
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
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

/// A string if it is one; anything else is passed over.
#[derive(Default)]
pub(super) struct Loose<'a>(pub(super) Option<Cow<'a, str>>);

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

pub(super) use reads_text;

/// A moment, as RFC 3339 writes it.
pub(super) struct Moment(pub(super) Timestamp);
reads_text!(Moment, "a time in RFC 3339", |text| text.parse().map_err(|_| format!("`{text}` is no time in RFC 3339")));

pub(super) struct ReadMethod(pub(super) Method);
reads_text!(ReadMethod, "a method", |text| {
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is no HTTP method"))
});

pub(super) struct Target(pub(super) Uri);
reads_text!(Target, "a request target", |text| text.parse().map_err(|_| format!("`{text}` is no request target")));

#[derive(Default)]
pub(super) struct HttpVersion(pub(super) Version);
reads_text!(HttpVersion, "a version of HTTP", |text| {
    version(text).ok_or_else(|| format!("`{text}` is no version of HTTP"))
});

/// The version of HTTP of that name.
pub(super) fn version(text: &str) -> Option<Version> {
    match text {
        "HTTP/0.9" => Some(Version::HTTP_09),
        "HTTP/1.0" => Some(Version::HTTP_10),
        "HTTP/1.1" => Some(Version::HTTP_11),
        "HTTP/2.0" | "HTTP/2" => Some(Version::HTTP_2),
        "HTTP/3.0" | "HTTP/3" => Some(Version::HTTP_3),
        _ => None,
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
