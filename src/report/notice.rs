//! What is worth knowing beside the answer. The decision to say it is the commands'; the words are here.

use std::fmt;
use std::time::Duration;

use super::explanation::duration;

use crate::webhook::record::LONGEST;

/// Something to know that is no failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Where the value of a setting came from.
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value; of a secret, the provider.
        value: String,
        /// Who says so.
        origin: String,
    },
    /// There is no target, so that the program receives the delivery itself.
    InProcess {
        /// The providers whose published test secret is used on both sides.
        test_secrets: Vec<String>,
    },
    /// The provider's published test secret is used.
    TestSecret {
        /// The providers.
        schemes: Vec<String>,
        /// Where another secret of the first would be read from.
        variable: String,
    },
    /// Why deliveries were refused was not found out, for there were too many.
    NotDiagnosed {
        /// How many.
        deliveries: u64,
    },
    /// No delivery is refused for its age.
    AnyAge,
    /// A tolerance was given for a scheme that has no timestamp.
    NoTimestamp {
        /// The provider.
        scheme: String,
    },
    /// Parts of a file that could not be read were not all told.
    FaultsLeftOut {
        /// The file.
        path: String,
        /// How many were not.
        lines: u64,
    },
    /// White space stands around a secret.
    SecretWhitespace {
        /// Where the secret came from.
        name: String,
    },
    /// A secret does not begin as the provider's secrets do.
    SecretPrefix {
        /// Where the secret came from.
        name: String,
        /// What it should begin with.
        prefix: String,
    },
    /// Other machines can reach a listener.
    Reachable {
        /// Its address.
        address: String,
        /// Whether it verifies with secrets that everybody knows.
        test_secrets: bool,
    },
    /// The provider's published test secret is verified with.
    VerifiedWithTestSecret {
        /// The providers.
        schemes: Vec<String>,
        /// Where another secret of the first would be read from.
        variable: String,
    },
    /// The last line of a log was cut off.
    TornLog {
        /// The log.
        path: String,
        /// How long the line is.
        bytes: u64,
    },
    /// A delivery could not be recorded.
    NotRecorded {
        /// What the system said.
        reason: String,
    },
    /// What was sent is not recorded.
    Unrecorded {
        /// The log.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// An app refused what is genuine.
    Disputed {
        /// How many deliveries.
        deliveries: u64,
    },
    /// A replay was stopped, and may be gone on with.
    Resumable {
        /// How many deliveries are left.
        left: usize,
    },
    /// A replay that was stopped is gone on with.
    Resumed {
        /// What it is of, as it was typed.
        what: String,
        /// How many deliveries are left.
        left: usize,
        /// Of how many.
        all: usize,
    },
    /// The run is over, and what is on its way is waited for.
    Finishing {
        /// How many answers are waited for.
        answers: usize,
        /// For how long at most.
        grace: Duration,
        /// Whether Ctrl-C was what ended it.
        interrupted: bool,
    },
    /// Deliveries are of nobody who is known, and are not replayed.
    Unrecognised {
        /// How many.
        deliveries: usize,
    },
    /// A replay cannot be gone on with when it is stopped.
    NotResumable {
        /// Why not.
        reason: String,
    },
    /// Signatures are kept that are too old by their scheme.
    StaleSignatures {
        /// How many.
        stale: usize,
        /// Of how many.
        all: usize,
    },
    /// A header was redacted when it was recorded, and is not sent.
    HeaderLeftOut {
        /// Its name.
        name: String,
        /// Of how many deliveries.
        count: usize,
    },
    /// The last line of a log is not finished, and was not read.
    UnfinishedLine {
        /// The log.
        path: String,
        /// How long the line is.
        bytes: u64,
    },
    /// Lines of a log are longer than a record may be, and were passed over.
    LongLines {
        /// The log.
        path: String,
        /// How many.
        lines: u64,
    },
    /// Nothing that is meant is in the log yet, and what comes is waited for.
    Following {
        /// The log.
        path: String,
    },
    /// Lines of a log are no records, and were passed over.
    StrangeLines {
        /// The log.
        path: String,
        /// How many.
        lines: u64,
    },
    /// There are more records than were asked for, and nobody said how many to list.
    MoreLogged {
        /// How many are listed.
        shown: usize,
    },
    /// A request was refused before it was a delivery.
    RequestRefused {
        /// The sender's address.
        remote: String,
        /// Why.
        reason: String,
    },
    /// A delivery was not answered, because its sender had gone.
    SenderLeft {
        /// Its id.
        id: String,
        /// How long the sender had waited.
        after: Duration,
    },
    /// Lines were not shown, because the terminal could not keep up.
    LeftOut {
        /// How many.
        lines: u64,
        /// Whether a log has them.
        recorded: bool,
    },
    /// What was given as a payload is the name of a file.
    FileName {
        /// The name.
        name: String,
    },
    /// A delivery says that it is of another event than it was made for.
    OtherEvent {
        /// The event that was meant.
        meant: String,
        /// The one that the delivery names, if it names any.
        named: Option<String>,
    },
    /// Deliveries are to be sent again, and the provider never does that.
    NoRetries {
        /// The provider.
        scheme: String,
    },
    /// Deliveries are to be sent again, and the provider does not say when it does that, or whether.
    NoSchedule {
        /// The provider.
        scheme: String,
    },
    /// The provider says how often it tries, and not how long it waits.
    NoWaits {
        /// The provider.
        scheme: String,
        /// How often.
        attempts: u32,
    },
    /// The questions were left, so that no file was written.
    NothingWritten,
    /// A flag about TLS, and a target that speaks none.
    NoTls {
        /// The flag.
        flag: &'static str,
        /// The target; none is the receiver inside the program.
        url: Option<String>,
    },
    /// A value that `--set` put where there was none.
    Added {
        /// Its path.
        path: String,
        /// A name beside it that is much like it.
        nearest: Option<String>,
    },
    /// A header of one's own replaces one that the signature needs.
    HeaderReplaced {
        /// Its name.
        name: String,
    },
}

