//! `wh schemes`: the providers, or how one of them signs and delivers.

use clap::Args;

use super::completions::complete_scheme;
use super::events::example;
use crate::cli::SharedArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::{Outcome, Reporter};
use crate::webhook::provider::Provider;

/// List the providers, or explain how one of them signs and delivers
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  wh schemes\n  wh schemes whop")]
pub struct SchemesArgs {
    /// The provider to explain
    #[arg(value_name = "NAME", add = complete_scheme())]
    name: Option<String>,
}

/// Lists the providers, or explains one.
pub fn run(
    args: &SchemesArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    if let Some(name) = &args.name {
        let provider = catalogue.provider(name)?;
        let first = provider.events.first();
        let example = first.map(|info| example(&info.name, &provider, &catalogue, context)).transpose()?;
        reporter.report(&Outcome::Scheme { provider: &provider, example: example.as_ref() })?;
        return Ok(Exit::Good);
    }
    let providers: Result<Vec<Provider>, _> = catalogue.names().map(|name| catalogue.provider(name)).collect();
    reporter.report(&Outcome::Schemes(&providers?))?;
    Ok(Exit::Good)
}
