//! What a start of `wh` costs beside an empty clap program of the same profile, in one run.
//!
//! `cargo bench --bench startup`. The empty program is this file itself, started with `WH_BENCH_EMPTY` set: it links clap and
//! nothing of ours. What is compared is user and system time, as the kernel counts it.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs};

use clap::Parser;

const EMPTY: &str = "WH_BENCH_EMPTY";
const ROUNDS: usize = 20;
const STARTS: usize = 50;

/// An empty program with one argument
#[derive(Parser)]
#[command(version)]
struct Empty {
    /// Anything
    words: Vec<String>,
}

fn main() {
    if env::var_os(EMPTY).is_some() {
        assert!(Empty::parse().words.len() < 9);
        return;
    }
    let wh = env!("CARGO_BIN_EXE_wh");
    let this = env::current_exe().expect("the path of this program");
    let this = this.to_str().expect("a path in UTF-8");
    let programs: [(&str, &str, &[&str]); 5] = [
        ("an empty clap program", this, &["one", "two"]),
        ("wh --version", wh, &["--version"]),
        ("wh sign slot.submitted", wh, &["sign", "slot.submitted"]),
        ("wh schemes wpg", wh, &["schemes", "wpg"]),
        ("wh send slot.submitted", wh, &["send", "slot.submitted"]),
    ];
    let mut costs = [0.0; 5];
    for _ in 0..ROUNDS {
        for (cost, (_, program, arguments)) in costs.iter_mut().zip(programs) {
            let before = spent();
            for _ in 0..STARTS {
                let mut command = Command::new(program);
                command.args(arguments).env(EMPTY, "1").stdout(Stdio::null()).stderr(Stdio::null());
                assert!(command.status().expect("the program starts").success(), "{program} {arguments:?}");
            }
            *cost += spent() - before;
        }
    }
    let starts = f64::from(u32::try_from(ROUNDS * STARTS).expect("a small number"));
    for (cost, (name, ..)) in costs.iter().zip(programs) {
        let line = format!("{name:24} {:6.3} ms  {:.2}\n", cost / starts * 1000.0, cost / costs[0]);
        std::io::stdout().write_all(line.as_bytes()).expect("an open stdout");
    }
}

/// Seconds of user and system time that ended children took; where the kernel does not say, the time on the wall.
fn spent() -> f64 {
    thread_local!(static START: Instant = Instant::now());
    let counted = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| {
        // Behind the name in brackets, cutime and cstime are the fields 14 and 15, in hundredths of a second.
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks: f64 = fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?;
        Some(ticks / 100.0)
    });
    counted.unwrap_or_else(|| START.with(|start| start.elapsed().as_secs_f64()))
}
