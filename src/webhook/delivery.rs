//! `Delivery`: one webhook request, whole.

use bytes::Bytes;
use http::header::HOST;

/// A webhook request on its way from a provider to a receiver, and what is known about it.
///
/// The request is what goes over the wire: its body is bytes and is never decoded on the way.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The delivery's id, the same on every attempt.
    pub id: String,
    /// The provider's name, if known.
    pub scheme: Option<String>,
    /// The event type, if known, without its variant.
    pub event: Option<String>,
    /// The variant of the example event that this was made from, such as `free_spins`.
    pub variant: Option<String>,
    /// The request itself. Its URI is absolute on the sending side and a path on the receiving side.
    pub request: http::Request<Bytes>,
}

impl Delivery {
    /// A request of which nothing else is known yet.
    #[must_use]
    pub fn of(request: http::Request<Bytes>) -> Self {
        Self { id: String::new(), scheme: None, event: None, variant: None, request }
    }

    /// The target of the request as its first line has it: the path and the query.
    #[must_use]
    pub fn target(&self) -> &str {
        self.request.uri().path_and_query().map_or("/", |target| target.as_str())
    }

    /// The URL as the receiver has it: what a scheme that covers the URL signs.
    ///
    /// On the receiving side it is put together from the `Host` header, as plain HTTP.
    #[must_use]
    pub fn url(&self) -> String {
        let uri = self.request.uri();
        if uri.scheme().is_some() {
            return uri.to_string();
        }
        let host = self.request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        format!("http://{host}{uri}")
    }

    /// The event with its variant, `type@variant`, as commands take it; `unknown` when the event is not known.
    #[must_use]
    pub fn event_name(&self) -> String {
        match (&self.event, &self.variant) {
            (Some(event), Some(variant)) => format!("{event}@{variant}"),
            (Some(event), None) => event.clone(),
            (None, _) => "unknown".to_owned(),
        }
    }
}
