//! Reads a log from its end: the newest records first, in chunks, whatever its length.
//!
//! A log is its file and the one that was put aside before it. What was appended after it was opened is not read.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Torn, aside, is_same};
use crate::edge::input;
use crate::webhook::record::LONGEST;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How much is read at first; a line that is longer makes it more.
const CHUNK: usize = 64 * 1024;

/// A log, as far as it was written when it was opened.
#[derive(Debug)]
pub struct LogReader {
    /// The newest first.
    parts: Vec<Part>,
    /// How many bytes of whole lines the log itself has, and not what was put aside.
    end: u64,
    torn: Option<Torn>,
    longest: usize,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    file: File,
    /// How many bytes of whole lines it has.
    length: u64,
    /// Whether the last of them lacks its line feed.
    open_end: bool,
}

/// Where a line stands in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which file: 0 is the newest that there is, the log itself as a rule, 1 the one put aside.
    pub part: u8,
    /// Its first byte.
    pub offset: u64,
    /// How many bytes it has, without its end.
    pub length: u32,
}

/// A line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// All of it, and where it stands.
    Whole(&'a [u8], Place),
    /// A line that is longer than [`LONGEST`]: only its length is told.
    TooLong(u64),
}

impl LogReader {
    /// Opens a log for reading; nothing when there is none.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        let (mut parts, mut end, mut torn) = (Vec::new(), 0, None);
        let newest = open(path)?;
        let mut older = open(&aside(path))?;
        // It may have been put aside just now, between one opening and the other.
        let newest = match &newest {
            Some(file) if older.is_some() && is_same(file, &aside(path)) => {
                older = newest;
                open(path)?
            }
            _ => newest,
        };
        for (part, file) in [(path.to_owned(), newest), (aside(path), older)] {
            if let Some(mut file) = file {
                // Who appends holds the lock, so that no line is seen half-written. A file that cannot be locked is read
                // all the same.
                let locked = file.lock_shared().is_ok();
                let all = file.metadata()?.len();
                let unfinished = unfinished(&mut file, all)?;
                if locked {
                    file.unlock()?;
                }
                if unfinished > 0 {
                    torn.get_or_insert(Torn { bytes: unfinished });
                }
                let length = all - unfinished;
                if part == path {
                    end = length;
                }
                parts.push(Part { path: part, file, length, open_end: false });
            }
        }
        Ok((!parts.is_empty()).then_some(Self { parts, end, torn, longest: LONGEST }))
    }

    /// Opens one file alone, whatever else stands beside it. Its last line need not have an end.
    pub fn open_file(path: &Path) -> io::Result<Option<Self>> {
        let Some(mut file) = open(path)? else { return Ok(None) };
        let length = file.metadata()?.len();
        let open_end = unfinished(&mut file, length)? > 0;
        let part = Part { path: path.to_owned(), file, length, open_end };
        Ok(Some(Self { parts: vec![part], end: length, torn: None, longest: LONGEST }))
    }

    /// What was found of a line that was not finished; it is not read.
    #[must_use]
    pub fn torn(&self) -> Option<Torn> {
        self.torn
    }

    /// The file that a place is in.
    #[must_use]
    pub fn path(&self, place: Place) -> &Path {
        &self.parts[usize::from(place.part)].path
    }

    /// Where the log itself ends, from where it may be followed.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Its lines, the newest first.
    #[must_use]
    pub fn backward(&self) -> Backward<'_> {
        Backward { log: self, part: 0, start: self.parts[0].length, buffer: Vec::new(), end: 0 }
    }

    /// The line at a place; says whether it is there.
    pub fn read(&self, place: Place, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let Some(part) = self.parts.get(usize::from(place.part)) else { return Ok(false) };
        let mut file = &part.file;
        file.seek(SeekFrom::Start(place.offset))?;
        file.take(place.length.into()).read_to_end(line)?;
        Ok(line.len() == place.length as usize)
    }

    /// The number of the line at a place, counted from 1.
    pub fn number(&self, place: Place) -> io::Result<u64> {
        let mut file = &self.parts[usize::from(place.part)].file;
        file.seek(SeekFrom::Start(0))?;
        let mut before = file.take(place.offset);
        let mut chunk = vec![0; CHUNK];
        let mut lines = 1;
        loop {
            match before.read(&mut chunk)? {
                0 => return Ok(lines),
                read => lines += memchr::memchr_iter(b'\n', &chunk[..read]).count() as u64,
            }
        }
    }
}

