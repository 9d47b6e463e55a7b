//! From arguments to a signed delivery: what `send` and `sign` have in common.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use bytes::Bytes;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};
use http::Uri;
use jiff::Timestamp;

use super::arguments::{self, Data, Header, Moment};
use crate::cli::{SchemeArgs, SecretArgs};
use crate::context::Context;
use crate::edge::{input, prompt};
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::catalogue::{Catalogue, CatalogueError};
use crate::webhook::composition::{CompositionError, Draft, Edit, Payload, additions};
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::fault::Fault;
use crate::webhook::fixture::Prepared;
use crate::webhook::glob::Glob;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;
use crate::webhook::table::Source;

/// How large a payload may be.
const LARGEST_PAYLOAD: u64 = 100 * 1024 * 1024;

/// What a delivery is made from.
#[derive(Debug, Args)]
pub struct DeliveryArgs {
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
    /// Send these bytes instead of the fixture: text, @FILE, or @- for stdin
    #[arg(short, long, value_name = "DATA", value_parser = arguments::data, allow_hyphen_values = true, help_heading = "Payload")]
    data: Option<Data>,
    /// Put a value into the payload; JSON where it is JSON, else a string
    #[arg(long, value_name = "PATH=VALUE", value_parser = arguments::set, alias = "override", alias = "add", help_heading = "Payload")]
    set: Vec<Edit>,
    /// Take a value out of the payload, before --set
    #[arg(long, value_name = "PATH", value_parser = arguments::unset, alias = "remove", help_heading = "Payload")]
    unset: Vec<Edit>,
    /// Give the delivery this id
    #[arg(long, value_name = "ID", value_parser = arguments::id, help_heading = "Payload")]
    id: Option<String>,
    /// Sign as of this time: a Unix second, RFC 3339, or relative (-10m)
    #[arg(long, value_name = "TIME", value_parser = arguments::moment, allow_hyphen_values = true, help_heading = "Request")]
    timestamp: Option<Moment>,
    /// Add or replace a header, or take it out with `Name:`
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = arguments::header, help_heading = "Request")]
    header: Vec<Header>,
    /// Send a delivery that is wrong in one way
    #[arg(long, value_name = "FAULT", value_parser = FaultParser, help_heading = "Request")]
    pub(super) fault: Option<Fault>,
    #[command(flatten)]
    pub(super) secret: SecretArgs,
}

impl DeliveryArgs {
    /// Whether the time to sign with was given.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.timestamp.is_some()
    }
}

/// Reads the name of a fault. The names are put together only for a help text, a mistake or a completion.
#[derive(Debug, Clone, Copy)]
struct FaultParser;

