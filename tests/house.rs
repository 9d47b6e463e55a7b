//! The map of the house: which room may know which, and where each third-party crate lives.

use std::fs;
use std::path::Path;

use crate::support::repository;

/// A source file: its path below `src/`, with `/`, and its lines.
struct File {
    path: String,
    lines: Vec<String>,
}

impl File {
    /// The lines of code, each with its number: comments are left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.lines.iter().enumerate();
        numbered
            .map(|(index, line)| (index + 1, line.as_str()))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn is_in(&self, homes: &[&str]) -> bool {
        homes.iter().any(|home| self.path == *home || (home.ends_with('/') && self.path.starts_with(home)))
    }
}

fn files() -> Vec<File> {
    let root = repository("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 20, "src/ has more files than {}", files.len());
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of src/") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, files);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file is text");
        let parts: Vec<_> =
            path.strip_prefix(root).expect("below src/").iter().map(|part| part.to_string_lossy()).collect();
        files.push(File { path: parts.join("/"), lines: text.lines().map(str::to_owned).collect() });
    }
}

/// The words right behind each `before` in a line: `crate::webhook::json` has `webhook` behind `crate::`.
fn words_behind<'a>(line: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(before).filter(|(at, _)| is_word_start(line, *at)).map(move |(at, _)| {
        let rest = &line[at + before.len()..];
        let end = rest.find(|character: char| !is_word(character)).unwrap_or(rest.len());
        &rest[..end]
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_word_start(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|before: char| is_word(before) || before == ':')
}

/// Fails with every line that breaks a rule.
#[track_caller]
fn assert_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n{}", breaches.join("\n"));
}

#[test]
fn arrows_between_rooms_point_inward() {
    let mut breaches = Vec::new();
    for (room, neighbours) in
        [("webhook", &["webhook"][..]), ("edge", &["webhook", "edge"]), ("report", &["webhook", "report"])]
    {
        for file in files().iter().filter(|file| file.path.starts_with(&format!("{room}/"))) {
            for (number, line) in file.code() {
                let mut known = words_behind(line, "crate::").chain(words_behind(line, "wh::"));
                if let Some(stranger) = known.find(|word| !neighbours.contains(word)) {
                    breaches.push(format!("src/{}:{number}: {room} knows `{stranger}`: {}", file.path, line.trim()));
                }
                if line.contains("super::super::") {
                    breaches.push(format!("src/{}:{number}: a way around the map: {}", file.path, line.trim()));
                }
            }
        }
    }
    assert_none("webhook knows nobody, edge and report know webhook and never each other", &breaches);
}

/// Where a third-party crate may be named.
const HOMES: &[(&str, &[&str])] = &[
    ("clap", &["cli.rs", "cli/", "commands/", "context.rs", "help.rs", "usage.rs", "main.rs", "report/export.rs"]),
    ("clap_complete", &["cli.rs", "commands/", "main.rs"]),
    ("reqwest", &["edge/"]),
    ("hyper", &["edge/"]),
    ("hyper_util", &["edge/"]),
    ("quick_junit", &["report/"]),
    ("rustls", &["edge/"]),
    ("colored", &["report/palette.rs"]),
    ("dialoguer", &["edge/prompt.rs"]),
    ("flate2", &["webhook/"]),
    ("futures_util", &["commands/delivering/crew.rs"]),
    ("indicatif", &["report/progress.rs"]),
    ("hmac", &["webhook/"]),
    ("sha1", &["webhook/"]),
    ("sha2", &["webhook/"]),
    ("signal_hook", &["edge/interruption.rs"]),
    ("subtle", &["webhook/"]),
    ("zeroize", &["webhook/"]),
    ("terminal_size", &["context.rs", "report/progress.rs"]),
    ("textwrap", &["report/layout.rs"]),
    ("toml", &["webhook/tree.rs"]),
    ("wildmatch", &["webhook/"]),
];

