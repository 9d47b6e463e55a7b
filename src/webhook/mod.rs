//! What a webhook is: pure values and functions. No clock, file, socket, environment, colour or command line.

pub mod attempt;
pub mod catalogue;
pub mod composition;
pub mod credential;
pub mod delivery;
pub mod encoding;
pub mod event;
pub mod fault;
pub mod fixture;
pub mod forwarding;
pub mod glob;
pub mod json;
pub mod latency;
pub mod nearest;
pub mod policy;
pub mod provider;
pub mod recognition;
pub mod record;
pub mod retrying;
pub mod scheme;
pub mod secret;
pub mod signing;
pub mod table;
pub mod template;
pub mod verification;
