//! From arguments to a signed delivery: what `send` and `sign` have in common.

mod args;
mod choosing;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use http::Uri;
use jiff::Timestamp;

pub use self::args::DeliveryArgs;
use super::arguments::{Data, Header};
use crate::context::Context;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::catalogue::{Catalogue, CatalogueError};
use crate::webhook::composition::{CompositionError, Draft, Edit, Payload, additions};
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::fault::Fault;
use crate::webhook::fixture::Prepared;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;
use crate::webhook::table::Source;

/// Makes deliveries from arguments.
pub struct Composer<'a> {
    args: &'a DeliveryArgs,
    context: &'a Context,
    catalogue: &'a Catalogue,
    random: fastrand::Rng,
    edits: Vec<Edit>,
    data: Option<Bytes>,
    examples: Examples<'a>,
}

/// The example events that were read so far: each is read once, however many deliveries are made of it.
#[derive(Default)]
struct Examples<'a>(BTreeMap<EventName, Example<'a>>);

struct Example<'a> {
    /// The path of its file, and what is in it.
    file: (String, Cow<'a, [u8]>),
    prepared: Prepared,
}

impl<'a> Examples<'a> {
    fn of(&mut self, event: &EventName, catalogue: &'a Catalogue) -> Result<&Example<'a>, Error> {
        if !self.0.contains_key(event) {
            let file = catalogue.fixture(event)?;
            let prepared = Prepared::parse(&file.1).map_err(|error| composition_error(error.into(), Some(&file)))?;
            self.0.insert(event.clone(), Example { file, prepared });
        }
        Ok(&self.0[event])
    }
}

impl<'a> Composer<'a> {
    /// Reads what `--data` names; everything else is read when it is needed.
    pub fn new(args: &'a DeliveryArgs, context: &'a Context, catalogue: &'a Catalogue) -> Result<Self, Error> {
        let data = args.payload(context)?;
        let edits = args.unset.iter().chain(&args.set).cloned().collect();
        Ok(Self { args, context, catalogue, random: context.random(), edits, data, examples: Examples::default() })
    }

    /// The time to sign with, where it is `now`.
    fn moment(&self, now: Timestamp) -> Result<Timestamp, Error> {
        let Some(moment) = self.args.timestamp else { return Ok(now) };
        moment.resolve(now).ok_or_else(|| Error::usage("--timestamp is out of all bounds", "give a time nearer to now"))
    }

    /// The time that a delivery claims to be from: a fault may be in that alone.
    fn claimed(&self, provider: &Provider, now: Timestamp) -> Result<Timestamp, Error> {
        let moment = self.moment(now)?;
        let Some(fault) = self.args.fault else { return Ok(moment) };
        fault.moment(&provider.scheme, moment).ok_or_else(|| {
            let reason = "its tolerance reaches beyond all time that can be told";
            no_fault(provider, fault, reason)
        })
    }

    /// A signed delivery of an event to a URL.
    pub fn delivery(
        &mut self,
        event: &EventName,
        provider: &Provider,
        keyring: &Keyring,
        url: &Uri,
    ) -> Result<Delivery, Error> {
        let now = (self.context.clock)();
        let mut delivery = self.compose(event, provider, url, now)?;
        self.sign(&mut delivery, provider, keyring, now)?;
        Ok(delivery)
    }

    /// A delivery of an event to a URL that only lacks its signature.
    pub fn compose(
        &mut self,
        event: &EventName,
        provider: &Provider,
        url: &Uri,
        now: Timestamp,
    ) -> Result<Delivery, Error> {
        self.check_fault(provider)?;
        let timestamp = self.claimed(provider, now)?;
        let example = match self.data {
            Some(_) => None,
            None => Some(self.examples.of(event, self.catalogue)?),
        };
        let payload = match (&self.data, example) {
            (_, Some(example)) => Payload::Prepared(&example.prepared),
            (data, None) => Payload::Exact(data.clone().unwrap_or_default()),
        };
        let draft = Draft { event, payload, id: self.args.id.as_deref(), timestamp, url, edits: &self.edits };
        let composed = provider.compose(draft, &mut self.random);
        composed.map_err(|error| composition_error(error, example.map(|example| &example.file)))
    }

