//! What the body could have been when it was signed: each variant with the sentence that tells it.

use super::finding::{Code, Finding};
use super::remedy::{self, Family};
use super::reserialised::Tree;
use super::serialisers::{self, Serialiser};
use super::signature::{lenient_base64, percent_decoded};
use super::style::Spacing;
use super::{charset, gzip};
use crate::webhook::encoding::Encoding;
use crate::webhook::json::{Document, Path};

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Takes a body that could have been signed, and says whether it wants more of them.
pub(super) type Visit<'v> = dyn FnMut(Vec<u8>, Vec<Finding>) -> bool + 'v;

/// Where a payload stands in what gateways, queues and relays wrap around it.
const WRAPPERS: [&str; 8] = ["body", "payload", "data", "message", "Message", "rawBody", "event", "detail"];

/// How long a rewritten body may be.
fn limit(body: &[u8]) -> usize {
    body.len().saturating_mul(8).saturating_add(64 * 1024)
}

/// Shows the few variants that explain most of what goes wrong.
pub(super) fn likeliest(body: &[u8], visit: &mut Visit<'_>) -> bool {
    newlines(body, visit)
        && line_endings(body, visit)
        && marks(body, visit)
        && edges(body, visit)
        && json(body, serialisers::likeliest(), visit)
}

/// Shows every variant that is one change away, the likeliest first.
pub(super) fn singles(body: &[u8], visit: &mut Visit<'_>) -> bool {
    newlines(body, visit)
        && line_endings(body, visit)
        && marks(body, visit)
        && edges(body, visit)
        && json(body, &serialisers::ALL, visit)
        && squeezed(body, visit)
        && wrapped(body, visit)
        && forms(body, visit)
        && encodings(body, visit)
        && charsets(body, visit)
}

/// Shows the variants that are two changes away and go together in practice.
pub(super) fn doubles(body: &[u8], visit: &mut Visit<'_>) -> bool {
    // A file that a formatter wrote ends with a line break.
    let mut more = true;
    if let Some(tree) = Tree::read(body) {
        for (style, family, what) in serialisers::ALL {
            if !more {
                return false;
            }
            let first = reserialised_finding(family, what);
            if style.spacing != Spacing::Kept {
                let Some(mut text) = tree.write(style, limit(body)) else { continue };
                text.push(b'\n');
                more = more && visit(text.clone(), vec![first.clone(), newline("added")]);
                if let Spacing::Indented(_) = style.spacing {
                    let text = to_crlf(&text);
                    more = more && visit(text, vec![first, line_ending("CRLF"), newline("added")]);
                }
            }
        }
    }
    let stripped = body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n"));
    if let Some(stripped) = stripped {
        more = more && visit(to_lf(stripped), vec![line_ending("LF"), newline("removed")]);
        more = more && visit(to_crlf(stripped), vec![line_ending("CRLF"), newline("removed")]);
    } else {
        more = more && visit([&to_lf(body), &b"\n"[..]].concat(), vec![line_ending("LF"), newline("added")]);
        more = more && visit([&to_crlf(body), &b"\r\n"[..]].concat(), vec![line_ending("CRLF"), newline("added")]);
    }
    more && wrapped(body, &mut |inner, findings| {
        json(&inner, &serialisers::ALL, &mut |text, further| visit(text, [findings.clone(), further].concat()))
    })
}

/// Shows JSON in every style that no serialiser is known for.
pub(super) fn unusual(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let Some(tree) = Tree::read(body) else { return true };
    for style in serialisers::others() {
        let Some(text) = tree.write(style, limit(body)) else { continue };
        let what = format!("in another way: {}", style.describe());
        if !visit(text, vec![reserialised_finding(Family::Any, &what)]) {
            return false;
        }
    }
    true
}

fn finding(code: Code, change: &str, remedy: &str) -> Finding {
    Finding::new(code, format!("the signature is that of the body {change}"), remedy)
}

fn newline(change: &str) -> Finding {
    finding(Code::BodyTrailingNewline, &format!("with a line break at its end {change}"), remedy::NEWLINE)
}

fn line_ending(to: &str) -> Finding {
    finding(Code::BodyLineEndings, &format!("with its line endings turned into {to}"), remedy::LINE_ENDINGS)
}

fn reserialised_finding(family: Family, what: &str) -> Finding {
    let cause = format!("the signature is that of the same JSON written {what}");
    Finding::new(Code::BodyReserialised, cause, family.raw_body())
}

fn newlines(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let trailing = |change: &str| vec![finding(Code::BodyTrailingNewline, change, remedy::NEWLINE)];
    let mut more = true;
    if let Some(shorter) = body.strip_suffix(b"\n") {
        let shorter = shorter.strip_suffix(b"\r").unwrap_or(shorter);
        more = visit(shorter.to_vec(), trailing("with its final line break removed"));
        let none: &[u8] = &body[..body.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1)];
        more = more && visit(none.to_vec(), trailing("with all line breaks at its end removed"));
    }
    more = more && visit([body, b"\n"].concat(), trailing("with a line break added at its end"));
    more && visit([body, b"\r\n"].concat(), trailing("with a line break (CRLF) added at its end"))
}

