//! What is left to look at where no cause was found: with which secrets it was verified, and what to do next.

use super::Case;
use super::work::Tried;
use crate::webhook::scheme::{Algorithm, HeaderRule};
use crate::webhook::secret::Secret;
use crate::webhook::template::Field;

/// How to go on from a refusal that nothing explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Where the secrets came from that it was verified with; none, where there was nothing to verify.
    pub secrets: Vec<String>,
    /// What to do next.
    pub remedy: String,
}

/// The advice on a case in which `tried` led to nothing.
pub(super) fn advice(case: &Case<'_>, tried: &Tried) -> Advice {
    let scheme = &case.provider.scheme;
    let name = &case.provider.name;
    let is_token = scheme.algorithm == Algorithm::Token;
    if tried.signatures == 0 && !is_token {
        let signed = |rule: &&HeaderRule| rule.value.mentions(Field::Signature);
        let places: Vec<String> = scheme.headers.iter().filter(signed).map(|rule| format!("`{}`", rule.name)).collect();
        let place = if places.is_empty() { "its body".to_owned() } else { places.join(", ") };
        let remedy = format!(
            "a delivery of {name} has its signature in {place} (`wh schemes {name}` shows the form): look at what the \
             sender sends, and at what a proxy leaves out"
        );
        return Advice { secrets: Vec::new(), remedy };
    }
    let is_test = |secret: &Secret| secret.expose() == scheme.test_secret.as_bytes();
    let named = |secret: &Secret| {
        if is_test(secret) { format!("the public test secret of {name}") } else { secret.name().to_owned() }
    };
    let secret = if case.secrets.iter().all(is_test) {
        let variable = case.provider.secret_variable();
        format!("if the sender has a secret of its own, give it in {variable} or with --secret-file")
    } else {
        "check that the sender signs with this secret: each endpoint, and each mode (test, live), has its own"
            .to_owned()
    };
    let remedy = if is_token {
        secret
    } else {
        let length = case.delivery.request.body().len();
        format!(
            "{secret}; if it has this one, the body was changed on the way: it has {length} bytes here, compare it with \
             what was sent"
        )
    };
    Advice { secrets: case.secrets.iter().map(named).collect(), remedy }
}
