//! `Provider::compose`: from an example event, or bytes of one's own, to a delivery that only lacks its signature.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use jiff::Timestamp;

use super::delivery::Delivery;
use super::event::EventName;
use super::fixture::{PlaceholderError, Prepared, Renderer};
use super::json::{self, Document, EditError, Path};
use super::provider::{Provider, RequestHeader};
use super::template::Field;

/// What a delivery is composed from.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The event.
    pub event: &'a EventName,
    /// The payload.
    pub payload: Payload<'a>,
    /// The delivery's id; `None` makes a fresh one.
    pub id: Option<&'a str>,
    /// The time of the attempt.
    pub timestamp: Timestamp,
    /// Where it will go.
    pub url: &'a Uri,
    /// Changes to the payload, in order.
    pub edits: &'a [Edit],
}

/// Where the payload comes from.
#[derive(Debug, Clone)]
pub enum Payload<'a> {
    /// An example event, whose placeholders are filled in.
    Fixture(&'a [u8]),
    /// The same, whose placeholders have been read already.
    Prepared(&'a Prepared),
    /// Bytes that are sent as they are.
    Exact(Bytes),
}

/// A change to the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Put a JSON value at a path.
    Set(Path, String),
    /// Take out what is at a path.
    Unset(Path),
}

/// Why a delivery could not be composed.
#[derive(Debug, thiserror::Error)]
pub enum CompositionError {
    /// A placeholder in the example that is none.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
    /// A payload to be changed that is not JSON.
    #[error("the payload is not JSON, so it cannot be changed: {}", json::complaint(.0))]
    NotJson(serde_json::Error),
    /// A change that the payload does not allow.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// An id, or another value, that a header cannot hold.
    #[error("the header `{name}` cannot hold `{}`", .value.escape_debug())]
    Header {
        /// The header.
        name: String,
        /// The value.
        value: String,
    },
}

impl Provider {
    /// Composes a delivery: its body is the payload, its headers are the provider's own but for the scheme's.
    pub fn compose(&self, draft: Draft<'_>, random: &mut fastrand::Rng) -> Result<Delivery, CompositionError> {
        let id = match draft.id {
            Some(id) => id.to_owned(),
            None => self.places.id_form.fresh(draft.timestamp, random),
        };
        let event = &draft.event.event;
        let mut payload = match draft.payload {
            Payload::Exact(bytes) => bytes,
            Payload::Fixture(text) => Bytes::from(Renderer::new(&id, event, draft.timestamp, random).render(text)?),
            Payload::Prepared(text) => Bytes::from(Renderer::new(&id, event, draft.timestamp, random).fill(text)?),
        };
        for edit in draft.edits {
            payload = edit.apply(&payload)?;
        }

        let mut request = Request::new(payload);
        *request.method_mut() = self.request.method.clone();
        *request.uri_mut() = draft.url.clone();
        let headers = request.headers_mut();
        // With room for those of the scheme.
        headers.reserve(2 + self.request.headers.len() + self.scheme.headers.len());
        headers.insert(CONTENT_TYPE, self.request.content_type.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("wh/", env!("CARGO_PKG_VERSION"))));
        for header in &self.request.headers {
            headers.insert(&header.header, self.value(header, event, &id, draft.timestamp)?);
        }
        Ok(Delivery {
            id,
            scheme: Some(self.name.clone()),
            event: Some(event.clone()),
            variant: draft.event.variant.clone(),
            request,
        })
    }

    /// Dates the provider's own headers anew, for a later attempt at a delivery. Those of the scheme are signing's matter.
    pub fn redate(&self, delivery: &mut Delivery, timestamp: Timestamp) -> Result<(), CompositionError> {
        let Delivery { id, event, request, .. } = delivery;
        let event = event.as_deref().unwrap_or_default();
        for header in self.request.headers.iter().filter(|header| header.value.mentions(Field::Timestamp)) {
            request.headers_mut().insert(&header.header, self.value(header, event, id, timestamp)?);
        }
        Ok(())
    }

    /// The value of a header of the provider's own.
    fn value(
        &self,
        header: &RequestHeader,
        event: &str,
        id: &str,
        timestamp: Timestamp,
    ) -> Result<HeaderValue, CompositionError> {
        let value = header.value.write(|field| {
            let text = match field {
                Field::Event => event,
                Field::Id => id,
                Field::Timestamp => return Some(self.scheme.timestamp.unit.write(timestamp).into_bytes().into()),
                Field::Version => self.scheme.version.as_ref()?,
                Field::Body | Field::Payload | Field::Url | Field::Method | Field::Secret | Field::Signature => {
                    return None;
                }
            };
            Some(text.as_bytes().into())
        });
        let value = Bytes::from(value.unwrap_or_default());
        HeaderValue::from_maybe_shared(value.clone()).map_err(|_| CompositionError::Header {
            name: header.name.clone(),
            value: String::from_utf8_lossy(&value).into_owned(),
        })
    }
}

/// The values that edits put where a payload had none, each with the name beside it that is most like it.
#[must_use]
pub fn additions(payload: &[u8], edits: &[Edit]) -> Vec<(Path, Option<String>)> {
    let mut payload = Bytes::copy_from_slice(payload);
    let mut added = Vec::new();
    for edit in edits {
        if let (Edit::Set(path, _), Ok(document)) = (edit, Document::parse(&payload))
            && document.find(path).is_none()
        {
            added.push((path.clone(), document.nearest_name(path)));
        }
        let Ok(edited) = edit.apply(&payload) else { break };
        payload = edited;
    }
    added
}

impl Edit {
    fn apply(&self, payload: &[u8]) -> Result<Bytes, CompositionError> {
        let document = Document::parse(payload).map_err(CompositionError::NotJson)?;
        let edited = match self {
            Self::Set(path, value) => document.set(path, value)?.text,
            Self::Unset(path) => document.unset(path)?,
        };
        Ok(Bytes::from(edited))
    }
}
