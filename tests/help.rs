//! Help and man pages: one screen for `-h`, examples that work for `--help`, and the same words everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use wh::cli::Cli;

use crate::support::{Endpoint, Wh, assert_current};

/// The command with all that `wh` adds to it when it is used.
fn program() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// The subcommands, but for `help`.
fn commands() -> Vec<Command> {
    program().get_subcommands().filter(|command| command.get_name() != "help").cloned().collect()
}

#[test]
fn short_help_fits_one_screen() {
    for command in commands() {
        let name = command.get_name();
        let output = Wh::new().args([name, "-h"]).run();
        let text = output.exit(0).stdout_text();
        let lines = text.lines().count();
        assert!(lines <= 30, "wh {name} -h has {lines} lines: src/help.rs says what comes first\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("Examples:\n") && text.contains("see more with '--help'"), "{text}");
    }
    let output = Wh::new().args(["-h"]).run();
    assert!(output.exit(0).stdout_text().lines().count() <= 30, "{}", output.stdout_text());
}

#[test]
fn short_help_is_asked_for_wherever_it_stands() {
    let short = |arguments: &[&str]| {
        let output = Wh::new().args(arguments).run();
        output.exit(0).stdout_text().lines().count() <= 30
    };
    for arguments in [&["send", "-h"][..], &["send", "slot.submitted", "-h"], &["-q", "send", "-qh"], &["-h"]] {
        assert!(short(arguments), "{arguments:?}");
    }
    for arguments in [&["send", "--help"][..], &["help", "send"], &["send", "-h", "--help"], &["--help"]] {
        assert!(!short(arguments), "{arguments:?}");
    }
}

#[test]
fn the_program_alone_shows_three_commands_to_start_with() {
    let output = Wh::new().run();
    let text = output.exit(2).stderr_text();
    let start = text.split("Start with:\n").nth(1).expect("what to start with");
    let lines: Vec<&str> = start.lines().take_while(|line| line.starts_with("  wh ")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    for line in lines {
        let command = line.split("  ").find(|part| !part.is_empty()).expect("a command");
        run(command);
    }
}

#[test]
fn long_help_has_every_flag_in_a_group_and_the_exit_codes() {
    const MOST: usize = 9;
    for command in commands() {
        let name = command.get_name();
        let output = Wh::new().args([name, "--help"]).run();
        let text = output.exit(0).stdout_text();
        let ungrouped = command.get_arguments().filter(|argument| argument.get_help_heading().is_none());
        let flags = ungrouped.filter(|argument| argument.get_long().is_some()).count();
        assert!(flags <= MOST, "wh {name} has {flags} flags in no group\n{text}");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "wh {name}: {} has no words", argument.get_id());
        }
    }
    Wh::new().arg("--help").run().exit(0).stdout_contains("Exit codes:").stdout_contains("Environment:");
}

