//! `EventName`: which example event of which provider.

use std::fmt;

/// An event of the catalogue: `provider/type` or `provider/type@variant`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventName {
    /// The provider's name.
    pub provider: String,
    /// The event type, as the provider sends it. It may hold slashes.
    pub event: String,
    /// Which of several examples of the type; `None` for the plain one.
    pub variant: Option<String>,
}

impl EventName {
    /// The event of a provider that is called `type` or `type@variant`.
    #[must_use]
    pub fn from_name(provider: &str, name: &str) -> Self {
        let (event, variant) = match name.rsplit_once('@') {
            Some((event, variant)) if !event.is_empty() && !variant.is_empty() => (event, Some(variant.to_owned())),
            _ => (name, None),
        };
        Self { provider: provider.to_owned(), event: event.to_owned(), variant }
    }

    /// The name within its provider: `type` or `type@variant`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}@{variant}", self.event),
            None => self.event.clone(),
        }
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.name())
    }
}
