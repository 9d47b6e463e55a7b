//! Follows a log as it grows, also when it is put aside and a new one is begun.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::is_same;
use crate::webhook::record::LONGEST;

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// What is appended to a log.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    file: Option<File>,
    /// Where in the file the next byte is read.
    offset: u64,
    /// The beginning of a line whose end was not written yet.
    begun: Vec<u8>,
    /// Whether the line that is being read is too long, so that its end is waited for.
    skipping: bool,
}

impl Follower {
    /// Follows a log from a place in it. It need not be there yet.
    #[must_use]
    pub fn new(path: &Path, offset: u64) -> Self {
        Self { path: path.to_owned(), file: File::open(path).ok(), offset, begun: Vec::new(), skipping: false }
    }

    /// The lines that were appended since this was asked last, each without its end, a few at a time: none when there are
    /// none for now.
    pub fn lines(&mut self) -> io::Result<Vec<Vec<u8>>> {
        if self.file.is_none() {
            self.file = match File::open(&self.path) {
                Ok(file) => Some(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
        }
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        // Whether this is still the log is asked before it is read to its end: nothing is appended to what was put aside.
        let current = is_same(file, &self.path);
        // Who emptied it begins anew.
        if file.metadata()?.len() < self.offset {
            (self.offset, self.skipping) = (0, false);
            self.begun.clear();
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            chunk.clear();
            let Some(file) = &mut self.file else { return Ok(Vec::new()) };
            file.seek(SeekFrom::Start(self.offset))?;
            file.take(CHUNK as u64).read_to_end(&mut chunk)?;
            self.offset += chunk.len() as u64;
            if chunk.is_empty() && !current {
                (self.file, self.offset, self.skipping) = (None, 0, false);
                self.begun.clear();
                return self.lines();
            }
            let lines = self.whole(&chunk);
            if chunk.is_empty() || !lines.is_empty() {
                return Ok(lines);
            }
        }
    }

    /// The lines that a chunk ends.
    fn whole(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            let end = piece.strip_suffix(b"\n");
            if !self.skipping {
                self.begun.extend_from_slice(end.unwrap_or(piece));
            }
            if self.begun.len() > LONGEST {
                (self.begun, self.skipping) = (Vec::new(), true);
            }
            if end.is_some() {
                let line = std::mem::take(&mut self.begun);
                if !std::mem::take(&mut self.skipping) {
                    lines.push(line);
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::log::{Log, aside};

    fn all(follower: &mut Follower) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let lines = follower.lines().expect("readable");
            if lines.is_empty() {
                return all;
            }
            all.extend(lines.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()));
        }
    }

    #[test]
    fn what_is_appended_is_read_line_by_line_and_across_a_change_of_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        let mut follower = Follower::new(&path, 0);
        assert!(all(&mut follower).is_empty(), "there is no log yet");
        let (mut log, _) = Log::open(&path).expect("a log");
        log.append(b"a\nb\n").expect("room");
        assert_eq!(all(&mut follower), ["a", "b"]);
        std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .map(|mut file| io::Write::write_all(&mut file, b"c"))
            .expect("a log")
            .expect("room");
        assert!(all(&mut follower).is_empty(), "the line has no end yet");
        log.append(b"d\n").expect("room");
        log.append(&[b"e".repeat(2 * CHUNK), b"\n".to_vec()].concat()).expect("room");
        std::fs::rename(&path, aside(&path)).expect("the log");
        let (mut log, _) = Log::open(&path).expect("a new log");
        log.append(b"f\n").expect("room");
        let lines = all(&mut follower);
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (4, Some("f")));
        assert_eq!((lines[0].as_str(), lines[1].as_str(), lines[2].len()), ("c", "d", 2 * CHUNK));
    }

    #[test]
    fn a_log_that_was_emptied_is_read_from_its_beginning() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, "a\nb\nhalf a line").expect("room");
        let mut follower = Follower::new(&path, 0);
        assert_eq!(all(&mut follower), ["a", "b"]);
        std::fs::write(&path, "c\n").expect("room");
        assert_eq!(all(&mut follower), ["c"]);
    }
}
