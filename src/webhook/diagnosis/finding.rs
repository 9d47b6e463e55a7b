//! `Finding`: a cause that was proved, and what to do about it.

/// Why a signature does not match: one cause, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The cause in one word.
    pub code: Code,
    /// The cause in a sentence, with the facts. No secret and no expected signature is in it.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

/// The causes that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A line break at the end of the body was added or removed.
    BodyTrailingNewline,
    /// Line endings were changed.
    BodyLineEndings,
    /// JSON was parsed and written again.
    BodyReserialised,
    /// A byte order mark was added or removed.
    BodyBom,
    /// The body went through another character set.
    BodyCharset,
    /// The body was encoded as base64, or decoded from it.
    BodyBase64,
    /// The body was decompressed before or after signing.
    BodyGzip,
    /// The body was encoded as a form, or decoded from one.
    BodyForm,
    /// The body is an envelope around what was signed, or the other way round.
    BodyEnvelope,
    /// White space or NUL bytes around the body were added or removed.
    BodyWhitespace,
    /// An empty body was signed.
    BodyEmpty,
    /// White space stands around the secret, or was cut off.
    SecretWhitespace,
    /// Quotes stand around the secret, or were cut off.
    SecretQuotes,
    /// The secret's prefix is missing, or is not part of the key.
    SecretPrefix,
    /// The secret was decoded, or should have been.
    SecretEncoding,
    /// Another secret was used.
    SecretOther,
    /// The secret was empty.
    SecretEmpty,
    /// The timestamp was left out of the signed content, put in, or is another one.
    ContentTimestamp,
    /// The parts of the signed content were put together in another way.
    ContentTemplate,
    /// The URL was signed in another form.
    ContentUrl,
    /// The timestamp is in another unit or form.
    TimestampUnit,
    /// Another algorithm was used.
    Algorithm,
    /// The signature is written in another encoding.
    Encoding,
    /// The signature, or something signed, stands in another header.
    HeaderName,
    /// A header does not have its form: a prefix is missing or another one, or it stands in quotes.
    HeaderFormat,
    /// A header is there more than once.
    HeaderDuplicate,
    /// A header that is needed is missing, though the signature is right.
    HeaderMissing,
    /// The signature is another version's.
    Version,
    /// The delivery is signed as another provider signs.
    SchemeOther,
    /// The signature is right, and too old.
    Stale,
    /// The signature is right, and from the future.
    Future,
}

impl Code {
    /// Every code with its name for machines. Names are a promise to scripts.
    pub const TABLE: [(Self, &'static str); 31] = [
        (Self::BodyTrailingNewline, "body-trailing-newline"),
        (Self::BodyLineEndings, "body-line-endings"),
        (Self::BodyReserialised, "body-reserialised"),
        (Self::BodyBom, "body-bom"),
        (Self::BodyCharset, "body-charset"),
        (Self::BodyBase64, "body-base64"),
        (Self::BodyGzip, "body-gzip"),
        (Self::BodyForm, "body-form"),
        (Self::BodyEnvelope, "body-envelope"),
        (Self::BodyWhitespace, "body-whitespace"),
        (Self::BodyEmpty, "body-empty"),
        (Self::SecretWhitespace, "secret-whitespace"),
        (Self::SecretQuotes, "secret-quotes"),
        (Self::SecretPrefix, "secret-prefix"),
        (Self::SecretEncoding, "secret-encoding"),
        (Self::SecretOther, "secret-other"),
        (Self::SecretEmpty, "secret-empty"),
        (Self::ContentTimestamp, "content-timestamp"),
        (Self::ContentTemplate, "content-template"),
        (Self::ContentUrl, "content-url"),
        (Self::TimestampUnit, "timestamp-unit"),
        (Self::Algorithm, "algorithm"),
        (Self::Encoding, "encoding"),
        (Self::HeaderName, "header-name"),
        (Self::HeaderFormat, "header-format"),
        (Self::HeaderDuplicate, "header-duplicate"),
        (Self::HeaderMissing, "header-missing"),
        (Self::Version, "version"),
        (Self::SchemeOther, "scheme-other"),
        (Self::Stale, "stale"),
        (Self::Future, "future"),
    ];

    /// Its name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(code, _)| *code == self).map_or("unknown", |(_, name)| name)
    }
}

impl Finding {
    /// A cause and its remedy.
    pub(super) fn new(code: Code, cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, cause: cause.into(), remedy: remedy.into() }
    }
}

/// Of several findings with one code, one that has the sentences of all.
pub(super) fn merged(findings: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        match merged.iter_mut().find(|known| known.code == finding.code) {
            Some(known) if known.cause.contains(&finding.cause) => {}
            Some(known) => known.cause = format!("{}; {}", known.cause, finding.cause),
            None => merged.push(finding),
        }
    }
    merged
}
