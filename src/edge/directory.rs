//! A user's catalogue: a directory of provider folders, read by the same code as the embedded ones.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::webhook::catalogue::Shelf;

/// How large a file of a catalogue may be.
pub const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// How many files a catalogue may hold, and how deep: a wrong directory, such as `/`, is refused, not walked.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 8;

/// A directory that holds provider folders.
pub struct Directory {
    /// As it was given: what messages show.
    given: PathBuf,
    root: PathBuf,
    files: Vec<String>,
}

impl Directory {
    /// Lists the providers in a directory. Nothing outside of it is read, whatever a link in it points to.
    pub fn open(given: &Path) -> io::Result<Self> {
        let root = fs::canonicalize(given)?;
        let mut files = Vec::new();
        for entry in fs::read_dir(&root)? {
            let folder = entry?.path();
            if within(&root, &folder.join("provider.toml")) {
                list(&root, &folder, 1, &mut files)?;
            }
        }
        files.sort();
        Ok(Self { given: given.to_owned(), root, files })
    }
}

impl Shelf for Directory {
    fn files(&self) -> &[String] {
        &self.files
    }

    fn read(&self, file: &str) -> io::Result<Cow<'_, [u8]>> {
        let mut bytes = Vec::new();
        fs::File::open(self.root.join(file))?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST_FILE / 1024 / 1024)));
        }
        Ok(Cow::Owned(bytes))
    }

    fn name(&self, file: &str) -> String {
        self.given.join(file).display().to_string()
    }
}

fn list(root: &Path, folder: &Path, depth: usize, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && depth < DEEPEST && !path.is_symlink() {
            list(root, &path, depth + 1, files)?;
        } else if within(root, &path) {
            if files.len() == MOST_FILES {
                return Err(io::Error::other(format!("it holds more than {MOST_FILES} files")));
            }
            let relative = path.strip_prefix(root).unwrap_or(&path);
            // A name that is no text cannot be typed as an event either.
            if let Some(parts) = relative.iter().map(|part| part.to_str()).collect::<Option<Vec<_>>>() {
                files.push(parts.join("/"));
            }
        }
    }
    Ok(())
}

/// Whether a path is a plain file that really is below `root`.
fn within(root: &Path, path: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|real| real.starts_with(root) && real.is_file())
}
