//! A connection that tells someone what goes on on it: that something was heard, or that something was said.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Who is told.
pub(super) trait Watch: Unpin {
    /// Something has come from the other side.
    fn heard(&self);

    /// The other side has taken something.
    fn said(&self) {}

    /// Whether it is to be told that the other side has ended its side, while nothing is read.
    fn looks_out(&self) -> bool {
        false
    }

    /// The other side has ended its side.
    fn ended(&self) {}

    /// Whether the other side has been heard for long enough: one that goes on and on would leave no time for anything else.
    fn has_had_its_turn(&self) -> bool {
        false
    }
}

/// A connection that is watched.
#[derive(Debug)]
pub(super) struct Watched<W> {
    stream: TcpStream,
    watch: W,
}

impl<W: Watch> Watched<W> {
    pub(super) fn new(stream: TcpStream, watch: W) -> Self {
        Self { stream, watch }
    }

    fn told(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(_))) {
            self.watch.said();
        }
        written
    }

    /// Looks whether the other side has ended its side, and has the task woken when it does.
    fn look_out(&self, context: &mut Context<'_>) {
        let mut byte = [0];
        let seen = self.stream.poll_peek(context, &mut ReadBuf::new(&mut byte));
        if matches!(seen, Poll::Ready(Ok(0) | Err(_))) {
            self.watch.ended();
            context.waker().wake_by_ref();
        }
    }
}

impl<W: Watch> AsyncRead for Watched<W> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.watch.has_had_its_turn() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.heard();
        } else if matches!(read, Poll::Ready(Ok(()))) && room > 0 {
            // An end may come with more behind it: the other side was gone before it took what it was told last.
            return Poll::Ready(self.stream.take_error()?.map_or(Ok(()), Err));
        }
        read
    }
}

impl<W: Watch> AsyncWrite for Watched<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.told(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.told(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A server flushes at each turn, and reads only when it has answered.
        if self.watch.looks_out() {
            self.look_out(context);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