fn line_endings(body: &[u8], visit: &mut Visit<'_>) -> bool {
    if !body.contains(&b'\n') && !body.contains(&b'\r') {
        return true;
    }
    visit(to_lf(body), vec![line_ending("LF")])
        && visit(to_crlf(body), vec![line_ending("CRLF")])
        && visit(
            without(body, b"\r\n"),
            vec![finding(Code::BodyLineEndings, "with all its line breaks removed", remedy::LINE_ENDINGS)],
        )
}

fn json(body: &[u8], serialisers: &[Serialiser], visit: &mut Visit<'_>) -> bool {
    let Some(tree) = Tree::read(body) else { return true };
    for (style, family, what) in serialisers {
        let Some(text) = tree.write(*style, limit(body)) else { continue };
        if !visit(text, vec![reserialised_finding(*family, what)]) {
            return false;
        }
    }
    true
}

fn marks(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let mark = |change| vec![finding(Code::BodyBom, change, remedy::BOM)];
    match body.strip_prefix(MARK) {
        Some(rest) => visit(rest.to_vec(), mark("without its byte order mark")),
        None => visit([MARK, body].concat(), mark("with a byte order mark before it")),
    }
}

/// What stands inside a JSON envelope, or a JSON string.
fn wrapped(body: &[u8], visit: &mut Visit<'_>) -> bool {
    if let Ok(text) = str::from_utf8(body) {
        let quoted = serde_json::Value::from(text).to_string().into_bytes();
        let cause = "encoded once more, as a JSON string";
        if !visit(quoted, vec![finding(Code::BodyReserialised, cause, Family::JavaScript.raw_body())]) {
            return false;
        }
    }
    if let Ok(text) = serde_json::from_slice::<String>(body) {
        let cause = "decoded: it is JSON inside a JSON string";
        let findings = vec![finding(Code::BodyReserialised, cause, Family::JavaScript.raw_body())];
        return visit(text.into_bytes(), findings);
    }
    let Ok(document) = Document::parse(body) else { return true };
    for name in WRAPPERS {
        let Some((path, value)) = Path::parse(name).ok().and_then(|path| Some((path.clone(), document.find(&path)?)))
        else {
            continue;
        };
        let inside = |how: &str| {
            let cause = format!("the signature is that of what stands at `{name}` in the body{how}");
            vec![Finding::new(Code::BodyEnvelope, cause, remedy::ENVELOPE)]
        };
        if !visit(value.to_vec(), inside("")) {
            return false;
        }
        let text = document.find_text(&path).filter(|_| value.starts_with(b"\""));
        if let Some(text) = text {
            let decoded = lenient_base64(text.as_bytes()).filter(|decoded| !decoded.is_empty());
            if !visit(text.into_owned().into_bytes(), inside(", a JSON string decoded")) {
                return false;
            }
            if let Some(decoded) = decoded
                && !visit(decoded, inside(", decoded from base64"))
            {
                return false;
            }
        }
    }
    true
}

fn forms(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let form = |change: &str| vec![finding(Code::BodyForm, change, remedy::FORM)];
    let decode = |text: &[u8]| {
        let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decoded(&spaced).unwrap_or(spaced)
    };
    let mut more = true;
    let name = body.iter().position(|byte| *byte == b'=');
    let is_form =
        name.is_some_and(|at| body[..at].iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte)));
    if let Some(at) = name.filter(|_| is_form) {
        let value = &body[at + 1..];
        let value = &value[..value.iter().position(|byte| *byte == b'&').unwrap_or(value.len())];
        more = visit(decode(value), form("with its first form field decoded, and nothing else"))
            && visit(value.to_vec(), form("reduced to the value of its first form field"));
    }
    if is_form || body.contains(&b'%') {
        more = more && visit(decode(body), form("decoded as a form"));
        more = more && percent_decoded(body).is_none_or(|text| visit(text, form("with its percent-encoding decoded")));
    }
    if is_form {
        return more;
    }
    let (component, plus) = (percent_encoded(body, b"-_.!~*'()", false), percent_encoded(body, b"-_.", true));
    more && visit(component.clone(), form("percent-encoded (`encodeURIComponent`)"))
        && visit([&b"payload="[..], &component].concat(), form("as a form, in the field `payload`"))
        && visit([&b"payload="[..], &plus].concat(), form("as a form, in the field `payload` (`+` for spaces)"))
}

fn encodings(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let base64 = |change: &str| vec![finding(Code::BodyBase64, change, remedy::BASE64)];
    let mut more = true;
    let text = body.trim_ascii();
    let decoded = lenient_base64(text).filter(|_| text.len() >= 4).filter(|decoded| !decoded.is_empty());
    if let Some(decoded) = decoded {
        more = visit(decoded, base64("decoded from base64"));
    }
    more = more && visit(Encoding::Base64.encode(body).into_bytes(), base64("encoded as base64"));
    more = more && visit(Encoding::Base64Url.encode(body).into_bytes(), base64("encoded as base64url"));
    more = more && visit(hex::encode(body).into_bytes(), base64("encoded as hex"));
    if let Some(text) = gzip::opened(body, limit(body).min(16 * 1024 * 1024)) {
        more = more && visit(text, vec![finding(Code::BodyGzip, "decompressed", remedy::GZIP)]);
    }
    more
}

