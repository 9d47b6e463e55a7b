//! Runs `wh` as a shell would, in a world that holds nothing but what the test puts there.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

/// How long a run may take: far longer than any does, so that one which hangs fails its test and no more.
const PATIENCE: Duration = Duration::from_secs(20);

/// A run of the program to be: its arguments, its environment, its files and what it reads.
///
/// Its directory is new and empty but for [`file`](Wh::file)s, and its environment is empty but for [`env`](Wh::env)s.
#[must_use = "nothing is run before `run`"]
pub(crate) struct Wh {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    output: Option<Stdio>,
    interruption: Option<Box<dyn FnOnce() + Send>>,
    folder: TempDir,
    elsewhere: Option<PathBuf>,
}

impl Wh {
    /// The program without arguments.
    pub(crate) fn new() -> Self {
        Self::of(env!("CARGO_BIN_EXE_wh"))
    }

    /// Another program in the same empty world; it is looked for where the test's own programs are.
    pub(crate) fn other(program: &str) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::of(program).env("PATH", path)
    }

    fn of(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            input: Vec::new(),
            output: None,
            interruption: None,
            folder: tempfile::tempdir().expect("a directory of its own"),
            elsewhere: None,
        }
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Adds one argument.
    pub(crate) fn arg(self, argument: impl AsRef<OsStr>) -> Self {
        self.args([argument])
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// What the standard input holds; nothing unless this is said.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Sends the standard output elsewhere.
    pub(crate) fn stdout(mut self, output: impl Into<Stdio>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// Presses Ctrl-C as soon as this returns, which waits for the moment.
    pub(crate) fn interrupt_after(mut self, moment: impl FnOnce() + Send + 'static) -> Self {
        self.interruption = Some(Box::new(moment));
        self
    }

    /// Puts a file into the directory in which the program runs.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a file stands in a folder")).expect("a folder for a file");
        fs::write(path, bytes).expect("a file in a directory of its own");
        self
    }

    /// Runs it in a directory that stays when it is done.
    pub(crate) fn inside(mut self, folder: &Path) -> Self {
        self.elsewhere = Some(folder.to_owned());
        self
    }

    /// The directory in which the program runs.
    pub(crate) fn folder(&self) -> &Path {
        self.elsewhere.as_deref().unwrap_or(self.folder.path())
    }

    /// Puts arguments before those that are there.
    pub(crate) fn front(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.splice(0..0, arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Starts it, without any input; it is for others to end it, and its directory goes with the second value.
    #[track_caller]
    pub(crate) fn spawn(mut self) -> (Child, TempDir) {
        let mut child = self.started();
        drop(child.stdin.take());
        (child, self.folder)
    }

    #[track_caller]
    fn started(&mut self) -> Child {
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder())
            .stdin(Stdio::piped())
            .stdout(self.output.take().unwrap_or_else(Stdio::piped))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be run: {error}", self.program.display()))
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(mut self) -> Output {
        let command = self.arguments.iter().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let begun = Instant::now();
        let mut child = self.started();

        let mut input = child.stdin.take().expect("piped");
        // Who does not read its input may end before it is written.
        thread::spawn(move || input.write_all(&self.input));
        if let Some(moment) = self.interruption {
            let pid = child.id().to_string();
            thread::spawn(move || {
                moment();
                Command::new("sh").args(["-c", "kill -INT \"$0\"", &pid]).status()
            });
        }
        let stdout = child.stdout.take().map(reading);
        let stderr = child.stderr.take().map(reading);
        let mut all = |pipe: Option<mpsc::Receiver<Vec<u8>>>| {
            let Some(pipe) = pipe else { return Vec::new() };
            let left = PATIENCE.saturating_sub(begun.elapsed());
            pipe.recv_timeout(left).unwrap_or_else(|_| hangs(&mut child, &command))
        };
        let (stdout, stderr) = (all(stdout), all(stderr));
        let exit = child.wait().expect("it was started, and not waited for yet").code();
        let output = Output {
            command,
            exit,
            stdout,
            stderr,
            elapsed: begun.elapsed(),
            said: Location::caller(),
            expected: Expected::default(),
        };
        output.check(exit.is_some() && exit != Some(101), "it crashes");
        output
    }
}

/// Reads a pipe to its end, and then sends what was in it.
fn reading(mut pipe: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if pipe.read_to_end(&mut bytes).is_ok() {
            // Nobody waits any more for a run that was given up.
            let _ = sender.send(bytes);
        }
    });
    receiver
}

