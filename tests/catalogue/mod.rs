//! The catalogue: what is embedded holds together, and a mistake in a provider's file is told with its place.

mod apart;
mod embedded;
mod mistakes;
mod selection;
mod sent;
mod users;

use http::Uri;
use jiff::Timestamp;
use wh::webhook::catalogue::Catalogue;
use wh::webhook::composition::{Draft, Payload};
use wh::webhook::delivery::Delivery;
use wh::webhook::event::EventName;
use wh::webhook::provider::Provider;
use wh::webhook::secret::Secret;
use wh::webhook::signing::Signing;

/// The time of every test that needs one: 2025-11-21T10:00:00.123Z.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_763_719_200, 123_000_000);

/// The embedded provider of that name.
pub(crate) fn embedded(name: &str) -> Provider {
    Catalogue::embedded().provider(name).unwrap_or_else(|error| panic!("{error}"))
}

/// Every embedded provider.
pub(crate) fn providers() -> impl Iterator<Item = Provider> {
    let catalogue = Catalogue::embedded();
    let names: Vec<String> = catalogue.names().map(str::to_owned).collect();
    names.into_iter().map(|name| embedded(&name))
}

/// A delivery of an example event, not signed yet; another seed makes another one.
pub(crate) fn sample(provider: &Provider, event: &EventName, moment: Timestamp, seed: u64) -> Delivery {
    let catalogue = Catalogue::embedded();
    let (_, text) = catalogue.fixture(event).unwrap_or_else(|error| panic!("{error}"));
    let url = Uri::from_static("http://localhost:3000/");
    let payload = Payload::Fixture(&text);
    let draft = Draft { event, payload, id: None, timestamp: moment, url: &url, edits: &[] };
    let composed = provider.compose(draft, &mut fastrand::Rng::with_seed(seed));
    composed.unwrap_or_else(|error| panic!("{event}: {error}"))
}

/// The same as its receiver gets it.
fn signed(provider: &Provider, event: &EventName, moment: Timestamp, seed: u64) -> Delivery {
    let secrets = [Secret::new("the test secret", provider.scheme.test_secret.as_str())];
    let signing = Signing { timestamp: moment, secrets: &secrets, fault: None };
    provider.scheme.sign(sample(provider, event, moment, seed), &signing).expect("a test secret signs")
}

/// Each example event of each embedded provider, signed.
fn deliveries() -> impl Iterator<Item = (Provider, EventName, Delivery)> {
    providers().flat_map(|provider| {
        let names: Vec<EventName> = provider.events.iter().map(|info| info.name.clone()).collect();
        names.into_iter().map(move |name| (provider.clone(), name.clone(), signed(&provider, &name, NOW, 1)))
    })
}
