//! Reads a provider's file: key by key, and each mistake with its line and column.

mod signature;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderValue, Method};

use self::signature::read_scheme;
use self::values::{check_path, header_name, header_value, parsed, place, readable, template, values};
use super::{EventInfo, Place, Places, Provider, RequestHeader, RequestRules};
use crate::webhook::event::EventName;
use crate::webhook::id_form::IdForm;
use crate::webhook::policy::{DeliveryPolicy, RetryOn, StatusPatterns};
use crate::webhook::scheme::Scheme;
use crate::webhook::table::{At, FileError, Source, Table};
use crate::webhook::template::{Field, Template};

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
        None => HeaderValue::from_static("application/json"),
    };
    let mut headers = Vec::new();
    for (name, value) in table.table("headers")?.into_texts()? {
        let template = template(&table, &value, &HEADER_FIELDS)?;
        header_value(&table, &value)?;
        readable(&table, &value, &template, None)?;
        let (name, header) = header_name(&table, name)?;
        headers.push(RequestHeader { name, header, value: template });
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

fn read_places(mut table: Table<'_>, request: &RequestRules, scheme: &Scheme) -> Result<Places, FileError> {
    let signed = scheme.headers.iter().map(|rule| (&rule.name, &rule.value));
    let headers: Vec<(&String, &Template)> =
        signed.chain(request.headers.iter().map(|header| (&header.name, &header.value))).collect();
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
        None => IdForm::default(),
        Some(text) if text.value.contains("{{id") || text.value.contains("{{event") => {
            let message = format!("an id cannot be made of itself or of the event: `{}`", text.value);
            return Err(table.error(&text.span, message, Some("write a form such as \"evt_{{alnum:24}}\"".into())));
        }
        Some(text) => IdForm::parse(&text.value)
            .map_err(|error| table.error_within(&text.span, error.offset, error.to_string(), Some(error.hint)))?,
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

/// The events of a provider: those that its file lists, in its order, and those that have an example only.
fn read_events(
    provider: &str,
    table: Table<'_>,
    source: Source<'_>,
    files: &[&str],
) -> Result<Vec<EventInfo>, FileError> {
    let mut unlisted: BTreeSet<&str> = files.iter().copied().collect();
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
    let mut abouts: BTreeMap<&str, &str> = BTreeMap::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
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
