//! Tokens: nothing is computed, so a finding is the secret itself, found in another form or another place.

use super::Case;
use super::finding::{Code, Finding, merged};
use super::key::KeyVariant;
use super::observed::{items, other_form};
use super::refusal;
use super::signature::{decode_leniently, percent_decoded, pieces};
use crate::webhook::encoding::Encoding;
use crate::webhook::record::REDACTED;
use crate::webhook::scheme::HeaderRule;
use crate::webhook::template::Field;

/// A text that could be the token, and what it takes for it to be one.
struct Candidate {
    text: Vec<u8>,
    findings: Vec<Finding>,
}

/// The findings, if the token is one of the keys in any form.
pub(super) fn explained(case: &Case<'_>, keys: &[KeyVariant]) -> Option<Vec<Finding>> {
    let rule = case.provider.scheme.headers.iter().find(|rule| rule.value.mentions(Field::Secret))?;
    let candidates = candidates(case, rule);
    let scheme_word = rule.value.without(Field::Secret).to_string();
    let mut found: Vec<((usize, bool), Vec<Finding>)> = Vec::new();
    for candidate in &candidates {
        for key in keys {
            let bare = strip_word(&key.key);
            let mut findings = candidate.findings.clone();
            if candidate.text == key.key.as_slice() {
                findings.extend(told(&key.findings));
            } else if bare.is_some_and(|bare| bare == candidate.text) {
                findings.extend(told(&key.findings));
                findings.push(Finding::new(
                    Code::SecretPrefix,
                    format!("the token is the secret without its first word{}", within(&scheme_word)),
                    "store the secret alone; the word before it belongs to the header",
                ));
            } else {
                continue;
            }
            // What was decoded on both sides need not have been the same text.
            let decoded = |findings: &[Finding], code| findings.iter().any(|finding| finding.code == code);
            if decoded(&findings, Code::Encoding) && decoded(&findings, Code::SecretEncoding) {
                continue;
            }
            // An empty text proves nothing: anybody can leave a header empty.
            if !candidate.text.is_empty() && (!findings.is_empty() || case.rejection.reason() != "mismatch") {
                // Of two ways to say the same, the one that leaves the secret as it is.
                found.push(((findings.len(), !key.findings.is_empty()), findings));
            }
        }
    }
    let (_, findings) = found.into_iter().min_by_key(|(rank, _)| *rank)?;
    let findings = refusal::completed(case, &super::observed::Evidence::default(), None, merged(findings));
    (!findings.is_empty()).then_some(findings)
}

/// What is said of a key, said of a token.
fn told(findings: &[Finding]) -> impl Iterator<Item = Finding> {
    findings.iter().cloned().map(|mut finding| {
        finding.cause = finding.cause.replace("the signature was made with", "the token is");
        finding
    })
}

fn within(word: &str) -> String {
    if word.is_empty() { String::new() } else { format!(" (the header has `{}` itself)", word.trim()) }
}

/// What stands behind a first word, such as `Bearer`, in a secret that holds it.
fn strip_word(key: &[u8]) -> Option<&[u8]> {
    let at = key.iter().position(|byte| *byte == b' ')?;
    let word = &key[..at];
    let rest = key[at..].trim_ascii();
    (!word.is_empty() && !rest.is_empty() && word.iter().all(u8::is_ascii_alphabetic)).then_some(rest)
}

