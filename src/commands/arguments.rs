//! Values as they are typed, parsed once: headers, changes to a payload, times, statuses, durations.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::de::IgnoredAny;

use crate::edge::target::{Target, TargetError};
use crate::webhook::composition::Edit;
use crate::webhook::forwarding::remove;
use crate::webhook::json::{Path, complaint};
use crate::webhook::policy::{StatusPattern, StatusPatterns};

/// A value that is none, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to write instead.
    pub hint: &'static str,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

fn mistake<T>(message: String, hint: &'static str) -> Result<T, Mistake> {
    Err(Mistake { message, hint })
}

/// A header of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value; none takes the header out.
    pub value: Option<HeaderValue>,
}

impl Header {
    /// Puts headers of the user's own into those of a request: they replace what has their names, and stand side by side
    /// with each other.
    pub fn apply(own: &[Self], headers: &mut HeaderMap) {
        remove(headers, |name| own.iter().any(|header| header.name == *name));
        for header in own {
            if let Some(value) = &header.value {
                headers.append(header.name.clone(), value.clone());
            }
        }
    }
}

/// Reads a secret. What is spelled like a flag is one that was typed behind a `--secret` without its value.
pub fn secret(text: &str) -> Result<String, Mistake> {
    let like_a_flag = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'));
    if text.strip_prefix("--").is_some_and(like_a_flag) {
        let hint = "give the value behind --secret; one that is spelled so goes into a file or a variable";
        return mistake("what stands behind --secret is spelled like a flag".to_owned(), hint);
    }
    Ok(text.to_owned())
}

/// Reads `Name: value`, or `Name:`, which takes the header out as it does in curl. Never split at commas.
pub fn header(text: &str) -> Result<Header, Mistake> {
    const FORM: &str = "write -H 'Name: value'";
    let Some((name, value)) = text.split_once(':') else {
        // What stands behind the first word may be a credential.
        let word = text.split_whitespace().next().unwrap_or_default();
        return mistake(format!("the header `{word}` has no colon"), FORM);
    };
    let typed = name;
    let Ok(name) = HeaderName::from_bytes(typed.as_bytes()) else {
        return mistake(format!("`{typed}` is no header name"), FORM);
    };
    if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(&name) {
        return mistake(format!("`{typed}` follows from the body and the connection"), "leave it out");
    }
    let value = value.trim_matches([' ', '\t']);
    if name == ACCEPT && value.is_empty() {
        return mistake("`Accept` cannot be taken out".to_owned(), "give it another value");
    }
    if let Some(found) = value.chars().find(|found| found.is_control() && *found != '\t') {
        let found = found.escape_default();
        return mistake(format!("the value of `{typed}` holds `{found}`, which would end the header"), "take it out");
    }
    let value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| Mistake { message: format!("the value of `{typed}` cannot be sent"), hint: FORM })?;
    Ok(Header { name, value: (!value.is_empty()).then_some(value) })
}

/// Reads `PATH=VALUE`. A value that is JSON is put in as it stands, any other as a string.
pub fn set(text: &str) -> Result<Edit, Mistake> {
    const FORM: &str = "write --set data.amount=100, --set /data/name=Zoë or --set 'data.tags=[\"a\"]'";
    let Some((path, value)) = text.split_once('=') else {
        return mistake(format!("`{text}` has no `=`"), FORM);
    };
    let path = Path::parse(path).map_err(|error| Mistake { message: error.to_string(), hint: FORM })?;
    match serde_json::from_str::<IgnoredAny>(value) {
        Ok(_) => Ok(Edit::Set(path, value.to_owned())),
        // What begins like JSON was meant to be JSON.
        Err(error) if value.starts_with(['{', '[', '"']) => {
            mistake(format!("the value of `{path}` is not JSON: {}", complaint(&error)), FORM)
        }
        Err(_) => Ok(Edit::Set(path, serde_json::Value::from(value).to_string())),
    }
}

