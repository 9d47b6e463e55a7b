//! What breaks receivers that mean well: unusual genuine deliveries, and inputs that make a handler fall over.

use super::bodies::Variation;
use super::judging::FELL;
use super::{Observation, Probe, RequestForm, Rule, Sends, Severity};
use crate::webhook::fault::Fault;

/// How a receiver is mended that does not verify what arrived.
pub const RAW: &str = "Verify the raw bytes as they arrived, before any parser sees them (express.raw, request.get_data(), \
                   php://input); never serialise the parsed body again.";
const CATCH: &str = "Check that the body is what you expect before you use it, and answer 400 when it is not; answer \
                     from one place when a handler throws.";
const LENGTH: &str = "Compare lengths before crypto.timingSafeEqual, which throws when they differ, and pass bytes to \
                      hmac.compare_digest, which throws on text that is not ASCII; refuse with 401.";
const LOST: &str = "The signature is genuine, so the provider sends this one day: the event is lost.";

/// A genuine delivery whose body is unusual, and that the provider could send.
const fn genuine(id: &'static str, title: &'static str, variation: Variation) -> Probe {
    let (sends, severity, rule) = (Sends::Body(variation), Severity::Robustness, Rule::Accepted);
    Probe { id, title, severity, sends, rule, upsets: false, why: LOST, remedy: RAW }
}

/// A signed body that the provider would not send: any answer will do that is not a 5xx.
const fn odd(id: &'static str, title: &'static str, variation: Variation) -> Probe {
    let (sends, severity, rule) = (Sends::Body(variation), Severity::Robustness, Rule::Handled);
    Probe { id, title, severity, sends, rule, upsets: true, why: FELL, remedy: CATCH }
}

/// The genuine delivery in an unusual request.
const fn request(id: &'static str, title: &'static str, form: RequestForm, rule: Rule) -> Probe {
    let why = match rule {
        Rule::Accepted | Rule::Welcome => "A proxy on the way may do this to any delivery: the event is lost.",
        Rule::Refused | Rule::Handled => FELL,
    };
    let remedy = match rule {
        Rule::Accepted | Rule::Welcome => {
            "Read headers by name whatever their case, and the body to its end whatever its form."
        }
        Rule::Refused | Rule::Handled => match form {
            RequestForm::NoContentType | RequestForm::OtherContentType => {
                "Read the raw body whatever its content type says (in Express, `express.raw({ type: () => true })`), or \
                 answer 415."
            }
            _ => "Answer 405 to other methods, and 400 to a body that you cannot read.",
        },
    };
    Probe { id, title, severity: Severity::Robustness, sends: Sends::Request(form), rule, upsets: false, why, remedy }
}

/// A signature that is none: to be refused, and not with a 5xx.
const fn malformed(id: &'static str, title: &'static str, fault: Fault, rule: Rule) -> Probe {
    let (sends, severity) = (Sends::Fault(fault), Severity::Robustness);
    Probe { id, title, severity, sends, rule, upsets: true, why: FELL, remedy: LENGTH }
}

