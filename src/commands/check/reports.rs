//! Reports in files, as CI systems read them. Each file is opened before anything is sent, so that what cannot be
//! written is told at once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::commands::arguments::Mistake;
use crate::context::Context;
use crate::error::Error;
use crate::report::checkup;
use crate::webhook::nearest::nearest;
use crate::webhook::probe::examination::Examination;

/// A report that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportArg {
    form: Form,
    path: Option<PathBuf>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Junit,
    Tap,
    Json,
    Markdown,
    Github,
}

const FORMS: [(&str, Form); 5] = [
    ("junit", Form::Junit),
    ("tap", Form::Tap),
    ("json", Form::Json),
    ("markdown", Form::Markdown),
    ("github", Form::Github),
];

const FORM: &str = "write --report junit=FILE, tap=FILE, json=FILE, markdown=FILE or github";

/// Reads `junit=FILE`, or `github`, which needs no file.
pub(super) fn report(text: &str) -> Result<ReportArg, Mistake> {
    let mistake = |message: String| Mistake { message, hint: FORM };
    let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
    let Some((_, form)) = FORMS.into_iter().find(|(known, _)| *known == name) else {
        let near = nearest(name, FORMS.map(|(name, _)| name)).map(|near| format!("; did you mean `{near}`?"));
        return Err(mistake(format!("there is no report `{name}`{}", near.unwrap_or_default())));
    };
    match (form, path) {
        (Form::Github, Some(_)) => Err(mistake("the report `github` goes to the job, not to a file".to_owned())),
        (Form::Github, None) => Ok(ReportArg { form, path: None }),
        (_, None | Some("")) => Err(mistake(format!("the report `{name}` names no file"))),
        (_, Some("-")) => Err(Mistake {
            message: "the standard output has the answer, so no report goes there".to_owned(),
            hint: "name a file; --json puts the checks on the standard output",
        }),
        (_, Some(path)) => Ok(ReportArg { form, path: Some(PathBuf::from(path)) }),
    }
}

/// Where a report goes.
enum Sink {
    /// To the standard output, behind what stands there and before what comes.
    Output(File),
    /// Anywhere else, in place of what stands there.
    Elsewhere(File),
}

impl Sink {
    fn write(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Output(mut file) => file.write_all(bytes),
            Self::Elsewhere(mut file) => {
                // A pipe or a terminal holds nothing that could be cut off.
                if file.metadata()?.is_file() {
                    file.set_len(0)?;
                }
                file.write_all(bytes)
            }
        }
    }
}

/// The reports of a run.
pub(super) struct Reports {
    files: Vec<(Form, PathBuf, Sink)>,
    /// Whether annotations were asked for.
    pub(super) annotations: bool,
    summary: Option<(PathBuf, File)>,
}

impl Reports {
    /// Opens the files, and the summary page of the job where there is one.
    pub(super) fn open(wanted: &[ReportArg], context: &Context) -> Result<Self, Error> {
        let mut files: Vec<(Form, PathBuf, Sink)> = Vec::new();
        for ReportArg { form, path } in wanted {
            let Some(path) = path else { continue };
            let opened =
                own_output(path).map_or_else(|| open(path).map(Sink::Elsewhere), |file| Ok(Sink::Output(file)));
            let file = opened.map_err(|reason| unwritable(path, reason))?;
            if let Some((_, other, _)) = files.iter().find(|(_, other, _)| is_same_file(other, path)) {
                let message = format!("two reports go to `{}`, where one would replace the other", other.display());
                return Err(Error::usage(message, "give each a file of its own"));
            }
            files.push((*form, path.clone(), file));
        }
        let annotations = wanted.iter().any(|report| report.form == Form::Github);
        let page = context.variable("GITHUB_STEP_SUMMARY").filter(|page| annotations && !page.is_empty());
        let summary = match page.map(PathBuf::from) {
            Some(path) => {
                let opened = OpenOptions::new().create(true).append(true).open(&path);
                let file = opened.map_err(|reason| unwritable(&path, reason))?;
                Some((path, file))
            }
            None => None,
        };
        Ok(Self { files, annotations, summary })
    }

    /// Writes them all; the error is that of the first that cannot be written.
    pub(super) fn write(self, examination: &Examination) -> Result<(), Error> {
        let mut all = Ok(());
        for (form, path, sink) in self.files {
            let written = render(form, examination).and_then(|bytes| sink.write(&bytes));
            all = all.and(written.map_err(|reason| unwritable(&path, reason)));
        }
        if let Some((path, mut file)) = self.summary {
            let text = checkup::markdown::write(examination);
            let written = file.write_all(text.as_bytes());
            all = all.and(written.map_err(|reason| unwritable(&path, reason)));
        }
        all
    }
}

/// How long to wait for somebody who reads a named pipe.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a file to write to. A named pipe can be opened only when somebody reads it, for whom this does not wait long.
fn open(path: &Path) -> io::Result<File> {
    // What was there before stays until there is something to put in its place.
    let open = |path: &Path| OpenOptions::new().create(true).write(true).truncate(false).open(path);
    if !is_pipe(path) {
        return open(path);
    }
    let (opened, wait) = mpsc::channel();
    let pipe = path.to_owned();
    // Nothing but a reader ends this thread's wait: it is left behind where none comes.
    thread::spawn(move || opened.send(open(&pipe)));
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("nobody reads it, for {} s", PATIENCE.as_secs()));
    wait.recv_timeout(PATIENCE).map_err(|_| late())?
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// The standard output, where a path leads to the file that it goes to, as /dev/stdout does: opened anew, that would be
/// written from its beginning, over the answer.
#[cfg(unix)]
fn own_output(path: &Path) -> Option<File> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let output = File::from(io::stdout().as_fd().try_clone_to_owned().ok()?);
    let (own, there) = (output.metadata().ok()?, path.metadata().ok()?);
    (own.is_file() && own.dev() == there.dev() && own.ino() == there.ino()).then_some(output)
}

#[cfg(not(unix))]
fn own_output(_: &Path) -> Option<File> {
    None
}

/// Whether two paths lead to one file whose text one would replace; a terminal or a pipe takes both, one by one.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok().filter(|path| path.is_file());
    real(one).is_some_and(|path| real(other) == Some(path))
}

fn render(form: Form, examination: &Examination) -> io::Result<Vec<u8>> {
    match form {
        Form::Junit => checkup::junit::write(examination),
        Form::Tap => Ok(checkup::tap::write(examination).into_bytes()),
        Form::Json => Ok(checkup::json::whole(examination).into_bytes()),
        Form::Markdown => Ok(checkup::markdown::write(examination).into_bytes()),
        Form::Github => Ok(checkup::github::write(examination).into_bytes()),
    }
}

fn unwritable(path: &Path, reason: io::Error) -> Error {
    Error::Report { path: path.display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_form_and_a_file() {
        let read = report("junit=out/report.xml").expect("a report");
        assert_eq!(read.path, Some(PathBuf::from("out/report.xml")));
        assert!(report("github").is_ok() && report("tap=a=b").is_ok());
        for text in ["", "junit", "junit=", "github=x", "junitt=x", "xml=x", "json=-", "tap=-"] {
            assert!(report(text).is_err(), "{text}");
        }
        assert!(report("junt=x").expect_err("a slip").message.contains("junit"));
    }
}
