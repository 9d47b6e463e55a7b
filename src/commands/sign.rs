//! `wh sign`: print the signed request instead of sending it.

use clap::Args;
use http::Uri;

use super::arguments;
use super::composing::{Composer, DeliveryArgs};
use super::secrets::secrets;
use crate::cli::SharedArgs;
use crate::context::Context;
use crate::edge::target::Target;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::export::ExportForm;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::event::EventName;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;

/// Print the signed request instead of sending it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh sign slot.submitted --to localhost:3000 --as curl | sh\n  wh sign whop/payment.succeeded --as http --to localhost:3000/webhooks/whop"
)]
pub struct SignArgs {
    /// The event: type, provider/type or type@variant
    #[arg(value_name = "EVENT", add = super::completions::complete_event())]
    event: Option<String>,
    /// Choose the form
    #[arg(long = "as", value_name = "FORM", default_value = "http")]
    form: ExportForm,
    /// Write the request for this URL
    #[arg(long, value_name = "URL", value_parser = arguments::target)]
    to: Option<Target>,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

impl SignArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        let DeliveryArgs { scheme, secret, .. } = &mut self.delivery;
        Slots { scheme: Some(scheme), to: Some(&mut self.to), secret: Some(secret), allow_remote: false }
    }

    /// Whether the answer is to be JSON by this command's own flag.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.form == ExportForm::Json
    }
}

/// Signs one delivery and prints it.
pub fn run(
    args: &SignArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let mut composer = Composer::new(&args.delivery, context, &catalogue)?;
    let patterns: Vec<String> = args.event.iter().cloned().collect();
    let events = composer.events(&patterns, false)?;
    let [event] = events.as_slice() else {
        return Err(several(&events));
    };
    let provider = catalogue.provider(&event.provider)?;
    let url = args.to.as_ref().map_or_else(|| default_url(&provider), |target| target.uri().clone());
    let secrets = secrets(&args.delivery.secret, &provider, context, args.to.as_ref())?;
    let keyring = Keyring::new(&provider.scheme, &secrets.secrets);
    let delivery = composer.delivery(event, &provider, &keyring, &url)?;
    for notice in secrets.notices.into_iter().chain(composer.notices(&provider)).chain(composer.additions(event)) {
        reporter.report(&Outcome::Notice(notice))?;
    }
    reporter.report(&Outcome::Signed { delivery: &delivery, provider: &provider, form: args.form })?;
    Ok(Exit::Good)
}

/// Where a request would go when nobody said: to the port that receivers are tried on, at the path of the guide.
pub(super) fn default_url(provider: &Provider) -> Uri {
    let path = provider.request.path.as_deref().unwrap_or("/");
    let url = format!("http://localhost:3000{path}").parse();
    url.unwrap_or_else(|_| Uri::from_static("http://localhost:3000/"))
}

fn several(events: &[EventName]) -> Error {
    let message = format!("{} events are meant, and one can be signed at a time", events.len());
    Error::usage(message, "name one EVENT; `wh send` delivers several")
}
