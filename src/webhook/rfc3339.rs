//! Times as text, as `2026-11-21T10:00:00.123Z` (RFC 3339): in UTC, with as many digits of a second as are wanted.

use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::Offset;

/// Appends a time with so many digits of a second, nine at most; what they cannot say is left out.
pub fn write_time(moment: Timestamp, digits: usize, text: &mut Vec<u8>) {
    let time = Offset::UTC.to_datetime(moment);
    if time.year() < 1 {
        // Such years have a form of their own. Writing to a Vec cannot fail.
        let _ = write!(text, "{moment:.digits$}");
        return;
    }
    let mut block = *b"0000-00-00T00:00:00.000000000Z";
    let mut fill = |from: usize, to: usize, number: i32| {
        let mut rest = number.unsigned_abs();
        for place in block[from..to].iter_mut().rev() {
            *place = b"0123456789"[(rest % 10) as usize];
            rest /= 10;
        }
    };
    fill(0, 4, time.year().into());
    fill(5, 7, time.month().into());
    fill(8, 10, time.day().into());
    fill(11, 13, time.hour().into());
    fill(14, 16, time.minute().into());
    fill(17, 19, time.second().into());
    fill(20, 29, time.subsec_nanosecond());
    let end = if digits == 0 { 19 } else { 20 + digits.min(9) };
    block[end] = b'Z';
    text.extend_from_slice(&block[..=end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_jiff_does_with_any_number_of_digits() {
        for moment in [
            "2026-11-21T10:00:00.123456789Z",
            "1969-12-31T23:59:59.999999999Z",
            "0001-01-01T00:00:00.5Z",
            "9999-12-30T22:00:00Z",
            "-000044-03-15T12:00:00Z",
        ] {
            let moment: Timestamp = moment.parse().expect("a time");
            for digits in 0..=9 {
                let mut text = b"at ".to_vec();
                write_time(moment, digits, &mut text);
                assert_eq!(String::from_utf8_lossy(&text), format!("at {moment:.digits$}"));
            }
        }
    }
}
