//! A user's catalogue.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use wh::webhook::catalogue::{Catalogue, CatalogueError, File, Shelf};

use super::mistakes::GOOD;

/// A user's folder, in memory.
struct Folder(BTreeMap<String, Vec<u8>>);

impl Shelf for Folder {
    fn providers(&self) -> Vec<&str> {
        self.0.keys().filter_map(|path| path.strip_suffix("/provider.toml")).collect()
    }

    fn events(&self, provider: &str) -> Vec<&str> {
        let prefix = format!("{provider}/events/");
        self.0.keys().filter_map(|path| path.strip_prefix(&prefix)?.strip_suffix(".json")).collect()
    }

    fn read(&self, file: File<'_>) -> io::Result<Cow<'_, [u8]>> {
        self.0.get(&file.to_string()).map(|bytes| Cow::Borrowed(&bytes[..])).ok_or(io::ErrorKind::NotFound.into())
    }

    fn path(&self, file: File<'_>) -> String {
        format!("mine/{file}")
    }

    fn place(&self) -> String {
        "mine".to_owned()
    }
}

/// The embedded catalogue with a user's folder.
fn with(files: &[(&str, &[u8])]) -> Result<Catalogue, CatalogueError> {
    let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
    Catalogue::embedded().with(Box::new(Folder(files.collect())))
}

#[test]
fn a_provider_of_ones_own_stands_beside_the_embedded_ones() {
    let example = br#"{"type":"thing.happened"}"#;
    let files: [(&str, &[u8]); 2] =
        [("acme/events/thing.happened.json", example), ("acme/provider.toml", GOOD.as_bytes())];
    let catalogue = with(&files).unwrap_or_else(|error| panic!("{error}"));
    let [event] = &catalogue.select("thing.happened", None).expect("its event")[..] else { panic!("one event") };
    assert_eq!(event.to_string(), "acme/thing.happened");
    let (path, text) = catalogue.fixture(event).expect("its example");
    assert_eq!((path.as_str(), text.as_ref()), ("mine/acme/events/thing.happened.json", &example[..]));
    assert!(catalogue.provider("wpg").is_ok());
}

#[test]
fn an_embedded_provider_is_replaced_only_on_demand() {
    let event: (&str, &[u8]) = ("wpg/events/thing.happened.json", b"{}");
    let error = with(&[event, ("wpg/provider.toml", GOOD.as_bytes())]).err().expect("that name is taken");
    assert_eq!(error.to_string(), "mine/wpg/provider.toml: there is a built-in scheme `wpg` already");

    let demanding = format!("replaces-built-in = true\n{GOOD}");
    let catalogue =
        with(&[event, ("wpg/provider.toml", demanding.as_bytes())]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(catalogue.provider("wpg").map(|provider| provider.title).ok().as_deref(), Some("Acme"));
    assert_eq!(catalogue.names().filter(|name| *name == "wpg").count(), 1);
}

#[test]
fn a_folder_without_a_provider_is_refused() {
    let error = with(&[("notes.txt", b"")]).err().expect("nothing in it");
    assert_eq!(error.to_string(), "no provider is in `mine`");
}
