//! One connection, and one request after the other on it.
//!
//! It has no task of its own. Whoever sends on it drives it, so that nothing is handed from one task to another on the
//! way of a delivery: that is what makes many of them cheap.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker, ready};

use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming as Body};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

use super::bell::Bell;
use super::{Break, Content};
use crate::edge::incoming::Incoming;
use crate::edge::watched::{Watch, Watched};
use crate::webhook::attempt::Incomplete;

/// What does the work of a connection, when it is polled.
type Driven = Connection<TokioIo<Watched<Heard>>, Content>;

/// The head of an answer.
type Responding = hyper::Result<Response<Body>>;

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    sender: SendRequest<Content>,
    /// It is large, and goes from hand to hand; nothing once it has ended.
    connection: Option<Box<Driven>>,
    heard: Heard,
    deadline: Deadline,
    bell: Arc<Bell>,
    /// What rings the bell.
    waker: Waker,
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

/// What has come from the other side.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Ear>);

#[derive(Debug, Default)]
struct Ear {
    /// Whether anything has, since the last request was sent.
    anything: AtomicBool,
    /// How many pieces have, since others had their turn.
    pieces: AtomicUsize,
}

/// How many pieces the other side may say before others have their turn. What hyper reads at a time has 400 KiB at most.
const MOST_PIECES: usize = 4;

impl Watch for Heard {
    fn heard(&self) {
        self.0.anything.store(true, Ordering::Relaxed);
        self.0.pieces.fetch_add(1, Ordering::Relaxed);
    }

    fn has_had_its_turn(&self) -> bool {
        self.0.pieces.load(Ordering::Relaxed) >= MOST_PIECES
    }
}

/// How many rounds a connection may have before others have their turn.
const MOST_ROUNDS: usize = 16;

impl Line {
    /// Begins to speak HTTP on a stream. What is sent on it first is to be answered by `deadline`.
    pub(super) async fn new(stream: TcpStream, title_case: bool, deadline: Instant) -> Result<Self, Break> {
        let heard = Heard::default();
        let stream = TokioIo::new(Watched::new(stream, heard.clone()));
        // Head and body go out as one buffer: of two, the system would have to be told in a list each time.
        let handshake = http1::Builder::new().title_case_headers(title_case).writev(false).handshake(stream);
        let (sender, connection) = handshake.await?;
        let deadline = Deadline { timer: Box::pin(sleep_until(deadline)), at: deadline };
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        Ok(Self { sender, connection: Some(Box::new(connection)), heard, deadline, bell, waker })
    }

    /// Whether a request can be sent on it, as far as is known here. Whether it was closed just now, sending finds out.
    pub(super) fn is_ready(&mut self) -> bool {
        if self.sender.is_ready() {
            return true;
        }
        // Nobody waits for it here, and who sends on it drives it anew.
        let mut context = Context::from_waker(Waker::noop());
        drive(&mut self.connection, &mut context);
        self.connection.is_some() && matches!(self.sender.poll_ready(&mut context), Poll::Ready(Ok(())))
    }

    /// Whether the other side has left it open.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Whether anything has come since the last request was sent.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.0.anything.load(Ordering::Relaxed)
    }

    /// Gives the connection a request, which goes out when its answer is waited for.
    pub(super) fn send(&mut self, request: Request<Content>) -> impl Future<Output = Responding> + use<> {
        self.heard.0.anything.store(false, Ordering::Relaxed);
        // Nobody needs to be woken for it.
        self.bell.silence();
        self.sender.send_request(request)
    }

    /// Sends what the connection was given, and reads the answer, of which it keeps that much of the body.
    pub(super) async fn answer(
        &mut self,
        response: impl Future<Output = Responding>,
        kept: usize,
        until: Instant,
        incoming: &mut Incoming,
    ) -> Result<(), Break> {
        let Self { connection, heard, deadline, bell, waker, .. } = self;
        deadline.at = until;
        let mut answer = pin!(read(response, kept, incoming));
        poll_fn(|context| {
            // Only the connection can bring the answer further, and the answer is looked at whenever it was driven.
            let (mut driving, mut looking) = (Context::from_waker(waker), Context::from_waker(Waker::noop()));
            bell.answer_to(context.waker());
            heard.0.pieces.store(0, Ordering::Relaxed);
            for _ in 0..MOST_ROUNDS {
                drive(connection, &mut driving);
                if let Poll::Ready(answer) = answer.as_mut().poll(&mut looking) {
                    return Poll::Ready(Ok(answer?));
                }
                if bell.rests() {
                    return deadline.poll(context).map(|()| Err(Break::TimedOut));
                }
                if heard.has_had_its_turn() {
                    break;
                }
                bell.silence();
            }
            // One that goes on and on has no more than its time, and leaves theirs to others.
            context.waker().wake_by_ref();
            deadline.poll(context).map(|()| Err(Break::TimedOut))
        })
        .await
    }
}

impl Deadline {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            // A task that was busy for long is kept from its timers, too, and it is of those that this timer is for.
            ready!(pin!(unconstrained(self.timer.as_mut())).poll(context));
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

/// Reads an answer, of which it keeps that much of the body.
async fn read(
    response: impl Future<Output = Responding>,
    kept: usize,
    incoming: &mut Incoming,
) -> Result<(), hyper::Error> {
    let (head, mut body) = response.await?.into_parts();
    incoming.head(head.status, head.headers);
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(piece)) if incoming.piece(&piece, kept) => {}
            Ok(Ok(_)) => break,
            // Trailers, which nobody asked for.
            Ok(Err(_)) => {}
            // An answer whose body breaks off is an answer all the same: its status was sent.
            Err(_) => {
                incoming.ends(Incomplete::BrokenOff);
                break;
            }
        }
    }
    Ok(())
}
