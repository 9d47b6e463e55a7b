//! What stands behind an error, in words for a sentence: the cause itself, without the system's number.

use std::error::Error;
use std::io;

/// The innermost cause, which says what happened; the outer ones say who noticed.
#[must_use]
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    without_number(&cause.to_string()).to_owned()
}

/// What the system says, as the end of a sentence: `no such file or directory`.
#[must_use]
pub fn told(reason: &io::Error) -> String {
    // The system's own words, where only the kind is known; and a directory is told as other files are that are none.
    let text = match (reason.kind(), reason.raw_os_error()) {
        (io::ErrorKind::NotFound, None) if reason.get_ref().is_none() => "no such file or directory".to_owned(),
        (io::ErrorKind::IsADirectory, _) => "it is a directory".to_owned(),
        _ => reason.to_string(),
    };
    let words = without_number(&text);
    words.chars().next().map_or_else(String::new, |first| first.to_lowercase().to_string() + &words[first.len_utf8()..])
}

/// The number says nothing that the words do not.
fn without_number(text: &str) -> &str {
    text.split(" (os error").next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the request failed")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_cause_is_told_without_the_systems_number() {
        let refused = || io::Error::from_raw_os_error(if cfg!(windows) { 10061 } else { 111 });
        let cause = innermost(&Outer(refused()));
        assert!(!cause.is_empty() && !cause.contains("os error") && cause != "the request failed", "{cause}");
        assert_eq!(told(&refused()).to_lowercase(), cause.to_lowercase());
        assert_eq!(told(&io::Error::other("It holds 16 MiB")), "it holds 16 MiB");
        assert_eq!(innermost(&io::Error::other("alone")), "alone");
        assert_eq!(told(&io::ErrorKind::NotFound.into()), "no such file or directory");
        assert_eq!(told(&io::ErrorKind::IsADirectory.into()), "it is a directory");
        assert_eq!(told(&io::Error::new(io::ErrorKind::NotFound, "No such host")), "no such host");
    }
}
