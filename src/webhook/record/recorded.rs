//! `Recorded`: a delivery out of a record, and what was known of it when it was written down.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use crate::webhook::delivery::Delivery;

/// A delivery as it was recorded, and what was known of it then.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// The delivery.
    pub delivery: Delivery,
    /// Whether it came in or went out.
    pub direction: Direction,
    /// When it was received, or sent.
    pub at: Option<Timestamp>,
    /// The sender's address.
    pub remote: Option<Cow<'a, str>>,
    /// Where it was sent.
    pub url: Option<Cow<'a, str>>,
    /// Which attempt it was, counted from 1.
    pub attempt: Option<u32>,
    /// Whether it was found genuine then; `None` when that was not looked at.
    pub valid: Option<bool>,
    /// Why it was not.
    pub reason: Option<Cow<'a, str>>,
    /// The answer that it got, if it got one.
    pub response: Option<ReadResponse>,
    /// What went wrong on the way, in one word.
    pub error: Option<Cow<'a, str>>,
}

/// Which way a delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To a listener.
    #[default]
    Received,
    /// From here to a receiver.
    Sent,
}

/// The answer to a delivery, as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadResponse {
    /// The status.
    pub status: StatusCode,
    /// How long it took, where that was recorded.
    pub duration: Option<Duration>,
    /// The headers, where they were recorded.
    pub headers: HeaderMap,
    /// The body, where it was recorded.
    pub body: Bytes,
    /// Whether the body went on.
    pub truncated: bool,
}
