//! The README's table of the keys of a provider's file, held against what is read.

use std::collections::BTreeSet;

use wh::webhook::provider::Provider;
use wh::webhook::table::{FileError, Source};

use crate::support::ACME;

const README: &str = include_str!("../README.md");

/// What a table of a provider's file may say, as the hint about an unknown key has it.
#[track_caller]
fn known(section: &str) -> Vec<String> {
    const STRANGER: &str = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqq = 1";
    let header = format!("[{section}]");
    let file = if section.is_empty() {
        format!("{STRANGER}\n{ACME}")
    } else if section == "signature.headers" {
        ACME.replacen("[[signature.headers]]", &format!("[[signature.headers]]\n{STRANGER}"), 1)
    } else if ACME.contains(&header) {
        ACME.replacen(&header, &format!("{header}\n{STRANGER}"), 1)
    } else {
        format!("{ACME}\n{header}\n{STRANGER}\n")
    };
    let error: FileError =
        Provider::read("acme", Source { path: "provider.toml", text: &file }, &[]).expect_err("an unknown key");
    let hint = error.hint.unwrap_or_default();
    let keys = hint.strip_prefix("known here: ").unwrap_or_else(|| panic!("[{section}]: {} ({hint})", error.message));
    keys.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_table_of_the_readme_has_every_key_of_a_providers_file_and_no_other() {
    let mut keys = BTreeSet::new();
    let sections = ["request", "event", "secret", "signature", "timestamp", "delivery"];
    for key in known("") {
        if sections.contains(&key.as_str()) {
            keys.extend(known(&key).into_iter().map(|inner| format!("{key}.{inner}")));
        } else {
            keys.insert(key);
        }
    }
    let table = README.split("Every key of `provider.toml`").nth(1).expect("the table");
    let rows = table.lines().skip_while(|line| !line.starts_with("| ")).take_while(|line| line.starts_with('|'));
    let mut told = BTreeSet::new();
    for row in rows.skip(2) {
        let first = row.split('|').nth(1).expect("a first column");
        told.extend(first.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert_eq!(told, keys);
    let row = table.lines().find(|line| line.contains("**`signature.headers`**")).expect("the row of the headers");
    for key in known("signature.headers") {
        assert!(row.contains(&format!("`{key}`")), "{key} is not in: {row}");
    }
}