/// Reads the path of a member to take out.
pub fn unset(text: &str) -> Result<Edit, Mistake> {
    let path = Path::parse(text);
    path.map(Edit::Unset).map_err(|error| Mistake { message: error.to_string(), hint: "write --unset data.name" })
}

/// Reads where to send: `3000`, `:3000/path`, `localhost:3000` or a URL.
pub fn target(text: &str) -> Result<Target, Mistake> {
    let hint = "write 3000, localhost:3000/path or https://example.com/path";
    text.parse().map_err(|error: TargetError| Mistake { message: error.to_string(), hint })
}

/// Where deliveries are forwarded to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteArg {
    /// The events that are; all, when there is none.
    pub glob: Option<String>,
    /// Where.
    pub target: Target,
}

/// Reads `URL` or `GLOB=URL`. A `=` behind the first `/`, `:` or `?` is a part of the URL.
pub fn route(text: &str) -> Result<RouteArg, Mistake> {
    let (glob, url) = match text.split_once('=') {
        Some((glob, url)) if !glob.contains([':', '?']) => (Some(glob.to_owned()), url),
        Some(_) | None => (None, text),
    };
    if glob.as_deref() == Some("") {
        return mistake(format!("`{text}` names no events before `=`"), "write 'order.*=localhost:3000'");
    }
    Ok(RouteArg { glob, target: target(url)? })
}

/// Reads a status.
pub fn status(text: &str) -> Result<StatusCode, Mistake> {
    let status = text.parse().ok().filter(|status: &StatusCode| (200..600).contains(&status.as_u16()));
    status.ok_or_else(|| Mistake {
        message: format!("`{text}` is no status to answer with"),
        hint: "write statuses from 200 to 599, as in --respond 503,503,200",
    })
}

/// A point in time, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Itself.
    At(Timestamp),
    /// That far from now.
    FromNow(SignedDuration),
}

impl Moment {
    /// The time that is meant; `None` when it is before or after all time that can be told.
    #[must_use]
    pub fn resolve(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::At(moment) => Some(moment),
            Self::FromNow(offset) => now.checked_add(offset).ok(),
        }
    }
}

/// Reads a Unix second, RFC 3339, `now`, or a time relative to it (`-10m`, `+1h`).
pub fn moment(text: &str) -> Result<Moment, Mistake> {
    const FORM: &str = "write a Unix second (1763719200), RFC 3339 (2026-11-21T10:00:00Z) or an offset (-10m, +1h)";
    // One sign is enough: `--5s` is a slip, not five seconds from now.
    let offset = |text: &str| text.parse::<SignedDuration>().ok().filter(|offset| !offset.is_negative());
    let unsigned = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let moment = match text.as_bytes().first() {
        _ if text == "now" => Some(Moment::FromNow(SignedDuration::ZERO)),
        Some(b'-') => offset(&text[1..]).and_then(SignedDuration::checked_neg).map(Moment::FromNow),
        Some(b'+') => offset(&text[1..]).map(Moment::FromNow),
        _ if unsigned(text) => text.parse().ok().and_then(|second| Timestamp::from_second(second).ok()).map(Moment::At),
        _ => text.parse().ok().map(Moment::At),
    };
    moment.ok_or_else(|| Mistake { message: format!("`{text}` is no time"), hint: FORM })
}

/// A time since which, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// A moment.
    Moment(Moment),
    /// A date and a time as clocks have it here.
    Local(DateTime),
}

impl Since {
    /// The time that is meant; `None` when it is before or after all time that can be told.
    #[must_use]
    pub fn resolve(self, now: Timestamp, zone: impl FnOnce() -> TimeZone) -> Option<Timestamp> {
        match self {
            Self::Moment(moment) => moment.resolve(now),
            Self::Local(local) => zone().to_timestamp(local).ok(),
        }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment(Moment::At(at)) => at.fmt(f),
            Self::Moment(Moment::FromNow(offset)) => offset.fmt(f),
            Self::Local(local) => local.fmt(f),
        }
    }
}

