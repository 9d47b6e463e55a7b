//! How far a run has come.

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Clients are served.
    Open,
    /// No more clients are; what is in flight is finished.
    Finish,
    /// Nothing is waited for any more.
    Leave,
}
