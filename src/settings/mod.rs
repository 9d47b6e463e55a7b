//! Settings: what was not typed, from the environment, from `./wh.toml` or from the user's `config.toml`.
//!
//! A flag comes before an environment variable, that before the profile that was chosen, that before what stands at
//! the top of a file; in each, the project's file comes before the user's. This is the one place that knows: a
//! command finds the values in its own arguments, as if they had been typed.

pub mod file;
pub mod secret;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use self::file::{Line, Section, SettingsFile};
use self::secret::{SecretSetting, joined};
use crate::cli::{Cli, SchemeArgs, SecretArgs, SharedArgs};
use crate::context::Context;
use crate::edge::input;
use crate::edge::target::{Target, TargetError};
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::catalogue::CatalogueError;
use crate::webhook::nearest::suggestion;
use crate::webhook::table::Source;

/// The project's file, in the working directory.
pub const PROJECT_FILE: &str = "wh.toml";

/// How large a file of settings may be.
const LARGEST: u64 = 1024 * 1024;

/// The arguments of a command that settings stand in for.
#[derive(Default)]
pub struct Slots<'a> {
    /// The provider.
    pub scheme: Option<&'a mut SchemeArgs>,
    /// The target.
    pub to: Option<&'a mut Option<Target>>,
    /// The secrets.
    pub secret: Option<&'a mut SecretArgs>,
    /// Whether a target elsewhere was agreed to on the command line.
    pub allow_remote: bool,
}

/// Who says what a setting is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// A file.
    File {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: usize,
        /// The profile.
        profile: Option<String>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File { path, line, profile: None } => write!(f, "{path}:{line}"),
            Self::File { path, line, profile: Some(profile) } => write!(f, "{path}:{line} (profile {profile})"),
        }
    }
}

/// Fills in what was not typed, and says where each value came from.
pub fn settle(cli: &mut Cli, context: &Context) -> Result<Vec<Notice>, Error> {
    let Some(slots) = cli.command.slots() else { return Ok(Vec::new()) };
    let shared = &mut cli.shared;
    let files = Files::read(shared, context)?;
    let sections = files.sections(shared, context)?;
    let mut notices = Vec::new();
    let mut say = |name: &'static str, value: String, origin: &Origin| {
        notices.push(Notice::Setting { name, value, origin: origin.to_string() });
    };

    if let Some((value, origin)) = catalogue(shared, &sections, context)? {
        say("catalogue", value.display().to_string(), &origin);
        shared.catalogue = Some(value);
    }
    if let Some(args) = slots.scheme
        && let Some((value, origin)) = scheme(args, shared, &sections, context)?
    {
        say("scheme", value.clone(), &origin);
        args.configured = args.scheme.is_none();
        args.scheme = Some(value);
    }
    if let Some(to) = slots.to
        && let Some((value, origin)) = target(to.take(), &sections, context)?
    {
        say("to", value.as_str().to_owned(), &origin);
        *to = Some(value);
    }
    if let Some(args) = slots.secret {
        args.configured = secrets(&sections, slots.allow_remote, context);
    }
    Ok(notices)
}

/// What is set for a command line that is still being typed.
#[derive(Debug, Default)]
pub struct Preview {
    /// The directory with more providers.
    pub catalogue: Option<PathBuf>,
    /// The provider.
    pub scheme: Option<String>,
    /// The profiles that there are.
    pub profiles: Vec<String>,
}

impl Preview {
    /// Reads what is set; `shared` is what was typed so far.
    pub fn new(shared: &SharedArgs, context: &Context) -> Result<Self, Error> {
        let files = Files::read(shared, context)?;
        let profiles = files.profiles().map(str::to_owned).collect();
        let sections = files.sections(shared, context)?;
        let catalogue = catalogue(shared, &sections, context)?.map(|(path, _)| path);
        let scheme = match text_variable(context, "WH_SCHEME")? {
            Some(scheme) => Some(scheme),
            None => first(&sections, |section| section.scheme.as_ref()).map(|(_, line)| line.value.clone()),
        };
        Ok(Self { catalogue, scheme, profiles })
    }
}

