//! A delivery on its way on: the same method, path, query, headers and body, to another URL.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::uri::InvalidUri;
use http::{HeaderMap, HeaderName, Uri};

use super::delivery::Delivery;

/// Headers that are about one connection and not about the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("proxy-authorization"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The delivery as it goes on to `target`, whose path stands before its own.
pub fn forwarded(delivery: &Delivery, target: &Uri) -> Result<Delivery, InvalidUri> {
    let mut onward = delivery.clone();
    *onward.request.uri_mut() = joined(target, delivery.request.uri())?;
    *onward.request.version_mut() = http::Version::HTTP_11;
    without_connection(onward.request.headers_mut());
    Ok(onward)
}

/// Takes out what is about the connection alone, also what its `Connection` header names, and what the next connection
/// has of its own: a host, and a length.
pub fn without_connection(headers: &mut HeaderMap) {
    let hop_by_hop = hop_by_hop(headers);
    remove(headers, |name| hop_by_hop.contains(name) || name == HOST || name == CONTENT_LENGTH);
}

/// Takes out what is about the connection alone, also what its `Connection` header names.
pub fn without_hop_by_hop(headers: &mut HeaderMap) {
    let hop_by_hop = hop_by_hop(headers);
    remove(headers, |name| hop_by_hop.contains(name));
}

/// Takes headers out and leaves the others in their order, which [`HeaderMap::remove`] does not.
pub fn remove(headers: &mut HeaderMap, unwanted: impl Fn(&HeaderName) -> bool) {
    if headers.keys().any(&unwanted) {
        let wanted = headers.iter().filter(|(name, _)| !unwanted(name));
        *headers = wanted.map(|(name, value)| (name.clone(), value.clone())).collect();
    }
}

fn hop_by_hop(headers: &HeaderMap) -> Vec<HeaderName> {
    let named = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok());
    HOP_BY_HOP.into_iter().chain(named).collect()
}

/// `http://host/app` and `/webhooks?x=1` make `http://host/app/webhooks?x=1`.
fn joined(target: &Uri, own: &Uri) -> Result<Uri, InvalidUri> {
    let before = target.path().trim_end_matches('/');
    let path = match (before, own.path()) {
        ("", path) => path.to_owned(),
        (before, "/" | "") => before.to_owned(),
        (before, path) => format!("{before}{path}"),
    };
    let queries: Vec<&str> = target.query().into_iter().chain(own.query()).collect();
    let query = if queries.is_empty() { String::new() } else { format!("?{}", queries.join("&")) };
    let scheme = target.scheme_str().unwrap_or("http");
    let authority = target.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{authority}{path}{query}").parse()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;

    fn onward(target: &str, own: &str) -> String {
        let request = Request::builder()
            .method("PUT")
            .uri(own)
            .header("host", "me")
            .header("x-a", "1")
            .header("x-a", "2")
            .header("connection", "close, x-hop")
            .header("x-hop", "1")
            .header("transfer-encoding", "chunked");
        let request = request.body(Bytes::from_static(b"\xff")).expect("a request");
        let delivery = Delivery { id: "1".into(), scheme: None, event: None, variant: None, request };
        let onward = forwarded(&delivery, &target.parse().expect("a target")).expect("a URL").request;
        assert_eq!((onward.method().as_str(), onward.body().as_ref()), ("PUT", &b"\xff"[..]));
        let headers: Vec<(&str, &[u8])> =
            onward.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(headers, [("x-a", &b"1"[..]), ("x-a", &b"2"[..])]);
        onward.uri().to_string()
    }

    #[test]
    fn method_path_query_headers_and_body_stay_and_the_connection_s_own_goes() {
        assert_eq!(onward("http://localhost:3000", "/webhooks/x?y=1&y=2"), "http://localhost:3000/webhooks/x?y=1&y=2");
        assert_eq!(onward("http://localhost:3000/app/", "/webhooks"), "http://localhost:3000/app/webhooks");
        assert_eq!(onward("http://localhost:3000/app?k=v", "/?x"), "http://localhost:3000/app?k=v&x");
    }
}
