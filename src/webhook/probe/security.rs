//! Forgeries: each must be refused with a 4xx.

use super::{Observation, Probe, Rule, Sends, Severity};
use crate::webhook::fault::{Fault, Garbage};

/// A row for a delivery that is well formed, and wrong on purpose.
const fn forgery(
    id: &'static str,
    title: &'static str,
    fault: Fault,
    why: &'static str,
    remedy: &'static str,
) -> Probe {
    let (severity, rule) = (Severity::Security, Rule::Refused);
    Probe { id, title, severity, sends: Sends::Fault(fault), rule, upsets: false, why, remedy }
}

/// A row for one that is not even well formed, which a careless receiver may fall over.
const fn malformed(
    id: &'static str,
    title: &'static str,
    fault: Fault,
    why: &'static str,
    remedy: &'static str,
) -> Probe {
    Probe { upsets: true, ..forgery(id, title, fault, why, remedy) }
}

const DIGITS: &str = "Read the timestamp only if it is all digits (/^[0-9]+$/), and refuse with 401 when it is not, \
                      before you compare it.";
const COMPARE: &str = "Compute the expected one and compare it whole with what arrived, in constant time \
                       (crypto.timingSafeEqual, hmac.compare_digest), after comparing their lengths; refuse with 401 \
                       unless they are equal.";