/// The probes whose failure loses events, or makes the receiver fall over.
pub const ROWS: &[Probe] = &[
    Probe {
        id: "genuine",
        title: "the genuine delivery",
        severity: Severity::Robustness,
        sends: Sends::Genuine,
        rule: Rule::Accepted,
        upsets: false,
        why: "A receiver that refuses what is genuine gets no events, and its refusals of forgeries prove nothing.",
        remedy: "Check that the secret is the receiver's own and that it verifies the raw body: `wh send` shows the \
                 answer whole, `wh listen --forward-to` what goes in.",
    },
    Probe {
        id: "every-event",
        title: "every documented event",
        severity: Severity::Robustness,
        sends: Sends::EveryEvent,
        rule: Rule::Accepted,
        upsets: false,
        why: "An event that is refused is sent again in vain, and may get the endpoint disabled.",
        remedy: "Answer 2xx to events that you do not handle; look up fields as if they could be missing.",
    },
    Probe {
        id: "duplicate",
        title: "the same delivery twice",
        severity: Severity::Robustness,
        sends: Sends::Twice,
        rule: Rule::Accepted,
        upsets: false,
        why: "Providers deliver again when an answer got lost: what refuses a duplicate is sent it for ever.",
        remedy: "Answer 2xx to a delivery that you have processed already, without processing it again.",
    },
    Probe {
        id: "duplicate-at-once",
        title: "the same delivery twice at once",
        severity: Severity::Robustness,
        sends: Sends::TwiceAtOnce,
        rule: Rule::Accepted,
        upsets: false,
        why: "A retry may overtake a slow first attempt: a look whether the id is known, and a write later, both pass.",
        remedy: "Let a unique key in the database decide which of them is first, and answer 2xx to both.",
    },
    Probe {
        id: "duplicate-effect",
        title: "what a duplicate does",
        severity: Severity::Robustness,
        sends: Sends::Observation(Observation::DuplicateEffect),
        rule: Rule::Handled,
        upsets: false,
        why: "A delivery that comes twice is paid out twice.",
        remedy: "Store {key} with the effect, in one transaction, and skip what is stored already.",
    },
    Probe {
        id: "forgery-effect",
        title: "what refused forgeries do",
        severity: Severity::Security,
        sends: Sends::Observation(Observation::ForgeryEffect),
        rule: Rule::Handled,
        upsets: false,
        why: "A forgery that is answered 401 after it was processed is processed all the same.",
        remedy: "Return right after the refusal: verify before anything is parsed, queued or stored.",
    },
    Probe {
        id: "rotation",
        title: "two signatures, the second of which is yours",
        severity: Severity::Robustness,
        sends: Sends::Rotation,
        rule: Rule::Welcome,
        upsets: false,
        why: "While a secret is being changed, a delivery carries a signature for the old one and one for the new: a \
              receiver that looks at the first alone loses events until both sides have changed.",
        remedy: "Go through all signatures of the version that you verify, and accept if any matches.",
    },
    genuine("unicode", "a body with letters of many scripts", Variation::Unicode),
    genuine("escapes", "a body with escaped characters", Variation::Escapes),
    genuine("pretty-printed", "an indented body", Variation::Pretty),
    genuine("trailing-newline", "a body that ends with a line feed", Variation::TrailingNewline),
    genuine("numbers", "numbers such as 1.10 and 1E2", Variation::Numbers),
    genuine("key-order", "members in another order", Variation::KeyOrder),
    genuine("extra-field", "a member that is not documented", Variation::ExtraField),
    Probe {
        why: "Parsers keep one of two equal members: who serialises again signs another body.",
        rule: Rule::Welcome,
        ..genuine("duplicate-keys", "two members of the same name", Variation::DuplicateKeys)
    },
    Probe {
        why: "Providers add events: one that is refused is sent again in vain, and may get the endpoint disabled.",
        remedy: "Answer 2xx to events that you do not know, and do nothing.",
        rule: Rule::Welcome,
        ..genuine("unknown-event", "an event that is not documented", Variation::UnknownEvent)
    },
    request("chunked", "a body in chunks, without Content-Length", RequestForm::Chunked, Rule::Accepted),
    request("lower-case-headers", "header names in lower case", RequestForm::LowerCase, Rule::Accepted),
    request("charset", "a content type with a character set", RequestForm::Charset, Rule::Accepted),
    request("no-content-type", "no content type", RequestForm::NoContentType, Rule::Handled),
    request("other-content-type", "a content type that does not fit", RequestForm::OtherContentType, Rule::Handled),
    request("get", "a GET", RequestForm::Get, Rule::Handled),
    request("put", "a PUT", RequestForm::Put, Rule::Handled),
    malformed(
        "malformed-header",
        "a word in place of the {proof} and all around it",
        Fault::MalformedHeader,
        Rule::Refused,
    ),
    malformed("wrong-length-signature", "a {proof} one character too short", Fault::WrongLength, Rule::Refused),
    malformed("non-ascii-signature", "a {proof} that is not ASCII", Fault::NonAsciiSignature, Rule::Refused),
    malformed(
        "wrong-encoding-signature",
        "the genuine {proof} in another encoding",
        Fault::WrongEncoding,
        Rule::Handled,
    ),
    malformed("duplicate-header", "the header of the {proof} twice", Fault::DuplicateHeader, Rule::Handled),
    odd("missing-data", "a signed body without its data", Variation::MissingData),
    odd("null-data", "a signed body whose data is null", Variation::NullData),
    odd("invalid-json", "a signed body that is no JSON", Variation::InvalidJson),
    odd("empty-body", "a signed body of no bytes", Variation::Empty),
    odd("array-body", "the signed body `[]`", Variation::Array),
    odd("null-body", "the signed body `null`", Variation::Null),
    odd("number-body", "the signed body `5`", Variation::Number),
    odd("string-body", "the signed body `\"x\"`", Variation::Text),
    odd("byte-order-mark", "a signed body with a byte order mark", Variation::ByteOrderMark),
    odd("invalid-utf8", "a signed body that is not UTF-8", Variation::InvalidUtf8),
    odd("deep-nesting", "a signed body 10,000 levels deep", Variation::Deep),
    Probe {
        rule: Rule::Welcome,
        upsets: true,
        why: "Frameworks stop at 100 KiB unless they are told otherwise, and an event with a long list is larger.",
        remedy: "Raise the limit for this route, as in express.raw({ limit: '1mb' }).",
        ..genuine("large-body", "a body of 110 KiB", Variation::Large)
    },
    Probe {
        why: "A body that is read without a limit fills the memory; one that is cut off must not be a 5xx.",
        remedy: "Set a limit for the body, and answer 413 above it.",
        ..odd("huge-body", "a body of 2 MiB", Variation::Huge)
    },
    Probe {
        id: "no-redirect",
        title: "no redirect to elsewhere",
        severity: Severity::Robustness,
        sends: Sends::Observation(Observation::Redirect),
        rule: Rule::Handled,
        upsets: false,
        why: "Providers do not follow redirects, and count them as failures.",
        remedy: "Give the provider the URL that answers itself: mind the slash at its end, http and https, and a login \
                 in front of it.",
    },
    Probe {
        id: "in-time",
        title: "the slowest answer to a genuine delivery",
        severity: Severity::Robustness,
        sends: Sends::Observation(Observation::Time),
        rule: Rule::Handled,
        upsets: false,
        why: "The provider gives up and sends it again while it is still being processed.",
        remedy: "Store the event and answer at once; process it afterwards.",
    },
    Probe {
        id: "genuine-again",
        title: "the genuine delivery, after all that",
        severity: Severity::Robustness,
        sends: Sends::Genuine,
        rule: Rule::Accepted,
        upsets: false,
        why: "What an input has broken stays broken for the deliveries that come after it.",
        remedy: "Find which input it was with --only, and keep no state between deliveries that it could break.",
    },
];