/// The files that were found, the project's first.
struct Files(Vec<Found>);

/// A file of settings.
struct Found {
    /// As messages have it.
    path: String,
    text: String,
    /// The folder that its paths are read from.
    folder: PathBuf,
    of_project: bool,
    file: SettingsFile,
}

/// What one file says at its top or in the profile that was chosen.
struct Chosen<'a> {
    found: &'a Found,
    profile: Option<&'a str>,
    section: &'a Section,
}

impl Files {
    fn read(shared: &SharedArgs, context: &Context) -> Result<Self, Error> {
        if shared.settings.no_config {
            return Ok(Self(Vec::new()));
        }
        let project = Found::read(Path::new(PROJECT_FILE), format!("./{PROJECT_FILE}"), true)?;
        let user = match context.config_path() {
            Some(path) => Found::read(&path, path.display().to_string(), false)?,
            None => None,
        };
        Ok(Self(project.into_iter().chain(user).collect()))
    }

    /// What there is to look through, in order.
    fn sections(&self, shared: &SharedArgs, context: &Context) -> Result<Vec<Chosen<'_>>, Error> {
        let mut sections = Vec::new();
        let variable = text_variable(context, "WH_PROFILE")?;
        if let Some(profile) = shared.settings.profile.as_deref().or(variable.as_deref()) {
            for found in &self.0 {
                let of_name = found.file.profiles.iter().find(|(name, _)| name == profile);
                sections.extend(of_name.map(|(name, section)| Chosen { found, profile: Some(name), section }));
            }
            if sections.is_empty() {
                return Err(self.unknown(profile));
            }
        }
        sections.extend(self.0.iter().map(|found| Chosen { found, profile: None, section: &found.file.top }));
        Ok(sections)
    }

    /// The names of all profiles.
    fn profiles(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|found| found.file.profiles.iter().map(|(name, _)| name.as_str()))
    }

    fn unknown(&self, profile: &str) -> Error {
        let mut known: Vec<&str> = self.profiles().collect();
        known.dedup();
        let hint = suggestion(profile, known.iter().copied(), || match known.as_slice() {
            [] => format!("write [profile.{profile}] into ./{PROJECT_FILE}"),
            known => format!("the profiles are {}", known.join(", ")),
        });
        Error::usage(format!("there is no profile `{profile}`"), hint)
    }
}

impl Found {
    /// Reads a file; `None` when there is none.
    fn read(path: &Path, shown: String, of_project: bool) -> Result<Option<Self>, Error> {
        let unreadable = |reason| Error::File { path: shown.clone(), reason };
        match input::plain(path) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(reason) => return Err(unreadable(reason)),
        }
        let bytes = input::file(path, LARGEST).map_err(unreadable)?;
        let source = Source::from_bytes(&shown, &bytes).map_err(CatalogueError::File)?;
        let file = SettingsFile::read(source).map_err(CatalogueError::File)?;
        let text = source.text.to_owned();
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        Ok(Some(Self { path: shown, text, folder, of_project, file }))
    }

    /// What is wrong with one of its values.
    fn error<T>(&self, at: &Line<T>, message: String, hint: Option<String>) -> Error {
        let source = Source { path: &self.path, text: &self.text };
        CatalogueError::File(source.error(at.offset, message, hint)).into()
    }
}

impl Chosen<'_> {
    fn origin<T>(&self, at: &Line<T>) -> Origin {
        Origin::File { path: self.found.path.clone(), line: at.line, profile: self.profile.map(str::to_owned) }
    }
}

/// The first section that has a value, and the value.
fn first<'a, T>(
    sections: &'a [Chosen<'a>],
    value: impl Fn(&'a Section) -> Option<&'a Line<T>>,
) -> Option<(&'a Chosen<'a>, &'a Line<T>)> {
    sections.iter().find_map(|chosen| Some((chosen, value(chosen.section)?)))
}

