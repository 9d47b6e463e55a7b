//! One file a subcommand: its arguments, then `run`. The only place where `webhook`, `edge` and `report` meet.

pub mod arguments;
pub mod completions;
pub mod composing;
pub mod events;
pub mod listen;
pub mod receiver;
pub mod schemes;
pub mod secrets;
pub mod send;
pub mod sign;
