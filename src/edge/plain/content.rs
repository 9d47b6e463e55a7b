//! A request's body as it goes out.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::webhook::delivery::Delivery;
use crate::webhook::probe::material::Wire;

/// How much of a body of a known length is handed over at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// A request's body: whole, or in chunks that do not say how many of them there are.
pub(in crate::edge) struct Content {
    left: Bytes,
    chunked: bool,
}

impl Content {
    pub(in crate::edge) fn new(delivery: &Delivery, wire: Wire) -> Self {
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
        // Two chunks at least of what is longer than that, for what takes the first for the whole.
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