/// Reads a time since which: as [`moment`], `10m` or `3d` ago, or a date, which is its midnight, with a time or without.
pub fn since(text: &str) -> Result<Since, Mistake> {
    const HINT: &str =
        "write 10m, 2h or 3d (ago), 2026-11-21, '2026-11-21 10:00', RFC 3339 or a Unix second (1763719200)";
    /// What is smaller is a count of something, and no second: it would be before 1973.
    const SECONDS: u64 = 100_000_000;
    if text.parse().is_ok_and(|number: u64| number < SECONDS) {
        return mistake(format!("`{text}` has no unit"), "write 10m, 2h or 3d for so long ago");
    }
    let days = || SpanRelativeTo::days_are_24_hours();
    let ago = text.parse::<Span>().ok().filter(|ago| !ago.is_negative() && !text.starts_with('+'));
    let ago = ago.and_then(|ago| ago.to_duration(days()).ok()).and_then(SignedDuration::checked_neg);
    let local = || text.parse::<DateTime>().ok().filter(|_| text.len() >= "2026-11-21".len());
    match (ago, moment(text)) {
        (Some(ago), _) => Ok(Since::Moment(Moment::FromNow(ago))),
        (None, Ok(moment)) => Ok(Since::Moment(moment)),
        (None, Err(wrong)) => local().map(Since::Local).ok_or(Mistake { hint: HINT, ..wrong }),
    }
}

/// Reads how many: 1 or more.
pub fn count(text: &str) -> Result<usize, Mistake> {
    match text.parse() {
        Ok(count @ 1..) => Ok(count),
        Ok(0) => mistake("none is too few".to_owned(), "give 1 or more"),
        Err(_) => mistake(format!("`{text}` is no number of them"), "give 1 or more"),
    }
}

/// Reads statuses and classes: `2xx`, `401,4xx`, `200|202`.
pub fn statuses(text: &str) -> Result<StatusPatterns, Mistake> {
    let patterns: Result<Vec<StatusPattern>, _> = text.split([',', '|']).map(str::parse).collect();
    patterns
        .map(StatusPatterns)
        .map_err(|error| Mistake { message: error.to_string(), hint: "write --expect 2xx or --expect 401,4xx" })
}

/// Reads a length of time: `5s`, `500ms`, `1m 30s`, or a number of seconds; more than none, and a day at most.
pub fn duration(text: &str) -> Result<Duration, Mistake> {
    const DAY: Duration = Duration::from_hours(24);
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let duration = seconds.or_else(|| text.parse::<SignedDuration>().ok().and_then(|length| length.try_into().ok()));
    match duration {
        Some(duration) if duration > Duration::ZERO && duration <= DAY => Ok(duration),
        Some(_) => mistake(format!("`{text}` is not between nothing and a day"), "write 5s, 500ms or 1m"),
        None => mistake(format!("`{text}` is no length of time"), "write 5s, 500ms or 1m"),
    }
}

/// How far a timestamp may be from the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// So far, either way, and no farther.
    Within(Duration),
    /// As far as it likes.
    Any,
}

/// Reads a tolerance: `5m`, `300` seconds, `0`, or `none`.
pub fn tolerance(text: &str) -> Result<Tolerance, Mistake> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let length = seconds.or_else(|| text.parse::<SignedDuration>().ok().and_then(|length| length.try_into().ok()));
    match (text, length) {
        ("none", _) => Ok(Tolerance::Any),
        (_, Some(length)) => Ok(Tolerance::Within(length)),
        (_, None) => mistake(format!("`{text}` is no tolerance"), "write 5m or 300s; 0 allows no age, none allows any"),
    }
}

/// Reads an id: anything that a header can hold.
pub fn id(text: &str) -> Result<String, Mistake> {
    let good = !text.is_empty() && HeaderValue::from_str(text).is_ok();
    if good { Ok(text.to_owned()) } else { mistake(format!("`{text}` is no id"), "write letters, digits and signs") }
}

/// What `--data` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// The text itself.
    Text(String),
    /// What is in a file.
    File(PathBuf),
    /// What comes in on the standard input.
    Input,
}

