//! `wh init`: write `wh.toml`, or a folder for a provider of one's own.

pub mod project;
pub mod provider;

use std::path::{Path, PathBuf};

use clap::Args;

use self::project::Choices;
use super::arguments::{self, Mistake};
use super::completions::complete_scheme;
use crate::cli::SharedArgs;
use crate::context::Context;
use crate::edge::target::Target;
use crate::edge::{prompt, writing};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::settings::secret::{is_inside, is_of_webhooks};

/// Write wh.toml, or a folder for a provider of your own
///
/// Without a flag it asks, when there is someone to ask.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh init\n  wh init --scheme wpg --to localhost:3000/webhooks/wpg\n  wh init --provider acme"
)]
pub struct InitArgs {
    /// Set the provider
    #[arg(short, long, value_name = "NAME", add = complete_scheme(), help_heading = "wh.toml")]
    scheme: Option<String>,
    /// Set where deliveries go
    #[arg(long, value_name = "URL", value_parser = arguments::target, help_heading = "wh.toml")]
    to: Option<Target>,
    /// Say which environment variable the secret is in
    #[arg(long, value_name = "NAME", value_parser = variable, help_heading = "wh.toml")]
    secret_env: Option<String>,
    /// Say which file of this folder the secret is in
    #[arg(long, value_name = "FILE", value_parser = secret_file, value_hint = clap::ValueHint::FilePath, conflicts_with = "secret_env", help_heading = "wh.toml")]
    secret_file: Option<String>,
    /// Write a folder for a provider of this name, with all that a provider needs
    #[arg(long, value_name = "NAME", value_parser = provider::name, conflicts_with_all = ["scheme", "to", "secret_env", "secret_file"])]
    provider: Option<String>,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
}

/// Reads the name of a variable that a `wh.toml` may lead to.
fn variable(text: &str) -> Result<String, Mistake> {
    let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if text.bytes().all(good) && is_of_webhooks(text) {
        return Ok(text.to_owned());
    }
    // What is no name may be the secret itself, and is not repeated.
    let message = "it is not named like the secret of a webhook".to_owned();
    Err(Mistake { message, hint: "name a variable in capitals with WEBHOOK or SIGNING in it" })
}

/// Reads the path of a secret that a `wh.toml` may lead to.
fn secret_file(text: &str) -> Result<String, Mistake> {
    if text != "-" && !text.is_empty() && is_inside(Path::new("."), Path::new(text)) {
        return Ok(text.to_owned());
    }
    let message = format!("`{text}` is no file of this folder");
    Err(Mistake { message, hint: "name a file in it, or give --secret-file to the commands that need it" })
}

/// A file to be written.
struct Draft {
    path: PathBuf,
    text: String,
    /// Whether it takes the place of another, who has to agree.
    agreed: bool,
}

/// What is to be written, and what to do then.
struct Plan {
    drafts: Vec<Draft>,
    /// Whether the text is worth showing.
    shown: bool,
    next: Vec<String>,
}

/// Asks what to write where nothing was said and someone is there, and writes it.
pub fn run(
    args: &InitArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let asks = context.terminals.interactive() && !args.says_something();
    let plan = match &args.provider {
        Some(name) => provider::plan(name, shared, context)?,
        None => match choices(args, asks, shared, context)? {
            Some((choices, next)) => project::plan(choices, next)?,
            None => return stop(reporter),
        },
    };
    let taken = |draft: &&Draft| !draft.agreed && draft.path.symlink_metadata().is_ok();
    let taken: Vec<&Path> = plan.drafts.iter().filter(taken).map(|draft| draft.path.as_path()).collect();
    if let (Some(path), false, false) = (taken.first(), args.force, asks) {
        return Err(Error::Exists { path: path.display().to_string() });
    }
    if plan.shown {
        for draft in &plan.drafts {
            reporter.report(&Outcome::Draft { path: &draft.path, text: &draft.text })?;
        }
    }
    if asks && !agreed(&taken, args.force) {
        return stop(reporter);
    }
    for draft in &plan.drafts {
        let replaces = draft.path.exists();
        let written = if replaces { writing::replace } else { writing::create };
        written(&draft.path, &draft.text)
            .map_err(|reason| Error::Unwritable { path: draft.path.display().to_string(), reason })?;
        reporter.report(&Outcome::Written { path: &draft.path, text: &draft.text, replaces })?;
    }
    reporter.report(&Outcome::Next(&plan.next))?;
    Ok(Exit::Good)
}

impl InitArgs {
    /// Whether anything was typed that leaves nothing to ask.
    fn says_something(&self) -> bool {
        let settings = self.scheme.is_some() || self.to.is_some();
        settings || self.secret_env.is_some() || self.secret_file.is_some() || self.provider.is_some()
    }
}

/// What was typed, or what is answered; `None` when the questions were left.
fn choices(
    args: &InitArgs,
    asks: bool,
    shared: &SharedArgs,
    context: &Context,
) -> Result<Option<(Choices, Vec<String>)>, Error> {
    let catalogue = project::catalogue(shared, context)?;
    let choices = if asks {
        match project::ask(&catalogue)? {
            Some(choices) => choices,
            None => return Ok(None),
        }
    } else {
        Choices {
            scheme: args.scheme.clone(),
            to: args.to.as_ref().map(|to| to.as_str().to_owned()),
            secret_env: args.secret_env.clone(),
            secret_file: args.secret_file.clone(),
            ..Choices::default()
        }
    };
    let next = project::next(&choices, &catalogue)?;
    Ok(Some((choices, next)))
}

fn agreed(taken: &[&Path], force: bool) -> bool {
    let question = match taken {
        [path, ..] if !force => format!("`{}` is there already. Replace it?", path.display()),
        _ => "Write this?".to_owned(),
    };
    prompt::confirm(&question) == Ok(Some(true))
}

fn stop(reporter: &mut dyn Reporter) -> Result<Exit, Error> {
    reporter.report(&Outcome::Notice(Notice::NothingWritten))?;
    Ok(Exit::Interrupted)
}