#[track_caller]
fn hangs(child: &mut Child, command: &str) -> ! {
    // It may have ended by itself just now.
    let _ = child.kill();
    panic!("wh {command}: still running after {PATIENCE:?}")
}

/// What came of a run, to be held against what should have.
///
/// What a test does not mention is expected all the same when the output is dropped: an exit code of 0; nothing on
/// stderr but the notices about the test secret and the receiver inside; and nothing on stdout, unless the run did what it was asked to.
pub(crate) struct Output {
    command: String,
    exit: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    elapsed: Duration,
    said: &'static Location<'static>,
    expected: Expected,
}

/// What a test said something about.
#[derive(Default)]
struct Expected {
    exit: Cell<bool>,
    stdout: Cell<bool>,
    stderr: Cell<bool>,
}

impl Output {
    /// The exit code is this one.
    #[track_caller]
    pub(crate) fn exit(&self, code: i32) -> &Self {
        self.expected.exit.set(true);
        self.check(self.exit == Some(code), &format!("exit code {:?} where {code} is due", self.exit));
        self
    }

    /// The exit code; 0 stands for none.
    pub(crate) fn code(&self) -> i32 {
        self.exit.unwrap_or_default()
    }

    /// The exit code may be any: the test is about what is written.
    pub(crate) fn any_exit(&self) {
        self.expected.exit.set(true);
    }

    /// The standard error may hold anything: the test is about something else.
    pub(crate) fn stderr_any(&self) -> &Self {
        self.expected.stderr.set(true);
        self
    }

    /// The standard output may hold anything: the test is about something else.
    pub(crate) fn any_stdout(&self) {
        self.expected.stdout.set(true);
    }

    /// The standard output, exactly.
    pub(crate) fn stdout(&self) -> &[u8] {
        self.expected.stdout.set(true);
        &self.stdout
    }

    /// The standard output as text.
    #[track_caller]
    pub(crate) fn stdout_text(&self) -> &str {
        str::from_utf8(self.stdout()).expect("stdout is UTF-8")
    }

    /// The standard error as text.
    #[track_caller]
    pub(crate) fn stderr_text(&self) -> &str {
        self.expected.stderr.set(true);
        str::from_utf8(&self.stderr).expect("stderr is UTF-8")
    }

    /// All that was written, to whichever stream.
    pub(crate) fn everything(&self) -> Vec<u8> {
        self.expected.stdout.set(true);
        self.expected.stderr.set(true);
        [self.stdout.as_slice(), &self.stderr].concat()
    }

    /// The standard output holds this text.
    #[track_caller]
    pub(crate) fn stdout_contains(&self, text: &str) -> &Self {
        self.check(self.stdout_text().contains(text), &format!("no `{text}` on stdout"));
        self
    }

    /// The standard error holds this text.
    #[track_caller]
    pub(crate) fn stderr_contains(&self, text: &str) -> &Self {
        self.check(self.stderr_text().contains(text), &format!("no `{text}` on stderr"));
        self
    }

    /// The one hint on stderr, which holds this text.
    #[track_caller]
    pub(crate) fn hint_contains(&self, text: &str) -> &Self {
        let hints: Vec<&str> = self.stderr_text().lines().filter(|line| line.starts_with("hint: ")).collect();
        let is_told = matches!(hints.as_slice(), [hint] if hint.contains(text));
        self.check(is_told, &format!("no `{text}` in the one hint"));
        self
    }

    /// Nothing was written, to either stream.
    #[track_caller]
    pub(crate) fn silent(&self) -> &Self {
        self.check(self.everything().is_empty(), "something is written where nothing should be");
        self
    }

