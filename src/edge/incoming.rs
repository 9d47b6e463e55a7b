//! An answer as it comes in, so that what has come is not lost when the rest of it does not.

use std::mem::take;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use crate::webhook::attempt::{Answer, Incomplete};

/// What has come of an answer so far. Whoever waits for the rest may give up at any time, and take what is here.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// Where the headers of the request are written, and later those of the answer.
    memory: HeaderMap,
    head: Option<(StatusCode, HeaderMap)>,
    /// Most bodies come in one piece, which need not be copied.
    first: Bytes,
    more: BytesMut,
    truncated: bool,
    incomplete: Option<Incomplete>,
}

impl Incoming {
    /// Nothing so far. The memory of headers that nobody needs any more serves for those to come.
    pub(super) fn new(memory: HeaderMap) -> Self {
        Self { memory, ..Self::default() }
    }

    /// Room for the headers of a request.
    pub(super) fn memory(&mut self) -> HeaderMap {
        let mut memory = take(&mut self.memory);
        memory.clear();
        memory
    }

    /// The head has come.
    pub(super) fn head(&mut self, status: StatusCode, headers: HeaderMap) {
        self.head = Some((status, headers));
    }

    /// A piece of the body has come, of which so many bytes are kept in all. Whether more is wanted.
    pub(super) fn piece(&mut self, piece: &Bytes, kept: usize) -> bool {
        let room = kept - self.first.len().max(self.more.len());
        self.truncated = piece.len() > room;
        let piece = piece.slice(..piece.len().min(room));
        if self.first.is_empty() && self.more.is_empty() {
            self.first = piece;
        } else {
            self.more.extend_from_slice(&take(&mut self.first));
            self.more.extend_from_slice(&piece);
        }
        !self.truncated
    }

    /// The rest will not come.
    pub(super) fn ends(&mut self, why: Incomplete) {
        self.incomplete = Some(why);
    }

    /// Whether the whole body has come, and was kept.
    pub(super) fn is_whole(&self) -> bool {
        !self.truncated && self.incomplete.is_none()
    }

    /// The answer, as far as it has come; `None` where not even its head has.
    pub(super) fn into_answer(self) -> Option<Answer> {
        let (status, headers) = self.head?;
        let body = if self.more.is_empty() { self.first } else { self.more.freeze() };
        Some(Answer { status, headers, body, truncated: self.truncated, incomplete: self.incomplete })
    }
}
