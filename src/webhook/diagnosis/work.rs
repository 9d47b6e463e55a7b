//! How much a search may do, and what it did.

use std::fmt;

/// How much work a search may do, in bytes that are hashed or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Budget(pub u64);

impl Budget {
    /// For somebody who asked: less than a second, also where hashing is done without the processor's help.
    pub const FULL: Self = Self(192 * 1024 * 1024);

    /// For a listener, which has something else to do: some milliseconds.
    pub const BRIEF: Self = Self(8 * 1024 * 1024);
}

/// What a search tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    /// How many signatures were computed.
    pub combinations: u64,
    /// How many forms of the body were among them.
    pub bodies: usize,
    /// How many keys there were.
    pub keys: usize,
    /// How many ways to put the signed content together.
    pub contents: usize,
    /// How many signatures, or what could be one, stand in the delivery.
    pub signatures: usize,
    /// How much was hashed and written, in bytes.
    pub work: u64,
    /// Whether all was tried that there is to try; false when the budget ran out.
    pub complete: bool,
}

impl fmt::Display for Tried {
    /// A sentence for when nothing was found.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { combinations, bodies, keys, contents, complete, .. } = self;
        write!(
            f,
            "no common mistake explains it: {combinations} signatures were computed, from {bodies} forms of the body, \
             {keys} keys and {contents} forms of the signed content, alone and in pairs"
        )?;
        if *complete { Ok(()) } else { f.write_str(" as far as the limit of the search allowed") }
    }
}
