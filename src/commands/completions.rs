//! `wh completions`: a shell's script, which asks `wh` itself, so that a user's own catalogue is completed too.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;
use clap_complete::env::Shells;
use clap_complete::{ArgValueCompleter, CompletionCandidate, Shell};

use super::logged::Logged;
use crate::cli::{SettingsArgs, SharedArgs};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::settings::Preview;
use crate::webhook::catalogue::Catalogue;
use crate::webhook::event::EventName;

/// The environment variable by which a script asks for candidates.
pub const VARIABLE: &str = "WH_COMPLETE";

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  source <(wh completions bash)\n  wh completions fish > ~/.config/fish/completions/wh.fish"
)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// bash takes `type@variant` for two words, the second a host, unless it is told that `@` breaks none.
const WHOLE_VARIANTS: &[u8] = b"COMP_WORDBREAKS=${COMP_WORDBREAKS//@/}\n";

/// The script of a shell.
pub fn script(shell: Shell) -> Result<Vec<u8>, Error> {
    let name = shell.to_string();
    let mut script = Vec::new();
    let unknown =
        || Error::usage(format!("`{name}` has no completions"), "bash, zsh, fish, powershell and elvish have");
    let shells = Shells::builtins();
    let completer = shells.completer(&name).ok_or_else(unknown)?;
    completer.write_registration(VARIABLE, "wh", "wh", "wh", &mut script)?;
    if shell == Shell::Bash {
        script.extend_from_slice(WHOLE_VARIANTS);
    }
    Ok(script)
}

/// Writes the script.
pub fn run(args: &CompletionsArgs, output: &mut dyn std::io::Write) -> Result<Exit, Error> {
    output.write_all(&script(args.shell)?)?;
    output.flush()?;
    Ok(Exit::Good)
}

/// Completes `--scheme` from the catalogue.
#[must_use]
pub fn complete_scheme() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let Some((typed, catalogue, _)) = asked(typed) else { return Vec::new() };
        let names = catalogue.names().filter(|name| name.starts_with(&typed));
        names
            .map(|name| {
                let title = catalogue.provider(name).ok().map(|provider| provider.title);
                CompletionCandidate::new(name).help(title.map(Into::into))
            })
            .collect()
    })
}

/// Completes EVENT from the catalogue: `type`, or `provider/type` where that is typed or needed.
#[must_use]
pub fn complete_event() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let Some((typed, catalogue, set)) = asked(typed) else { return Vec::new() };
        let scheme = argument(&["--scheme", "-s"]).and_then(|scheme| scheme.into_string().ok());
        // A provider that is set, and not typed, steps back behind one that is.
        let scheme = scheme.or(set.filter(|_| !typed.contains('/')));
        let of_scheme = |event: &EventName| scheme.as_ref().is_none_or(|scheme| event.provider == *scheme);
        let mut namesakes: HashMap<String, usize> = HashMap::new();
        for event in catalogue.events().filter(of_scheme) {
            *namesakes.entry(event.name()).or_default() += 1;
        }
        let mut candidates = Vec::new();
        for name in catalogue.names() {
            let Ok(provider) = catalogue.provider(name) else { continue };
            for info in &provider.events {
                let event = &info.name;
                if !of_scheme(event) {
                    continue;
                }
                let (short, full) = (event.name(), event.to_string());
                let alone = namesakes.get(&short) == Some(&1);
                let value = match (short.starts_with(&typed), full.starts_with(&typed)) {
                    (true, _) if alone => short,
                    (true, _) | (false, true) => full,
                    (false, false) => continue,
                };
                candidates.push(CompletionCandidate::new(value).help(Some(info.about.clone().into())));
            }
        }
        candidates
    })
}

/// Completes `--profile` from the files of settings.
#[must_use]
pub fn complete_profile() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        let set = Preview::new(&SharedArgs::default(), &Context::from_process()).unwrap_or_default();
        let profiles = set.profiles.into_iter().filter(|name| name.starts_with(typed));
        profiles.map(CompletionCandidate::new).collect()
    })
}

/// Completes the id of a delivery from the newest in the log.
#[must_use]
pub fn complete_id() -> ArgValueCompleter {
    /// How many of the newest records are offered.
    const NEWEST: usize = 200;
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        let given = argument(&["--log"]).map(PathBuf::from);
        let path = Logged::path(given.as_deref(), &Context::from_process()).ok();
        let logged = path.and_then(|path| Logged::open(&path).ok().flatten());
        let Some(newest) = logged.and_then(|logged| logged.newest(NEWEST).ok()) else { return Vec::new() };
        let wanted = newest.into_iter().filter(|entry| entry.id.starts_with(typed));
        wanted.map(|entry| CompletionCandidate::new(entry.id).help(Some(entry.event.into()))).collect()
    })
}

/// The word so far, the catalogue that the command line, the environment and the settings name, and the provider that
/// is set.
fn asked(typed: &OsStr) -> Option<(String, Catalogue, Option<String>)> {
    let shared = SharedArgs {
        catalogue: argument(&["--catalogue"]).map(PathBuf::from),
        settings: SettingsArgs {
            profile: argument(&["--profile"]).and_then(|profile| profile.into_string().ok()),
            no_config: std::env::args_os().any(|word| word == "--no-config"),
        },
        ..SharedArgs::default()
    };
    let context = Context::from_process();
    let set = Preview::new(&shared, &context).ok()?;
    let catalogue = context.catalogue(set.catalogue.as_deref()).ok()?;
    Some((typed.to_str()?.to_owned(), catalogue, set.scheme))
}

/// The value of a flag on the command line that is being completed. The library hands a completer its own word only.
fn argument(names: &[&str]) -> Option<OsString> {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    while let Some(word) = words.next() {
        if names.iter().any(|name| word == *name) {
            return words.next();
        }
        let text = word.to_str().unwrap_or_default();
        let joined = names.iter().find_map(|name| text.strip_prefix(name)?.strip_prefix('='));
        if let Some(value) = joined {
            return Some(value.into());
        }
    }
    None
}
