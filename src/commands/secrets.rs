//! Which secret: from a flag, the environment or the provider's published test secret, the first found.

use std::io;
use std::path::Path;

use crate::cli::SecretArgs;
use crate::context::Context;
use crate::edge::input;
use crate::edge::target::Target;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::settings::secret::{Agreed, SecretSetting};
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;
use crate::webhook::signing::SigningError;

/// How long a secret may be, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Secrets, and what is worth saying about them.
#[derive(Debug)]
pub struct Secrets {
    /// The secrets, in the order in which they were given.
    pub secrets: Vec<Secret>,
    /// What to know about them.
    pub notices: Vec<Notice>,
}

/// The secrets of a provider. The test secret serves only where nothing leaves this machine.
pub fn secrets(
    args: &SecretArgs,
    provider: &Provider,
    context: &Context,
    target: Option<&Target>,
) -> Result<Secrets, Error> {
    let secrets = found(args, provider, context)?;
    let variable = provider.secret_variable();
    if secrets.is_empty() {
        if let Some(target) = target.filter(|target| !target.is_loopback()) {
            let url = target.as_str().to_owned();
            return Err(Error::NoSecret { scheme: provider.name.clone(), url, variable });
        }
        let notice = Notice::TestSecret { schemes: vec![provider.name.clone()], variable };
        return Ok(Secrets { secrets: vec![test_secret(provider)], notices: vec![notice] });
    }
    // A secret that is no key is told before anything is sent.
    for secret in &secrets {
        let check = provider.scheme.key.key(secret);
        check.map_err(|error| Error::Signing { error: SigningError::Secret(error), variable: variable.clone() })?;
    }
    let sources = secrets.iter().map(|secret| Notice::Setting {
        name: "secret",
        value: provider.name.clone(),
        origin: secret.name().to_owned(),
    });
    let notices = sources.chain(secrets.iter().flat_map(|secret| warnings(secret, provider))).collect();
    Ok(Secrets { secrets, notices })
}

/// The secrets that were given for a provider, as they are; none, when there is nothing but its test secret.
pub fn found(args: &SecretArgs, provider: &Provider, context: &Context) -> Result<Vec<Secret>, Error> {
    found_beside(&given(args, context)?, args, provider, context)
}

/// The same, where what the flags give has been read: the standard input can be read only once.
pub fn found_beside(
    given: &[Secret],
    args: &SecretArgs,
    provider: &Provider,
    context: &Context,
) -> Result<Vec<Secret>, Error> {
    let mut secrets = given.to_vec();
    if secrets.is_empty() {
        let variable = provider.secret_variable();
        let from_environment = [variable.as_str(), "WH_SECRET"]
            .into_iter()
            .find_map(|name| context.variable(name).map(|value| Secret::new(name, value.into_encoded_bytes())));
        secrets.extend(from_environment);
    }
    if secrets.is_empty()
        && let Some(setting) = args.configured.iter().find(|setting| setting.is_of(&provider.name))
    {
        secrets.push(set(setting, context)?);
    }
    Ok(secrets)
}

/// A provider's published test secret.
#[must_use]
pub fn test_secret(provider: &Provider) -> Secret {
    Secret::new("the test secret", provider.scheme.test_secret.clone())
}

/// The secrets that flags give; none, when no flag does.
pub fn given(args: &SecretArgs, context: &Context) -> Result<Vec<Secret>, Error> {
    let mut secrets = Vec::new();
    for path in &args.secret_file {
        let name = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
        let text = read(path, context).map_err(|reason| Error::File { path: name.clone(), reason })?;
        secrets.push(Secret::new(name, text));
    }
    if !secrets.is_empty() {
        return Ok(secrets);
    }
    for name in &args.secret_env {
        let value = context.variable(name).ok_or_else(|| Error::NoVariable { name: name.clone(), origin: None })?;
        secrets.push(Secret::new(name, value.into_encoded_bytes()));
    }
    if !secrets.is_empty() {
        return Ok(secrets);
    }
    for (index, value) in args.secret.iter().enumerate() {
        let name = if index == 0 { "--secret".to_owned() } else { format!("--secret {}", index + 1) };
        secrets.push(Secret::new(name, value.as_bytes()));
    }
    Ok(secrets)
}

/// The secret that a file of settings names the place of.
fn set(setting: &SecretSetting, context: &Context) -> Result<Secret, Error> {
    match setting.place(context)? {
        Agreed::Variable(name) => {
            let missing = || Error::NoVariable { name: name.clone(), origin: Some(setting.origin()) };
            let value = context.variable(&name).ok_or_else(missing)?;
            Ok(Secret::new(format!("{name} ({})", setting.origin()), value.into_encoded_bytes()))
        }
        Agreed::File(path) => {
            let name = path.display().to_string();
            let text = read(&path, context).map_err(|reason| Error::File { path: name.clone(), reason })?;
            Ok(Secret::new(format!("{name} ({})", setting.origin()), text))
        }
    }
}

/// A file without the line break that editors end it with.
fn read(path: &Path, context: &Context) -> io::Result<Vec<u8>> {
    let mut text =
        if path == Path::new("-") { input::all((context.input)(), LONGEST)? } else { input::file(path, LONGEST)? };
    let end = text.strip_suffix(b"\r\n").or_else(|| text.strip_suffix(b"\n")).map_or(text.len(), <[u8]>::len);
    text.truncate(end);
    Ok(text)
}

/// What is worth knowing of a secret that was given.
#[must_use]
pub fn warnings(secret: &Secret, provider: &Provider) -> Vec<Notice> {
    let name = || secret.name().to_owned();
    let mut notices = Vec::new();
    if secret.has_outer_whitespace() {
        notices.push(Notice::SecretWhitespace { name: name() });
    }
    if let Some(prefix) = &provider.scheme.key.prefix
        && !secret.expose().is_empty()
        && !secret.expose().starts_with(prefix.as_bytes())
    {
        notices.push(Notice::SecretPrefix { name: name(), prefix: prefix.clone() });
    }
    notices
}
