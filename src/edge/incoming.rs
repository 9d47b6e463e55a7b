//! An answer as it comes in, so that what has come is not lost when the rest of it does not.

use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use crate::webhook::attempt::{Answer, Incomplete};

/// What has come of an answer so far. Whoever waits for the rest may give up at any time, and take what is here.
#[derive(Debug, Default)]
pub(super) struct Incoming(Mutex<Parts>);

#[derive(Debug, Default)]
struct Parts {
    head: Option<(StatusCode, HeaderMap)>,
    /// Most bodies come in one piece, which need not be copied.
    first: Bytes,
    more: BytesMut,
    truncated: bool,
}

impl Incoming {
    /// The head has come.
    pub(super) fn head(&self, status: StatusCode, headers: HeaderMap) {
        self.with(|parts| parts.head = Some((status, headers)));
    }

    /// A piece of the body has come, of which so many bytes are kept in all. Whether more is wanted.
    pub(super) fn piece(&self, piece: &Bytes, kept: usize) -> bool {
        self.with(|parts| {
            let room = kept - parts.first.len().max(parts.more.len());
            parts.truncated = piece.len() > room;
            let piece = piece.slice(..piece.len().min(room));
            if parts.first.is_empty() && parts.more.is_empty() {
                parts.first = piece;
            } else {
                parts.more.extend_from_slice(&std::mem::take(&mut parts.first));
                parts.more.extend_from_slice(&piece);
            }
            !parts.truncated
        })
    }

    /// The answer, as far as it has come; `None` where not even its head has.
    pub(super) fn answer(&self, incomplete: Option<Incomplete>) -> Option<Answer> {
        self.with(|parts| {
            let (status, headers) = parts.head.take()?;
            let more = std::mem::take(&mut parts.more);
            let body = if more.is_empty() { std::mem::take(&mut parts.first) } else { more.freeze() };
            Some(Answer { status, headers, body, truncated: parts.truncated, incomplete })
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Parts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
