//! What ten thousand deliveries cost beside as many requests of `oha`, taken in turns against one bare receiver.
//!
//! `cargo bench --bench deliveries`, with `oha` from crates.io in the path (`OHA` names another). Each delivery has an id,
//! a time and a signature of its own; `oha` sends the same body of one delivery, unsigned. `wh` runs without a log and
//! with one. The time that programs take is user and system time, as the kernel counts it.
//!
//! Whole processes are compared, and not what each says of its rate: `oha` works its statistics out after its clock has
//! stopped, `wh` counts as it goes.

mod support;

use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, thread};

use support::{bind, median, say, serve};

const ROUNDS: usize = 11;
const COUNT: &str = "10000";
const AT_A_TIME: &str = "64";

fn main() {
    let (listener, url) = bind();
    thread::spawn(move || serve(listener));
    let wh = env!("CARGO_BIN_EXE_wh");
    let oha = env::var("OHA").unwrap_or_else(|_| "oha".to_owned());
    let folder = env::temp_dir().join(format!("wh-deliveries-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the log");
    let log = folder.join("log.jsonl").display().to_string();
    let signed = Command::new(wh).args(["sign", "order.completed", "--as", "json"]).output().expect("wh runs");
    let signed: serde_json::Value = serde_json::from_slice(&signed.stdout).expect("a signed delivery");
    let body = signed["body"].as_str().expect("a body").to_owned();
    say(&format!("{COUNT} deliveries of {} bytes, {AT_A_TIME} at a time, median of {ROUNDS} runs", body.len()));

    let send = ["send", "order.completed", "-q", "-n", COUNT, "-c", AT_A_TIME, "--to", &url];
    let programs: [(&str, &str, Vec<&str>); 3] = [
        ("oha", &oha, vec!["-n", COUNT, "-c", AT_A_TIME, "--no-tui", "-m", "POST", "-d", &body, &url]),
        ("wh send --no-log", wh, [&send[..], &["--no-log"]].concat()),
        ("wh send --log", wh, [&send[..], &["--log", &log]].concat()),
    ];
    let mut walls = [const { Vec::new() }; 3];
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (index, (_, program, arguments)) in programs.iter().enumerate() {
            let (wall, cost) = measure(program, arguments);
            walls[index].push(wall);
            costs[index].push(cost);
        }
    }
    let count: f64 = COUNT.parse().expect("a number");
    let rate = |walls: &mut Vec<f64>| count / median(walls);
    let ohas = rate(&mut walls[0]);
    for (index, (name, ..)) in programs.iter().enumerate() {
        let rate = rate(&mut walls[index]);
        let cost = median(&mut costs[index]) / count * 1e6;
        let ratio = rate / ohas;
        say(&format!(
            "{name:<17} {rate:>8.0} a second  {ratio:.2} of oha  {cost:>6.1} µs of user and system time each"
        ));
    }
    let _ = fs::remove_dir_all(folder);
}

/// Seconds by the clock on the wall, and of user and system time.
fn measure(program: &str, arguments: &[&str]) -> (f64, f64) {
    let before = children();
    let clock = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let wall = clock.elapsed().as_secs_f64();
    let status = status.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    assert!(status.success(), "{program} fails");
    (wall, children() - before)
}

/// The user and system time of the children that were waited for, in seconds: fields 16 and 17 of proc(5)'s stat, which
/// count hundredths.
fn children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
}
