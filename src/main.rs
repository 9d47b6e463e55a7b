//! Arguments, clock and streams in; exit code out.

use std::ffi::OsString;
use std::io::{self, BufWriter, LineWriter, Write as _};
use std::process::ExitCode;

use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use clap_complete::CompleteEnv;
use wh::cli::Cli;
use wh::commands::completions;
use wh::context::{ColorChoice, Context};
use wh::edge::interruption::survive_file_size_limit;
use wh::error::Error;
use wh::exit::Exit;
use wh::report::Reporter;
use wh::report::human::{HumanReporter, Style, Verbosity};
use wh::report::json::JsonReporter;
use wh::report::palette::Palette;
use wh::{Streams, help, usage};

fn main() -> ExitCode {
    if std::env::var_os(completions::VARIABLE).is_some() {
        CompleteEnv::with_factory(Cli::command).var(completions::VARIABLE).bin("wh").complete();
    }
    survive_file_size_limit();
    let context = Context::from_process();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match parse(&arguments) {
        Ok(cli) => wh::run(cli, &context, streams()).into(),
        Err(error) => refuse(&error, &arguments, &context).into(),
    }
}

/// Reads the command line.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    if let Some(cli) = Cli::of_one_command(arguments) {
        return Ok(cli);
    }
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments);
    let cli = matches
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command)));
    // To take the tree of commands down piece by piece costs a start more than signing does.
    std::mem::forget(command);
    cli
}

fn streams() -> Streams<'static> {
    Streams { output: Box::new(BufWriter::new(io::stdout())), errors: Box::new(LineWriter::new(io::stderr())) }
}

/// Shows the help or the version that was asked for, or what is wrong with the command line.
fn refuse(error: &clap::Error, arguments: &[OsString], context: &Context) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let mut reporter = HumanReporter::new(Box::new(io::sink()), streams().errors, plain(context));
            let short = help::short(Cli::command(), arguments).filter(|_| error.kind() == ErrorKind::DisplayHelp);
            let coloured = context.colours(ColorChoice::Auto, context.terminals.output);
            let printed = match short {
                Some(text) => io::stdout().write_all(painted(&text, coloured).as_bytes()),
                None => error.print(),
            };
            let printed = printed.and_then(|()| io::stdout().flush());
            wh::finish(printed.map(|()| Exit::Good).map_err(Error::from), &mut reporter)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let coloured = context.colours(ColorChoice::Auto, context.terminals.errors);
            let _ = io::stderr().write_all(painted(&help::start(Cli::command()), coloured).as_bytes());
            Exit::Usage
        }
        _ => {
            let streams = streams();
            let style = plain(context);
            let mut reporter: Box<dyn Reporter> = if wants_json(arguments) {
                Box::new(JsonReporter::new(streams.output, streams.errors, Verbosity::Normal))
            } else {
                Box::new(HumanReporter::new(streams.output, streams.errors, style))
            };
            let exit = wh::finish(Err(usage::error(error)), reporter.as_mut());
            let _ = io::stdout().flush();
            exit
        }
    }
}

/// A help text for a stream.
fn painted(text: &StyledStr, coloured: bool) -> String {
    if coloured { text.ansi().to_string() } else { text.to_string() }
}

/// How errors look before the flags are known.
fn plain(context: &Context) -> Style {
    let errors = Palette::new(context.colours(ColorChoice::Auto, context.terminals.errors));
    let page = context.terminals.errors_page();
    Style {
        output: errors,
        errors,
        verbosity: Verbosity::Normal,
        terminal: false,
        page,
        errors_page: page,
        zone: context.zone,
    }
}

/// Whether a command line that could not be read asked for JSON all the same.
fn wants_json(arguments: &[OsString]) -> bool {
    let mut words = arguments.iter().skip(1).take_while(|word| *word != "--").peekable();
    while let Some(word) = words.next() {
        let separate = word == "--format" && words.peek().is_some_and(|next| *next == "json");
        if word == "--json" || word == "--format=json" || separate {
            return true;
        }
    }
    false
}
