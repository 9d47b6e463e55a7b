//! The catalogue: what is embedded holds together, and a mistake in a provider's file is told with its place.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use http::Uri;
use jiff::{SignedDuration, Timestamp};
use wh::webhook::catalogue::{Catalogue, CatalogueError, File, Shelf};
use wh::webhook::composition::{Draft, Payload};
use wh::webhook::delivery::Delivery;
use wh::webhook::event::EventName;
use wh::webhook::json::Document;
use wh::webhook::provider::{EventInfo, Provider};
use wh::webhook::secret::Secret;
use wh::webhook::signing::Signing;
use wh::webhook::table::{FileError, Source};

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

// What is embedded.

#[test]
fn the_folder_and_the_catalogue_have_the_same_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let on_disk: BTreeSet<String> = files_below(&root)
        .into_iter()
        .map(|path| path.strip_prefix(&root).expect("a file below its root").display().to_string())
        .collect();
    let catalogue = Catalogue::embedded();
    let described = catalogue.names().map(|name| format!("{name}/provider.toml"));
    let examples = catalogue.events().map(|event| format!("{}/events/{}.json", event.provider, event.name()));
    assert_eq!(described.chain(examples).collect::<BTreeSet<_>>(), on_disk);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn every_example_event_says_when_it_fires() {
    let catalogue = Catalogue::embedded();
    for provider in providers() {
        let known: BTreeSet<EventName> = provider.events.iter().map(|info| info.name.clone()).collect();
        let files = catalogue.events().filter(|event| event.provider == provider.name);
        assert_eq!(known, files.collect());
        for info in &provider.events {
            assert!(!info.about.is_empty(), "{} is not listed in [events]", info.name);
        }
    }
}

/// From the providers' pages; those of whop from its published type definitions.
const WPG: [&str; 10] = [
    "slot.reserved",
    "slot.submitted",
    "slot.accepted",
    "slot.rejected",
    "slot.expired",
    "payout.completed",
    "payout.failed",
    "payment.completed",
    "payment.failed",
    "chat.message",
];

const UNIBO: [&str; 5] =
    ["PRIZE_PAYOUT_CREATED", "PRIZE_PAYOUT_SUCCEEDED", "PRIZE_PAYOUT_FAILED", "PLAYER_OPTED_IN", "PLAYER_OPTED_OUT"];

const WHOP: [&str; 19] = [
    "membership.went_valid",
    "membership.went_invalid",
    "membership.metadata_updated",
    "membership.cancel_at_period_end_changed",
    "membership.experience_claimed",
    "payment.succeeded",
    "payment.failed",
    "payment.pending",
    "payment.affiliate_reward_created",
    "refund.created",
    "refund.updated",
    "dispute.created",
    "dispute.updated",
    "app_membership.went_valid",
    "app_membership.went_invalid",
    "app_membership.cancel_at_period_end_changed",
    "app_payment.succeeded",
    "app_payment.failed",
    "app_payment.pending",
];

const GAMEPUSH: [&str; 33] = [
    "PurchasePlayerPurchase",
    "ConsumePlayerPurchase",
    "UnsubscribePlayerSubscription",
    "ResumePlayerSubscription",
    "ExpirePlayerSubscription",
    "UnlockPlayerAchievement",
    "PlayerSetAchievementProgress",
    "PlayerPublishRecord",
    "SyncPlayer",
    "GetPlayer",
    "GivePlayerReward",
    "PlayerSendInviteToChannel",
    "PlayerCancelInviteToChannel",
    "PlayerAcceptInviteToChannel",
    "PlayerRejectInviteToChannel",
    "PlayerJoinChannel",
    "PlayerLeaveChannel",
    "PlayerCancelJoinChannel",
    "PlayerAcceptJoinRequestToChannel",
    "PlayerRejectJoinRequestToChannel",
    "PlayerKickFromChannel",
    "PlayerSendPersonalMessage",
    "PlayerSendFeedMessage",
    "PlayerSendMessage",
    "PlayerEditMessage",
    "PlayerDeleteMessage",
    "PlayerMutePlayerInChannel",
    "PlayerUnmutePlayerInChannel",
    "PlayerCreateChannel",
    "PlayerUpdateChannel",
    "PlayerDeleteChannel",
    "UploadPlayerFile",
    "UploadPlayerImage",
];