/// Reads a payload: itself, `@FILE` or `@-`.
pub fn data(text: &str) -> Result<Data, Mistake> {
    match text.strip_prefix('@') {
        None => Ok(Data::Text(text.to_owned())),
        Some("") => mistake("`@` names no file".to_owned(), "write --data @payload.json, or --data @- for stdin"),
        Some("-") => Ok(Data::Input),
        Some(path) => Ok(Data::File(PathBuf::from(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_a_colon_and_a_value() {
        let parsed = header("X-A:  b, c: d ").expect("a header");
        assert_eq!(
            (parsed.name.as_str(), parsed.value.as_ref().map(HeaderValue::as_bytes)),
            ("x-a", Some(&b"b, c: d"[..]))
        );
        assert_eq!(header("X-A:").expect("a header").value, None);
        for text in ["X-A", "X A: b", ": b", "X-A: b\r\nX-B: c", "X-A: b\0", "X-A: \u{7f}", "Content-Length: 5"] {
            assert!(header(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_value_is_json_where_it_can_be() {
        let value = |text| match set(text) {
            Ok(Edit::Set(_, value)) => value,
            other => panic!("{other:?}"),
        };
        assert_eq!(value("a=1.10"), "1.10");
        assert_eq!(value("a=null"), "null");
        assert_eq!(value("a=x=y"), "\"x=y\"");
        assert_eq!(value("a="), "\"\"");
        assert_eq!(value("a=\"1\""), "\"1\"");
        for text in ["a", "=1", "a..b=1", "a={", "a=[1", "a=\"x"] {
            assert!(set(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_is_a_second_a_date_or_an_offset() {
        let now = Timestamp::from_second(1_000_000).expect("a time");
        let second = |text: &str| moment(text).ok().and_then(|moment| moment.resolve(now)).map(Timestamp::as_second);
        assert_eq!(second("1763719200"), Some(1_763_719_200));
        assert_eq!(second("2026-11-21T10:00:00Z"), Some(1_795_255_200));
        assert_eq!(second("-10m"), Some(1_000_000 - 600));
        assert_eq!(second("+1h"), Some(1_000_000 + 3600));
        for text in ["", "soon", "-", "+", "1.5", "10m", "99999999999999999999", "2026-13-01T00:00:00Z", "--5s"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn since_takes_lengths_days_and_dates_of_here() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        let zone = || TimeZone::fixed(jiff::tz::offset(1));
        let told = |text: &str| since(text).ok().and_then(|since| since.resolve(now, zone)).map(|at| at.to_string());
        for (text, expected) in [
            ("10m", "2026-11-22T11:50:00Z"),
            ("1d", "2026-11-21T12:00:00Z"),
            ("1d 2h", "2026-11-21T10:00:00Z"),
            ("1w", "2026-11-15T12:00:00Z"),
            ("-3h", "2026-11-22T09:00:00Z"),
            ("2026-11-22", "2026-11-21T23:00:00Z"),
            ("2026-11-22 10:30", "2026-11-22T09:30:00Z"),
            ("2026-11-22T10:30:00Z", "2026-11-22T10:30:00Z"),
            ("1795255200", "2026-11-21T10:00:00Z"),
        ] {
            assert_eq!(told(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "0", "10", "99999999", "soon", "1 month", "2026-11", "20261122", "2026-13-01", "+1d"] {
            assert!(since(text).is_err(), "{text}");
        }
        assert!(since("10").is_err_and(|mistake| mistake.hint.contains("10m")));
    }

    #[test]
    fn statuses_and_durations_are_checked() {
        assert_eq!(statuses("2xx|401,4xx").map(|patterns| patterns.to_string()), Ok("2xx, 401, 4xx".to_owned()));
        assert!(statuses("").is_err() && statuses("2xx,").is_err() && statuses("ok").is_err());
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2.5"), Ok(Duration::from_millis(2500)));
        for text in ["0", "-1", "NaN", "inf", "25h", "x", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
