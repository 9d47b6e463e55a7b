//! A `wh listen` that runs while a test talks to it, and the requests to say it with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

use super::Wh;
use super::samples::hmac_sha256_hex;

/// How long anything may take, far longer than it does.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener, which ends with its test.
pub(crate) struct Listener {
    child: Child,
    address: SocketAddr,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    seen: Vec<String>,
    folder: TempDir,
}

/// What was left when a listener had ended.
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) exit: Option<i32>,
    /// The lines of its standard output.
    pub(crate) stdout: Vec<String>,
    /// The lines of its standard error.
    pub(crate) stderr: Vec<String>,
}

impl Listener {
    /// One on a free port that speaks JSON and records in `log.jsonl` in its folder.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(Wh::new().args(["--json", "--log", "log.jsonl"]).args(arguments))
    }

    /// One on a free port that speaks to people and records nothing.
    pub(crate) fn human(arguments: &[&str]) -> Self {
        Self::of(Wh::new().arg("--no-log").args(arguments))
    }

    /// One on a free port, in the world of `wh`, with its further arguments.
    #[track_caller]
    pub(crate) fn of(wh: Wh) -> Self {
        Self::begun(wh.front(["listen", "--port", "0"]))
    }

    /// One on a free port, started by a shell behind other commands.
    #[track_caller]
    pub(crate) fn behind(commands: &str, arguments: &[&str]) -> Self {
        let script = format!("{commands} && exec \"$WH\" listen --port 0 \"$@\"");
        let shell = Wh::other("sh").args(["-c", &script, "sh"]).args(arguments);
        Self::begun(shell.env("WH", env!("CARGO_BIN_EXE_wh")))
    }

    #[track_caller]
    fn begun(wh: Wh) -> Self {
        let (mut child, folder) = wh.spawn();
        let stdout = lines(child.stdout.take().expect("piped"));
        let stderr = lines(child.stderr.take().expect("piped"));
        let Ok(first) = stdout.recv_timeout(PATIENCE) else {
            panic!("it does not say where it listens: {:?}", stderr.iter().collect::<Vec<_>>());
        };
        let port = first.split("localhost:").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        let port: String = port.unwrap_or_else(|| panic!("no port in {first}"));
        let address = (Ipv4Addr::LOCALHOST, port.parse().expect("a port")).into();
        Self { child, address, stdout, stderr, seen: vec![first], folder }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder in which it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The answer to a request.
    #[track_caller]
    pub(crate) fn send(&self, message: &Message) -> Reply {
        exchange(self.address, &message.bytes())
    }

    /// The answer to whatever these bytes are.
    #[track_caller]
    pub(crate) fn raw(&self, bytes: &[u8]) -> Reply {
        exchange(self.address, bytes)
    }

    /// The next line of its standard output that holds a text.
    #[track_caller]
    pub(crate) fn line(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.stdout.recv_timeout(PATIENCE) else {
                panic!("no line with {text}: {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The next JSON line of this type.
    #[track_caller]
    pub(crate) fn json(&mut self, kind: &str) -> Value {
        let line = self.line(&format!("{{\"type\":\"{kind}\""));
        serde_json::from_str(&line).expect("a JSON object a line")
    }

    /// The next line of its standard error that holds a text.
    #[track_caller]
    pub(crate) fn complaint(&self, text: &str) -> String {
        let mut others = Vec::new();
        loop {
            let Ok(line) = self.stderr.recv_timeout(PATIENCE) else { panic!("no complaint with {text}: {others:#?}") };
            if line.contains(text) {
                return line;
            }
            others.push(line);
        }
    }

    /// The records in its log.
    #[track_caller]
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("log.jsonl")).expect("the log");
        assert!(text.is_empty() || text.ends_with('\n'), "the last record is not whole");
        text.lines().map(|line| serde_json::from_str(line).expect("a record a line")).collect()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "no signal could be sent");
    }

    /// Presses Ctrl-C, and waits for its end.
    #[track_caller]
    pub(crate) fn stop(self) -> Ended {
        self.signal("INT");
        self.end()
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let mut stdout = std::mem::take(&mut self.seen);
        // A pipe ends with its last writer.
        stdout.extend(rest(&self.stdout));
        let stderr = rest(&self.stderr);
        let exit = self.child.wait().expect("it was started").code();
        Ended { exit, stdout, stderr }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The JSON objects of one type.
    #[track_caller]
    pub(crate) fn json_all(&self, kind: &str) -> Vec<Value> {
        let values = self.stdout.iter().map(|line| serde_json::from_str::<Value>(line).expect("a JSON object a line"));
        values.filter(|value| value["type"] == kind).collect()
    }

    /// The one JSON object of this type.
    #[track_caller]
    pub(crate) fn json(&self, kind: &str) -> Value {
        let mut found = self.json_all(kind);
        assert_eq!(found.len(), 1, "objects of type {kind} in {:#?}", self.stdout);
        found.swap_remove(0)
    }
}

fn lines(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            // Nobody waits any more for a listener that was dropped.
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    receiver
}

#[track_caller]
fn rest(lines: &Receiver<String>) -> Vec<String> {
    let mut rest = Vec::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => rest.push(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => return rest,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("still running after {PATIENCE:?}: {rest:#?}"),
        }
    }
}

