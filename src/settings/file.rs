//! `wh.toml` and the user's `config.toml`: what may stand in them, read with its place.
//!
//! ```toml
//! scheme = "wpg"
//! to = "localhost:3000/webhooks/wpg"
//! secret-env = "WPG_WEBHOOK_SECRET"
//!
//! [profile.staging]
//! to = "https://staging.example.com/webhooks/wpg"
//! ```

use crate::edge::target::Target;
use crate::webhook::table::{At, FileError, Source, Table};

/// What a file may say at its top, and, but for the profiles, in each of these.
pub const KEYS: [&str; 6] = ["scheme", "to", "secret-env", "secret-file", "catalogue", "profile"];

/// A file of settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsFile {
    /// What stands at its top.
    pub top: Section,
    /// Its profiles by name, in their order.
    pub profiles: Vec<(String, Section)>,
}

/// What a file says at its top or in one profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// The provider.
    pub scheme: Option<Line<String>>,
    /// The target.
    pub to: Option<Line<Target>>,
    /// Where the secret is.
    pub secret: Option<Line<SecretPlace>>,
    /// Where more providers are, as written.
    pub catalogue: Option<Line<String>>,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// In an environment variable of that name.
    Variable(String),
    /// In a file, as written.
    File(String),
}

/// A value, its line, and where in the file it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<T> {
    /// The value.
    pub value: T,
    /// The line, counted from 1.
    pub line: usize,
    /// The offset in bytes.
    pub offset: usize,
}

impl SettingsFile {
    /// Reads a file. One without a word in it says nothing.
    pub fn read(source: Source<'_>) -> Result<Self, FileError> {
        if source.text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut table = source.table()?;
        no_secret(&table)?;
        table.allow(&KEYS)?;
        let profiles = table.table("profile")?.into_tables()?;
        let profiles = profiles.into_iter().map(|(name, profile)| {
            no_secret(&profile)?;
            profile.allow(&KEYS[..KEYS.len() - 1])?;
            Ok((name.value, Section::read(profile)?))
        });
        Ok(Self { profiles: profiles.collect::<Result<_, _>>()?, top: Section::read(table)? })
    }
}

impl Section {
    fn read(mut table: Table<'_>) -> Result<Self, FileError> {
        let scheme = table.text("scheme")?;
        let target = table.text("to")?;
        let to = target.map(|text| Ok(line(&table, &text, read_target(&table, &text)?))).transpose()?;
        let variable = table.text("secret-env")?;
        let file = table.text("secret-file")?;
        let secret = match (variable, file) {
            (Some(variable), Some(file)) => {
                let second = if variable.span.start < file.span.start { &file } else { &variable };
                let message = "`secret-env` and `secret-file` exclude each other".to_owned();
                return Err(table.error(&second.span, message, Some("keep one of them".to_owned())));
            }
            (Some(text), None) => Some(line(&table, &text, SecretPlace::Variable(read_variable(&table, &text)?))),
            (None, Some(text)) => Some(line(&table, &text, SecretPlace::File(read_path(&table, &text)?))),
            (None, None) => None,
        };
        let catalogue = table.text("catalogue")?;
        Ok(Self {
            scheme: scheme.map(|text| line(&table, &text, text.value.clone())),
            to,
            secret,
            catalogue: catalogue.map(|text| line(&table, &text, text.value.clone())),
        })
    }
}

fn line<T>(table: &Table<'_>, text: &At<String>, value: T) -> Line<T> {
    Line { value, line: table.line(&text.span), offset: text.span.start }
}

/// A file that is shared with others holds no secret; whoever writes one into it wants to know where it belongs.
fn no_secret(table: &Table<'_>) -> Result<(), FileError> {
    let Some(at) = table.key("secret") else { return Ok(()) };
    let hint = "keep it in an environment variable or a file of its own, and name that: `secret-env` or `secret-file`";
    Err(table.error(&at, "a secret does not belong in this file".to_owned(), Some(hint.to_owned())))
}

