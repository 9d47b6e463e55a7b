//! A connection: one request goes out on it after the other, and the answer to each comes back.
//!
//! A connection has no task of its own. Whoever sends on it drives it, so that nothing is handed from one task to
//! another on the way of a delivery: that, and buffers that stay with the connection, make many of them cheap.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::answer::{self, Body, Head, Malformed, NoHttp};
use super::request::Outgoing;
use super::{Break, Terms};
use crate::webhook::attempt::{Answer, Incomplete};
use crate::webhook::delivery::Delivery;
use crate::webhook::probe::material::Wire;

/// How much is read at a time, in bytes.
const READ: usize = 8 * 1024;

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    /// What is going out.
    outgoing: Outgoing,
    /// What has come and was not looked at yet.
    come: BytesMut,
    /// Why not all of a request could be written.
    unwritten: Option<io::Error>,
    deadline: Deadline,
    /// Whether anything has come since the last request.
    heard: bool,
    /// Whether another request may go out.
    lasts: bool,
}

/// Why nothing more comes.
enum Stop {
    /// The other side has closed the connection, or it broke off.
    Ended(Option<io::Error>),
    /// The time is over.
    TimedOut,
}

impl Line {
    /// A connection that has been made.
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self {
            stream,
            outgoing: Outgoing::default(),
            come: BytesMut::with_capacity(READ),
            unwritten: None,
            deadline: Deadline { sleep: Box::pin(sleep_until(deadline)), at: deadline },
            heard: false,
            lasts: true,
        }
    }

    /// Whether anything came since the last request: if not, the other side may have closed the connection before it.
    pub(super) fn heard(&self) -> bool {
        self.heard
    }

    /// Whether another request may go out.
    pub(super) fn lasts(&self) -> bool {
        self.lasts
    }

    /// Whether the connection is still open, as far as is known here: sending finds out whether it was closed just now.
    pub(super) async fn is_open(&mut self) -> bool {
        // What comes without having been asked for is no answer to what is sent next.
        poll_fn(|context| Poll::Ready(self.poll_read(context).is_pending())).await
    }

    /// Sends a delivery, and reads its answer.
    pub(super) async fn exchange(
        &mut self,
        delivery: &Delivery,
        wire: Wire,
        terms: &Terms,
        deadline: Instant,
    ) -> Result<Answer, Break> {
        let Terms { host, spelling, timeout, kept } = terms;
        self.outgoing.begin(delivery, wire, spelling, host);
        (self.heard, self.lasts) = (false, false);
        self.deadline.at = deadline;
        let Head { status, headers, mut body, lasts } = self.head(delivery.request.method()).await?;
        let mut bytes = Vec::new();
        // An answer whose body breaks off is an answer all the same: its status was sent.
        let incomplete = match self.body(&mut body, &mut bytes, *kept).await {
            Ok(()) => None,
            Err(Stop::Ended(_)) => Some(Incomplete::BrokenOff),
            Err(Stop::TimedOut) => Some(Incomplete::TooSlow { after: *timeout }),
        };
        let truncated = bytes.len() > *kept;
        bytes.truncate(*kept);
        // What is left of a body that was not read to its end stands before the next answer.
        self.lasts =
            lasts && body == Body::Over && !truncated && self.come.is_empty() && self.outgoing.next().is_none();
        Ok(Answer { status, headers, body: Bytes::from(bytes), truncated, incomplete })
    }

    /// The head of the answer.
    async fn head(&mut self, method: &Method) -> Result<Head, Break> {
        loop {
            match self.more().await {
                Ok(()) => {}
                Err(Stop::TimedOut) => return Err(Break::TimedOut),
                Err(Stop::Ended(error)) => {
                    let error = self.unwritten.take().or(error);
                    return Err(error.map_or(Break::Closed, Break::Exchange));
                }
            }
            if let Some(head) =
                answer::take_head(&mut self.come, method).map_err(|NoHttp(reason)| Break::NoHttp(reason))?
            {
                return Ok(head);
            }
        }
    }

    /// The body of the answer, until there is more of it than is wanted.
    async fn body(&mut self, body: &mut Body, bytes: &mut Vec<u8>, wanted: usize) -> Result<(), Stop> {
        loop {
            while body.take(&mut self.come, bytes).map_err(|Malformed| Stop::Ended(None))? && bytes.len() <= wanted {}
            if *body == Body::Over || bytes.len() > wanted {
                return Ok(());
            }
            match self.more().await {
                Err(Stop::Ended(None)) if *body == Body::ToTheEnd => return Ok(()),
                more => more?,
            }
        }
    }

    /// Waits until more has come. Meanwhile what is left of the request goes out: who refuses one may answer before all
    /// of it was sent.
    async fn more(&mut self) -> Result<(), Stop> {
        poll_fn(|context| {
            if let Poll::Ready(Err(error)) = self.poll_write(context) {
                // Who closes the connection before all has come may have said why.
                self.unwritten = Some(error);
            }
            match self.poll_read(context) {
                Poll::Ready(Ok(0)) => Poll::Ready(Err(Stop::Ended(None))),
                Poll::Ready(Ok(_)) => {
                    self.heard = true;
                    Poll::Ready(Ok(()))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(Stop::Ended(Some(error)))),
                Poll::Pending => self.deadline.poll(context).map(|()| Err(Stop::TimedOut)),
            }
        })
        .await
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let (None, Some(next)) = (&self.unwritten, self.outgoing.next()) {
            match std::task::ready!(Pin::new(&mut self.stream).poll_write(context, next))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.outgoing.advance(count),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.come.reserve(READ);
        pin!(self.stream.read_buf(&mut self.come)).poll(context)
    }
}

/// When an attempt is given up.
///
/// The timer goes on from one attempt to the next, and is set anew only when it rings too early: setting it for each
/// attempt would cost more than looking at it.
#[derive(Debug)]
struct Deadline {
    sleep: Pin<Box<Sleep>>,
    at: Instant,
}

impl Deadline {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.sleep.as_mut().poll(context).is_ready() {
            if self.sleep.deadline() >= self.at {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(self.at);
        }
        Poll::Pending
    }
}
