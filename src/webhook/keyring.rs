//! Secrets made ready for many deliveries: what depends on the key alone is computed once.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::scheme::{Algorithm, Hash, Scheme};
use super::secret::{Key, Secret, SecretError};

/// The secrets that a scheme's deliveries are verified with, as keys.
#[derive(Debug, Clone)]
pub struct Keyring {
    pub(super) entries: Vec<Entry>,
}

/// A secret, and the key that it stands for.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) secret: Secret,
    pub(super) key: Result<Keyed, SecretError>,
}

impl Keyring {
    /// The keys of secrets under a scheme. One that is no key is kept, for it must not hide another that is.
    #[must_use]
    pub fn new(scheme: &Scheme, secrets: &[Secret]) -> Self {
        let entry = |secret: &Secret| {
            let key = scheme.key.key(secret).map(|key| Keyed::new(scheme.algorithm, key));
            Entry { secret: secret.clone(), key }
        };
        Self { entries: secrets.iter().map(entry).collect() }
    }

    /// Where the secrets came from.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.secret.name())
    }

    /// Why none of the secrets is a key; nothing when one is, or when there is none at all.
    #[must_use]
    pub fn fault(&self) -> Option<&SecretError> {
        let faults = self.entries.iter().map(|entry| entry.key.as_ref().err());
        faults.collect::<Option<Vec<_>>>()?.first().copied()
    }
}

/// A key with the state that an algorithm has after it.
#[derive(Clone)]
pub(super) struct Keyed {
    pub(super) key: Key,
    state: State,
}

impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed(redacted)")
    }
}

#[derive(Clone)]
enum State {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha384(Hmac<Sha384>),
    HmacSha512(Hmac<Sha512>),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
    None,
}

/// Gives each part of a state the same to do, and binds it by the same name.
macro_rules! with_state {
    ($state:expr, hmac $hmac:ident => $on_hmac:expr, digest $digest:ident => $on_digest:expr, none => $on_none:expr) => {
        match $state {
            State::HmacSha1($hmac) => $on_hmac,
            State::HmacSha256($hmac) => $on_hmac,
            State::HmacSha384($hmac) => $on_hmac,
            State::HmacSha512($hmac) => $on_hmac,
            State::Sha1($digest) => $on_digest,
            State::Sha256($digest) => $on_digest,
            State::Sha384($digest) => $on_digest,
            State::Sha512($digest) => $on_digest,
            State::None => $on_none,
        }
    };
}

impl Keyed {
    pub(super) fn new(algorithm: Algorithm, key: Key) -> Self {
        let state = match algorithm {
            Algorithm::Hmac(Hash::Sha1) => State::HmacSha1(hmac(&key)),
            Algorithm::Hmac(Hash::Sha256) => State::HmacSha256(hmac(&key)),
            Algorithm::Hmac(Hash::Sha384) => State::HmacSha384(hmac(&key)),
            Algorithm::Hmac(Hash::Sha512) => State::HmacSha512(hmac(&key)),
            Algorithm::Digest(Hash::Sha1) => State::Sha1(Sha1::new()),
            Algorithm::Digest(Hash::Sha256) => State::Sha256(Sha256::new()),
            Algorithm::Digest(Hash::Sha384) => State::Sha384(Sha384::new()),
            Algorithm::Digest(Hash::Sha512) => State::Sha512(Sha512::new()),
            Algorithm::Token => State::None,
        };
        Self { key, state }
    }

    /// The raw signature of what `content` hands over, piece by piece; the error is its own.
    pub(super) fn compute<E>(
        &self,
        content: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let signature = with_state!(self.state.clone(),
            hmac mac => {
                let mut mac = mac;
                content(&mut |bytes| Mac::update(&mut mac, bytes))?;
                mac.finalize().into_bytes().to_vec()
            },
            digest hash => {
                let mut hash = hash;
                content(&mut |bytes| Digest::update(&mut hash, bytes))?;
                hash.finalize().to_vec()
            },
            none => Vec::new()
        );
        Ok(signature)
    }
}

fn hmac<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}
