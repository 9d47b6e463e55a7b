//! The outside world: sockets, files, prompts. Speaks `webhook`, and never prints.

pub mod client;
pub mod directory;
pub mod import;
mod incoming;
pub mod input;
pub mod interruption;
pub mod listener;
pub mod log;
mod plain;
pub mod prompt;
pub mod reader;
pub mod runtime;
mod spelling;
pub mod target;
pub mod unfinished;
mod watched;
pub mod writing;
