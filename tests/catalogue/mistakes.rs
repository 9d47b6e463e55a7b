//! Mistakes in a provider's file, each told with its place.

use wh::webhook::provider::Provider;
use wh::webhook::table::{FileError, Source};

/// A file that is right, which each case spoils in one place.
pub(super) const GOOD: &str = r#"title = "Acme"
about = "An example"
documentation = "https://example.com/webhooks"

[event]
type = "/type"
id-form = "evt_{{alnum:8}}"

[request]
content-type = "application/json"

[request.headers]
"X-Acme-Event" = "{event}"

[secret]
test = "whsec_dGVzdA=="
encoding = "base64"
prefix = "whsec_"

[signature]
algorithm = "hmac-sha256"
content = "{timestamp}.{body}"
version = "v1"

[[signature.headers]]
name = "X-Acme-Signature"
value = "t={timestamp},{version}={signature}"
separator = ","

[timestamp]
tolerance-past = "300s"

[delivery]
timeout = "5s"
success = ["2xx"]

[events]
"thing.happened" = "A thing happened"
"#;

fn read(text: &str) -> Result<Provider, FileError> {
    let source = Source::from_bytes("provider.toml", text.as_bytes())?;
    Provider::read("acme", source, &["thing.happened"])
}

/// Puts `replacement` in the place of `piece`, and expects the mistake at its line and column.
#[track_caller]
fn mistake(piece: &str, replacement: &str, expected: &str, hint: Option<&str>) {
    assert_eq!(GOOD.matches(piece).count(), 1, "`{piece}` is not there once");
    is_told(&GOOD.replace(piece, replacement), expected, hint);
}

#[track_caller]
fn is_told(text: &str, expected: &str, hint: Option<&str>) {
    let Err(error) = read(text) else { panic!("read as if nothing were wrong, instead of {expected}") };
    let told = error.to_string();
    assert_eq!(told.strip_prefix("provider.toml:"), Some(expected));
    assert_eq!(error.hint.as_deref(), hint, "{told}");
}

#[test]
fn the_file_without_mistakes_is_read() {
    let provider = read(GOOD).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(provider.events.len(), 1);
    assert_eq!(read(&format!("\u{feff}{}", GOOD.replace('\n', "\r\n"))).map(|read| read.title).as_deref(), Ok("Acme"));
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    is_told("", "1:1: the file is empty", Some("`wh init --provider NAME` writes one to begin with"));
    is_told(" \n\n", "1:1: the file is empty", Some("`wh init --provider NAME` writes one to begin with"));
    mistake(
        r#""An example""#,
        r#""An example"#,
        "2:20: invalid basic string, expected `\"`",
        Some("it is TOML: lines of key = \"value\", below [tables]"),
    );
    mistake(
        r#""An example""#,
        "An example",
        "2:9: string values must be quoted, expected literal string",
        Some("it is TOML: lines of key = \"value\", below [tables]"),
    );
    mistake(
        "[request]",
        "[request",
        "9:9: unclosed table, expected `]`",
        Some("it is TOML: lines of key = \"value\", below [tables]"),
    );
    mistake("about =", "title =", "2:1: duplicate key", Some("keep one of them"));
}

#[test]
fn what_is_not_utf_8_is_told_with_its_place() {
    let latin1 = b"title = \"Zo\xeb\"\nabout = \"\"";
    let error = Source::from_bytes("provider.toml", latin1).expect_err("Latin 1");
    assert_eq!(error.to_string(), "provider.toml:1:12: not UTF-8 from here on");
    assert_eq!(error.hint.as_deref(), Some("save the file as UTF-8"));
    let error = Source::from_bytes("provider.toml", b"# \xc3\xbc\n\"\xc3").expect_err("half a character");
    assert_eq!((error.line, error.column), (2, 2));
}

#[test]
fn an_unknown_key_is_told_with_what_is_known() {
    mistake("timeout =", "timout =", "34:1: unknown key `timout` in [delivery]", Some("did you mean `timeout`?"));
    mistake("[delivery]", "[delivry]", "33:2: unknown key `delivry`", Some("did you mean `delivery`?"));
    let separator = "28:1: unknown key `seperator` in [signature.headers]";
    mistake("separator", "seperator", separator, Some("did you mean `separator`?"));
    let known = "known here: title, about, documentation, readings, weaknesses, replaces-built-in, request, secret, \
                 signature, timestamp, event, delivery, events";
    mistake("about =", "logo = \"a.png\"\nabout =", "2:1: unknown key `logo`", Some(known));
}

