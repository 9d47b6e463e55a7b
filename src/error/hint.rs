//! The way out of an error, as far as there is one: what to do, in the imperative.

use std::io;

use super::Error;
use crate::edge::target::Target;
use crate::webhook::attempt::Failure;
use crate::webhook::catalogue::CatalogueError;
use crate::webhook::composition::CompositionError;
use crate::webhook::event::EventName;
use crate::webhook::json::EditError;
use crate::webhook::secret::SecretError;
use crate::webhook::signing::SigningError;

impl Error {
    /// The way out, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Usage { hint, .. } => return hint.clone(),
            Self::Catalogue(error) => return catalogue_hint(error),
            Self::Composition(error) => return Some(composition_hint(error)),
            Self::Signing { error, variable } => return signing_hint(error, variable),
            Self::Command { .. } => "behind -- stands a program and its arguments; a script needs its path".to_owned(),
            Self::Exists { .. } => "edit it, or give --force to replace it".to_owned(),
            Self::Remote { .. } => "give --allow-remote if you mean to send there".to_owned(),
            Self::NoSecret { variable, .. } => format!("put it in {variable}, or give --secret-file or --secret-env"),
            Self::NoVariable { name, .. } => format!("set it, as in: {name}=… wh …"),
            Self::Untrusted { flag, .. } => format!("if that is meant, give {flag} yourself"),
            Self::NoFault { scheme, possible, .. } => format!("{scheme} has {}", possible.join(", ")),
            Self::Unreachable { target, failure } => return unreachable_hint(target, failure),
            Self::Log { .. } => "give another file with --log, or --no-log".to_owned(),
            Self::NothingLogged { filtered: true, .. } | Self::NothingToReplay => {
                "leave a filter out; `wh log` lists what there is".to_owned()
            }
            Self::NothingLogged { .. } => {
                "wh listen records what arrives, and wh send --to localhost:3000 what is sent".to_owned()
            }
            Self::Resumable { error, left } => {
                let first = match **error {
                    Self::Unreachable { .. } => "see that the receiver is there; ",
                    _ => "",
                };
                format!("{first}`wh replay --resume` goes on with the {left} that are left")
            }
            Self::Unreplayable { hint, .. } => hint.clone(),
            Self::Unresumable { .. } => "begin anew, without --resume".to_owned(),
            Self::BadCapture { fault, .. } => fault.way_out().to_owned(),
            Self::UnknownId { nearest: Some(id), .. } => format!("did you mean `{id}`?"),
            Self::UnknownId { .. } => "`wh log` lists what there is".to_owned(),
            Self::AmbiguousId { .. } => "give more of it".to_owned(),
            Self::Port { reason, .. } if reason.kind() == io::ErrorKind::AddrInUse => {
                "another program listens there: choose with --port, or let --port 0 pick a free one".to_owned()
            }
            Self::Port { .. } => "choose another with --host and --port".to_owned(),
            Self::Unmet { invalid: 0, .. } => "give it more time with --timeout".to_owned(),
            Self::Unmet { .. } => "the reasons stand beside the deliveries that were refused".to_owned(),
            Self::Certificates { .. } => {
                "--cacert takes a file of PEM certificates: -----BEGIN CERTIFICATE-----".to_owned()
            }
            Self::Client(_) => {
                "check SSL_CERT_FILE and SSL_CERT_DIR, which say where the certificates of the system are".to_owned()
            }
            Self::NoChecks { scheme } => {
                format!("`wh check --list --scheme {scheme}` shows them all, and why some say nothing here")
            }
            Self::File { reason, .. } => file_hint(reason),
            Self::Report { reason, .. } => report_hint(reason),
            Self::Unwritable { reason, .. } => return unwritable_hint(reason),
            Self::Output(_)
            | Self::Nothing { .. }
            | Self::System { .. }
            | Self::Unanswered
            | Self::Interrupted { .. } => {
                return None;
            }
        };
        Some(hint)
    }
}

fn file_hint(reason: &io::Error) -> String {
    let hint = match reason.kind() {
        io::ErrorKind::NotFound => "check the path for a slip",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::NotADirectory => "a folder is due where a file is",
        io::ErrorKind::PermissionDenied => "make it readable to yourself",
        _ => "check that it is the file that you mean",
    };
    hint.to_owned()
}

fn report_hint(reason: &io::Error) -> String {
    let hint = match reason.kind() {
        io::ErrorKind::NotFound => "make its folder first",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there, or name a file elsewhere",
        _ => "name a file elsewhere with --report",
    };
    hint.to_owned()
}