/// A request, byte for byte.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    method: &'static str,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Message {
    /// A POST to `/`.
    pub(crate) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", target: b"/".to_vec(), headers: Vec::new(), body: body.into() }
    }

    /// One that We Playtest Games has signed just now with its test secret.
    pub(crate) fn wpg(body: impl Into<Vec<u8>>) -> Self {
        Self::wpg_at(body, now())
    }

    /// The same, signed at another time.
    pub(crate) fn wpg_at(body: impl Into<Vec<u8>>, at: u64) -> Self {
        Self::wpg_with(body, at, "whsec_wpg_test_secret_for_wh")
    }

    /// The same, with another secret.
    pub(crate) fn wpg_with(body: impl Into<Vec<u8>>, at: u64, secret: &str) -> Self {
        let message = Self::new(body);
        let signature = hmac_sha256_hex(secret, &[format!("{at}.").as_bytes(), &message.body]);
        message.header("X-WPG-Signature", signature).header("X-WPG-Timestamp", at.to_string())
    }

    /// The same with another method.
    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// The same with another target.
    pub(crate) fn target(mut self, target: impl Into<Vec<u8>>) -> Self {
        self.target = target.into();
        self
    }

    /// The same with a further header line.
    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with another value of a header that it has.
    #[track_caller]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        let header = self.headers.iter_mut().find(|(known, _)| known == name).expect("a header that it has");
        header.1 = value.into();
        self
    }

    /// The value of a header that it has.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> &[u8] {
        &self.headers.iter().find(|(known, _)| known == name).expect("a header that it has").1
    }

    /// The same with another body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes of the request; the connection ends behind it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend(&self.target);
        bytes.extend(b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(format!("Content-Length: {}\r\n\r\n", self.body.len()).bytes());
        bytes.extend(&self.body);
        bytes
    }
}

/// The time, as a Unix second.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs()
}

/// What came back on a connection, to its end.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status; 0 when there was no answer.
    pub(crate) status: u16,
    /// The status line and the header lines.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 4..]));
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head, body: body.to_vec() }
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Says this on a connection of its own, and hears what comes back until the other side ends it.
#[track_caller]
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(address);
    // Who refuses early may have closed before all is sent.
    let _ = stream.write_all(bytes);
    hear(stream)
}

/// The same, from a client that may find nobody, or lose who was there.
pub(crate) fn try_exchange(address: SocketAddr, bytes: &[u8]) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(bytes).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(Reply::read(&answer))
}

/// The same, from a client that ends its side at once.
#[track_caller]
pub(crate) fn exchange_half_closed(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut stream = connect(address);
    stream.write_all(bytes).expect("a request that is read");
    stream.shutdown(Shutdown::Write).expect("an open connection");
    hear(stream)
}

/// A connection that gives up when nothing comes for long.
#[track_caller]
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("somebody who listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// What comes on a connection until its other side ends it.
#[track_caller]
pub(crate) fn hear(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // What was not read when the other side closed comes back as this.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection is not ended: {error}"),
    }
    Reply::read(&bytes)
}
