//! What can be typed: the clap tree. No behaviour.

mod deferred;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use self::deferred::Deferred;
use crate::commands::arguments;
use crate::commands::check::CheckArgs;
use crate::commands::completions::{CompletionsArgs, complete_profile, complete_scheme};
use crate::commands::events::EventsArgs;
use crate::commands::init::InitArgs;
use crate::commands::listen::ListenArgs;
use crate::commands::log::LogArgs;
use crate::commands::replay::ReplayArgs;
use crate::commands::schemes::SchemesArgs;
use crate::commands::send::SendArgs;
use crate::commands::sign::SignArgs;
use crate::commands::verify::VerifyArgs;
use crate::context::ColorChoice;
use crate::settings::Slots;
use crate::settings::secret::SecretSetting;
use crate::webhook::catalogue::{Catalogue, CatalogueError};
use crate::webhook::event::EventName;
use crate::webhook::glob::Glob;

/// Play the webhook provider: sign and deliver its events to the receiver that you are building
#[derive(Debug, Parser)]
#[command(
    name = "wh",
    version,
    arg_required_else_help = true,
    help_template = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}",
    after_long_help = AFTER,
    before_help = "Start with:\n  wh send slot.submitted                      deliver an event to a receiver inside wh\n  wh send slot.submitted --to localhost:3000  deliver it to yours\n  wh events                                   see all events"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command understands.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// What holds for every command.
const AFTER: &str = "Environment:
  WH_SCHEME, WH_TO, WH_CATALOGUE, WH_PROFILE  stand in for the flags of these names
  <PROVIDER>_WEBHOOK_SECRET, WH_SECRET        hold the secret
  NO_COLOR, CLICOLOR_FORCE                    switch colours off, or on

Files:
  ./wh.toml                                   what holds in a project
  ~/.config/wh/config.toml                    what holds for you ($XDG_CONFIG_HOME)
  ~/.local/state/wh/deliveries.jsonl          what was received and sent ($XDG_STATE_HOME)

Exit codes:
  0    all that was asked was done, and the answer is good
  1    it was tried, and the answer is no
  2    the command line, wh.toml, a provider or an input file is wrong, or it was refused for safety
  3    the environment said no: connection refused, timeout, TLS, port in use, disk full
  4    nothing could be concluded
  130  stopped by Ctrl-C";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign fixture payloads and deliver them to a URL
    Send(Deferred<SendArgs>),
    /// Print the signed request instead of sending it
    Sign(Deferred<SignArgs>),
    /// Receive deliveries: verify, show, record, forward
    Listen(Deferred<ListenArgs>),
    /// Find out whether a receiver refuses what it must and accepts what it should
    Check(Deferred<CheckArgs>),
    /// Deliver captured deliveries again
    Replay(Deferred<ReplayArgs>),
    /// List what was received and sent, or show one delivery in full
    Log(Deferred<LogArgs>),
    /// Verify captured deliveries; explain a mismatch
    Verify(Deferred<VerifyArgs>),
    /// List the events of the catalogue, or show one whole
    Events(Deferred<EventsArgs>),
    /// List the providers, or explain how one of them signs and delivers
    Schemes(Deferred<SchemesArgs>),
    /// Write wh.toml, or a folder for a provider of your own
    Init(Deferred<InitArgs>),
    /// Print the completion script of a shell
    Completions(Deferred<CompletionsArgs>),
}

impl Command {
    /// Reads the arguments of one subcommand, and declares no other.
    fn alone(name: &str, arguments: &[OsString]) -> Option<Self> {
        match name {
            "send" => Deferred::alone(arguments).map(Self::Send),
            "sign" => Deferred::alone(arguments).map(Self::Sign),
            "listen" => Deferred::alone(arguments).map(Self::Listen),
            "check" => Deferred::alone(arguments).map(Self::Check),
            "replay" => Deferred::alone(arguments).map(Self::Replay),
            "log" => Deferred::alone(arguments).map(Self::Log),
            "verify" => Deferred::alone(arguments).map(Self::Verify),
            "events" => Deferred::alone(arguments).map(Self::Events),
            "schemes" => Deferred::alone(arguments).map(Self::Schemes),
            "init" => Deferred::alone(arguments).map(Self::Init),
            "completions" => Deferred::alone(arguments).map(Self::Completions),
            _ => None,
        }
    }

