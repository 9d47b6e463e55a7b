//! Causes that schemes share, planted in each of the providers that sign.

use super::sender::{HMAC, NOW, Parts, SIGNING, Sender, base64, codes, hmac_sha1, hmac_sha256, hmac_sha512, sha256};

/// A payload with what serialisers disagree about.
const BODY: &[u8] = br#"{"event":"order.paid","id":"evt_1","amount":1.10,"count":2.0,"url":"https://a.example/x?y=1&z=2","name":"Zo\u00eb","data":{"b":[1,2,{}],"a":null}}"#;

/// `JSON.stringify(JSON.parse(BODY))` in Node 20.
const STRINGIFIED: &str = r#"{"event":"order.paid","id":"evt_1","amount":1.1,"count":2,"url":"https://a.example/x?y=1&z=2","name":"Zoë","data":{"b":[1,2,{}],"a":null}}"#;

/// The same with an indent of 2.
const STRINGIFIED_2: &str = "{\n  \"event\": \"order.paid\",\n  \"id\": \"evt_1\",\n  \"amount\": 1.1,\n  \"count\": 2,\n  \"url\": \"https://a.example/x?y=1&z=2\",\n  \"name\": \"Zoë\",\n  \"data\": {\n    \"b\": [\n      1,\n      2,\n      {}\n    ],\n    \"a\": null\n  }\n}";

/// `json.dumps(json.loads(BODY))` in Python 3.
const DUMPED: &str = r#"{"event": "order.paid", "id": "evt_1", "amount": 1.1, "count": 2.0, "url": "https://a.example/x?y=1&z=2", "name": "Zo\u00eb", "data": {"b": [1, 2, {}], "a": null}}"#;

/// The same with `sort_keys=True`.
const SORTED: &str = r#"{"amount": 1.1, "count": 2.0, "data": {"a": null, "b": [1, 2, {}]}, "event": "order.paid", "id": "evt_1", "name": "Zo\u00eb", "url": "https://a.example/x?y=1&z=2"}"#;

/// The same with `indent=4`.
const DUMPED_4: &str = "{\n    \"event\": \"order.paid\",\n    \"id\": \"evt_1\",\n    \"amount\": 1.1,\n    \"count\": 2.0,\n    \"url\": \"https://a.example/x?y=1&z=2\",\n    \"name\": \"Zo\\u00eb\",\n    \"data\": {\n        \"b\": [\n            1,\n            2,\n            {}\n        ],\n        \"a\": null\n    }\n}";

/// `gzip.compress(BODY, mtime=0)` in Python 3.
const GZIPPED: &str = "1f8b0800000000000203258dcb0a02310c45ff250b57a5af6561f03f7c20191b50e88bda0ea3a5ff6ec44dc8b9f7840ca08d520307b97aaab2e0d383001e8e9b76330c1873ff29461a2de0fe072b79ef35b0f768adbc9c522869c75802a9fdf85ecce1b358be4e1889a553be74ad69e5c46343700356706723ac18f3ca4fc0a51ec29c5fac0530c292000000";