#[test]
fn what_is_missing_is_told_where_it_should_be() {
    mistake("about = \"An example\"\n", "", "1:1: `about` is missing", Some("add it: about = …"));
    mistake("test = \"whsec_dGVzdA==\"\n", "", "15:1: `secret.test` is missing", Some("add it: test = …"));
    mistake(
        "algorithm = \"hmac-sha256\"\n",
        "",
        "20:1: `signature.algorithm` is missing",
        Some("add it: algorithm = …"),
    );
    mistake(
        "content = \"{timestamp}.{body}\"\n",
        "",
        "20:1: `signature.content` is missing",
        Some("add it: content = …"),
    );
    mistake("name = \"X-Acme-Signature\"\n", "", "25:1: `signature.headers.name` is missing", Some("add it: name = …"));
    let eventless = GOOD.replace("\"X-Acme-Event\" = \"{event}\"", "").replace("type = \"/type\"", "");
    is_told(&eventless, "5:1: `event.type` is missing", Some("add it: type = …"));
}

#[test]
fn a_value_of_another_type_is_told() {
    mistake("\"An example\"", "7", "2:9: `about` must be a text in quotes", Some("write about = \"…\""));
    mistake(
        "\"An example\"",
        "\"\"",
        "2:9: `about` is empty",
        Some("put something between the quotes, or take the line out"),
    );
    mistake(
        "[\"2xx\"]",
        "200",
        "35:11: `delivery.success` must be a list of texts",
        Some("write success = [\"…\", \"…\"]"),
    );
    mistake(
        "success",
        "retry-after = 1\nsuccess",
        "35:15: `delivery.retry-after` must be true or false",
        Some("write retry-after = true, or leave it out"),
    );
    mistake(
        "[[signature.headers]]",
        "[signature.headers]",
        "25:1: `signature.headers` must be a list of tables",
        Some("write [[signature.headers]] above each of them"),
    );
    mistake(
        "tolerance-past = \"300s\"",
        "unit = {}",
        "31:8: `timestamp.unit` must be a text in quotes",
        Some("write unit = \"…\""),
    );
}

#[test]
fn an_unknown_word_is_told_with_what_it_could_be() {
    let slip = "21:13: unknown algorithm `hmac-sha265`";
    mistake("hmac-sha256", "hmac-sha265", slip, Some("did you mean `hmac-sha256`?"));
    let all = "it is one of hmac-sha256, hmac-sha1, hmac-sha384, hmac-sha512, sha256, sha1, sha384, sha512, token";
    mistake("hmac-sha256", "rot13", "21:13: unknown algorithm `rot13`", Some(all));
    mistake("\"base64\"", "\"bse64\"", "17:12: unknown encoding `bse64`", Some("did you mean `base64`?"));
    mistake(
        "\"base64\"",
        "\"utf8\"",
        "17:12: unknown encoding `utf8`",
        Some("it is one of text, hex, base64, base64url"),
    );
    let units = Some("it is one of seconds, milliseconds");
    mistake("tolerance-past = \"300s\"", "unit = \"days\"", "31:8: unknown unit `days`", units);
}

#[test]
fn an_unknown_placeholder_is_told_with_its_place() {
    let content = "known here: {body} {payload} {timestamp} {id} {event} {url} {method} {version} {secret}";
    mistake("}.{body}", "}.{bdoy}", "22:24: unknown placeholder `{bdoy}`", Some("did you mean `{body}`?"));
    mistake("}.{body}", "}é{bdoy}", "22:24: unknown placeholder `{bdoy}`", Some("did you mean `{body}`?"));
    mistake("}.{body}", "}.{zzz}", "22:24: unknown placeholder `{zzz}`", Some(content));
    mistake("}.{body}", "}.{signature}", "22:24: unknown placeholder `{signature}`", Some(content));
    let encoding = Some("did you mean `{body:base64}`?");
    mistake("}.{body}", "}.{body:bas64}", "22:24: unknown placeholder `{body:bas64}`", encoding);

    let signature = Some("did you mean `{signature}`?");
    mistake("={signature}", "={signatur}", "27:34: unknown placeholder `{signatur}`", signature);
    let header = Some("known here: {signature} {timestamp} {id} {version}");
    mistake("={signature}", "={secret}", "27:34: unknown placeholder `{secret}`", header);
    mistake("\"{event}\"", "\"{evnt}\"", "13:19: unknown placeholder `{evnt}`", Some("did you mean `{event}`?"));
    mistake(CONTENT_TYPE, "body = \"{payload}.{signatur}\"", "10:19: unknown placeholder `{signatur}`", signature);

    mistake("{{alnum:8}}", "{{alnm:8}}", "7:16: unknown placeholder `{{alnm:8}}`", Some("did you mean `alnum`?"));
    let count = Some("say how many, from 1 to 256: `{{alnum:8}}`");
    mistake("{{alnum:8}}", "{{alnum}}", "7:16: unknown placeholder `{{alnum}}`", count);

    let brace = "a brace without its partner (write `{{` or `}}` for the brace itself)";
    mistake("}.{body}", "}.{body", &format!("22:24: {brace}"), None);
    mistake("}.{body}", "}.body}", &format!("22:28: {brace}"), None);
}

