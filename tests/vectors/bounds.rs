//! The edge of what a scheme can say.

use wh::webhook::fault::Fault;
use wh::webhook::provider::Provider;
use wh::webhook::signing::Signing;
use wh::webhook::table::Source;
use wh::webhook::weakness::Weakness;

use super::{Example, Signed, custom};
use crate::catalogue::NOW;

/// A form may be refused; one that is read must work.
#[test]
fn a_scheme_that_can_be_read_accepts_what_it_signs() {
    let unmarked = "{ name = 'A', value = '{timestamp},{signature}', separator = ',' }";
    let doubled = "{ name = 'A', value = 't={timestamp}' }, { name = 'a', value = '{signature}' }";
    let long = "{ name = 'A', value = 't={timestamp}, and s={signature}', separator = ', and ' }";
    let forms = [
        ("a list without marks", "{timestamp}.{body}", unmarked),
        ("one header said twice", "{timestamp}.{body}", doubled),
        ("a long separator", "{timestamp}.{body}", long),
        ("braces", "{timestamp}.{body}", "{ name = 'A', value = '{{{timestamp}}} {{{signature}}}' }"),
        ("encoded fields", "{timestamp}.{body:hex}", "{ name = 'A', value = '{timestamp:hex}.{signature:base64url}' }"),
        ("a signed event", "{event}.{body}", "{ name = 'A', value = '{signature}' }"),
        (
            "two headers with the signature",
            "{body}",
            "{ name = 'A', value = '{signature}' }, { name = 'B', value = 's={signature}' }",
        ),
    ];
    let broken = forms.iter().filter(|(_, content, headers)| {
        let text = format!(
            "title = 'T'\nabout = 'A'\ndocumentation = 'D'\nevent.type = '/type'\nsecret.test = 'secret'\n\
             [signature]\nalgorithm = 'hmac-sha256'\ncontent = '{content}'\nheaders = [{headers}]\n"
        );
        let source = Source { path: "provider.toml", text: &text };
        Provider::read("edge", source, &[]).is_ok_and(|provider| Example::new(provider, "{}").sign().verdict().is_err())
    });
    assert_eq!(broken.map(|(what, ..)| *what).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// The timestamp is signed beside the body, and stands only in the body.
const TIMED_PAYLOAD: &str = r#"
    [signature]
    algorithm = "hmac-sha256"
    content = "{timestamp}.{body}"
    headers = [{ name = "X-Signature", value = "{signature}" }]
    [timestamp]
    payload = "/time"
    tolerance-past = "300s"
"#;

#[test]
fn the_timestamp_that_is_signed_is_the_one_in_the_payload() {
    let signed = Example::new(custom("timed", "secret", TIMED_PAYLOAD), r#"{"time":1763719190}"#).sign();
    assert_eq!(signed.verdict(), Ok(()));
}

#[test]
fn a_fault_that_a_scheme_has_is_never_without_effect() {
    let scheme = custom("timed", "secret", TIMED_PAYLOAD).scheme;
    for (fault, name) in Fault::all().map(|fault| (fault, fault.name())) {
        if fault.obstacle(&scheme).is_none() {
            let example = Example::new(custom("timed", "secret", TIMED_PAYLOAD), "").fixture(r#"{"time":"{{#unix}}"}"#);
            let mut signed = example
                .at(fault.moment(&scheme, NOW).expect("a time"))
                .try_sign(Some(fault))
                .expect("a secret that signs");
            signed.now = NOW;
            assert!(signed.verdict().is_err(), "{name}");
        }
    }
}

#[test]
fn a_delivery_that_lacks_what_is_signed_is_not_signed() {
    let provider = custom(
        "evented",
        "secret",
        r#"
        [signature]
        algorithm = "hmac-sha256"
        content = "{event}.{body}"
        headers = [{ name = "X-Signature", value = "{signature}" }]
        "#,
    );
    let Signed { provider, secrets, mut delivery, .. } = Example::new(provider, "{}").sign();
    delivery.event = None;
    let signed = provider.scheme.sign(delivery, &Signing { timestamp: NOW, secrets: &secrets, fault: None });
    assert!(signed.is_err(), "signed without its event: {:?}", signed.map(|delivery| delivery.request));
}

#[test]
fn a_version_is_optional_where_no_header_must_have_it() {
    let optional = |headers: &str| {
        let signature = "[signature]\nalgorithm = 'hmac-sha256'\ncontent = '{body}'\nversion = 'v1'\n";
        custom("versioned", "secret", &format!("{signature}headers = [{headers}]")).scheme.version_is_optional()
    };
    let free = "{ name = 'A', value = '{signature}' }, { name = 'B', value = '{version}', optional = true }";
    let bound = "{ name = 'A', value = '{version}={signature}' }, { name = 'B', value = '{version}', optional = true }";
    assert_eq!((optional(free), optional(bound)), (true, false));
}

#[test]
fn a_timestamp_is_signed_with_the_payload_that_it_is_read_from() {
    let signed = |text: &str| {
        let scheme = custom("timed", "secret", &format!("[signature]\nalgorithm = 'hmac-sha256'\n{text}")).scheme;
        (scheme.signs_timestamp(), Weakness::UnsignedTimestamp.is_in(&scheme))
    };
    let header = "headers = [{ name = 'A', value = '{signature}' }]";
    let payload = "[timestamp]\npayload = '/time'\ntolerance-past = '300s'";
    assert_eq!(signed(&format!("content = '{{body}}'\n{header}\n{payload}")), (true, false));
    let open = format!("content = '{{method}}'\nunsigned-body = true\n{header}\n{payload}");
    assert_eq!(signed(&open), (false, true));
    // A header comes first, so that what the payload says of the time is not looked at.
    let header = "headers = [{ name = 'A', value = '{signature}' }, { name = 'B', value = '{timestamp}' }]";
    assert_eq!(signed(&format!("content = '{{body}}'\n{header}\n{payload}")), (false, true));
}