    /// Gives a composed delivery the signature of an attempt at it: a later attempt has a later one.
    pub fn sign(
        &self,
        delivery: &mut Delivery,
        provider: &Provider,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<(), Error> {
        let timestamp = self.claimed(provider, now)?;
        provider.redate(delivery, timestamp)?;
        let signed = provider.scheme.sign_with(delivery, keyring, timestamp, self.args.fault);
        signed.map_err(|error| Error::Signing { error, variable: provider.secret_variable() })?;
        Header::apply(&self.args.header, delivery.request.headers_mut());
        Ok(())
    }

    /// Refuses a fault that the provider's scheme cannot have.
    pub fn check_fault(&self, provider: &Provider) -> Result<(), Error> {
        let Some(fault) = self.args.fault else { return Ok(()) };
        let scheme = &provider.scheme;
        let in_payload = self.data.is_some() && scheme.timestamp.payload.is_some() && !scheme.has_timestamp_header();
        let reason = match (fault.obstacle(scheme), fault) {
            (Some(reason), _) => reason,
            (None, Fault::Stale | Fault::Future) if in_payload => "its timestamp is in the payload that --data gives",
            (None, _) => return Ok(()),
        };
        Err(no_fault(provider, fault, reason))
    }

    /// What is worth saying about the arguments, before anything is made from them.
    pub fn notices(&self, provider: &Provider) -> Vec<Notice> {
        let needed = |header: &&Header| {
            provider.scheme.headers.iter().any(|rule| rule.name.eq_ignore_ascii_case(header.name.as_str()))
        };
        let replaced = self.args.header.iter().filter(needed);
        let mut notices: Vec<Notice> =
            replaced.map(|header| Notice::HeaderReplaced { name: provider.spelling(&header.name) }).collect();
        // A forgotten `@` sends the name of the file.
        if let Some(Data::Text(text)) = &self.args.data
            && Path::new(text).is_file()
        {
            notices.push(Notice::FileName { name: text.clone() });
        }
        notices
    }

    /// What `--set` adds to the payload of an event; a slip in a name looks like that.
    pub fn additions(&self, event: &EventName) -> Vec<Notice> {
        if self.args.set.is_empty() {
            return Vec::new();
        }
        let fixture = self.catalogue.fixture(event).map(|(_, payload)| payload).unwrap_or_default();
        let payload = self.data.as_deref().unwrap_or(&fixture);
        let added = additions(payload, &self.edits).into_iter();
        added.map(|(path, nearest)| Notice::Added { path: path.to_string(), nearest }).collect()
    }

    /// What is worth saying about a delivery that was made: its payload names another event, or none.
    #[must_use]
    pub fn misnamed(&self, provider: &Provider, delivery: &Delivery) -> Option<Notice> {
        // A payload of one's own may be what it likes; an example is meant to be one.
        if self.data.is_some() || self.args.fault.is_some() {
            return None;
        }
        let named = provider.event_type(delivery);
        (named != delivery.event).then(|| Notice::OtherEvent { meant: delivery.event_name(), named })
    }
}

/// Why a provider's scheme cannot have a fault, and those that it has.
fn no_fault(provider: &Provider, fault: Fault, reason: &'static str) -> Error {
    let possible = Fault::all().filter(|fault| fault.obstacle(&provider.scheme).is_none());
    let possible = possible.map(Fault::name).collect();
    Error::NoFault { scheme: provider.name.clone(), fault: fault.name(), reason, possible }
}

/// A mistake in an example's placeholders is told with its file, line and column.
pub(super) fn composition_error(error: CompositionError, fixture: Option<&(String, Cow<'_, [u8]>)>) -> Error {
    match (error, fixture) {
        (CompositionError::Placeholder(error), Some((path, text))) => {
            let before = String::from_utf8_lossy(&text[..error.offset.min(text.len())]);
            let source = Source { path, text: &before };
            CatalogueError::File(source.error(before.len(), error.to_string(), Some(error.hint))).into()
        }
        (error, _) => Error::from(error),
    }
}
