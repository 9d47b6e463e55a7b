//! Plain HTTP/1.1 to one target: a connection for each delivery, or, where there are many, connections that are kept.
//!
//! A connection has no task of its own. Whoever sends on it drives it, so that nothing is handed from one task to
//! another on the way of a delivery: that is what makes many of them cheap.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::{Extensions, HeaderValue, Request, Uri};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::client::ClientOptions;
use super::incoming::Incoming;
use super::spelling::spelled;
use super::watched::{Watch, Watched};
use crate::webhook::attempt::{Answer, Incomplete};
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

/// What does the work of a connection, when it is polled.
type Driven = Connection<TokioIo<Watched<Heard>>, Content>;

/// A connection.
#[derive(Debug)]
struct Line {
    sender: SendRequest<Content>,
    /// It is large, and goes from hand to hand; nothing once it has ended.
    connection: Option<Box<Driven>>,
    /// Whether anything has come from the other side since this was last reset.
    heard: Heard,
    deadline: Deadline,
}

/// When an attempt is given up.
///
/// Its timer goes on from one attempt to the next and is set anew when it rings too early: setting it for each attempt
/// would cost more than looking at it.
#[derive(Debug)]
struct Deadline {
    timer: Pin<Box<Sleep>>,
    at: Instant,
}

/// A mark that is set whenever something comes from the other side, and that others take back.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<AtomicBool>);

impl Watch for Heard {
    fn heard(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How much of a body is handed over at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// A request's body: whole, or in chunks that do not say how many of them there are.
pub(super) struct Content {
    left: Bytes,
    chunked: bool,
}

impl Content {
    pub(super) fn new(delivery: &Delivery, wire: Wire) -> Self {
        Self { left: delivery.request.body().clone(), chunked: wire == Wire::Chunked }
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        // Two at least, for what takes the first for the whole.
        let half = self.left.len().div_ceil(2).max(16).min(self.left.len());
        let length = if self.chunked { half } else { self.left.len().min(PIECE) };
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && !self.chunked
    }

    fn size_hint(&self) -> SizeHint {
        if self.chunked { SizeHint::default() } else { SizeHint::with_exact(self.left.len() as u64) }
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
    /// A kept connection may be closed by the other side just as the delivery goes out on it. When nothing at all was
    /// answered, the delivery goes out again on a new one.
    pub(super) async fn exchange(
        &self,
        delivery: &Delivery,
        wire: Wire,
        started: Instant,
        incoming: &Incoming,
    ) -> Result<Answer, Break> {
        let deadline = started + self.timeout;
        while let Some(mut line) = self.idle() {
            if !line.is_ready().await {
                continue;
            }
            match line.exchange(self.request(delivery, wire), self.kept, deadline, incoming).await {
                Err(Break::Exchange(_)) if !line.heard.0.load(Ordering::Relaxed) => break,
                Err(error) => return Err(error),
                Ok(answer) => {
                    self.keep(line, &answer);
                    return Ok(answer);
                }
            }
        }
        let connecting = timeout_at(deadline, self.connect(deadline)).await;
        let mut line = connecting.unwrap_or(Err(Break::TimedOut))?;
        let answer = line.exchange(self.request(delivery, wire), self.kept, deadline, incoming).await?;
        self.keep(line, &answer);
        Ok(answer)
    }

    fn idle(&self) -> Option<Line> {
        self.idle.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, line: Line, answer: &Answer) {
        // What is left of a body that was not read to its end stands before the next answer.
        if let Some(idle) =
            self.idle.as_ref().filter(|_| !answer.truncated && answer.incomplete.is_none() && !line.sender.is_closed())
        {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<Line, Break> {
        let stream = TcpStream::connect(self.addresses.as_slice()).await.map_err(Break::Connect)?;
        // A delivery goes out at once: waiting to fill a packet would only add to what it seems to take.
        stream.set_nodelay(true).map_err(Break::Connect)?;
        let heard = Heard::default();
        let stream = TokioIo::new(Watched::new(stream, heard.clone()));
        // Head and body go out as one buffer: of two, the system would have to be told in a list each time.
        let handshake = http1::Builder::new().title_case_headers(!self.lower_case).writev(false).handshake(stream);
        let (sender, connection) = handshake.await?;
        let deadline = Deadline { timer: Box::pin(sleep_until(deadline)), at: deadline };
        Ok(Line { sender, connection: Some(Box::new(connection)), heard, deadline })
    }

    /// The request as it goes over the wire: a path instead of a URL, and the headers that every request has.
    fn request(&self, delivery: &Delivery, wire: Wire) -> Request<Content> {
        let mut request = Request::new(Content::new(delivery, wire));
        *request.method_mut() = delivery.request.method().clone();
        let mut headers = delivery.request.headers().clone();
        // For those that the connection adds, one of them by hyper.
        headers.reserve(3);
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(HOST).or_insert_with(|| self.host.clone());
        *request.headers_mut() = headers;
        request.extensions_mut().clone_from(&self.spelling);
        let path = delivery.request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        request
    }
}

impl Line {
    /// Whether the connection is still open, as far as is known here.
    async fn is_ready(&mut self) -> bool {
        // Whether it was closed just now, sending finds out.
        if self.sender.is_ready() {
            return true;
        }
        poll_fn(|context| {
            drive(&mut self.connection, context);
            let open = self.connection.is_some();
            Poll::Ready(open && matches!(self.sender.poll_ready(context), Poll::Ready(Ok(()))))
        })
        .await
    }

    /// Sends a request and reads its answer, of which it keeps that much of the body.
    async fn exchange(
        &mut self,
        request: Request<Content>,
        kept: usize,
        until: Instant,
        incoming: &Incoming,
    ) -> Result<Answer, Break> {
        let Self { sender, connection, heard, deadline } = self;
        heard.0.store(false, Ordering::Relaxed);
        deadline.at = until;
        let mut answer = pin!(answer(sender, request, kept, incoming));
        let mut begun = false;
        poll_fn(|context| {
            if !begun && let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(Ok(answer?));
            }
            begun = true;
            drive(connection, context);
            match answer.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Ok(answer?)),
                Poll::Pending => deadline.poll(context).map(|()| Err(Break::TimedOut)),
            }
        })
        .await
    }
}

impl Deadline {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            if self.timer.deadline() >= self.at {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.at);
        }
    }
}

/// Lets a connection do what it can. One that has ended is dropped, which tells whoever still waits for its answer: a
/// request that it never took would wait for ever.
fn drive(connection: &mut Option<Box<Driven>>, context: &mut Context<'_>) {
    let ended = connection.as_mut().is_some_and(|connection| Pin::new(connection.as_mut()).poll(context).is_ready());
    if ended {
        *connection = None;
    }
}

async fn answer(
    sender: &mut SendRequest<Content>,
    request: Request<Content>,
    kept: usize,
    incoming: &Incoming,
) -> Result<Answer, hyper::Error> {
    let response = sender.send_request(request).await?;
    let (head, mut body) = response.into_parts();
    incoming.head(head.status, head.headers);
    let mut incomplete = None;
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(piece)) if incoming.piece(&piece, kept) => {}
            Ok(Ok(_)) => break,
            // Trailers, which nobody asked for.
            Ok(Err(_)) => {}
            // An answer whose body breaks off is an answer all the same: its status was sent.
            Err(_) => {
                incomplete = Some(Incomplete::BrokenOff);
                break;
            }
        }
    }
    Ok(incoming.answer(incomplete).expect("its head has come"))
}
