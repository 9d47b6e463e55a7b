//! Which deliveries are replayed, and where their records are: so that of any number of them only places are kept.

use std::collections::HashMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use http::header::{ACCEPT, CONTENT_LENGTH, HOST};
use jiff::Timestamp;

use super::ReplayArgs;
use super::files::Source;
use super::preparing::Preparer;
use crate::commands::logged::{Logged, is_there};
use crate::context::Context;
use crate::edge::log::reading::Place;
use crate::edge::unfinished::{Stopped, hash};
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::delivery::Delivery;
use crate::webhook::record::{self, Direction, Filter, Recorded};

/// A delivery to be made: where its record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Which of the files.
    pub(super) file: u16,
    /// Where in it.
    pub(super) place: Place,
    /// Its place among all, also among those that were delivered before.
    pub(super) serial: usize,
    /// When it came first, where several records of it are known.
    pub(super) first: Option<Timestamp>,
    /// What its record is known by; nothing when it was found just now.
    known: Option<u64>,
}

/// A delivery as it was captured.
#[derive(Debug)]
pub(super) struct Captured {
    /// The delivery.
    pub(super) delivery: Delivery,
    /// When it was received, or sent.
    pub(super) at: Option<Timestamp>,
    /// Where it was sent.
    pub(super) url: Option<String>,
    /// What its record is known by.
    pub(super) hash: u64,
}

/// What is replayed.
pub(super) struct Selection {
    files: Vec<Source>,
    /// Which of them is the log, in which lines may be put aside.
    pub(super) log: Option<usize>,
    pub(super) items: Vec<Item>,
    /// Whether something of it came in on stdin, and cannot be read again.
    pub(super) passing: bool,
}

impl Selection {
    /// What the arguments mean: files, ids, `last`, or all of the log that the filters let through.
    pub(super) fn new(
        args: &ReplayArgs,
        log: Result<PathBuf, Error>,
        context: &Context,
        preparer: &mut Preparer<'_>,
    ) -> Result<(Self, Vec<Notice>), Error> {
        let filter = args.filter.filter(context)?;
        let kept = Kept { signature: args.keep_signature, pace: args.keep_pace };
        let mut chosen = Choosing {
            log,
            filter,
            kept,
            files: Vec::new(),
            log_file: None,
            found: Vec::new(),
            notices: Vec::new(),
            passing: false,
        };
        if args.what.is_empty() {
            chosen.newest(args.last)?;
        }
        for what in &args.what {
            match what.as_str() {
                "last" => chosen.newest(Some(1))?,
                "-" => chosen.stdin((context.input)(), preparer)?,
                path if is_there(Path::new(path)) => chosen.file(Path::new(path), preparer)?,
                id => chosen.id(id)?,
            }
        }
        let Choosing { files, mut found, notices, log_file, passing, .. } = chosen;
        if let Some(last) = args.last {
            found.drain(..found.len().saturating_sub(last));
        }
        if found.is_empty() {
            return Err(Error::NothingToReplay);
        }
        let item = |(serial, found): (usize, Chosen)| {
            let Chosen { file, place, first } = found;
            Item { file, place, serial, first, known: None }
        };
        let items = found.into_iter().enumerate().map(item).collect();
        Ok((Self { files, log: log_file.map(usize::from), items, passing }, notices))
    }

    /// What is left of a replay that was stopped.
    pub(super) fn again(stopped: &Stopped, preparer: &mut Preparer<'_>) -> Result<Self, Error> {
        let mut files = Vec::new();
        for path in &stopped.request.files {
            let gone = || Error::Unresumable { reason: format!("`{}` is not there any more", path.display()) };
            let source = if stopped.request.log == Some(files.len()) {
                Source::Lines(Logged::open(path)?.ok_or_else(gone)?)
            } else if path.is_file() {
                Source::open(path, preparer)?
            } else {
                return Err(gone());
            };
            files.push(source);
        }
        let all = stopped.entries.iter().zip(&stopped.done).enumerate();
        let left = all.filter(|(_, (_, done))| !**done);
        let item = |(serial, (entry, _)): (usize, (&crate::edge::unfinished::Entry, &bool))| Item {
            file: entry.file,
            place: entry.place,
            serial,
            first: entry.at,
            known: Some(entry.hash),
        };
        Ok(Self { files, log: stopped.request.log, items: left.map(item).collect(), passing: false })
    }