const CONTENT_TYPE: &str = "content-type = \"application/json\"";

#[test]
fn a_place_inside_a_text_is_right_in_every_kind_of_quotes() {
    let told = |replacement: &str, place: &str| {
        let expected = format!("{place}: unknown placeholder `{{bdoy}}`");
        mistake("\"{timestamp}.{body}\"", replacement, &expected, Some("did you mean `{body}`?"));
    };
    told("'{timestamp}.{bdoy}'", "22:24");
    told("'''{timestamp}.{bdoy}'''", "22:26");
    told("\"\"\"\n{timestamp}.{bdoy}\"\"\"", "23:13");
    told("\"\\t{timestamp}.{bdoy}\"", "22:26");
}

#[test]
fn a_scheme_that_proves_nothing_is_refused() {
    let open = "22:11: `signature.content` covers nothing of the body: `{timestamp}`";
    let hint = "add `{body}`, or say `unsigned-body = true` if the provider really leaves the body open";
    mistake("{timestamp}.{body}", "{timestamp}", open, Some(hint));
    let hashed = "22:11: a plain hash whose content holds no `{secret}` proves nothing";
    mistake("hmac-sha256", "sha256", hashed, Some("add `{secret}`, or use an HMAC algorithm"));
    mistake("hmac-sha256", "token", "22:11: a token signs no content", Some("leave it out"));
    let nowhere = "21:13: no header carries the signature";
    let hint = "add a [[signature.headers]] whose value holds `{signature}`";
    mistake("={signature}", "=x", nowhere, Some(hint));
    let token = GOOD.replace("hmac-sha256", "token").replace("content = \"{timestamp}.{body}\"\n", "");
    let token = token.replace("t={timestamp},{version}={signature}", "{timestamp}");
    is_told(&token, nowhere, Some("add a [[signature.headers]] whose value holds `{secret}`"));
}

#[test]
fn a_body_may_be_left_open_on_purpose() {
    let open =
        GOOD.replace("{timestamp}.{body}", "{timestamp}").replace("version =", "unsigned-body = true\nversion =");
    assert!(read(&open).is_ok_and(|provider| !provider.scheme.signs_body()));
}

#[test]
fn what_is_signed_must_be_carried_and_what_is_used_given() {
    let timestamp = Some("add a [[signature.headers]] whose value holds `{timestamp}`, or say `timestamp.payload`");
    mistake("t={timestamp},", "", "21:13: `{timestamp}` is signed, but no header carries it", timestamp);
    let id = Some("add a [[signature.headers]] whose value is `{id}`");
    mistake("}.{body}", "}.{id}.{body}", "21:13: `{id}` is signed, but no header carries it", id);
    let version = "21:13: `{version}` is used, but there is no `signature.version`";
    mistake("version = \"v1\"\n", "", version, Some("add `version = \"v1\"`"));
    let untimed = GOOD.replace("t={timestamp},", "").replace("{timestamp}.{body}", "{body}");
    is_told(&untimed, "21:13: there is a tolerance, but nothing carries a timestamp", timestamp);
}

#[test]
fn a_version_in_a_request_header_must_be_given_too() {
    let unversioned = GOOD.replace("version = \"v1\"\n", "").replace("{version}=", "v1=");
    assert!(read(&unversioned).is_ok());
    let version = "21:13: `{version}` is used, but there is no `signature.version`";
    let text = unversioned.replace("\"{event}\"", "\"{event};{version}\"");
    is_told(&text, version, Some("add `version = \"v1\"`"));
}

#[test]
fn an_envelope_holds_the_payload_and_is_not_signed_itself() {
    let payload = "10:8: the envelope `request.body` has no `{payload}`";
    mistake(CONTENT_TYPE, "body = \"{signature}\"", payload, None);
    let whole = "22:11: the body is an envelope that holds the signature, so it cannot be signed as a whole";
    let envelope = "body = \"{payload:base64}.{signature}\"";
    mistake(CONTENT_TYPE, envelope, whole, Some("sign `{payload}` or `{payload:base64}`"));
    let open = "10:8: `{payload}` may hold `.` itself, so it could not be read back";
    mistake(CONTENT_TYPE, "body = \"{payload}.{signature}\"", open, Some("encode it: `{payload:base64}`"));
    let joined = "10:8: `{payload}` and `{signature}` stand side by side, so they could not be read back";
    mistake(CONTENT_TYPE, "body = \"{payload}{signature}\"", joined, None);
}

