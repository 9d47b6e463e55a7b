//! Files that deliveries were captured in: lines, which stay where they are, or other forms, which are read whole, as
//! stdin is.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use bytes::{Buf as _, Bytes};
use jiff::Timestamp;

use super::preparing::Preparer;
use super::selection::Captured;
use crate::commands::logged::Logged;
use crate::edge::import::{Form, Import, Part, without_mark};
use crate::edge::input;
use crate::edge::log::reading::Place;
use crate::edge::unfinished::hash;
use crate::error::Error;
use crate::webhook::capture::{Capture, Fault};
use crate::webhook::delivery::Delivery;
use crate::webhook::record::{Filter, Recorded};

/// How many bytes the deliveries of one file may have that are held in memory.
const MOST: usize = 256 * 1024 * 1024;

/// What messages call the standard input.
const STDIN: &str = "stdin";

/// A file of deliveries.
pub(super) enum Source {
    /// Lines, each a record: only their places are held.
    Lines(Logged),
    /// The same out of stdin.
    Streamed(Bytes),
    /// All that was in a file of another form.
    Held {
        /// The file.
        path: PathBuf,
        /// Its deliveries.
        held: Vec<Held>,
    },
}

/// A delivery of a file that is held.
pub(super) struct Held {
    delivery: Delivery,
    at: Option<Timestamp>,
}

impl Source {
    /// Finds out what a file is, and opens it.
    pub(super) fn open(path: &Path, preparer: &mut Preparer<'_>) -> Result<Self, Error> {
        let file = input::plain(path).and_then(|()| File::open(path)).map_err(|reason| Error::file(path, reason))?;
        if let Some(held) = Self::hold(path, Box::new(BufReader::new(file)), preparer)? {
            return Ok(held);
        }
        let missing = || Error::file(path, io::ErrorKind::NotFound.into());
        Ok(Self::Lines(Logged::open_file(path)?.ok_or_else(missing)?))
    }

    /// Reads stdin to its end, and finds out what it is.
    pub(super) fn stream(stdin: impl Read, preparer: &mut Preparer<'_>) -> Result<Self, Error> {
        let path = Path::new(STDIN);
        let bytes = input::all(stdin, MOST as u64).map_err(|reason| Error::file(path, reason))?;
        let mut bytes = Bytes::from(bytes);
        bytes.advance(bytes.len() - without_mark(&bytes).len());
        let held = Self::hold(path, Box::new(Cursor::new(bytes.clone())), preparer)?;
        Ok(held.unwrap_or(Self::Streamed(bytes)))
    }

    /// Reads all deliveries of a file; nothing where it consists of lines.
    fn hold(path: &Path, reader: Box<dyn Read + Send>, preparer: &mut Preparer<'_>) -> Result<Option<Self>, Error> {
        let unreadable = |reason: io::Error| Error::file(path, reason);
        let bad = |fault| bad(path, fault);
        let import = Import::open(reader, false).map_err(unreadable)?.map_err(bad)?;
        match import.form() {
            Form::Lines => return Ok(None),
            Form::Body => {
                let fault = Fault::bare(crate::webhook::capture::Place::default(), "it is no capture of a delivery");
                let hint = "it may hold records, a HAR log or raw HTTP; wh send --data @FILE sends a payload";
                return Err(bad(fault.with_hint(hint)));
            }
            Form::Document | Form::Http | Form::Har => {}
        }
        preparer.load_all()?;
        let (mut held, mut fault, mut bytes) = (Vec::new(), None, 0);
        let wanted = |capture: &Capture| preparer.may_be_delivery(capture);
        import
            .parts(&wanted, |part| {
                match part {
                    Part::Delivery(capture) => {
                        bytes += capture.delivery.request.body().len();
                        held.push(Held { delivery: capture.delivery, at: capture.at });
                    }
                    Part::Fault(found) => {
                        fault.get_or_insert(found);
                    }
                    Part::Other | Part::Request => {}
                }
                if bytes > MOST {
                    let most = MOST / 1024 / 1024;
                    return Err(io::Error::other(format!("its deliveries have more than {most} MiB")));
                }
                Ok(())
            })
            .map_err(unreadable)?;
        if let Some(fault) = fault {
            return Err(bad(fault));
        }
        for held in &mut held {
            preparer.identify(&mut held.delivery)?;
        }
        Ok(Some(Self::Held { path: path.to_owned(), held }))
    }

