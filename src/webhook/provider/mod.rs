//! `Provider`: a folder of the catalogue, read: what a provider is, how it signs and how it delivers.

mod forms;
mod reading;

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, Method};

use super::delivery::Delivery;
use super::event::EventName;
use super::id_form::IdForm;
use super::json::{Document, Path, texts};
use super::policy::DeliveryPolicy;
use super::scheme::Scheme;
use super::template::{Field, Template};

/// A webhook provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The name of its folder, by which commands know it.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it is, in a line.
    pub about: String,
    /// Where its documentation is.
    pub documentation: String,
    /// Where the documentation is silent, and how it is read here.
    pub readings: Vec<String>,
    /// What its scheme or its own sample code leaves open.
    pub weaknesses: Vec<String>,
    /// Whether it takes the place of an embedded provider of the same name.
    pub replaces_built_in: bool,
    /// Where things stand in a delivery.
    pub places: Places,
    /// How a request is built.
    pub request: RequestRules,
    /// How it is signed.
    pub scheme: Scheme,
    /// How it is delivered.
    pub policy: DeliveryPolicy,
    /// Its example events, in the order of its file.
    pub events: Vec<EventInfo>,
}

/// An example event and when it fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventInfo {
    /// Its name.
    pub name: EventName,
    /// When it fires; empty when the provider's file does not list it.
    pub about: String,
}

/// Where in a delivery things stand that its reader wants to know.
#[derive(Debug, Clone)]
pub struct Places {
    /// The event type; the first that is there counts.
    pub event: Vec<Place>,
    /// The id of the delivery or the event.
    pub id: Vec<Place>,
    /// The form of a fresh id.
    pub id_form: IdForm,
    /// What tells one event from its duplicate: lists of places, the first of which that are all there counts.
    pub deduplicate: Vec<Vec<Place>>,
}

/// A place in a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the payload.
    Payload(Path),
    /// In a header, as the provider spells it, read back with its template where it has one.
    Header {
        /// The header's name.
        name: String,
        /// The form of its value.
        form: Option<(Template, Field)>,
    },
}

/// How a provider builds a request.
#[derive(Debug, Clone)]
pub struct RequestRules {
    /// The path in the provider's own guide.
    pub path: Option<String>,
    /// The method.
    pub method: Method,
    /// The content type.
    pub content_type: HeaderValue,
    /// Further headers, fixed or written from the delivery.
    pub headers: Vec<RequestHeader>,
}

/// A header of a provider's requests that has nothing to do with the signature.
#[derive(Debug, Clone)]
pub struct RequestHeader {
    /// The name, as the provider spells it.
    pub name: String,
    /// The same as requests are searched by it.
    pub header: HeaderName,
    /// The value.
    pub value: Template,
}

impl Provider {
    /// The environment variable that holds this provider's secret: `WPG_WEBHOOK_SECRET`.
    #[must_use]
    pub fn secret_variable(&self) -> String {
        let upper =
            |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
        let name: String = self.name.chars().map(upper).collect();
        format!("{name}_WEBHOOK_SECRET")
    }

    /// What is known of an example event; nothing of one that is not there.
    #[must_use]
    pub fn event(&self, name: &EventName) -> Option<&EventInfo> {
        self.events.iter().find(|info| info.name == *name)
    }

    /// A header's name as the provider spells it; headers that it says nothing of are written as is usual.
    #[must_use]
    pub fn spelling(&self, header: &HeaderName) -> String {
        let scheme = self.scheme.headers.iter().map(|rule| &rule.name);
        let mut own = scheme.chain(self.request.headers.iter().map(|header| &header.name));
        let spelled = own.find(|name| name.eq_ignore_ascii_case(header.as_str()));
        spelled.cloned().unwrap_or_else(|| title_case(header.as_str()))
    }

