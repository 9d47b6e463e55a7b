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

use crate::edge::input;

/// How large a log grows before it is put aside, in bytes.
pub const LARGEST: u64 = 256 * 1024 * 1024;

/// An open log.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    /// How long the file was when this log last left it, so that another's line is looked at only when there is one.
    length: u64,
    /// How long it may become.
    largest: u64,
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
        let mut log = Self { path: path.to_owned(), file, length: 0, largest: LARGEST };
        log.lock()?;
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
        let mut length = self.lock()?;
        if length > 0 && length + lines.len() as u64 > self.largest {
            let aside = self.put_aside();
            self.file.unlock()?;
            aside?;
            length = self.lock()?;
        }
        let appended = self.append_locked(length, lines);
        self.file.unlock()?;
        appended
    }

    fn append_locked(&mut self, length: u64, lines: &[u8]) -> io::Result<()> {
        if length != self.length {
            self.end_torn_line()?;
        }
        let start = self.length;
        match self.file.write_all(lines) {
            Ok(()) => {
                self.length = start + lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A disk that is full may have taken a part.
                self.file.set_len(start)?;
                Err(error)
            }
        }
    }

    /// Takes the log for itself, and says how long it is. Where another has put the file aside, or somebody has removed
    /// it, the one that stands in its place is opened first.
    fn lock(&mut self) -> io::Result<u64> {
        loop {
            self.file.lock()?;
            if let Some(length) = length_of_same(&self.file, &self.path) {
                return Ok(length);
            }
            self.file.unlock()?;
            self.file = open(&self.path)?;
            // No length is this one, so that the last line is looked at.
            self.length = u64::MAX;
        }
    }

    /// Puts a full log aside; it has to be taken first.
    fn put_aside(&self) -> io::Result<()> {
        let aside = aside(&self.path);
        // To remove a file as large as that takes a tenth of a second. It is there until nobody has it open any more, so that
        // whoever waits for an append need not wait for that, too.
        let has_former = cfg!(unix) && fs::symlink_metadata(&aside).is_ok_and(|metadata| metadata.is_file());
        let former = if has_former { File::open(&aside).ok() } else { None };
        fs::rename(&self.path, aside)?;
        if let Some(former) = former {
            // Where the system has no thread to give, it is closed here.
            let _ = std::thread::Builder::new().name("log".to_owned()).spawn(move || drop(former));
        }
        Ok(())
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
}

/// Where a log is put aside.
fn aside(path: &Path) -> PathBuf {
    let mut aside = path.to_owned().into_os_string();
    aside.push(".1");
    aside.into()
}

fn open(path: &Path) -> io::Result<File> {
    match input::plain(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
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

/// Whether a file is the one that stands at a path.
fn is_same(file: &File, path: &Path) -> bool {
    length_of_same(file, path).is_some()
}

/// How long a file is, if it is the one that stands at a path.
#[cfg(unix)]
fn length_of_same(file: &File, path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let (open, there) = (file.metadata().ok()?, fs::metadata(path).ok()?);
    ((open.dev(), open.ino()) == (there.dev(), there.ino())).then_some(open.len())
}

/// How long a file is, if it is the one that stands at a path.
#[cfg(not(unix))]
fn length_of_same(file: &File, path: &Path) -> Option<u64> {
    // Without a number for the file its length tells: a log that was put aside by another has left a shorter one.
    let (open, there) = (file.metadata().ok()?, fs::metadata(path).ok()?);
    (open.len() == there.len()).then_some(open.len())
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

    #[test]
    fn a_full_log_is_put_aside_and_whoever_shares_it_goes_on_in_the_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a log");
        let open = || Log { largest: 20, ..Log::open(&path).expect("a log").0 };
        let (mut one, mut other) = (open(), open());
        one.append(b"one 1\n").expect("room");
        other.append(b"other 1\n").expect("room");
        one.append(b"one 2\n").expect("room");
        assert_eq!(read("log.jsonl"), "one 1\nother 1\none 2\n");
        one.append(b"one 3\n").expect("room");
        other.append(b"other 2\n").expect("room");
        assert_eq!(
            (read("log.jsonl.1").as_str(), read("log.jsonl").as_str()),
            ("one 1\nother 1\none 2\n", "one 3\nother 2\n")
        );
        // Twice as much is kept at most; a line that is longer than all that stands alone.
        other.append(b"a line of more than twenty bytes\n").expect("room");
        one.append(b"one 4\n").expect("room");
        assert_eq!(
            (read("log.jsonl.1").as_str(), read("log.jsonl").as_str()),
            ("a line of more than twenty bytes\n", "one 4\n")
        );
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_was_removed_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        let mut log = Log::open(&path).expect("a new log").0;
        log.append(b"1\n").expect("room");
        fs::remove_file(&path).expect("the log");
        log.append(b"2\n").expect("room");
        assert_eq!(fs::read(&path).expect("the log"), b"2\n");
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
