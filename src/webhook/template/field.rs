//! `Field`: what a placeholder may stand for.

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The bytes of the HTTP body.
    Body,
    /// The event's own bytes, which an envelope wraps; without an envelope the same as the body.
    Payload,
    /// The time of the attempt, in the unit of the scheme.
    Timestamp,
    /// The id of the delivery.
    Id,
    /// The event type.
    Event,
    /// The URL that the delivery goes to, as the receiver has it.
    Url,
    /// The HTTP method, in capitals.
    Method,
    /// The version of the scheme, such as `v1`.
    Version,
    /// The secret itself.
    Secret,
    /// The signature, encoded.
    Signature,
}

impl Field {
    /// Every field, in the order in which messages list them.
    pub const ALL: [Self; 10] = [
        Self::Body,
        Self::Payload,
        Self::Timestamp,
        Self::Id,
        Self::Event,
        Self::Url,
        Self::Method,
        Self::Version,
        Self::Secret,
        Self::Signature,
    ];

    /// What it is, in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Event => "event type",
            Self::Url => "URL",
            Self::Body
            | Self::Payload
            | Self::Timestamp
            | Self::Id
            | Self::Method
            | Self::Version
            | Self::Secret
            | Self::Signature => self.name(),
        }
    }

    /// The name between the braces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Payload => "payload",
            Self::Timestamp => "timestamp",
            Self::Id => "id",
            Self::Event => "event",
            Self::Url => "url",
            Self::Method => "method",
            Self::Version => "version",
            Self::Secret => "secret",
            Self::Signature => "signature",
        }
    }
}
