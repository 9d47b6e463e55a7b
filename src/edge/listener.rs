//! A bound socket in, deliveries out: an HTTP server that hands each whole request to a handler and sends its answer.
//!
//! The caller binds the socket and says when to stop, so that a test listens on port 0 and knows the address.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

/// How large a request's body may be.
pub const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after the system refused to hand over a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What answers a request; the address is the sender's.
pub trait Handler: Send + Sync + 'static {
    /// The answer to a whole request.
    fn answer(&self, request: Request<Bytes>, remote: SocketAddr) -> Response<Bytes>;
}

/// Serves the socket until the future is dropped.
pub async fn serve(listener: TcpListener, handler: Arc<dyn Handler>) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                tokio::spawn(connection(stream, remote, Arc::clone(&handler)));
            }
            // Out of file descriptors, most likely: trying again at once would only spin.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn connection(stream: TcpStream, remote: SocketAddr, handler: Arc<dyn Handler>) {
    let service = service_fn(move |request| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(exchange(request, remote, handler.as_ref()).await) }
    });
    // A connection that breaks off is its client's affair: no request was completed on it.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn exchange(request: Request<Incoming>, remote: SocketAddr, handler: &dyn Handler) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let answer = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => handler.answer(Request::from_parts(parts, body.to_bytes()), remote),
        Err(error) => {
            let too_large = error.is::<http_body_util::LengthLimitError>();
            let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = status;
            answer
        }
    };
    answer.map(Full::new)
}
