//! The moments that timestamps name, and the forms that they are written in.

use jiff::Timestamp;

/// The moment of a text in the other forms that timestamps have, each with its name.
pub(super) fn writings(text: &str) -> Vec<(String, &'static str)> {
    let Some(moment) = moment(text) else { return Vec::new() };
    let (seconds, milliseconds) = (moment.as_second(), moment.as_millisecond());
    let plain = moment.strftime("%Y-%m-%dT%H:%M:%S");
    [
        (seconds.to_string(), "in seconds"),
        (milliseconds.to_string(), "in milliseconds"),
        (format!("{plain}Z"), "as RFC 3339"),
        (format!("{plain}.{:03}Z", milliseconds.rem_euclid(1000)), "as RFC 3339 with milliseconds"),
        (format!("{plain}+00:00"), "as RFC 3339 with an offset"),
        (format!("{seconds}.0"), "with a fraction"),
        (moment.as_microsecond().to_string(), "in microseconds"),
        (moment.as_nanosecond().to_string(), "in nanoseconds"),
    ]
    .into_iter()
    .filter(|(other, _)| other != text)
    .collect()
}

/// The moment that a text names, whatever its unit: told by its length.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let number: i64 = text.parse().ok()?;
    match text.len() {
        1..=11 => Timestamp::from_second(number).ok(),
        12..=14 => Timestamp::from_millisecond(number).ok(),
        15..=17 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(number.into()).ok(),
    }
}
