//! How fast `wh verify` reads a log, beside `openssl dgst -sha256` of the same file and a Python script, in one run.
//!
//! `cargo bench --bench verify`, with `SIZE` in MiB (1024, unless it is said). The log has bodies of 1 KiB. What is told is
//! file bytes per second of user and system time and on the wall, and the most memory that `wh` took. `openssl`,
//! `python3`, `taskset` and a `/proc` are needed.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, thread};

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use wh::webhook::catalogue::Catalogue;
use wh::webhook::delivery::Delivery;
use wh::webhook::record::Record;
use wh::webhook::secret::Secret;
use wh::webhook::signing::Signing;

const ROUNDS: usize = 3;
const BODY: usize = 1024;

/// What a developer would write: JSON and HMAC, line by line.
const SCRIPT: &str = r#"
import hmac, hashlib, json, sys
for line in open(sys.argv[1], "rb"):
    request = json.loads(line)["request"]
    headers = dict(request["headers"])
    content = headers["x-wpg-timestamp"].encode() + b"." + request["body"].encode()
    signature = hmac.new(sys.argv[2].encode(), content, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signature, headers["x-wpg-signature"])
"#;

fn main() {
    let size: u64 = env::var("SIZE").ok().and_then(|size| size.parse().ok()).unwrap_or(1024);
    let path = env::temp_dir().join(format!("wh-bench-verify-{}.jsonl", std::process::id()));
    let secret = write(&path, size * 1024 * 1024);
    let file = path.to_str().expect("a path in UTF-8");
    let wh = env!("CARGO_BIN_EXE_wh");
    let programs: [(&str, &[&str]); 5] = [
        ("openssl, one core", &["taskset", "-c", "0", "openssl", "dgst", "-sha256", file]),
        ("python, one core", &["taskset", "-c", "0", "python3", "-c", SCRIPT, file, &secret]),
        ("wh verify -q, one core", &["taskset", "-c", "0", wh, "verify", "-q", "--no-config", file]),
        ("wh verify -q, two cores", &["taskset", "-c", "0,1", wh, "verify", "-q", "--no-config", file]),
        ("wh verify --json, two cores", &["taskset", "-c", "0,1", wh, "verify", "--json", "--no-config", file]),
    ];
    let length = fs::metadata(&path).expect("it was written").len();
    let mut costs = [(f64::MAX, f64::MAX, 0); 5];
    for _ in 0..ROUNDS {
        for (cost, (name, command)) in costs.iter_mut().zip(programs) {
            let (before, start) = (spent(), Instant::now());
            let memory = run(command, name);
            cost.0 = cost.0.min(spent() - before);
            cost.1 = cost.1.min(start.elapsed().as_secs_f64());
            cost.2 = cost.2.max(memory);
        }
    }
    fs::remove_file(&path).expect("it was written");
    let kibibytes = f64::from(u32::try_from(length / 1024).expect("less than a tebibyte"));
    let megabytes = |seconds: f64| kibibytes * 1024.0 / seconds / 1e6;
    let mut output = std::io::stdout();
    for (index, ((name, _), (cpu, wall, memory))) in programs.iter().zip(costs).enumerate() {
        let beside = |other: usize| format!("{:.2} ({:.2})", costs[other].0 / cpu, costs[other].1 / wall);
        let memory = if index < 2 { String::new() } else { format!("{memory} KiB") };
        writeln!(
            output,
            "{name:28} {:6.0} MB/s of CPU  {:6.0} MB/s on the wall  openssl x {}  python x {}  {memory}",
            megabytes(cpu),
            megabytes(wall),
            beside(0),
            beside(1),
        )
        .expect("an open stdout");
    }
}

/// Writes a log of that many bytes; the secret that signed it is the provider's test secret.
fn write(path: &Path, size: u64) -> String {
    let provider = Catalogue::embedded().provider("wpg").expect("it is embedded");
    let secret = Secret::new("the test secret", provider.scheme.test_secret.clone());
    let now: Timestamp = "2026-11-21T10:00:00.123Z".parse().expect("a time");
    let mut random = fastrand::Rng::with_seed(1);
    let mut file = BufWriter::new(File::create(path).expect("a file for temporary use"));
    let mut written = 0;
    while written < size {
        let mut body =
            format!("{{\"event\":\"slot.submitted\",\"timestamp\":\"{now}\",\"data\":{{\"slotId\":\"slot_1\"");
        while body.len() < BODY - 40 {
            body.push_str(&format!(",\"k{}\":\"player_{:012x}\"", body.len(), random.u64(..1 << 48)));
        }
        body.push_str("}}");
        body.push_str(&" ".repeat(BODY - body.len()));
        let request = Request::post("/webhooks/wpg").header("content-type", "application/json");
        let request = request.header("host", "localhost:4000").header("content-length", BODY).body(Bytes::from(body));
        let delivery = Delivery {
            id: format!("msg_{:024x}", random.u128(..1 << 96)),
            scheme: Some("wpg".to_owned()),
            event: Some("slot.submitted".to_owned()),
            variant: None,
            request: request.expect("a request"),
        };
        let signing = Signing { timestamp: now, secrets: std::slice::from_ref(&secret), fault: None };
        let delivery = provider.scheme.sign(delivery, &signing).expect("a delivery that can be signed");
        let verdict = provider.scheme.verify(&delivery, std::slice::from_ref(&secret), now);
        let record = Record {
            delivery: &delivery,
            received_at: now,
            remote: "127.0.0.1:53122".parse().expect("an address"),
            redact: false,
            scheme: None,
            verdict: Some(&verdict),
            response: Some((http::StatusCode::OK, Some(std::time::Duration::from_millis(1)))),
        };
        let mut line = Vec::new();
        record.write(&mut line);
        line.push(b'\n');
        file.write_all(&line).expect("room for a log");
        written += line.len() as u64;
    }
    file.flush().expect("room for a log");
    provider.scheme.test_secret.clone()
}

/// Runs a program to its end; says the most memory that it took, in KiB, as far as that was seen.
fn run(command: &[&str], name: &str) -> u64 {
    let (program, arguments) = command.split_first().expect("a program");
    let mut child = Command::new(program);
    child.args(arguments).env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let peak = fs::read_to_string(&status).ok().and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse().ok()
        });
        most = most.max(peak.unwrap_or(0));
        if let Some(status) = child.try_wait().expect("it was started") {
            assert!(status.success(), "{name} ended with {status}");
            return most;
        }
        thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Seconds of user and system time that ended children took.
fn spent() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("a /proc");
    // Behind the name in brackets, cutime and cstime are the fields 14 and 15, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    (ticks(13) + ticks(14)) / 100.0
}
