//! `wh.toml`: the questions that it answers, and its text.

use std::fs;

use super::{Draft, Plan};
use crate::cli::SharedArgs;
use crate::commands::sign::default_url;
use crate::context::Context;
use crate::edge::prompt;
use crate::edge::target::Target;
use crate::error::Error;
use crate::settings::file::SettingsFile;
use crate::settings::{PROJECT_FILE, Preview};
use crate::webhook::catalogue::{Catalogue, CatalogueError};
use crate::webhook::provider::Provider;
use crate::webhook::table::Source;

/// What a `wh.toml` is to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) scheme: Option<String>,
    pub(super) to: Option<String>,
    pub(super) secret_env: Option<String>,
    pub(super) secret_file: Option<String>,
    pub(super) catalogue: Option<String>,
}

/// All providers that can be chosen. A `wh.toml` that is to be replaced may be wrong, and has no say then.
pub(super) fn catalogue(shared: &SharedArgs, context: &Context) -> Result<Catalogue, Error> {
    if shared.catalogue.is_some() {
        return context.catalogue(shared.catalogue.as_deref());
    }
    let set = Preview::new(shared, context).unwrap_or_default();
    Ok(context.catalogue(set.catalogue.as_deref()).unwrap_or_else(|_| Catalogue::embedded()))
}

/// Asks what to write; `None` when the questions were left.
pub(super) fn ask(catalogue: &Catalogue) -> Result<Option<Choices>, Error> {
    let names: Vec<&str> = catalogue.names().collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let mut items = Vec::new();
    for name in &names {
        items.push(format!("{name:width$}  {}", catalogue.provider(name)?.title));
    }
    items.push(format!("{:width$}  say it each time, with --scheme", "none"));
    let Ok(Some(index)) = prompt::select("Whose webhooks do you receive", &items) else { return Ok(None) };
    let scheme = names.get(index).map(|name| (*name).to_owned());
    let provider = scheme.as_deref().map(|name| catalogue.provider(name)).transpose()?;

    let usual = provider.as_ref().map_or_else(
        || "localhost:3000".to_owned(),
        |provider| format!("localhost:3000{}", default_url(provider).path()),
    );
    let question = "Where does your receiver listen";
    let target = |text: &str| text.parse::<Target>().map(drop).map_err(|error| error.to_string());
    let Ok(Some(to)) = prompt::input(question, &usual, target) else { return Ok(None) };

    let variable = provider.as_ref().map_or_else(|| "WH_SECRET".to_owned(), Provider::secret_variable);
    let places = [
        "nowhere yet: the public test secret will do".to_owned(),
        format!("in the environment variable {variable}"),
        "in another environment variable".to_owned(),
        "in a file of this folder".to_owned(),
    ];
    let Ok(Some(place)) = prompt::select("Where is the secret", &places) else { return Ok(None) };
    let mut choices = Choices { scheme, to: Some(to), ..Choices::default() };
    match place {
        1 => choices.secret_env = Some(variable),
        2 => {
            let check = |text: &str| super::variable(text).map(drop).map_err(|mistake| mistake.hint.to_owned());
            let Ok(Some(name)) = prompt::input("Its name", &variable, check) else { return Ok(None) };
            choices.secret_env = Some(name);
        }
        3 => {
            let check = |text: &str| super::secret_file(text).map(drop).map_err(|mistake| mistake.message);
            let Ok(Some(path)) = prompt::input("Its path", "secrets/webhook", check) else { return Ok(None) };
            choices.secret_file = Some(path);
        }
        _ => {}
    }
    Ok(Some(choices))
}

/// What to try once the file is there.
pub(super) fn next(choices: &Choices, catalogue: &Catalogue) -> Result<Vec<String>, Error> {
    let Some(name) = &choices.scheme else { return Ok(vec!["wh events".to_owned()]) };
    let provider = catalogue.provider(name)?;
    let send = provider.events.first().map(|info| format!("wh send {}", info.name.name()));
    Ok(send.into_iter().chain(["wh listen".to_owned()]).collect())
}

