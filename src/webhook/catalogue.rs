//! `Catalogue`: all providers and their example events, the embedded ones and a user's own.
//!
//! File names tell which events there are; a provider's file is parsed only when a command needs it.

use std::borrow::Cow;
use std::io;

use wildmatch::WildMatch;

use super::event::EventName;
use super::nearest::{nearest, ranked};
use super::provider::Provider;
use super::table::{FileError, Source};

/// A place that provider folders stand in.
pub trait Shelf: Send + Sync {
    /// The paths of all files in it, with `/`: `wpg/provider.toml`, `wpg/events/slot.submitted.json`.
    fn files(&self) -> &[String];

    /// What is in the file with that path.
    fn read(&self, file: &str) -> io::Result<Cow<'_, [u8]>>;

    /// The name of a file as messages have it.
    fn name(&self, file: &str) -> String;
}

const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

/// The folders that are part of the program.
struct Embedded {
    files: Vec<String>,
}

impl Shelf for Embedded {
    fn files(&self) -> &[String] {
        &self.files
    }

    fn read(&self, file: &str) -> io::Result<Cow<'_, [u8]>> {
        let found = EMBEDDED.binary_search_by(|(name, _)| (*name).cmp(file));
        found.map(|at| Cow::Borrowed(EMBEDDED[at].1)).map_err(|_| io::ErrorKind::NotFound.into())
    }

    fn name(&self, file: &str) -> String {
        format!("fixtures/{file}")
    }
}

/// All providers that are known to a run.
pub struct Catalogue {
    shelves: Vec<Box<dyn Shelf>>,
    folders: Vec<Folder>,
}

/// A provider's folder, unread.
struct Folder {
    name: String,
    shelf: usize,
    events: Vec<EventName>,
}

/// Why the catalogue has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A mistake in a provider's file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file that cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
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
    let what = if is_glob(pattern) { "no event matches" } else { "there is no event" };
    match scheme {
        Some(scheme) => format!("{what} `{pattern}` in {scheme}"),
        None => format!("{what} `{pattern}`"),
    }
}

/// Whether an EVENT is a glob, not a name.
#[must_use]
pub fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

impl Catalogue {
    /// The embedded providers.
    #[must_use]
    pub fn embedded() -> Self {
        let files = EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect();
        let embedded = Embedded { files };
        let folders = folders(&embedded, 0);
        Self { shelves: vec![Box::new(embedded)], folders }
    }

    /// The same with a user's providers. One of them may replace an embedded one, if its file says so.
    pub fn with(mut self, shelf: Box<dyn Shelf>) -> Result<Self, CatalogueError> {
        let index = self.shelves.len();
        let added = folders(shelf.as_ref(), index);
        if added.is_empty() {
            return Err(CatalogueError::NoProvider { path: shelf.name("") });
        }
        self.shelves.push(shelf);
        for folder in added {
            if let Some(at) = self.folders.iter().position(|known| known.name == folder.name) {
                if !self.parse(&folder)?.replaces_built_in {
                    let path = self.shelves[index].name(&provider_file(&folder.name));
                    return Err(CatalogueError::BuiltIn { path, name: folder.name });
                }
                self.folders.remove(at);
            }
            self.folders.push(folder);
        }
        self.folders.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(self)
    }

    /// The names of all providers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.folders.iter().map(|folder| folder.name.as_str())
    }

    /// The names of all example events, provider by provider.
    pub fn events(&self) -> impl Iterator<Item = &EventName> {
        self.folders.iter().flat_map(|folder| &folder.events)
    }

    /// The provider of that name, read from its file.
    pub fn provider(&self, name: &str) -> Result<Provider, CatalogueError> {
        self.parse(self.folder(name)?)
    }

    /// The payload of an example event, with its placeholders, and the name of its file.
    pub fn fixture(&self, event: &EventName) -> Result<(String, Cow<'_, [u8]>), CatalogueError> {
        let shelf = self.shelves[self.folder(&event.provider)?.shelf].as_ref();
        let file = format!("{}/events/{}.json", event.provider, event.name());
        let path = shelf.name(&file);
        match shelf.read(&file) {
            Ok(payload) => Ok((path, payload)),
            Err(reason) => Err(CatalogueError::Unreadable { path, reason }),
        }
    }

    /// The events that an EVENT means: the one of that name, or all that a glob matches.
    ///
    /// A name may be `type`, `type@variant` and either after `provider/`; a glob is held against all of these.
    pub fn select(&self, pattern: &str, scheme: Option<&str>) -> Result<Vec<EventName>, CatalogueError> {
        let folders = match scheme {
            Some(name) => std::slice::from_ref(self.folder(name)?),
            None => &self.folders[..],
        };
        let glob = is_glob(pattern).then(|| WildMatch::new(pattern));
        let matches = |event: &&EventName| match &glob {
            Some(glob) => glob.matches(&event.name()) || glob.matches(&event.to_string()),
            None => event.name() == pattern || event.to_string() == pattern,
        };
        let events = || folders.iter().flat_map(|folder| &folder.events);
        let selected: Vec<EventName> = events().filter(matches).cloned().collect();
        match selected.as_slice() {
            [] => Err(CatalogueError::UnknownEvent {
                pattern: pattern.to_owned(),
                scheme: scheme.map(str::to_owned),
                nearest: nearest_events(pattern, events()),
            }),
            [_, _, ..] if glob.is_none() => {
                Err(CatalogueError::AmbiguousEvent { name: pattern.to_owned(), candidates: selected })
            }
            _ => Ok(selected),
        }
    }

    fn folder(&self, name: &str) -> Result<&Folder, CatalogueError> {
        self.folders.iter().find(|folder| folder.name == name).ok_or_else(|| CatalogueError::UnknownScheme {
            name: name.to_owned(),
            nearest: nearest(name, self.names()).map(str::to_owned),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    fn parse(&self, folder: &Folder) -> Result<Provider, CatalogueError> {
        let shelf = self.shelves[folder.shelf].as_ref();
        let file = provider_file(&folder.name);
        let path = shelf.name(&file);
        let bytes = shelf.read(&file).map_err(|reason| CatalogueError::Unreadable { path: path.clone(), reason })?;
        let source = Source::from_bytes(&path, &bytes)?;
        Ok(Provider::read(&folder.name, source, &folder.events)?)
    }
}

fn provider_file(name: &str) -> String {
    format!("{name}/provider.toml")
}

fn folders(shelf: &dyn Shelf, index: usize) -> Vec<Folder> {
    let files = shelf.files();
    let names = files.iter().filter_map(|file| file.strip_suffix("/provider.toml").filter(|name| !name.contains('/')));
    let mut folders: Vec<Folder> = names
        .map(|name| {
            let prefix = format!("{name}/events/");
            let within = files.iter().filter_map(|file| file.strip_prefix(&prefix));
            let mut events: Vec<EventName> = within.filter_map(|file| EventName::from_file(name, file)).collect();
            events.sort();
            Folder { name: name.to_owned(), shelf: index, events }
        })
        .collect();
    folders.sort_by(|a, b| a.name.cmp(&b.name));
    folders
}

/// The names most like a pattern; with the provider in front where the pattern has one.
fn nearest_events<'a>(pattern: &str, events: impl Iterator<Item = &'a EventName>) -> Vec<String> {
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
