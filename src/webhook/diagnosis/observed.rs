//! The signatures, timestamps and ids that stand in a delivery: where its scheme has them, and wherever else they are.

use http::{HeaderMap, HeaderName};

use super::Case;
use super::finding::{Code, Finding};
use super::signature::{self, Written};
use crate::webhook::encoding::Encoding;
use crate::webhook::json::{Document, Path};
use crate::webhook::provider::Provider;
use crate::webhook::record::REDACTED;
use crate::webhook::scheme::{HeaderRule, Scheme};
use crate::webhook::template::{Captures, Field, Template};

/// What a delivery says of itself, read with patience.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The signatures, the scheme's own first.
    pub(super) signatures: Vec<Observed>,
    /// The timestamps, likewise.
    pub(super) timestamps: Vec<Claimed>,
    /// The ids, likewise.
    pub(super) ids: Vec<Claimed>,
    /// What an envelope holds, and what it took to open it.
    pub(super) payload: Option<(Vec<u8>, Vec<Finding>)>,
}

/// A signature, decoded.
#[derive(Debug)]
pub(super) struct Observed {
    /// Its bytes.
    pub(super) raw: Vec<u8>,
    /// How its place and form differ from the scheme's.
    pub(super) findings: Vec<Finding>,
    /// Whether it stands where the scheme has it.
    pub(super) own: bool,
}

/// A timestamp or an id, and how its place differs from the scheme's.
#[derive(Debug, Clone, Default)]
pub(super) struct Claimed {
    pub(super) text: String,
    pub(super) findings: Vec<Finding>,
}

/// How many signatures are looked at; a delivery has a few, and a hostile one any number.
const SIGNATURES: usize = 24;

/// How many timestamps and ids.
const CLAIMS: usize = 4;

/// Reads a delivery.
pub(super) fn gather(case: &Case<'_>) -> Evidence {
    let mut reader = Reader { case, evidence: Evidence::default() };
    reader.read_envelope();
    reader.read_own_headers();
    for known in case.others {
        reader.read_headers_of(known.provider);
    }
    reader.read_strangers();
    reader.read_payload();
    if reader.evidence.ids.is_empty() && !case.delivery.id.is_empty() {
        reader.evidence.ids.push(Claimed { text: case.delivery.id.clone(), findings: Vec::new() });
    }
    reader.evidence
}

struct Reader<'a> {
    case: &'a Case<'a>,
    evidence: Evidence,
}