    /// It took less time than this.
    #[track_caller]
    pub(crate) fn within(&self, limit: Duration) -> &Self {
        self.check(self.elapsed < limit, &format!("it took {:?}", self.elapsed));
        self
    }

    /// The lines of the standard output, each of which is a JSON object with a `type`, and nothing else.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let text = self.stdout_text();
        self.check(text.is_empty() || text.ends_with('\n'), "the last line is not ended");
        let object = |line: &str| {
            let value: Option<Value> = serde_json::from_str(line).ok();
            value.filter(|value| value["type"].is_string())
        };
        let lines: Option<Vec<Value>> = text.lines().map(object).collect();
        self.check(lines.is_some(), "a line on stdout is no JSON object with a `type`");
        lines.unwrap_or_default()
    }

    /// The JSON objects of one type.
    #[track_caller]
    pub(crate) fn json_all(&self, kind: &str) -> Vec<Value> {
        self.json_lines().into_iter().filter(|value| value["type"] == kind).collect()
    }

    /// The one JSON object of this type.
    #[track_caller]
    pub(crate) fn json(&self, kind: &str) -> Value {
        let mut found = self.json_all(kind);
        self.check(found.len() == 1, &format!("{} objects of type `{kind}` where one is due", found.len()));
        found.swap_remove(0)
    }

    #[track_caller]
    fn check(&self, good: bool, complaint: &str) {
        assert!(
            good || thread::panicking(),
            "wh {}\n  run at {}: {complaint}\nexit code: {:?}\nstdout:\n{}\nstderr:\n{}",
            self.command,
            self.said,
            self.exit,
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr),
        );
    }
}

/// Words of the notes that a run may always have: about the test secret, the receiver inside, and what was typed.
const NOTES: [&str; 3] = ["test secret", "no --to", ", from --"];

impl Drop for Output {
    fn drop(&mut self) {
        let Expected { exit, stdout, stderr } = &self.expected;
        self.check(exit.get() || self.exit == Some(0), "an exit code that nobody expected");
        let errors = String::from_utf8_lossy(&self.stderr);
        let usual = |line: &&str| line.starts_with("note: ") && NOTES.iter().any(|words| line.contains(words));
        let unasked = errors.lines().filter(|line| !usual(line));
        self.check(stderr.get() || unasked.count() == 0, "words on stderr that nobody expected");
        let tried = matches!(self.exit, Some(0 | 1));
        self.check(stdout.get() || tried || self.stdout.is_empty(), "words on stdout that nobody expected");
    }
}

/// The path of a file of this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A file of this repository is what it would be if it were made anew. With `BLESS=1` it is made anew.
#[track_caller]
pub(crate) fn assert_current(path: &str, text: &str) {
    let file = repository(path);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder of the repository");
        fs::write(&file, text).expect("a file of the repository");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differing = committed.lines().zip(text.lines()).position(|(old, new)| old != new);
    let line = differing.unwrap_or(committed.lines().count().min(text.lines().count()));
    assert!(
        committed == text,
        "{path} is not current from line {}: look at what `BLESS=1 cargo test` makes of it, and commit that\n{}\n{}",
        line + 1,
        committed.lines().nth(line).unwrap_or_default(),
        text.lines().nth(line).unwrap_or_default(),
    );
}

#[test]
#[should_panic(expected = "an exit code that nobody expected")]
fn a_failure_that_a_test_does_not_mention_fails_it() {
    Wh::new().arg("nothing").run().stderr_contains("nothing");
}

#[test]
#[should_panic(expected = "words on stderr that nobody expected")]
fn words_on_stderr_that_a_test_does_not_mention_fail_it() {
    Wh::new().arg("nothing").run().exit(2);
}

#[test]
#[should_panic(expected = "words on stdout that nobody expected")]
fn an_error_on_stdout_that_a_test_does_not_mention_fails_it() {
    Wh::new().args(["nothing", "--json"]).run().exit(2);
}
