//! Bound sockets in, whole requests out: an HTTP server that hands each request to a handler and sends its answer.
//!
//! The caller binds the sockets and says when to stop, so that a test listens on port 0 and knows the address. What hyper
//! leaves open is closed here: time for headers and body, the size of a body, the number of connections, requests
//! without a host or with two.

mod patience;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use self::patience::{Patience, Progress, Stage};
use super::watched::Watched;
use crate::webhook::cause::innermost;

/// What a server takes from its clients before it lets them go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How large a request's body may be, in bytes.
    pub body: usize,
    /// How large the bodies of all requests at a time may be together, in bytes.
    pub bodies: usize,
    /// How long a client may take to send its headers, and stay silent between requests.
    pub headers: Duration,
    /// How long a client may stay silent while it sends a body.
    pub idle: Duration,
    /// How long a body may take as a whole.
    pub total: Duration,
    /// How many connections are served at once; further ones wait to be accepted.
    pub connections: usize,
    /// How long, once the server is to stop, a client may take to finish a request that is not whole yet.
    pub parting: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 10 * 1024 * 1024,
            bodies: 256 * 1024 * 1024,
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(10),
            total: Duration::from_mins(1),
            connections: 4096,
            parting: Duration::from_secs(1),
        }
    }
}

/// How long to wait after the system refused to hand over a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long answers may take to be written once the server is to stop, and some client is still sending.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The answer to a whole request.
    fn answer(&self, request: Request<Bytes>, caller: Caller<'_>) -> impl Future<Output = Response<Bytes>> + Send;

    /// Told of a request that never became whole.
    fn refused(&self, remote: SocketAddr, refusal: &Refusal);
}

/// Whoever waits for an answer.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Their address.
    pub remote: SocketAddr,
    progress: &'a Progress,
}

impl Caller<'_> {
    /// Waits until they have ended their side of the connection. Who does so right behind the request may still read; who
    /// does so later has most likely gone.
    pub async fn ended(&self) {
        self.progress.ended().await;
    }
}

/// Why a request was not handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its body is larger than is allowed.
    TooLarge {
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// The bodies of all requests together are larger than is allowed.
    NoRoom {
        /// What is allowed, in bytes.
        limit: usize,
    },
    /// Its body did not come in time.
    TooSlow,
    /// Its body broke off, or is malformed.
    BrokenBody {
        /// What is wrong with it.
        reason: String,
    },
    /// It names no host, or more than one (RFC 9112, section 3.2).
    Host {
        /// How many it names.
        count: usize,
    },
    /// It asks for a tunnel.
    Connect,
    /// It is not HTTP.
    BadHead {
        /// What is wrong with it.
        reason: String,
    },
    /// Its head did not come in time.
    SlowHead,
}

impl Refusal {
    /// What it is answered with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoRoom { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow | Self::SlowHead => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenBody { .. } | Self::Host { .. } | Self::BadHead { .. } => StatusCode::BAD_REQUEST,
            Self::Connect => StatusCode::METHOD_NOT_ALLOWED,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit: 1 } => f.write_str("its body is larger than 1 byte"),
            Self::TooLarge { limit } => write!(f, "its body is larger than {limit} bytes"),
            Self::NoRoom { limit } => write!(f, "its body and those of others are larger than {limit} bytes"),
            Self::TooSlow => f.write_str("its body did not come in time"),
            Self::BrokenBody { reason } => write!(f, "its body is broken: {reason}"),
            Self::Host { count: 0 } => f.write_str("it names no host"),
            Self::Host { count } => write!(f, "it names {count} hosts"),
            Self::Connect => f.write_str("it asks for a tunnel"),
            Self::BadHead { reason } => write!(f, "its head cannot be read: {reason}"),
            Self::SlowHead => f.write_str("its head did not come in time"),
        }
    }
}

/// The room that clients share, on however many threads they are served.
#[derive(Debug)]
pub struct Room {
    limits: Limits,
    connections: Arc<Semaphore>,
    /// How large a body may be that is not counted: if each connection has such a one, they take a quarter of the room. What
    /// is counted is written by all threads in turns, which takes longer than to read a small body.
    uncounted: usize,
    /// How many bytes of all other bodies are held.
    held: AtomicUsize,
}

