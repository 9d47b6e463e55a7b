//! `wh` plays the webhook provider: it signs and delivers the events that providers document.
//!
//! # Layout
//!
//! - [`webhook`]: what a webhook is. Pure values and functions.
//! - [`edge`]: the outside world: sockets, files, prompts.
//! - [`report`]: everything visible.
//! - [`commands`]: one file a subcommand, where the three meet.
//! - [`cli`], [`usage`]: what can be typed, and what is said of what cannot.
//! - [`context`]: the world, read once. [`error`] and [`exit`]: how a run ends.
//!
//! Arrows point inward: `webhook` knows nobody, `edge` and `report` know `webhook`, `commands` knows them all.

pub mod cli;
pub mod commands;
pub mod context;
pub mod edge;
pub mod error;
pub mod exit;
pub mod report;
pub mod usage;
pub mod webhook;

use std::io::{self, Write};

use cli::{Cli, Command, Deferred, Format};
use context::Context;
use error::Error;
use exit::Exit;
use report::human::{HumanReporter, Style, Verbosity};
use report::json::JsonReporter;
use report::palette::Palette;
use report::{Problem, Reporter};

/// The streams that a run writes to.
pub struct Streams<'a> {
    /// The answer.
    pub output: Box<dyn Write + 'a>,
    /// The conversation.
    pub errors: Box<dyn Write + 'a>,
}

/// Carries out a command line and says how it ended; what stopped it has been shown by then.
pub fn run(cli: &Cli, context: &Context, mut streams: Streams<'_>) -> Exit {
    if let Command::Completions(Deferred(args)) = &cli.command {
        let outcome = commands::completions::run(args, &mut streams.output);
        return finish(outcome, reporter(cli, context, streams).as_mut());
    }
    let mut reporter = reporter(cli, context, streams);
    let reporter = reporter.as_mut();
    let shared = &cli.shared;
    let outcome = match &cli.command {
        Command::Send(Deferred(args)) => commands::send::run(args, shared, context, reporter),
        Command::Sign(Deferred(args)) => commands::sign::run(args, shared, context, reporter),
        Command::Listen(Deferred(args)) => commands::listen::run(args, shared, context, reporter),
        Command::Events(Deferred(args)) => commands::events::run(args, shared, context, reporter),
        Command::Schemes(Deferred(args)) => commands::schemes::run(args, shared, context, reporter),
        Command::Completions(_) => Ok(Exit::Good),
    };
    finish(outcome, reporter)
}

/// Says what stopped a run, once, and turns it into an exit code.
pub fn finish(outcome: Result<Exit, Error>, reporter: &mut dyn Reporter) -> Exit {
    let error = match outcome {
        Ok(exit) => return exit,
        Err(error) => error,
    };
    // A reader who has had enough, such as `head`, is no failure.
    if matches!(&error, Error::Output(reason) if reason.kind() == io::ErrorKind::BrokenPipe) {
        return Exit::Good;
    }
    let problem = Problem { code: error.code(), message: error.to_string(), hint: error.hint() };
    // When even this cannot be written, the exit code is all that is left to say.
    let _ = reporter.error(&problem);
    error.exit()
}

/// The reporter that the flags ask for.
fn reporter<'a>(cli: &Cli, context: &Context, streams: Streams<'a>) -> Box<dyn Reporter + 'a> {
    let shared = &cli.shared;
    let json =
        shared.format() == Format::Json || matches!(&cli.command, Command::Sign(Deferred(args)) if args.wants_json());
    if json {
        return Box::new(JsonReporter::new(streams.output, streams.errors, shared.quiet));
    }
    let verbosity = match (shared.quiet, shared.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    let style = Style {
        output: Palette::new(context.colours(shared.color(), context.terminals.output)),
        errors: Palette::new(context.colours(shared.color(), context.terminals.errors)),
        verbosity,
        terminal: context.terminals.output,
        columns: context.terminals.columns,
    };
    Box::new(HumanReporter::new(streams.output, streams.errors, style))
}
