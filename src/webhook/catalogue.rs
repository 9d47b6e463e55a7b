//! `Catalogue`: all providers and their example events, the embedded ones and a user's own.
//!
//! File names tell which events there are; a provider's file is parsed only when a command needs it.

use std::borrow::Cow;
use std::{fmt, io};

use super::cause::told;
use super::event::EventName;
use super::glob::Glob;
use super::nearest::{nearest, ranked};
use super::provider::Provider;
use super::table::{FileError, Source};

/// A place that provider folders stand in.
pub trait Shelf: Send + Sync {
    /// The names of the providers, in order.
    fn providers(&self) -> Vec<&str>;

    /// The names of a provider's example events, `type` or `type@variant`, in order.
    fn events(&self, provider: &str) -> Vec<&str>;

    /// What a provider's file says, where that was found out before.
    fn digest(&self, _provider: &str) -> Option<&[u8]> {
        None
    }

    /// What is in a file.
    fn read(&self, file: File<'_>) -> io::Result<Cow<'_, [u8]>>;

    /// The name of a file as messages have it.
    fn path(&self, file: File<'_>) -> String;

    /// The name of the place itself, likewise.
    fn place(&self) -> String;
}

/// A file of a provider's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File<'a> {
    /// What the provider is.
    Provider {
        /// Its name.
        provider: &'a str,
    },
    /// An example event.
    Event {
        /// The provider's name.
        provider: &'a str,
        /// The event's, `type` or `type@variant`.
        event: &'a str,
    },
}

impl fmt::Display for File<'_> {
    /// Its path, with `/`: `wpg/events/slot.submitted.json`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider { provider } => write!(f, "{provider}/provider.toml"),
            Self::Event { provider, event } => write!(f, "{provider}/events/{event}.json"),
        }
    }
}

/// The folders that are part of the program. Their names stand apart from what is in them: an event is looked for by
/// name in all of them, and what is in them takes much room.
struct Embedded {
    /// The providers, each with the names of its example events, in order.
    names: &'static [(&'static str, &'static [&'static str])],
    /// The folders in the same order.
    folders: &'static [Folder],
}

/// What is in a provider's folder.
struct Folder {
    file: &'static [u8],
    digest: &'static [u8],
    /// The example events, in the order of their names.
    events: &'static [&'static [u8]],
}

const EMBEDDED: Embedded = include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

impl Embedded {
    fn place_of(&self, provider: &str) -> Option<usize> {
        self.names.iter().position(|(name, _)| *name == provider)
    }

    fn folder(&self, provider: &str) -> Option<&'static Folder> {
        self.place_of(provider).map(|place| &self.folders[place])
    }

    fn event(&self, provider: &str, event: &str) -> Option<&'static [u8]> {
        let folder = self.place_of(provider)?;
        let place = self.names[folder].1.iter().position(|name| *name == event)?;
        Some(self.folders[folder].events[place])
    }
}

impl Shelf for Embedded {
    fn providers(&self) -> Vec<&str> {
        self.names.iter().map(|(name, _)| *name).collect()
    }

    fn events(&self, provider: &str) -> Vec<&str> {
        self.place_of(provider).map(|place| self.names[place].1.to_vec()).unwrap_or_default()
    }

    fn digest(&self, provider: &str) -> Option<&[u8]> {
        self.folder(provider).map(|folder| folder.digest)
    }

    fn read(&self, file: File<'_>) -> io::Result<Cow<'_, [u8]>> {
        let bytes = match file {
            File::Provider { provider } => self.folder(provider).map(|folder| folder.file),
            File::Event { provider, event } => self.event(provider, event),
        };
        bytes.map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn path(&self, file: File<'_>) -> String {
        format!("fixtures/{file}")
    }

    fn place(&self) -> String {
        "fixtures".to_owned()
    }
}

/// All providers that are known to a run.
pub struct Catalogue {
    shelves: Vec<Box<dyn Shelf>>,
    /// The providers in order, each with the shelf that its folder stands on.
    providers: Vec<(String, usize)>,
}

/// Why the catalogue has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A mistake in a provider's file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that cannot be read.
    #[error("`{path}` cannot be read: {}", told(reason))]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        reason: io::Error,
    },
    /// No provider has that name.
    #[error("there is no scheme `{name}`")]
    UnknownScheme {
        /// What was asked for.
        name: String,
        /// The name most like it.
        nearest: Option<String>,
        /// All there are.
        known: Vec<String>,
    },
    /// No event has that name, or none matches the glob.
    #[error("{}", unknown_event(pattern, scheme.as_deref()))]
    UnknownEvent {
        /// What was asked for.
        pattern: String,
        /// The provider it was looked for in, if one was named.
        scheme: Option<String>,
        /// The names most like it.
        nearest: Vec<String>,
        /// Whether it is the name of a provider.
        is_scheme: bool,
    },
    /// More than one event has that name.
    #[error("`{name}` is an event of {} schemes", candidates.len())]
    AmbiguousEvent {
        /// What was asked for.
        name: String,
        /// The events it could be.
        candidates: Vec<EventName>,
    },
    /// A user's provider that has the name of an embedded one, and does not say that it replaces it.
    #[error("{path}: there is a built-in scheme `{name}` already")]
    BuiltIn {
        /// The user's file.
        path: String,
        /// The name.
        name: String,
    },
    /// A user's catalogue without a single provider.
    #[error("no provider is in `{path}`")]
    NoProvider {
        /// The folder.
        path: String,
    },
}

fn unknown_event(pattern: &str, scheme: Option<&str>) -> String {
    let what = if Glob::is_one(pattern) { "no event matches" } else { "there is no event" };
    match scheme {
        Some(scheme) => format!("{what} `{pattern}` in {scheme}"),
        None => format!("{what} `{pattern}`"),
    }
}

