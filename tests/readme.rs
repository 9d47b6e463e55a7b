//! The commands of the README, run as they stand there.

use clap::Parser as _;

use crate::picture::captured;
use crate::support::receiver::{WPG, receiver, wpg};
use crate::support::{Answer, Endpoint, Wh};

const README: &str = include_str!("../README.md");

/// The commands behind `$ ` in the README's console blocks, each with the lines that it shows below.
fn commands() -> Vec<(&'static str, Vec<String>)> {
    let mut inside = false;
    let mut commands: Vec<(&str, Vec<String>)> = Vec::new();
    for line in README.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let (true, Some(command)) = (inside, line.strip_prefix("$ ")) {
            commands.push((command, Vec::new()));
        } else if let (true, Some((_, shown))) = (inside, commands.last_mut()) {
            match shown.last_mut() {
                // What goes on below a fact is one line where nothing is broken.
                Some(last) if line.starts_with(&" ".repeat(17)) => last.push_str(&format!(" {}", line.trim_start())),
                _ => shown.push(line.to_owned()),
            }
        }
    }
    commands
}

/// A line without what is another in every run: numbers, times, ids, signatures, and how long bars are.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    for piece in line.split_inclusive(|character| !is_word(character)) {
        let word = piece.trim_end_matches(|character| !is_word(character));
        let random = word.rsplit('_').next().is_some_and(|end| end.len() >= 10) && word.contains('_')
            || word.len() >= 20 && word.contains(|character: char| character.is_ascii_digit());
        let number = word.starts_with(|character: char| character.is_ascii_digit());
        shape.push_str(if random || number { "0" } else { word });
        shape.push_str(&piece[word.len()..]);
    }
    shape.retain(|character| !('\u{2580}'..='\u{259f}').contains(&character));
    for (from, to) in [("0.0", "0"), ("0 µs", "0 ms"), ("0 s", "0 ms")] {
        shape = shape.replace(from, to);
    }
    shape.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the README shows of an output is what is printed, in that order; `…` stands for whatever is left out.
#[track_caller]
fn assert_shown(command: &str, shown: &[String], output: &str) {
    let mut printed = output.lines().map(shape);
    for line in shown.iter().filter(|line| *line != "…") {
        let parts: Vec<String> = line.split('…').map(shape).collect();
        let is_it = |printed: String| match parts.as_slice() {
            [whole] => printed == *whole,
            [start, .., end] => printed.starts_with(start.as_str()) && printed.ends_with(end.as_str()),
            [] => false,
        };
        assert!(printed.any(is_it), "{command} does not print `{line}` any more:\n{output}");
    }
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
    for (command, shown) in commands {
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
        assert_shown(&command, &shown, output.stdout_text());
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
fn what_differs_in_every_run_is_not_compared() {
    let line = "04:23:21 <-- 200 POST http://localhost:3000/x (3 ms) [msg_PDFUJ4McdHlqY6qdbx97sOQg]";
    assert_eq!(shape(line), "0:0:0 <-- 0 POST http://localhost:0/x (0 ms) [0]");
    assert_eq!(shape("  ≤ 200 µs  ████▊ 387"), shape("  ≤   5 ms  ▏ 2"));
    assert_ne!(shape("X-WPG-Signature: 8c4d"), shape("X-WPG-Timestamp: 1795235001"));
}

/// The commands that the README names anywhere: in blocks, in tables and in sentences.
#[test]
fn every_command_that_the_readme_names_can_be_typed() {
    let blocks = README.lines().filter_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("$ ").or_else(|| line.strip_prefix("- run: ")).unwrap_or(line);
        line.strip_prefix("wh ")
    });
    let inline = README.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("wh "));
    let mut count = 0;
    for command in blocks.chain(inline) {
        let command = command.split(" #").next().unwrap_or_default().split(" | ").next().unwrap_or_default();
        // `wh listen` in a sentence is the command's name.
        let words = words(command);
        if words.len() < 2 {
            continue;
        }
        let typed = std::iter::once("wh".to_owned()).chain(words);
        assert!(wh::cli::Cli::try_parse_from(typed).is_ok(), "wh {command}");
        count += 1;
    }
    assert!(count > 40, "{count}");
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