#[test]
fn a_third_party_crate_has_one_home() {
    let mut breaches = Vec::new();
    for file in files() {
        for (name, homes) in HOMES {
            for (number, line) in file.code() {
                let path = format!("{name}::");
                let named = line.match_indices(&path).any(|(at, _)| is_word_start(line, at))
                    || [format!("use {name};"), format!("use {name} as ")].iter().any(|line_of| line.contains(line_of));
                if named && !file.is_in(homes) {
                    breaches.push(format!("src/{}:{number}: {name} lives in {homes:?}: {}", file.path, line.trim()));
                }
            }
        }
    }
    assert_none("a crate is named in its home only", &breaches);
}

/// What libraries do that the project stands on, and where it is done. They are not to be written again, not even where
/// code of our own would be faster: a start and a delivery have other places to save at.
const PILLARS: &[(&str, &str)] = &[
    ("clap::", "cli.rs"),
    ("reqwest::", "edge/client.rs"),
    ("hyper::client::conn::", "edge/"),
    ("hyper::server::conn::", "edge/listener/"),
    ("tokio::", "edge/"),
    ("hmac::", "webhook/keyring.rs"),
    ("sha2::", "webhook/keyring.rs"),
    ("hex::", "webhook/"),
    ("base64::", "webhook/"),
    ("serde_json::", "webhook/json/"),
    ("colored::", "report/palette.rs"),
    ("indicatif::", "report/progress.rs"),
    ("dialoguer::", "edge/prompt.rs"),
];

#[test]
fn what_a_library_does_is_left_to_it() {
    let files = files();
    let used = |library: &str, home: &str| {
        let at_home = files.iter().filter(|file| file.is_in(&[home]));
        at_home.flat_map(File::code).any(|(_, line)| line.contains(library))
    };
    let missing: Vec<String> = PILLARS
        .iter()
        .filter(|(library, home)| !used(library, home))
        .map(|(library, home)| format!("{library} is not used in src/{home}"))
        .collect();
    assert_none("a well-kept library is better than code of our own, even a slower one", &missing);
}

#[test]
fn the_pure_room_has_no_clock_file_socket_or_environment() {
    let outside = [
        "std::fs",
        "std::env",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "ToSocketAddrs",
        "std::process",
        "std::thread",
        "tokio::",
        "SystemTime",
        "Timestamp::now",
    ];
    let mut breaches = Vec::new();
    for file in files().iter().filter(|file| file.path.starts_with("webhook/")) {
        for (number, line) in file.code() {
            if outside.iter().any(|word| line.contains(word)) {
                breaches.push(format!("src/{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    assert_none("webhook is values and functions", &breaches);
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent: Vec<String> = files()
        .into_iter()
        .filter(|file| !file.lines.first().is_some_and(|line| line.starts_with("//! ")))
        .map(|file| format!("src/{}", file.path))
        .collect();
    assert_none("the first line is a //! sentence", &silent);
}

#[test]
fn nothing_is_printed_past_the_reporter_and_nothing_is_left_to_do() {
    const FORBIDDEN: [&str; 10] = [
        "println!",
        "eprintln!",
        "print!",
        "eprint!",
        "dbg!",
        "todo!",
        "unimplemented!",
        ".unwrap()",
        "#[allow(",
        "unsafe ",
    ];
    let mut breaches = Vec::new();
    for file in files() {
        for (number, line) in file.code() {
            let found = FORBIDDEN.iter().find(|word| {
                line.match_indices(**word).any(|(at, _)| word.starts_with(['.', '#']) || is_word_start(line, at))
            });
            if let Some(word) = found {
                breaches.push(format!("src/{}:{number}: `{word}`: {}", file.path, line.trim()));
            }
        }
        for (index, line) in file.lines.iter().enumerate() {
            if ["TODO", "FIXME", "XXX"].iter().any(|word| line.contains(word)) {
                breaches.push(format!("src/{}:{}: {}", file.path, index + 1, line.trim()));
            }
        }
    }
    assert_none("none of these belongs in src/", &breaches);
}

#[test]
fn words_are_found_where_they_begin() {
    let line = "use crate::webhook::json; fn a(x: &mycrate::other, y: crate::edge::T) {}";
    assert_eq!(words_behind(line, "crate::").collect::<Vec<_>>(), ["webhook", "edge"]);
}
