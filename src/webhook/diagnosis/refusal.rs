//! What the refusal itself proves: a signature that is right, and a clock or a header that is not.

use jiff::{SignedDuration, Timestamp};

use super::Case;
use super::finding::{Code, Finding};
use super::moment::moment;
use super::observed::Evidence;
use crate::webhook::scheme::TimestampUnit;
use crate::webhook::secret::Secret;
use crate::webhook::verification::Rejection;

/// The findings of a refusal that needs no search.
pub(super) fn explained(case: &Case<'_>, evidence: &Evidence) -> Option<Vec<Finding>> {
    match case.rejection {
        Rejection::Stale { .. } | Rejection::Future { .. } => {
            let text = evidence.timestamps.first().map(|claimed| claimed.text.as_str());
            Some(text.and_then(|text| other_unit(case, text)).or_else(|| age(case)).into_iter().collect())
        }
        _ => other_scheme(case).map(|finding| vec![finding]),
    }
}

/// What else is wrong with a delivery whose signature was explained by `findings`.
pub(super) fn completed(
    case: &Case<'_>,
    evidence: &Evidence,
    timestamp: Option<&str>,
    mut findings: Vec<Finding>,
) -> Vec<Finding> {
    let has = |findings: &[Finding], codes: &[Code]| findings.iter().any(|finding| codes.contains(&finding.code));
    let headers = [Code::HeaderName, Code::HeaderFormat, Code::HeaderDuplicate, Code::Version, Code::Encoding];
    let right = "the signature is right, but ";
    match case.rejection {
        Rejection::BadTimestamp { .. } if !has(&findings, &[Code::TimestampUnit]) => {
            let text = evidence.timestamps.first().map_or("", |claimed| claimed.text.as_str());
            findings.push(other_unit(case, text).unwrap_or_else(|| {
                Finding::new(
                    Code::TimestampUnit,
                    format!("{right}{}", case.rejection),
                    "write the timestamp as digits and nothing else, and sign that same text",
                )
            }));
        }
        Rejection::MissingHeader { name } if !has(&findings, &[Code::HeaderName]) => findings.push(Finding::new(
            Code::HeaderMissing,
            format!("{right}the header `{name}` is missing"),
            format!("send the header `{name}`; a proxy or a gateway must not drop it"),
        )),
        Rejection::UnknownVersion { .. } if !has(&findings, &[Code::Version, Code::HeaderFormat]) => {
            findings.push(Finding::new(
                Code::Version,
                format!("{right}{}", case.rejection),
                "send the version that the signature is made for",
            ));
        }
        Rejection::BadFormat { .. } | Rejection::AmbiguousHeader { .. } if !has(&findings, &headers) => {
            findings.push(Finding::new(
                Code::HeaderFormat,
                format!("{right}{}", case.rejection),
                "write it as the scheme has it (`wh schemes NAME` shows the form)",
            ));
        }
        _ => {}
    }
    // The timestamp is proved by now: what is wrong with it would be refused next.
    let moment = timestamp.and_then(|text| case.provider.scheme.timestamp.unit.read(text));
    if let Some(moment) = moment
        && !has(&findings, &[Code::TimestampUnit, Code::ContentTimestamp])
    {
        findings.extend(too_far(case, moment));
    }
    findings
}

/// That the timestamp is outside the tolerance, as the rejection has it.
fn age(case: &Case<'_>) -> Option<Finding> {
    let (code, remedy) = match case.rejection {
        Rejection::Stale { .. } => (Code::Stale, STALE),
        Rejection::Future { .. } => (Code::Future, FUTURE),
        _ => return None,
    };
    Some(Finding::new(code, case.rejection.to_string(), remedy))
}

const STALE: &str = "sign afresh for each attempt (`wh replay` does), verify a capture at its own time with `--at`, or \
    look at both clocks (NTP)";
const FUTURE: &str = "set the sender's clock (NTP), and sign in UTC: an hour or more ahead is a time zone";

fn too_far(case: &Case<'_>, moment: Timestamp) -> Option<Finding> {
    let rule = &case.provider.scheme.timestamp;
    let age = rule.unit.floor(case.now).duration_since(moment);
    let length = age.unsigned_abs();
    let stale = rule.tolerance_past.filter(|tolerance| !age.is_negative() && length > *tolerance);
    let future = rule.tolerance_future.filter(|tolerance| age.is_negative() && length > *tolerance);
    let seconds = |duration: std::time::Duration| duration.as_millis().div_ceil(1000);
    let told = |what: &str, tolerance| {
        format!("its timestamp is {} s {what}, and at most {} s is allowed", seconds(length), seconds(tolerance))
    };
    if let Some(tolerance) = stale {
        return Some(Finding::new(Code::Stale, told("old", tolerance), STALE));
    }
    future.map(|tolerance| Finding::new(Code::Future, told("ahead of the clock", tolerance), FUTURE))
}

/// That a timestamp is in another unit than the scheme's: read in that unit, it is about now.
fn other_unit(case: &Case<'_>, text: &str) -> Option<Finding> {
    let unit = case.provider.scheme.timestamp.unit;
    let found = match (unit, text.len(), text.bytes().all(|byte| byte.is_ascii_digit())) {
        (TimestampUnit::Seconds, 13, true) => "milliseconds",
        (TimestampUnit::Milliseconds, 10, true) => "seconds",
        (_, 16, true) => "microseconds",
        (_, 19, true) => "nanoseconds",
        (_, _, false) => "a date as text",
        _ => return None,
    };
    let about_now = case.now.duration_since(moment(text)?).abs() < SignedDuration::from_hours(24 * 3653);
    let written = match unit {
        TimestampUnit::Seconds => "`Math.floor(Date.now() / 1000)` in JavaScript, `int(time.time())` in Python",
        TimestampUnit::Milliseconds => "`Date.now()` in JavaScript, `int(time.time() * 1000)` in Python",
    };
    about_now.then(|| {
        let unit = unit.title();
        Finding::new(
            Code::TimestampUnit,
            format!("the signature is right, but the timestamp is in {found}, not in {unit}"),
            format!("write the timestamp in {unit}: {written}"),
        )
    })
}

/// Whether another provider, with its own secrets or ours, would accept the delivery.
fn other_scheme(case: &Case<'_>) -> Option<Finding> {
    let own_names: Vec<&str> = case.provider.scheme.headers.iter().map(|rule| rule.name.as_str()).collect();
    for known in case.others {
        let scheme = &known.provider.scheme;
        let names: Vec<&str> = scheme.headers.iter().map(|rule| rule.name.as_str()).collect();
        let test = Secret::new(format!("the test secret of {}", known.provider.name), scheme.test_secret.clone());
        let mut secrets = known.secrets.to_vec();
        secrets.push(test);
        // Under the same headers, our secret read in their way is a mistake with the secret.
        if names != own_names {
            secrets.extend_from_slice(case.secrets);
        }
        let secret = match scheme.verify(case.delivery, &secrets, case.now) {
            Ok(verified) => format!(" with {}", verified.secret),
            Err(Rejection::Stale { .. } | Rejection::Future { .. }) => String::new(),
            Err(_) => continue,
        };
        let name = &known.provider.name;
        return Some(Finding::new(
            Code::SchemeOther,
            format!("the delivery is {name}'s, not {}'s: it verifies as {name}{secret}", case.provider.name),
            format!("verify it with `--scheme {name}`, or send it to the endpoint of {name}"),
        ));
    }
    None
}
