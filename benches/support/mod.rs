//! What benches have in common: the bare server that others are measured against, and the middle of what was measured.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::TcpListener;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// A socket on a free port, and the URL of a server there.
pub(crate) fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a listener");
    let url = format!("http://{}/", listener.local_addr().expect("its address"));
    (listener, url)
}

/// Reads each request and answers 200, on this thread, for ever.
pub(crate) fn serve(listener: TcpListener) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.set_nodelay(true);
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // A client that goes away is not missed here.
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(br#"{"received":true}"#))))
}

/// The middle one of some values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Tells what was measured.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("an open stdout");
}
