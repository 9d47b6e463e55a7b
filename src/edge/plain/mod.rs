//! Plain HTTP/1.1 to one target: a connection for each delivery, or, where there are many, connections that are kept.

mod bell;
mod content;
mod line;

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, HOST};
use http::{Extensions, HeaderMap, HeaderValue, Request, Uri};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

pub(super) use self::content::Content;
use self::line::Line;
use super::client::ClientOptions;
use super::incoming::Incoming;
use super::spelling::spelled;
use crate::webhook::delivery::Delivery;
use crate::webhook::probe::material::Wire;
use crate::webhook::provider::title_case;

/// What sends deliveries to one target over plain HTTP.
#[derive(Debug)]
pub(super) struct Plain {
    addresses: Vec<SocketAddr>,
    /// The target's host and port, as the `Host` header has them.
    host: HeaderValue,
    /// How long an attempt may take.
    timeout: Duration,
    /// How much of an answer's body is kept, in bytes.
    kept: usize,
    lower_case: bool,
    /// What tells hyper how names of headers are spelled.
    spelling: Extensions,
    /// The connections that are open and idle; nothing where none is to be kept.
    idle: Option<Mutex<Vec<Line>>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Break {
    /// No connection.
    Connect(io::Error),
    /// The connection broke off, or what came is no HTTP.
    Exchange(hyper::Error),
    /// The time was over.
    TimedOut,
}

impl From<hyper::Error> for Break {
    fn from(error: hyper::Error) -> Self {
        Self::Exchange(error)
    }
}

impl Plain {
    /// Sends to a target at these addresses, of which the first that takes a connection serves.
    pub(super) async fn new(addresses: Vec<SocketAddr>, target: &Uri, options: &ClientOptions) -> Self {
        let host = target.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = host.expect("the authority of a target is there, and visible ASCII");
        let idle = options.reuse.then(Mutex::default);
        // What is spelled as people do anyway is written faster without being told.
        let usual = options.lower_case || options.spelling.iter().all(|name| *name == title_case(&name.to_lowercase()));
        let spelling = if usual { Extensions::new() } else { spelled(&options.spelling).await };
        let (timeout, kept, lower_case) = (options.timeout, options.kept, options.lower_case);
        Self { addresses, host, timeout, kept, lower_case, spelling, idle }
    }

    /// Sends a delivery and reads what is answered. The time for that begins at `started`; when it is over, `incoming` has
    /// what had come by then.
    ///
    /// A kept connection may be closed by the other side just as the delivery goes out on it. Where the system says so, the
    /// delivery goes out again on a new one. One that was read and not answered does not (RFC 9110, section 9.2.2).
    pub(super) async fn exchange(
        &self,
        delivery: &Delivery,
        wire: Wire,
        started: Instant,
        incoming: &mut Incoming,
    ) -> Result<(), Break> {
        let deadline = started + self.timeout;
        while let Some(mut line) = self.idle() {
            if !line.is_ready() {
                continue;
            }
            let response = line.send(self.request(incoming.memory(), delivery, wire));
            match line.answer(response, self.kept, deadline, incoming).await {
                Err(Break::Exchange(error)) if !line.has_heard() && was_not_read(&error) => break,
                Err(error) => return Err(error),
                Ok(()) => {
                    self.keep(line, incoming);
                    return Ok(());
                }
            }
        }
        let connecting = timeout_at(deadline, self.connect(deadline)).await;
        let mut line = connecting.unwrap_or(Err(Break::TimedOut))?;
        let response = line.send(self.request(incoming.memory(), delivery, wire));
        line.answer(response, self.kept, deadline, incoming).await?;
        self.keep(line, incoming);
        Ok(())
    }

    fn idle(&self) -> Option<Line> {
        self.idle.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, line: Line, incoming: &Incoming) {
        // What is left of a body that was not read to its end stands before the next answer.
        if let Some(idle) = self.idle.as_ref().filter(|_| incoming.is_whole() && line.is_open()) {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<Line, Break> {
        let stream = TcpStream::connect(self.addresses.as_slice()).await.map_err(Break::Connect)?;
        // A delivery goes out at once: waiting to fill a packet would only add to what it seems to take.
        stream.set_nodelay(true).map_err(Break::Connect)?;
        Line::new(stream, !self.lower_case, deadline).await
    }

    /// The request as it goes over the wire: a path instead of a URL, and the headers that every request has.
    fn request(&self, mut headers: HeaderMap, delivery: &Delivery, wire: Wire) -> Request<Content> {
        let mut request = Request::new(Content::new(delivery, wire));
        *request.method_mut() = delivery.request.method().clone();
        let given = delivery.request.headers();
        // With room for those that the connection adds, one of them by hyper: a copy that grows is made twice.
        headers.reserve(given.len() + 3);
        for (name, value) in given {
            headers.append(name, value.clone());
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(HOST).or_insert_with(|| self.host.clone());
        *request.headers_mut() = headers;
        request.extensions_mut().clone_from(&self.spelling);
        let path = delivery.request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        request
    }
}

/// Whether the other side was gone before a request could be read: the connection had ended before it took the request,
/// or what was sent came back as something that nobody takes any more. Only one that resets connections on purpose may have
/// read it all the same.
fn was_not_read(error: &hyper::Error) -> bool {
    let reason = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let unread = [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
    error.is_canceled() || reason.is_some_and(|reason| unread.contains(&reason.kind()))
}
