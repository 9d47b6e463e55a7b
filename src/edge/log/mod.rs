//! The log of deliveries: one record a line, appended so that a kill loses nothing that was answered.
//!
//! Several listeners may share it: each appends whole lines under a lock, and starts a line of its own where another was
//! cut off in the middle of one. A log that has reached [`LARGEST`] is put aside under the name with `.1` behind it,
//! where it replaces the one before, so that at most twice as much is kept.

pub mod following;
pub mod reading;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How large a log grows before it is put aside, in bytes.
pub const LARGEST: u64 = 256 * 1024 * 1024;

/// An open log.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    /// How long the file was when this log last left it, so that another's line is looked at only when there is one.
    length: u64,
}

/// What was found when a log was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// How many bytes its last, unfinished line has.
    pub bytes: u64,
}

impl Log {
    /// Opens a log, or makes it, for its owner alone. A last line without its end is ended, and told.
    pub fn open(path: &Path) -> io::Result<(Self, Option<Torn>)> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_folder(folder)?;
        }
        let file = open(path)?;
        let mut log = Self { path: path.to_owned(), file, length: 0 };
        log.file.lock()?;
        let torn = log.end_torn_line();
        log.file.unlock()?;
        Ok((log, torn?))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines. When they cannot all be written, none of them stays.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.length + lines.len() as u64 > LARGEST && self.length > 0 {
            self.put_aside()?;
        }
        self.file.lock()?;
        let appended = self.append_locked(lines);
        self.file.unlock()?;
        appended
    }

    fn append_locked(&mut self, lines: &[u8]) -> io::Result<()> {
        let start = self.file.metadata()?.len();
        if start != self.length {
            self.end_torn_line()?;
        }
        let start = self.file.metadata()?.len();
        match self.file.write_all(lines) {
            Ok(()) => {
                self.length = start + lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A disk that is full may have taken a part.
                self.file.set_len(start)?;
                self.length = start;
                Err(error)
            }
        }
    }

    /// Ends the last line where that was not done; says so, and how long the line is.
    fn end_torn_line(&mut self) -> io::Result<Option<Torn>> {
        let length = self.file.metadata()?.len();
        self.length = length;
        if length == 0 {
            return Ok(None);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::Start(length - 1))?;
        self.file.read_exact(&mut last)?;
        if last == *b"\n" {
            return Ok(None);
        }
        let bytes = reading::unfinished(&mut self.file, length)?;
        self.file.write_all(b"\n")?;
        self.length = length + 1;
        Ok(Some(Torn { bytes }))
    }

    /// Puts a full log aside and starts a new one, unless another process has done so already.
    fn put_aside(&mut self) -> io::Result<()> {
        self.file.lock()?;
        let same = is_same(&self.file, &self.path);
        if same {
            fs::rename(&self.path, aside(&self.path))?;
        }
        self.file.unlock()?;
        self.file = open(&self.path)?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }
}

/// Where a log is put aside.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.to_owned().into_os_string();
    aside.push(".1");
    aside.into()
}

fn open(path: &Path) -> io::Result<File> {
    // Opening a FIFO would wait for its reader, so that a path is looked at before it is opened.
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::Error::other("it is a directory")),
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a plain file")),
        Ok(_) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(file: &File, path: &Path) -> bool {
    // Without a number for the file its length tells: a log that was put aside by another has left a shorter one.
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => open.len() == there.len(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_torn_is_ended_and_told_and_nothing_is_glued_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/wh/log.jsonl");
        let (mut log, torn) = Log::open(&path).expect("a new log");
        assert_eq!(torn, None);
        log.append(b"{\"a\":1}\n").expect("room");
        // Another process was killed in the middle of a line.
        let mut other = OpenOptions::new().append(true).open(&path).expect("the log");
        other.write_all(b"{\"b\":").expect("room");
        log.append(b"{\"c\":3}\n").expect("room");
        assert_eq!(fs::read(&path).expect("the log"), b"{\"a\":1}\n{\"b\":\n{\"c\":3}\n");
        other.write_all(b"{\"dd\":").expect("room");
        let (_, torn) = Log::open(&path).expect("the log");
        assert_eq!(torn, Some(Torn { bytes: 6 }));
    }

    #[cfg(unix)]
    #[test]
    fn a_log_is_for_its_owner_alone_and_is_a_plain_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        drop(Log::open(&path).expect("a new log"));
        assert_eq!(fs::metadata(&path).expect("the log").permissions().mode() & 0o777, 0o600);
        assert!(Log::open(folder.path()).is_err());
        assert!(Log::open(Path::new("/dev/null")).is_err());
    }
}