const COMPS: [&str; 9] = [
    "order.completed",
    "order.refunded",
    "winner.drawn",
    "winner.prize_choice_made",
    "withdrawal.requested",
    "withdrawal.paid",
    "competition.created",
    "competition.ended",
    "user.registered",
];

/// The names of a provider's events without variants, or the variants of one event.
fn event_types(provider: &Provider) -> Vec<&str> {
    let plain = provider.events.iter().filter(|info| info.name.variant.is_none());
    plain.map(|info| info.name.event.as_str()).collect()
}

#[test]
fn the_events_are_those_of_the_pages_in_their_order() {
    assert_eq!(event_types(&embedded("wpg")), WPG);
    assert_eq!(event_types(&embedded("unibo")), UNIBO);
    assert_eq!(event_types(&embedded("whop")), WHOP);
    assert_eq!(event_types(&embedded("gamepush")), GAMEPUSH);
    assert_eq!(event_types(&embedded("comps")), COMPS);
}

#[test]
fn a_payout_of_unibo_has_a_variant_for_each_type_of_prize() {
    let mut variants: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for info in embedded("unibo").events {
        if let Some(variant) = info.name.variant {
            variants.entry(info.name.event).or_default().insert(variant);
        }
    }
    let payouts = UNIBO.iter().filter(|event| event.starts_with("PRIZE_PAYOUT_"));
    let prizes = ["cash", "free_spins", "bonus_amount", "deposit_bonus", "catalog_item"].map(str::to_owned);
    let expected = payouts.map(|event| ((*event).to_owned(), BTreeSet::from(prizes.clone())));
    assert_eq!(variants, expected.collect());
}

#[test]
fn the_other_providers_have_five_events_at_least() {
    for name in ["github", "shopify", "slack", "standard", "stripe", "whop-v1"] {
        let provider = embedded(name);
        assert!(event_types(&provider).len() >= 5, "{name}: {:?}", event_types(&provider));
    }
}

// What is sent.

#[test]
fn every_payload_is_compact_json_with_nothing_left_to_fill_in() {
    for (provider, event, delivery) in deliveries() {
        let payload = provider.scheme.payload(&delivery).expect("its own envelope");
        let text = str::from_utf8(&payload).unwrap_or_else(|error| panic!("{event}: {error}"));
        assert!(!text.contains("{{"), "{event}: {text}");
        let document = Document::parse(&payload).unwrap_or_else(|error| panic!("{event}: {error}"));
        let mut end = 0;
        for token in document.tokens() {
            assert_eq!(token.span.start, end, "{event}: white space before {:?}", &text[token.span.clone()]);
            end = token.span.end;
        }
        assert_eq!(end, text.len(), "{event}: something behind the payload");
    }
}

#[test]
fn the_event_type_is_read_back_from_each_delivery() {
    for (provider, event, delivery) in deliveries() {
        assert_eq!(provider.event_type(&delivery), Some(event.event.clone()), "{event}");
    }
}

#[test]
fn the_id_is_read_back_from_each_delivery_that_has_one() {
    // The request that Slack checks a URL with is no event and has no id.
    let without = ["slack/url_verification"];
    for (provider, event, delivery) in deliveries().filter(|(provider, ..)| !provider.places.id.is_empty()) {
        let expected = if without.contains(&event.to_string().as_str()) { None } else { Some(delivery.id.clone()) };
        assert_eq!(provider.delivery_id(&delivery), expected, "{event}");
    }
}

#[test]
fn a_duplicate_is_recognised_where_the_provider_has_a_key() {
    // Opt-ins and opt-outs have no request id, says the page; nor has the request that Slack checks a URL with.
    let without = ["unibo/PLAYER_OPTED_IN", "unibo/PLAYER_OPTED_OUT", "slack/url_verification"];
    for (provider, event, delivery) in deliveries().filter(|(provider, ..)| !provider.places.deduplicate.is_empty()) {
        let expected = !without.contains(&event.to_string().as_str());
        let key = provider.deduplication_key(&delivery);
        assert_eq!(key.is_some(), expected, "{event}: {key:?}");
        let other = provider.deduplication_key(&signed(&provider, &event, NOW, 2));
        assert!(!expected || key != other, "{event}: {key:?} is the key of two events");
    }
}

