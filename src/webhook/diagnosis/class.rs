//! Which hashes could have made the signatures that were observed.

use super::Case;
use super::observed::Evidence;
use crate::webhook::scheme::{Algorithm, Hash};

/// A hash, and the observed signatures that it could have made.
pub(super) struct Class {
    pub(super) hash: Hash,
    pub(super) members: Vec<usize>,
    /// Whether it is worth more than a try: a hash of another size than the signature's is not.
    pub(super) likely: bool,
}

/// The hashes that the observed signatures could be, by their sizes.
pub(super) fn classes(case: &Case<'_>, evidence: &Evidence) -> Vec<Class> {
    let own = match case.provider.scheme.algorithm {
        Algorithm::Hmac(hash) | Algorithm::Digest(hash) => Some(hash),
        Algorithm::Token => None,
    };
    let mut classes: Vec<Class> = Vec::new();
    let hashes = own.into_iter().chain(Hash::ALL.into_iter().filter(|hash| Some(*hash) != own));
    for hash in hashes {
        let signatures = || evidence.signatures.iter().enumerate();
        let exact = signatures().filter(|(_, observed)| observed.raw.len() == hash.size());
        // What has the size of no hash was cut off; of the scheme's own, most likely.
        let sizes = |size: usize| Hash::ALL.iter().any(|hash| hash.size() == size);
        let cut = signatures()
            .filter(|(_, observed)| observed.own && observed.raw.len() < hash.size() && !sizes(observed.raw.len()));
        let mut members: Vec<usize> = exact.map(|(index, _)| index).collect();
        let whole = !members.is_empty();
        let cut: Vec<usize> = cut.map(|(index, _)| index).collect();
        let likely = whole || (own == Some(hash) && !cut.is_empty());
        members.extend(cut);
        // SHA-512 cut to the size of SHA-256, and the like.
        members.extend(
            signatures()
                .filter(|(_, observed)| observed.own && observed.raw.len() < hash.size() && sizes(observed.raw.len()))
                .map(|(index, _)| index),
        );
        if !members.is_empty() {
            classes.push(Class { hash, members, likely });
        }
    }
    classes
}
