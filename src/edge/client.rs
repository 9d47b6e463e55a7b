//! Sends a delivery once and says what came of it. Knows no scheme and no secret; a refusal is an answer to it.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use reqwest::redirect;
use reqwest::tls::Certificate;

use super::incoming::Incoming;
use super::plain::{Break, Content, Plain};
use super::target::Target;
use crate::webhook::attempt::{Answer, Attempt, Failure, Incomplete};
use crate::webhook::cause::innermost;
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
    /// Names of headers as they are to be spelled, where the connection is one of our own; TLS writes `As-People-Do`.
    pub spelling: Vec<String>,
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
            spelling: Vec::new(),
            reuse: false,
        }
    }
}

/// Sends deliveries to one target.
pub struct Client {
    way: Way,
    addresses: Vec<SocketAddr>,
    /// The proxy on the way, as messages have it.
    proxy: Option<String>,
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
    Setup(String),
}

impl Client {
    /// A client for a target: looks its name up, and loads the system's certificates only for TLS.
    pub async fn new(target: &Target, options: ClientOptions) -> Result<Self, ClientError> {
        let proxy = if target.is_loopback() { None } else { Matcher::from_system().intercept(target.uri()) };
        let addresses = match (&proxy, target.known_addresses()) {
            // A proxy looks names up itself, and may know some that are unknown here.
            (Some(_), _) => Vec::new(),
            (None, Some(addresses)) => addresses,
            (None, None) => look_up(target, options.timeout).await.map_err(ClientError::Unreachable)?,
        };
        let way = if proxy.is_none() && is_plain(target, &addresses) {
            Way::Plain(Plain::new(addresses.clone(), target.uri(), &options).await)
        } else {
            Way::General { http: general(target, &addresses, &options)?, kept: options.kept }
        };
        let proxy = proxy.map(|proxy| proxy.uri().to_string());
        Ok(Self { way, addresses, proxy, timeout: options.timeout })
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
        self.send_in(HeaderMap::new(), delivery, wire, number, started).await
    }

    /// The same with the memory of headers that nobody needs any more, in which those of the request are written, and then
    /// those of its answer.
    pub async fn send_in(
        &self,
        memory: HeaderMap,
        delivery: &Delivery,
        wire: Wire,
        number: u32,
        started: Timestamp,
    ) -> Attempt {
        let clock = Instant::now();
        let outcome = self.outcome(Incoming::new(memory), delivery, wire, clock).await;
        Attempt { number, started, duration: clock.elapsed(), outcome }
    }

    async fn outcome(
        &self,
        mut incoming: Incoming,
        delivery: &Delivery,
        wire: Wire,
        started: Instant,
    ) -> Result<Answer, Failure> {
        match self.exchange(delivery, wire, started, &mut incoming).await {
            Ok(()) => Ok(incoming.into_answer().expect("its head has come")),
            // Whose head has come is an answer, however slow the rest of it is.
            Err(Failure::TimedOut { after }) => {
                incoming.ends(Incomplete::TooSlow { after });
                incoming.into_answer().ok_or(Failure::TimedOut { after })
            }
            Err(failure) => Err(failure),
        }
    }

    async fn exchange(
        &self,
        delivery: &Delivery,
        wire: Wire,
        started: Instant,
        incoming: &mut Incoming,
    ) -> Result<(), Failure> {
        let timed_out = Failure::TimedOut { after: self.timeout };
        match &self.way {
            Way::Plain(plain) => {
                plain.exchange(delivery, wire, started.into(), incoming).await.map_err(|error| match error {
                    Break::TimedOut => timed_out,
                    Break::Connect(error) if is_absence(error.kind()) => self.refused(),
                    Break::Connect(error) => broken(&error),
                    Break::Exchange(error) if error.is_parse() => Failure::NotHttp { reason: innermost(&error) },
                    Break::Exchange(error) => broken(&error),
                })
            }
            Way::General { http, kept } => {
                let request = reqwest::Request::try_from(delivery.request.clone());
                let mut request = request.map_err(|error| broken(&error))?;
                if wire == Wire::Chunked {
                    *request.body_mut() = Some(reqwest::Body::wrap(Content::new(delivery, wire)));
                }
                let answer = tokio::time::timeout(self.timeout, execute(http, request, *kept, incoming)).await;
                answer.map_err(|_| timed_out)?.map_err(|error| self.failure(&error))
            }
        }
    }

    fn refused(&self) -> Failure {
        Failure::Refused { addresses: self.addresses.clone() }
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        if let Some(proxy) = self.proxy.clone().filter(|_| error.is_connect()) {
            return Failure::Proxy { proxy, reason: innermost(error) };
        }
        let mut cause = error.source();
        while let Some(source) = cause {
            if let Some(error) = tls_error(source) {
                let reason = error.to_string();
                // The verifier's own error is behind a wall of trait objects; its name is not.
                let authority = reason.contains("CaUsedAsEndEntity");
                return if authority { Failure::CaCertificate } else { Failure::Tls { reason } };
            }
            if let Some(error) = source.downcast_ref::<hyper::Error>().filter(|error| error.is_parse()) {
                return Failure::NotHttp { reason: innermost(error) };
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

/// The addresses of a name, which are to be found as soon as an answer is.
async fn look_up(target: &Target, timeout: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let host = target.host();
    let found = tokio::time::timeout(timeout, tokio::net::lookup_host((host.as_str(), target.port()))).await;
    let found = found.map_err(|_| Failure::TimedOut { after: timeout })?;
    let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    if found.is_empty() { Err(Failure::UnknownHost { host }) } else { Ok(found) }
}

/// Whether a target is one for connections of our own: plain HTTP, and this machine or one address, so that nothing has
/// to be found out about which of several is the nearest.
fn is_plain(target: &Target, addresses: &[SocketAddr]) -> bool {
    !target.is_https() && (target.is_loopback() || addresses.len() == 1)
}

/// The general client. Reads the system's certificates only for TLS.
fn general(target: &Target, addresses: &[SocketAddr], options: &ClientOptions) -> Result<reqwest::Client, ClientError> {
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        // At most as many as are on their way at a time.
        .pool_max_idle_per_host(if options.reuse { usize::MAX } else { 0 });
    if !addresses.is_empty() {
        builder = builder.resolve_to_addrs(&target.host(), addresses);
    }
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
    builder.build().map_err(|error| ClientError::Setup(innermost(&error)))
}

async fn execute(
    http: &reqwest::Client,
    request: reqwest::Request,
    kept: usize,
    incoming: &mut Incoming,
) -> reqwest::Result<()> {
    let mut response = http.execute(request).await?;
    incoming.head(response.status(), response.headers().clone());
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if incoming.piece(&piece, kept) => {}
            Ok(_) => return Ok(()),
            // An answer whose body breaks off is an answer all the same: its status was sent.
            Err(_) => {
                incoming.ends(Incomplete::BrokenOff);
                return Ok(());
            }
        }
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

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::Broken { reason: innermost(error) }
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