fn candidates(case: &Case<'_>, rule: &HeaderRule) -> Vec<Candidate> {
    let headers = case.delivery.request.headers();
    let mut found = Vec::new();
    let own = |name: &str| name.eq_ignore_ascii_case(&rule.name);
    let visible = || headers.iter().filter(|(_, value)| *value != REDACTED);
    let several = visible().filter(|(name, _)| own(name.as_str())).count();
    for (_, value) in visible().filter(|(name, _)| own(name.as_str())) {
        let value = value.as_bytes();
        let mut findings = Vec::new();
        if several > 1 {
            findings.push(Finding::new(
                Code::HeaderDuplicate,
                format!("the header `{}` is there {several} times; one of them is the right one", rule.name),
                "send it once: a proxy, a gateway or a second middleware adds it again",
            ));
        }
        for captures in items(rule, value) {
            let token = captures.field(Field::Secret).unwrap_or_default();
            add_forms(&mut found, token, &findings, |text| other_form(rule, value, text));
        }
        for text in texts(value) {
            let findings = [findings.clone(), vec![other_form(rule, value, &text)]].concat();
            add_forms(&mut found, &text, &findings, |text| other_form(rule, value, text));
        }
    }
    for (name, value) in visible().filter(|(name, _)| !own(name.as_str())).take(64) {
        let shown = case.provider.spelling(name);
        let finding = Finding::new(
            Code::HeaderName,
            format!("the token stands in the header `{shown}`, not in `{}`", rule.name),
            format!("send it as `{}: {}`", rule.name, rule.value),
        );
        for text in texts(value.as_bytes()) {
            add_forms(&mut found, &text, std::slice::from_ref(&finding), |_| finding.clone());
        }
    }
    found
}

/// The parts of a header's value that could be a token: all of it, what stands behind a word, what stands in a list.
fn texts(value: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = vec![value.to_vec()];
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| b" :=".contains(byte)) {
        rest = rest[at + 1..].trim_ascii();
        if !rest.is_empty() && texts.len() < 6 {
            texts.push(rest.to_vec());
        }
    }
    texts.extend(pieces(value).into_iter().map(|piece| piece.text));
    texts
}

/// A text as it stands, without quotes, and decoded.
fn add_forms(found: &mut Vec<Candidate>, text: &[u8], findings: &[Finding], form: impl Fn(&[u8]) -> Finding) {
    let mut add = |text: &[u8], further: Vec<Finding>| {
        let findings = [findings, &further].concat();
        if !text.is_empty() && found.len() < 1024 {
            found.push(Candidate { text: text.to_vec(), findings });
        }
    };
    add(text, Vec::new());
    let trimmed = text.trim_ascii();
    if trimmed.len() != text.len() {
        add(trimmed, vec![form(trimmed)]);
    }
    if let [first @ (b'"' | b'\'' | b'<'), inner @ .., last] = trimmed
        && (first == last || (*first == b'<' && *last == b'>'))
    {
        add(inner, vec![form(inner)]);
    }
    let encoding = |how: &str| {
        vec![Finding::new(
            Code::Encoding,
            format!("the token is {how}, where the secret is sent as it stands"),
            "send the secret itself: `Bearer` takes it as it is, only `Basic` encodes",
        )]
    };
    let unpadded = trimmed.strip_suffix(b"==").or_else(|| trimmed.strip_suffix(b"=")).unwrap_or(trimmed);
    // Only what is base64 to the last bit: else two texts would be one token.
    let exact = |decoded: &Vec<u8>| {
        [Encoding::Base64, Encoding::Base64Url]
            .iter()
            .any(|encoding| encoding.encode(decoded).trim_end_matches('=').as_bytes() == unpadded)
    };
    let decoded = decode_leniently(Encoding::Base64, trimmed).filter(exact);
    if let Some(decoded) = decoded {
        add(&decoded, encoding("encoded as base64"));
        // `Basic` has `user:password`.
        if let Some(at) = decoded.iter().position(|byte| *byte == b':') {
            add(&decoded[at + 1..], encoding("the password of `Basic` credentials"));
            add(&decoded[..at], encoding("the user of `Basic` credentials"));
        }
    }
    if let Some(decoded) = decode_leniently(Encoding::Hex, trimmed) {
        add(&decoded, encoding("encoded as hex"));
    }
    if let Some(decoded) = percent_decoded(trimmed) {
        add(&decoded, encoding("percent-encoded"));
    }
}
