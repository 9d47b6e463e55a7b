//! `wh send`: what reaches a receiver, what is said of its answer, and what is not sent at all.

mod answers;
mod arriving;
mod catalogue;
mod connecting;
mod faults;
mod leave;
mod payload;
mod secrets;
mod written;

use serde_json::Value;

use crate::support::{Output, Wh};

/// The secret of We Playtest Games that the catalogue publishes for tests.
const WPG_TEST_SECRET: &str = "whsec_wpg_test_secret_for_wh";

/// `wh send` with arguments.
fn send<const N: usize>(arguments: [&str; N]) -> Wh {
    Wh::new().arg("send").args(arguments)
}

/// The names of all providers.
fn schemes() -> Vec<String> {
    let listed = Wh::new().args(["schemes", "--json"]).run().json_all("scheme");
    listed.iter().filter_map(|scheme| scheme["scheme"].as_str()).map(str::to_owned).collect()
}

/// The events of JSON objects that have one, as `type` or `type@variant`.
fn events(objects: &[Value]) -> Vec<String> {
    let name = |object: &Value| match (&object["event"], &object["variant"]) {
        (Value::String(event), Value::String(variant)) => format!("{event}@{variant}"),
        (Value::String(event), _) => event.clone(),
        other => panic!("no event: {other:?}"),
    };
    objects.iter().map(name).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// The lines that have an arrow, each without its time.
fn arrows(output: &Output) -> Vec<String> {
    let lines = output.stdout_text().lines().filter(|line| line.contains("-->") || line.contains("<--"));
    lines.map(|line| line.split_once(' ').map_or("", |(_, rest)| rest).to_owned()).collect()
}
