//! What `send`, `replay` and `check` have in common: where deliveries go, whether they may, and how it is connected to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::arguments;
use crate::context::Context;
use crate::edge::client::{Client, ClientError, ClientOptions};
use crate::edge::target::Target;
use crate::edge::{input, prompt};
use crate::error::Error;
use crate::report::notice::Notice;

/// How large a file of certificates may be, in bytes.
const LARGEST_CACERT: u64 = 16 * 1024 * 1024;

/// The receiver, and how it is connected to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// Deliver to this URL: 3000, :3000/path, localhost:3000 or https://…
    #[arg(long, value_name = "URL", value_parser = arguments::target)]
    pub to: Option<Target>,
    /// Allow a target that is not this machine
    #[arg(long)]
    pub allow_remote: bool,
    /// Accept any TLS certificate
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Trust the PEM certificates in a file, too
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub cacert: Option<PathBuf>,
    /// Wait this long for an answer [default: as long as the provider does]
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration)]
    pub timeout: Option<Duration>,
}

impl TargetArgs {
    /// How the target is connected to; `reuse` keeps connections from one delivery to the next.
    #[must_use]
    pub fn connecting(&self, reuse: bool) -> Connecting<'_> {
        Connecting { timeout: self.timeout, insecure: self.insecure, cacert: self.cacert.as_deref(), reuse }
    }

    /// Asks about a target that is not this machine, or refuses it.
    pub fn allow(&self, target: &Target, context: &Context) -> Result<(), Error> {
        allow(target, self.allow_remote, context)
    }
}

/// A target that is not this machine is asked about, or needs a flag where there is nobody to ask.
pub fn allow(target: &Target, allowed: bool, context: &Context) -> Result<(), Error> {
    if allowed || target.is_loopback() {
        return Ok(());
    }
    let url = target.as_str().to_owned();
    if !context.terminals.interactive() {
        return Err(Error::Remote { url, asked: false });
    }
    let question = format!("`{url}` is not on this machine. Send there?");
    if prompt::confirm(&question)? == Some(true) { Ok(()) } else { Err(Error::Remote { url, asked: true }) }
}

/// How a target is connected to, as the flags say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connecting<'a> {
    /// How long to wait for an answer; nothing means as long as the provider does.
    pub timeout: Option<Duration>,
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// A file of certificates to trust, too.
    pub cacert: Option<&'a Path>,
    /// Whether connections are kept from one delivery to the next.
    pub reuse: bool,
}

impl Connecting<'_> {
    /// What the flags ask for in vain where no TLS is spoken.
    #[must_use]
    pub fn notice(&self, target: Option<&Target>) -> Option<Notice> {
        let flag = match (self.cacert, self.insecure) {
            (Some(_), _) => "--cacert",
            (None, true) => "--insecure",
            (None, false) => return None,
        };
        let plain = target.is_none_or(|target| !target.is_https());
        plain.then(|| Notice::NoTls { flag, url: target.map(|target| target.as_str().to_owned()) })
    }
}

/// A client for a target that also trusts the certificates in a file. Looks the target's name up.
pub async fn open(target: &Target, cacert: Option<&Path>, options: ClientOptions) -> Result<Client, Error> {
    let path = || cacert.map(|path| path.display().to_string()).unwrap_or_default();
    let authorities = match cacert.filter(|_| target.is_https()) {
        None => None,
        Some(file) => {
            let read = input::file(file, LARGEST_CACERT);
            Some(read.map_err(|reason| Error::File { path: path(), reason })?)
        }
    };
    let client = Client::new(target, ClientOptions { authorities, ..options }).await;
    client.map_err(|error| match error {
        ClientError::Unreachable(failure) => Error::Unreachable { target: Box::new(target.clone()), failure },
        ClientError::Certificates => Error::Certificates { path: path() },
        error @ ClientError::Setup(_) => Error::Client(error),
    })
}