#[test]
fn the_five_providers_have_the_keys_of_their_pages() {
    let key = |provider: &str, event: &str| {
        let provider = embedded(provider);
        let delivery = signed(&provider, &EventName::from_name(&provider.name, event), NOW, 1);
        let key = provider.deduplication_key(&delivery)?;
        Some(key.iter().map(|part| part.split(['_', '-']).next().unwrap_or_default().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(key("wpg", "slot.submitted"), Some(vec!["slot.submitted".to_owned(), "slot".to_owned()]));
    assert_eq!(key("wpg", "payment.failed"), Some(vec!["payment.failed".to_owned(), "pay".to_owned()]));
    assert_eq!(key("unibo", "PRIZE_PAYOUT_CREATED").map(|key| key.len()), Some(2));
    assert_eq!(key("comps", "winner.drawn"), Some(vec!["evt".to_owned()]));
    assert_eq!(key("whop", "payment.succeeded"), None);
    assert_eq!(key("gamepush", "GetPlayer"), None);
}

#[test]
fn two_deliveries_of_an_event_have_neither_id_nor_payload_in_common() {
    // It names the shop, and nothing else.
    let same = "shopify/shop/redact";
    let tomorrow = NOW + SignedDuration::from_hours(24);
    for provider in providers() {
        for EventInfo { name, .. } in &provider.events {
            let (one, two) = (sample(&provider, name, NOW, 1), sample(&provider, name, tomorrow, 2));
            assert_ne!(one.id, two.id, "{name}");
            assert_eq!(one.request.body() == two.request.body(), name.to_string() == same, "{name}");
        }
    }
}

#[test]
fn no_example_has_a_time_of_its_own() {
    let catalogue = Catalogue::embedded();
    for event in catalogue.events() {
        let (path, text) = catalogue.fixture(&event).unwrap_or_else(|error| panic!("{error}"));
        let fixed = text.windows(11).find(|piece| is_date_before_time(piece));
        assert_eq!(fixed.map(<[u8]>::escape_ascii).map(|piece| piece.to_string()), None, "{path}");
    }
}

/// `2025-11-21T`, as every RFC 3339 time begins.
fn is_date_before_time(piece: &[u8]) -> bool {
    piece.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        10 => *byte == b'T',
        _ => byte.is_ascii_digit(),
    })
}

#[test]
fn the_five_providers_deliver_as_their_pages_say() {
    let policy = |name| embedded(name).policy;
    let (wpg, unibo, comps) = (policy("wpg"), policy("unibo"), policy("comps"));
    assert_eq!((wpg.timeout, wpg.attempts, wpg.disable_after), (Some(Duration::from_secs(5)), None, Some(10)));
    assert_eq!((unibo.timeout, unibo.attempts), (Some(Duration::from_secs(30)), Some(1)));
    assert_eq!((comps.timeout, comps.attempts, comps.disable_after), (None, Some(6), None));
    assert_eq!(comps.backoff, [1, 2, 4, 8, 16].map(Duration::from_mins));
    let retried: Vec<String> = comps.retry.iter().map(ToString::to_string).collect();
    assert_eq!(retried, ["network", "408", "429", "5xx"]);
    for silent in [policy("whop"), policy("gamepush")] {
        assert_eq!((silent.timeout, silent.attempts, silent.retry.as_slice()), (None, None, &[][..]));
    }
    for name in ["wpg", "unibo", "whop", "gamepush", "comps"] {
        assert_eq!(policy(name).success.to_string(), "2xx", "{name}");
    }
}

#[test]
fn there_is_a_wait_before_each_further_attempt_or_none_at_all() {
    for provider in providers().filter(|provider| !provider.policy.backoff.is_empty()) {
        let attempts = provider.policy.attempts.unwrap_or_default() as usize;
        assert_eq!(provider.policy.backoff.len() + 1, attempts, "{}", provider.name);
    }
}

// What is not in the program.

/// A provider is data: a text of the program that names one would be code for it. Examples in help texts may.
#[test]
fn no_text_of_the_program_names_a_provider() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let catalogue = Catalogue::embedded();
    let mut count = 0;
    for path in files_below(&root) {
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for text in texts(&source).into_iter().filter(|text| !text.starts_with("Examples:")) {
            count += 1;
            let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
            // "standard" is a word of the language too: only alone it is the provider.
            // And GitHub runs CI jobs, too, which the reports are for.
            let is_report = |name: &str| name == "github" && path.ends_with("commands/check/reports.rs");
            let names = |name: &&str| {
                let said = text == *name || (*name != "standard" && words.iter().any(|word| word == name));
                said && !is_report(name)
            };
            assert_eq!(catalogue.names().find(names), None, "{}: {text:?}", path.display());
        }
    }
    assert!(count > 100, "only {count} texts were found");
}