    /// The places of the deliveries that a filter lets through, in their order.
    pub(super) fn places(&self, filter: &Filter, preparer: &mut Preparer<'_>) -> Result<Vec<Place>, Error> {
        match self {
            Self::Lines(lines) => {
                let mut places = Vec::new();
                let mut lost = None;
                lines.walk_strictly(|mut recorded, place| {
                    // Only who filters by event needs to know it now.
                    if !filter.events.is_empty()
                        && let Err(error) = preparer.identify(&mut recorded.delivery)
                    {
                        lost.get_or_insert(error);
                    }
                    if filter.admits(&recorded) {
                        places.push(place);
                    }
                })?;
                places.reverse();
                lost.map_or(Ok(places), Err)
            }
            Self::Streamed(bytes) => {
                let mut places = Vec::new();
                for (number, (offset, line)) in (1..).zip(lines(bytes)) {
                    let recorded = Logged::delivery(line, number).map_err(|fault| bad(self.path(), fault))?;
                    let Some(mut recorded) = recorded else { continue };
                    if !filter.events.is_empty() {
                        preparer.identify(&mut recorded.delivery)?;
                    }
                    if filter.admits(&recorded) {
                        let length = u32::try_from(line.len()).expect("what is held is shorter than that");
                        places.push(Place { part: 0, offset: offset as u64, length });
                    }
                }
                Ok(places)
            }
            Self::Held { held, .. } => {
                let all = held.iter().enumerate();
                let admitted = all.filter(|(_, held)| filter.admits(&held.recorded()));
                Ok(admitted.map(|(index, _)| Place { part: 0, offset: index as u64, length: 0 }).collect())
            }
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Lines(lines) => lines.file(),
            Self::Streamed(_) => Path::new(STDIN),
            Self::Held { path, .. } => path,
        }
    }

    /// The delivery at a place; nothing when there is none any more.
    pub(super) fn read(&self, place: Place, line: &mut Vec<u8>) -> Result<Option<Captured>, Error> {
        match self {
            Self::Lines(lines) => {
                if !lines.reader().read(place, line).map_err(|reason| lines.unreadable(reason))? {
                    return Ok(None);
                }
                Ok(captured(line))
            }
            Self::Streamed(bytes) => {
                let line = usize::try_from(place.offset).ok().and_then(|offset| bytes.get(offset..));
                Ok(line.and_then(|rest| captured(&rest[..place.length as usize])))
            }
            Self::Held { held, .. } => {
                let held = usize::try_from(place.offset).ok().and_then(|index| held.get(index));
                Ok(held.map(|held| {
                    let delivery = held.delivery.clone();
                    let target = delivery.request.uri().to_string();
                    // An id that was not in the file is another one each time.
                    let hash = hash(&[target.as_bytes(), b"\n", delivery.request.body()].concat());
                    Captured { delivery, at: held.at, url: None, hash }
                }))
            }
        }
    }
}

/// The delivery in a line.
fn captured(line: &[u8]) -> Option<Captured> {
    let recorded = Logged::delivery(line, 1).ok().flatten()?;
    let (at, url) = (recorded.at, recorded.url.map(Into::into));
    Some(Captured { delivery: recorded.delivery, at, url, hash: hash(line) })
}

/// Lines without their ends, each with the offset at which it begins.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    bytes.split(|byte| *byte == b'\n').map(move |line| {
        let offset = start;
        start += line.len() + 1;
        (offset, line)
    })
}

fn bad(path: &Path, fault: Fault) -> Error {
    Error::BadCapture { path: path.display().to_string(), fault: Box::new(fault) }
}

impl Held {
    /// As a record that says nothing of what has become of it.
    fn recorded(&self) -> Recorded<'static> {
        Recorded::unanswered(self.delivery.clone(), self.at)
    }
}
