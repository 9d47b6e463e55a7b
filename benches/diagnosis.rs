//! How long the search for a cause takes at its worst, when there is none to be found: `cargo bench --bench diagnosis`.
//!
//! The bound is a second for a body of 100 KiB on one core.

use std::io::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use wh::webhook::catalogue::Catalogue;
use wh::webhook::delivery::Delivery;
use wh::webhook::diagnosis::{Budget, Case, Known, diagnose};
use wh::webhook::provider::Provider;
use wh::webhook::secret::Secret;

/// Runs of each case; the slowest counts.
const RUNS: usize = 5;

fn main() {
    let catalogue = Catalogue::embedded();
    let providers: Vec<Provider> =
        catalogue.names().map(|name| catalogue.provider(name).expect("an embedded provider")).collect();
    for size in [1, 10, 100, 1024, 10 * 1024] {
        for name in ["stripe", "standard", "gamepush", "comps"] {
            let provider = providers.iter().find(|known| known.name == name).expect("a provider");
            for (kind, body) in [("JSON", json(size * 1024)), ("text", text(size * 1024))] {
                measure(provider, &providers, &format!("{name}, {size} KiB of {kind}"), &body);
            }
        }
    }
}

/// JSON with what makes serialisers differ, so that no form of it is another.
fn json(size: usize) -> Vec<u8> {
    let mut text = String::from("{\"items\":[");
    let mut number = 0;
    while text.len() < size {
        let comma = if number > 0 { "," } else { "" };
        text.push_str(&format!(
            "{comma}{{\"id\":{number},\"b\":1.10,\"a\":\"Zo\u{eb} & co\",\"url\":\"https://a.example/{number}\",\"n\":null}}"
        ));
        number += 1;
    }
    text.push_str("]}");
    text.into_bytes()
}

fn text(size: usize) -> Vec<u8> {
    "Zo\u{eb} said: 1 + 1 = 2\r\n".bytes().cycle().take(size).collect()
}

fn measure(provider: &Provider, providers: &[Provider], title: &str, body: &[u8]) {
    let delivery = forged(&provider.name, body);
    let secrets = [Secret::new("one", "whsec_bm90IHRoZSBvbmU="), Secret::new("two", "whsec_bm9yIHRoaXMgb25l")];
    let now = Timestamp::from_second(1_795_255_200).expect("a moment");
    let others: Vec<Known<'_>> = providers
        .iter()
        .filter(|known| known.name != provider.name)
        .map(|provider| Known { provider, secrets: &[] })
        .collect();
    let rejection = provider.scheme.verify(&delivery, &secrets, now).expect_err("a forgery");
    let case = Case { delivery: &delivery, provider, secrets: &secrets, rejection: &rejection, others: &others, now };
    let mut slowest = Duration::ZERO;
    let mut tried = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        let diagnosis = diagnose(&case, Budget::FULL);
        slowest = slowest.max(start.elapsed());
        assert!(diagnosis.findings.is_empty(), "there is nothing to be found");
        tried = Some(diagnosis.tried);
    }
    let tried = tried.expect("at least one run");
    let (signatures, bodies, all) = (tried.combinations, tried.bodies, if tried.complete { "all" } else { "not all" });
    let mib = tried.work / 1024 / 1024;
    let line =
        format!("{title:<28} {slowest:>8.1?}  {signatures:>6} signatures, {bodies:>4} bodies, {mib:>4} MiB, {all}\n");
    std::io::stdout().write_all(line.as_bytes()).expect("somebody reads it");
}

/// A delivery with a signature of the right form and nobody's making.
fn forged(name: &str, body: &[u8]) -> Delivery {
    let hex = "5a".repeat(32);
    let request = http::Request::post("/webhooks").header("host", "localhost");
    let request = match name {
        "stripe" => request.header("Stripe-Signature", format!("t=1795255200,v1={hex}")),
        "standard" => request
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", "1795255200")
            .header("webhook-signature", "v1,WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo="),
        "comps" => request.header("X-Comps-Signature", hex.as_str()).header("X-Comps-Timestamp", "1795255200"),
        _ => request,
    };
    let body = match name {
        "gamepush" => {
            use base64::Engine as _;
            let payload = base64::engine::general_purpose::STANDARD.encode(body);
            Bytes::from(format!("{payload}.{hex}"))
        }
        _ => Bytes::copy_from_slice(body),
    };
    let request = request.body(body).expect("a request");
    Delivery { id: String::new(), scheme: Some(name.to_owned()), event: None, variant: None, request }
}
