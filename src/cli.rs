//! What can be typed: the clap tree. No behaviour.

use std::path::PathBuf;

use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::commands::completions::{CompletionsArgs, complete_scheme};
use crate::commands::events::EventsArgs;
use crate::commands::listen::ListenArgs;
use crate::commands::schemes::SchemesArgs;
use crate::commands::send::SendArgs;
use crate::commands::sign::SignArgs;
use crate::context::ColorChoice;

/// Play the webhook provider: sign and deliver its events to the receiver that you are building
#[derive(Debug, Parser)]
#[command(
    name = "wh",
    version,
    arg_required_else_help = true,
    after_help = "Start with:\n  wh send slot.submitted                      deliver an event to a receiver inside wh\n  wh send slot.submitted --to localhost:3000  deliver it to yours\n  wh events                                   see all events"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command understands.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign fixture payloads and deliver them to a URL
    Send(Deferred<SendArgs>),
    /// Print the signed request instead of sending it
    Sign(Deferred<SignArgs>),
    /// Receive deliveries: verify, show, record, forward
    Listen(Deferred<ListenArgs>),
    /// List the events of the catalogue, or show one whole
    Events(Deferred<EventsArgs>),
    /// List the providers, or explain how one of them signs and delivers
    Schemes(Deferred<SchemesArgs>),
    /// Print the completion script of a shell
    Completions(Deferred<CompletionsArgs>),
}

/// A subcommand's arguments, declared only when it is the one that was typed: a start costs less.
#[derive(Debug)]
pub struct Deferred<A>(pub A);

impl<A: Args> Args for Deferred<A> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(A::augment_args)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(A::augment_args_for_update)
    }
}

impl<A: FromArgMatches> FromArgMatches for Deferred<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Flags that every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct SharedArgs {
    /// Choose the form of the output [default: human]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write one JSON object a line to stdout, as --format json
    #[arg(long, global = true)]
    pub json: bool,
    /// Choose when to use colours [default: auto]
    #[arg(long, global = true, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
    /// Show failures only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show requests and answers whole
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Read more providers from a directory [env: WH_CATALOGUE]
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub catalogue: Option<PathBuf>,
}

impl SharedArgs {
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
    /// Choose the provider
    #[arg(short, long, value_name = "NAME", add = complete_scheme())]
    pub scheme: Option<String>,
}

/// Where the secret comes from: the first of these that is given; given twice, it is two secrets.
#[derive(Debug, Args)]
#[command(next_help_heading = "Secret")]
pub struct SecretArgs {
    /// Read the secret from a file, or from stdin with `-`
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub secret_file: Vec<PathBuf>,
    /// Read the secret from an environment variable
    #[arg(long, value_name = "NAME")]
    pub secret_env: Vec<String>,
    /// Give the secret itself (others on this machine can see it in `ps`)
    #[arg(long, value_name = "VALUE")]
    pub secret: Vec<String>,
}