fn unwritable_hint(reason: &io::Error) -> Option<String> {
    let hint = match reason.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "go to a folder that is yours",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "a file is in the way: move it",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there",
        io::ErrorKind::FileTooLarge => "raise the limit: `ulimit -f`",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn unreachable_hint(target: &Target, failure: &Failure) -> Option<String> {
    let hint = match failure {
        Failure::Refused { .. } if target.is_loopback() => {
            format!("start your receiver on port {0}; `wh listen --port {0}` stands in for one", target.port())
        }
        Failure::Refused { .. } => "check the port, and that the receiver is running".to_owned(),
        Failure::UnknownHost { .. } => "check the name for a slip".to_owned(),
        Failure::TimedOut { .. } => "give it more time with --timeout 60s".to_owned(),
        Failure::Tls { .. } if target.is_loopback() => {
            "trust its certificate with --cacert FILE, or any with --insecure; http:// if it speaks no TLS".to_owned()
        }
        Failure::Tls { .. } => "trust its certificate with --cacert FILE".to_owned(),
        Failure::CaCertificate => {
            "make one with -addext basicConstraints=critical,CA:FALSE behind `openssl req -x509`, or accept any with --insecure".to_owned()
        }
        Failure::Proxy { .. } => "it is named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY; NO_PROXY names what goes past it".to_owned(),
        Failure::NotHttp { .. } if !target.is_https() => "does it speak HTTPS? then write https://".to_owned(),
        Failure::BadUrl { .. } | Failure::NotHttp { .. } | Failure::Broken { .. } => return None,
    };
    Some(hint)
}

fn catalogue_hint(error: &CatalogueError) -> Option<String> {
    let hint = match error {
        CatalogueError::File(error) => return error.hint.clone().or_else(|| Some("mend it there".to_owned())),
        CatalogueError::Unreadable { reason, .. } => file_hint(reason),
        CatalogueError::UnknownScheme { nearest: Some(name), .. } => format!("did you mean `{name}`?"),
        CatalogueError::UnknownScheme { known, .. } => {
            format!("the schemes are {}; a provider of your own is found with --catalogue DIR", known.join(", "))
        }
        CatalogueError::UnknownEvent { pattern, .. } if pattern.contains(':') || pattern.parse::<u16>().is_ok() => {
            format!("a target stands behind --to: --to {pattern}")
        }
        CatalogueError::UnknownEvent { pattern, is_scheme: true, .. } => {
            format!("it is a scheme: '{pattern}/*' means its events")
        }
        CatalogueError::UnknownEvent { nearest, scheme, .. } => match (nearest.as_slice(), scheme) {
            ([], Some(scheme)) => format!("`wh events '{scheme}/*'` lists them"),
            ([], None) => "`wh events` lists them".to_owned(),
            (names, _) => format!("did you mean {}?", ticked(names)),
        },
        CatalogueError::AmbiguousEvent { candidates, .. } => {
            let names: Vec<String> = candidates.iter().map(EventName::to_string).collect();
            format!("say which: {}", ticked(&names))
        }
        CatalogueError::BuiltIn { .. } => {
            "choose another name, or say `replaces-built-in = true` in that file".to_owned()
        }
        CatalogueError::NoProvider { .. } => {
            "a catalogue holds folders, each with a provider.toml and an events folder".to_owned()
        }
    };
    Some(hint)
}

fn composition_hint(error: &CompositionError) -> String {
    match error {
        CompositionError::Placeholder(error) => error.hint.clone(),
        CompositionError::Edit(EditError::NotFound { nearest: Some(name), .. }) => {
            format!("did you mean `{name}`?")
        }
        CompositionError::NotJson(_) => "--set and --unset change JSON payloads only".to_owned(),
        CompositionError::Edit(EditError::BadIndex { .. }) => "`-` as an index appends: --set 'list.-=1'".to_owned(),
        CompositionError::Edit(EditError::NotAnArray { .. }) => {
            "brackets are for arrays: write --set data.name=1 for a member".to_owned()
        }
        CompositionError::Edit(_) => "--dry-run shows the payload".to_owned(),
        CompositionError::Header { .. } => "take out what is no printable ASCII".to_owned(),
    }
}

fn signing_hint(error: &SigningError, variable: &str) -> Option<String> {
    match error {
        SigningError::Secret(SecretError::Empty { .. }) => {
            Some(format!("put the secret in {variable}, or give --secret-file or --secret-env"))
        }
        SigningError::Secret(SecretError::Undecodable { encoding, .. }) => {
            Some(format!("copy it whole from the provider: it is {encoding}, with its prefix and its padding"))
        }
        SigningError::OneSignatureOnly { .. } => Some("give one secret".to_owned()),
        SigningError::MissingField { field: "id" } => Some("give it one with --id".to_owned()),
        SigningError::BadHeader { .. } => Some("take out what no header can hold".to_owned()),
        SigningError::NoSecret | SigningError::MissingField { .. } => None,
    }
}

/// `` `a`, `b` or `c` ``.
fn ticked(names: &[String]) -> String {
    let ticked: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match ticked.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
    }
}