fn charsets(body: &[u8], visit: &mut Visit<'_>) -> bool {
    charset::variants(body)
        .into_iter()
        .all(|(text, how)| visit(text, vec![finding(Code::BodyCharset, &format!("written {how}"), remedy::CHARSET)]))
}

/// White space and NULs around the body, and no body at all.
fn edges(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let space = |change: &str| vec![finding(Code::BodyWhitespace, change, remedy::NEWLINE)];
    let trimmed = body.trim_ascii();
    let nul = body.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    visit(Vec::new(), vec![Finding::new(Code::BodyEmpty, "the signature is that of an empty body", remedy::EMPTY)])
        && visit(trimmed.to_vec(), space("without the white space around it"))
        && visit(body[..nul].to_vec(), space("without the NUL bytes at its end"))
        && visit([body, b"\0"].concat(), space("with a NUL byte at its end"))
        && visit([body, b" "].concat(), space("with a space at its end"))
        && visit([b"\n", body].concat(), space("with a line break before it"))
}

fn squeezed(body: &[u8], visit: &mut Visit<'_>) -> bool {
    let change = "without any white space, also inside strings";
    visit(without(body, b" \t\r\n"), vec![finding(Code::BodyWhitespace, change, Family::Any.raw_body())])
}

/// A body that should be an envelope, and what may have been put around it.
pub(super) fn unwrapped(body: &[u8]) -> Vec<(Vec<u8>, Option<Finding>)> {
    let mut found = Vec::new();
    let mut body = body.to_vec();
    if let Some(rest) = body.strip_prefix(MARK) {
        let (code, cause) = (Code::BodyBom, "without the byte order mark that stands before it");
        found.push((rest.to_vec(), Some(finding(code, cause, remedy::BOM))));
        return found;
    }
    if body.trim_ascii().len() < body.len() {
        let broken = body.ends_with(b"\n") && body.trim_ascii_start().len() == body.len();
        let (code, cause) = if broken {
            (Code::BodyTrailingNewline, "without the line break at its end")
        } else {
            (Code::BodyWhitespace, "without the white space around it")
        };
        found.push((body.trim_ascii().to_vec(), Some(finding(code, cause, remedy::NEWLINE))));
        body = body.trim_ascii().to_vec();
    } else {
        found.push((body.clone(), None));
    }
    if let Ok(text) = serde_json::from_slice::<String>(&body) {
        let cause = "decoded: it was sent as a JSON string";
        let finding = finding(Code::BodyReserialised, cause, "send the text itself: no `JSON.stringify` around it");
        found.push((text.into_bytes(), Some(finding)));
    }
    if let [b'\'', inner @ .., b'\''] = body.as_slice() {
        found
            .push((inner.to_vec(), Some(finding(Code::BodyEnvelope, "without the quotes around it", remedy::NEWLINE))));
    }
    if let Some(text) = percent_decoded(&body) {
        found.push((text, Some(finding(Code::BodyForm, "with its percent-encoding decoded", remedy::FORM))));
    }
    if let Some(text) = lenient_base64(&body).filter(|text| text.is_ascii() && !text.is_empty()) {
        found.push((text, Some(finding(Code::BodyBase64, "decoded from base64 once more", remedy::BASE64))));
    }
    if let Ok(document) = Document::parse(&body) {
        for name in WRAPPERS {
            let text = Path::parse(name).ok().and_then(|path| document.find_text(&path));
            if let Some(text) = text {
                let cause = format!("the envelope stands at `{name}` in the body, it is not the body itself");
                let finding = Finding::new(Code::BodyEnvelope, cause, remedy::ENVELOPE);
                found.push((text.into_owned().into_bytes(), Some(finding)));
            }
        }
    }
    found
}

fn to_lf(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    for (index, byte) in body.iter().enumerate() {
        match (byte, body.get(index + 1)) {
            (b'\r', Some(b'\n')) => {}
            (b'\r', _) => text.push(b'\n'),
            _ => text.push(*byte),
        }
    }
    text
}

fn to_crlf(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len() + 64);
    for byte in to_lf(body) {
        if byte == b'\n' {
            text.push(b'\r');
        }
        text.push(byte);
    }
    text
}

fn without(body: &[u8], bytes: &[u8]) -> Vec<u8> {
    body.iter().filter(|byte| !bytes.contains(byte)).copied().collect()
}

fn percent_encoded(body: &[u8], kept: &[u8], plus: bool) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = Vec::with_capacity(body.len() * 2);
    for byte in body {
        match byte {
            b' ' if plus => text.push(b'+'),
            byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => text.push(*byte),
            byte => text.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
        }
    }
    text
}
