//! A replay that may be gone on with: a file beside the log says what was to be delivered, and what was.
//!
//! ```text
//! {"schema":"wh.replay/1","what":["--failed"],…,"deliveries":3}     what was asked for
//! [0,0,1042,873,"9f3c5a0e21d4b877",1795255200123]                    a delivery: its file, its place there, its hash, its time
//! …
//! 0                                                                  the first one was delivered
//! ```
//!
//! A line that has no end was not written: a kill between a delivery and its line is the one case in which it goes out
//! twice.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::reading::Place;

const SCHEMA: &str = "wh.replay/1";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The name and version of the form.
    schema: String,
    /// What was to be replayed, as it was typed.
    pub what: Vec<String>,
    /// Where to, if that was said.
    pub to: Option<String>,
    /// Whether signatures were kept.
    pub keep_signature: bool,
    /// The scheme, if one was typed.
    #[serde(default)]
    pub scheme: Option<String>,
    /// The headers that were put in or taken out.
    #[serde(default)]
    pub headers: Headers,
    /// The files that the deliveries are in.
    pub files: Vec<PathBuf>,
    /// Which of them is the log.
    pub log: Option<usize>,
    /// How many deliveries there are.
    pub deliveries: usize,
}

impl Request {
    /// What was asked for, and nothing else said of it.
    #[must_use]
    pub fn new(what: Vec<String>) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            what,
            to: None,
            keep_signature: false,
            scheme: None,
            headers: Headers::default(),
            files: Vec::new(),
            log: None,
            deliveries: 0,
        }
    }
}

/// Headers of the user's own. Their values may be credentials, so that they are not kept, but known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// Their names, in the order in which they were given.
    pub names: Vec<String>,
    /// What names and values are known by together.
    pub hash: u64,
}

impl Default for Headers {
    /// None at all.
    fn default() -> Self {
        Self::of(std::iter::empty())
    }
}

impl Headers {
    /// Headers with their values; one that is taken out has none.
    pub fn of<'a>(headers: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>) -> Self {
        let (mut names, mut text) = (Vec::new(), Vec::new());
        for (name, value) in headers {
            names.push(name.to_owned());
            text.extend_from_slice(name.as_bytes());
            if let Some(value) = value {
                text.push(b':');
                text.extend_from_slice(value);
            }
            text.push(b'\n');
        }
        Self { names, hash: hash(&text) }
    }
}

/// A delivery to be made: where its record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which of the files.
    pub file: u16,
    /// Where in it.
    pub place: Place,
    /// What the record is known by, should the file have changed.
    pub hash: u64,
    /// When it was captured.
    pub at: Option<Timestamp>,
}

/// The line of a delivery: the file, the part of it, the offset, the length, the hash, and the time in milliseconds since
/// 1970, if it is known.
#[derive(Deserialize)]
struct EntryLine(u16, u8, u64, u32, String, #[serde(default)] Option<i64>);

/// A replay on its way.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    file: File,
    waiting: Vec<u8>,
}

/// A replay that was stopped.
#[derive(Debug)]
pub struct Stopped {
    /// What was asked for.
    pub request: Request,
    /// All deliveries, in their order.
    pub entries: Vec<Entry>,
    /// Whether each of them was made.
    pub done: Vec<bool>,
}

impl Unfinished {
    /// Where that of a log is.
    #[must_use]
    pub fn path(log: &Path) -> PathBuf {
        let mut path = log.to_owned().into_os_string();
        path.push(".replay");
        path.into()
    }

    /// Begins one, in place of what was there; nothing when another program is at one.
    pub fn begin(path: &Path, request: &Request, entries: &[Entry]) -> io::Result<Option<Self>> {
        let Some(file) = open(path, true)? else { return Ok(None) };
        file.set_len(0)?;
        let mut writer = BufWriter::new(&file);
        serde_json::to_writer(&mut writer, request)?;
        for Entry { file, place, hash, at } in entries {
            write!(writer, "\n[{file},{},{},{},\"{hash:016x}\"", place.part, place.offset, place.length)?;
            if let Some(at) = at {
                write!(writer, ",{}", at.as_millisecond())?;
            }
            writer.write_all(b"]")?;
        }
        writer.write_all(b"\n")?;
        writer.flush()?;
        drop(writer);
        Ok(Some(Self { path: path.to_owned(), file, waiting: Vec::new() }))
    }