impl Room {
    /// As much as the limits say.
    #[must_use]
    pub fn new(limits: Limits) -> Arc<Self> {
        let connections = Arc::new(Semaphore::new(limits.connections));
        let uncounted = limits.bodies / limits.connections.max(1) / 4;
        Arc::new(Self { limits, connections, uncounted, held: AtomicUsize::new(0) })
    }
}

/// Serves the sockets until `stop` is there, then finishes what is in flight: requests that are whole are answered, and
/// those that are not yet have [`Limits::parting`] to become so. Who shares the room waits for one another.
pub async fn serve<H: Handler>(
    sockets: Vec<TcpListener>,
    handler: Arc<H>,
    room: Arc<Room>,
    stop: impl Future<Output = ()>,
) {
    let limits = room.limits;
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let connections = Arc::clone(&room.connections);
    let patience = Patience::new(limits);
    let shared = Arc::new(Shared { handler, room, answering: Answering::default() });
    let mut stop = pin!(stop);
    let mut watch = pin!(patience.watch());
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            () = &mut watch => break,
            accepted = accept(&sockets, &connections) => accepted,
        };
        let Some((stream, remote, place)) = accepted else { continue };
        // An answer goes out at once: waiting to fill a packet would only add to what the sender sees.
        let _ = stream.set_nodelay(true);
        let (shared, progress) = (Arc::clone(&shared), patience.with());
        tokio::spawn(async move {
            shared.connection(stream, remote, progress).await;
            drop(place);
        });
    }
    drop(sockets);
    patience.stop();
    let mut finished = pin!(connections.acquire_many(all));
    let parted = async {
        tokio::time::sleep(limits.parting).await;
        shared.answering.none().await;
    };
    tokio::select! {
        _ = &mut finished => return,
        () = &mut watch => return,
        () = parted => {}
    }
    // The last answers are still on their way out.
    let _ = timeout(LAST_WORDS, finished).await;
}

/// What all connections of a thread have in common.
struct Shared<H> {
    handler: Arc<H>,
    room: Arc<Room>,
    answering: Answering,
}

/// The bytes of one body, as long as it is held.
struct Held<'a> {
    room: &'a Room,
    bytes: usize,
    /// How many of them the room has counted.
    counted: usize,
}

impl<'a> Held<'a> {
    fn new(room: &'a Room) -> Self {
        Self { room, bytes: 0, counted: 0 }
    }

    /// Holds more, if there is room.
    fn more(&mut self, bytes: usize) -> Result<(), Refusal> {
        let Room { limits, uncounted, held, .. } = self.room;
        if self.bytes + bytes > limits.body {
            return Err(Refusal::TooLarge { limit: limits.body });
        }
        self.bytes += bytes;
        if self.bytes <= *uncounted {
            return Ok(());
        }
        let new = self.bytes - self.counted;
        self.counted = self.bytes;
        let others = held.fetch_add(new, Ordering::Relaxed);
        if others.saturating_add(new) > limits.bodies - uncounted * limits.connections {
            return Err(Refusal::NoRoom { limit: limits.bodies });
        }
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.counted > 0 {
            self.room.held.fetch_sub(self.counted, Ordering::Relaxed);
        }
    }
}

