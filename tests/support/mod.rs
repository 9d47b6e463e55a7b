//! What the tests that run the program stand on: the program, receivers for it, and things to send.

mod endpoint;
mod program;
mod samples;

pub(crate) use endpoint::{Answer, Arrival, Endpoint};
pub(crate) use program::{Output, Wh, repository};
pub(crate) use samples::{ACME, hostile_characters, payloads, signature_of_gamepush, signature_of_wpg};
