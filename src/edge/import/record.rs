//! A line, or a JSON value, as a delivery: one of our records, or a request that was printed.

use serde::Deserialize;

use super::{LARGEST, Part, too_long};
use crate::webhook::capture::{Capture, Fault, Place};
use crate::webhook::record::{self, ReadError, ReadProblem, Reader, Recorded};

/// What a line holds. White space around it does not count.
#[must_use]
pub fn line(reader: &mut Reader, text: &[u8], number: u64) -> Part {
    let text = text.trim_ascii_end();
    if text.is_empty() {
        return Part::Other;
    }
    if text.len() > LARGEST {
        return Part::Fault(too_long(Place::line(number), text.len() as u64));
    }
    let zeros = text.iter().rev().take_while(|byte| **byte == 0).count();
    if zeros > 0 {
        let what = if zeros == text.len() { "it is" } else { "it ends in" };
        let message = format!("{what} {zeros} NUL bytes, as a crash leaves them behind");
        return Part::Fault(Fault::bad(Place::line(number), message));
    }
    part(reader.read(text), text, number)
}

/// What a JSON value holds that begins on that line.
pub(super) fn value(text: &[u8], number: u64) -> Part {
    part(record::read(text), text, number)
}

/// What came of reading a text as a record; where it is none, it may be something else that we print.
fn part(read: Result<Recorded<'_>, ReadError>, text: &[u8], number: u64) -> Part {
    let place = Place::line(number);
    let error = match read {
        Ok(recorded) => {
            let mut delivery = recorded.delivery;
            // What was sent went to a whole URL, which a scheme may sign.
            if let Some(url) = recorded.url.and_then(|url| url.parse().ok()) {
                *delivery.request.uri_mut() = url;
            }
            let answer = recorded.response.map(|response| response.status);
            return Part::Delivery(Capture { delivery, at: recorded.at, answer, recorded: true, place });
        }
        Err(error) => error,
    };
    if matches!(error.problem, ReadProblem::NoRecord { .. }) {
        match kind(text) {
            Kind::Signed => {
                return match record::read_signed(text) {
                    Ok(delivery) => Part::Delivery(Capture { delivery, at: None, answer: None, recorded: true, place }),
                    Err(error) => Part::Fault(fault(&error, number)),
                };
            }
            Kind::Ours => return Part::Other,
            Kind::Strange => {}
        }
    }
    Part::Fault(fault(&error, number))
}

/// Which of the lines that we print with `--json` it is.
enum Kind {
    Signed,
    Ours,
    Strange,
}

fn kind(text: &[u8]) -> Kind {
    #[derive(Deserialize)]
    struct Named {
        r#type: String,
        #[serde(default)]
        headers: Option<serde::de::IgnoredAny>,
    }
    let Ok(named) = serde_json::from_slice::<Named>(text) else { return Kind::Strange };
    match named.r#type.as_str() {
        "signed" if named.headers.is_some() => Kind::Signed,
        "ready" | "attempt" | "forwarded" | "verification" | "summary" | "check" | "error" => Kind::Ours,
        _ => Kind::Strange,
    }
}

fn fault(error: &ReadError, number: u64) -> Fault {
    let place = Place { column: Some(error.column), ..Place::line(error.line as u64) }.behind(number - 1);
    match &error.problem {
        ReadProblem::NoRecord { .. } => Fault::bare(Place::line(number), error.to_string()),
        ReadProblem::Newer { .. } => Fault::bad(Place::line(number), error.to_string()).with_hint("install a newer wh"),
        ReadProblem::CutOff | ReadProblem::NotJson(_) | ReadProblem::Member(_) => Fault::bad(place, error.to_string()),
    }
}
