//! `wh` plays the webhook provider: it signs and delivers the events that providers document.
//!
//! # In a test suite of your own
//!
//! ```
//! use wh::webhook::{catalogue::Catalogue, composition::{Draft, Payload}, event::EventName};
//! use wh::webhook::{secret::Secret, signing::Signing};
//!
//! let catalogue = Catalogue::embedded();
//! let (provider, event) = (catalogue.provider("wpg")?, EventName::from_name("wpg", "slot.submitted"));
//! let (now, url) = (jiff::Timestamp::now(), "http://localhost:3000/webhooks/wpg".parse()?);
//! let payload = Payload::Exact(r#"{"event":"slot.submitted"}"#.into());
//! let draft = Draft { event: &event, payload, id: None, timestamp: now, url: &url, edits: &[] };
//! let secrets = [Secret::new("mine", "whsec_mine")];
//! let delivery = provider.compose(draft, &mut fastrand::Rng::new())?;
//! let delivery = provider.scheme.sign(delivery, &Signing { timestamp: now, secrets: &secrets, fault: None })?;
//! // `delivery.request` is an `http::Request`: hand it to the receiver that you test.
//! assert!(provider.scheme.verify(&delivery, &secrets, now).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! - [`webhook`]: what a webhook is. Pure values and functions.
//! - [`edge`]: the outside world: sockets, files, prompts.
//! - [`report`]: everything visible.
//! - [`commands`]: one file a subcommand, where the three meet.
//! - [`cli`], [`help`], [`usage`]: what can be typed, what is told about it, and what is said of what cannot.
//! - [`settings`]: what was not typed, from the environment and from files.
//! - [`context`]: the world, read once. [`error`] and [`exit`]: how a run ends.
//!
//! Arrows point inward: `webhook` knows nobody, `edge` and `report` know `webhook`, `commands` knows them all.

pub mod cli;
pub mod commands;
pub mod context;
pub mod edge;
pub mod error;
pub mod exit;
pub mod help;
pub mod report;
pub mod settings;
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
use report::unread::WhileRead;
use report::{Outcome, Reporter};

/// The streams that a run writes to.
pub struct Streams<'a> {
    /// The answer.
    pub output: Box<dyn Write + 'a>,
    /// The conversation.
    pub errors: Box<dyn Write + 'a>,
}

/// Carries out a command line and says how it ended; what stopped it has been shown by then.
pub fn run(cli: Cli, context: &Context, mut streams: Streams<'_>) -> Exit {
    let mut cli = cli.gathered();
    if let Command::Completions(Deferred { args, .. }) = &cli.command {
        let outcome = commands::completions::run(args, &mut streams.output);
        return finish(outcome, reporter(&cli, context, streams).as_mut());
    }
    let mut reporter = reporter(&cli, context, streams);
    let reporter = reporter.as_mut();
    let settled = settle(&mut cli, context, reporter);
    finish(settled.and_then(|()| carry_out(&cli, context, reporter)), reporter)
}

/// Fills in what was not typed.
fn settle(cli: &mut Cli, context: &Context, reporter: &mut dyn Reporter) -> Result<(), Error> {
    for notice in settings::settle(cli, context)? {
        reporter.report(&Outcome::Notice(notice))?;
    }
    Ok(())
}

/// Runs the command.
fn carry_out(cli: &Cli, context: &Context, reporter: &mut dyn Reporter) -> Result<Exit, Error> {
    let shared = &cli.shared;
    match &cli.command {
        Command::Send(Deferred { args, .. }) => commands::send::run(args, shared, context, reporter),
        Command::Sign(Deferred { args, .. }) => commands::sign::run(args, shared, context, reporter),
        Command::Listen(Deferred { args, .. }) => commands::listen::run(args, shared, context, reporter),
        Command::Check(Deferred { args, .. }) => commands::check::run(args, shared, context, reporter),
        Command::Replay(Deferred { args, .. }) => commands::replay::run(args, shared, context, reporter),
        Command::Log(Deferred { args, .. }) => commands::log::run(args, shared, context, reporter),
        Command::Verify(Deferred { args, .. }) => commands::verify::run(args, shared, context, reporter),
        Command::Events(Deferred { args, .. }) => commands::events::run(args, shared, context, reporter),
        Command::Schemes(Deferred { args, .. }) => commands::schemes::run(args, shared, context, reporter),
        Command::Init(Deferred { args, .. }) => commands::init::run(args, shared, context, reporter),
        Command::Completions(_) => Ok(Exit::Good),
    }
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
    // When even this cannot be written, the exit code is all that is left to say.
    let _ = reporter.error(&error.problem());
    error.exit()
}

/// The reporter that the flags ask for.
fn reporter<'a>(cli: &Cli, context: &Context, mut streams: Streams<'a>) -> Box<dyn Reporter + 'a> {
    let shared = &cli.shared;
    // A listener and a log that is followed end with their reader: everybody else has something to do.
    if !matches!(cli.command, Command::Listen(_) | Command::Log(_)) {
        streams.output = Box::new(WhileRead::new(streams.output));
    }
    streams.errors = Box::new(WhileRead::new(streams.errors));
    let json = shared.format() == Format::Json
        || matches!(&cli.command, Command::Sign(Deferred { args, .. }) if args.wants_json());
    let verbosity = match (shared.quiet, shared.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    };
    if json {
        return Box::new(JsonReporter::new(streams.output, streams.errors, verbosity));
    }
    let style = Style {
        output: Palette::new(context.colours(shared.color(), context.terminals.output)),
        errors: Palette::new(context.colours(shared.color(), context.terminals.errors)),
        verbosity,
        terminal: context.terminals.output,
        page: context.terminals.page(),
        errors_page: context.terminals.errors_page(),
        zone: context.zone,
    };
    Box::new(HumanReporter::new(streams.output, streams.errors, style))
}