    /// The files that records are in.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        // A replay may be gone on with from another directory.
        let whole = |file: &Source| std::path::absolute(file.path()).unwrap_or_else(|_| file.path().to_owned());
        self.files.iter().map(whole).collect()
    }

    /// A delivery as it was captured.
    pub(super) fn read(&self, item: &Item, line: &mut Vec<u8>) -> Result<Captured, Error> {
        let file = &self.files[usize::from(item.file)];
        let mut places = vec![item.place];
        if item.known.is_some() && item.place.part == 0 {
            // The log may have been put aside since.
            places.push(Place { part: 1, ..item.place });
        }
        for place in places {
            if let Some(captured) = file.read(place, line)?
                && item.known.is_none_or(|known| known == captured.hash)
            {
                return Ok(captured);
            }
        }
        let path = file.path().display();
        Err(Error::Unresumable { reason: format!("a delivery is not in `{path}` any more, which has changed since") })
    }
}

/// What is to be as it was when a delivery was captured.
#[derive(Clone, Copy)]
struct Kept {
    signature: bool,
    pace: bool,
}

/// A delivery that was chosen: where its record is, and when it came first.
#[derive(Clone, Copy)]
struct Chosen {
    file: u16,
    place: Place,
    first: Option<Timestamp>,
}

/// Deliveries on their way into a selection.
struct Choosing {
    log: Result<PathBuf, Error>,
    filter: Filter,
    kept: Kept,
    files: Vec<Source>,
    /// Which of the files is the log.
    log_file: Option<u16>,
    found: Vec<Chosen>,
    notices: Vec<Notice>,
    passing: bool,
}

impl Choosing {
    /// The log, opened when it is needed first.
    fn log(&mut self) -> Result<u16, Error> {
        if let Some(file) = self.log_file {
            return Ok(file);
        }
        let path = match &mut self.log {
            Ok(path) => path.clone(),
            Err(error) => return Err(std::mem::replace(error, Error::NothingToReplay)),
        };
        let nothing = || Error::NothingLogged { path: path.display().to_string(), filtered: false };
        let logged = Logged::open(&path)?.ok_or_else(nothing)?;
        let file = self.add(Source::Lines(logged));
        self.log_file = Some(file);
        Ok(file)
    }

    fn add(&mut self, file: Source) -> u16 {
        self.files.push(file);
        u16::try_from(self.files.len() - 1).expect("a command line holds fewer files")
    }

