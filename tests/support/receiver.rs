//! Receivers as developers write them, each a function from what came to what is answered. They share no line with
//! what checks them: signatures are computed here from the providers' pages.

use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A request as a handler sees it.
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a handler does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Answers with a status.
    Status(u16),
    /// Answers with a status and a body.
    Body(u16, String),
    /// Answers with a redirect.
    Redirect(&'static str),
    /// Answers after some time.
    Late(Duration),
    /// Never answers.
    Hang,
    /// Ends, and with it the whole receiver.
    Die,
}

pub(crate) const OK: Act = Act::Status(200);
pub(crate) const NO: Act = Act::Status(401);

/// A receiver's code.
pub(crate) type Handler = fn(&Received) -> Act;

/// Starts a receiver on a free port; it runs as long as the tests do.
pub(crate) fn receiver(handler: impl Fn(&Received) -> Act + Send + Sync + 'static) -> String {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a listener that does not block");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let handler = Arc::new(handler);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(serve(listener, handler));
    });
    address.port().to_string()
}

async fn serve<H: Fn(&Received) -> Act + Send + Sync + 'static>(listener: std::net::TcpListener, handler: Arc<H>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let dead = Arc::new(AtomicBool::new(false));
    let killed = Arc::new(tokio::sync::Notify::new());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.expect("a connection").0,
            () = killed.notified() => return,
        };
        let (handler, dead, killed) = (Arc::clone(&handler), Arc::clone(&dead), Arc::clone(&killed));
        let service =
            service_fn(move |request| answer(request, Arc::clone(&handler), Arc::clone(&dead), Arc::clone(&killed)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer<H: Fn(&Received) -> Act>(
    request: Request<Incoming>,
    handler: Arc<H>,
    dead: Arc<AtomicBool>,
    killed: Arc<tokio::sync::Notify>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let received = Received { method: head.method, headers: head.headers, body };
    let (status, body, location) = match handler(&received) {
        Act::Status(status) => (status, String::new(), None),
        Act::Body(status, body) => (status, body, None),
        Act::Redirect(location) => (302, String::new(), Some(location)),
        Act::Late(delay) => {
            tokio::time::sleep(delay).await;
            (200, String::new(), None)
        }
        Act::Hang => pending().await,
        Act::Die => {
            dead.store(true, Ordering::SeqCst);
            killed.notify_one();
            pending().await
        }
    };
    let mut answer = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    if let Some(location) = location {
        answer = answer.header("Location", location);
    }
    Ok(answer.body(Full::from(body)).expect("an answer"))
}

impl Received {
    /// A header that is there once, as text.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        if values.next().is_some() { None } else { value.to_str().ok() }
    }

    /// The body as JSON, if it is an object.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok().filter(Value::is_object)
    }
}

/// HMAC-SHA256 over all parts, in hexadecimal.
pub(crate) fn hmac(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// What the clock says, in seconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the end of time")
}

/// A timestamp that is nothing but digits.
pub(crate) fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Whether a timestamp is within five minutes, both ways.
pub(crate) fn fresh(text: &str) -> bool {
    digits(text).is_some_and(|second| (now() - second).abs() <= 300)
}

/// A genuine delivery is taken if it is JSON.
fn taken(json: Option<&Value>) -> Act {
    Act::Status(if json.is_some() { 200 } else { 400 })
}

pub(crate) const WPG: &str = "whsec_wpg_test_secret_for_wh";
pub(crate) const UNIBO: &str = "unibo_test_api_key_for_wh";
pub(crate) const WHOP: &str = "ws_whop_test_secret_for_wh";
pub(crate) const GAMEPUSH: &str = "gamepush_test_secret_for_wh";
pub(crate) const COMPS: &str = "comps_test_secret_for_wh";

/// A strict receiver of We Playtest Games.
pub(crate) fn wpg(request: &Received) -> Act {
    if request.method != Method::POST {
        return Act::Status(405);
    }
    let (Some(signature), Some(timestamp)) = (request.one("x-wpg-signature"), request.one("x-wpg-timestamp")) else {
        return NO;
    };
    if !fresh(timestamp) || signature != hmac(WPG, &[timestamp.as_bytes(), b".", &request.body]) {
        return NO;
    }
    taken(request.json().as_ref())
}

/// A strict receiver of Unibo.
pub(crate) fn unibo(request: &Received) -> Act {
    if request.method != Method::POST {
        return Act::Status(405);
    }
    if request.one("authorization") != Some(&format!("Bearer {UNIBO}")) {
        return NO;
    }
    taken(request.json().as_ref())
}

/// A strict receiver of Whop: any `v1` of the list may match.
pub(crate) fn whop(request: &Received) -> Act {
    if request.method != Method::POST {
        return Act::Status(405);
    }
    let Some(header) = request.one("x-whop-signature") else { return NO };
    let values = |key: &'static str| {
        header
            .split(',')
            .filter_map(|item| item.split_once('='))
            .filter(move |(name, _)| *name == key)
            .map(|(_, value)| value)
    };
    let Some(timestamp) = values("t").next() else { return NO };
    let expected = hmac(WHOP, &[timestamp.as_bytes(), b".", &request.body]);
    if !fresh(timestamp) || !values("v1").any(|signature| signature == expected) {
        return NO;
    }
    taken(request.json().as_ref())
}

/// A strict receiver of GamePush: the digest in hexadecimal.
pub(crate) fn gamepush(request: &Received) -> Act {
    if request.method != Method::POST {
        return Act::Status(405);
    }
    let Some((payload, signature)) = str::from_utf8(&request.body).ok().and_then(|body| body.split_once('.')) else {
        return NO;
    };
    if signature != hex::encode(Sha256::digest(format!("{payload}_{GAMEPUSH}"))) {
        return NO;
    }
    let json = STANDARD.decode(payload).ok().and_then(|json| serde_json::from_slice(&json).ok());
    taken(json.filter(Value::is_object).as_ref())
}

/// A strict receiver of Comps, which checks the age although nothing signs it.
pub(crate) fn comps(request: &Received) -> Act {
    if request.method != Method::POST {
        return Act::Status(405);
    }
    let (Some(signature), Some(timestamp)) = (request.one("x-comps-signature"), request.one("x-comps-timestamp"))
    else {
        return NO;
    };
    if !fresh(timestamp) || signature != hmac(COMPS, &[&request.body]) {
        return NO;
    }
    taken(request.json().as_ref())
}
