//! The exit codes, each with its sentence. Scripts depend on them.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: all that was asked was done, and the answer is good.
    Good,
    /// 1: it was tried, and the answer is no: a refused delivery, an invalid signature, a failed check.
    No,
    /// 2: the command line, a configuration, a provider or an input file is wrong, or it was refused for safety.
    Usage,
    /// 3: the environment said no: connection refused, timeout, TLS, port in use, disk full, permission.
    Environment,
    /// 4: nothing could be concluded: nothing was verified.
    Inconclusive,
    /// 130: stopped by Ctrl-C.
    Interrupted,
    /// The exit code of a command that was run, passed on.
    Passed(u8),
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Inconclusive => 4,
            Self::Interrupted => 130,
            Self::Passed(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
