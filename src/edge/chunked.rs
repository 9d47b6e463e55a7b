//! A request's body in chunks that do not say how many of them there are, for the general client.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// How long a chunk may be at the least, in bytes, where there are that many.
const SHORTEST: usize = 16;

/// A body in chunks.
pub(super) struct Chunked {
    left: Bytes,
}

impl Chunked {
    pub(super) fn new(body: Bytes) -> Self {
        Self { left: body }
    }
}

/// How long the next chunk is, of that many bytes: of a longer body there are two at least, for what takes the first for
/// the whole.
pub(super) fn chunk(left: usize) -> usize {
    left.div_ceil(2).max(SHORTEST).min(left)
}

impl Body for Chunked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let length = chunk(self.left.len());
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(length)))))
    }
}