impl Catalogue {
    /// The embedded providers.
    #[must_use]
    pub fn embedded() -> Self {
        let providers = EMBEDDED.providers().into_iter().map(|name| (name.to_owned(), 0)).collect();
        Self { shelves: vec![Box::new(EMBEDDED)], providers }
    }

    /// The same with a user's providers. One of them may replace an embedded one, if its file says so.
    pub fn with(mut self, shelf: Box<dyn Shelf>) -> Result<Self, CatalogueError> {
        let index = self.shelves.len();
        let added: Vec<String> = shelf.providers().into_iter().map(str::to_owned).collect();
        if added.is_empty() {
            return Err(CatalogueError::NoProvider { path: shelf.place() });
        }
        self.shelves.push(shelf);
        for name in added {
            match self.providers.iter_mut().find(|(known, _)| *known == name) {
                None => self.providers.push((name, index)),
                Some(known) => {
                    known.1 = index;
                    if !self.provider(&name)?.replaces_built_in {
                        let path = self.shelves[index].path(File::Provider { provider: &name });
                        return Err(CatalogueError::BuiltIn { path, name });
                    }
                }
            }
        }
        self.providers.sort();
        Ok(self)
    }

    /// The names of all providers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(|(name, _)| name.as_str())
    }

    /// The names of all example events, provider by provider.
    pub fn events(&self) -> impl Iterator<Item = EventName> {
        self.names().flat_map(|name| self.events_of(name))
    }

    /// The provider of that name, read from its file.
    pub fn provider(&self, name: &str) -> Result<Provider, CatalogueError> {
        let shelf = self.shelf(name)?;
        let file = File::Provider { provider: name };
        let path = shelf.path(file);
        let bytes = shelf.read(file).map_err(|reason| CatalogueError::Unreadable { path: path.clone(), reason })?;
        let source = Source::from_bytes(&path, &bytes)?;
        let table = match shelf.digest(name) {
            Some(digest) => source.digested_table(digest)?,
            None => source.table()?,
        };
        Ok(Provider::read_table(name, table, source, &shelf.events(name))?)
    }

    /// The payload of an example event, with its placeholders, and the name of its file.
    pub fn fixture(&self, event: &EventName) -> Result<(String, Cow<'_, [u8]>), CatalogueError> {
        let shelf = self.shelf(&event.provider)?;
        let name = event.name();
        let file = File::Event { provider: &event.provider, event: &name };
        let path = shelf.path(file);
        match shelf.read(file) {
            Ok(payload) => Ok((path, payload)),
            Err(reason) => Err(CatalogueError::Unreadable { path, reason }),
        }
    }

    /// The events that an EVENT means: the one of that name, or all that a glob matches.
    ///
    /// A name may be `type`, `type@variant` and either after `provider/`; a glob is held against all of these.
    pub fn select(&self, pattern: &str, scheme: Option<&str>) -> Result<Vec<EventName>, CatalogueError> {
        if let Some(name) = scheme {
            self.check(name)?;
        }
        let providers = || self.names().filter(|name| scheme.is_none_or(|scheme| scheme == *name));
        let glob = Glob::is_one(pattern).then(|| Glob::new(pattern));
        let mut selected = Vec::new();
        for provider in providers() {
            let within = pattern.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/'));
            let matches = |event: &&str| match &glob {
                Some(glob) => glob.matches(event) || glob.matches(&format!("{provider}/{event}")),
                None => *event == pattern || Some(*event) == within,
            };
            let events = self.shelf(provider)?.events(provider);
            selected.extend(events.into_iter().filter(matches).map(|event| EventName::from_name(provider, event)));
        }
        match selected.as_slice() {
            [] => Err(CatalogueError::UnknownEvent {
                pattern: pattern.to_owned(),
                scheme: scheme.map(str::to_owned),
                nearest: nearest_events(pattern, providers().flat_map(|provider| self.events_of(provider))),
                is_scheme: self.names().any(|name| name == pattern),
            }),
            [_, _, ..] if glob.is_none() => {
                Err(CatalogueError::AmbiguousEvent { name: pattern.to_owned(), candidates: selected })
            }
            _ => Ok(selected),
        }
    }

    /// Says of a name that no provider has it.
    pub fn check(&self, name: &str) -> Result<(), CatalogueError> {
        self.shelf(name).map(drop)
    }

    fn shelf(&self, name: &str) -> Result<&dyn Shelf, CatalogueError> {
        let known = self.providers.iter().find(|(known, _)| known == name);
        let known = known.ok_or_else(|| CatalogueError::UnknownScheme {
            name: name.to_owned(),
            nearest: nearest(name, self.names()).map(str::to_owned),
            known: self.names().map(str::to_owned).collect(),
        })?;
        Ok(self.shelves[known.1].as_ref())
    }

    fn events_of(&self, provider: &str) -> impl Iterator<Item = EventName> {
        let events = self.shelf(provider).map(|shelf| shelf.events(provider)).unwrap_or_default();
        events.into_iter().map(move |event| EventName::from_name(provider, event))
    }
}

/// The names most like a pattern; with the provider in front where the pattern has one.
fn nearest_events(pattern: &str, events: impl Iterator<Item = EventName>) -> Vec<String> {
    let names: Vec<String> = events.flat_map(|event| [event.name(), event.to_string()]).collect();
    let mut found: Vec<String> = Vec::new();
    for name in ranked(pattern, names.iter().map(String::as_str)) {
        let known = found.iter().any(|known| *known == name || known.ends_with(&format!("/{name}")));
        if !known && !found.iter().any(|known| name.ends_with(&format!("/{known}"))) {
            found.push(name.to_owned());
        }
    }
    found.truncate(3);
    found
}