impl Notice {
    /// Whether only those want to know who asked for more.
    #[must_use]
    pub fn is_detail(&self) -> bool {
        matches!(self, Self::Setting { .. })
    }

    /// The same notices, where those about test secrets are one.
    #[must_use]
    pub fn together(notices: Vec<Self>) -> Vec<Self> {
        let mut together: Vec<Self> = Vec::new();
        for notice in notices {
            let earlier = together.iter_mut().find_map(|earlier| match earlier {
                Self::TestSecret { schemes, .. } => Some(schemes),
                _ => None,
            });
            match (notice, earlier) {
                (Self::TestSecret { schemes, .. }, Some(earlier)) => earlier.extend(schemes),
                (notice, _) => together.push(notice),
            }
        }
        together
    }
}

/// `the public test secrets of wpg and whop`
fn test_secrets(schemes: &[String]) -> String {
    match schemes {
        [scheme] => format!("the public test secret of {scheme}"),
        [most @ .., last] => format!("the public test secrets of {} and {last}", most.join(", ")),
        [] => "a public test secret".to_owned(),
    }
}

/// `; WPG_WEBHOOK_SECRET takes yours`
fn taking(schemes: &[String], variable: &str) -> String {
    let others = if schemes.len() > 1 { " and the like take" } else { " takes" };
    format!("; {variable}{others} yours")
}

fn no_tls(flag: &str, url: Option<&str>) -> String {
    format!("{flag} is about TLS, and {} speaks none", url.unwrap_or("the receiver inside wh"))
}

fn stale_signatures(stale: usize, all: usize) -> String {
    format!("{stale} of {all} kept signatures are older than their scheme tolerates: they will be refused")
}

fn finishing(answers: usize, grace: Duration, interrupted: bool) -> String {
    let answers = if answers == 1 { "one answer".to_owned() } else { format!("{answers} answers") };
    let again = if interrupted { " again" } else { "" };
    format!("waiting for {answers}, {} at most; Ctrl-C{again} ends now", duration(grace))
}

fn unrecognised(deliveries: usize) -> String {
    let what = match deliveries {
        1 => "a delivery of no known scheme is".to_owned(),
        deliveries => format!("{deliveries} deliveries of no known scheme are"),
    };
    format!("{what} left out; --scheme says whose, --keep-signature sends what came")
}

fn disputed(deliveries: u64) -> String {
    let what = if deliveries == 1 { "1 delivery was".to_owned() } else { format!("{deliveries} deliveries were") };
    let remedy = "it must verify the body as it came, with the secret that `wh listen --print-secret` prints";
    format!("{what} genuine here and refused by your app: {remedy}")
}

fn left_out(lines: u64, recorded: bool) -> String {
    let what = if lines == 1 { "1 line is".to_owned() } else { format!("{lines} lines are") };
    let log = if recorded { "; the log has every delivery" } else { "" };
    format!("{what} not shown: more came than can be read{log}")
}

fn added(path: &str, nearest: Option<&str>) -> String {
    let instead = nearest.map_or_else(String::new, |name| format!("; there is `{name}`"));
    format!("the payload had no `{path}`: --set added it{instead}")
}

