//! `slot.*`: a pattern for the names of events, where `*` stands for any text and `?` for one character.

use wildmatch::WildMatch;

/// A pattern, read once.
#[derive(Debug, Clone)]
pub struct Glob {
    pattern: WildMatch,
}

impl Glob {
    /// The pattern that a text stands for; without `*` and `?` it is the text itself.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { pattern: WildMatch::new(text) }
    }

    /// Whether a text is a pattern, and not a name.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Whether it means a name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.pattern.matches(name)
    }

    /// Whether it means any of the names that something has.
    #[must_use]
    pub fn matches_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.matches(name))
    }
}
