//! How a provider signs: what its file says of secret, signature and timestamp, and whether the parts fit each other.

use super::values::{header_name, header_value, pointer, readable, template};
use crate::webhook::encoding::Encoding;
use crate::webhook::provider::RequestRules;
use crate::webhook::scheme::{Algorithm, HeaderRule, Scheme, TimestampRule, TimestampUnit};
use crate::webhook::secret::{KeyForm, Secret};
use crate::webhook::table::{FileError, Table};
use crate::webhook::template::{Field, Template};

pub(super) fn read_scheme(
    file: &mut Table<'_>,
    request: &RequestRules,
    envelope: Option<Template>,
) -> Result<Scheme, FileError> {
    let encodings = Encoding::ALL.map(|encoding| (encoding.name(), encoding));

    let mut secret = file.table("secret")?;
    let test_secret = secret.required_text("test")?;
    let key_encodings: Vec<(&str, Option<Encoding>)> = std::iter::once(("text", None))
        .chain(encodings.into_iter().map(|(name, encoding)| (name, Some(encoding))))
        .collect();
    let encoding = secret.choice("encoding", &key_encodings)?;
    let prefix = secret.text("prefix")?.map(|prefix| prefix.value);
    let key = KeyForm { encoding: encoding.and_then(|encoding| encoding.value), prefix };
    let test = Secret::new("secret.test", test_secret.value.clone());
    key.key(&test).map_err(|error| secret.error(&test_secret.span, error.to_string(), None))?;
    secret.end()?;

    let mut table = file.table("signature")?;
    let Some(algorithm) = table.choice("algorithm", &Algorithm::NAMES)? else {
        return Err(table.missing("algorithm"));
    };
    let token = algorithm.value == Algorithm::Token;
    let content = read_content(&mut table, algorithm.value, envelope.is_some())?;
    let encoding = table.choice("encoding", &encodings)?.map_or(Encoding::Hex, |encoding| encoding.value);
    let also_accepts = table.choices("also-accepts", &encodings)?;
    let version = table.text("version")?.map(|version| version.value);
    let mut headers: Vec<HeaderRule> = Vec::new();
    for header in table.tables("headers")? {
        let rule = read_header(header, token, &headers)?;
        headers.push(rule);
    }

    let mut timestamp_table = file.table("timestamp")?;
    let timestamp = read_timestamp(&mut timestamp_table)?;
    let scheme = Scheme {
        algorithm: algorithm.value,
        content,
        encoding,
        also_accepts,
        version,
        headers,
        envelope,
        key,
        test_secret: test_secret.value,
        timestamp,
    };
    check_scheme(&table, &algorithm.span, &scheme, request)?;
    table.end()?;
    timestamp_table.end()?;
    Ok(scheme)
}

/// What may be signed.
const CONTENT_FIELDS: [Field; 9] = [
    Field::Body,
    Field::Payload,
    Field::Timestamp,
    Field::Id,
    Field::Event,
    Field::Url,
    Field::Method,
    Field::Version,
    Field::Secret,
];

fn read_content(table: &mut Table<'_>, algorithm: Algorithm, enveloped: bool) -> Result<Template, FileError> {
    let unsigned_body = table.flag("unsigned-body")?;
    let text = table.text("content")?;
    if algorithm == Algorithm::Token {
        return match text {
            Some(text) => {
                Err(table.error(&text.span, "a token signs no content".to_owned(), Some("leave it out".into())))
            }
            None => Ok(Template::default()),
        };
    }
    let text = text.ok_or_else(|| table.missing("content"))?;
    let content = template(table, &text, &CONTENT_FIELDS)?;
    if enveloped && content.mentions(Field::Body) {
        let message = "the body is an envelope that holds the signature, so it cannot be signed as a whole".to_owned();
        return Err(table.error(&text.span, message, Some("sign `{payload}` or `{payload:base64}`".into())));
    }
    if !content.mentions(Field::Body) && !content.mentions(Field::Payload) && !unsigned_body {
        let message = format!("`signature.content` covers nothing of the body: `{}`", text.value);
        let hint = "add `{body}`, or say `unsigned-body = true` if the provider really leaves the body open";
        return Err(table.error(&text.span, message, Some(hint.to_owned())));
    }
    if let (Algorithm::Digest(_), false) = (algorithm, content.mentions(Field::Secret)) {
        let message = "a plain hash whose content holds no `{secret}` proves nothing".to_owned();
        return Err(table.error(&text.span, message, Some("add `{secret}`, or use an HMAC algorithm".into())));
    }
    Ok(content)
}

