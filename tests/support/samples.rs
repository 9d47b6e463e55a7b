//! Things to send, and what makes them genuine, computed without a line of the program's own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::Arrival;

/// The provider file of a user's own, without a mistake in it.
pub(crate) const ACME: &str = r#"title = "Acme"
about = "Rockets and anvils"
documentation = "https://acme.example/webhooks"

[event]
type = "/type"

[secret]
test = "acme_test_secret"

[signature]
algorithm = "hmac-sha256"
content = "{timestamp}.{body}"

[[signature.headers]]
name = "Acme-Signature"
value = "t={timestamp},v1={signature}"
separator = ","
"#;

/// What We Playtest Games' guide says of its signature: HMAC-SHA256 of `{timestamp}.{body}` in hexadecimal, with the
/// secret's own bytes as key.
pub(crate) fn signature_of_wpg(arrival: &Arrival, secret: &str) -> String {
    let timestamp = arrival.header("X-WPG-Timestamp");
    hmac_sha256_hex(secret, &[timestamp.as_bytes(), b".", &arrival.body])
}

/// HMAC-SHA256 of these parts, one behind the other, in hexadecimal.
pub(crate) fn hmac_sha256_hex(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// The signature that a body of `GamePush` holds, and what its page says it should be: SHA-256 of `{payload in base64}_{secret}`, behind the payload and a dot.
pub(crate) fn signature_of_gamepush(arrival: &Arrival, secret: &str) -> (String, String) {
    let body = str::from_utf8(&arrival.body).expect("base64 and a signature are ASCII");
    let (payload, signature) = body.split_once('.').expect("a dot between the payload and the signature");
    assert!(STANDARD.decode(payload).is_ok(), "{payload} is no base64");
    let expected = hex::encode(Sha256::digest(format!("{payload}_{secret}")));
    (signature.to_owned(), expected)
}

/// Bodies that careless code changes on the way, each with its name.
pub(crate) fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let deep = format!("{{\"event\":\"deep\",\"deep\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let large = "x'\"\\%\u{e9}\n".repeat(25_600);
    vec![
        ("1e400", br#"{"event":"big","number":1e400}"#.to_vec()),
        ("numbers with other spellings", br#"{"a":1.10,"b":-0,"c":1E2,"d":0.10000000000000000555}"#.to_vec()),
        ("equal keys", br#"{"event":"a","event":"b","n":1,"n":2}"#.to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"event\":\"marked\"}".to_vec()),
        ("10,000 levels", deep.into_bytes()),
        ("what is not UTF-8", b"{\"event\":\"\xff\xfe\x80\"}".to_vec()),
        ("nothing", Vec::new()),
        ("a trailing newline", b"{\"event\":\"a\"}\n".to_vec()),
        ("newlines alone", b"\n\n\n".to_vec()),
        ("CRLF", b"{\r\n  \"event\": \"a\"\r\n}\r\n".to_vec()),
        ("NUL", b"{\"event\":\"\0\"}\0".to_vec()),
        ("a placeholder", br#"{"event":"{{unix}}","id":"{{id}}","x":"{{nonsense"}"#.to_vec()),
        ("single quotes", b"it's '' '\\'' $'x'".to_vec()),
        ("double quotes", br#"{"say":"\"hello\"","or":""}"#.to_vec()),
        ("what a shell expands", b"$HOME ${x} $(id) `id` !! ~ * ? [a] {a,b} \\ ; & | < > # ( )".to_vec()),
        ("emoji and other scripts", "{\"text\":\"👍🏽 Zoë 東京 привет \u{202e}rtl\"}\n".as_bytes().to_vec()),
        ("a leading @", b"@payload.json".to_vec()),
        ("a leading dash", b"-d@x".to_vec()),
        ("two leading dashes", b"--data".to_vec()),
        ("percent signs", b"%s%d%n%%\\x41\\101\\n\\\\\\".to_vec()),
        ("escape sequences", b"\x1b[31mred\x07\x1b]0;title\x07\x7f\t\x0b".to_vec()),
        ("digits behind an escape", b"\x001\x017\x7f7\xff0".to_vec()),
        ("a body of 200 KiB", large.into_bytes()),
    ]
}

/// Characters that a terminal acts on, or that hide and reorder what a reader sees.
pub(crate) fn hostile_characters() -> Vec<char> {
    vec!['\u{1b}', '\u{7}', '\u{8}', '\r', '\0', '\u{7f}', '\u{9b}', '\u{9d}', '\u{202e}', '\u{2066}', '\u{200b}']
}
