//! Embeds `fixtures/`: writes the list of its providers, each with its file, a digest of it and its example events,
//! for `webhook::catalogue`.
//!
//! Cargo runs this again when the folder changes, so that a provider or an example event is added by adding a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a provider's file says is read by the same code here and in the program.
#[path = "src/webhook/tree.rs"]
#[expect(dead_code, unreachable_pub, reason = "a module of the library, which also reads what is written here")]
mod tree;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?).join("fixtures");
    let mut providers = Vec::new();
    for entry in fs::read_dir(&root)? {
        let folder = entry?.path();
        // What editors and file managers leave behind is no provider.
        if folder.join("provider.toml").is_file() {
            providers.push(folder);
        }
    }
    providers.sort();

    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let (mut names, mut folders) = (String::new(), String::new());
    for provider in providers {
        let (provider_name, file) = (name(&root, &provider), provider.join("provider.toml"));
        let digest = format!("{provider_name}.digest");
        fs::write(out.join(&digest), digest_of(&file)?)?;
        let folder = provider.join("events");
        let mut events = Vec::new();
        collect(&folder, &mut events)?;
        let mut events: Vec<(String, &Path)> =
            events.iter().map(|file| (name(&folder, file), file.as_path())).collect();
        events.sort();
        let event_names: Vec<&str> = events.iter().map(|(name, _)| name.trim_end_matches(".json")).collect();
        let _ = writeln!(names, "    ({provider_name:?}, &{event_names:?}),");
        let _ = writeln!(
            folders,
            "    Folder {{ file: {}, digest: include_bytes!(concat!(env!(\"OUT_DIR\"), {:?})), events: &[",
            include(&root, &file),
            format!("/{digest}"),
        );
        for (_, file) in events {
            let _ = writeln!(folders, "        {},", include(&root, file));
        }
        folders.push_str("    ] },\n");
    }
    let list = format!("Embedded {{ names: &[\n{names}], folders: &[\n{folders}] }}");

    fs::write(out.join("fixtures.rs"), list)?;
    println!("cargo::rerun-if-changed=fixtures");
    println!("cargo::rerun-if-changed=src/webhook/tree.rs");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// A start of the program reads what a file says, and need not parse it.
fn digest_of(file: &Path) -> io::Result<Vec<u8>> {
    let text = fs::read_to_string(file)?;
    let fault = |reason: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {reason}", file.display()));
    let entries = tree::parse(&text).map_err(|(offset, reason)| fault(format!("at byte {offset}, {reason}")))?;
    tree::digest(&entries).ok_or_else(|| fault("it is too large".to_owned()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

/// Found from the manifest when it is compiled, so that a target folder may outlive a checkout that was moved.
fn include(root: &Path, file: &Path) -> String {
    format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))", format!("/fixtures/{}", name(root, file)))
}

/// The path below a folder, with `/` on every platform.
fn name(folder: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
