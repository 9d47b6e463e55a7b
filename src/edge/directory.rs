//! A user's catalogue: a directory of provider folders, read by the same code as the embedded ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::input;
use crate::webhook::catalogue::{File, Shelf};

/// How large a file of a catalogue may be.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// How many events a provider may have, and how deep in folders.
const MOST_EVENTS: usize = 10_000;
const DEEPEST: usize = 8;

/// A directory that holds provider folders.
pub struct Directory {
    /// As it was given: what messages show.
    given: PathBuf,
    root: PathBuf,
    /// The names of the providers, each with those of its example events.
    providers: BTreeMap<String, Vec<String>>,
}

impl Directory {
    /// Lists the providers in a directory. A provider reads nothing outside of its own folder, whatever a link in it
    /// points to.
    pub fn open(given: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(given)?;
        let mut providers = BTreeMap::new();
        for entry in fs::read_dir(&root)? {
            let entry = entry?;
            // A name that is no text cannot be typed either.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(folder) = fs::canonicalize(entry.path()) else { continue };
            if !folder.starts_with(&root) || !within(&folder, &folder.join("provider.toml")) {
                continue;
            }
            let mut events = Vec::new();
            let examples = folder.join("events");
            if examples.is_dir() {
                list(&folder, &examples, "", 1, &mut events)?;
            }
            events.sort();
            providers.insert(name, events);
        }
        Ok(Self { given: given.to_owned(), root, providers })
    }
}

impl Shelf for Directory {
    fn providers(&self) -> Vec<&str> {
        self.providers.keys().map(String::as_str).collect()
    }

    fn events(&self, provider: &str) -> Vec<&str> {
        self.providers.get(provider).map(|events| events.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    fn read(&self, file: File<'_>) -> io::Result<Cow<'_, [u8]>> {
        let bytes = input::file(&self.root.join(file.to_string()), LARGEST_FILE)?;
        Ok(Cow::Owned(bytes))
    }

    fn path(&self, file: File<'_>) -> String {
        self.given.join(file.to_string()).display().to_string()
    }

    fn place(&self) -> String {
        self.given.display().to_string()
    }
}

/// The names of the events below a folder: the paths of its JSON files from there, with `/`.
fn list(root: &Path, folder: &Path, prefix: &str, depth: usize, events: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else { continue };
        if path.is_dir() && !path.is_symlink() {
            if depth == DEEPEST {
                return Err(io::Error::other(format!("`{}` is more than {DEEPEST} folders deep", path.display())));
            }
            list(root, &path, &format!("{prefix}{name}/"), depth + 1, events)?;
        } else if let (Some(event), true) =
            (name.strip_suffix(".json").filter(|event| !event.is_empty()), within(root, &path))
        {
            if events.len() == MOST_EVENTS {
                return Err(io::Error::other(format!("it holds more than {MOST_EVENTS} events")));
            }
            events.push(format!("{prefix}{event}"));
        }
    }
    Ok(())
}

/// Whether a path is a plain file that really is below `root`.
fn within(root: &Path, path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real.starts_with(root) && real.is_file())
}