impl<H: Handler> Shared<H> {
    /// Serves a connection to its end.
    async fn connection(self: Arc<Self>, stream: TcpStream, remote: SocketAddr, progress: Arc<Progress>) {
        let service = service_fn(|request| Arc::clone(&self).exchange(request, remote, Arc::clone(&progress)));
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&progress)));
        // Head and body of an answer go out as one buffer: of two, the system would have to be told in a list each time.
        let mut connection = pin!(http1::Builder::new().half_close(true).writev(false).serve_connection(io, service));
        let mut told = false;
        let ended = std::future::poll_fn(|context| {
            progress.tell(context);
            if progress.is_over() && !progress.is_in(Stage::Body) {
                return Poll::Ready(None);
            }
            if progress.is_stopping() && !told {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
            connection.as_mut().poll(context).map(Some)
        });
        let refusal = match ended.await {
            Some(Ok(())) => None,
            Some(Err(error)) => bad_head(&error),
            // A connection that its client never used, or left open, is nobody's fault.
            None => progress.is_in(Stage::Head).then_some(Refusal::SlowHead),
        };
        if let Some(refusal) = refusal {
            self.handler.refused(remote, &refusal);
        }
    }

    /// Answers a request. Hyper moves this future for each of them, so that it is kept small: it holds the request once, and
    /// no other future that holds it as well.
    fn exchange(
        self: Arc<Self>,
        request: Request<Incoming>,
        remote: SocketAddr,
        progress: Arc<Progress>,
    ) -> impl Future<Output = Result<Response<Full<Bytes>>, Infallible>> {
        progress.enter(Stage::Body);
        let wrong = wrong_head(&request, self.room.limits);
        let (parts, mut body) = request.into_parts();
        async move {
            let mut held = Held::new(&self.room);
            let body = match wrong {
                None => collect(&mut body, &progress, &mut held).await,
                Some(refusal) => Err(refusal),
            };
            let answer = match body {
                Ok(body) => {
                    progress.enter(Stage::Answer);
                    let _one = self.answering.begin();
                    self.handler.answer(Request::from_parts(parts, body), Caller { remote, progress: &progress }).await
                }
                Err(refusal) => self.refuse(remote, &refusal),
            };
            progress.enter(Stage::Silent);
            Ok(answer.map(Full::new))
        }
    }

    fn refuse(&self, remote: SocketAddr, refusal: &Refusal) -> Response<Bytes> {
        self.handler.refused(remote, refusal);
        let mut answer = Response::new(Bytes::from(refusal.to_string()));
        *answer.status_mut() = refusal.status();
        // Where the next request would begin is anybody's guess.
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }
}

/// How many requests have become whole, and are not answered yet.
#[derive(Debug, Default)]
struct Answering {
    count: AtomicUsize,
    ended: Notify,
}

impl Answering {
    fn begin(&self) -> impl Drop {
        struct One<'a>(&'a Answering);
        impl Drop for One<'_> {
            fn drop(&mut self) {
                if self.0.count.fetch_sub(1, Ordering::Relaxed) == 1 {
                    self.0.ended.notify_waiters();
                }
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        One(self)
    }

    async fn none(&self) {
        loop {
            let ended = self.ended.notified();
            if self.count.load(Ordering::Relaxed) == 0 {
                return;
            }
            ended.await;
        }
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection of any of the sockets, as soon as there is room for one.
async fn accept(sockets: &[TcpListener], room: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    let accepted = match sockets {
        [one] => one.accept().await,
        [one, other, ..] => tokio::select! {
            accepted = one.accept() => accepted,
            accepted = other.accept() => accepted,
        },
        [] => std::future::pending().await,
    };
    match accepted {
        Ok((stream, remote)) => Some((stream, remote, place)),
        Err(_) => {
            // Out of file descriptors, most likely: trying again at once would only spin.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Why a request is not looked at, as far as its head tells.
fn wrong_head(request: &Request<Incoming>, limits: Limits) -> Option<Refusal> {
    if request.method() == Method::CONNECT {
        return Some(Refusal::Connect);
    }
    let hosts = request.headers().get_all(HOST).iter().count();
    let demanded = request.version() == Version::HTTP_11;
    if hosts > 1 || (hosts == 0 && demanded) {
        return Some(Refusal::Host { count: hosts });
    }
    let announced = request.body().size_hint().exact();
    announced.is_some_and(|length| length > limits.body as u64).then_some(Refusal::TooLarge { limit: limits.body })
}

async fn collect(body: &mut Incoming, progress: &Progress, held: &mut Held<'_>) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut more = BytesMut::new();
    loop {
        let frame = std::future::poll_fn(|context| match Pin::new(&mut *body).poll_frame(context) {
            Poll::Pending if progress.is_over() => Poll::Ready(Err(Refusal::TooSlow)),
            frame => frame.map(Ok),
        });
        let data = match frame.await? {
            None => break,
            Some(Err(error)) => return Err(Refusal::BrokenBody { reason: innermost(&error) }),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        held.more(data.len())?;
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() && more.is_empty() {
            first = data;
            continue;
        }
        if more.is_empty() {
            more.extend_from_slice(&std::mem::take(&mut first));
        }
        more.extend_from_slice(&data);
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}

/// What hyper refused by itself.
fn bad_head(error: &hyper::Error) -> Option<Refusal> {
    (error.is_parse() || error.is_parse_too_large()).then(|| Refusal::BadHead { reason: innermost(error) })
}