    /// The deliveries of the log, each once, or so many of the newest.
    fn newest(&mut self, last: Option<usize>) -> Result<(), Error> {
        let file = self.log()?;
        let most = last.unwrap_or(usize::MAX);
        let mut each = Each::new(self.kept, most);
        let filter = &self.filter;
        // What a delivery was at first stands further up in the log.
        let to_the_end = self.kept.pace || self.kept.signature;
        let notices = self.lines(file).walk(None, |recorded, place| {
            each.see(recorded, place, filter);
            if each.found.len() < most || to_the_end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        self.notices.extend(notices);
        self.found.extend(each.in_order(file));
        Ok(())
    }

    /// The delivery of an id, or of the beginning of one.
    fn id(&mut self, id: &str) -> Result<(), Error> {
        let file = self.log()?;
        let logged = self.lines(file);
        let (_, places) = logged.find_typed(id)?;
        let mut each = Each::new(self.kept, usize::MAX);
        let mut line = Vec::new();
        for place in places {
            logged.reader().read(place, &mut line).map_err(|reason| logged.unreadable(reason))?;
            if let Ok(recorded) = record::read(&line) {
                each.see(&recorded, place, &self.filter);
            }
        }
        // Other payloads under the same id are older deliveries.
        self.found.extend(each.in_order(file).last());
        Ok(())
    }

    /// All deliveries of a file.
    fn file(&mut self, path: &Path, preparer: &mut Preparer<'_>) -> Result<(), Error> {
        let source = Source::open(path, preparer)?;
        self.all_of(source, preparer)
    }

    /// All deliveries that come in on stdin.
    fn stdin(&mut self, stdin: impl Read, preparer: &mut Preparer<'_>) -> Result<(), Error> {
        let source = Source::stream(stdin, preparer)?;
        self.passing = true;
        self.all_of(source, preparer)
    }

    fn all_of(&mut self, source: Source, preparer: &mut Preparer<'_>) -> Result<(), Error> {
        let places = source.places(&self.filter, preparer)?;
        let file = self.add(source);
        self.found.extend(places.into_iter().map(|place| Chosen { file, place, first: None }));
        Ok(())
    }

    /// The log, which consists of lines.
    fn lines(&self, file: u16) -> &Logged {
        match &self.files[usize::from(file)] {
            Source::Lines(lines) => lines,
            Source::Streamed(_) | Source::Held { .. } => unreachable!("a log is read as lines"),
        }
    }
}

/// The deliveries of a log that is read from its end, each once: attempts at one have its id and its payload, and what a
/// listener received is what was sent to it.
struct Each {
    kept: Kept,
    /// How many are wanted.
    most: usize,
    found: Vec<Found>,
    known: HashMap<u64, Option<usize>>,
    seen: usize,
}

struct Found {
    /// How many records stand behind its first.
    seen: usize,
    place: Place,
    has_url: bool,
    first: Option<Timestamp>,
    /// The request, as it would be known where it came in.
    there: u64,
}

impl Each {
    fn new(kept: Kept, most: usize) -> Self {
        Self { kept, most, found: Vec::new(), known: HashMap::new(), seen: 0 }
    }

    fn see(&mut self, recorded: &Recorded<'_>, place: Place, filter: &Filter) {
        self.seen += 1;
        let has_url = recorded.url.is_some();
        let Keys { own, here, there } = Keys::new(recorded, place);
        let found = Found { seen: self.seen, place, has_url, first: recorded.at, there };
        let known = self.known.get(&own).or_else(|| self.known.get(&there)).copied();
        if known.is_none() && self.found.len() == self.most {
            // The same ones are meant, however far up is looked.
            return;
        }
        let received = recorded.direction == Direction::Received;
        if filter.invalid && known.is_none() && !received {
            // Only who received it says whether it was genuine.
            return;
        }
        // The newest record says what has become of it.
        let index = known.unwrap_or_else(|| filter.admits(recorded).then_some(self.found.len()));
        self.known.entry(own).or_insert(index);
        self.known.entry(here).or_insert(index);
        match (known, index) {
            (None, Some(_)) => self.found.push(found),
            (Some(_), Some(index)) => {
                let newer = &mut self.found[index];
                newer.seen = self.seen;
                newer.first = recorded.at.or(newer.first);
                let same = newer.there == here;
                let replaces = if has_url {
                    // Only what was sent says where to.
                    !newer.has_url && (same || !self.kept.signature)
                } else {
                    // What was captured is what came in, and not what was made of it since.
                    newer.has_url && !same && received && self.kept.signature
                };
                if replaces {
                    *newer = found;
                }
            }
            (_, None) => {}
        }
    }

    /// What was found, the oldest first.
    fn in_order(mut self, file: u16) -> impl Iterator<Item = Chosen> {
        self.found.sort_by_key(|found| std::cmp::Reverse(found.seen));
        self.found.into_iter().map(move |Found { place, first, .. }| Chosen { file, place, first })
    }
}

/// What records have in common.
struct Keys {
    /// Those of attempts at one delivery.
    own: u64,
    /// Those of one request at this end of its connection.
    here: u64,
    /// The same at the other end.
    there: u64,
}

impl Keys {
    fn new(recorded: &Recorded<'_>, place: Place) -> Self {
        let delivery = &recorded.delivery;
        let body = hash(delivery.request.body());
        let own = if delivery.id.is_empty() {
            hash(format!("{place:?}").as_bytes())
        } else {
            let scheme = delivery.scheme.as_deref().unwrap_or_default();
            hash(&[scheme.as_bytes(), b"\0", delivery.id.as_bytes(), b"\0", &body.to_le_bytes()].concat())
        };
        // All but what the connection adds is the same at both ends.
        let added = [HOST, ACCEPT, CONTENT_LENGTH];
        let mut request = body.to_le_bytes().to_vec();
        for (name, value) in delivery.request.headers().iter().filter(|(name, _)| !added.contains(name)) {
            request.extend_from_slice(&[name.as_str().as_bytes(), b":", value.as_bytes(), b"\n"].concat());
        }
        let (sent, received) = (hash(&[&request[..], b"sent"].concat()), hash(&[&request[..], b"received"].concat()));
        match recorded.direction {
            Direction::Sent => Self { own, here: sent, there: received },
            Direction::Received => Self { own, here: received, there: sent },
        }
    }
}