fn catalogue(
    shared: &SharedArgs,
    sections: &[Chosen<'_>],
    context: &Context,
) -> Result<Option<(PathBuf, Origin)>, Error> {
    if let Some(path) = &shared.catalogue {
        return Ok(Some((path.clone(), Origin::Flag("--catalogue"))));
    }
    if let Some(path) = context.variable("WH_CATALOGUE").filter(|path| !path.is_empty()) {
        return Ok(Some((path.into(), Origin::Variable("WH_CATALOGUE"))));
    }
    let Some((chosen, line)) = first(sections, |section| section.catalogue.as_ref()) else { return Ok(None) };
    let path = joined(&chosen.found.folder, &line.value, context.home().as_deref());
    // `./webhooks` is told as `webhooks`; the folder itself is nothing without its dot.
    let path =
        path.strip_prefix(".").ok().filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned).unwrap_or(path);
    if !path.is_dir() {
        let message = format!("`catalogue`: there is no folder `{}`", path.display());
        return Err(chosen.found.error(line, message, Some("paths are read from the folder of this file".to_owned())));
    }
    Ok(Some((path, chosen.origin(line))))
}

fn scheme(
    args: &SchemeArgs,
    shared: &SharedArgs,
    sections: &[Chosen<'_>],
    context: &Context,
) -> Result<Option<(String, Origin)>, Error> {
    if let Some(name) = &args.scheme {
        return Ok(Some((name.clone(), Origin::Flag("--scheme"))));
    }
    if let Some(name) = text_variable(context, "WH_SCHEME")? {
        return Ok(Some((name, Origin::Variable("WH_SCHEME"))));
    }
    let Some((chosen, line)) = first(sections, |section| section.scheme.as_ref()) else { return Ok(None) };
    // Told here, where it is known in which line the slip is.
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    if let Err(unknown) = catalogue.check(&line.value) {
        let unknown = Error::from(unknown);
        return Err(chosen.found.error(line, unknown.to_string(), unknown.hint()));
    }
    Ok(Some((line.value.clone(), chosen.origin(line))))
}

fn target(
    typed: Option<Target>,
    sections: &[Chosen<'_>],
    context: &Context,
) -> Result<Option<(Target, Origin)>, Error> {
    if let Some(target) = typed {
        return Ok(Some((target, Origin::Flag("--to"))));
    }
    if let Some(text) = text_variable(context, "WH_TO")? {
        let target = text.parse().map_err(|error: TargetError| {
            Error::usage(format!("WH_TO: {error}"), "put 3000, localhost:3000/path or a URL into it")
        })?;
        return Ok(Some((target, Origin::Variable("WH_TO"))));
    }
    let found = first(sections, |section| section.to.as_ref());
    Ok(found.map(|(chosen, line)| (line.value.clone(), chosen.origin(line))))
}

/// The places of secrets in order. One belongs to the provider that its file names, if that names one.
fn secrets(sections: &[Chosen<'_>], allowed: bool, context: &Context) -> Vec<SecretSetting> {
    let setting = |chosen: &Chosen<'_>| {
        let line = chosen.section.secret.as_ref()?;
        let scheme = chosen.section.scheme.as_ref().or(chosen.found.file.top.scheme.as_ref());
        Some(SecretSetting {
            place: line.value.clone(),
            scheme: scheme.map(|scheme| scheme.value.clone()),
            origin: chosen.origin(line),
            folder: chosen.found.folder.clone(),
            home: context.home(),
            of_project: chosen.found.of_project,
            agreed: if allowed { OnceLock::from(true) } else { OnceLock::new() },
        })
    };
    sections.iter().filter_map(setting).collect()
}

/// A variable's text; `None` when it is not set or empty.
fn text_variable(context: &Context, name: &'static str) -> Result<Option<String>, Error> {
    let Some(value) = context.variable(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let text = value.into_string().map_err(|_: OsString| Error::usage(format!("{name} is not UTF-8"), "set it anew"));
    text.map(Some)
}
