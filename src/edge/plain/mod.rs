//! Plain HTTP/1.1 to one target: a connection for each delivery, or, where there are many, connections that are kept.
//!
//! The general client does the same and more. Here a delivery costs little, so that of many deliveries the receiver has
//! more to do than the program: the request is written into a buffer that stays with its connection, and goes out in
//! one piece.

mod answer;
mod line;
mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Uri};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use self::line::Line;
use self::request::Spelling;
use super::client::ClientOptions;
use crate::webhook::attempt::Answer;
use crate::webhook::delivery::Delivery;
use crate::webhook::probe::material::Wire;

/// What sends deliveries to one target over plain HTTP.
#[derive(Debug)]
pub(super) struct Plain {
    addresses: Vec<SocketAddr>,
    terms: Terms,
    /// The connections that are open and idle; nothing where none is to be kept.
    idle: Option<Mutex<Vec<Line>>>,
}

/// What is the same for all deliveries to a target.
#[derive(Debug)]
struct Terms {
    /// The target's host and port, as the `Host` header has them.
    host: HeaderValue,
    spelling: Spelling,
    /// How long an attempt may take.
    timeout: Duration,
    /// How much of an answer's body is kept, in bytes.
    kept: usize,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Break {
    /// No connection.
    Connect(io::Error),
    /// The connection broke off.
    Exchange(io::Error),
    /// The other side closed the connection.
    Closed,
    /// What came is no HTTP; why, as the end of a sentence.
    NoHttp(String),
    /// The time was over.
    TimedOut,
}

impl Plain {
    /// Sends to a target at these addresses, of which the first that takes a connection serves.
    pub(super) fn new(addresses: Vec<SocketAddr>, target: &Uri, options: &ClientOptions) -> Self {
        let host = target.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = host.expect("the authority of a target is there, and visible ASCII");
        let idle = options.reuse.then(Mutex::default);
        let spelling = Spelling::new(options.lower_case, &options.spelling);
        let terms = Terms { host, spelling, timeout: options.timeout, kept: options.kept };
        Self { addresses, terms, idle }
    }

    /// Sends a delivery and reads what is answered. The time for that begins at `started`.
    ///
    /// A kept connection may be closed by the other side just as the delivery goes out on it. When nothing at all was
    /// answered, the delivery goes out again on a new one.
    pub(super) async fn exchange(&self, delivery: &Delivery, wire: Wire, started: Instant) -> Result<Answer, Break> {
        let deadline = started + self.terms.timeout;
        while let Some(mut line) = self.idle() {
            if !line.is_open().await {
                continue;
            }
            match line.exchange(delivery, wire, &self.terms, deadline).await {
                Err(Break::Exchange(_) | Break::Closed) if !line.heard() => break,
                Err(error) => return Err(error),
                Ok(answer) => {
                    self.keep(line);
                    return Ok(answer);
                }
            }
        }
        let mut line = self.connect(deadline).await?;
        let answer = line.exchange(delivery, wire, &self.terms, deadline).await?;
        self.keep(line);
        Ok(answer)
    }

    fn idle(&self) -> Option<Line> {
        self.idle.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, line: Line) {
        if let Some(idle) = self.idle.as_ref().filter(|_| line.lasts()) {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<Line, Break> {
        let stream = timeout_at(deadline, TcpStream::connect(self.addresses.as_slice())).await;
        let stream = stream.map_err(|_| Break::TimedOut)?.map_err(Break::Connect)?;
        // A delivery goes out at once: waiting to fill a packet would only add to what it seems to take.
        stream.set_nodelay(true).map_err(Break::Connect)?;
        Ok(Line::new(stream, deadline))
    }
}
