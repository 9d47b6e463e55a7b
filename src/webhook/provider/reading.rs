//! Reads a provider's file: key by key, and each mistake with its line and column.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderName, Method};

use super::forms::ambiguity;
use super::{EventInfo, Place, Places, Provider, RequestRules};
use crate::webhook::encoding::Encoding;
use crate::webhook::event::EventName;
use crate::webhook::fixture::Renderer;
use crate::webhook::json::Path;
use crate::webhook::policy::{DeliveryPolicy, RetryOn, StatusPatterns};
use crate::webhook::scheme::{Algorithm, HeaderRule, Scheme, TimestampRule, TimestampUnit};
use crate::webhook::secret::{KeyForm, Secret};
use crate::webhook::table::{At, FileError, Source, Table};
use crate::webhook::template::{Field, Template, TemplateError};

/// What a provider's file may say at its top.
const KEYS: [&str; 13] = [
    "title",
    "about",
    "documentation",
    "readings",
    "weaknesses",
    "replaces-built-in",
    "request",
    "secret",
    "signature",
    "timestamp",
    "event",
    "delivery",
    "events",
];

impl Provider {
    /// Reads a provider's file; `files` are the names of the example events that stand beside it, in order.
    pub fn read(name: &str, source: Source<'_>, files: &[&str]) -> Result<Self, FileError> {
        Self::read_table(name, source.table()?, source, files)
    }

    /// The same, from what the file is known to say.
    pub fn read_table(name: &str, mut file: Table<'_>, source: Source<'_>, files: &[&str]) -> Result<Self, FileError> {
        file.allow(&KEYS)?;
        let title = file.required_text("title")?.value;
        let about = file.required_text("about")?.value;
        let documentation = file.required_text("documentation")?.value;
        let readings = values(file.texts("readings")?);
        let weaknesses = values(file.texts("weaknesses")?);
        let replaces_built_in = file.flag("replaces-built-in")?;

        let request_table = file.table("request")?;
        let (request, envelope) = read_request(request_table)?;
        let scheme = read_scheme(&mut file, &request, envelope)?;
        let event_table = file.table("event")?;
        let places = read_places(event_table, &request, &scheme)?;
        let policy_table = file.table("delivery")?;
        let policy = read_policy(policy_table)?;
        let events_table = file.table("events")?;
        let events = read_events(name, events_table, source, files)?;
        file.end()?;
        Ok(Self {
            name: name.to_owned(),
            title,
            about,
            documentation,
            readings,
            weaknesses,
            replaces_built_in,
            places,
            request,
            scheme,
            policy,
            events,
        })
    }
}

fn values(texts: Vec<At<String>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value).collect()
}

/// What a header of a request may be written from.
const HEADER_FIELDS: [Field; 4] = [Field::Event, Field::Id, Field::Timestamp, Field::Version];

fn read_request(mut table: Table<'_>) -> Result<(RequestRules, Option<Template>), FileError> {
    let path = table.text("path")?;
    if let Some(path) = &path {
        check_path(&table, path)?;
    }
    let method = match table.text("method")? {
        None => Method::POST,
        Some(text) => match Method::from_str(&text.value) {
            // A request for a tunnel has neither a path nor a body (RFC 9110, section 9.3.6).
            Ok(method) if method != Method::CONNECT => method,
            Ok(_) | Err(_) => {
                let message = format!("`{}` is no method to deliver with", text.value);
                return Err(table.error(&text.span, message, Some("leave it out: POST is usual".to_owned())));
            }
        },
    };
    let content_type = match table.text("content-type")? {
        Some(text) => header_value(&table, &text)?,
        None => "application/json".to_owned(),
    };
    let mut headers = Vec::new();
    for (name, value) in table.table("headers")?.into_texts()? {
        let template = template(&table, &value, &HEADER_FIELDS)?;
        header_value(&table, &value)?;
        readable(&table, &value, &template, None)?;
        headers.push((header_name(&table, name)?, template));
    }
    let envelope = match table.text("body")? {
        None => None,
        Some(text) => {
            let envelope = template(&table, &text, &[Field::Payload, Field::Signature])?;
            if !envelope.mentions(Field::Payload) {
                let message = "the envelope `request.body` has no `{payload}`".to_owned();
                return Err(table.error(&text.span, message, None));
            }
            readable(&table, &text, &envelope, None)?;
            Some(envelope)
        }
    };
    table.end()?;
    Ok((RequestRules { path: path.map(|path| path.value), method, content_type, headers }, envelope))
}