impl TypedValueParser for FaultParser {
    type Value = Fault;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Fault, clap::Error> {
        if let Some(fault) = Fault::all().find(|fault| value == fault.name()) {
            return Ok(fault);
        }
        let known = PossibleValuesParser::new(Fault::all().map(Fault::name));
        known.try_map(|_| Err("no such fault")).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let help = |fault: Fault| fault.probe().title.replace("{proof}", "signature");
        Some(Box::new(Fault::all().map(move |fault| PossibleValue::new(fault.name()).help(help(fault)))))
    }
}

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
        let data = args.data.as_ref().map(|data| read(data, args, context)).transpose()?;
        let edits = args.unset.iter().chain(&args.set).cloned().collect();
        Ok(Self { args, context, catalogue, random: context.random(), edits, data, examples: Examples::default() })
    }

    /// The events that are meant, in the order of their providers' files. With someone there, an ambiguous name is a
    /// question.
    pub fn events(&self, patterns: &[String], all: bool) -> Result<Vec<EventName>, Error> {
        let scheme = self.args.scheme.scheme.as_deref();
        let mut events = Vec::new();
        if all {
            let Some(scheme) = scheme else {
                return Err(Error::usage("--all needs a --scheme", "name the provider with --scheme"));
            };
            events.extend(self.catalogue.select("*", Some(scheme))?);
        }
        for pattern in patterns {
            let selected = match self.args.scheme.select(pattern, self.catalogue) {
                Err(CatalogueError::AmbiguousEvent { name, candidates }) if self.context.terminals.interactive() => {
                    vec![choose(name, candidates)?]
                }
                // With a payload of one's own the event need not be one of ours.
                Err(CatalogueError::UnknownEvent { .. }) if self.data.is_some() && !Glob::is_one(pattern) => {
                    let scheme = scheme.ok_or_else(|| whose_event(pattern))?;
                    vec![EventName::from_name(scheme, pattern)]
                }
                selected => selected?,
            };
            for event in selected {
                if !events.contains(&event) {
                    events.push(event);
                }
            }
        }
        if events.is_empty() {
            events.push(self.event_of_data()?);
        }
        self.one_only(events.len())?;
        Ok(events)
    }

    /// The event that a payload of one's own names itself.
    fn event_of_data(&self) -> Result<EventName, Error> {
        let (Some(scheme), Some(data)) = (&self.args.scheme.scheme, &self.data) else {
            let hint = match &self.args.scheme.scheme {
                Some(scheme) => {
                    format!("name one of {scheme} (`wh events {scheme}` lists them), or `wh send --all` sends each")
                }
                None => "name one, such as slot.submitted; `wh events` lists them".to_owned(),
            };
            return Err(Error::usage("no EVENT was given", hint));
        };
        let provider = self.catalogue.provider(scheme)?;
        let event = provider.event_of_payload(data).ok_or_else(|| {
            let message = format!("the payload does not name its event where {scheme} has it");
            Error::usage(message, format!("name it: wh … EVENT --scheme {scheme}"))
        })?;
        Ok(EventName { provider: scheme.clone(), event, variant: None })
    }

    /// One payload and one id are for one delivery.
    fn one_only(&self, count: usize) -> Result<(), Error> {
        let flag = match (&self.data, &self.args.id) {
            (Some(_), _) => "--data",
            (None, Some(_)) => "--id",
            (None, None) => return Ok(()),
        };
        if count <= 1 {
            return Ok(());
        }
        Err(Error::usage(format!("{flag} is for one delivery, and {count} events are meant"), "name one EVENT"))
    }

    /// An id is that of one delivery.
    pub fn one_id_only(&self, count: usize) -> Result<(), Error> {
        if self.args.id.is_none() || count <= 1 {
            return Ok(());
        }
        let message = format!("--id is for one delivery, and {count} are meant");
        Err(Error::usage(message, "leave --id out: each delivery gets an id of its own"))
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
        let draft = self.compose(event, provider, url, now)?;
        self.sign(draft, provider, keyring, now)
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

    /// A composed delivery with the signature of an attempt at it: a later attempt has a later one.
    pub fn sign(
        &self,
        mut draft: Delivery,
        provider: &Provider,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Delivery, Error> {
        let timestamp = self.claimed(provider, now)?;
        provider.redate(&mut draft, timestamp)?;
        let mut delivery = provider
            .scheme
            .sign_with(draft, keyring, timestamp, self.args.fault)
            .map_err(|error| Error::Signing { error, variable: provider.secret_variable() })?;
        Header::apply(&self.args.header, delivery.request.headers_mut());
        Ok(delivery)
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

fn choose(name: String, mut candidates: Vec<EventName>) -> Result<EventName, Error> {
    let names: Vec<String> = candidates.iter().map(EventName::to_string).collect();
    match prompt::select(&format!("Which `{name}`"), &names) {
        Some(index) => Ok(candidates.swap_remove(index)),
        None => Err(CatalogueError::AmbiguousEvent { name, candidates }.into()),
    }
}

fn whose_event(pattern: &str) -> Error {
    Error::usage(format!("no scheme has an event `{pattern}`"), "say whose it is with --scheme NAME")
}

fn read(data: &Data, args: &DeliveryArgs, context: &Context) -> Result<Bytes, Error> {
    let (path, read) = match data {
        Data::Text(text) => return Ok(Bytes::from(text.clone())),
        Data::File(path) => (path.display().to_string(), input::file(path, LARGEST_PAYLOAD)),
        Data::Input if args.secret.secret_file.iter().any(|path| path.as_os_str() == "-") => {
            let hint = "give one of them as a file";
            return Err(Error::usage("--data and --secret-file cannot both be read from stdin", hint));
        }
        Data::Input => ("stdin".to_owned(), input::all((context.input)(), LARGEST_PAYLOAD)),
    };
    read.map(Bytes::from).map_err(|reason| Error::File { path, reason })
}
