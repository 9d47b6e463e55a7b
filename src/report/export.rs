//! A signed delivery as something else can send it: a curl command, a raw HTTP message, a Hurl file, headers alone.
//!
//! Whatever the form, what is sent from it are exactly the signed bytes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};

use super::sanitize::is_hostile;
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::{Provider, title_case};

/// The form of a signed delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportForm {
    /// The headers, one a line
    Headers,
    /// The raw HTTP/1.1 request
    Http,
    /// A curl command for a POSIX shell
    Curl,
    /// A Hurl file
    Hurl,
    /// A JSON object
    Json,
}

/// A header as the provider spells it, and its value.
pub(super) fn headers<'a>(
    delivery: &'a Delivery,
    provider: impl Into<Option<&'a Provider>>,
) -> impl Iterator<Item = (String, &'a HeaderValue)> {
    let provider = provider.into();
    let spelling = move |name: &HeaderName| match provider {
        Some(provider) => provider.spelling(name),
        None => title_case(name.as_str()),
    };
    delivery.request.headers().iter().map(move |(name, value)| (spelling(name), value))
}

/// `Name: value`, one a line.
#[must_use]
pub fn as_headers(delivery: &Delivery, provider: &Provider) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in headers(delivery, provider) {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text
}

/// The request as it goes over the wire (RFC 9112), body and all.
#[must_use]
pub fn as_http(delivery: &Delivery, provider: &Provider) -> Vec<u8> {
    let request = &delivery.request;
    let uri = request.uri();
    let mut message = format!("{} {} HTTP/1.1\r\n", request.method(), delivery.target()).into_bytes();
    if let (Some(authority), false) = (uri.authority(), request.headers().contains_key(http::header::HOST)) {
        message.extend_from_slice(format!("Host: {authority}\r\n").as_bytes());
    }
    for (name, value) in headers(delivery, provider) {
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(b": ");
        message.extend_from_slice(value.as_bytes());
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(format!("Content-Length: {}\r\n\r\n", request.body().len()).as_bytes());
    message.extend_from_slice(request.body());
    message
}

/// A command for a POSIX shell.
///
/// ```text
/// curl -sS -i -X POST 'http://localhost:3000/' \
///   -H 'Content-Type: application/json' \
///   --data-binary '{"event":"slot.submitted"}'
/// ```
/// A body that cannot stand in quotes, or that curl would take for a file's name, is piped in through `printf`.
#[must_use]
pub fn as_curl(delivery: &Delivery, provider: &Provider) -> Vec<u8> {
    let request = &delivery.request;
    let body = request.body();
    let url = request.uri().to_string();
    let quotable = body.len() <= LONGEST_ARGUMENT && !body.starts_with(b"@") && is_quotable(body);

    let mut command = String::new();
    if !quotable {
        command.push_str(&format!("printf {} | ", octal(body)));
    }
    command.push_str("curl -sS -i");
    // Brackets and braces in a URL are patterns to curl, unless it is told that they are not.
    if url.contains(['[', ']', '{', '}']) {
        command.push_str(" -g");
    }
    command.push_str(&format!(" -X {} {}", request.method(), quoted(&url)));
    for (name, value) in headers(delivery, provider) {
        command.push_str(" \\\n  -H ");
        command.push_str(&header_argument(&name, value.as_bytes()));
    }
    // curl adds a content type of its own to what it is given as data, unless told not to.
    if !request.headers().contains_key(http::header::CONTENT_TYPE) {
        command.push_str(" \\\n  -H 'Content-Type:'");
    }
    command.push_str(" \\\n  --data-binary ");
    match str::from_utf8(body) {
        Ok(text) if quotable => command.push_str(&quoted(text)),
        _ => command.push_str("@-"),
    }
    command.push('\n');
    command.into_bytes()
}

/// Linux takes at most 128 KiB in one argument.
const LONGEST_ARGUMENT: usize = 100 * 1024;

fn header_argument(name: &str, value: &[u8]) -> String {
    match str::from_utf8(value) {
        // A header without a value is written with a semicolon; with a colon curl would leave it out.
        Ok("") => quoted(&format!("{name};")),
        Ok(text) if is_quotable(value) => quoted(&format!("{name}: {text}")),
        _ => format!("{}\"$(printf {})\"", quoted(&format!("{name}: ")), octal(value)),
    }
}

/// Whether bytes can be written between single quotes and pasted into a terminal: text without control characters.
fn is_quotable(bytes: &[u8]) -> bool {
    let unsafe_one = |character: char| is_hostile(character) && character != '\n' && character != '\t';
    str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(unsafe_one))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A format for the shell's `printf` that yields exactly these bytes.
fn octal(bytes: &[u8]) -> String {
    let mut format = String::with_capacity(bytes.len() * 2 + 2);
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str("\\\\"),
            // A format that begins with a dash would be read as an option.
            b'-' if index == 0 => format.push_str("\\055"),
            b' '..=b'~' if *byte != b'\'' => format.push(char::from(*byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(format, "\\{byte:03o}")),
        }
    }
    format!("'{format}'")
}

/// A Hurl file (<https://hurl.dev>), with the body in base64 so that its bytes stay.
#[must_use]
pub fn as_hurl(delivery: &Delivery, provider: &Provider) -> Vec<u8> {
    let request = &delivery.request;
    let mut file = format!("{} {}\n", request.method(), hurl_text(&request.uri().to_string()));
    for (name, value) in headers(delivery, provider) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = writeln!(file, "{}: {}", hurl_text(&name), hurl_text(&value));
    }
    if !request.body().is_empty() {
        let _ = writeln!(file, "base64,{};", STANDARD.encode(request.body()));
    }
    file.push_str("HTTP *\n[Asserts]\nstatus >= 200\nstatus < 300\n");
    file.into_bytes()
}

/// A text in which nothing is a comment, an escape or a template to Hurl, and no white space is lost.
fn hurl_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '#' => escaped.extend(['\\', character]),
            '\t' => escaped.push_str("\\t"),
            '{' | '}' => escaped.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::header_argument;

    #[test]
    fn a_header_is_an_argument_of_curl_that_a_shell_leaves_alone() {
        for (value, argument) in [
            (&b"1"[..], "'X-A: 1'"),
            (b"", "'X-A;'"),
            (b"it's", r"'X-A: it'\''s'"),
            (b"a\xff", r#"'X-A: '"$(printf 'a\377')""#),
        ] {
            assert_eq!(header_argument("X-A", value), argument);
        }
    }
}
