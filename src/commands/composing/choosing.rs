//! Which events are meant: by name, by pattern, or by what a payload says of itself.

use super::Composer;
use crate::edge::prompt;
use crate::error::Error;
use crate::webhook::catalogue::CatalogueError;
use crate::webhook::event::EventName;
use crate::webhook::glob::Glob;

impl Composer<'_> {
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
}

fn choose(name: String, mut candidates: Vec<EventName>) -> Result<EventName, Error> {
    let names: Vec<String> = candidates.iter().map(EventName::to_string).collect();
    match prompt::select(&format!("Which `{name}`"), &names)? {
        Some(index) => Ok(candidates.swap_remove(index)),
        None => Err(CatalogueError::AmbiguousEvent { name, candidates }.into()),
    }
}

fn whose_event(pattern: &str) -> Error {
    Error::usage(format!("no scheme has an event `{pattern}`"), "say whose it is with --scheme NAME")
}
