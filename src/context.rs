//! The world, read once: environment, clock, time zone, terminals, catalogue. Nothing else asks the process, but for
//! the HTTP client, which finds proxies where every program does, and a completion, which has no arguments of its own.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::edge::directory::Directory;
use crate::error::Error;
use crate::report::layout::Page;
use crate::webhook::catalogue::Catalogue;

/// What a run knows of the world around it.
pub struct Context {
    /// Looks an environment variable up.
    pub environment: Environment,
    /// Says what time it is.
    pub clock: fn() -> Timestamp,
    /// The time zone that people read times in; looked up only where one is shown.
    pub zone: fn() -> TimeZone,
    /// Where random values come from; a number makes them the same in every run.
    pub seed: Option<u64>,
    /// Which of the streams are a terminal.
    pub terminals: Terminals,
    /// Opens the standard input.
    pub input: fn() -> Box<dyn Read + Send>,
}

/// What looks an environment variable up.
pub type Environment = Box<dyn Fn(&str) -> Option<OsString>>;

/// Which of the streams are a terminal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminals {
    /// Someone types.
    pub input: bool,
    /// Someone reads the answer.
    pub output: bool,
    /// Someone reads the conversation.
    pub errors: bool,
    /// How many columns the terminal has: that of the answer, or else that of the conversation.
    pub columns: Option<usize>,
}

impl Terminals {
    fn of_process() -> Self {
        let (output, errors) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let size = match (output, errors) {
            (true, _) => terminal_size::terminal_size_of(io::stdout()),
            (false, true) => terminal_size::terminal_size_of(io::stderr()),
            (false, false) => None,
        };
        let columns = size.map(|(width, _)| width.0.into());
        Self { input: io::stdin().is_terminal(), output, errors, columns }
    }

    /// How wide the place of the answer is.
    #[must_use]
    pub fn page(self) -> Page {
        Page::new(self.columns.filter(|_| self.output))
    }

    /// How wide the place of the conversation is.
    #[must_use]
    pub fn errors_page(self) -> Page {
        Page::new(self.columns.filter(|_| self.errors))
    }

    /// Whether there is someone to ask.
    #[must_use]
    pub fn interactive(self) -> bool {
        self.input && self.errors
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// Where someone reads it, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Context {
    /// The world of this process.
    #[must_use]
    pub fn from_process() -> Self {
        Self {
            environment: Box::new(|name| std::env::var_os(name)),
            clock: Timestamp::now,
            zone: TimeZone::system,
            seed: None,
            terminals: Terminals::of_process(),
            input: || Box::new(io::stdin()),
        }
    }

    /// An environment variable, as it is.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<OsString> {
        (self.environment)(name)
    }

    /// A source of random values.
    #[must_use]
    pub fn random(&self) -> fastrand::Rng {
        self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)
    }

    /// The embedded providers, and those in a directory.
    pub fn catalogue(&self, directory: Option<&Path>) -> Result<Catalogue, Error> {
        let Some(path) = directory else {
            return Ok(Catalogue::embedded());
        };
        let opened = Directory::open(path).map_err(|reason| Error::file(path, reason))?;
        Ok(Catalogue::embedded().with(Box::new(opened))?)
    }

    /// A folder that a variable names.
    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).filter(|path| !path.is_empty()).map(PathBuf::from)
    }

    /// The home of whoever runs this.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        self.folder("HOME").filter(|home| home.is_absolute())
    }

    /// The user's own file of settings, whether it is there or not.
    #[must_use]
    pub fn config_path(&self) -> Option<PathBuf> {
        let config = self
            .folder("XDG_CONFIG_HOME")
            .or_else(|| self.folder("APPDATA").filter(|_| cfg!(windows)))
            .or_else(|| self.home().map(|home| home.join(".config")));
        config.filter(|config| config.is_absolute()).map(|config| config.join("wh/config.toml"))
    }

    /// Where deliveries are recorded when nobody says otherwise: in the user's state directory.
    #[must_use]
    pub fn log_path(&self) -> Option<PathBuf> {
        let state = self
            .folder("XDG_STATE_HOME")
            .or_else(|| self.folder("LOCALAPPDATA").filter(|_| cfg!(windows)))
            .or_else(|| self.home().map(|home| home.join(".local/state")));
        state.filter(|state| state.is_absolute()).map(|state| state.join("wh/deliveries.jsonl"))
    }

    /// Whether a stream gets colours (<https://no-color.org>, <https://bixense.com/clicolors>).
    #[must_use]
    pub fn colours(&self, choice: ColorChoice, terminal: bool) -> bool {
        let is_set = |name| self.variable(name).is_some_and(|value| !value.is_empty());
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if is_set("NO_COLOR") => false,
            ColorChoice::Auto if is_set("CLICOLOR_FORCE") => {
                self.variable("CLICOLOR_FORCE").is_some_and(|value| value != "0")
            }
            ColorChoice::Auto => terminal && self.variable("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(environment: &'static [(&str, &str)]) -> Context {
        let find = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Context { environment: Box::new(find), ..Context::from_process() }
    }

    #[test]
    fn colours_follow_the_flag_then_the_environment_then_the_terminal() {
        assert!(context(&[("NO_COLOR", "1")]).colours(ColorChoice::Always, false));
        assert!(!context(&[("CLICOLOR_FORCE", "1")]).colours(ColorChoice::Never, true));
        assert!(!context(&[("NO_COLOR", "1")]).colours(ColorChoice::Auto, true));
        assert!(context(&[("NO_COLOR", "")]).colours(ColorChoice::Auto, true));
        assert!(context(&[("CLICOLOR_FORCE", "1")]).colours(ColorChoice::Auto, false));
        assert!(!context(&[("TERM", "dumb")]).colours(ColorChoice::Auto, true));
        assert!(!context(&[]).colours(ColorChoice::Auto, false));
    }
}