    /// The arguments that settings stand in for; `None` where they have no say.
    pub fn slots(&mut self) -> Option<Slots<'_>> {
        match self {
            Self::Send(Deferred { args, .. }) => Some(args.slots()),
            Self::Sign(Deferred { args, .. }) => Some(args.slots()),
            Self::Listen(Deferred { args, .. }) => Some(args.slots()),
            Self::Check(Deferred { args, .. }) => Some(args.slots()),
            Self::Verify(Deferred { args, .. }) => Some(args.slots()),
            Self::Replay(Deferred { args, .. }) => Some(args.slots()),
            Self::Events(Deferred { args, .. }) => Some(args.slots()),
            Self::Schemes(_) | Self::Log(_) => Some(Slots::default()),
            Self::Init(_) | Self::Completions(_) => None,
        }
    }

    /// The flags that every command understands, as they were typed behind its name.
    fn shared(&mut self) -> &mut SharedArgs {
        match self {
            Self::Send(Deferred { shared, .. })
            | Self::Sign(Deferred { shared, .. })
            | Self::Listen(Deferred { shared, .. })
            | Self::Check(Deferred { shared, .. })
            | Self::Replay(Deferred { shared, .. })
            | Self::Log(Deferred { shared, .. })
            | Self::Verify(Deferred { shared, .. })
            | Self::Events(Deferred { shared, .. })
            | Self::Schemes(Deferred { shared, .. })
            | Self::Init(Deferred { shared, .. })
            | Self::Completions(Deferred { shared, .. }) => shared,
        }
    }
}

impl Cli {
    /// Reads a command line that begins with a subcommand and is right, as nearly all are. To declare the other ten
    /// costs a start as much as signing does. `None` of any other one: the whole tree knows what to say of it.
    #[must_use]
    pub fn of_one_command(arguments: &[OsString]) -> Option<Self> {
        let [_, name, behind @ ..] = arguments else { return None };
        let command = Command::alone(name.to_str()?, behind)?;
        Some(Self { command, shared: SharedArgs::default() })
    }

    /// Brings the flags that were typed before the subcommand and behind it together; the latter win.
    #[must_use]
    pub fn gathered(mut self) -> Self {
        let behind = std::mem::take(self.command.shared());
        let before = std::mem::take(&mut self.shared);
        self.shared = behind.or(before);
        self
    }
}

/// Flags that every command understands.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct SharedArgs {
    /// Choose the form of the output [default: human]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write one JSON object a line to stdout, as --format json
    #[arg(long)]
    pub json: bool,
    /// Choose when to use colours [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
    /// Show failures only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show requests and answers whole, and where settings come from
    #[arg(short, long)]
    pub verbose: bool,
    /// Read more providers from a directory [env: WH_CATALOGUE]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Settings")]
    pub catalogue: Option<PathBuf>,
    /// Which files of settings to read.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Which settings count.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct SettingsArgs {
    /// Use the settings of a profile in wh.toml [env: WH_PROFILE]
    #[arg(long, value_name = "NAME", add = complete_profile())]
    pub profile: Option<String>,
    /// Read no wh.toml and no config.toml
    #[arg(long, conflicts_with = "profile")]
    pub no_config: bool,
}

impl SharedArgs {
    /// These flags, and the others where nothing was said here.
    fn or(self, other: Self) -> Self {
        Self {
            format: self.format.or(other.format),
            json: self.json || other.json,
            color: self.color.or(other.color),
            quiet: self.quiet || other.quiet,
            verbose: self.verbose || other.verbose,
            catalogue: self.catalogue.or(other.catalogue),
            settings: SettingsArgs {
                profile: self.settings.profile.or(other.settings.profile),
                no_config: self.settings.no_config || other.settings.no_config,
            },
        }
    }

    /// The form of the output, whichever flag said so.
    #[must_use]
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format.unwrap_or(Format::Human) }
    }

    /// When to use colours.
    #[must_use]
    pub fn color(&self) -> ColorChoice {
        self.color.unwrap_or_default()
    }
}

