//! Sends a delivery once and says what came of it. Knows no scheme and no secret; a refusal is an answer to it.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use reqwest::redirect;
use reqwest::tls::Certificate;

use super::plain::{Break, Content, Plain};
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
    way: Way,
    addresses: Vec<SocketAddr>,
    timeout: Duration,
}

/// What carries a delivery.
enum Way {
    /// Connections of our own.
    Plain(Plain),
    /// The general client: TLS, proxies, hosts with many addresses.
    General { http: reqwest::Client, kept: usize },
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
        let way = if is_plain(target, &addresses) {
            Way::Plain(Plain::new(addresses.clone(), target.uri(), &options))
        } else {
            Way::General { http: general(target, &addresses, &options)?, kept: options.kept }
        };
        Ok(Self { way, addresses, timeout: options.timeout })
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
        match &self.way {
            Way::Plain(plain) => plain.exchange(delivery, wire).await.map_err(|error| match error {
                Break::Connect(error) if is_absence(error.kind()) => self.refused(),
                Break::Connect(error) => broken(&error),
                Break::Exchange(error) => broken(&error),
            }),
            Way::General { http, kept } => {
                let request = reqwest::Request::try_from(delivery.request.clone());
                let mut request = request.map_err(|error| broken(&error))?;
                if wire == Wire::Chunked {
                    *request.body_mut() = Some(reqwest::Body::wrap(Content::new(delivery, wire)));
                }
                execute(http, request, *kept).await.map_err(|error| self.failure(&error))
            }
        }
    }

    fn refused(&self) -> Failure {
        Failure::Refused { addresses: self.addresses.clone() }
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
                return self.refused();
            }
            cause = source.source();
        }
        broken(error)
    }
}

/// Whether a target is one for connections of our own: plain HTTP, no proxy on the way, and this machine or one address,
/// so that nothing has to be found out about which of several is the nearest.
fn is_plain(target: &Target, addresses: &[SocketAddr]) -> bool {
    if target.is_https() {
        return false;
    }
    target.is_loopback() || (addresses.len() == 1 && Matcher::from_system().intercept(target.uri()).is_none())
}

/// The general client. Reads the system's certificates only for TLS.
fn general(target: &Target, addresses: &[SocketAddr], options: &ClientOptions) -> Result<reqwest::Client, ClientError> {
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .resolve_to_addrs(&target.host(), addresses)
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
    builder.build().map_err(ClientError::Setup)
}

async fn execute(http: &reqwest::Client, request: reqwest::Request, kept: usize) -> reqwest::Result<Answer> {
    let mut response = http.execute(request).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    let mut truncated = false;
    // An answer whose body breaks off is an answer all the same: its status was sent.
    while let Some(chunk) = response.chunk().await.unwrap_or_default() {
        let room = kept - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            truncated = true;
            break;
        }
    }
    Ok(Answer { status, headers, body: Bytes::from(body), truncated })
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
fn broken(error: &dyn std::error::Error) -> Failure {
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
