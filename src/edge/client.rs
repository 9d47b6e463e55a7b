//! Sends a delivery once and says what came of it. Knows no scheme and no secret; a refusal is an answer to it.

use std::convert::Infallible;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hyper::body::Frame;
use jiff::Timestamp;
use reqwest::redirect;
use reqwest::tls::Certificate;

use super::target::Target;
use crate::webhook::attempt::{Answer, Attempt, Failure};
use crate::webhook::delivery::Delivery;
use crate::webhook::probe::material::Wire;

/// How a client connects.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// How long an attempt may take, from connecting to the end of the answer.
    pub timeout: Duration,
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// A file of certificates in PEM form to trust besides the system's.
    pub authorities: Option<Vec<u8>>,
    /// How much of an answer's body is kept, in bytes.
    pub kept: usize,
    /// Whether the names of headers are written in lower case, as HTTP/2 does; else `As-People-Do`.
    pub lower_case: bool,
    /// Whether a connection is used again for the next delivery. A receiver may close it just then.
    pub reuse: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            insecure: false,
            authorities: None,
            kept: 64 * 1024,
            lower_case: false,
            reuse: false,
        }
    }
}

/// Sends deliveries to one target.
pub struct Client {
    http: reqwest::Client,
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    kept: usize,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The target cannot be reached as it is.
    #[error(transparent)]
    Unreachable(Failure),
    /// The certificates that were given are none.
    #[error("no certificate in PEM form")]
    Certificates,
    /// The HTTP library did not start.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(reqwest::Error),
}

impl Client {
    /// A client for a target: looks its name up, and loads the system's certificates only for TLS.
    pub async fn new(target: &Target, options: ClientOptions) -> Result<Self, ClientError> {
        let host = target.host();
        let addresses = match target.known_addresses() {
            Some(addresses) => addresses,
            None => {
                let unknown = || ClientError::Unreachable(Failure::UnknownHost { host: host.clone() });
                let found = tokio::net::lookup_host((host.as_str(), target.port())).await.map_err(|_| unknown())?;
                let found: Vec<SocketAddr> = found.collect();
                if found.is_empty() {
                    return Err(unknown());
                }
                found
            }
        };
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .resolve_to_addrs(&host, &addresses)
            .pool_max_idle_per_host(usize::from(options.reuse));
        if !options.lower_case {
            builder = builder.http1_title_case_headers();
        }
        if target.is_loopback() {
            builder = builder.no_proxy();
        }
        builder = if target.is_https() {
            // An error means that the process has a provider already, which is the same one.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let authorities = options.authorities.as_deref().map(certificates).transpose()?;
            let builder = builder.tls_danger_accept_invalid_certs(options.insecure);
            match authorities {
                Some(authorities) => builder.tls_certs_merge(authorities),
                None => builder,
            }
        } else {
            // Reading the system's certificates takes milliseconds that plain HTTP need not pay.
            builder.tls_backend_preconfigured(without_certificates())
        };
        let http = builder.build().map_err(ClientError::Setup)?;
        Ok(Self { http, addresses, timeout: options.timeout, kept: options.kept })
    }

    /// The addresses that it connects to.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Sends a delivery once. `started` is the time that the attempt is reported with.
    pub async fn send(&self, delivery: &Delivery, number: u32, started: Timestamp) -> Attempt {
        self.send_as(delivery, Wire::Usual, number, started).await
    }

    /// The same with the request put on the wire in another way; `lower_case` is the client's own.
    pub async fn send_as(&self, delivery: &Delivery, wire: Wire, number: u32, started: Timestamp) -> Attempt {
        let clock = Instant::now();
        let outcome = match tokio::time::timeout(self.timeout, self.exchange(delivery, wire)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::TimedOut { after: self.timeout }),
        };
        let url = delivery.request.uri().to_string();
        Attempt { number, url, started, duration: clock.elapsed(), outcome }
    }

    async fn exchange(&self, delivery: &Delivery, wire: Wire) -> Result<Answer, Failure> {
        let request = delivery.request.clone();
        let mut request = reqwest::Request::try_from(request).map_err(|error| broken(&error))?;
        if wire == Wire::Chunked {
            *request.body_mut() = Some(reqwest::Body::wrap(Chunks(delivery.request.body().clone())));
        }
        let mut response = self.http.execute(request).await.map_err(|error| self.failure(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        let mut truncated = false;
        // An answer whose body breaks off is an answer all the same: its status was sent.
        while let Some(chunk) = response.chunk().await.unwrap_or_default() {
            let room = self.kept - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                truncated = true;
                break;
            }
        }
        Ok(Answer { status, headers, body: Bytes::from(body), truncated })
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let mut cause = error.source();
        while let Some(source) = cause {
            if let Some(error) = tls_error(source) {
                return Failure::Tls { reason: error.to_string() };
            }
            // Of several addresses the last one speaks: where there is no IPv6, it says so, and not that nobody listens.
            let error = source.downcast_ref::<io::Error>();
            if error.is_some_and(|error| is_absence(error.kind())) {
                return Failure::Refused { addresses: self.addresses.clone() };
            }
            cause = source.source();
        }
        broken(error)
    }
}

/// A body that does not say how long it is, so that it goes out in chunks.
struct Chunks(Bytes);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        // Two at least, for what takes the first for the whole.
        let half = self.0.len().div_ceil(2).max(16);
        let length = half.min(self.0.len());
        Poll::Ready(Some(Ok(Frame::data(self.0.split_to(length)))))
    }
}

/// Whether an address has nobody who would answer.
fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
    )
}

/// The TLS library's own error, which may be carried inside I/O errors.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(error);
    }
    let inner: &'a (dyn std::error::Error + 'static) = error.downcast_ref::<io::Error>()?.get_ref()?;
    tls_error(inner)
}

/// The innermost cause, which says what happened; the outer ones say who noticed.
fn broken(error: &reqwest::Error) -> Failure {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        reason = source.to_string();
        cause = source.source();
    }
    Failure::Broken { reason }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(ClientError::Certificates),
    }
}

/// A TLS configuration that trusts nobody, for clients that do not speak TLS.
fn without_certificates() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}
