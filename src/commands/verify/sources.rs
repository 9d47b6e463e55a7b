//! What there is to be verified: files, the standard input, and deliveries of the log.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::VerifyArgs;
use crate::commands::logged::{Logged, is_there};
use crate::context::Context;
use crate::edge::log::reading::Place;
use crate::error::Error;

/// Something that holds deliveries.
pub(super) enum Source {
    /// The standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// What the log has under an id, or its newest record for `last`.
    Logged(String),
}

/// What is to be read.
pub(super) fn sources(args: &VerifyArgs, context: &Context) -> Result<Vec<Source>, Error> {
    if args.files.is_empty() {
        if context.terminals.input {
            return Err(Error::usage(
                "there is nothing to verify",
                "name a FILE, such as the log of `wh listen`, or pipe one in",
            ));
        }
        return Ok(vec![Source::Stdin]);
    }
    let sources: Vec<Source> = args.files.iter().map(|path| source(path)).collect();
    let secrets = args.secret.secret_file.iter().filter(|path| path.as_os_str() == "-").count();
    if sources.iter().filter(|source| matches!(source, Source::Stdin)).count() + secrets > 1 {
        return Err(Error::usage("stdin can be read once only", "name it once, as a FILE or with --secret-file"));
    }
    Ok(sources)
}

fn source(path: &Path) -> Source {
    match path.to_str() {
        Some("-") => Source::Stdin,
        Some(id) if !is_there(path) => Source::Logged(id.to_owned()),
        Some(_) | None => Source::File(path.to_owned()),
    }
}

/// Opens a file to be read from its beginning.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(file))
}

/// The log, and where in it the records are that are meant by an id or `last`, in their order.
pub(super) fn find(what: &str, context: &Context) -> Result<(Logged, Vec<Place>), Error> {
    let last = what == "last";
    let path = match Logged::path(None, context) {
        Ok(path) => path,
        Err(error) => return Err(if last { error } else { missing(what) }),
    };
    let Some(log) = Logged::open(&path)? else {
        let path = path.display().to_string();
        return Err(if last { Error::NothingLogged { path, filtered: false } } else { missing(what) });
    };
    let places = if last {
        vec![log.last()?.ok_or_else(|| Error::NothingLogged { path: path.display().to_string(), filtered: false })?]
    } else {
        let mut places = log.find_typed(what)?.1;
        places.reverse();
        places
    };
    Ok((log, places))
}

/// The error that there is no such file.
fn missing(what: &str) -> Error {
    Error::file(Path::new(what), io::ErrorKind::NotFound.into())
}
