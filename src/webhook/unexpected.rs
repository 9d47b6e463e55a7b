//! What may help with an answer that was not hoped for.

use http::header::LOCATION;
use http::{StatusCode, Uri};

use super::attempt::Answer;
use super::provider::Provider;

/// What is known of a genuine delivery that was refused.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// Whose it is.
    pub provider: &'a Provider,
    /// Where it went.
    pub url: &'a Uri,
    /// How it came by its signature.
    pub signed: Signed<'a>,
}

/// How a delivery came by its signature.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// It was signed for this attempt, with the secrets of these names.
    Now(&'a [&'a str]),
    /// It was signed as of a time that was asked for.
    AsOf,
    /// It has the signature with which it was captured.
    Then,
}

/// What may help with an answer to a genuine delivery; nothing where the answer says enough.
#[must_use]
pub fn advice(answer: &Answer, refused: &Refused<'_>) -> Option<String> {
    match (answer.status, refused.signed) {
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Signed::AsOf) => {
            Some("--timestamp dated it; a receiver refuses what is too old or too early".to_owned())
        }
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Signed::Then) => {
            Some("it has the signature of then; without --keep-signature it is signed afresh".to_owned())
        }
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Signed::Now(names)) => {
            let names = names.join(" and ");
            let variable = refused.provider.secret_variable();
            let told = if names == variable {
                format!(
                    "it was signed with the secret from {variable}: is that the receiver's, and does it verify the raw body"
                )
            } else {
                format!("it was signed with {names}; {variable} or --secret-env gives the receiver's own")
            };
            Some(told + &trying(refused))
        }
        (StatusCode::BAD_REQUEST, _) => {
            Some("some receivers answer 400 to a wrong signature: verify the raw body, before it is parsed".to_owned())
        }
        _ => misdirected(answer, refused.provider, refused.url),
    }
}

/// The command that tries what a receiver on this machine accepts instead; elsewhere it may be one that is in use.
fn trying(refused: &Refused<'_>) -> String {
    let (host, place) = (refused.url.host(), refused.url.authority().map_or("", |authority| authority.as_str()));
    if !matches!(host, Some("localhost" | "127.0.0.1" | "[::1]")) {
        return String::new();
    }
    let path = refused.url.path();
    format!("; `wh check --scheme {} --to {place}{path}` tries what it expects instead", refused.provider.name)
}

/// What may help where the URL is not that of the receiver.
#[must_use]
pub fn misdirected(answer: &Answer, provider: &Provider, url: &Uri) -> Option<String> {
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            let path = provider.request.path.as_deref().filter(|path| *path != url.path());
            Some(match path {
                Some(path) => {
                    let scheme = if url.scheme_str() == Some("https") { "https://" } else { "" };
                    let authority = url.authority().map_or("", |authority| authority.as_str());
                    format!("the guide of {} has its endpoint at {path}: --to {scheme}{authority}{path}", provider.name)
                }
                None => "give --to the path at which it takes deliveries".to_owned(),
            })
        }
        status if status.is_redirection() => {
            let location = answer.headers.get(LOCATION).and_then(|location| location.to_str().ok());
            let to = location.map_or_else(String::new, |location| format!(" (it leads to {location})"));
            Some(format!("redirects are not followed{to}: give --to the URL that answers itself"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;
    use crate::webhook::catalogue::Catalogue;

    fn advice_on(status: u16, url: &'static str, signed: Signed<'_>) -> Option<String> {
        let provider = Catalogue::embedded().provider("wpg").expect("a provider");
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, "/elsewhere".parse().expect("a value"));
        let status = StatusCode::from_u16(status).expect("a status");
        let answer = Answer { status, headers, body: Bytes::new(), truncated: false, incomplete: None };
        advice(&answer, &Refused { provider: &provider, url: &Uri::from_static(url), signed })
    }

    #[test]
    fn a_refused_signature_is_about_the_secret_or_the_time() {
        let url = "http://localhost:3000/";
        let own = advice_on(401, url, Signed::Now(&["WPG_WEBHOOK_SECRET"])).expect("advice");
        assert!(own.contains("does it verify the raw body"), "{own}");
        let test = advice_on(403, url, Signed::Now(&["the test secret"])).expect("advice");
        assert!(test.contains("WPG_WEBHOOK_SECRET or --secret-env"), "{test}");
        assert!(test.contains("`wh check --scheme wpg --to localhost:3000/`"), "{test}");
        let far = advice_on(401, "http://staging.example.com/", Signed::Now(&["the test secret"])).expect("advice");
        assert!(!far.contains("wh check"), "{far}");
        assert!(advice_on(401, url, Signed::AsOf).expect("advice").contains("--timestamp"));
        assert!(advice_on(401, url, Signed::Then).expect("advice").contains("--keep-signature"));
    }

    #[test]
    fn a_missing_page_is_about_the_path_and_a_redirect_about_where_it_leads() {
        let names = Signed::Now(&["x"]);
        let guide = Catalogue::embedded().provider("wpg").expect("a provider").request.path.expect("a path");
        let told = advice_on(404, "https://example.com/", names).expect("advice");
        assert!(told.ends_with(&format!("--to https://example.com{guide}")), "{told}");
        let moved = advice_on(308, "http://localhost:3000/", names).expect("advice");
        assert!(moved.contains("(it leads to /elsewhere)"), "{moved}");
        assert_eq!(advice_on(500, "http://localhost:3000/", names), None);
    }
}
