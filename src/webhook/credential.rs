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
