//! `wh events`: the catalogue of events, or one of them whole.

use clap::Args;

use super::composing::composition_error;
use super::secrets::test_secret;
use super::sign::default_url;
use crate::cli::{SchemeArgs, SharedArgs};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::catalogue::{Catalogue, CatalogueError};
use crate::webhook::composition::{Draft, Payload};
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::glob::Glob;
use crate::webhook::provider::{EventInfo, Provider};
use crate::webhook::signing::Signing;

/// List the events of the catalogue, or show one whole
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  wh events\n  wh events wpg\n  wh events 'PRIZE_*'\n  wh events slot.submitted")]
pub struct EventsArgs {
    /// An event, a scheme, a glob, or a part of a name
    #[arg(value_name = "PATTERN", add = super::completions::complete_event())]
    pattern: Option<String>,
    #[command(flatten)]
    scheme: SchemeArgs,
}

impl EventsArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        Slots { scheme: Some(&mut self.scheme), ..Slots::default() }
    }
}

/// Lists the events that are meant; one that is named is shown whole.
pub fn run(
    args: &EventsArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let selected = select(args.pattern.as_deref(), &args.scheme, &catalogue)?;
    // A scheme or a glob asks for a list, however short it is.
    let list = args
        .pattern
        .as_deref()
        .is_none_or(|pattern| Glob::is_one(pattern) || catalogue.names().any(|name| name == pattern));
    if let ([event], false) = (selected.as_slice(), list) {
        let provider = catalogue.provider(&event.provider)?;
        let example = example(event, &provider, &catalogue, context)?;
        if let Some(info) = provider.event(event) {
            reporter.report(&Outcome::Event { event: info, provider: &provider, example: &example })?;
        }
        return Ok(Exit::Good);
    }
    for name in catalogue.names() {
        if selected.iter().any(|event| event.provider == name) {
            let provider = catalogue.provider(name)?;
            let is_selected = |info: &&EventInfo| selected.contains(&info.name);
            let events: Vec<EventInfo> = provider.events.iter().filter(is_selected).cloned().collect();
            reporter.report(&Outcome::Events { provider: &provider, events: &events })?;
        }
    }
    Ok(Exit::Good)
}

/// The events that a pattern means: by name, by glob, all of a scheme, or all that have it in their name.
fn select(pattern: Option<&str>, args: &SchemeArgs, catalogue: &Catalogue) -> Result<Vec<EventName>, Error> {
    let Some(pattern) = pattern else {
        return Ok(args.select("*", catalogue)?);
    };
    if (args.scheme.is_none() || args.configured) && catalogue.names().any(|name| name == pattern) {
        return Ok(catalogue.select("*", Some(pattern))?);
    }
    match args.select(pattern, catalogue) {
        Err(CatalogueError::AmbiguousEvent { candidates, .. }) => Ok(candidates),
        Err(unknown @ CatalogueError::UnknownEvent { .. }) if !Glob::is_one(pattern) => {
            args.select(&format!("*{pattern}*"), catalogue).map_err(|_| unknown.into())
        }
        selected => Ok(selected?),
    }
}

/// A delivery of an event as it would be sent now, signed with the test secret.
pub(super) fn example(
    event: &EventName,
    provider: &Provider,
    catalogue: &Catalogue,
    context: &Context,
) -> Result<Delivery, Error> {
    let timestamp = (context.clock)();
    let fixture = catalogue.fixture(event)?;
    let url = default_url(provider);
    let draft = Draft { event, payload: Payload::Fixture(&fixture.1), id: None, timestamp, url: &url, edits: &[] };
    let composed = provider.compose(draft, &mut context.random());
    let composed = composed.map_err(|error| composition_error(error, Some(&fixture)))?;
    let secrets = [test_secret(provider)];
    let signing = Signing { timestamp, secrets: &secrets, fault: None };
    let sign = provider.scheme.sign(composed, &signing);
    sign.map_err(|error| Error::Signing { error, variable: provider.secret_variable() })
}