pub(super) fn plan(mut choices: Choices, next: Vec<String>) -> Result<Plan, Error> {
    // Providers of one's own stay, when what led to them is replaced.
    let there = fs::read_to_string(PROJECT_FILE).unwrap_or_default();
    let there = SettingsFile::read(Source { path: PROJECT_FILE, text: &there }).unwrap_or_default();
    choices.catalogue = there.top.catalogue.map(|line| line.value);
    let text = text(&choices);
    // Whatever was answered, what is written can be read.
    let path = format!("./{PROJECT_FILE}");
    SettingsFile::read(Source { path: &path, text: &text }).map_err(CatalogueError::File)?;
    let draft = Draft { path: PROJECT_FILE.into(), text, agreed: false };
    Ok(Plan { drafts: vec![draft], shown: true, next })
}

/// The file with a comment for each setting; what is not set is shown as it could be.
fn text(choices: &Choices) -> String {
    let line = |key: &str, value: Option<&String>, example: &str| match value {
        Some(value) => format!("{key} = {}\n", quoted(value)),
        None => format!("# {key} = {}\n", quoted(example)),
    };
    let secret = match &choices.secret_file {
        Some(_) => line("secret-file", choices.secret_file.as_ref(), ""),
        None => line("secret-env", choices.secret_env.as_ref(), "SHOP_WEBHOOK_SECRET"),
    };
    format!(
        "# Settings of wh in this folder. A flag or an environment variable comes first;\n\
         # `wh -v` shows what counts.\n\
         \n\
         # The provider; `wh schemes` lists them.\n\
         {}\
         \n\
         # Where deliveries go. Without it, they go to a receiver inside wh.\n\
         {}\
         \n\
         # Where the secret is, never the secret itself: in an environment variable, or\n\
         # in a file of this folder that is not committed (`secret-file`).\n\
         {secret}\
         \n\
         # Providers of your own; `wh init --provider NAME` writes one.\n\
         {}\
         \n\
         # What counts instead with `--profile staging`.\n\
         # [profile.staging]\n\
         # to = \"https://staging.example.com/webhooks\"\n\
         # secret-env = \"STAGING_WEBHOOK_SECRET\"\n",
        line("scheme", choices.scheme.as_ref(), "NAME"),
        line("to", choices.to.as_ref(), "localhost:3000/webhooks"),
        line("catalogue", choices.catalogue.as_ref(), "providers"),
    )
}

/// A text as TOML and JSON both write it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::file::SecretPlace;

    fn read(text: &str) -> SettingsFile {
        SettingsFile::read(Source { path: "wh.toml", text }).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let choices = Choices {
            scheme: Some("acme".to_owned()),
            to: Some("localhost:3000/a?b=\"c\"".to_owned()),
            secret_env: None,
            secret_file: Some("a \\ b \u{7f}\u{1}é".to_owned()),
            catalogue: Some("providers".to_owned()),
        };
        let file = read(&text(&choices));
        assert_eq!(file.top.scheme.map(|line| line.value), choices.scheme);
        assert_eq!(file.top.to.map(|line| line.value.clone()), "localhost:3000/a?b=\"c\"".parse().ok());
        assert_eq!(file.top.secret.map(|line| line.value), choices.secret_file.map(SecretPlace::File));
    }

    #[test]
    fn what_is_not_set_is_shown_and_says_nothing() {
        let text = text(&Choices::default());
        assert_eq!(read(&text), SettingsFile::default());
        // Without the marks of its comments it is a file, too: what it shows can be used.
        let shown = text
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .filter(|line| line.contains(" = ") || line.starts_with('['));
        let file = read(&shown.collect::<Vec<_>>().join("\n"));
        assert_eq!((file.profiles.len(), file.top.catalogue.is_some()), (1, true));
    }
}
