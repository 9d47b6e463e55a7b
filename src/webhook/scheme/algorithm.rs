//! `Algorithm`: what turns content and key into a signature.

use std::convert::Infallible;

use crate::webhook::keyring::Keyed;
use crate::webhook::secret::Key;

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
}
