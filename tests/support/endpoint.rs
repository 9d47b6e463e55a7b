//! A receiver on a free port of this machine, which keeps each request as it came and answers by a script.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The method.
    pub(crate) method: String,
    /// The path and the query.
    pub(crate) target: String,
    /// The header lines in their order, as they were spelled, with all that were there more than once.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, to the byte.
    pub(crate) body: Vec<u8>,
}

impl Arrival {
    /// Reads a request's head, up to its empty line.
    pub(crate) fn read(message: &[u8]) -> Option<Self> {
        let end = message.windows(4).position(|window| window == b"\r\n\r\n")?;
        // A header may hold bytes that are no text.
        let head = String::from_utf8_lossy(&message[..end]);
        let mut lines = head.split("\r\n");
        let mut request = lines.next()?.split(' ');
        let (method, target) = (request.next()?.to_owned(), request.next()?.to_owned());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Option<Vec<_>>>()?;
        Some(Self { method, target, headers, body: message[end + 4..].to_vec() })
    }

    /// The values of a header, in their order.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let lines = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that is there once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        match self.values(name).as_slice() {
            [value] => value,
            others => panic!("{} values of {name} where one is due: {:?}", others.len(), self.headers),
        }
    }
}

/// What a request is answered with.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    delay: Option<Duration>,
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), delay: Some(Duration::ZERO) }
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with a body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same after some time.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// No answer, ever; the connection stays open.
    pub(crate) fn never() -> Self {
        Self { delay: None, ..Self::status(200) }
    }

    async fn give(self) -> Response<Full<Bytes>> {
        match self.delay {
            Some(Duration::ZERO) => {}
            Some(delay) => tokio::time::sleep(delay).await,
            None => std::future::pending().await,
        }
        let mut answer = Response::builder().status(StatusCode::from_u16(self.status).expect("a status"));
        for (name, value) in self.headers {
            answer = answer.header(name, value);
        }
        answer.body(Full::from(self.body)).expect("headers that can be sent")
    }
}

/// A receiver. When it is dropped it fails the test if it was never called, or if it should not have been and was.
pub(crate) struct Endpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    calls_expected: bool,
}

#[derive(Default)]
struct Shared {
    arrivals: Mutex<Vec<Arrival>>,
    called: Condvar,
    answers: Mutex<VecDeque<Answer>>,
    stopped: AtomicBool,
}

impl Endpoint {
    /// A receiver on 127.0.0.1 that answers 200.
    pub(crate) fn new() -> Self {
        Self::on((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port on 127.0.0.1")
    }

    /// A receiver on `::1`; nothing on a machine that has no IPv6.
    ///
    /// `localhost` is tried at 127.0.0.1 first, so that a port is taken where nobody listens there.
    pub(crate) fn new_v6() -> Option<Self> {
        let mut bound = (0..20).map_while(|_| TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok());
        let alone = |listener: &TcpListener| {
            let port = listener.local_addr().map(|address| address.port());
            port.is_ok_and(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err())
        };
        Self::of(bound.find(alone)?).ok()
    }

    fn on(address: SocketAddr) -> io::Result<Self> {
        Self::of(TcpListener::bind(address)?)
    }

    fn of(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(serve(listener, shared));
            }
        });
        Ok(Self { address, shared, thread: Some(thread), calls_expected: true })
    }

    /// Answers with these, one after the other; the last one also answers all that comes later.
    pub(crate) fn answering(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        locked(&self.shared.answers).extend(answers);
        self
    }

    /// Fails the test if it is called.
    pub(crate) fn uncalled(mut self) -> Self {
        self.calls_expected = false;
        self
    }

    /// The port.
    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address, as a client connects to it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that came, in its order.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        locked(&self.shared.arrivals).clone()
    }

    /// Waits, in whichever thread, until that many requests have come.
    pub(crate) fn calls(&self, count: usize) -> impl FnOnce() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            let arrivals = locked(&shared.arrivals);
            let too_few = |arrivals: &mut Vec<Arrival>| arrivals.len() < count;
            drop(shared.called.wait_timeout_while(arrivals, Duration::from_secs(20), too_few));
        }
    }

    /// The one request that came.
    #[track_caller]
    pub(crate) fn arrival(&self) -> Arrival {
        let mut arrivals = self.arrivals();
        assert_eq!(arrivals.len(), 1, "one request is due: {arrivals:#?}");
        arrivals.swap_remove(0)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // The connection ends the wait for one, so that the thread sees that it is to stop.
        drop(TcpStream::connect(self.address));
        let ended = self.thread.take().map(JoinHandle::join);
        if thread::panicking() {
            return;
        }
        assert!(matches!(ended, Some(Ok(()))), "the endpoint itself failed");
        let called = !self.arrivals().is_empty();
        match (self.calls_expected, called) {
            (true, false) => panic!("the endpoint was never called"),
            (false, true) => panic!("the endpoint was called: {:#?}", self.arrivals()),
            (true, true) | (false, false) => {}
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener that does not block");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let heard = Arc::default();
        let connection = Overheard { stream, heard: Arc::clone(&heard) };
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| exchange(request, Arc::clone(&heard), Arc::clone(&shared)));
        // A connection that breaks off completes no request, which the test will miss.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}

async fn exchange(
    request: Request<Incoming>,
    heard: Arc<Mutex<Vec<u8>>>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.expect("a body to its end").to_bytes();
    // The next request comes after this one's answer, so that what was heard is this one alone.
    let message = std::mem::take(&mut *locked(&heard));
    let mut arrival = Arrival::read(&message).expect("a request that hyper could read");
    arrival.body = body.to_vec();
    locked(&shared.arrivals).push(arrival);
    shared.called.notify_all();
    let answer = {
        let mut answers = locked(&shared.answers);
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
    };
    Ok(answer.unwrap_or_else(|| Answer::status(200)).give().await)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection that remembers what was read from it: hyper itself keeps neither spelling nor order of headers.
struct Overheard {
    stream: tokio::net::TcpStream,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Overheard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        locked(&self.heard).extend_from_slice(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[test]
#[should_panic(expected = "never called")]
fn an_endpoint_that_is_never_called_fails_its_test() {
    drop(Endpoint::new());
}

#[test]
#[should_panic(expected = "was called")]
fn an_endpoint_that_should_not_be_called_fails_its_test_if_it_is() {
    let endpoint = Endpoint::new().uncalled();
    super::Wh::new().args(["send", "slot.submitted", "-q", "--to", &endpoint.port()]).run().exit(0).silent();
}
