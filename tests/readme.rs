//! The commands of the README, run as they stand there.

use crate::picture::captured;
use crate::support::receiver::{WPG, receiver, wpg};
use crate::support::{Answer, Endpoint, Wh};

const README: &str = include_str!("../README.md");

/// The commands behind `$ ` in the README's console blocks.
fn commands() -> Vec<&'static str> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in README.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            commands.push(command);
        }
    }
    commands
}

/// A command's words; the README quotes with single quotes only.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let commands = commands();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let command = command.replace("cargo run -- ", "wh ");
        if let Some(rest) = command.strip_prefix("wh check") {
            checks(std::iter::once("check".to_owned()).chain(words(rest)));
            continue;
        }
        let sends = command.contains("wh send") && command.contains("--to");
        let endpoint = if sends { Endpoint::new() } else { Endpoint::new().uncalled() };
        let answer = if command.contains("--expect 401") { 401 } else { 200 };
        let endpoint = endpoint.answering(std::iter::repeat_n(Answer::status(answer), 64));
        let place = format!("localhost:{}", endpoint.port());
        // What one command prints, the next one reads.
        let mut input = Vec::new();
        let mut stages = command.split(" | ").peekable();
        let output = loop {
            let stage = stages.next().expect("a command has one stage at least");
            let mut words = words(stage).into_iter();
            assert_eq!(words.next().as_deref(), Some("wh"), "{command}");
            let words = words.map(|word| word.replace("localhost:3000", &place));
            let output = Wh::new().args(words).file("captured.json", captured()).stdin(input).run();
            // One of them is about what is wrong.
            output.exit(i32::from(command.ends_with("captured.json")));
            if stages.peek().is_none() {
                break output;
            }
            input = output.stdout().to_vec();
            assert!(!output.stderr_text().contains("error:"), "{command}");
        };
        assert!(!output.stdout().is_empty(), "{command}");
        // What a person reads on stderr are notes, and no errors.
        assert!(!output.stderr_text().contains("error:"), "{command}");
    }
}

/// Runs a check of a receiver that does all that it should.
fn checks(words: impl Iterator<Item = String>) {
    let place = format!("localhost:{}", receiver(wpg));
    let words = words.map(|word| word.replace("localhost:3000", &place));
    Wh::new().args(words).env("WPG_WEBHOOK_SECRET", WPG).run().exit(0).stdout_contains("no-signature");
}

#[test]
fn the_steps_for_ci_run_as_they_stand() {
    let steps = README.lines().filter_map(|line| {
        let line = line.trim();
        let step = line.strip_prefix("- run: ").or_else(|| line.strip_prefix("- "))?;
        step.strip_prefix("wh ")
    });
    let steps: Vec<Vec<String>> = steps.map(words).collect();
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert_eq!(README.matches(&format!("WPG_WEBHOOK_SECRET: {WPG}\n")).count(), 2);
    for step in steps {
        checks(step.into_iter());
    }
}

#[test]
fn the_record_of_the_readme_is_one() {
    let start = README.find(r#"{"schema":"#).expect("a record");
    let record = README[start..].split("```").next().expect("a block");
    let delivery = wh::webhook::record::read(record.as_bytes()).expect("a record").delivery;
    assert_eq!((delivery.id.as_str(), delivery.event.as_deref()), ("msg_2Lk9", Some("payment.succeeded")));
}
