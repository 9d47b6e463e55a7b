//! `Scheme`: how a provider signs, as read from its file. One interpreter serves them all.

use std::borrow::Cow;
use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;

use super::delivery::Delivery;
use super::encoding::Encoding;
use super::json::{Document, Path};
use super::keyring::Keyed;
use super::secret::{Key, KeyForm};
use super::template::{Field, Template};

/// How a provider proves that a delivery is its own.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// What computes the signature.
    pub algorithm: Algorithm,
    /// What the signature covers. Empty for a token.
    pub content: Template,
    /// How the signature is written.
    pub encoding: Encoding,
    /// Other encodings that are recognised on receipt, and reported.
    pub also_accepts: Vec<Encoding>,
    /// What `{version}` stands for.
    pub version: Option<String>,
    /// The headers that carry signature, timestamp and the like.
    pub headers: Vec<HeaderRule>,
    /// The body, where it is an envelope around the payload.
    pub envelope: Option<Template>,
    /// How a secret's text becomes the key.
    pub key: KeyForm,
    /// The secret that the provider's folder publishes for tests.
    pub test_secret: String,
    /// The timestamp's unit, place and limits.
    pub timestamp: TimestampRule,
}

/// What turns content and key into a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC (RFC 2104) with a hash of the SHA family.
    Hmac(Hash),
    /// A plain hash; the content itself holds the secret.
    Digest(Hash),
    /// No signature: the secret itself is sent.
    Token,
}

/// A hash function of the SHA family (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl Hash {
    /// Every hash, the usual one first.
    pub const ALL: [Self; 4] = [Self::Sha256, Self::Sha1, Self::Sha512, Self::Sha384];

    /// How many bytes it has.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Algorithm {
    /// Every algorithm with its name in provider files.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("hmac-sha256", Self::Hmac(Hash::Sha256)),
        ("hmac-sha1", Self::Hmac(Hash::Sha1)),
        ("hmac-sha384", Self::Hmac(Hash::Sha384)),
        ("hmac-sha512", Self::Hmac(Hash::Sha512)),
        ("sha256", Self::Digest(Hash::Sha256)),
        ("sha1", Self::Digest(Hash::Sha1)),
        ("sha384", Self::Digest(Hash::Sha384)),
        ("sha512", Self::Digest(Hash::Sha512)),
        ("token", Self::Token),
    ];

    /// Its name as people write it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hmac(Hash::Sha1) => "HMAC-SHA1",
            Self::Hmac(Hash::Sha256) => "HMAC-SHA256",
            Self::Hmac(Hash::Sha384) => "HMAC-SHA384",
            Self::Hmac(Hash::Sha512) => "HMAC-SHA512",
            Self::Digest(Hash::Sha1) => "SHA-1",
            Self::Digest(Hash::Sha256) => "SHA-256",
            Self::Digest(Hash::Sha384) => "SHA-384",
            Self::Digest(Hash::Sha512) => "SHA-512",
            Self::Token => "a token",
        }
    }

    /// How many bytes a signature has.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Hmac(hash) | Self::Digest(hash) => hash.size(),
            Self::Token => 0,
        }
    }

    /// The raw signature of `content`. A digest ignores the key, and a token has no signature: it yields nothing.
    #[must_use]
    pub fn compute(self, key: &[u8], content: &[u8]) -> Vec<u8> {
        let keyed = Keyed::new(self, Key::new(key.to_vec()));
        let signature = keyed.compute(|update| {
            update(content);
            Ok::<_, Infallible>(())
        });
        signature.unwrap_or_else(|never| match never {})
    }
}

/// A header that carries what verifying needs.
#[derive(Debug, Clone)]
pub struct HeaderRule {
    /// The name, as the provider spells it.
    pub name: String,
    /// The value.
    pub value: Template,
    /// What stands between the items, where the value is a list of them.
    pub separator: Option<String>,
    /// Whether a delivery without it is genuine all the same.
    pub optional: bool,
    /// The templates of the value's items, in order; a value that is no list is one item.
    pub items: Vec<Template>,
}

impl HeaderRule {
    /// A header with that value, which is a list where there is a separator.
    #[must_use]
    pub fn new(name: String, value: Template, separator: Option<String>, optional: bool) -> Self {
        let items = match &separator {
            Some(separator) => value.split(separator),
            None => vec![value.clone()],
        };
        Self { name, value, separator, optional, items }
    }
}

/// The timestamp of an attempt.
#[derive(Debug, Clone, Default)]
pub struct TimestampRule {
    /// Its unit.
    pub unit: TimestampUnit,
    /// Where it stands in the payload, when no header has it.
    pub payload: Option<Path>,
    /// How old a delivery may be, inclusive; `None` when the provider checks nothing.
    pub tolerance_past: Option<Duration>,
    /// How far ahead of the receiver's clock it may be, inclusive.
    pub tolerance_future: Option<Duration>,
}

/// The unit of a timestamp since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampUnit {
    /// Seconds.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl TimestampUnit {
    /// Every unit with its name in provider files.
    pub const NAMES: [(&'static str, Self); 2] = [("seconds", Self::Seconds), ("milliseconds", Self::Milliseconds)];

    /// The unit in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
        }
    }

    /// A moment as the header has it.
    #[must_use]
    pub fn write(self, moment: Timestamp) -> String {
        match self {
            Self::Seconds => moment.as_second().to_string(),
            Self::Milliseconds => moment.as_millisecond().to_string(),
        }
    }

    /// A moment without what the unit cannot say, as receivers read their clock: 300.9 s old is 300 s old.
    #[must_use]
    pub fn floor(self, moment: Timestamp) -> Timestamp {
        let floored = match self {
            Self::Seconds => Timestamp::from_second(moment.as_second()),
            Self::Milliseconds => Timestamp::from_millisecond(moment.as_millisecond()),
        };
        floored.unwrap_or(moment)
    }

    /// The moment that a text names: digits and nothing else, no sign, no space, no fraction.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Timestamp> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = text.parse().ok()?;
        match self {
            Self::Seconds => Timestamp::from_second(number).ok(),
            Self::Milliseconds => Timestamp::from_millisecond(number).ok(),
        }
    }
}

