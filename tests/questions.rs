//! Questions at a terminal: how they are left.

#![cfg(target_os = "linux")]

use std::io::{Read, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{str, thread};

/// Runs a command line at a terminal of its own, presses a key when this text is there, until it has ended, and gives
/// the exit code and all that was shown.
fn answered(line: &str, question: &str, key: u8) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a directory");
    let mut child = Command::new("script")
        .args(["-qefc", &format!("'{}' {line}", env!("CARGO_BIN_EXE_wh")), "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux");
    let (mut keys, mut screen) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let (mut shown, mut buffer) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&shown).contains(question) {
        let count = screen.read(&mut buffer).expect("a screen");
        assert!(count > 0, "it ended without a question: {}", String::from_utf8_lossy(&shown));
        shown.extend_from_slice(&buffer[..count]);
    }
    // The question is there a moment before the keyboard is its own: a key that is pressed too early is pressed again.
    let pressing = thread::spawn(move || {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) && keys.write_all(&[key]).is_ok() {
            thread::park_timeout(Duration::from_millis(50));
        }
    });
    screen.read_to_end(&mut shown).expect("a screen");
    let exit = child.wait().expect("it was started").code();
    pressing.thread().unpark();
    pressing.join().expect("a keyboard");
    (exit, String::from_utf8_lossy(&shown).into_owned())
}

const CTRL_C: u8 = 3;

#[test]
fn ctrl_c_at_a_question_is_no_answer_to_it() {
    for (line, question) in [
        ("send payment.failed", "Which `payment.failed`"),
        ("send wpg/slot.submitted --to http://192.0.2.1/ --secret mine", "Send there?"),
        ("check -s wpg --to http://192.0.2.1/ --secret mine", "Send there?"),
    ] {
        let (exit, shown) = answered(line, question, CTRL_C);
        assert_eq!(exit, Some(130), "{line}: {shown}");
        assert!(shown.contains("stopped at the question; nothing was done"), "{line}: {shown}");
    }
}

#[test]
fn a_no_to_a_question_is_told_as_such() {
    let line = "send wpg/slot.submitted --to http://192.0.2.1/ --secret mine";
    let (exit, shown) = answered(line, "Send there?", b'n');
    assert_eq!(exit, Some(2), "{shown}");
    assert!(shown.contains("the answer was no"), "{shown}");
}
