//! What stops a command: the facts in one sentence, the way out, and the exit code.

mod hint;

use std::io;
use std::path::Path;

use crate::edge::client::ClientError;
use crate::edge::prompt::Interrupted;
use crate::edge::target::Target;
use crate::exit::Exit;
use crate::report::Problem;
use crate::webhook::attempt::Failure;
use crate::webhook::capture::Fault;
use crate::webhook::catalogue::CatalogueError;
use crate::webhook::cause::told;
use crate::webhook::composition::CompositionError;
use crate::webhook::signing::SigningError;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be understood.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
    /// A provider or an event that is not there, or not right.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A delivery that could not be composed.
    #[error(transparent)]
    Composition(#[from] CompositionError),
    /// A delivery that could not be signed.
    #[error("{error}")]
    Signing {
        /// What is wrong.
        error: SigningError,
        /// The environment variable that the provider's secret is read from.
        variable: String,
    },
    /// A file that cannot be read, or is not what it should be.
    #[error("`{path}` cannot be read: {}", told(reason))]
    File {
        /// The file.
        path: String,
        /// Why not.
        reason: io::Error,
    },
    /// A command that cannot be started.
    #[error("`{program}` cannot be started: {}", told(reason))]
    Command {
        /// The program.
        program: String,
        /// Why not.
        reason: io::Error,
    },
    /// A file that would be lost.
    #[error("`{path}` is there already")]
    Exists {
        /// The file.
        path: String,
    },
    /// A file that cannot be written.
    #[error("`{path}` cannot be written: {}", told(reason))]
    Unwritable {
        /// The file.
        path: String,
        /// Why not.
        reason: io::Error,
    },
    /// A target outside of this machine that nobody agreed to.
    #[error("`{url}` is not on this machine, and {}", refusal(*asked))]
    Remote {
        /// The target.
        url: String,
        /// Whether someone was asked, and said no.
        asked: bool,
    },
    /// No secret for a target where the published test secret will not do.
    #[error("there is no secret of {scheme} for `{url}`: its test secret is public, so it serves this machine alone")]
    NoSecret {
        /// The provider.
        scheme: String,
        /// The target.
        url: String,
        /// The environment variable that the provider's secret is read from.
        variable: String,
    },
    /// An environment variable that was named and is not set.
    #[error("{}the environment variable `{name}` is not set", prefix(origin.as_deref()))]
    NoVariable {
        /// Its name.
        name: String,
        /// The file of settings that names it; none when it was typed.
        origin: Option<String>,
    },
    /// A secret that a project's file of settings leads to, and that is not the project's.
    #[error("{origin}: {what}, and {}", refusal(*asked))]
    Untrusted {
        /// The file and the line.
        origin: String,
        /// What is not the project's.
        what: String,
        /// The flag that asks for it.
        flag: String,
        /// Whether someone was asked, and said no.
        asked: bool,
    },
    /// A fault that a scheme cannot have.
    #[error("{scheme} has no fault `{fault}`: {reason}")]
    NoFault {
        /// The provider.
        scheme: String,
        /// The fault.
        fault: &'static str,
        /// Why not.
        reason: &'static str,
        /// The faults that it has.
        possible: Vec<&'static str>,
    },
    /// No delivery got an answer.
    #[error("{}", unreachable(target, failure))]
    Unreachable {
        /// Where it should have gone.
        target: Box<Target>,
        /// What happened.
        failure: Failure,
    },
    /// A file of certificates that holds none.
    #[error("`{path}` holds no certificate in PEM form")]
    Certificates {
        /// The file.
        path: String,
    },
    /// The HTTP client could not be set up.
    #[error(transparent)]
    Client(ClientError),
    /// Nothing more can be written to the standard output.
    #[error("the output cannot be written: {}", told(.0))]
    Output(#[from] io::Error),
    /// A log that cannot be written.
    #[error("the log `{path}` cannot be written: {}", told(reason))]
    Log {
        /// The file.
        path: String,
        /// Why not.
        reason: io::Error,
    },
    /// There is nothing in the log, or nothing that is meant.
    #[error("{}", if *filtered { format!("no record in `{path}` matches") } else { format!("nothing is recorded in `{path}`") })]
    NothingLogged {
        /// The log.
        path: String,
        /// Whether it was looked for with filters.
        filtered: bool,
    },
    /// Nothing of what is meant can be replayed, for there is none.
    #[error("there is nothing to replay")]
    NothingToReplay,
    /// A delivery that cannot be sent again.
    #[error("{delivery} cannot be replayed: {reason}")]
    Unreplayable {
        /// Which one: its id, or else where it went.
        delivery: String,
        /// Why not.
        reason: String,
        /// The way out.
        hint: String,
    },
    /// A replay was stopped, and can be gone on with.
    #[error("{error}")]
    Resumable {
        /// What stopped it.
        error: Box<Error>,
        /// How many deliveries are left.
        left: usize,
    },
    /// A replay that cannot be gone on with.
    #[error("{reason}")]
    Unresumable {
        /// Why not.
        reason: String,
    },
    /// A file in which deliveries were captured, and that cannot be read as such.
    #[error("{path}{}: {}", fault.place, fault.message)]
    BadCapture {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: Box<Fault>,
    },
    /// An id that no delivery in the log has.
    #[error("no delivery in `{path}` has the id `{id}`")]
    UnknownId {
        /// The id.
        id: String,
        /// The log.
        path: String,
        /// The nearest that there is.
        nearest: Option<String>,
    },
    /// The beginning of several ids.
    #[error("more than one id begins with `{id}`: {}", some(candidates))]
    AmbiguousId {
        /// What they begin with.
        id: String,
        /// Those that do.
        candidates: Vec<String>,
    },
    /// A report that cannot be written.
    #[error("the report `{path}` cannot be written: {}", told(reason))]
    Report {
        /// The file.
        path: String,
        /// Why not.
        reason: io::Error,
    },
    /// A port that cannot be listened on.
    #[error("port {port} of {host} cannot be listened on: {}", told(reason))]
    Port {
        /// The address.
        host: std::net::IpAddr,
        /// The port.
        port: u16,
        /// Why not.
        reason: io::Error,
    },
    /// What was expected did not arrive.
    #[error("{}", unmet(missing, *invalid))]
    Unmet {
        /// What is missing, in words.
        missing: String,
        /// How many deliveries were not genuine.
        invalid: u64,
    },
    /// There was nothing to conclude anything from.
    #[error("{what}")]
    Nothing {
        /// What there was not.
        what: &'static str,
    },
    /// Of the checks that there are, none is left that says anything about a provider's receivers.
    #[error("--only and --skip leave no check of receivers of {scheme}, so nothing was sent")]
    NoChecks {
        /// The provider.
        scheme: String,
    },
    /// Something that the system did not grant.
    #[error("{what}: {}", told(reason))]
    System {
        /// What was wanted.
        what: &'static str,
        /// What the system said.
        reason: io::Error,
    },
    /// Stopped by Ctrl-C at a question.
    #[error("stopped at the question; nothing was done")]
    Unanswered,
    /// Stopped by Ctrl-C.
    #[error("{}", interrupted(*done, *in_flight, *waiting, *all))]
    Interrupted {
        /// How many deliveries have come to their end.
        done: usize,
        /// How many were on their way.
        in_flight: usize,
        /// How many were between two attempts.
        waiting: usize,
        /// How many there should have been.
        all: usize,
    },
}

impl Error {
    /// A mistake on the command line, and the way out.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// A file that cannot be read.
    pub(crate) fn file(path: &Path, reason: io::Error) -> Self {
        Self::File { path: path.display().to_string(), reason }
    }

    /// Something about the network that the system did not grant.
    pub(crate) fn network(reason: io::Error) -> Self {
        Self::System { what: "the network cannot be used", reason }
    }

    /// The same as it is shown.
    pub(crate) fn problem(&self) -> Problem {
        Problem { code: self.code(), message: self.to_string(), hint: self.hint() }
    }

    /// The kind of the error in one word, for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Usage { .. } => "usage",
            Self::Catalogue(error) => match error {
                CatalogueError::File(_) => "bad-file",
                CatalogueError::Unreadable { .. } | CatalogueError::NoProvider { .. } => "unreadable-file",
                CatalogueError::UnknownScheme { .. } => "unknown-scheme",
                CatalogueError::UnknownEvent { .. } => "unknown-event",
                CatalogueError::AmbiguousEvent { .. } => "ambiguous-event",
                CatalogueError::BuiltIn { .. } => "built-in-scheme",
            },
            Self::Composition(_) => "bad-payload",
            Self::Signing { .. } => "bad-secret",
            Self::File { .. } => "unreadable-file",
            Self::Command { .. } => "command",
            Self::Exists { .. } => "file-exists",
            Self::Unwritable { .. } => "unwritable-file",
            Self::Remote { .. } => "remote-target",
            Self::NoSecret { .. } | Self::NoVariable { .. } => "no-secret",
            Self::Untrusted { .. } => "untrusted-secret",
            Self::NoFault { .. } => "no-such-fault",
            Self::Unreachable { failure, .. } => failure.code(),
            Self::Client(_) => "client",
            Self::Output(_) => "output",
            Self::Log { .. } => "log",
            Self::NothingLogged { .. } => "nothing-logged",
            Self::NothingToReplay => "nothing-to-replay",
            Self::Unreplayable { .. } => "unreplayable",
            Self::Resumable { error, .. } => error.code(),
            Self::Unresumable { .. } => "unresumable",
            Self::Certificates { .. } => "bad-file",
            Self::BadCapture { fault, .. } => fault.code(),
            Self::UnknownId { .. } => "unknown-id",
            Self::AmbiguousId { .. } => "ambiguous-id",
            Self::Report { .. } => "report",
            Self::Port { .. } => "port",
            Self::Unmet { .. } => "unmet",
            Self::Nothing { .. } | Self::NoChecks { .. } => "nothing",
            Self::System { .. } => "system",
            Self::Interrupted { .. } | Self::Unanswered => "interrupted",
        }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::File { reason, .. } if is_withheld(reason) => Exit::Environment,
            Self::Usage { .. }
            | Self::Catalogue(_)
            | Self::Composition(_)
            | Self::Signing { .. }
            | Self::File { .. }
            | Self::Command { .. }
            | Self::Exists { .. }
            | Self::Remote { .. }
            | Self::NoSecret { .. }
            | Self::NoVariable { .. }
            | Self::Untrusted { .. }
            | Self::NoFault { .. }
            | Self::BadCapture { .. }
            | Self::Unresumable { .. }
            | Self::UnknownId { .. }
            | Self::AmbiguousId { .. }
            | Self::Certificates { .. } => Exit::Usage,
            Self::Unreachable { .. }
            | Self::Client(_)
            | Self::Output(_)
            | Self::Unwritable { .. }
            | Self::Log { .. }
            | Self::Report { .. }
            | Self::Port { .. }
            | Self::System { .. } => Exit::Environment,
            Self::Unmet { .. } => Exit::No,
            Self::Nothing { .. }
            | Self::NoChecks { .. }
            | Self::NothingLogged { .. }
            | Self::NothingToReplay
            | Self::Unreplayable { .. } => Exit::Inconclusive,
            Self::Interrupted { .. } | Self::Unanswered => Exit::Interrupted,
            Self::Resumable { error, .. } => error.exit(),
        }
    }
}

impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        Self::Unanswered
    }
}

/// Whether it is the system that does not let a file be read, and not the file that is not there or is wrong.
fn is_withheld(reason: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let wrong = matches!(reason.kind(), NotFound | IsADirectory | NotADirectory | InvalidInput);
    reason.kind() == PermissionDenied || (reason.raw_os_error().is_some() && !wrong)
}

fn unmet(missing: &str, invalid: u64) -> String {
    match invalid {
        0 => missing.to_owned(),
        1 => format!("{missing}; one that was not genuine does not count"),
        count => format!("{missing}; {count} that were not genuine do not count"),
    }
}

fn interrupted(done: usize, in_flight: usize, waiting: usize, all: usize) -> String {
    let mut text = format!("stopped after {done} of {all}");
    match in_flight {
        0 => {}
        1 => text.push_str("; one was on its way and may have arrived"),
        count => text.push_str(&format!("; {count} were on their way and may have arrived")),
    }
    match waiting {
        0 => {}
        1 => text.push_str("; one had failed and would have been tried again"),
        count => text.push_str(&format!("; {count} had failed and would have been tried again")),
    }
    text
}

/// Where something was said, in front of what is wrong with it.
fn prefix(origin: Option<&str>) -> String {
    origin.map_or_else(String::new, |origin| format!("{origin}: "))
}

fn refusal(asked: bool) -> &'static str {
    if asked { "the answer was no" } else { "there is nobody to ask whether that is meant" }
}

fn unreachable(target: &Target, failure: &Failure) -> String {
    let authority = target.authority();
    match failure {
        Failure::Refused { addresses } => {
            let tried: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("nobody listens at {authority} (tried {})", tried.join(" and "))
        }
        Failure::UnknownHost { .. } => failure.to_string(),
        Failure::Proxy { .. } => format!("{authority} cannot be reached: {failure}"),
        Failure::TimedOut { .. }
        | Failure::Tls { .. }
        | Failure::CaCertificate
        | Failure::BadUrl { .. }
        | Failure::NotHttp { .. }
        | Failure::Broken { .. } => format!("{authority}: {failure}"),
    }
}

/// The first few of some names.
fn some(names: &[String]) -> String {
    const FEW: usize = 5;
    let more = if names.len() > FEW { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(FEW)].join(", "))
}
