//! What is not in the program: providers are data.

use std::fs;
use std::path::Path;

use wh::webhook::catalogue::Catalogue;

use super::embedded::files_below;

/// A provider is data: a text of the program that names one would be code for it. Examples in help texts may.
#[test]
fn no_text_of_the_program_names_a_provider() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let catalogue = Catalogue::embedded();
    let mut count = 0;
    for path in files_below(&root) {
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for text in texts(&source).into_iter().filter(|text| !text.starts_with("Examples:")) {
            count += 1;
            let words: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
            // "standard" is a word of the language too: only alone it is the provider.
            // And GitHub runs CI jobs, too, which the reports are for.
            let is_report = |name: &str| name == "github" && path.ends_with("commands/check/reports.rs");
            let names = |name: &&str| {
                let said = text == *name || (*name != "standard" && words.iter().any(|word| word == name));
                said && !is_report(name)
            };
            assert_eq!(catalogue.names().find(names), None, "{}: {text:?}", path.display());
        }
    }
    assert!(count > 100, "only {count} texts were found");
}

/// The texts between double quotes, without those of comments and of the tests at a file's end.
fn texts(source: &str) -> Vec<&str> {
    let mut texts = Vec::new();
    let mut rest = source.split("#[cfg(test)]").next().unwrap_or_default();
    while let Some(at) = rest.find(['/', '\'', '"']) {
        let (before, found) = rest.split_at(at);
        rest = if found.starts_with("//") {
            found.split_once('\n').map_or("", |(_, behind)| behind)
        } else if let Some(behind) = found.strip_prefix("'\"'") {
            behind
        } else if let Some(text) = found.strip_prefix('"') {
            let length = if before.ends_with("r#") { text.find("\"#") } else { closing_quote(text) };
            let (text, behind) = text.split_at(length.unwrap_or(text.len()));
            texts.push(text);
            behind.get(1..).unwrap_or_default()
        } else {
            &found[1..]
        };
    }
    texts
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

#[test]
fn texts_are_told_from_comments_and_tests() {
    let source = [
        r#"//! "a comment""#,
        r#"fn f<'a>() { g('"', "b\"c\\", "http://d"); } // "another""#,
        "const H: &str = r#\"e \"f\"\"#;",
        "#[cfg(test)]",
        r#"mod tests { const I: &str = "i"; }"#,
    ];
    let source = source.join("\n");
    assert_eq!(texts(&source), [r#"b\"c\\"#, "http://d", r#"e "f""#]);
}