/// The probes whose failure lets a forger in.
pub const ROWS: &[Probe] = &[
    malformed(
        "no-signature",
        "a delivery without its {proof}",
        Fault::NoSignature,
        "Anyone who knows the URL can send events.",
        "Refuse with 401 when the {proof} is not there, before anything else is read.",
    ),
    malformed(
        "empty-signature",
        "a delivery with an empty {proof}",
        Fault::EmptySignature,
        "Anyone who knows the URL can send events.",
        "Treat an empty {proof} as a missing one: refuse with 401.",
    ),
    malformed(
        "truncated-signature",
        "the first half of the {proof}",
        Fault::TruncatedSignature,
        "If a beginning is enough, a forger needs only a few guesses.",
        COMPARE,
    ),
    forgery(
        "forged-signature",
        "a {proof} of the right form that nobody computed",
        Fault::ForgedSignature,
        "Anyone who knows the URL and the form of a {proof} can send events.",
        COMPARE,
    ),
    forgery(
        "wrong-secret",
        "a {proof} made with another secret",
        Fault::WrongSecret,
        "Any other customer of the provider can send events with a secret of their own.",
        "Verify with your own secret, and refuse with 401 when it does not match.",
    ),
    forgery(
        "empty-secret",
        "a {proof} made with an empty secret",
        Fault::EmptySecret,
        "The receiver verifies with an empty secret, which everyone knows: it was started without one.",
        "Refuse to start without a secret: read it from the environment and fail when it is not set.",
    ),
    malformed(
        "signature-suffix",
        "the genuine {proof} with junk behind it",
        Fault::SignatureSuffix,
        "What decodes or searches a {proof} leniently compares less than it was sent.",
        "Compare the text as it arrived, whole: Buffer.from(text, 'hex') stops silently at the first character that is \
         no digit, so check the length first, or compare the texts.",
    ),
    forgery(
        "other-signature",
        "the genuine {proof} of another delivery",
        Fault::OtherSignature,
        "Whoever has seen one delivery can put its {proof} on any other.",
        "Compute the signature over the raw body that arrived, not over a part of it.",
    ),
    forgery(
        "altered-body",
        "a body that was changed after signing",
        Fault::AlteredBody,
        "Amounts and recipients can be changed on the way.",
        "Compute the signature over the raw body that arrived, byte for byte, and refuse with 401 when it differs.",
    ),
    forgery(
        "altered-timestamp",
        "a timestamp that was changed after signing",
        Fault::AlteredTimestamp,
        "A captured delivery can be given a fresh timestamp and sent again.",
        "Put the timestamp that arrived into the signed content, as the scheme says.",
    ),
    forgery(
        "altered-id",
        "an id that was changed after signing",
        Fault::AlteredId,
        "A captured delivery can be given a fresh id, and passes for a new one.",
        "Put the id that arrived into the signed content, as the scheme says.",
    ),
    forgery(
        "stale",
        "a delivery older than the tolerance",
        Fault::Stale,
        "A captured delivery can be sent again days later.",
        "Refuse with 401 when the timestamp is older than the tolerance, and count in the right unit.",
    ),
    forgery(
        "future",
        "a delivery dated further ahead than the tolerance",
        Fault::Future,
        "A delivery dated ahead stays good for that long: a captured one can be sent again until then.",
        "Compare both ways: refuse with 401 when |now - timestamp| is more than the tolerance.",
    ),
    malformed(
        "no-timestamp",
        "a delivery without its timestamp",
        Fault::NoTimestamp,
        "Without a timestamp there is nothing to tell an old delivery by.",
        "Refuse with 401 when the timestamp is not there.",
    ),
    malformed(
        "garbage-timestamp",
        "a word in place of the timestamp",
        Fault::GarbageTimestamp,
        "What is no number compares as neither too old nor too new, and passes.",
        DIGITS,
    ),
    malformed(
        "signed-word-timestamp",
        "the timestamp `abc`, under a genuine {proof}",
        Fault::SignedGarbage(Garbage::Word),
        "parseInt('abc') is NaN, and NaN > 300 is false: the age is not checked.",
        DIGITS,
    ),
    malformed(
        "signed-empty-timestamp",
        "an empty timestamp, under a genuine {proof}",
        Fault::SignedGarbage(Garbage::Empty),
        "Number('') is 0 and parseInt('') is NaN: the age is not what it seems.",
        DIGITS,
    ),
    malformed(
        "signed-suffix-timestamp",
        "the timestamp `<now>abc`, under a genuine {proof}",
        Fault::SignedGarbage(Garbage::Suffix),
        "parseInt reads the digits and drops the rest, so what is checked is not what was signed.",
        DIGITS,
    ),
    malformed(
        "signed-fraction-timestamp",
        "the timestamp `<now>.5`, under a genuine {proof}",
        Fault::SignedGarbage(Garbage::Fraction),
        "A dot in the timestamp moves the boundary between timestamp and body in the signed content.",
        DIGITS,
    ),
    malformed(
        "signed-nan-timestamp",
        "the timestamp `NaN`, under a genuine {proof}",
        Fault::SignedGarbage(Garbage::NotANumber),
        "float('NaN') is a number to some languages, and no comparison with it is ever true.",
        DIGITS,
    ),
    forgery(
        "milliseconds-timestamp",
        "a timestamp in milliseconds, under a genuine {proof}",
        Fault::MillisecondsTimestamp,
        "In seconds it lies some 50,000 years ahead: a receiver that takes it checks no limit ahead, or guesses units.",
        "Read the timestamp in the scheme's unit, and compare both ways.",
    ),
    forgery(
        "wrong-version",
        "a {proof} marked with another version",
        Fault::WrongVersion,
        "A version that the receiver does not know may be one that it cannot verify.",
        "Use only signatures of the version that you verify, and refuse with 401 when there is none.",
    ),
    forgery(
        "wrong-word",
        "another word before the token",
        Fault::WrongWord,
        "What is cut off without a look may be anything; the next reader of the header may take it for something else.",
        "Compare the whole header, word and token, in constant time.",
    ),
    Probe {
        id: "error-leak",
        title: "what the error answers tell",
        severity: Severity::Security,
        sends: Sends::Observation(Observation::Leak),
        rule: Rule::Handled,
        upsets: false,
        why: "An expected signature in an error answer lets anyone sign anything, by asking twice; a stack trace shows \
              an attacker the code.",
        remedy: "Answer with a status and one fixed sentence, and keep the details in your own log. Express shows \
                 stack traces unless NODE_ENV is production, Flask does in debug mode.",
    },
];
