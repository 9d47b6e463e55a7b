//! A subcommand's arguments, declared only where they are needed.

use std::ffi::OsString;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::SharedArgs;

/// A subcommand's arguments, declared only when it is the one that was typed. The shared flags are declared with them:
/// as clap's global ones they would be copied into every subcommand, which costs a start more than signing does.
#[derive(Debug)]
pub struct Deferred<A> {
    /// The subcommand's own.
    pub args: A,
    /// What every command understands.
    pub shared: SharedArgs,
}

impl<A: Args> Deferred<A> {
    /// Reads a subcommand's arguments, those that stand behind its name, with nothing else declared.
    pub(super) fn alone(arguments: &[OsString]) -> Option<Self> {
        let command = SharedArgs::augment_args(A::augment_args(Command::new("wh").no_binary_name(true)));
        // Nobody sees its help. Where there is a long text, clap looks for no other in what each flag can be given.
        let mut command = command.long_about("");
        let matches = command.try_get_matches_from_mut(arguments);
        // To take it down piece by piece costs a start more than signing does.
        std::mem::forget(command);
        Self::from_arg_matches_mut(&mut matches.ok()?).ok()
    }
}

impl<A: Args> Args for Deferred<A> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| with_shared_flags(A::augment_args(command)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| with_shared_flags(A::augment_args_for_update(command)))
    }
}

/// Declares the shared flags behind a subcommand's own; what the subcommand is about stays.
fn with_shared_flags(command: Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    let long_about = command.get_long_about().cloned();
    let command = SharedArgs::augment_args(command).about(about);
    match long_about {
        Some(long_about) => command.long_about(long_about),
        None => command,
    }
}

impl<A: FromArgMatches> FromArgMatches for Deferred<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        let args = A::from_arg_matches_mut(matches)?;
        Ok(Self { args, shared: SharedArgs::from_arg_matches_mut(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.args.update_from_arg_matches(matches)?;
        self.shared.update_from_arg_matches(matches)
    }
}