/// A name for messages, and what is done that has no name.
type Alteration = (&'static str, fn(&mut Sender));

/// A name for messages, the mistake, and what it must be called.
type Row = (&'static str, fn(&mut Sender), &'static [&'static str]);

#[track_caller]
fn assert_found(providers: &[&'static str], rows: &[Row]) {
    let mut wrong = Vec::new();
    for provider in providers {
        for (name, plant, expected) in rows {
            let mut sender = Sender::genuine(provider, BODY);
            plant(&mut sender);
            let diagnosis = sender.diagnosis();
            if codes(&diagnosis) != *expected {
                wrong.push(format!("{provider}: {name}: expected {expected:?}, found {:#?}", diagnosis.findings));
            }
            let told = diagnosis.findings.iter().all(|finding| finding.cause.len() > 20 && finding.remedy.len() > 20);
            assert!(told, "{provider}: {name}: {:#?}", diagnosis.findings);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_body_that_was_changed_between_signing_and_verifying_is_told_by_what_changed() {
    let rows: &[Row] = &[
        ("newline after signing", |s| s.body.push(b'\n'), &["body-trailing-newline"]),
        ("CRLF after signing", |s| s.body.extend(b"\r\n"), &["body-trailing-newline"]),
        ("newline before signing", |s| s.signed_body.push(b'\n'), &["body-trailing-newline"]),
        ("CRLF before signing", |s| s.signed_body.extend(b"\r\n"), &["body-trailing-newline"]),
        ("mark before signing", |s| s.signed_body = [b"\xef\xbb\xbf", BODY].concat(), &["body-bom"]),
        ("mark after signing", |s| s.body = [b"\xef\xbb\xbf", BODY].concat(), &["body-bom"]),
        ("base64 signed", |s| s.signed_body = base64(BODY).into_bytes(), &["body-base64"]),
        ("empty", |s| s.signed_body.clear(), &["body-empty"]),
        ("NUL before signing", |s| s.signed_body.push(0), &["body-whitespace"]),
        ("space after signing", |s| s.body = [b" \n ", BODY, b" "].concat(), &["body-whitespace"]),
    ];
    assert_found(&SIGNING, rows);
    // The content of GamePush is base64 already.
    let rows: &[Row] = &[("base64 sent", |s| s.body = base64(BODY).into_bytes(), &["body-base64"])];
    assert_found(&HMAC, rows);
}

#[test]
fn line_endings_are_told_from_a_line_break_at_the_end() {
    let rows: &[Row] = &[
        ("CRLF signed", |s| (s.body, s.signed_body) = (lf(), crlf()), &["body-line-endings"]),
        ("LF signed", |s| (s.body, s.signed_body) = (crlf(), lf()), &["body-line-endings"]),
        (
            "no line breaks signed, as curl -d @file sends them",
            |s| (s.body, s.signed_body) = (lf(), STRINGIFIED_2.replace('\n', "").into_bytes()),
            &["body-line-endings"],
        ),
    ];
    assert_found(&SIGNING, rows);
}

fn lf() -> Vec<u8> {
    STRINGIFIED_2.as_bytes().to_vec()
}

fn crlf() -> Vec<u8> {
    STRINGIFIED_2.replace('\n', "\r\n").into_bytes()
}

#[test]
fn json_that_was_parsed_and_written_again_is_told_in_the_words_of_who_wrote_it() {
    let rows: &[Row] = &[
        ("JSON.stringify", |s| s.signed_body = STRINGIFIED.into(), &["body-reserialised"]),
        ("JSON.stringify with an indent", |s| s.signed_body = STRINGIFIED_2.into(), &["body-reserialised"]),
        ("json.dumps", |s| s.signed_body = DUMPED.into(), &["body-reserialised"]),
        ("json.dumps, sorted", |s| s.signed_body = SORTED.into(), &["body-reserialised"]),
        ("json.dumps with an indent", |s| s.signed_body = DUMPED_4.into(), &["body-reserialised"]),
        ("slashes escaped", |s| s.signed_body = STRINGIFIED.replace('/', "\\/").into_bytes(), &["body-reserialised"]),
        ("json_encode", |s| s.signed_body = php(), &["body-reserialised"]),
        ("json.Marshal", |s| s.signed_body = go(), &["body-reserialised"]),
        ("parsed after signing", |s| (s.body, s.signed_body) = (lf(), STRINGIFIED.into()), &["body-reserialised"]),
    ];
    assert_found(&SIGNING, rows);
    let remedy = |body: &str| {
        let mut sender = Sender::genuine("stripe", BODY);
        sender.signed_body = body.into();
        sender.diagnosis().findings.remove(0).remedy
    };
    assert!(remedy(STRINGIFIED).contains("express.raw({ type: '*/*' })"));
    assert!(remedy(DUMPED).contains("request.get_data()"));
    assert!(remedy(str::from_utf8(&php()).expect("UTF-8")).contains("php://input"));
    assert!(remedy(str::from_utf8(&go()).expect("UTF-8")).contains("io.ReadAll(r.Body)"));
}

/// What `json_encode` writes: compact, `\/` for `/`, `\u00eb` for what is not ASCII.
fn php() -> Vec<u8> {
    STRINGIFIED.replace('/', "\\/").replace('ë', "\\u00eb").replace(":2,\"url", ":2.0,\"url").into_bytes()
}

/// What `json.Marshal` writes of a map: sorted, `\u0026` for `&`.
fn go() -> Vec<u8> {
    r#"{"amount":1.1,"count":2,"data":{"a":null,"b":[1,2,{}]},"event":"order.paid","id":"evt_1","name":"Zoë","url":"https://a.example/x?y=1\u0026z=2"}"#.into()
}

#[test]
fn a_body_in_another_character_set_form_or_wrapping_is_told() {
    let rows: &[Row] = &[
        (
            "latin-1 signed",
            |s| (s.body, s.signed_body) = (STRINGIFIED.into(), STRINGIFIED.chars().map(|c| c as u8).collect()),
            &["body-charset"],
        ),
        (
            "latin-1 sent",
            |s| (s.signed_body, s.body) = (STRINGIFIED.into(), STRINGIFIED.chars().map(|c| c as u8).collect()),
            &["body-charset"],
        ),
        (
            "encoded twice",
            |s| (s.signed_body, s.body) = (STRINGIFIED.into(), STRINGIFIED.replace('ë', "Ã«").into_bytes()),
            &["body-charset"],
        ),
        (
            "UTF-16 signed",
            |s| {
                s.body = STRINGIFIED.into();
                s.signed_body = STRINGIFIED.encode_utf16().flat_map(u16::to_le_bytes).collect();
            },
            &["body-charset"],
        ),
        ("gzip sent", |s| s.body = hex::decode(GZIPPED).expect("hex"), &["body-gzip"]),
        (
            "a gateway's envelope sent",
            |s| {
                let text = serde_json::Value::from(str::from_utf8(BODY).expect("UTF-8")).to_string();
                s.body = format!("{{\"isBase64Encoded\": false, \"body\": {text}}}").into_bytes();
            },
            &["body-envelope"],
        ),
        ("a part of the body signed", |s| s.signed_body = br#"{"b":[1,2,{}],"a":null}"#.to_vec(), &["body-envelope"]),
    ];
    assert_found(&HMAC, rows);
    let rows: &[Row] = &[(
        "the form's field signed",
        |s| {
            s.body = b"payload=%7B%22a%22%3A+%22b%26c%22%7D&x=1".to_vec();
            s.signed_body = br#"{"a": "b&c"}"#.to_vec();
        },
        &["body-form"],
    )];
    assert_found(&HMAC, rows);
}

#[test]
fn a_secret_that_was_changed_on_its_way_is_told_by_what_changed() {
    let rows: &[Row] = &[
        ("newline", |s| s.secret.push(b'\n'), &["secret-whitespace"]),
        ("spaces", |s| s.secret = [b"  ", s.secret.as_slice(), b"\t"].concat(), &["secret-whitespace"]),
        ("quotes", |s| s.secret = [b"'", s.secret.as_slice(), b"'"].concat(), &["secret-quotes"]),
        ("quotes signed", |s| s.key = [b"\"", s.secret.as_slice(), b"\""].concat(), &["secret-quotes"]),
        ("empty", |s| s.key.clear(), &["secret-empty"]),
        ("another provider's", |s| s.key = b"unibo_test_api_key_for_wh".to_vec(), &["secret-other"]),
        ("hex", |s| s.key = hex::encode(&s.secret).into_bytes(), &["secret-encoding"]),
        ("a line of a file", |s| s.secret = [b"WEBHOOK_SECRET=", s.secret.as_slice()].concat(), &["secret-prefix"]),
    ];
    assert_found(&SIGNING, rows);
    let texts = ["wpg", "whop", "gamepush", "comps", "stripe", "github", "slack", "shopify"];
    let rows: &[Row] = &[
        ("newline signed", |s| s.key.push(b'\n'), &["secret-whitespace"]),
        ("decoded", |s| s.key = b"for the tests only".to_vec(), &["secret-encoding"]),
    ];
    assert_found(&texts, rows);
    let rows: &[Row] = &[("no prefix", |s| s.key = b"Zm9yIHRoZSB0ZXN0cyBvbmx5".to_vec(), &["secret-prefix"])];
    assert_found(&["wpg", "whop", "stripe"], rows);
    let rows: &[Row] = &[
        ("literal", |s| s.key = s.secret.clone(), &["secret-encoding"]),
        ("literal without prefix", |s| s.key = b"Zm9yIHRoZSB0ZXN0cyBvbmx5".to_vec(), &["secret-encoding"]),
    ];
    assert_found(&["standard"], rows);
}

#[test]
fn another_way_to_put_the_content_together_is_told() {
    let timed = ["wpg", "whop", "stripe", "slack"];
    let rows: &[Row] = &[
        ("no timestamp", |s| s.content = |p| p.body.to_vec(), &["content-timestamp"]),
        (
            "another separator",
            |s| s.content = |p| [p.timestamp.as_bytes(), b"|", p.body].concat(),
            &["content-template"],
        ),
        ("no separator", |s| s.content = |p| [p.timestamp.as_bytes(), p.body].concat(), &["content-template"]),
        (
            "the other way round",
            |s| s.content = |p| [p.body, b".", p.timestamp.as_bytes()].concat(),
            &["content-template"],
        ),
        ("milliseconds signed", |s| s.signed_timestamp = format!("{NOW}000"), &["timestamp-unit"]),
        ("a date signed", |s| s.signed_timestamp = "2026-11-21T10:00:00.000Z".to_owned(), &["timestamp-unit"]),
        (
            "milliseconds sent and signed",
            |s| (s.timestamp, s.signed_timestamp) = (format!("{NOW}000"), format!("{NOW}000")),
            &["timestamp-unit"],
        ),
        (
            "a date sent and signed",
            |s| {
                let date = "2026-11-21T10:00:00Z".to_owned();
                (s.timestamp, s.signed_timestamp) = (date.clone(), date);
            },
            &["timestamp-unit"],
        ),
    ];
    assert_found(&["wpg", "whop", "stripe", "standard"], &rows[4..]);
    assert_found(&["wpg", "whop", "stripe"], &rows[..1]);
    assert_found(&timed, &rows[1..4]);
    let rows: &[Row] = &[
        (
            "the timestamp put in",
            |s| s.content = |p| [p.timestamp.as_bytes(), b".", p.body].concat(),
            &["content-timestamp"],
        ),
        (
            "as slack signs",
            |s| s.content = |p| [b"v0:", p.timestamp.as_bytes(), b":", p.body].concat(),
            &["content-template"],
        ),
    ];
    assert_found(&["comps"], rows);
    let rows: &[Row] = &[
        (
            "swapped",
            |s| s.content = |p| [p.timestamp.as_bytes(), b".msg_2LkWBfF3cN9.", p.body].concat(),
            &["content-template"],
        ),
        ("no id", |s| s.content = |p| [p.timestamp.as_bytes(), b".", p.body].concat(), &["content-template"]),
    ];
    assert_found(&["standard"], rows);
    let rows: &[Row] = &[
        ("the payload not encoded", |s| s.content = |p| [p.body, b"_", p.key].concat(), &["content-template"]),
        (
            "another separator",
            |s| s.content = |p| [base64(p.body).as_bytes(), b".", p.key].concat(),
            &["content-template"],
        ),
        (
            "the secret first",
            |s| s.content = |p| [p.key, b"_", base64(p.body).as_bytes()].concat(),
            &["content-template"],
        ),
    ];
    assert_found(&["gamepush"], rows);
}

#[test]
fn another_hash_or_encoding_is_told() {
    let rows: &[Row] = &[
        ("upper-case hex", |s| s.encode = |bytes| hex::encode_upper(bytes), &["encoding"]),
        ("base64 of hex", |s| s.encode = |bytes| base64(hex::encode(bytes).as_bytes()), &["encoding"]),
        ("cut off", |s| s.encode = |bytes| hex::encode(&bytes[..10]), &["encoding"]),
        ("a prefix of its own", |s| s.encode = |bytes| format!("0x{}", hex::encode(bytes)), &["encoding"]),
        (
            "as .NET's BitConverter writes it",
            |s| s.encode = |bytes| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join("-"),
            &["encoding"],
        ),
    ];
    assert_found(&SIGNING, rows);
    let rows: &[Row] = &[
        ("HMAC-SHA1", |s| s.compute = hmac_sha1, &["algorithm"]),
        ("HMAC-SHA512", |s| s.compute = hmac_sha512, &["algorithm"]),
        (
            "HMAC-SHA512 cut",
            |s| s.compute = |key, content| hmac_sha512(key, content)[..32].to_vec(),
            &["algorithm", "encoding"],
        ),
        (
            "a hash of secret and content",
            |s| s.compute = |key, content| sha256(&[key, content].concat()),
            &["algorithm"],
        ),
        (
            "a hash of content and secret",
            |s| s.compute = |key, content| sha256(&[content, key].concat()),
            &["algorithm"],
        ),
        ("a hash of the content", |s| s.compute = |_, content| sha256(content), &["algorithm"]),
    ];
    assert_found(&HMAC, rows);
    let rows: &[Row] = &[
        (
            "HMAC of base64",
            |s| (s.compute, s.content) = (hmac_sha256, |p: &Parts<'_>| base64(p.body).into_bytes()),
            &["algorithm"],
        ),
        (
            "HMAC of the payload",
            |s| (s.compute, s.content) = (hmac_sha256, |p: &Parts<'_>| p.body.to_vec()),
            &["algorithm"],
        ),
    ];
    assert_found(&["gamepush"], rows);
    let hex: &[Row] = &[
        ("base64", |s| s.encode = |bytes| base64(bytes), &["encoding"]),
        (
            "base64url",
            |s| s.encode = |bytes| base64(bytes).replace('+', "-").replace('/', "_").replace('=', ""),
            &["encoding"],
        ),
    ];
    assert_found(&["wpg", "whop", "comps", "stripe", "github", "slack"], hex);
    let base64: &[Row] = &[
        ("hex", |s| s.encode = |bytes| hex::encode(bytes), &["encoding"]),
        ("no padding", |s| s.encode = |bytes| base64(bytes).replace('=', ""), &["encoding"]),
    ];
    assert_found(&["standard", "shopify"], base64);
}

#[test]
fn a_signature_in_another_place_or_form_is_found_there() {
    let rows: &[Row] = &[(
        "another header",
        |s| {
            s.write = |s, signature| {
                let (headers, body) = s.usual(signature);
                let renamed = headers.into_iter().map(|(name, value)| (name.replace("-Signature", "-Sig"), value));
                (renamed.collect(), body)
            };
        },
        &["header-name"],
    )];
    assert_found(&["wpg", "whop", "comps", "stripe", "github", "slack"], rows);
    let rows: &[Row] = &[(
        "no prefix",
        |s| {
            s.write = |s, signature| {
                let (mut headers, body) = s.usual(signature);
                headers[0].1 = signature.to_owned();
                (headers, body)
            };
        },
        &["header-format"],
    )];
    assert_found(&["github", "slack"], rows);
    let rows: &[Row] = &[(
        "a prefix that others have",
        |s| {
            s.write = |s, signature| {
                let (mut headers, body) = s.usual(signature);
                headers[0].1 = format!("sha256={signature}");
                (headers, body)
            };
        },
        &["header-format"],
    )];
    assert_found(&["wpg", "comps", "shopify"], rows);
    let rows: &[Row] = &[(
        "in quotes",
        |s| {
            s.write = |s, signature| {
                let (mut headers, body) = s.usual(signature);
                headers[0].1 = format!("\"{}\"", headers[0].1);
                (headers, body)
            };
        },
        &["header-format"],
    )];
    assert_found(&["wpg", "comps", "github", "slack", "shopify"], rows);
    let rows: &[Row] = &[(
        "twice",
        |s| {
            s.write = |s, signature| {
                let (mut headers, body) = s.usual(signature);
                headers.insert(0, (headers[0].0.clone(), headers[0].1.replace(signature, &"0".repeat(64))));
                (headers, body)
            };
        },
        &["header-duplicate"],
    )];
    assert_found(&["wpg", "whop", "comps", "stripe", "github", "slack"], rows);
    let rows: &[Row] = &[(
        "another version",
        |s| {
            s.write = |s, signature| {
                let (headers, body) = s.usual(signature);
                let renamed = |value: String| value.replace("v1=", "v2=").replace("v1,", "v2,").replace("v0=", "v2=");
                (headers.into_iter().map(|(name, value)| (name, renamed(value))).collect(), body)
            };
        },
        &["version"],
    )];
    assert_found(&["whop", "standard", "stripe", "slack"], rows);
    let rows: &[Row] = &[(
        "without its timestamp",
        |s| {
            s.write = |s, signature| {
                let (headers, body) = s.usual(signature);
                (headers.into_iter().filter(|(name, _)| name != "X-Comps-Timestamp").collect(), body)
            };
        },
        &["header-missing"],
    )];
    assert_found(&["comps"], rows);
}

#[test]
fn a_delivery_of_another_provider_is_told_as_such() {
    for provider in SIGNING {
        let other = if provider == "stripe" { "github" } else { "stripe" };
        let mut sender = Sender::genuine(other, BODY);
        let diagnosis = super::sender::diagnosis(
            provider,
            &sender.deliver(),
            &[wh::webhook::secret::Secret::new("WH_SECRET", sender.secret.clone())],
        );
        assert_eq!(codes(&diagnosis), ["scheme-other"], "{provider}: {diagnosis:#?}");
        // Signed with the published secret of its own provider, which is known without being given.
        sender.key = if other == "stripe" {
            b"whsec_stripe_test_secret_for_wh".to_vec()
        } else {
            b"github_test_secret_for_wh".to_vec()
        };
        let secret = wh::webhook::secret::Secret::new("WH_SECRET", "something else");
        let diagnosis = super::sender::diagnosis(provider, &sender.deliver(), &[secret]);
        if provider != "standard" {
            assert_eq!(codes(&diagnosis), ["scheme-other"], "{provider}: {diagnosis:#?}");
        }
    }
}

#[test]
fn the_clock_is_told_when_the_signature_is_right() {
    let at = |seconds: i64| (NOW + seconds).to_string();
    for provider in ["wpg", "whop", "comps", "standard", "stripe", "slack"] {
        for (seconds, code) in [(-301, "stale"), (-86_400, "stale"), (301, "future"), (3600, "future")] {
            // Stripe's own libraries accept the future.
            if provider == "stripe" && code == "future" {
                continue;
            }
            let mut sender = Sender::genuine(provider, BODY);
            (sender.timestamp, sender.signed_timestamp) = (at(seconds), at(seconds));
            assert_eq!(codes(&sender.diagnosis()), [code], "{provider} {seconds}");
        }
    }
}

#[test]
fn two_mistakes_are_two_findings() {
    let rows: &[Row] = &[
        (
            "newline and white space",
            |s| {
                s.body.push(b'\n');
                s.secret.push(b'\n');
            },
            &["body-trailing-newline", "secret-whitespace"],
        ),
        (
            "JSON.stringify and an empty secret",
            |s| {
                s.signed_body = STRINGIFIED.into();
                s.key.clear();
            },
            &["body-reserialised", "secret-empty"],
        ),
        (
            "upper-case hex and another secret",
            |s| {
                s.encode = |bytes| hex::encode_upper(bytes);
                s.key = b"unibo_test_api_key_for_wh".to_vec();
            },
            &["encoding", "secret-other"],
        ),
        (
            "JSON.stringify with a line break behind it",
            |s| s.signed_body = format!("{STRINGIFIED}\n").into_bytes(),
            &["body-reserialised", "body-trailing-newline"],
        ),
    ];
    assert_found(&SIGNING, rows);
    let rows: &[Row] = &[
        (
            "no timestamp and JSON.stringify",
            |s| {
                s.content = |p| p.body.to_vec();
                s.signed_body = STRINGIFIED.into();
            },
            &["body-reserialised", "content-timestamp"],
        ),
        (
            "no timestamp and another secret",
            |s| {
                s.content = |p| p.body.to_vec();
                s.key = b"comps_test_secret_for_wh".to_vec();
            },
            &["secret-other", "content-timestamp"],
        ),
    ];
    assert_found(&["wpg", "whop", "stripe"], rows);
}

#[test]
fn what_has_no_common_cause_gets_no_finding() {
    let altered: [Alteration; 8] = [
        ("a bit", |s| s.body[20] ^= 1),
        ("a number", |s| s.body = STRINGIFIED.replace("1.1", "1.2").into_bytes()),
        ("a member less", |s| s.body = STRINGIFIED.replace("\"id\":\"evt_1\",", "").into_bytes()),
        ("a member more", |s| s.body = STRINGIFIED.replace("{\"event\"", "{\"x\":1,\"event\"").into_bytes()),
        ("half of it", |s| s.body.truncate(BODY.len() / 2)),
        ("a name in capitals", |s| s.body = STRINGIFIED.replace("name", "NAME").into_bytes()),
        ("an unknown secret", |s| s.key = b"nobody knows this one".to_vec()),
        ("another body altogether", |s| s.signed_body = b"{}".to_vec()),
    ];
    // A search that finds nothing is a long one: each provider gets some of them, and all are had.
    for (index, provider) in SIGNING.into_iter().enumerate() {
        for (name, alter) in altered.into_iter().cycle().skip(index * 2).take(2) {
            let mut sender = Sender::genuine(provider, BODY);
            alter(&mut sender);
            let diagnosis = sender.diagnosis();
            assert_eq!(codes(&diagnosis), Vec::<&str>::new(), "{provider}: {name}: {diagnosis:#?}");
            assert!(diagnosis.tried.complete, "{provider}: {name}: {:?}", diagnosis.tried);
            assert!(diagnosis.tried.combinations > 1000, "{provider}: {name}: {:?}", diagnosis.tried);
            assert!(diagnosis.tried.to_string().starts_with("no common mistake explains it"), "{}", diagnosis.tried);
        }
    }
}

/// A list of one object again and again, of a mebibyte and more, as `before`, `between` and `behind` put it together.
fn mebibyte(object: &str, before: &str, between: &str, behind: &str) -> Vec<u8> {
    let objects = vec![object; 1024 * 1024 / BODY.len() + 1];
    format!("{before}{}{behind}", objects.join(between)).into_bytes()
}

#[test]
fn the_likeliest_changes_of_a_body_of_a_mebibyte_are_found_before_the_search_must_end() {
    let body = str::from_utf8(BODY).expect("UTF-8");
    let sent = mebibyte(body, "[", ",", "]");
    let indented = mebibyte(&STRINGIFIED_2.replace('\n', "\n  "), "[\n  ", ",\n  ", "\n]");
    let rows: &[(&[u8], Vec<u8>, &str)] = &[
        (&sent, [&sent, &b"\n"[..]].concat(), "body-trailing-newline"),
        (&[&sent, &b"\n"[..]].concat(), sent.clone(), "body-trailing-newline"),
        (&sent, [&b"\xef\xbb\xbf"[..], &sent].concat(), "body-bom"),
        (&sent, mebibyte(STRINGIFIED, "[", ",", "]"), "body-reserialised"),
        (&sent, mebibyte(DUMPED, "[", ", ", "]"), "body-reserialised"),
        (&sent, mebibyte(SORTED, "[", ", ", "]"), "body-reserialised"),
        (&sent, indented.clone(), "body-reserialised"),
        (
            &indented,
            String::from_utf8(indented.clone()).expect("UTF-8").replace('\n', "\r\n").into_bytes(),
            "body-line-endings",
        ),
    ];
    for provider in ["stripe", "gamepush"] {
        for (sent, signed, code) in rows {
            let mut sender = Sender::genuine(provider, sent);
            sender.signed_body.clone_from(signed);
            let diagnosis = sender.diagnosis();
            assert_eq!(codes(&diagnosis), [*code], "{provider}: {:?}", diagnosis.tried);
            assert!(diagnosis.tried.work < wh::webhook::diagnosis::Budget::FULL.0, "{provider}: {:?}", diagnosis.tried);
        }
        let mut sender = Sender::genuine(provider, &sent);
        sender.signed_body.insert(1, b'x');
        let diagnosis = sender.diagnosis();
        assert!(diagnosis.findings.is_empty() && !diagnosis.tried.complete, "{provider}: {diagnosis:?}");
        assert!(diagnosis.tried.bodies > 12, "{provider}: {:?}", diagnosis.tried);
    }
}