impl Reader<'_> {
    fn scheme(&self) -> &Scheme {
        &self.case.provider.scheme
    }

    fn headers(&self) -> &HeaderMap {
        self.case.delivery.request.headers()
    }

    /// Adds the signatures that a text could be; whether there is one.
    fn add_signature(&mut self, text: &[u8], own: bool, findings: &[Finding]) -> bool {
        let full = self.scheme().algorithm.size();
        let read = signature::read(text);
        let any = !read.is_empty();
        for Written { raw, writing } in read {
            // Elsewhere than in its place, only what has the size of a hash is taken for a signature.
            let whole = [20, 32, 48, 64].contains(&raw.len());
            let known = self.evidence.signatures.iter().any(|known| known.raw == raw);
            if known || (!own && !whole) || self.evidence.signatures.len() >= SIGNATURES {
                continue;
            }
            let mut findings = findings.to_vec();
            let scheme = self.scheme();
            let accepted = std::iter::once(scheme.encoding).chain(scheme.also_accepts.iter().copied());
            let mut accepted = accepted.filter(|_| full > 0);
            if own && full > 0 && !accepted.any(|encoding| writing.is(encoding)) {
                findings.push(Finding::new(
                    Code::Encoding,
                    format!("the signature is written as {}, not as {}", writing.title(), scheme.encoding.title()),
                    encoding_remedy(scheme.encoding),
                ));
            }
            self.evidence.signatures.push(Observed { raw, findings, own });
        }
        any
    }

    fn add_timestamp(&mut self, text: &str, findings: Vec<Finding>) {
        add(&mut self.evidence.timestamps, text, findings);
    }

    fn add_id(&mut self, text: &str, findings: Vec<Finding>) {
        add(&mut self.evidence.ids, text, findings);
    }

    fn read_envelope(&mut self) {
        let Some(envelope) = self.scheme().envelope.clone() else { return };
        let body = self.case.delivery.request.body();
        for (text, finding) in super::body::unwrapped(body) {
            let strict = envelope.read(&text).map(|captures| (captures, false));
            let read = strict.or_else(|| Some((envelope.read_with(&text, signature::decode_leniently)?, true)));
            let Some((captures, lenient)) = read else { continue };
            let mut findings: Vec<Finding> = finding.into_iter().collect();
            if lenient {
                findings.push(Finding::new(
                    Code::BodyBase64,
                    format!("the body is not base64 as in `{envelope}`: it has the URL-safe alphabet, or no padding"),
                    "write the payload as base64 with the standard alphabet and padding (RFC 4648, section 4)",
                ));
            }
            let payload = captures.field(Field::Payload).unwrap_or_default().to_vec();
            if let Some(text) = captures.field(Field::Signature) {
                self.add_signature(text, true, &[]);
            }
            self.evidence.payload = Some((payload, findings));
            return;
        }
    }

    fn read_own_headers(&mut self) {
        for rule in self.scheme().headers.clone() {
            let values: Vec<Vec<u8>> = all(self.headers(), &rule.name);
            let several = values.len();
            for (index, value) in values.iter().enumerate() {
                let mut findings = Vec::new();
                if several > 1 {
                    findings.push(Finding::new(
                        Code::HeaderDuplicate,
                        format!(
                            "the header `{}` is there {several} times; number {} is the right one",
                            rule.name,
                            index + 1
                        ),
                        "send it once: a proxy, a gateway or a second middleware adds it again",
                    ));
                }
                self.read_own_header(&rule, value, &findings);
            }
        }
    }

    fn read_own_header(&mut self, rule: &HeaderRule, value: &[u8], findings: &[Finding]) {
        let mut signed = false;
        for captures in items(rule, value) {
            let version = captures.text(Field::Version);
            let mut findings = findings.to_vec();
            if let (Some(found), Some(expected)) = (version, self.scheme().version.as_deref())
                && found != expected
                && captures.field(Field::Signature).is_some()
            {
                findings.push(Finding::new(
                    Code::Version,
                    format!("the header `{}` has the signature as version `{found}`, not `{expected}`", rule.name),
                    format!("write the signature as `{expected}`, and verify the entries of that version only"),
                ));
            }
            // Where the secret itself should be, somebody may have put a signature.
            if let Some(text) = captures.field(Field::Signature).or(captures.field(Field::Secret)) {
                signed |= self.add_signature(text, true, &findings);
            }
            self.take(&captures, &[]);
        }
        // A form without a mark, `{signature}`, takes `sha256=…` whole, and what is in it is no less a signature.
        if rule.value.mentions(Field::Signature) && (!signed || rule.separator.is_none()) {
            for piece in signature::pieces(value) {
                let mut findings = findings.to_vec();
                findings.push(other_form(rule, value, &piece.text));
                self.add_signature(&piece.text, true, &findings);
            }
        }
        if rule.value.mentions(Field::Timestamp) && self.evidence.timestamps.is_empty() {
            for piece in signature::pieces(value) {
                let marked = matches!(piece.mark.as_deref(), Some("t" | "ts" | "time" | "timestamp"));
                let alone = !rule.value.mentions(Field::Signature);
                if let (true, Ok(text)) = (marked || alone, str::from_utf8(&piece.text)) {
                    self.add_timestamp(text, vec![other_form(rule, value, &piece.text)]);
                }
            }
        }
    }

    fn take(&mut self, captures: &Captures<'_>, findings: &[Finding]) {
        if let Some(text) = captures.text(Field::Timestamp) {
            self.add_timestamp(text, findings.to_vec());
        }
        if let Some(text) = captures.text(Field::Id) {
            self.add_id(text, findings.to_vec());
        }
    }

    /// What stands in the headers of another provider.
    fn read_headers_of(&mut self, other: &Provider) {
        for rule in &other.scheme.headers {
            let own = self.scheme().headers.iter().any(|own| own.name.eq_ignore_ascii_case(&rule.name));
            if own {
                continue;
            }
            for value in all(self.headers(), &rule.name) {
                for captures in items(rule, &value) {
                    let moved = |field| vec![self.moved(field, &rule.name)];
                    let (signature, timestamp, id) =
                        (moved(Field::Signature), moved(Field::Timestamp), moved(Field::Id));
                    if let Some(text) = captures.field(Field::Signature) {
                        self.add_signature(text, false, &signature);
                    }
                    if let Some(text) = captures.text(Field::Timestamp) {
                        self.add_timestamp(text, timestamp);
                    }
                    if let Some(text) = captures.text(Field::Id) {
                        self.add_id(text, id);
                    }
                }
            }
        }
    }

    /// What stands in headers that nobody knows.
    fn read_strangers(&mut self) {
        let schemes = || self.case.others.iter().map(|known| &known.provider.scheme).chain([self.scheme()]);
        let known =
            |name: &str| schemes().any(|scheme| scheme.headers.iter().any(|rule| rule.name.eq_ignore_ascii_case(name)));
        let strangers: Vec<(HeaderName, Vec<u8>)> = self
            .headers()
            .iter()
            .filter(|(name, value)| !known(name.as_str()) && *value != REDACTED)
            .map(|(name, value)| (name.clone(), value.as_bytes().to_vec()))
            .collect();
        for (name, value) in strangers {
            let shown = self.case.provider.spelling(&name);
            let finding = |field| vec![self.moved(field, &shown)];
            let (signature, timestamp, id) = (finding(Field::Signature), finding(Field::Timestamp), finding(Field::Id));
            for piece in signature::pieces(&value) {
                let text = str::from_utf8(&piece.text).unwrap_or_default();
                let marked = matches!(piece.mark.as_deref(), Some("t" | "ts" | "timestamp"));
                if (name.as_str().contains("timestamp") && piece.mark.is_none())
                    || (marked && text.parse::<u64>().is_ok())
                {
                    self.add_timestamp(text, timestamp.clone());
                    continue;
                }
                self.add_signature(&piece.text, false, &signature);
            }
            if name.as_str().ends_with("-id")
                && let Ok(text) = str::from_utf8(&value)
            {
                self.add_id(text, id);
            }
        }
    }

    /// The times in the payload, for content that is signed with one of them instead of the header's.
    fn read_payload(&mut self) {
        if !self.scheme().has_timestamp() {
            return;
        }
        let payload = match &self.evidence.payload {
            Some((payload, _)) => payload.as_slice(),
            None => self.case.delivery.request.body().as_ref(),
        };
        let Ok(document) = Document::parse(payload) else { return };
        let mut found = Vec::new();
        if let Some(text) = self.scheme().timestamp_in(payload) {
            found.push((text, Vec::new()));
        }
        for name in ["timestamp", "created_at", "created", "time"] {
            let Some(text) = Path::parse(name).ok().and_then(|path| document.find_text(&path)) else { continue };
            let finding = Finding::new(
                Code::ContentTimestamp,
                format!("the signed timestamp is the payload's `{name}`, not the one in the header"),
                "sign the timestamp of the attempt, as the header has it",
            );
            found.push((text.into_owned(), vec![finding]));
        }
        for (text, findings) in found {
            self.add_timestamp(&text, findings);
        }
    }

    /// That something stands in a header where the scheme does not have it.
    fn moved(&self, field: Field, found: &str) -> Finding {
        let expected = self.scheme().headers.iter().find(|rule| rule.value.mentions(field));
        let what = field.title();
        let (cause, remedy) = match expected {
            Some(rule) => (
                format!("the {what} stands in the header `{found}`, not in `{}`", rule.name),
                format!("send it in `{}`; a proxy or a gateway must not rename or drop it", rule.name),
            ),
            None => (
                format!("the {what} stands in the header `{found}`, where {} has none", self.case.provider.name),
                format!("send it as {} does", self.case.provider.name),
            ),
        };
        Finding::new(Code::HeaderName, cause, remedy)
    }
}