fn long_lines(path: &str, lines: u64) -> String {
    let (what, is) = if lines == 1 { ("a line".to_owned(), "is") } else { (format!("{lines} lines"), "are") };
    let most = LONGEST / 1024 / 1024;
    format!("{what} of {path} {is} longer than the {most} MiB that are read of one delivery, and left out")
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name: "secret", value, origin } => write!(f, "the secret of {value} is from {origin}"),
            Self::Setting { name, value, origin } => write!(f, "{name} is {value}, from {origin}"),
            Self::InProcess { test_secrets } => {
                f.write_str("no --to, so wh receives this itself")?;
                if !test_secrets.is_empty() {
                    write!(f, ", with {}", self::test_secrets(test_secrets))?;
                }
                f.write_str("; --to localhost:3000 sends it to your app")
            }
            Self::TestSecret { schemes, variable } => {
                write!(f, "signed with {}{}", test_secrets(schemes), taking(schemes, variable))
            }
            Self::NotDiagnosed { deliveries } => write!(
                f,
                "the causes of {deliveries} more refusals were not looked for, which would take long; verify fewer at a time"
            ),
            Self::AnyAge => {
                f.write_str("with --tolerance none, a delivery of any age passes, also one that is sent again")
            }
            Self::NoTimestamp { scheme } => write!(f, "{scheme} has no timestamp, so no tolerance applies to it"),
            Self::FaultsLeftOut { path, lines } => {
                write!(f, "{lines} more lines of {path} cannot be read, and are not told one by one")
            }
            Self::SecretWhitespace { name } => {
                write!(f, "the secret from {name} has white space around it, which becomes part of the key")
            }
            Self::SecretPrefix { name, prefix } => {
                write!(f, "the secret from {name} does not begin with `{prefix}`, as this provider's secrets do")
            }
            Self::Reachable { address, test_secrets } => {
                write!(f, "other machines on the network can reach {address}")?;
                if *test_secrets {
                    f.write_str(", and test secrets are public: anybody can sign with them")?;
                }
                Ok(())
            }
            Self::VerifiedWithTestSecret { schemes, variable } => {
                write!(f, "verifying with {}{}", test_secrets(schemes), taking(schemes, variable))
            }
            Self::TornLog { path, bytes } => {
                let word = if *bytes == 1 { "byte" } else { "bytes" };
                write!(f, "the last line of {path} was cut off after {bytes} {word}; it was ended, and never answered")
            }
            Self::NotRecorded { reason } => {
                write!(f, "a delivery could not be recorded, and was answered 507: {reason}")
            }
            Self::Unrecorded { path, reason } => {
                write!(f, "this is not recorded, for {path} cannot be written ({reason}); --no-log does without")
            }
            Self::Disputed { deliveries } => f.write_str(&disputed(*deliveries)),
            Self::Resumable { left } => write!(f, "{left} not delivered; wh replay --resume goes on with them"),
            Self::Resumed { what, left, all } => write!(f, "going on with {what}: {left} of {all} are left"),
            Self::Finishing { answers, grace, interrupted } => f.write_str(&finishing(*answers, *grace, *interrupted)),
            Self::Unrecognised { deliveries } => f.write_str(&unrecognised(*deliveries)),
            Self::NotResumable { reason } => write!(f, "this replay cannot be resumed, should it be stopped: {reason}"),
            Self::StaleSignatures { stale, all } => f.write_str(&stale_signatures(*stale, *all)),
            Self::HeaderLeftOut { name, count } => {
                write!(f, "`{name}` is redacted in {count} of the records, and is left out; -H gives it")
            }
            Self::UnfinishedLine { path, bytes } => {
                write!(f, "the last line of {path} is cut off after {bytes} bytes, and left out")
            }
            Self::LongLines { path, lines } => f.write_str(&long_lines(path, *lines)),
            Self::Following { path } => write!(f, "waiting for what will be recorded in {path}"),
            Self::StrangeLines { path, lines: 1 } => write!(f, "a line of {path} is no record, and left out"),
            Self::StrangeLines { path, lines } => write!(f, "{lines} lines of {path} are no records, and left out"),
            Self::MoreLogged { shown } => write!(f, "these are the newest {shown}; wh log -n 100 lists more of them"),
            Self::RequestRefused { remote, reason } => write!(f, "a request from {remote} was refused: {reason}"),
            Self::SenderLeft { id, after } => {
                write!(f, "[{id}] was not answered: its sender left after {:.1} s", after.as_secs_f64())
            }
            Self::LeftOut { lines, recorded } => f.write_str(&left_out(*lines, *recorded)),
            Self::FileName { name } => {
                write!(f, "`{name}` is sent as it stands; --data @{name} sends what is in the file")
            }
            Self::OtherEvent { meant, named: Some(named) } => {
                write!(f, "the event is to be `{meant}`, and the payload names `{named}`")
            }
            Self::OtherEvent { meant, named: None } => {
                write!(f, "the event is to be `{meant}`, and the payload names none where a receiver looks for it")
            }
            Self::NoRetries { scheme } => {
                write!(f, "{scheme} never sends a failed delivery again, so each is sent once")
            }
            Self::NoSchedule { scheme } => {
                write!(f, "{scheme} does not document when it tries again, so each delivery is sent once")
            }
            Self::NoWaits { scheme, attempts } => write!(
                f,
                "{scheme} makes {attempts} attempts and does not document its waits, so one follows the other at once"
            ),
            Self::NothingWritten => f.write_str("nothing was written"),
            Self::NoTls { flag, url } => f.write_str(&no_tls(flag, url.as_deref())),
            Self::Added { path, nearest } => f.write_str(&added(path, nearest.as_deref())),
            Self::HeaderReplaced { name } => {
                write!(f, "your `{name}` replaces the one that the signature needs")
            }
        }
    }
}
