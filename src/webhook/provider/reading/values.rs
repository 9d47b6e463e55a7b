//! The values of a provider's file: templates, headers, paths and places, each checked where it stands.

use std::str::FromStr;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};

use crate::webhook::json::Path;
use crate::webhook::provider::Place;
use crate::webhook::provider::forms::ambiguity;
use crate::webhook::table::{At, FileError, Table};
use crate::webhook::template::{Field, Template, TemplateError};

pub(super) fn values(texts: Vec<At<String>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value).collect()
}

pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
    texts: &[At<String>],
    table: &Table<'_>,
) -> Result<Vec<T>, FileError> {
    let parse = |text: &At<String>| {
        text.value.parse().map_err(|error: T::Err| table.error(&text.span, error.to_string(), None))
    };
    texts.iter().map(parse).collect()
}

pub(super) fn template(table: &Table<'_>, text: &At<String>, allowed: &[Field]) -> Result<Template, FileError> {
    Template::parse(&text.value, allowed).map_err(|error| template_error(table, text, &error))
}

/// A form that is written must be read back the same, whatever its fields hold.
pub(super) fn readable(
    table: &Table<'_>,
    text: &At<String>,
    form: &Template,
    separator: Option<&str>,
) -> Result<(), FileError> {
    form.check_readable().map_err(|error| template_error(table, text, &error))?;
    let Some((field, literal)) = ambiguity(form, separator) else { return Ok(()) };
    let message = format!("`{{{}}}` may hold `{literal}` itself, so it could not be read back", field.name());
    let hint = match field {
        Field::Payload => "encode it: `{payload:base64}`".to_owned(),
        _ => "put a character behind it that it cannot hold".to_owned(),
    };
    Err(table.error(&text.span, message, Some(hint)))
}

pub(super) fn check_path(table: &Table<'_>, path: &At<String>) -> Result<(), FileError> {
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

pub(super) fn header_name(table: &Table<'_>, name: At<String>) -> Result<(String, HeaderName), FileError> {
    match HeaderName::from_bytes(name.value.as_bytes()) {
        Ok(header) if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&header) => {
            let message = format!("`{}` follows from the body and the connection", name.value);
            Err(table.error(&name.span, message, Some("leave it out".to_owned())))
        }
        Ok(header) => Ok((name.value, header)),
        Err(_) => Err(table.error(&name.span, format!("`{}` is no header name", name.value.escape_debug()), None)),
    }
}

pub(super) fn header_value(table: &Table<'_>, text: &At<String>) -> Result<HeaderValue, FileError> {
    match HeaderValue::from_str(&text.value) {
        Ok(value) => Ok(value),
        Err(_) => {
            let message = format!("`{}` cannot be the value of a header", text.value.escape_debug());
            Err(table.error(&text.span, message, None))
        }
    }
}

pub(super) fn pointer(table: &Table<'_>, text: &At<String>) -> Result<Path, FileError> {
    let error =
        |message: String| table.error(&text.span, message, Some("write a JSON pointer, such as \"/data/id\"".into()));
    if !text.value.starts_with('/') {
        return Err(error(format!("`{}` is no JSON pointer", text.value)));
    }
    Path::parse(&text.value).map_err(|problem| error(problem.to_string()))
}

/// A JSON pointer into the payload, or a header's name.
pub(super) fn place(table: &Table<'_>, text: &At<String>) -> Result<Place, FileError> {
    if text.value.starts_with('/') {
        return pointer(table, text).map(Place::Payload);
    }
    let (name, _) = header_name(table, text.clone())?;
    Ok(Place::Header { name, form: None })
}
