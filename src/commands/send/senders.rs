//! Who sends: the providers of the events, each with its secrets, and what is worth knowing of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Uri;
use jiff::Timestamp;

use super::SendArgs;
use crate::commands::composing::Composer;
use crate::commands::delivering::Route;
use crate::commands::secrets::{Secrets, secrets};
use crate::commands::sign::default_url;
use crate::context::Context;
use crate::edge::target::Target;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::catalogue::Catalogue;
use crate::webhook::delivery::Delivery;
use crate::webhook::event::EventName;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;

/// The providers of the events that are sent, by their names.
pub(super) struct Senders<'a> {
    args: &'a SendArgs,
    all: BTreeMap<String, Sender>,
}

/// What the deliveries of one provider have in common.
pub(super) struct Sender {
    pub(super) provider: Arc<Provider>,
    pub(super) keyring: Keyring,
    secrets: Secrets,
    /// Where they are shown to go, and tried to: a receiver inside the program has no address yet.
    url: Uri,
}

impl<'a> Senders<'a> {
    /// Reads the providers and finds their secrets.
    pub(super) fn new(
        args: &'a SendArgs,
        events: &[EventName],
        catalogue: &Catalogue,
        composer: &Composer<'_>,
        context: &Context,
    ) -> Result<Self, Error> {
        let mut all = BTreeMap::new();
        for event in events {
            if !all.contains_key(&event.provider) {
                let provider = Arc::new(catalogue.provider(&event.provider)?);
                composer.check_fault(&provider)?;
                let secrets = secrets(&args.delivery.secret, &provider, context, args.target.to.as_ref())?;
                let keyring = Keyring::new(&provider.scheme, &secrets.secrets);
                let url = args.target.to.as_ref().map_or_else(|| default_url(&provider), uri);
                all.insert(event.provider.clone(), Sender { provider, keyring, secrets, url });
            }
        }
        Ok(Self { args, all })
    }

    /// Those that there are, in the order of their names.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Sender> {
        self.all.values()
    }

    /// The sender of an event.
    fn of(&self, event: &EventName) -> &Sender {
        self.all.get(&event.provider).expect("there is a sender for the provider of each event")
    }

    /// The provider of an event.
    pub(super) fn provider(&self, event: &EventName) -> &Provider {
        &self.of(event).provider
    }

    /// Which of all the senders that of an event is.
    pub(super) fn index(&self, event: &EventName) -> usize {
        self.all.keys().position(|name| *name == event.provider).expect("a sender of each event")
    }

    /// The place of an event among those of all providers: the providers by name, the events as their file has them.
    pub(super) fn place(&self, event: &EventName) -> (usize, Option<usize>) {
        let events = &self.of(event).provider.events;
        (self.index(event), events.iter().position(|info| info.name == *event))
    }

    /// A delivery of an event as it would go out now.
    pub(super) fn delivery(&self, event: &EventName, composer: &mut Composer<'_>) -> Result<Delivery, Error> {
        let Sender { provider, keyring, url, .. } = self.of(event);
        composer.delivery(event, provider, keyring, url)
    }

    /// What is worth knowing before anything is sent. In the program both sides use the test secret, so that one line
    /// will do.
    pub(super) fn notices(&self, events: &[EventName], composer: &Composer<'_>) -> Vec<Notice> {
        let args = self.args;
        let in_process = args.target.to.is_none() && !args.dry_run;
        let mut test_secrets = Vec::new();
        let mut notices = Vec::new();
        for Sender { provider, secrets, .. } in self.iter() {
            let secrets = secrets.notices.iter().cloned();
            for notice in secrets.chain(composer.notices(provider)).chain(args.pace.notice(provider)) {
                match notice {
                    Notice::TestSecret { schemes, .. } if in_process => test_secrets.extend(schemes),
                    notice => notices.push(notice),
                }
            }
        }
        notices.extend(args.target.connecting(false).notice(args.target.to.as_ref()).filter(|_| !args.dry_run));
        if in_process {
            notices.insert(0, Notice::InProcess { test_secrets });
        }
        for addition in events.iter().flat_map(|event| composer.additions(event)) {
            if !notices.contains(&addition) {
                notices.push(addition);
            }
        }
        Notice::together(notices)
    }

    /// The routes of the deliveries, one for each provider, in the order of their names.
    pub(super) async fn routes(&self, clock: fn() -> Timestamp) -> Result<Vec<Route>, Error> {
        let connecting = self.args.target.connecting(self.args.count.is_some());
        let mut routes = Vec::new();
        for sender in self.iter() {
            let provider = Arc::clone(&sender.provider);
            routes.push(match &self.args.target.to {
                Some(target) => Route::to(target.clone(), Some(provider), connecting).await?,
                None => Route::inside(provider, &sender.secrets.secrets, clock, connecting).await?,
            });
        }
        Ok(routes)
    }
}

fn uri(target: &Target) -> Uri {
    target.uri().clone()
}