impl Scheme {
    /// Whether any header or the signed content holds the field.
    #[must_use]
    pub fn uses(&self, field: Field) -> bool {
        self.content.mentions(field) || self.headers.iter().any(|rule| rule.value.mentions(field))
    }

    /// Whether the signature covers the timestamp, so that it cannot be changed without breaking it.
    #[must_use]
    pub fn signs_timestamp(&self) -> bool {
        self.content.mentions(Field::Timestamp) || (self.timestamp.payload.is_some() && self.signs_body())
    }

    /// Whether a header carries the timestamp.
    #[must_use]
    pub fn has_timestamp_header(&self) -> bool {
        self.headers.iter().any(|rule| rule.value.mentions(Field::Timestamp))
    }

    /// Whether a delivery carries a timestamp at all.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.uses(Field::Timestamp) || self.timestamp.payload.is_some()
    }

    /// Whether the signature covers the body.
    #[must_use]
    pub fn signs_body(&self) -> bool {
        self.content.mentions(Field::Body) || self.content.mentions(Field::Payload)
    }

    /// Whether a delivery may carry several signatures, as it does while a secret is being changed.
    #[must_use]
    pub fn carries_several_signatures(&self) -> bool {
        self.headers.iter().any(|rule| rule.separator.is_some() && rule.value.mentions(Field::Signature))
    }

    /// The header that carries the signature, or the token; nothing where an envelope does.
    #[must_use]
    pub fn signature_header(&self) -> Option<&HeaderRule> {
        self.headers.iter().find(|rule| rule.value.mentions(Field::Signature) || rule.value.mentions(Field::Secret))
    }

    /// Whether a delivery is genuine without its version.
    #[must_use]
    pub fn version_is_optional(&self) -> bool {
        self.headers.iter().filter(|rule| rule.value.mentions(Field::Version)).all(|rule| rule.optional)
    }

    /// What a delivery is known by: a signature, or a token.
    #[must_use]
    pub fn proof(&self) -> &'static str {
        if self.algorithm == Algorithm::Token { "token" } else { "signature" }
    }

    /// The payload of a delivery: its body, or what the envelope holds; `None` when the body is not such an envelope.
    #[must_use]
    pub fn payload<'a>(&self, delivery: &'a Delivery) -> Option<Cow<'a, [u8]>> {
        let body = delivery.request.body();
        match &self.envelope {
            None => Some(Cow::Borrowed(body)),
            Some(envelope) => {
                let read = envelope.read(body).or_else(|| envelope.without(Field::Signature).read(body))?;
                read.field(Field::Payload).map(|payload| Cow::Owned(payload.to_vec()))
            }
        }
    }

    /// The timestamp inside a payload, where this scheme has it there.
    #[must_use]
    pub fn timestamp_in(&self, payload: &[u8]) -> Option<String> {
        let path = self.timestamp.payload.as_ref()?;
        let text = Document::parse(payload).ok()?.find_text(path)?;
        Some(text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_vectors_of_hmac_sha2() {
        // RFC 4231, test cases 1 to 3, 6 and 7: key, data, HMAC-SHA-256, first bytes of HMAC-SHA-384 and -512.
        type Case = (&'static [u8], &'static [u8], &'static str, &'static str, &'static str);
        let cases: [Case; 5] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "afd03944d84895626b0825f4ab46907f",
                "87aa7cdea5ef619d4ff0b4241a1d6cb0",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "af45d2e376484031617f78d2b58a6b1b",
                "164b7a7bfcf819e2e395fbe73b56e0a3",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "88062608d3e6ad8a0aa2ace014c8a86f",
                "fa73b0089d56a284efb0f0756c890be9",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "4ece084485813e9088d2c63a041bc5b4",
                "80b24263c7c1a3ebb71493c1dd7be8b4",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. \
                  The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
                "6617178e941f020d351e2f254e8fd32c",
                "e37b6a775dc87dbaa4dfa9f96e5e3ffd",
            ),
        ];
        for (key, data, sha256, sha384, sha512) in cases {
            let compute = |hash| hex::encode(Algorithm::Hmac(hash).compute(key, data));
            assert_eq!(compute(Hash::Sha256), sha256);
            assert!(compute(Hash::Sha384).starts_with(sha384));
            assert!(compute(Hash::Sha512).starts_with(sha512));
        }
    }

    #[test]
    fn rfc_2202_vector_of_hmac_sha1() {
        let signature = Algorithm::Hmac(Hash::Sha1).compute(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex::encode(signature), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    #[test]
    fn a_timestamp_is_digits_and_nothing_else() {
        assert_eq!(TimestampUnit::Seconds.read("1700000000").map(Timestamp::as_second), Some(1_700_000_000));
        let milliseconds = TimestampUnit::Milliseconds.read("1700000000123");
        assert_eq!(milliseconds.map(Timestamp::as_millisecond), Some(1_700_000_000_123));
        for text in ["", " 1700000000", "+1700000000", "-1", "17e8", "1700000000.5", "1700000000abc", "NaN", "٣"] {
            assert_eq!(TimestampUnit::Seconds.read(text), None, "{text}");
        }
        assert_eq!(TimestampUnit::Seconds.read("99999999999999999999999"), None);
    }
}