#[test]
fn the_same_flag_has_the_same_words_everywhere() {
    // Where the same word does another thing. `init` writes down what the others do.
    const OTHER: [(&str, &str); 10] = [
        ("replay", "to"),
        ("log", "last"),
        ("verify", "header"),
        ("check", "event"),
        ("log", "log"),
        ("sign", "to"),
        ("check", "to"),
        ("listen", "count"),
        ("listen", "timeout"),
        ("listen", "expect"),
    ];
    let mut words: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut complaints = Vec::new();
    for command in commands() {
        let name = command.get_name().to_owned();
        for argument in command.get_arguments() {
            let (Some(flag), Some(help)) = (argument.get_long(), argument.get_help()) else { continue };
            if name == "init" || OTHER.contains(&(name.as_str(), flag)) {
                continue;
            }
            let help = help.to_string();
            let (first, known) = words.entry(flag.to_owned()).or_insert_with(|| (name.clone(), help.clone()));
            if *known != help {
                complaints.push(format!("--{flag}: {first} says `{known}`, {name} says `{help}`"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A browser's record of one request.
const HAR: &str = r#"{"log":{"version":"1.2","entries":[{"request":{"method":"POST","url":"http://localhost:3000/",
"httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"application/json"}],
"postData":{"mimeType":"application/json","text":"{\"action\":\"payment.succeeded\"}"}}}]}}"#;

/// Runs a command line of a help text in a shell, in a world that has what it needs.
#[track_caller]
fn run(line: &str) {
    let calls = ["send", "check"].iter().any(|command| line.contains(&format!("wh {command}")));
    let reads = ["log", "replay", "verify"].iter().any(|command| line.contains(&format!("wh {command}")));
    let calls = reads || calls && line.contains("--to") || line.contains("| sh");
    let endpoint = if calls { Endpoint::new() } else { Endpoint::new().uncalled() };
    let answer = if line.contains("--expect 401") { 401 } else { 200 };
    let endpoint = endpoint.answering(std::iter::repeat_n(crate::support::Answer::status(answer), 64));
    let port = endpoint.port();
    // The port may hold the other number.
    let mut line = line.replace("3001", "3000").replace("3000", &port);
    if line.contains("wh listen") {
        // One that nobody sends to ends by itself, with nothing to conclude anything from.
        line =
            line.replacen("wh listen", "wh listen --port 0 --no-log --timeout 300ms", 1).replace("--timeout 10s ", "");
    }
    if line.contains("wh verify") {
        line = format!("wh sign whop/payment.succeeded --as http -q > captured.http && {line}");
    }
    if reads {
        // A log with one delivery that arrived, and one that did not.
        let sent = format!("wh send slot.submitted -q --id msg_2Lk9vXbq --to {port}");
        line = format!("{sent} && ! wh send slot.submitted -q --to 1 2>/dev/null && {line}");
    }
    if line.contains("--follow") {
        // It goes on until it is stopped.
        line = line.replacen("wh log", "! timeout 0.5 wh log", 1);
    }
    let programs = Path::new(env!("CARGO_BIN_EXE_wh")).parent().expect("a folder");
    let path = std::env::join_paths(
        std::iter::once(programs.to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    )
    .expect("paths");
    let world = Wh::other("bash")
        .env("PATH", path)
        .file("send-three.sh", "#!/bin/sh\n")
        .file("home/x", "")
        .file("body.json", "{}")
        .file("captured.har", HAR);
    let home = world.folder().join("home");
    let script = world.folder().join("send-three.sh");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("a program");
    fs::create_dir_all(home.join(".config/fish/completions")).expect("a folder");
    let output = world.env("HOME", home).args(["-c", &line]).run();
    let told = String::from_utf8_lossy(&output.everything()).into_owned();
    // What nobody sends to, and what is no receiver, gives no good answer; but it was understood.
    let concludes =
        !["wh listen", "wh check --to", "wh verify", "wh replay"].iter().any(|command| line.contains(command));
    output.any_exit();
    assert!(!told.contains("error: ") || !concludes, "{line}\n{told}");
    assert!(output.code() == 0 || !concludes && output.code() != 2, "{line}\n{told}");
}

#[test]
fn the_examples_of_the_help_texts_work() {
    for command in commands() {
        let name = command.get_name();
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        assert!(examples.len() >= 2, "wh {name} --help has {} examples", examples.len());
        for example in examples {
            run(example);
        }
    }
}

#[test]
fn the_man_pages_are_current() {
    let page = |command: Command| {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).expect("a page in memory");
        String::from_utf8(page).expect("a page is text")
    };
    assert_current("completions/man/wh.1", &page(program()));
    for command in commands() {
        let name = format!("wh-{}", command.get_name());
        let command = command.display_name(name.clone());
        assert_current(&format!("completions/man/{name}.1"), &page(command));
    }
    let pages = fs::read_dir(crate::support::repository("completions/man")).expect("the pages").count();
    assert_eq!(pages, commands().len() + 1, "a page of a command that is no more");
}