fn read_target(table: &Table<'_>, text: &At<String>) -> Result<Target, FileError> {
    let hint = || Some("write \"3000\", \"localhost:3000/path\" or \"https://example.com/path\"".to_owned());
    text.value
        .parse()
        .map_err(|error: crate::edge::target::TargetError| table.error(&text.span, format!("`to`: {error}"), hint()))
}

/// What is no name may be the secret itself, and is not repeated.
fn read_variable(table: &Table<'_>, text: &At<String>) -> Result<String, FileError> {
    let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if text.value.bytes().all(good) && !text.value.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(text.value.clone());
    }
    let message = "`secret-env` is the name of an environment variable: capitals, digits and `_`".to_owned();
    Err(table.error(
        &text.span,
        message,
        Some("write the name, such as \"SHOP_WEBHOOK_SECRET\", and not the secret".into()),
    ))
}

fn read_path(table: &Table<'_>, text: &At<String>) -> Result<String, FileError> {
    if text.value == "-" {
        let message = "`secret-file` must be a file".to_owned();
        return Err(table.error(&text.span, message, Some("--secret-file - reads the secret from stdin".to_owned())));
    }
    Ok(text.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SettingsFile, FileError> {
        SettingsFile::read(Source { path: "./wh.toml", text })
    }

    #[track_caller]
    fn refused(text: &str, told: &str, hint: &str) {
        let error = read(text).expect_err("a mistake");
        assert_eq!(error.to_string(), told);
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{error:?}");
    }

    #[test]
    fn a_file_is_read_with_the_lines_of_its_values() {
        let file = read("# ours\nscheme = \"wpg\"\nto = \"3000\"\n\n[profile.staging]\nsecret-env = \"A_1\"\n")
            .expect("a good file");
        assert_eq!(file.top.scheme.map(|scheme| (scheme.value, scheme.line)), Some(("wpg".to_owned(), 2)));
        assert_eq!(file.top.to.map(|to| to.value.as_str().to_owned()), Some("http://localhost:3000/".to_owned()));
        let [(name, profile)] = file.profiles.as_slice() else { panic!("{:?}", file.profiles) };
        let secret = profile.secret.clone().map(|secret| (secret.value, secret.line));
        assert_eq!((name.as_str(), secret), ("staging", Some((SecretPlace::Variable("A_1".to_owned()), 6))));
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "\n", "# nothing\n"] {
            assert_eq!(read(text), Ok(SettingsFile::default()), "{text:?}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_the_nearest_word() {
        refused("\nshceme = \"wpg\"", "./wh.toml:2:1: unknown key `shceme`", "did you mean `scheme`?");
        refused("[profile.a]\ntoo = \"1\"", "./wh.toml:2:1: unknown key `too` in [profile.a]", "did you mean `to`?");
        refused(
            "to = \"ftp://x\"",
            "./wh.toml:1:6: `to`: `ftp://x` is no URL to send to: only http and https can be sent to",
            "3000",
        );
        refused("to = 3000", "./wh.toml:1:6: `to` must be a text in quotes", "");
        refused("scheme = \"\"", "./wh.toml:1:10: `scheme` is empty", "");
        refused("[profile]\nstaging = 1", "./wh.toml:2:11: `profile.staging` must be a table", "");
        refused(
            "secret-env = \"A\"\nsecret-file = \"b\"",
            "./wh.toml:2:15: `secret-env` and `secret-file` exclude each other",
            "one",
        );
        refused("secret-file = \"-\"", "./wh.toml:1:15: `secret-file` must be a file", "stdin");
        let error = read("scheme = ").expect_err("no TOML");
        assert_eq!((error.line, error.column > 1), (1, true), "{error}");
    }

    #[test]
    fn a_secret_is_refused_and_not_repeated() {
        for text in ["secret = \"hunter2\"", "[profile.x]\nsecret = \"hunter2\"", "secret-env = \"whsec_hunter2\""] {
            let error = read(text).expect_err("a secret");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("secret")), "{error:?}");
        }
    }
}