fn read_header(mut table: Table<'_>, token: bool, others: &[HeaderRule]) -> Result<HeaderRule, FileError> {
    let name = table.required_text("name")?;
    if others.iter().any(|other| other.name.eq_ignore_ascii_case(&name.value)) {
        return Err(table.error(&name.span, format!("the header `{}` is said twice", name.value), None));
    }
    let text = table.required_text("value")?;
    let proof = if token { Field::Secret } else { Field::Signature };
    let value = template(&table, &text, &[proof, Field::Timestamp, Field::Id, Field::Version])?;
    header_value(&table, &text)?;
    let separator = table.text("separator")?.map(|separator| separator.value);
    let rule = HeaderRule::new(header_name(&table, name)?, value, separator, table.flag("optional")?);
    let items = &rule.items;
    for item in items {
        readable(&table, &text, item, rule.separator.as_deref())?;
    }
    if items.len() > 1 && items.iter().filter(|item| item.begins_open()).count() > 1 {
        let message = "two items of this list begin with a placeholder, so they could not be told apart".to_owned();
        return Err(table.error(&text.span, message, Some("mark them, as in `t={timestamp},v1={signature}`".into())));
    }
    table.end()?;
    Ok(rule)
}

fn read_timestamp(table: &mut Table<'_>) -> Result<TimestampRule, FileError> {
    let unit = table.choice("unit", &TimestampUnit::NAMES)?.map(|unit| unit.value).unwrap_or_default();
    let payload = match table.text("payload")? {
        Some(text) => Some(pointer(table, &text)?),
        None => None,
    };
    let tolerance_past = table.duration("tolerance-past")?;
    let tolerance_future = table.duration("tolerance-future")?;
    Ok(TimestampRule { unit, payload, tolerance_past, tolerance_future })
}

/// What no single key can say wrong: the parts of a scheme that need each other.
fn check_scheme(
    table: &Table<'_>,
    at: &std::ops::Range<usize>,
    scheme: &Scheme,
    request: &RequestRules,
) -> Result<(), FileError> {
    let error = |message: &str, hint: &str| Err(table.error(at, message.to_owned(), Some(hint.to_owned())));
    let carries = |field| {
        scheme.headers.iter().any(|rule| rule.value.mentions(field))
            || scheme.envelope.as_ref().is_some_and(|envelope| envelope.mentions(field))
    };
    let proof = if scheme.algorithm == Algorithm::Token { Field::Secret } else { Field::Signature };
    if !carries(proof) {
        let hint = format!("add a [[signature.headers]] whose value holds `{{{}}}`", proof.name());
        return error("no header carries the signature", &hint);
    }
    let versioned = request.headers.iter().any(|header| header.value.mentions(Field::Version));
    if (versioned || scheme.uses(Field::Version)) && scheme.version.is_none() {
        return error("`{version}` is used, but there is no `signature.version`", "add `version = \"v1\"`");
    }
    if scheme.content.mentions(Field::Timestamp) && !carries(Field::Timestamp) && scheme.timestamp.payload.is_none() {
        return error(
            "`{timestamp}` is signed, but no header carries it",
            "add a [[signature.headers]] whose value holds `{timestamp}`, or say `timestamp.payload`",
        );
    }
    let tolerance = scheme.timestamp.tolerance_past.or(scheme.timestamp.tolerance_future);
    if tolerance.is_some() && !carries(Field::Timestamp) && scheme.timestamp.payload.is_none() {
        return error(
            "there is a tolerance, but nothing carries a timestamp",
            "add a [[signature.headers]] whose value holds `{timestamp}`, or say `timestamp.payload`",
        );
    }
    if scheme.content.mentions(Field::Id) && !carries(Field::Id) {
        return error(
            "`{id}` is signed, but no header carries it",
            "add a [[signature.headers]] whose value is `{id}`",
        );
    }
    Ok(())
}