/// The form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people
    Human,
    /// One JSON object a line
    Json,
}

/// The provider.
#[derive(Debug, Args)]
pub struct SchemeArgs {
    /// Choose the provider [env: WH_SCHEME]
    #[arg(short, long, value_name = "NAME", add = complete_scheme(), help_heading = None::<&str>)]
    pub scheme: Option<String>,
    /// Whether the provider is a setting and not a word of the command line.
    #[arg(skip)]
    pub configured: bool,
}

impl SchemeArgs {
    /// The provider, if it is a word of the command line.
    #[must_use]
    pub fn typed(&self) -> Option<&String> {
        self.scheme.as_ref().filter(|_| !self.configured)
    }

    /// The events that an EVENT means. A provider that was set, and not typed, steps back behind one that the pattern
    /// names, and behind the only one that has an event of that name.
    pub fn select(&self, pattern: &str, catalogue: &Catalogue) -> Result<Vec<EventName>, CatalogueError> {
        let scheme = self.scheme.as_deref();
        if !self.configured {
            return catalogue.select(pattern, scheme);
        }
        let named = pattern.split_once('/').is_some_and(|(provider, _)| {
            let provider = Glob::new(provider);
            catalogue.names().any(|name| provider.matches(name))
        });
        if named {
            return catalogue.select(pattern, None);
        }
        match catalogue.select(pattern, scheme) {
            Err(CatalogueError::UnknownEvent { .. }) if !Glob::is_one(pattern) => catalogue.select(pattern, None),
            selected => selected,
        }
    }
}

/// Where the secret comes from: the first of these that is given; given twice, it is two secrets.
#[derive(Args)]
#[command(next_help_heading = "Secret")]
pub struct SecretArgs {
    /// Read the secret from a file, or from stdin with `-`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub secret_file: Vec<PathBuf>,
    /// Read the secret from an environment variable
    #[arg(long, value_name = "NAME")]
    pub secret_env: Vec<String>,
    /// Give the secret itself (others on this machine can see it in `ps`)
    #[arg(long, value_name = "VALUE", value_parser = arguments::secret, allow_hyphen_values = true)]
    pub secret: Vec<String>,
    /// Where files of settings say that it is, in order.
    #[arg(skip)]
    pub configured: Vec<SecretSetting>,
}

impl fmt::Debug for SecretArgs {
    /// Without the secrets themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretArgs")
            .field("secret_file", &self.secret_file)
            .field("secret_env", &self.secret_env)
            .field("secret", &format_args!("{} (redacted)", self.secret.len()))
            .field("configured", &self.configured)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    /// Command lines, at least one of each subcommand.
    const LINES: [&str; 13] = [
        "wh sign slot.submitted",
        "wh sign --as curl --json -v slot.submitted --secret -x --header A:b",
        "wh send slot.submitted --to 3000 -n 3 --profile staging",
        "wh send --all --scheme wpg --no-config --color always",
        "wh listen --port 0 -- sh -c --version",
        "wh check --to 3000 --scheme wpg",
        "wh replay --to 3000 capture.jsonl",
        "wh log --since 10m",
        "wh verify capture.jsonl --catalogue mine",
        "wh events slot.submitted",
        "wh schemes",
        "wh init",
        "wh completions bash",
    ];

    #[test]
    fn a_subcommand_that_is_declared_alone_reads_what_the_whole_tree_reads() {
        for line in LINES {
            let whole = Cli::try_parse_from(words(line)).expect(line);
            let alone = Cli::of_one_command(&words(line)).expect(line);
            assert_eq!(format!("{alone:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn every_subcommand_can_be_declared_alone() {
        for command in Cli::command().get_subcommands() {
            let start = format!("wh {}", command.get_name());
            assert!(LINES.iter().any(|line| line.starts_with(&start)), "{start} is not in the test above");
        }
    }

    #[test]
    fn what_is_no_plain_command_is_left_to_the_whole_tree() {
        for line in [
            "wh",
            "wh --version",
            "wh --json sign slot.submitted",
            "wh sing",
            "wh sign --bogus",
            "wh sign -h",
            "wh help",
        ] {
            assert!(Cli::of_one_command(&words(line)).is_none(), "{line}");
        }
    }
}
