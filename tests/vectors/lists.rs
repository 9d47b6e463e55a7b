//! Lists of signatures, and secrets that change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wh::webhook::signing::SigningError;
use wh::webhook::verification::Rejection;

use super::{Example, genuine, header_is_rejected};
use crate::catalogue::{embedded, providers};

#[test]
fn any_entry_of_the_right_version_will_do() {
    let signed = genuine("stripe");
    let right = signed.header("Stripe-Signature").trim_start_matches("t=1763719200,").to_owned();
    let wrong = format!("v1={}", "0".repeat(64));
    let lists = [
        format!("t=1763719200,{wrong},{right}"),
        format!("t=1763719200,{right},{wrong}"),
        format!("t=1763719200,v1=bad_signature,{right}"),
        format!("t=1763719200,v0={},{right}", "0".repeat(64)),
        format!("{right},t=1763719200"),
        format!("t=1763719200 , {right}"),
        format!("t=1763719200,t=1763719200,{right},extension,x=y"),
    ];
    for list in lists {
        assert_eq!(signed.clone().with("Stripe-Signature", &list).verdict(), Ok(()), "{list}");
    }
    let forged = right.replace("v1=", "v0=");
    let list = format!("t=1763719200,{wrong},{forged}");
    assert_eq!(signed.with("Stripe-Signature", list).verdict(), Err("mismatch"), "the signature is marked v0");
}

#[test]
fn a_list_with_signatures_of_another_kind_is_looked_through() {
    let signed = genuine("standard");
    let right = signed.header("webhook-signature").to_owned();
    let wrong = format!("v1,{}", STANDARD.encode([0; 32]));
    for list in [
        format!("{wrong} {right} v1a,xxx"),
        format!("v1a,xxx {right}"),
        format!("v1,bad {right}"),
        format!("{right}  {wrong}"),
    ] {
        assert_eq!(signed.clone().with("webhook-signature", &list).verdict(), Ok(()), "{list}");
    }
    let unversioned = right.trim_start_matches("v1,");
    assert_eq!(
        signed.clone().with("webhook-signature", format!("v1a,{unversioned}")).verdict(),
        Err("unknown-version")
    );
    assert_eq!(signed.with("webhook-signature", format!("{wrong} v1a,{unversioned}")).verdict(), Err("mismatch"));
}

#[test]
fn the_secret_that_matched_is_named() {
    for (provider, secret) in [("github", "new secret"), ("stripe", "whsec_new"), ("unibo", "new token")] {
        let signed = Example::new(embedded(provider), "{}").secret(secret).sign();
        let both = signed.received_with(&[("OLD_SECRET", "an older one"), ("NEW_SECRET", secret)]);
        assert_eq!(both.verify().map(|verified| verified.secret).as_deref(), Ok("NEW_SECRET"), "{provider}");
        let neither = both.received_with(&[("a", "an older one"), ("b", "an oldest one")]);
        let token = provider == "unibo";
        assert_eq!(neither.verify(), Err(Rejection::Mismatch { secrets: 2, token }), "{provider}");
    }
}

#[test]
fn a_secret_that_is_no_key_does_not_hide_the_one_that_matches() {
    let signed = genuine("standard");
    let own = signed.provider.scheme.test_secret.clone();
    let signed = signed.received_with(&[("BROKEN", "whsec_no base64"), ("EMPTY", ""), ("OWN", &own)]);
    assert_eq!(signed.verify().map(|verified| verified.secret).as_deref(), Ok("OWN"));
    let signed = signed.received_with(&[("BROKEN", "whsec_no base64"), ("OTHER", "whsec_bmV3")]);
    assert_eq!(signed.verdict(), Err("bad-secret"), "what cannot be a key is told before a mismatch");
}

#[test]
fn a_list_carries_a_signature_for_each_secret() {
    let secrets = [("old", "whsec_b2xk"), ("new", "whsec_bmV3")];
    for provider in ["standard", "stripe", "whop", "whop-v1"] {
        let signed = Example::new(embedded(provider), "{}").secrets(&secrets).sign();
        for secret in secrets {
            let received = signed.clone().received_with(&[secret]);
            assert_eq!(received.verify().map(|verified| verified.secret).as_deref(), Ok(secret.0), "{provider}");
        }
    }
    for provider in ["github", "slack", "wpg", "comps", "gamepush", "unibo"] {
        let refused = Example::new(embedded(provider), "{}").secrets(&secrets).try_sign(None).err();
        let expected = SigningError::OneSignatureOnly { scheme: provider.to_owned(), count: 2 };
        assert_eq!(refused, Some(expected));
    }
}

#[test]
fn tokens_are_compared_exactly() {
    let token = "unibo_test_api_key_for_wh";
    let spoilt = [
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer  {token}"),
        format!("Bearer {token} "),
        format!("Bearer {}", token.to_uppercase()),
    ];
    for value in &spoilt {
        header_is_rejected("unibo", "Authorization", "mismatch", &[value]);
    }
    header_is_rejected("unibo", "Authorization", "missing-signature", &["Bearer "]);
    header_is_rejected("unibo", "Authorization", "bad-format", &[&format!("bearer {token}")]);
}

#[test]
fn nothing_is_verified_or_signed_without_a_secret() {
    for provider in providers() {
        let name = provider.name.clone();
        let signed = Example::new(provider, "{}").sign();
        assert_eq!(signed.clone().received_with(&[]).verdict(), Err("empty-secret"), "{name}");
        assert_eq!(signed.received_with(&[("WH_SECRET", "")]).verdict(), Err("empty-secret"), "{name}");
        let refused = Example::new(embedded(&name), "{}").secrets(&[]).try_sign(None).err();
        assert_eq!(refused, Some(SigningError::NoSecret), "{name}");
        let refused = Example::new(embedded(&name), "{}").secret("").try_sign(None).err();
        assert!(matches!(refused, Some(SigningError::Secret(_))), "{name}: {refused:?}");
    }
    let signed = genuine("standard").received_with(&[("WH_SECRET", "whsec_!")]);
    assert_eq!(signed.verdict(), Err("bad-secret"));
}
