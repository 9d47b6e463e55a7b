//! How many deliveries `wh listen` takes in a second beside a bare hyper server that reads each body and answers 200, in
//! one run: while it verifies and records each before the answer, and without a log.
//!
//! `cargo bench --bench listen`, with `oha` from crates.io in the path (`OHA` names another). The load is one signed
//! delivery of 500 bytes over 64 connections; `oha` takes about as much of the machine as the bare server does. The bare
//! server is this file itself, started with `WH_BENCH_BARE` set, so that each has a process of its own.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use serde_json::Value;
use support::{bind, median, say, serve};

const BARE: &str = "WH_BENCH_BARE";
const ROUNDS: usize = 5;
const SECONDS: &str = "3s";
const AT_A_TIME: &str = "64";
/// Makes the body some 500 bytes long.
const NOTE: usize = 250;

fn main() {
    if env::var_os(BARE).is_some() {
        let (listener, url) = bind();
        say(&url);
        return serve(listener);
    }
    let folder = env::temp_dir().join(format!("wh-bench-listen-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the log");
    let log = folder.join("log.jsonl").display().to_string();
    let wh = env!("CARGO_BIN_EXE_wh");
    let this = env::current_exe().expect("the path of this program").display().to_string();
    let listen = ["listen", "--scheme", "wpg", "--port", "0", "--no-config"];
    let servers = [
        ("a bare hyper server", Server::start(&this, &[])),
        ("wh listen", Server::start(wh, &[&listen[..], &["--log", &log]].concat())),
        ("wh listen --no-log", Server::start(wh, &[&listen[..], &["--no-log"]].concat())),
    ];
    let mut rates = [const { Vec::new() }; 3];
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (index, (_, server)) in servers.iter().enumerate() {
            // Signed for each round: a signature has its time.
            let (delivery, before) = (delivery(wh), server.spent());
            let (rate, answered) = load(&delivery, &server.url);
            rates[index].push(rate);
            costs[index].push((server.spent() - before) / answered * 1e6);
        }
    }
    let bare = median(&mut rates[0]);
    for (index, (name, server)) in servers.iter().enumerate() {
        let (rate, cost) = (median(&mut rates[index]), median(&mut costs[index]));
        let ratio = rate / bare;
        let memory = server.most_memory();
        say(&format!(
            "{name:<20} {rate:>8.0} a second  {ratio:.2} of bare  {cost:>5.1} µs of user and system time each  {memory:>3} MiB"
        ));
    }
    drop(servers);
    let _ = fs::remove_dir_all(folder);
}

/// A server in a process of its own, which ends with this value.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts one that says in its first words where it listens.
    fn start(program: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env(BARE, "1").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let url = lines.by_ref().find_map(|line| {
            let line = line.expect("text");
            line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        // What it shows from now on is read, and not looked at.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.expect("the program says where it listens") }
    }

    /// Seconds of user and system time that it has taken: fields 14 and 15 of proc(5)'s stat, in hundredths.
    fn spent(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("Linux");
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
    }

    /// The most memory that it has taken, in MiB.
    fn most_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line on memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A delivery, signed now.
fn delivery(wh: &str) -> Value {
    let note = format!("data.note={}", "n".repeat(NOTE));
    let sign = ["sign", "slot.submitted", "--as", "json", "--no-config", "--set", &note];
    let output = Command::new(wh).args(sign).output().expect("wh runs");
    serde_json::from_slice(&output.stdout).expect("a signed delivery")
}

/// Answers a second, and how many there were.
fn load(delivery: &Value, url: &str) -> (f64, f64) {
    let oha = env::var("OHA").unwrap_or_else(|_| "oha".to_owned());
    let mut command = Command::new(oha);
    command.args(["-z", SECONDS, "-c", AT_A_TIME, "--no-tui", "--output-format", "json", "-m", "POST"]);
    for header in delivery["headers"].as_array().expect("headers") {
        let [name, value] = [0, 1].map(|index| header[index].as_str().expect("text"));
        if !["host", "content-length"].contains(&name.to_lowercase().as_str()) {
            command.args(["-H", &format!("{name}: {value}")]);
        }
    }
    let output = command.args(["-d", delivery["body"].as_str().expect("a body"), url]).output().expect("oha runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("oha tells what came of it");
    let statuses = told["statusCodeDistribution"].as_object().expect("statuses");
    assert_eq!(statuses.keys().collect::<Vec<_>>(), ["200"], "all are accepted");
    (told["summary"]["requestsPerSec"].as_f64().expect("a rate"), statuses["200"].as_f64().expect("a number"))
}