/// Adds what is not there yet.
fn add(claims: &mut Vec<Claimed>, text: &str, findings: Vec<Finding>) {
    let text = text.trim();
    let new = !claims.iter().any(|claimed| claimed.text == text);
    if new && !text.is_empty() && text.len() <= 256 && claims.len() < CLAIMS {
        claims.push(Claimed { text: text.to_owned(), findings });
    }
}

fn all(headers: &HeaderMap, name: &str) -> Vec<Vec<u8>> {
    headers.get_all(name).iter().filter(|value| *value != REDACTED).map(|value| value.as_bytes().to_vec()).collect()
}

/// The items of a header that have the form of one of its rule's.
pub(super) fn items<'v>(rule: &HeaderRule, value: &'v [u8]) -> Vec<Captures<'v>> {
    let values: Vec<&[u8]> = match &rule.separator {
        Some(separator) => signature::split(value, separator.as_bytes()),
        None => vec![value],
    };
    let marked = || rule.items.iter().filter(|item| !item.begins_open());
    let templates = || marked().chain(rule.items.iter().filter(|item| item.begins_open()));
    values.into_iter().filter_map(|item| templates().find_map(|template: &Template| template.read(item))).collect()
}

/// That a header does not have its form: which one it has instead.
pub(super) fn other_form(rule: &HeaderRule, value: &[u8], inner: &[u8]) -> Finding {
    let field = if rule.value.mentions(Field::Signature) { Field::Signature } else { Field::Timestamp };
    let (value, inner) = (String::from_utf8_lossy(value), String::from_utf8_lossy(inner));
    let form = value.replacen(inner.as_ref(), &format!("{{{}}}", field.name()), 1);
    let found =
        if form.len() <= 60 && form != value { format!("has the form `{form}`") } else { "has another form".into() };
    Finding::new(
        Code::HeaderFormat,
        format!("the header `{}` {found}, not `{}`", rule.name, rule.value),
        format!("write the header as `{}`, with nothing else around it", rule.value),
    )
}

fn encoding_remedy(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => {
            "write the digest as lower-case hex: `.digest('hex')` in Node, `.hexdigest()` in Python and Ruby, \
             `hash_hmac('sha256', ...)` in PHP, `Convert.ToHexString(...).ToLowerInvariant()` in .NET"
        }
        Encoding::Base64 => {
            "write the digest's bytes as base64 with padding: `.digest('base64')` in Node, \
             `base64.b64encode(mac.digest())` in Python, `base64_encode(hash_hmac('sha256', $body, $key, true))` in PHP"
        }
        Encoding::Base64Url => "write the digest's bytes as URL-safe base64 without padding",
    }
}
