//! One file a subcommand: its arguments, then `run`. The only place where `webhook`, `edge` and `report` meet.
//!
//! Beside them stands what several have in common: `arguments` reads what is typed, `composing` makes deliveries from it,
//! `secrets` finds their secrets, `diagnosing` says why one is refused, `delivering` sends them, `recording` keeps what was sent, and `receiver` is the one that
//! `send` brings along. `logged` finds records again.

pub mod arguments;
pub mod check;
pub mod completions;
pub mod composing;
pub mod delivering;
pub mod diagnosing;
pub mod events;
pub mod init;
pub mod listen;
pub mod log;
pub mod logged;
pub mod receiver;
pub mod recording;
pub mod replay;
pub mod schemes;
pub mod secrets;
pub mod send;
pub mod sign;
pub mod targeting;
pub mod verify;
