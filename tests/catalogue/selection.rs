//! Choosing events.

use wh::webhook::catalogue::{Catalogue, CatalogueError};

use super::embedded::WPG;

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
