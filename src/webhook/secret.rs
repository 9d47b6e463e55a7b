//! The secret that a provider and its receiver share.

use std::fmt;

use zeroize::Zeroizing;

use super::encoding::Encoding;

/// A secret and the name of the place it came from. It is never shown and wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: String,
    text: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// A secret as it was given; `name` is where it came from, such as `WPG_WEBHOOK_SECRET`.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), text: Zeroizing::new(text.into()) }
    }

    /// Where it came from: what people are told instead of the secret.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes as given. For signing, never for showing.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.text
    }

    /// Whether white space stands at its start or end, as it does after a careless copy.
    #[must_use]
    pub fn has_outer_whitespace(&self) -> bool {
        self.text.trim_ascii().len() != self.text.len()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).field("text", &"(redacted)").finish()
    }
}

/// How a secret's text becomes the key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyForm {
    /// What the key is decoded from; `None` when it is the text's own bytes.
    pub encoding: Option<Encoding>,
    /// What stands in front of a secret: cut off before decoding, but part of a key that is the text itself.
    pub prefix: Option<String>,
}

/// A key, wiped from memory when dropped.
pub type Key = Zeroizing<Vec<u8>>;

impl KeyForm {
    /// The key that a secret stands for.
    pub fn key(&self, secret: &Secret) -> Result<Key, SecretError> {
        let name = || secret.name().to_owned();
        let text = secret.expose();
        if text.is_empty() {
            return Err(SecretError::Empty { name: name() });
        }
        let Some(encoding) = self.encoding else {
            return Ok(secret.text.clone());
        };
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let encoded = text.strip_prefix(prefix.as_bytes()).unwrap_or(text);
        let skipped = text.len() - encoded.len();
        let length = text.len();
        let Ok(encoded) = str::from_utf8(encoded) else {
            return Err(SecretError::Undecodable { name: name(), encoding: encoding.name(), length, position: None });
        };
        // Capitals in a hexadecimal secret are the same key; in a signature they would be other bytes.
        let decoded = match encoding {
            Encoding::Hex => encoding.decode(encoded.to_ascii_lowercase().as_bytes()),
            Encoding::Base64 | Encoding::Base64Url => encoding.decode(encoded.as_bytes()),
        };
        match decoded {
            Some(key) if key.is_empty() => Err(SecretError::Empty { name: name() }),
            Some(key) => Ok(Zeroizing::new(key)),
            None => {
                let position = encoding.first_stranger(encoded).map(|at| skipped + at + 1);
                Err(SecretError::Undecodable { name: name(), encoding: encoding.name(), length, position })
            }
        }
    }
}

/// Why a secret cannot serve as a key. Names the place, never the value.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// Nothing was given.
    #[error("the secret from {name} is empty")]
    Empty {
        /// Where it came from.
        name: String,
    },
    /// Not in the encoding that the scheme asks for.
    #[error("the secret from {name} is not {encoding}: {}", fault(*length, *position))]
    Undecodable {
        /// Where it came from.
        name: String,
        /// What it should be.
        encoding: &'static str,
        /// How many bytes it has.
        length: usize,
        /// The first character that does not belong, counted from 1; `None` when the length or the padding is wrong.
        position: Option<usize>,
    },
}

fn fault(length: usize, position: Option<usize>) -> String {
    match position {
        Some(position) => format!("character {position} of {length} does not belong there"),
        None => format!("its length ({length}) or its padding is wrong"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let shown = format!("{:?}", Secret::new("--secret", "hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_text_key_keeps_its_prefix_and_a_decoded_one_loses_it() {
        let prefix = Some("whsec_".to_owned());
        let literal = KeyForm { encoding: None, prefix: prefix.clone() };
        let decoded = KeyForm { encoding: Some(Encoding::Base64), prefix };
        let secret = Secret::new("test", "whsec_aGVsbG8=");
        assert_eq!(literal.key(&secret).as_deref().map(Vec::as_slice), Ok(&b"whsec_aGVsbG8="[..]));
        assert_eq!(decoded.key(&secret).as_deref().map(Vec::as_slice), Ok(&b"hello"[..]));
    }

    #[test]
    fn capitals_in_a_hexadecimal_secret_are_the_same_key() {
        let form = KeyForm { encoding: Some(Encoding::Hex), prefix: None };
        for text in ["00ffab", "00FFAB", "00FfaB"] {
            assert_eq!(
                form.key(&Secret::new("x", text)).as_deref().map(Vec::as_slice),
                Ok(&[0, 0xff, 0xab][..]),
                "{text}"
            );
        }
        // In base64 they are another one.
        let form = KeyForm { encoding: Some(Encoding::Base64), prefix: None };
        assert_ne!(form.key(&Secret::new("x", "aGVsbG8=")), form.key(&Secret::new("x", "AGVSBG8=")));
    }

    #[test]
    fn an_undecodable_secret_is_told_by_position_and_length_only() {
        let form = KeyForm { encoding: Some(Encoding::Base64), prefix: Some("whsec_".into()) };
        let error = form.key(&Secret::new("WH_SECRET", "whsec_ab*cd")).expect_err("a star is not base64");
        assert_eq!(
            error.to_string(),
            "the secret from WH_SECRET is not base64: character 9 of 11 does not belong there"
        );
        let error = form.key(&Secret::new("WH_SECRET", "whsec_abcde")).expect_err("no padding");
        assert_eq!(
            error.to_string(),
            "the secret from WH_SECRET is not base64: its length (11) or its padding is wrong"
        );
        assert_eq!(form.key(&Secret::new("x", "")), Err(SecretError::Empty { name: "x".into() }));
        assert_eq!(form.key(&Secret::new("x", "whsec_")), Err(SecretError::Empty { name: "x".into() }));
    }
}