fn read_scheme(file: &mut Table<'_>, request: &RequestRules, envelope: Option<Template>) -> Result<Scheme, FileError> {
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
    let versioned = request.headers.iter().any(|(_, value)| value.mentions(Field::Version));
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

fn read_places(mut table: Table<'_>, request: &RequestRules, scheme: &Scheme) -> Result<Places, FileError> {
    let signed = scheme.headers.iter().map(|rule| (&rule.name, &rule.value));
    let headers: Vec<(&String, &Template)> =
        signed.chain(request.headers.iter().map(|(name, template)| (name, template))).collect();
    // A header whose template holds the field is read back with it, so that its place need not be said twice.
    let implied = |field: Field| {
        let rule = headers.iter().find(|(_, template)| template.mentions(field))?;
        Some(Place::Header { name: rule.0.clone(), form: Some((rule.1.clone(), field)) })
    };
    let places = |table: &Table<'_>, texts: Vec<At<String>>| -> Result<Vec<Place>, FileError> {
        texts.iter().map(|text| place(table, text)).collect()
    };

    let texts = table.texts("type")?;
    let mut event: Vec<Place> = implied(Field::Event).into_iter().collect();
    event.extend(places(&table, texts)?);
    if event.is_empty() {
        return Err(table.missing("type"));
    }
    let texts = table.texts("id")?;
    let mut id: Vec<Place> = implied(Field::Id).into_iter().collect();
    id.extend(places(&table, texts)?);
    let id_form = match table.text("id-form")? {
        None => "msg_{{alnum:24}}".to_owned(),
        Some(text) if text.value.contains("{{id") || text.value.contains("{{event") => {
            let message = format!("an id cannot be made of itself or of the event: `{}`", text.value);
            return Err(table.error(&text.span, message, Some("write a form such as \"evt_{{alnum:24}}\"".into())));
        }
        Some(text) => {
            let mut random = fastrand::Rng::with_seed(0);
            let mut renderer = Renderer::new("", "", jiff::Timestamp::UNIX_EPOCH, &mut random);
            renderer
                .render(text.value.as_bytes())
                .map_err(|error| table.error_within(&text.span, error.offset, error.to_string(), Some(error.hint)))?;
            text.value
        }
    };
    let mut deduplicate = Vec::new();
    for texts in table.text_lists("deduplicate")? {
        deduplicate.push(places(&table, texts)?);
    }
    table.end()?;
    Ok(Places { event, id, id_form, deduplicate })
}

fn read_policy(mut table: Table<'_>) -> Result<DeliveryPolicy, FileError> {
    let success = parsed(&table.texts("success")?, &table)?;
    let retry: Vec<RetryOn> = parsed(&table.texts("retry")?, &table)?;
    let policy = DeliveryPolicy {
        timeout: read_timeout(&mut table)?,
        success: if success.is_empty() { StatusPatterns::default() } else { StatusPatterns(success) },
        attempts: table.count("attempts")?,
        backoff: table.durations("backoff")?,
        jitter: table.percentage("jitter")?,
        retry,
        retry_after: table.flag("retry-after")?,
        disable_after: table.count("disable-after")?,
        after_last_attempt: table.text("after-last-attempt")?.map(|text| text.value),
    };
    table.end()?;
    Ok(policy)
}

fn read_timeout(table: &mut Table<'_>) -> Result<Option<Duration>, FileError> {
    let Some(text) = table.text("timeout")? else { return Ok(None) };
    let timeout = table.as_duration("timeout", &text)?;
    if timeout.is_zero() {
        let message = "`delivery.timeout` is no time at all".to_owned();
        return Err(table.error(&text.span, message, Some("leave it out where none is documented".to_owned())));
    }
    Ok(Some(timeout))
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(texts: &[At<String>], table: &Table<'_>) -> Result<Vec<T>, FileError> {
    let parse = |text: &At<String>| {
        text.value.parse().map_err(|error: T::Err| table.error(&text.span, error.to_string(), None))
    };
    texts.iter().map(parse).collect()
}

/// The events of a provider: those that its file lists, in its order, and those that have an example only.
fn read_events(
    provider: &str,
    table: Table<'_>,
    source: Source<'_>,
    files: &[&str],
) -> Result<Vec<EventInfo>, FileError> {
    let mut unlisted: HashSet<&str> = files.iter().copied().collect();
    let mut listed: Vec<EventInfo> = Vec::new();
    for (key, about) in table.into_texts()? {
        if !unlisted.remove(key.value.as_str()) {
            let message = format!("the event `{}` has no example", key.value);
            let hint = format!("add events/{}.json beside this file", key.value);
            return Err(source.error(key.span.start, message, Some(hint)));
        }
        listed.push(EventInfo { name: EventName::from_name(provider, &key.value), about: about.value });
    }
    if unlisted.is_empty() {
        return Ok(listed);
    }
    // A file that is not listed is an event all the same; a variant has its type's line and stands behind it.
    let mut abouts: HashMap<&str, &str> = HashMap::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, info) in listed.iter().enumerate() {
        if info.name.variant.is_none() {
            abouts.insert(&info.name.event, &info.about);
        }
        places.insert(info.name.event.clone(), place);
    }
    let mut placed: Vec<(usize, EventInfo)> = Vec::new();
    for file in files.iter().filter(|file| unlisted.contains(*file)) {
        let name = EventName::from_name(provider, file);
        let about = abouts.get(name.event.as_str()).copied().unwrap_or_default().to_owned();
        let next = listed.len() + placed.len();
        let place = *places.entry(name.event.clone()).or_insert(next);
        placed.push((place, EventInfo { name, about }));
    }
    let mut events: Vec<(usize, EventInfo)> = listed.into_iter().enumerate().collect();
    events.append(&mut placed);
    events.sort_by_key(|(place, _)| *place);
    Ok(events.into_iter().map(|(_, info)| info).collect())
}

