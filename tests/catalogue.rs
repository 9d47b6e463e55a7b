//! The catalogue: what is embedded holds together, and a mistake in a provider's file is told with its place.

use wh::webhook::catalogue::Catalogue;

#[test]
fn probe() {
    let catalogue = Catalogue::embedded();
    for name in catalogue.names() {
        let provider = catalogue.provider(name).expect("reads");
        for info in &provider.events {
            let (_, text) = catalogue.fixture(&info.name).expect("there");
            let moment = jiff::Timestamp::constant(1_763_719_200, 123_000_000);
            let mut random = fastrand::Rng::with_seed(1);
            let url = "http://localhost:3000/".parse().expect("url");
            let draft = wh::webhook::composition::Draft {
                event: &info.name,
                payload: wh::webhook::composition::Payload::Fixture(&text),
                id: None,
                timestamp: moment,
                url: &url,
                edits: &[],
            };
            let d = provider.compose(draft, &mut random).expect("composes");
            println!("{} | about={:?} type={:?} id={:?}/{:?} dedup={:?}", info.name, info.about, provider.event_type(&d), provider.delivery_id(&d), d.id, provider.deduplication_key(&d));
        }
    }
}
