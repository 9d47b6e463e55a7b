//! What an error answer must not tell: the signature that was expected, the secret, the receiver's own code.

use std::borrow::Cow;

use crate::webhook::attempt::Answer;
use crate::webhook::delivery::Delivery;
use crate::webhook::scheme::{Algorithm, Scheme};
use crate::webhook::secret::Secret;
use crate::webhook::signing::Content;
use crate::webhook::template::Field;

/// What an answer tells that nobody may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leak {
    /// The secret itself.
    Secret,
    /// The signature that would have been right.
    Signature,
    /// Where in the receiver's code it happened.
    StackTrace,
}

impl Leak {
    /// What it is, in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Secret => "the secret itself",
            Self::Signature => "the signature that was expected",
            Self::StackTrace => "a stack trace",
        }
    }
}

/// What stands in stack traces and nowhere else, of the languages that receivers are written in.
const TRACES: [&str; 9] = [
    "Traceback (most recent call last)",
    "node_modules/",
    "at Object.<anonymous>",
    "goroutine 1 [",
    "panicked at ",
    "Exception in thread \"",
    "stack backtrace:",
    "#0 /",
    "/site-packages/",
];

/// The files that traces of the other kinds name, each with its line: `app.js:12:7`, `Main.java:12`, `app.rb:12:in`.
const SOURCES: [&str; 10] = [".js:", ".ts:", ".mjs:", ".cjs:", ".java:", ".kt:", ".rb:", ".go:", ".cs:line ", ".php:"];

/// The worst of what an error answer to a delivery tells; nothing of one that tells nothing, or is no error.
#[must_use]
pub fn find(answer: &Answer, scheme: &Scheme, delivery: &Delivery, secrets: &[Secret]) -> Option<Leak> {
    if !answer.status.is_client_error() && !answer.status.is_server_error() {
        return None;
    }
    let texts =
        || std::iter::once(answer.body.as_ref()).chain(answer.headers.values().map(http::HeaderValue::as_bytes));
    let holds = |needle: &[u8]| needle.len() >= 8 && texts().any(|text| memchr::memmem::find(text, needle).is_some());
    if secrets.iter().any(|secret| holds(secret.expose()) && !echoes(delivery, secret.expose())) {
        return Some(Leak::Secret);
    }
    let told = |signature: &Vec<u8>| holds(signature) && !echoes(delivery, signature);
    if expected(scheme, delivery, secrets).iter().any(told) {
        return Some(Leak::Signature);
    }
    let body = String::from_utf8_lossy(&answer.body);
    let names_a_line = |source: &str| {
        body.match_indices(source)
            .any(|(at, _)| body[at + source.len()..].starts_with(|next: char| next.is_ascii_digit()))
    };
    let traced = TRACES.iter().any(|trace| body.contains(trace)) || SOURCES.iter().any(|source| names_a_line(source));
    traced.then_some(Leak::StackTrace)
}

/// Whether the sender wrote it itself, so that the answer only repeats it.
fn echoes(delivery: &Delivery, needle: &[u8]) -> bool {
    let request = &delivery.request;
    let mut texts =
        std::iter::once(request.body().as_ref()).chain(request.headers().values().map(http::HeaderValue::as_bytes));
    texts.any(|text| memchr::memmem::find(text, needle).is_some())
}

/// Every signature that the receiver may have computed for what it was sent, in every encoding.
fn expected(scheme: &Scheme, delivery: &Delivery, secrets: &[Secret]) -> Vec<Vec<u8>> {
    if scheme.algorithm == Algorithm::Token {
        return Vec::new();
    }
    let field = |wanted: Field| {
        scheme.headers.iter().find_map(|rule| {
            let value = delivery.request.headers().get(rule.name.as_str())?.as_bytes();
            let separator = rule.separator.as_deref().unwrap_or("\n");
            let items = value.split(|byte| separator.as_bytes().first() == Some(byte));
            items
                .map(<[u8]>::trim_ascii)
                .find_map(|item| rule.items.iter().find_map(|form| Some(form.read(item)?.text(wanted)?.to_owned())))
        })
    };
    let (timestamp, id) = (field(Field::Timestamp), field(Field::Id));
    let payload = scheme.payload(delivery).unwrap_or(Cow::Borrowed(delivery.request.body()));
    let timestamp = timestamp.or_else(|| scheme.timestamp_in(&payload));
    let mut signatures = Vec::new();
    for key in secrets.iter().filter_map(|secret| scheme.key.key(secret).ok()) {
        let content = Content {
            delivery,
            payload: &payload,
            timestamp: timestamp.as_deref(),
            id: id.as_deref().or(Some(&delivery.id)),
            key: &key,
        };
        let Ok(content) = scheme.content(&content) else { continue };
        let raw = scheme.algorithm.compute(&key, &content);
        signatures.extend(crate::webhook::encoding::Encoding::ALL.map(|encoding| encoding.encode(&raw).into_bytes()));
    }
    signatures
}
