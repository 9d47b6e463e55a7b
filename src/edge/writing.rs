//! Writes files for people to keep.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file that is not there yet, and the folders that lead to it.
pub fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// Replaces a file; until the new text is whole, the old one stays.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is replaced, and not the link.
    let real = fs::canonicalize(path)?;
    let mut name = real.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = real.with_file_name(name);
    fs::write(&new, text)?;
    fs::set_permissions(&new, fs::metadata(&real)?.permissions())?;
    fs::rename(&new, &real)
}
