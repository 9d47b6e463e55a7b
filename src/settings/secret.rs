//! Where a file of settings says that the secret is, and what a project's file may not say of it.
//!
//! Whoever clones a repository gets its `wh.toml`, too. Such a file must not lead `wh` to a secret that is not the
//! project's: a file outside of its folder, or a variable that is somebody else's. A person may agree to it; a script
//! agrees with `--allow-remote`, or names the place itself.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use super::Origin;
use super::file::SecretPlace;
use crate::context::Context;
use crate::edge::prompt;
use crate::error::Error;

/// A secret's place, as a file of settings names it.
#[derive(Debug, Clone)]
pub struct SecretSetting {
    pub(super) place: SecretPlace,
    /// The provider whose secret it is; everybody's, when the file names none.
    pub(super) scheme: Option<String>,
    /// Who says so.
    pub(super) origin: Origin,
    /// The folder that paths are read from.
    pub(super) folder: PathBuf,
    /// Where paths that begin with `~/` are read from.
    pub(super) home: Option<PathBuf>,
    /// Whether the file came with a project, so that it is not simply believed.
    pub(super) of_project: bool,
    /// Whether it was agreed to, by a flag or when it was asked for.
    pub(super) agreed: OnceLock<bool>,
}

/// A place that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreed {
    /// An environment variable.
    Variable(String),
    /// A file.
    File(PathBuf),
}

impl SecretSetting {
    /// Whether this is the secret of a provider.
    #[must_use]
    pub fn is_of(&self, scheme: &str) -> bool {
        self.scheme.as_ref().is_none_or(|own| own == scheme)
    }

    /// Who says so, for people: `./wh.toml:3`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.origin.to_string()
    }

    /// The place, unless it is one that needs to be agreed to, and was not.
    pub fn place(&self, context: &Context) -> Result<Agreed, Error> {
        match &self.place {
            SecretPlace::Variable(name) => {
                if self.of_project && !is_of_webhooks(name) {
                    let what = format!("`{name}` is not named like the secret of a webhook");
                    self.agree(&what, &format!("--secret-env {name}"), context)?;
                }
                Ok(Agreed::Variable(name.clone()))
            }
            SecretPlace::File(written) => {
                let path = joined(&self.folder, written, self.home.as_deref());
                let real = fs::canonicalize(&path).map_err(|reason| Error::file(&path, reason))?;
                if self.of_project && !is_inside(&self.folder, &real) {
                    let what = format!("the secret file `{}` is outside of this folder", real.display());
                    self.agree(&what, &format!("--secret-file {}", real.display()), context)?;
                }
                Ok(Agreed::File(real))
            }
        }
    }

    fn agree(&self, what: &str, flag: &str, context: &Context) -> Result<(), Error> {
        let asks = context.terminals.interactive();
        let agreed = match self.agreed.get() {
            Some(agreed) => *agreed,
            None => asks && prompt::confirm(&format!("{}: {what}. Read it?", self.origin))? == Some(true),
        };
        // It is asked once, whoever else may have kept the answer.
        if *self.agreed.get_or_init(|| agreed) {
            return Ok(());
        }
        Err(Error::Untrusted {
            origin: self.origin.to_string(),
            what: what.to_owned(),
            flag: flag.to_owned(),
            asked: asks,
        })
    }
}

/// Whether a variable's name says that a webhook's secret is in it.
#[must_use]
pub fn is_of_webhooks(name: &str) -> bool {
    name.starts_with("WH_") || name.contains("WEBHOOK") || name.contains("SIGNING")
}

/// Whether a path really is below a folder, whatever links it goes through; one that leads to nothing yet, by its words.
#[must_use]
pub fn is_inside(folder: &Path, path: &Path) -> bool {
    let Ok(root) = fs::canonicalize(folder) else { return false };
    match fs::canonicalize(folder.join(path)) {
        Ok(real) => real.starts_with(root),
        Err(_) => path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)),
    }
}

/// A path of a file of settings: read from the folder of that file, or from the home of whoever runs this.
pub(super) fn joined(folder: &Path, written: &str, home: Option<&Path>) -> PathBuf {
    match (written.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_of_webhooks_is_known_by_its_name() {
        for name in ["WPG_WEBHOOK_SECRET", "WEBHOOK_KEY", "SLACK_SIGNING_SECRET", "WH_SECRET"] {
            assert!(is_of_webhooks(name), "{name}");
        }
        for name in ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "NPM_TOKEN", "PATH", "SECRET"] {
            assert!(!is_of_webhooks(name), "{name}");
        }
    }
}