    /// Takes one up again, and what it says; nothing when there is none.
    pub fn resume(path: &Path) -> io::Result<Option<(Self, Stopped)>> {
        if !path.exists() {
            return Ok(None);
        }
        let Some(mut file) = open(path, false)? else {
            return Err(io::Error::other("another replay is at it"));
        };
        let Some((stopped, length)) = read(&file)? else { return Ok(None) };
        // What was torn is taken off, so that nothing is glued to it.
        file.set_len(length)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        Ok(Some((Self { path: path.to_owned(), file, waiting: Vec::new() }, stopped)))
    }

    /// A delivery was made.
    pub fn done(&mut self, index: usize) {
        self.waiting.extend_from_slice(index.to_string().as_bytes());
        self.waiting.push(b'\n');
    }

    /// Writes what was done.
    pub fn commit(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.waiting);
        self.waiting.clear();
        written
    }

    /// Ends it: there is nothing more to go on with.
    pub fn end(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Opens the file for its owner alone and locks it; nothing when another program has.
fn open(path: &Path, create: bool) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// What a file says, and how long its whole lines are; nothing when it was not even begun.
fn read(file: &File) -> io::Result<Option<(Stopped, u64)>> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut length = 0;
    let mut next = |line: &mut Vec<u8>| -> io::Result<bool> {
        line.clear();
        reader.read_until(b'\n', line)?;
        let whole = line.last() == Some(&b'\n');
        if whole {
            length += line.len() as u64;
            line.pop();
        }
        Ok(whole)
    };
    if !next(&mut line)? {
        return Ok(None);
    }
    let strange = || io::Error::new(io::ErrorKind::InvalidData, "it is not the file of a replay");
    let request: Request = serde_json::from_slice(&line).map_err(|_| strange())?;
    if request.schema != SCHEMA {
        return Err(strange());
    }
    let mut entries = Vec::new();
    while entries.len() < request.deliveries {
        if !next(&mut line)? {
            // It was killed before it had begun.
            return Ok(None);
        }
        let EntryLine(file, part, offset, length, hash, at) = serde_json::from_slice(&line).map_err(|_| strange())?;
        let hash = u64::from_str_radix(&hash, 16).map_err(|_| strange())?;
        let at = at.and_then(|at| Timestamp::from_millisecond(at).ok());
        entries.push(Entry { file, place: Place { part, offset, length }, hash, at });
    }
    let mut done = vec![false; entries.len()];
    while next(&mut line)? {
        let index: Option<usize> = str::from_utf8(&line).ok().and_then(|text| text.parse().ok());
        *index.and_then(|index| done.get_mut(index)).ok_or_else(strange)? = true;
    }
    Ok(Some((Stopped { request, entries, done }, length)))
}

/// A hash by which a record is known again (FNV-1a, 64 bits).
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let place = |offset| Place { part: 0, offset, length: 9 };
        (0..3)
            .map(|index| Entry {
                file: 0,
                place: place(index * 10),
                hash: hash(&[u8::try_from(index).expect("small")]),
                at: (index > 0).then(|| Timestamp::from_millisecond(1_795_255_200_123).expect("a time")),
            })
            .collect()
    }

    fn request() -> Request {
        Request { files: vec!["log.jsonl".into()], deliveries: 3, ..Request::new(vec!["--failed".into()]) }
    }

    #[test]
    fn what_was_done_is_known_again_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Unfinished::path(&folder.path().join("log.jsonl"));
        let mut begun = Unfinished::begin(&path, &request(), &entries()).expect("room").expect("alone");
        begun.done(1);
        begun.commit().expect("room");
        assert!(Unfinished::begin(&path, &request(), &entries()).expect("room").is_none(), "one at a time");
        drop(begun);
        // `2` may be the beginning of `21`.
        OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(b"2")).expect("room");
        let (mut again, stopped) = Unfinished::resume(&path).expect("readable").expect("there");
        assert_eq!((stopped.request, stopped.entries, stopped.done), (request(), entries(), vec![false, true, false]));
        again.done(0);
        again.commit().expect("room");
        drop(again);
        let (again, stopped) = Unfinished::resume(&path).expect("readable").expect("there");
        assert_eq!(stopped.done, [true, true, false]);
        again.end().expect("there");
        assert!(Unfinished::resume(&path).expect("readable").is_none());
    }

    #[test]
    fn one_that_was_killed_before_it_began_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.replay");
        drop(Unfinished::begin(&path, &request(), &entries()).expect("room"));
        let text = fs::read(&path).expect("there");
        for length in [0, 10, text.len() - 1] {
            fs::write(&path, &text[..length]).expect("room");
            assert!(Unfinished::resume(&path).expect("readable").is_none(), "{length}");
        }
        fs::write(&path, "{}\n").expect("room");
        assert!(Unfinished::resume(&path).is_err());
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // The empty string, "a" and "foobar", from the authors' page of test vectors.
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
