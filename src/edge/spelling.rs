//! Names of headers as a provider spells them, on the wire: `X-GitHub-Event`, where a library writes `X-Github-Event`.
//!
//! hyper keeps names without their spelling. What it reads, it can be told to remember beside the request, in a form of
//! its own; what it finds there, it writes. So the spellings are read once, from a request that nobody sent.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;

/// What tells hyper to write these names as they are here, in the extensions of a request.
pub(super) async fn spelled(names: &[String]) -> Extensions {
    let mut head = String::from("GET / HTTP/1.1\r\nHost: spelling\r\n");
    for name in names {
        head.push_str(name);
        head.push_str(": x\r\n");
    }
    head.push_str("\r\n");

    let found = Mutex::new(Extensions::new());
    let service = service_fn(|request: Request<Incoming>| {
        *found.lock().unwrap_or_else(PoisonError::into_inner) = request.into_parts().0.extensions;
        async { Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())) }
    });
    let mut server = http1::Builder::new();
    server.preserve_header_case(true).keep_alive(false).max_headers(names.len() + 2);
    // Names that are none leave everybody with the usual spelling.
    let _ = server.serve_connection(Said { head: head.into_bytes(), read: 0 }, service).await;
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A connection on which something was said, and that does not listen.
struct Said {
    head: Vec<u8>,
    read: usize,
}

impl Read for Said {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let rest = &self.head[self.read..];
        let length = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..length]);
        self.read += length;
        Poll::Ready(Ok(()))
    }
}

impl Write for Said {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
