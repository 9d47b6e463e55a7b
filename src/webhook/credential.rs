//! Which headers are credentials, so that no output and no record holds their values.

use bytes::Bytes;
use http::HeaderValue;

use super::attempt::Answer;
use super::delivery::Delivery;
use super::record::REDACTED;
use super::scheme::{HeaderRule, Scheme};
use super::template::{Field, position};

/// Below how many bytes a credential is not looked for in an answer, where it could stand for anything.
const SHORTEST: usize = 8;

/// Headers that carry credentials whoever sends them (RFC 9110, sections 11.6 and 11.7; RFC 6265).
const ALWAYS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Whether a header's value must not be shown or kept: it is the scheme's own secret, or a credential of another kind.
///
/// A header that the scheme signs with is none: without its value nothing could be verified.
#[must_use]
pub fn is_credential(name: &str, scheme: Option<&Scheme>) -> bool {
    let named = |rule: &&HeaderRule| rule.name.eq_ignore_ascii_case(name);
    match scheme.and_then(|scheme| scheme.headers.iter().find(named)) {
        Some(rule) => rule.value.mentions(Field::Secret),
        None => ALWAYS.iter().any(|known| known.eq_ignore_ascii_case(name)),
    }
}

/// Whether deliveries of a scheme hold the secret itself.
#[must_use]
pub fn sends_secret(scheme: &Scheme) -> bool {
    scheme.headers.iter().any(|rule| rule.value.mentions(Field::Secret))
}

/// Takes a delivery's credentials out of its answer: a receiver may send back what it got.
pub fn conceal(answer: &mut Answer, delivery: &Delivery, scheme: Option<&Scheme>) {
    let headers = delivery.request.headers().iter();
    let credentials = headers.filter(|(name, _)| is_credential(name.as_str(), scheme));
    // `Bearer abc` is sent back without its first word, or as a whole; a secret may have spaces of its own.
    let words = credentials.flat_map(|(_, value)| {
        let whole = value.as_bytes();
        whole.splitn(2, |byte| *byte == b' ').skip(1).chain([whole])
    });
    for word in words.filter(|word| word.len() >= SHORTEST) {
        for value in answer.headers.values_mut() {
            if let Some(concealed) = without(value.as_bytes(), word) {
                *value = HeaderValue::from_bytes(&concealed).unwrap_or(HeaderValue::from_static(REDACTED));
            }
        }
        if let Some(concealed) = without(&answer.body, word) {
            answer.body = Bytes::from(concealed);
        }
    }
}

/// A text with something in it made unreadable; nothing where it is not in it.
fn without(text: &[u8], word: &[u8]) -> Option<Vec<u8>> {
    let mut concealed = Vec::new();
    let mut rest = text;
    while let Some(place) = position(rest, word) {
        concealed.extend_from_slice(&rest[..place]);
        concealed.extend_from_slice(REDACTED.as_bytes());
        rest = &rest[place + word.len()..];
    }
    if rest.len() == text.len() {
        return None;
    }
    concealed.extend_from_slice(rest);
    Some(concealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::provider::Provider;
    use crate::webhook::table::Source;

    /// A scheme with one header.
    fn scheme(algorithm: &str, name: &str, value: &str) -> Scheme {
        let text = format!(
            "title = 'T'\nabout = 'A'\ndocumentation = 'D'\nevent.type = '/type'\nsecret.test = 'secret'\n\
             [signature]\nalgorithm = {algorithm}\nheaders = [{{ name = '{name}', value = '{value}' }}]\n"
        );
        Provider::read("one", Source { path: "one.toml", text: &text }, &[]).expect("a provider").scheme
    }

    #[test]
    fn a_credential_is_known_however_its_name_is_spelled() {
        let token = scheme("'token'", "X-Shop-Token", "{secret}");
        for name in ["X-Shop-Token", "x-shop-token", "Cookie", "cookie", "AUTHORIZATION", "Proxy-Authorization"] {
            assert!(is_credential(name, Some(&token)), "{name}");
        }
        assert!(!is_credential("X-Shop-Token", None) && is_credential("COOKIE", None));
    }

    #[test]
    fn a_header_that_the_scheme_signs_with_is_none() {
        let signed = scheme("'hmac-sha256'\ncontent = '{body}'", "Authorization", "HMAC {signature}");
        assert!(!is_credential("authorization", Some(&signed)) && !is_credential("Authorization", Some(&signed)));
        assert!(is_credential("cookie", Some(&signed)));
    }

    #[test]
    fn what_a_receiver_sends_back_of_a_credential_is_concealed() {
        let scheme = scheme("'token'", "Authorization", "Bearer {secret}");
        let request = http::Request::post("/").header("authorization", "Bearer sk_live_0123");
        let delivery = Delivery::of(request.body(Bytes::new()).expect("a request"));
        let mut headers = http::HeaderMap::new();
        headers.insert("x-echo", HeaderValue::from_static("got Bearer sk_live_0123"));
        headers.insert("x-other", HeaderValue::from_static("sk_live"));
        let body = Bytes::from_static(b"\xff sk_live_0123sk_live_0123 no");
        let mut answer = Answer { status: http::StatusCode::OK, headers, body, truncated: false, incomplete: None };
        conceal(&mut answer, &delivery, Some(&scheme));
        assert!(sends_secret(&scheme));
        assert_eq!(answer.headers["x-echo"], format!("got Bearer {REDACTED}").as_str());
        assert_eq!(answer.headers["x-other"], "sk_live");
        let request = http::Request::post("/").header("authorization", "Bearer correct horse");
        let delivery = Delivery::of(request.body(Bytes::new()).expect("a request"));
        let mut other = Answer { body: Bytes::from_static(b"so: correct horse"), ..answer.clone() };
        conceal(&mut other, &delivery, Some(&scheme));
        assert_eq!(other.body, format!("so: {REDACTED}"));
        assert_eq!(answer.body, [b"\xff ", REDACTED.as_bytes(), REDACTED.as_bytes(), b" no"].concat());
    }
}