#[test]
fn a_header_that_could_not_be_read_back_is_refused() {
    let joined = "27:9: `{version}` and `{signature}` stand side by side, so they could not be read back";
    mistake("{version}={signature}", "{version}{signature}", joined, None);
    let twice = "27:9: `{signature}` stands twice, so it could not be read back";
    mistake("{version}={signature}", "{signature}={signature}", twice, None);
    let open = "27:9: `{signature}` may hold `=` itself, so it could not be read back";
    mistake(
        "{version}={signature}",
        "{signature}={version}",
        open,
        Some("put a character behind it that it cannot hold"),
    );
}

/// The event type and the id are read back from such a header.
#[test]
fn a_request_header_that_could_not_be_read_back_is_refused() {
    let joined = "13:18: `{event}` and `{id}` stand side by side, so they could not be read back";
    mistake("\"{event}\"", "\"{event}{id}\"", joined, None);
}

#[test]
fn what_is_no_header_is_refused() {
    mistake("\"X-Acme-Signature\"", "\"X Acme\"", "26:8: `X Acme` is no header name", None);
    mistake("\"X-Acme-Signature\"", "\"X-Acme\\n\"", "26:8: `X-Acme\\n` is no header name", None);
    mistake("\"X-Acme-Event\"", "\"X Acme\"", "13:1: `X Acme` is no header name", None);
    mistake("type = \"/type\"", "type = \"Acme Event\"", "6:8: `Acme Event` is no header name", None);
    mistake("\"{event}\"", "\"{event}\\n\"", "13:18: `{event}\\n` cannot be the value of a header", None);
    let value = "27:9: `t={timestamp}\\r\\n,{version}={signature}` cannot be the value of a header";
    mistake("t={timestamp},", "t={timestamp}\\r\\n,", value, None);
    mistake("\"application/json\"", "\"a\\nb\"", "10:16: `a\\nb` cannot be the value of a header", None);
}

#[test]
fn a_bad_value_is_told_with_its_place() {
    let duration = Some("write a number and a unit, such as \"300s\", \"5m\" or \"2h\"");
    for text in ["300", "-300s", "soon"] {
        let expected = format!("31:18: `timestamp.tolerance-past` is no duration: `{text}`");
        mistake("\"300s\"", &format!("\"{text}\""), &expected, duration);
    }
    let status = "is neither a status such as 204 nor a class such as 2xx";
    mistake("[\"2xx\"]", "[\"2xx\", \"200 OK\"]", &format!("35:19: `200 OK` {status}"), None);
    mistake("[\"2xx\"]", "\"6xx\"", &format!("35:11: `6xx` {status}"), None);
    let count = "35:12: `delivery.attempts` must be a whole number from 1 to 1000";
    mistake("success = [\"2xx\"]", "attempts = 0", count, Some("write attempts = 3, without quotes"));
    mistake(CONTENT_TYPE, "path = \"webhooks\"", "10:8: `request.path` must start with /: `webhooks`", None);
    for path in ["/a b", "/a#b", "/a\\u0000"] {
        let shown = path.replace("\\u0000", "\\0");
        let expected = format!("10:8: `request.path` is no path of a URL: `{shown}`");
        mistake(CONTENT_TYPE, &format!("path = \"{path}\""), &expected, Some("write %20 for a space, and so on"));
    }
    for method in ["PO ST", "CONNECT"] {
        let expected = format!("10:10: `{method}` is no method to deliver with");
        let hint = Some("leave it out: POST is usual");
        mistake(CONTENT_TYPE, &format!("method = \"{method}\""), &expected, hint);
    }
    let hint = Some("leave it out where none is documented");
    mistake("\"5s\"", "\"0s\"", "34:11: `delivery.timeout` is no time at all", hint);
    let pointer = Some("write a JSON pointer, such as \"/data/id\"");
    mistake("tolerance-past = \"300s\"", "payload = \"time\"", "31:11: `time` is no JSON pointer", pointer);
}

#[test]
fn a_test_secret_that_is_no_key_is_refused_without_being_shown() {
    let fault = "16:8: the secret from secret.test is not base64:";
    mistake("dGVzdA==", "dGV*dA==", &format!("{fault} character 10 of 14 does not belong there"), None);
    mistake("dGVzdA==", "dGVzdA", &format!("{fault} its length (12) or its padding is wrong"), None);
    mistake("dGVzdA==", "", "16:8: the secret from secret.test is empty", None);
}

#[test]
fn a_listed_event_needs_its_example() {
    let hint = Some("add events/thing.happend.json beside this file");
    mistake("thing.happened", "thing.happend", "38:1: the event `thing.happend` has no example", hint);
    let hint = Some("add events/thing.happened@twice.json beside this file");
    let variant = "38:1: the event `thing.happened@twice` has no example";
    mistake("thing.happened", "thing.happened@twice", variant, hint);
}
