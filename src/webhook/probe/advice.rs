//! What is worth knowing and fails nothing: above all what the scheme leaves open, whatever its receivers do.

use super::{Observation, Probe, Rule, Sends, Severity};
use crate::webhook::weakness::Weakness;

const fn scheme(id: &'static str, title: &'static str, weakness: Weakness, remedy: &'static str) -> Probe {
    let (severity, rule) = (Severity::Advice, Rule::Handled);
    let why = weakness.sentence();
    Probe { id, title, severity, sends: Sends::Scheme(weakness), rule, upsets: false, why, remedy }
}

const DEDUPLICATE: &str = "It is the scheme's fault, not your receiver's. Keep {key} of each delivery that you have \
                           processed, and process none twice.";

/// The probes that give advice.
pub const ROWS: &[Probe] = &[
    Probe {
        id: "plain-http",
        title: "whether deliveries are encrypted on their way",
        severity: Severity::Advice,
        sends: Sends::Observation(Observation::PlainHttp),
        rule: Rule::Handled,
        upsets: false,
        why: "Over plain HTTP everyone on the way reads the deliveries, and can send them again.",
        remedy: "Give the provider an https:// URL.",
    },
    scheme(
        "scheme-token",
        "the scheme signs nothing",
        Weakness::Token,
        "It is the scheme's fault, not your receiver's. Take deliveries over HTTPS only, keep the header out of logs, \
         and ask the provider's API before anything of worth is handed out.",
    ),
    scheme(
        "scheme-unsigned-body",
        "the scheme does not sign the body",
        Weakness::UnsignedBody,
        "It is the scheme's fault, not your receiver's. Ask the provider's API for the facts, and take only the id from \
         the delivery.",
    ),
    scheme(
        "scheme-unsigned-timestamp",
        "the scheme does not sign the timestamp",
        Weakness::UnsignedTimestamp,
        DEDUPLICATE,
    ),
    scheme("scheme-no-timestamp", "the scheme has no timestamp", Weakness::NoTimestamp, DEDUPLICATE),
    scheme(
        "scheme-any-future",
        "the scheme sets no limit ahead",
        Weakness::AnyFuture,
        "It is the scheme's fault, not your receiver's. Refuse timestamps that are more than a few minutes ahead.",
    ),
    scheme(
        "scheme-plain-hash",
        "the scheme hashes where it should use HMAC",
        Weakness::PlainHash,
        "It is the scheme's fault, not your receiver's. Keep the secret long and random.",
    ),
];
