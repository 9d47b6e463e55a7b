//! Which headers are credentials, so that no output and no record holds their values.

use super::scheme::{HeaderRule, Scheme};
use super::template::Field;

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
}