fn template(table: &Table<'_>, text: &At<String>, allowed: &[Field]) -> Result<Template, FileError> {
    Template::parse(&text.value, allowed).map_err(|error| template_error(table, text, &error))
}

/// A form that is written must be read back the same, whatever its fields hold.
fn readable(table: &Table<'_>, text: &At<String>, form: &Template, separator: Option<&str>) -> Result<(), FileError> {
    form.check_readable().map_err(|error| template_error(table, text, &error))?;
    let Some((field, literal)) = ambiguity(form, separator) else { return Ok(()) };
    let message = format!("`{{{}}}` may hold `{literal}` itself, so it could not be read back", field.name());
    let hint = match field {
        Field::Payload => "encode it: `{payload:base64}`".to_owned(),
        _ => "put a character behind it that it cannot hold".to_owned(),
    };
    Err(table.error(&text.span, message, Some(hint)))
}

fn check_path(table: &Table<'_>, path: &At<String>) -> Result<(), FileError> {
    if !path.value.starts_with('/') {
        return Err(table.error(&path.span, format!("`request.path` must start with /: `{}`", path.value), None));
    }
    if path.value.contains('#') || path.value.parse::<PathAndQuery>().is_err() {
        let message = format!("`request.path` is no path of a URL: `{}`", path.value.escape_debug());
        return Err(table.error(&path.span, message, Some("write %20 for a space, and so on".to_owned())));
    }
    Ok(())
}

fn template_error(table: &Table<'_>, text: &At<String>, error: &TemplateError) -> FileError {
    match error {
        TemplateError::Unknown { offset, nearest, allowed, .. } => {
            let names = || allowed.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ");
            let hint = match nearest {
                Some(word) => format!("did you mean `{{{word}}}`?"),
                None => format!("known here: {}", names()),
            };
            table.error_within(&text.span, *offset, error.to_string(), Some(hint))
        }
        TemplateError::Brace { offset } => table.error_within(&text.span, *offset, error.to_string(), None),
        TemplateError::SideBySide { .. } | TemplateError::Twice { .. } => {
            table.error(&text.span, error.to_string(), None)
        }
    }
}

fn header_name(table: &Table<'_>, name: At<String>) -> Result<String, FileError> {
    match HeaderName::from_bytes(name.value.as_bytes()) {
        Ok(header) if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&header) => {
            let message = format!("`{}` follows from the body and the connection", name.value);
            Err(table.error(&name.span, message, Some("leave it out".to_owned())))
        }
        Ok(_) => Ok(name.value),
        Err(_) => Err(table.error(&name.span, format!("`{}` is no header name", name.value.escape_debug()), None)),
    }
}

fn header_value(table: &Table<'_>, text: &At<String>) -> Result<String, FileError> {
    match http::HeaderValue::from_str(&text.value) {
        Ok(_) => Ok(text.value.clone()),
        Err(_) => {
            let message = format!("`{}` cannot be the value of a header", text.value.escape_debug());
            Err(table.error(&text.span, message, None))
        }
    }
}

fn pointer(table: &Table<'_>, text: &At<String>) -> Result<Path, FileError> {
    let error =
        |message: String| table.error(&text.span, message, Some("write a JSON pointer, such as \"/data/id\"".into()));
    if !text.value.starts_with('/') {
        return Err(error(format!("`{}` is no JSON pointer", text.value)));
    }
    Path::parse(&text.value).map_err(|problem| error(problem.to_string()))
}

/// A JSON pointer into the payload, or a header's name.
fn place(table: &Table<'_>, text: &At<String>) -> Result<Place, FileError> {
    if text.value.starts_with('/') {
        return pointer(table, text).map(Place::Payload);
    }
    let name = header_name(table, text.clone())?;
    Ok(Place::Header { name, form: None })
}