    /// The names of all headers that it says something of, as it spells them.
    #[must_use]
    pub fn header_names(&self) -> Vec<String> {
        let scheme = self.scheme.headers.iter().map(|rule| &rule.name);
        scheme.chain(self.request.headers.iter().map(|header| &header.name)).cloned().collect()
    }

    /// The event type of a delivery, where the provider has it.
    #[must_use]
    pub fn event_type(&self, delivery: &Delivery) -> Option<String> {
        let [event] = self.first([&self.places.event], delivery);
        event
    }

    /// The event type that a payload names itself, where the provider has it there.
    #[must_use]
    pub fn event_of_payload(&self, payload: &[u8]) -> Option<String> {
        let document = Document::parse(payload).ok()?;
        self.places.event.iter().find_map(|place| match place {
            Place::Payload(path) => document.find_text(path).map(Cow::into_owned),
            Place::Header { .. } => None,
        })
    }

    /// The delivery's or the event's own id, where the provider has one.
    #[must_use]
    pub fn delivery_id(&self, delivery: &Delivery) -> Option<String> {
        let [id] = self.first([&self.places.id], delivery);
        id
    }

    /// What tells this event from its duplicate: the values at the first list of places that are all there.
    #[must_use]
    pub fn deduplication_key(&self, delivery: &Delivery) -> Option<Vec<String>> {
        let payload = self.scheme.payload(delivery)?;
        let document = Document::parse(&payload).ok();
        let value = |place: &Place| place.value(delivery, document.as_ref());
        self.places.deduplicate.iter().find_map(|places| places.iter().map(value).collect())
    }

    /// Where the provider says to look for what tells an event from its duplicate, in words.
    #[must_use]
    pub fn deduplication(&self) -> Option<String> {
        let together = |places: &Vec<Place>| places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ");
        let keys: Vec<String> = self.places.deduplicate.iter().map(together).collect();
        (!keys.is_empty()).then(|| keys.join(", or "))
    }

    /// The event type and the id of a delivery, each where the provider has it.
    #[must_use]
    pub fn event_and_id(&self, delivery: &Delivery) -> (Option<String>, Option<String>) {
        let [event, id] = self.first([&self.places.event, &self.places.id], delivery);
        (event, id)
    }

    /// The value at the first of some places that is there, for several lists of places: the payload is read once.
    fn first<'p, const N: usize>(&self, lists: [&'p [Place]; N], delivery: &Delivery) -> [Option<String>; N] {
        let Some(payload) = self.scheme.payload(delivery) else { return [const { None }; N] };
        let in_payload = |place: &'p Place| match place {
            Place::Payload(path) => Some(path),
            Place::Header { .. } => None,
        };
        let paths: Vec<&Path> = lists.iter().copied().flatten().filter_map(in_payload).collect();
        let found = if paths.is_empty() { Vec::new() } else { texts(&payload, &paths).unwrap_or_default() };
        let mut found = found.into_iter();
        let mut value = |place: &Place| match place {
            Place::Payload(_) => found.next().flatten().map(Cow::into_owned),
            Place::Header { .. } => place.value(delivery, None),
        };
        // Each place is looked at, so that what was found keeps in step with them.
        lists.map(|places| places.iter().fold(None, |first, place| value(place).filter(|_| first.is_none()).or(first)))
    }
}

impl Place {
    fn value(&self, delivery: &Delivery, document: Option<&Document<'_>>) -> Option<String> {
        match self {
            Self::Payload(path) => document?.find_text(path).map(Cow::into_owned),
            Self::Header { name, form } => {
                let value = delivery.request.headers().get(name)?;
                match form {
                    Some((template, field)) => template.read(value.as_bytes())?.text(*field).map(str::to_owned),
                    None => value.to_str().ok().map(str::to_owned),
                }
            }
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Payload(path) => path.fmt(f),
            Self::Header { name, .. } => write!(f, "the header {name}"),
        }
    }
}

/// `content-type` as `Content-Type`.
#[must_use]
pub fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut characters = word.chars();
        characters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
    });
    words.collect::<Vec<_>>().join("-")
}
