//! A captured delivery on its way again: the same bytes to the same or another URL.

use http::uri::InvalidUri;
use http::{HeaderName, Uri};

use super::delivery::Delivery;
use super::forwarding::{remove, without_connection};
use super::record::REDACTED;
use super::scheme::Scheme;

/// Where a captured delivery goes: to `target` itself, or, where that has no path of its own, to the path and the query
/// to which the delivery went before.
pub fn destination(target: &Uri, captured: &Uri) -> Result<Uri, InvalidUri> {
    if target.path() != "/" || target.query().is_some() {
        return Ok(target.clone());
    }
    let scheme = target.scheme_str().unwrap_or("http");
    let authority = target.authority().map_or("", |authority| authority.as_str());
    let path = captured.path_and_query().map_or("/", |path| path.as_str());
    // `*` is the target of a request about a server, and no path.
    let path = if path.starts_with('/') { path } else { "/" };
    format!("{scheme}://{authority}{path}").parse()
}

/// The delivery to a URL as it was captured, without what was about the connection that it came on.
#[must_use]
pub fn again(mut delivery: Delivery, url: Uri) -> Delivery {
    let request = &mut delivery.request;
    *request.uri_mut() = url;
    *request.version_mut() = http::Version::HTTP_11;
    without_connection(request.headers_mut());
    delivery
}

/// The delivery as it was before it was signed, to be signed afresh: its body is the payload, and its headers are those
/// that are not the scheme's. `None` when the payload is in an envelope that cannot be opened.
#[must_use]
pub fn unsigned(mut delivery: Delivery, scheme: &Scheme) -> Option<Delivery> {
    let payload = scheme.payload(&delivery)?.into_owned();
    *delivery.request.body_mut() = payload.into();
    let is_own = |name: &HeaderName| scheme.headers.iter().any(|rule| rule.header == name);
    remove(delivery.request.headers_mut(), is_own);
    Some(delivery)
}

/// The headers of a delivery that were redacted when it was recorded.
#[must_use]
pub fn redacted(delivery: &Delivery) -> Vec<String> {
    let headers = delivery.request.headers().iter();
    headers.filter(|(_, value)| *value == REDACTED).map(|(name, _)| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::webhook::catalogue::Catalogue;

    fn delivery(scheme: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Delivery {
        let mut request = http::Request::post("/hook?x=1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from_static(body)).expect("a request");
        Delivery { id: "1".into(), scheme: Some(scheme.into()), event: None, variant: None, request }
    }

    #[test]
    fn a_target_without_a_path_keeps_that_of_the_capture() {
        let to = |target: &str, captured: &str| {
            let (target, captured) = (target.parse().expect("a URL"), captured.parse().expect("a target"));
            destination(&target, &captured).expect("a URL").to_string()
        };
        assert_eq!(to("http://localhost:3000/", "/hook?x=1"), "http://localhost:3000/hook?x=1");
        assert_eq!(to("http://localhost:3000", "https://example.com/a?b"), "http://localhost:3000/a?b");
        assert_eq!(to("http://localhost:3000/mine", "/hook?x=1"), "http://localhost:3000/mine");
        assert_eq!(to("http://localhost:3000/?y", "/hook?x=1"), "http://localhost:3000/?y");
        assert_eq!(to("http://localhost:3000/", "*"), "http://localhost:3000/");
    }

    #[test]
    fn what_is_about_the_connection_stays_behind_and_all_else_goes() {
        let headers = [
            ("host", "me"),
            ("content-length", "2"),
            ("connection", "x-a"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("x-c", "4"),
            ("x-b", "3"),
            ("x-d", "5"),
        ];
        let again = again(delivery("wpg", &headers, b"{}"), "http://localhost:3000/".parse().expect("a URL"));
        let left: Vec<(&str, &[u8])> =
            again.request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        // In their order; those of one name stand together.
        assert_eq!(left, [("x-b", &b"2"[..]), ("x-b", &b"3"[..]), ("x-c", &b"4"[..]), ("x-d", &b"5"[..])]);
        assert_eq!(again.request.uri().to_string(), "http://localhost:3000/");
    }

    #[test]
    fn a_signature_and_its_envelope_are_taken_off() {
        let scheme = |name: &str| Catalogue::embedded().provider(name).expect("a provider").scheme;
        let signed = delivery("wpg", &[("x-wpg-signature", "abc"), ("x-other", "1")], b" {\"a\":1.10}\n");
        let plain = unsigned(signed, &scheme("wpg")).expect("no envelope");
        assert_eq!(plain.request.body().as_ref(), b" {\"a\":1.10}\n");
        assert_eq!(plain.request.headers().len(), 1);
        // `{"a":1}` in base64, a dot, and 32 bytes in hex.
        let body = b"eyJhIjoxfQ==.0000000000000000000000000000000000000000000000000000000000000000";
        let opened = unsigned(delivery("gamepush", &[], body), &scheme("gamepush")).expect("an envelope");
        assert_eq!(opened.request.body().as_ref(), b"{\"a\":1}");
        assert!(unsigned(delivery("gamepush", &[], b"{}"), &scheme("gamepush")).is_none());
    }

    #[test]
    fn a_redacted_header_is_named() {
        let headers = [("authorization", REDACTED), ("x-a", "1")];
        assert_eq!(redacted(&delivery("unibo", &headers, b"{}")), ["authorization"]);
    }
}