/// The texts between double quotes, without those of comments and of the tests at a file's end.
fn texts(source: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut rest = source.split("#[cfg(test)]").next().unwrap_or_default();
    while let Some(at) = rest.find(['/', '\'', '"']) {
        let (before, found) = rest.split_at(at);
        rest = if found.starts_with("//") {
            found.split_once('\n').map_or("", |(_, behind)| behind)
        } else if let Some(behind) = found.strip_prefix("'\"'") {
            behind
        } else if let Some(text) = found.strip_prefix('"') {
            let length = if before.ends_with("r#") { text.find("\"#") } else { closing_quote(text) };
            let (text, behind) = text.split_at(length.unwrap_or(text.len()));
            texts.push(text);
            behind.get(1..).unwrap_or_default()
        } else {
            &found[1..]
        };
    }
    texts
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[test]
fn texts_are_told_from_comments_and_tests() {
    let source = [
        r#"//! "a comment""#,
        r#"fn f<'a>() { g('"', "b\"c\\", "http://d"); } // "another""#,
        "const H: &str = r#\"e \"f\"\"#;",
        "#[cfg(test)]",
        r#"mod tests { const I: &str = "i"; }"#,
    ];
    let source = source.join("\n");
    assert_eq!(texts(&source), [r#"b\"c\\"#, "http://d", r#"e "f""#]);
}

// Choosing events.

fn selected(pattern: &str, scheme: Option<&str>) -> Vec<String> {
    let events = Catalogue::embedded().select(pattern, scheme).unwrap_or_else(|error| panic!("{error}"));
    events.iter().map(ToString::to_string).collect()
}

#[test]
fn an_event_is_chosen_by_its_name_with_or_without_its_provider() {
    assert_eq!(selected("slot.submitted", None), ["wpg/slot.submitted"]);
    assert_eq!(selected("wpg/slot.submitted", None), ["wpg/slot.submitted"]);
    assert_eq!(selected("payment.failed", Some("whop")), ["whop/payment.failed"]);
    assert_eq!(selected("PRIZE_PAYOUT_FAILED@cash", None), ["unibo/PRIZE_PAYOUT_FAILED@cash"]);
    assert_eq!(selected("orders/create", None), ["shopify/orders/create"]);
}

#[test]
fn a_glob_chooses_all_that_it_matches() {
    assert_eq!(selected("slot.*", Some("wpg")).len(), 5);
    assert_eq!(selected("wpg/*", None).len(), WPG.len());
    assert_eq!(selected("PRIZE_PAYOUT_FAILED@*", None).len(), 5);
    assert_eq!(selected("payout.fai?ed", None), ["wpg/payout.failed"]);
}

#[test]
fn an_event_of_several_providers_is_ambiguous() {
    let error = Catalogue::embedded().select("payment.failed", None).expect_err("three providers have it");
    let CatalogueError::AmbiguousEvent { candidates, .. } = error else { panic!("{error}") };
    let names: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["whop/payment.failed", "whop-v1/payment.failed", "wpg/payment.failed"]);
}

#[test]
fn what_is_unknown_is_told_with_what_is_near() {
    let catalogue = Catalogue::embedded();
    let error = catalogue.select("slot.submited", None).expect_err("a slip");
    assert_eq!(error.to_string(), "there is no event `slot.submited`");
    let CatalogueError::UnknownEvent { nearest, .. } = error else { panic!("{error}") };
    assert_eq!(nearest.first().map(String::as_str), Some("slot.submitted"));

    let error = catalogue.select("slots.*", Some("wpg")).expect_err("a slip");
    assert_eq!(error.to_string(), "no event matches `slots.*` in wpg");

    let error = catalogue.provider("wgp").expect_err("a slip");
    assert_eq!(error.to_string(), "there is no scheme `wgp`");
    let CatalogueError::UnknownScheme { nearest, known, .. } = error else { panic!("{error}") };
    assert_eq!(nearest.as_deref(), Some("wpg"));
    assert_eq!(known, catalogue.names().collect::<Vec<_>>());
}

// A user's catalogue.

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

// Mistakes in a provider's file.

/// A file that is right, which each case spoils in one place.
const GOOD: &str = r#"title = "Acme"
about = "An example"
documentation = "https://example.com/webhooks"

[event]
type = "/type"
id-form = "evt_{{alnum:8}}"

[request]
content-type = "application/json"

[request.headers]
"X-Acme-Event" = "{event}"

[secret]
test = "whsec_dGVzdA=="
encoding = "base64"
prefix = "whsec_"

[signature]
algorithm = "hmac-sha256"
content = "{timestamp}.{body}"
version = "v1"

[[signature.headers]]
name = "X-Acme-Signature"
value = "t={timestamp},{version}={signature}"
separator = ","

[timestamp]
tolerance-past = "300s"

[delivery]
timeout = "5s"
success = ["2xx"]

[events]
"thing.happened" = "A thing happened"
"#;

fn read(text: &str) -> Result<Provider, FileError> {
    let source = Source::from_bytes("provider.toml", text.as_bytes())?;
    Provider::read("acme", source, &["thing.happened"])
}

/// Puts `replacement` in the place of `piece`, and expects the mistake at its line and column.
#[track_caller]
fn mistake(piece: &str, replacement: &str, expected: &str, hint: Option<&str>) {
    assert_eq!(GOOD.matches(piece).count(), 1, "`{piece}` is not there once");
    is_told(&GOOD.replace(piece, replacement), expected, hint);
}

#[track_caller]
fn is_told(text: &str, expected: &str, hint: Option<&str>) {
    let Err(error) = read(text) else { panic!("read as if nothing were wrong, instead of {expected}") };
    let told = error.to_string();
    assert_eq!(told.strip_prefix("provider.toml:"), Some(expected));
    assert_eq!(error.hint.as_deref(), hint, "{told}");
}

#[test]
fn the_file_without_mistakes_is_read() {
    let provider = read(GOOD).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(provider.events.len(), 1);
    assert_eq!(read(&format!("\u{feff}{}", GOOD.replace('\n', "\r\n"))).map(|read| read.title).as_deref(), Ok("Acme"));
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    is_told("", "1:1: the file is empty", None);
    is_told(" \n\n", "1:1: the file is empty", None);
    mistake(r#""An example""#, r#""An example"#, "2:20: invalid basic string, expected `\"`", None);
    mistake(r#""An example""#, "An example", "2:9: string values must be quoted, expected literal string", None);
    mistake("[request]", "[request", "9:9: unclosed table, expected `]`", None);
    mistake("about =", "title =", "2:1: duplicate key", None);
}

#[test]
fn what_is_not_utf_8_is_told_with_its_place() {
    let latin1 = b"title = \"Zo\xeb\"\nabout = \"\"";
    let error = Source::from_bytes("provider.toml", latin1).expect_err("Latin 1");
    assert_eq!(error.to_string(), "provider.toml:1:12: not UTF-8 from here on");
    assert_eq!(error.hint.as_deref(), Some("save the file as UTF-8"));
    let error = Source::from_bytes("provider.toml", b"# \xc3\xbc\n\"\xc3").expect_err("half a character");
    assert_eq!((error.line, error.column), (2, 2));
}

#[test]
fn an_unknown_key_is_told_with_what_is_known() {
    mistake("timeout =", "timout =", "34:1: unknown key `timout` in [delivery]", Some("did you mean `timeout`?"));
    mistake("[delivery]", "[delivry]", "33:2: unknown key `delivry`", Some("did you mean `delivery`?"));
    let separator = "28:1: unknown key `seperator` in [signature.headers]";
    mistake("separator", "seperator", separator, Some("did you mean `separator`?"));
    let known = "known here: title, about, documentation, readings, weaknesses, replaces-built-in, request, secret, \
                 signature, timestamp, event, delivery, events";
    mistake("about =", "logo = \"a.png\"\nabout =", "2:1: unknown key `logo`", Some(known));
}

#[test]
fn what_is_missing_is_told_where_it_should_be() {
    mistake("about = \"An example\"\n", "", "1:1: `about` is missing", None);
    mistake("test = \"whsec_dGVzdA==\"\n", "", "15:1: `secret.test` is missing", None);
    mistake("algorithm = \"hmac-sha256\"\n", "", "20:1: `signature.algorithm` is missing", None);
    mistake("content = \"{timestamp}.{body}\"\n", "", "20:1: `signature.content` is missing", None);
    mistake("name = \"X-Acme-Signature\"\n", "", "25:1: `signature.headers.name` is missing", None);
    let eventless = GOOD.replace("\"X-Acme-Event\" = \"{event}\"", "").replace("type = \"/type\"", "");
    is_told(&eventless, "5:1: `event.type` is missing", None);
}

#[test]
fn a_value_of_another_type_is_told() {
    mistake("\"An example\"", "7", "2:9: `about` must be a text in quotes", None);
    mistake("\"An example\"", "\"\"", "2:9: `about` is empty", None);
    mistake("[\"2xx\"]", "200", "35:11: `delivery.success` must be a list of texts", None);
    mistake("success", "retry-after = 1\nsuccess", "35:15: `delivery.retry-after` must be true or false", None);
    mistake("[[signature.headers]]", "[signature.headers]", "25:1: `signature.headers` must be a list of tables", None);
    mistake("tolerance-past = \"300s\"", "unit = {}", "31:8: `timestamp.unit` must be a text in quotes", None);
}

#[test]
fn an_unknown_word_is_told_with_what_it_could_be() {
    let slip = "21:13: unknown algorithm `hmac-sha265`";
    mistake("hmac-sha256", "hmac-sha265", slip, Some("did you mean `hmac-sha256`?"));
    let all = "it is one of hmac-sha256, hmac-sha1, hmac-sha384, hmac-sha512, sha256, sha1, sha384, sha512, token";
    mistake("hmac-sha256", "rot13", "21:13: unknown algorithm `rot13`", Some(all));
    mistake("\"base64\"", "\"bse64\"", "17:12: unknown encoding `bse64`", Some("did you mean `base64`?"));
    mistake(
        "\"base64\"",
        "\"utf8\"",
        "17:12: unknown encoding `utf8`",
        Some("it is one of text, hex, base64, base64url"),
    );
    let units = Some("it is one of seconds, milliseconds");
    mistake("tolerance-past = \"300s\"", "unit = \"days\"", "31:8: unknown unit `days`", units);
}

#[test]
fn an_unknown_placeholder_is_told_with_its_place() {
    let content = "known here: {body} {payload} {timestamp} {id} {event} {url} {method} {version} {secret}";
    mistake("}.{body}", "}.{bdoy}", "22:24: unknown placeholder `{bdoy}`", Some("did you mean `{body}`?"));
    mistake("}.{body}", "}é{bdoy}", "22:24: unknown placeholder `{bdoy}`", Some("did you mean `{body}`?"));
    mistake("}.{body}", "}.{zzz}", "22:24: unknown placeholder `{zzz}`", Some(content));
    mistake("}.{body}", "}.{signature}", "22:24: unknown placeholder `{signature}`", Some(content));
    let encoding = Some("did you mean `{body:base64}`?");
    mistake("}.{body}", "}.{body:bas64}", "22:24: unknown placeholder `{body:bas64}`", encoding);

    let signature = Some("did you mean `{signature}`?");
    mistake("={signature}", "={signatur}", "27:34: unknown placeholder `{signatur}`", signature);
    let header = Some("known here: {signature} {timestamp} {id} {version}");
    mistake("={signature}", "={secret}", "27:34: unknown placeholder `{secret}`", header);
    mistake("\"{event}\"", "\"{evnt}\"", "13:19: unknown placeholder `{evnt}`", Some("did you mean `{event}`?"));
    mistake(CONTENT_TYPE, "body = \"{payload}.{signatur}\"", "10:19: unknown placeholder `{signatur}`", signature);

    mistake("{{alnum:8}}", "{{alnm:8}}", "7:16: unknown placeholder `{{alnm:8}}`", Some("did you mean `alnum`?"));
    let count = Some("say how many, from 1 to 256: `{{alnum:8}}`");
    mistake("{{alnum:8}}", "{{alnum}}", "7:16: unknown placeholder `{{alnum}}`", count);

    let brace = "a brace without its partner (write `{{` or `}}` for the brace itself)";
    mistake("}.{body}", "}.{body", &format!("22:24: {brace}"), None);
    mistake("}.{body}", "}.body}", &format!("22:28: {brace}"), None);
}

const CONTENT_TYPE: &str = "content-type = \"application/json\"";

#[test]
fn a_place_inside_a_text_is_right_in_every_kind_of_quotes() {
    let told = |replacement: &str, place: &str| {
        let expected = format!("{place}: unknown placeholder `{{bdoy}}`");
        mistake("\"{timestamp}.{body}\"", replacement, &expected, Some("did you mean `{body}`?"));
    };
    told("'{timestamp}.{bdoy}'", "22:24");
    told("'''{timestamp}.{bdoy}'''", "22:26");
    told("\"\"\"\n{timestamp}.{bdoy}\"\"\"", "23:13");
    told("\"\\t{timestamp}.{bdoy}\"", "22:26");
}

#[test]
fn a_scheme_that_proves_nothing_is_refused() {
    let open = "22:11: `signature.content` covers nothing of the body: `{timestamp}`";
    let hint = "add `{body}`, or say `unsigned-body = true` if the provider really leaves the body open";
    mistake("{timestamp}.{body}", "{timestamp}", open, Some(hint));
    let hashed = "22:11: a plain hash whose content holds no `{secret}` proves nothing";
    mistake("hmac-sha256", "sha256", hashed, Some("add `{secret}`, or use an HMAC algorithm"));
    mistake("hmac-sha256", "token", "22:11: a token signs no content", Some("leave it out"));
    let nowhere = "21:13: no header carries the signature";
    let hint = "add a [[signature.headers]] whose value holds `{signature}`";
    mistake("={signature}", "=x", nowhere, Some(hint));
    let token = GOOD.replace("hmac-sha256", "token").replace("content = \"{timestamp}.{body}\"\n", "");
    let token = token.replace("t={timestamp},{version}={signature}", "{timestamp}");
    is_told(&token, nowhere, Some("add a [[signature.headers]] whose value holds `{secret}`"));
}

#[test]
fn a_body_may_be_left_open_on_purpose() {
    let open =
        GOOD.replace("{timestamp}.{body}", "{timestamp}").replace("version =", "unsigned-body = true\nversion =");
    assert!(read(&open).is_ok_and(|provider| !provider.scheme.signs_body()));
}

#[test]
fn what_is_signed_must_be_carried_and_what_is_used_given() {
    let timestamp = Some("add a [[signature.headers]] whose value holds `{timestamp}`, or say `timestamp.payload`");
    mistake("t={timestamp},", "", "21:13: `{timestamp}` is signed, but no header carries it", timestamp);
    let id = Some("add a [[signature.headers]] whose value is `{id}`");
    mistake("}.{body}", "}.{id}.{body}", "21:13: `{id}` is signed, but no header carries it", id);
    let version = "21:13: `{version}` is used, but there is no `signature.version`";
    mistake("version = \"v1\"\n", "", version, Some("add `version = \"v1\"`"));
    let untimed = GOOD.replace("t={timestamp},", "").replace("{timestamp}.{body}", "{body}");
    is_told(&untimed, "21:13: there is a tolerance, but nothing carries a timestamp", timestamp);
}

#[test]
fn a_version_in_a_request_header_must_be_given_too() {
    let unversioned = GOOD.replace("version = \"v1\"\n", "").replace("{version}=", "v1=");
    assert!(read(&unversioned).is_ok());
    let version = "21:13: `{version}` is used, but there is no `signature.version`";
    let text = unversioned.replace("\"{event}\"", "\"{event};{version}\"");
    is_told(&text, version, Some("add `version = \"v1\"`"));
}

#[test]
fn an_envelope_holds_the_payload_and_is_not_signed_itself() {
    let payload = "10:8: the envelope `request.body` has no `{payload}`";
    mistake(CONTENT_TYPE, "body = \"{signature}\"", payload, None);
    let whole = "22:11: the body is an envelope that holds the signature, so it cannot be signed as a whole";
    let envelope = "body = \"{payload:base64}.{signature}\"";
    mistake(CONTENT_TYPE, envelope, whole, Some("sign `{payload}` or `{payload:base64}`"));
    let open = "10:8: `{payload}` may hold `.` itself, so it could not be read back";
    mistake(CONTENT_TYPE, "body = \"{payload}.{signature}\"", open, Some("encode it: `{payload:base64}`"));
    let joined = "10:8: `{payload}` and `{signature}` stand side by side, so they could not be read back";
    mistake(CONTENT_TYPE, "body = \"{payload}{signature}\"", joined, None);
}

#[test]
fn a_header_that_could_not_be_read_back_is_refused() {
    let joined = "27:9: `{version}` and `{signature}` stand side by side, so they could not be read back";
    mistake("{version}={signature}", "{version}{signature}", joined, None);
    let twice = "27:9: `{signature}` stands twice, so it could not be read back";
    mistake("{version}={signature}", "{signature}={signature}", twice, None);
    let open = "27:9: `{signature}` may hold `=` itself, so it could not be read back";
    mistake(
        "{version}={signature}",
        "{signature}={version}",
        open,
        Some("put a character behind it that it cannot hold"),
    );
}

/// The event type and the id are read back from such a header.
#[test]
fn a_request_header_that_could_not_be_read_back_is_refused() {
    let joined = "13:18: `{event}` and `{id}` stand side by side, so they could not be read back";
    mistake("\"{event}\"", "\"{event}{id}\"", joined, None);
}

#[test]
fn what_is_no_header_is_refused() {
    mistake("\"X-Acme-Signature\"", "\"X Acme\"", "26:8: `X Acme` is no header name", None);
    mistake("\"X-Acme-Signature\"", "\"X-Acme\\n\"", "26:8: `X-Acme\\n` is no header name", None);
    mistake("\"X-Acme-Event\"", "\"X Acme\"", "13:1: `X Acme` is no header name", None);
    mistake("type = \"/type\"", "type = \"Acme Event\"", "6:8: `Acme Event` is no header name", None);
    mistake("\"{event}\"", "\"{event}\\n\"", "13:18: `{event}\\n` cannot be the value of a header", None);
    let value = "27:9: `t={timestamp}\\r\\n,{version}={signature}` cannot be the value of a header";
    mistake("t={timestamp},", "t={timestamp}\\r\\n,", value, None);
    mistake("\"application/json\"", "\"a\\nb\"", "10:16: `a\\nb` cannot be the value of a header", None);
}

#[test]
fn a_bad_value_is_told_with_its_place() {
    let duration = Some("write a number and a unit, such as \"300s\", \"5m\" or \"2h\"");
    for text in ["300", "-300s", "soon"] {
        let expected = format!("31:18: `timestamp.tolerance-past` is no duration: `{text}`");
        mistake("\"300s\"", &format!("\"{text}\""), &expected, duration);
    }
    let status = "is neither a status such as 204 nor a class such as 2xx";
    mistake("[\"2xx\"]", "[\"2xx\", \"200 OK\"]", &format!("35:19: `200 OK` {status}"), None);
    mistake("[\"2xx\"]", "\"6xx\"", &format!("35:11: `6xx` {status}"), None);
    let count = "35:12: `delivery.attempts` must be a whole number from 1 to 1000";
    mistake("success = [\"2xx\"]", "attempts = 0", count, None);
    mistake(CONTENT_TYPE, "path = \"webhooks\"", "10:8: `request.path` must start with /: `webhooks`", None);
    for path in ["/a b", "/a#b", "/a\\u0000"] {
        let shown = path.replace("\\u0000", "\\0");
        let expected = format!("10:8: `request.path` is no path of a URL: `{shown}`");
        mistake(CONTENT_TYPE, &format!("path = \"{path}\""), &expected, Some("write %20 for a space, and so on"));
    }
    for method in ["PO ST", "CONNECT"] {
        let expected = format!("10:10: `{method}` is no method to deliver with");
        let hint = Some("leave it out: POST is usual");
        mistake(CONTENT_TYPE, &format!("method = \"{method}\""), &expected, hint);
    }
    let hint = Some("leave it out where none is documented");
    mistake("\"5s\"", "\"0s\"", "34:11: `delivery.timeout` is no time at all", hint);
    let pointer = Some("write a JSON pointer, such as \"/data/id\"");
    mistake("tolerance-past = \"300s\"", "payload = \"time\"", "31:11: `time` is no JSON pointer", pointer);
}

#[test]
fn a_test_secret_that_is_no_key_is_refused_without_being_shown() {
    let fault = "16:8: the secret from secret.test is not base64:";
    mistake("dGVzdA==", "dGV*dA==", &format!("{fault} character 10 of 14 does not belong there"), None);
    mistake("dGVzdA==", "dGVzdA", &format!("{fault} its length (12) or its padding is wrong"), None);
    mistake("dGVzdA==", "", "16:8: the secret from secret.test is empty", None);
}

#[test]
fn a_listed_event_needs_its_example() {
    let hint = Some("add events/thing.happend.json beside this file");
    mistake("thing.happened", "thing.happend", "38:1: the event `thing.happend` has no example", hint);
    let hint = Some("add events/thing.happened@twice.json beside this file");
    let variant = "38:1: the event `thing.happened@twice` has no example";
    mistake("thing.happened", "thing.happened@twice", variant, hint);
}
