//! What the tests that run the program stand on: the program, receivers for it, and things to send.

mod endpoint;
mod listener;
mod program;
pub(crate) mod receiver;
mod samples;

pub(crate) use endpoint::{Answer, Arrival, Endpoint};
pub(crate) use listener::{Listener, Message, connect, exchange, exchange_half_closed, hear, now, try_exchange};
pub(crate) use program::{Output, Wh, assert_current, repository};
pub(crate) use samples::{
    ACME, hmac_sha256_hex, hostile_characters, payloads, signature_of_gamepush, signature_of_wpg,
};