/// The lines of a log, the newest first. Holds one chunk, or one line where that is longer.
#[derive(Debug)]
pub struct Backward<'a> {
    log: &'a LogReader,
    part: u8,
    /// Where in the file the buffer begins.
    start: u64,
    buffer: Vec<u8>,
    /// Where in the buffer the lines end that were not read yet; each still has its line feed.
    end: usize,
}

impl Backward<'_> {
    /// The next line further up; nothing when there is none.
    #[expect(clippy::should_implement_trait, reason = "a line is borrowed from the buffer, which no iterator can lend")]
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            // The line's own end is not the one before it.
            let searched = self.end.saturating_sub(1);
            if let Some(before) = memchr::memrchr(b'\n', &self.buffer[..searched]) {
                return Ok(Some(self.take(before + 1)));
            }
            if self.start == 0 {
                if self.end > 0 {
                    return Ok(Some(self.take(0)));
                }
                if usize::from(self.part) + 1 == self.log.parts.len() {
                    return Ok(None);
                }
                self.part += 1;
                self.start = self.log.parts[usize::from(self.part)].length;
                continue;
            }
            if self.end > self.log.longest {
                return self.skip().map(Some);
            }
            self.read_more()?;
        }
    }

    fn take(&mut self, mut from: usize) -> Line<'_> {
        let end = self.end - 1;
        self.end = from;
        // An editor may have put a byte order mark in front of all.
        if self.start == 0 && from == 0 && self.buffer[..end].starts_with(MARK) {
            from = MARK.len();
        }
        if end - from > self.log.longest {
            return Line::TooLong((end - from) as u64);
        }
        let length = u32::try_from(end - from).expect("a line is not longer than what is held");
        let place = Place { part: self.part, offset: self.start + from as u64, length };
        Line::Whole(&self.buffer[from..end], place)
    }

    /// Puts the chunk before the buffer in front of what is left in it; as long again, where that is a part of a line.
    fn read_more(&mut self) -> io::Result<()> {
        let more = (CHUNK.max(self.end) as u64).min(self.start);
        let size = usize::try_from(more).unwrap_or(CHUNK);
        self.buffer.truncate(self.end);
        let mut buffer = vec![0; size];
        let mut file = &self.log.parts[usize::from(self.part)].file;
        file.seek(SeekFrom::Start(self.start - more))?;
        file.read_exact(&mut buffer)?;
        let part = &self.log.parts[usize::from(self.part)];
        if part.open_end && self.start == part.length {
            buffer.push(b'\n');
        }
        buffer.extend_from_slice(&self.buffer);
        self.end = buffer.len();
        self.buffer = buffer;
        self.start -= more;
        Ok(())
    }

    /// Passes over a line that is too long to be held.
    fn skip(&mut self) -> io::Result<Line<'_>> {
        let mut length = self.end as u64 - 1;
        self.end = 0;
        loop {
            self.read_more()?;
            if let Some(before) = memchr::memrchr(b'\n', &self.buffer) {
                length += (self.buffer.len() - before - 1) as u64;
                self.end = before + 1;
                return Ok(Line::TooLong(length));
            }
            length += self.buffer.len() as u64;
            self.end = 0;
            if self.start == 0 {
                return Ok(Line::TooLong(length));
            }
        }
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match input::plain(path).and_then(|()| File::open(path)) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// How many bytes stand behind the last line feed of a file that is `length` bytes long.
pub(super) fn unfinished(file: &mut File, length: u64) -> io::Result<u64> {
    let mut chunk = vec![0; 4096];
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(chunk.len() as u64);
        let part = usize::try_from(end - start).unwrap_or(chunk.len());
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut chunk[..part])?;
        if let Some(at) = memchr::memrchr(b'\n', &chunk[..part]) {
            return Ok(length - start - at as u64 - 1);
        }
        end = start;
        // The torn part of a long line need not be read in small pieces.
        chunk.resize(CHUNK, 0);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log whose files hold these bytes.
    fn log(newest: &[u8], older: Option<&[u8]>) -> (tempfile::TempDir, LogReader) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        std::fs::write(&path, newest).expect("room");
        if let Some(older) = older {
            std::fs::write(aside(&path), older).expect("room");
        }
        let reader = LogReader::open(&path).expect("readable").expect("a log");
        (folder, reader)
    }

    fn lines(reader: &LogReader) -> Vec<String> {
        let mut lines = Vec::new();
        let mut again = Vec::new();
        let mut backward = reader.backward();
        while let Some(line) = backward.next().expect("readable") {
            match line {
                Line::Whole(text, place) => {
                    assert!(reader.read(place, &mut again).expect("readable"));
                    assert_eq!(again, text, "a line is where it was found");
                    lines.push(String::from_utf8_lossy(text).into_owned());
                }
                Line::TooLong(length) => lines.push(format!("{length} bytes")),
            }
        }
        lines
    }

    #[test]
    fn lines_come_newest_first_and_those_put_aside_after_them() {
        let (_folder, reader) = log(b"c\n\nd\n", Some(b"a\nb\n"));
        assert_eq!(lines(&reader), ["d", "", "c", "b", "a"]);
        assert_eq!((reader.torn(), reader.end()), (None, 5));
    }

    #[test]
    fn a_line_that_is_not_finished_is_told_and_left_out() {
        let (_folder, reader) = log(b"a\n{\"b\":", None);
        assert_eq!((lines(&reader), reader.torn()), (vec!["a".to_owned()], Some(Torn { bytes: 5 })));
        let (_folder, reader) = log(b"", Some(b"a\n"));
        assert_eq!((lines(&reader), reader.torn()), (vec!["a".to_owned()], None));
        let torn = "x".repeat(3 * CHUNK);
        let (_folder, reader) = log(torn.as_bytes(), None);
        assert_eq!((lines(&reader), reader.torn()), (vec![], Some(Torn { bytes: 3 * CHUNK as u64 })));
    }

    #[test]
    fn lines_are_whole_wherever_the_chunks_begin() {
        let all: Vec<String> = (0..2000).map(|index| "x".repeat(index * 37 % 4001)).collect();
        let longer = ["y".repeat(CHUNK), "z".repeat(5 * CHUNK + 1), "w".repeat(CHUNK - 1)];
        let all: Vec<String> = all.into_iter().chain(longer).collect();
        let (_folder, reader) = log(format!("{}\n", all.join("\n")).as_bytes(), None);
        let mut read = lines(&reader);
        read.reverse();
        assert!(read == all, "{} lines of {}", read.len(), all.len());
    }

    #[test]
    fn the_last_line_of_a_file_need_not_have_an_end_and_lines_are_numbered() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "a\nb\n\ncd").expect("room");
        let reader = LogReader::open_file(&path).expect("readable").expect("a file");
        assert_eq!(lines(&reader), ["cd", "", "b", "a"]);
        assert_eq!(reader.number(Place { part: 0, offset: 5, length: 2 }).expect("readable"), 4);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        for (text, expected) in
            [("\u{feff}a\nb\n", &["b", "a"][..]), ("a\n\u{feff}b\n", &["\u{feff}b", "a"]), ("\u{feff}\n", &[""])]
        {
            let (_folder, reader) = log(text.as_bytes(), None);
            assert_eq!(lines(&reader), expected);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = "x".repeat(9 * CHUNK + 5);
        let (_folder, mut reader) = log(format!("a\n{long}\nb\n").as_bytes(), None);
        reader.longest = 2 * CHUNK;
        assert_eq!(lines(&reader), ["b".to_owned(), format!("{} bytes", long.len()), "a".to_owned()]);
        let (_folder, mut reader) = log(format!("{long}\nb\n").as_bytes(), None);
        reader.longest = 2 * CHUNK;
        assert_eq!(lines(&reader), ["b".to_owned(), format!("{} bytes", long.len())]);
        // To the byte, whatever the chunks are.
        reader.longest = long.len();
        assert_eq!(lines(&reader), ["b", &long]);
        reader.longest = long.len() - 1;
        assert_eq!(lines(&reader), ["b".to_owned(), format!("{} bytes", long.len())]);
    }

    #[test]
    fn where_there_is_no_log_there_is_none_to_read() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(LogReader::open(&folder.path().join("log.jsonl")).expect("no failure").is_none());
        assert!(LogReader::open(folder.path()).is_err());
    }

    #[test]
    fn where_only_what_was_put_aside_is_there_the_log_begins_at_its_beginning() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        std::fs::write(aside(&path), "1\n2\n").expect("room");
        let reader = LogReader::open(&path).expect("readable").expect("there");
        assert_eq!(reader.end(), 0);
        std::fs::write(&path, "3\n").expect("room");
        assert_eq!(LogReader::open(&path).expect("readable").expect("there").end(), 2);
    }
}
