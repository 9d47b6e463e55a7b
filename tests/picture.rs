//! The picture of a terminal in the README: what the program prints, drawn.

use anstyle_svg::Term;
use http::Method;
use serde_json::json;
use wh::report::layout::Page;

use crate::support::receiver::{Act, NO, Received, WPG, digits, hmac, now, receiver};
use crate::support::{Wh, assert_current};

const WIDTH: usize = 100;

/// The receiver of the provider's own page: it forgets that a timestamp can lie ahead.
fn forgetful(request: &Received) -> Act {
    let (Some(signature), Some(timestamp)) = (request.one("x-wpg-signature"), request.one("x-wpg-timestamp")) else {
        return NO;
    };
    let recent = digits(timestamp).is_some_and(|timestamp| now() - timestamp <= 300);
    if request.method != Method::POST || !recent {
        return NO;
    }
    let genuine = signature == hmac(WPG, &[timestamp.as_bytes(), b".", &request.body]);
    Act::Status(if genuine { 200 } else { 401 })
}

/// A delivery whose sender signed what `json.dumps` makes of the payload.
pub(crate) fn captured() -> String {
    let spaced = br#"{"event": "slot.submitted", "data": {"slotId": "slot_3a0HgyIbQjkutoXp"}}"#;
    let body = r#"{"event":"slot.submitted","data":{"slotId":"slot_3a0HgyIbQjkutoXp"}}"#;
    let headers = json!([
        ["content-type", "application/json"],
        ["x-wpg-timestamp", "1795255200"],
        ["x-wpg-signature", hmac(WPG, &[b"1795255200.", spaced])],
    ]);
    json!({
        "schema": "wh.delivery/1",
        "id": "msg_4LqCoSRTqyzrkkWxvw4zlteQ",
        "received_at": "2026-11-21T10:00:01.000Z",
        "request": { "method": "POST", "target": "/", "version": "HTTP/1.1", "headers": headers, "body": body },
    })
    .to_string()
}

/// What is another in every run, such as times and ids, as it was once, so that two pictures can be compared.
fn settled(line: &str, port: &str) -> String {
    let clock = |at: usize| at_shape(&line[at..], "00:00:00");
    let time = line.char_indices().find_map(|(at, _)| clock(at).then(|| line[at..at + 8].to_owned()));
    let mut settled = line.replace(port, "3000");
    if let Some(time) = time {
        settled = settled.replace(&time, "10:00:00");
    }
    for (opening, closing, meant) in
        [("[msg_", "]", "4LqCoSRTqyzrkkWxvw4zlteQ"), ("(", " ms)", "3"), ("failed in ", " ms", "40")]
    {
        let found = settled.rfind(opening).map(|at| at + opening.len());
        if let Some(start) = found
            && let Some(length) = settled[start..].find(closing)
        {
            settled.replace_range(start..start + length, meant);
        }
    }
    settled
}

/// Whether a text begins with digits where the shape has them, and with the same characters elsewhere.
fn at_shape(text: &str, shape: &str) -> bool {
    let same = |(found, meant): (u8, u8)| if meant == b'0' { found.is_ascii_digit() } else { found == meant };
    text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(same)
}

#[test]
fn the_picture_shows_what_the_program_prints() {
    let port = receiver(forgetful);
    let send = ["send", "slot.submitted", "--to", "localhost:3000"];
    let verify = ["verify", "captured.json"];
    let check = ["check", "--scheme", "wpg", "--to", "localhost:3000", "--only", "future,stale,wrong-secret"];
    let mut screen = String::new();
    for words in [&send[..], &verify, &check] {
        let typed = words.iter().map(|word| word.replace("localhost:3000", &format!("localhost:{port}")));
        let wh = Wh::new().args(typed).args(["--color", "always"]).env("WPG_WEBHOOK_SECRET", WPG);
        let output = wh.file("captured.json", captured()).run();
        output.any_exit();
        output.stderr_any();
        screen.push_str(&format!("\u{1b}[1m$ wh {}\u{1b}[0m\n", words.join(" ")));
        // To a pipe, lines are not broken; here they are as on a terminal, behind the names of facts.
        let page = Page::new(Some(WIDTH));
        let behind = if words[0] == "check" { 18 } else { 17 };
        for line in output.stdout_text().lines() {
            screen.push_str(&page.line(&settled(line, &port), behind));
            screen.push('\n');
        }
        screen.push('\n');
    }
    assert_current("tests/picture.svg", &Term::new().palette(anstyle_svg::WIN10_CONSOLE).render_svg(screen.trim_end()));
}
