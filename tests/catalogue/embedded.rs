//! What is embedded holds together, and is what the providers document.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wh::webhook::catalogue::Catalogue;
use wh::webhook::event::EventName;
use wh::webhook::provider::Provider;

use super::{embedded, providers};

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

pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
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
pub(super) const WPG: [&str; 10] = [
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
