//! What a secret could have been taken for: one entry for each key that a signature could have been made with.

use super::Case;
use super::finding::{Code, Finding};
use super::remedy;
use super::signature::lenient_base64;
use crate::webhook::encoding::Encoding;
use crate::webhook::secret::{Key, KeyForm, Secret};

/// A key, and what it takes for the scheme's own key to become this one.
pub(super) struct KeyVariant {
    pub(super) key: Key,
    pub(super) findings: Vec<Finding>,
}

/// Prefixes that providers put before a secret.
const PREFIXES: [&str; 5] = ["whsec_", "ws_", "whsk_", "sk_", "wh_"];

/// The keys to try, the scheme's own first, then the likeliest.
pub(super) fn variants(case: &Case<'_>) -> Vec<KeyVariant> {
    let form = &case.provider.scheme.key;
    let mut keys = Keys(Vec::new());
    for secret in case.secrets {
        keys.add(form.key(secret).ok(), None);
    }
    for secret in case.secrets {
        keys.add_changes_of(secret, form);
    }
    let test = |name: &str, text: &str| Secret::new(format!("the test secret of {name}"), text);
    let own = case.provider;
    let own_test = test(&own.name, &own.scheme.test_secret);
    keys.add_other(&own_test, form, form);
    for known in case.others {
        for secret in known.secrets {
            keys.add_other(secret, form, &known.provider.scheme.key);
        }
    }
    for known in case.others {
        let scheme = &known.provider.scheme;
        keys.add_other(&test(&known.provider.name, &scheme.test_secret), form, &scheme.key);
    }
    let empty = Finding::new(
        Code::SecretEmpty,
        "the signature was made with an empty secret",
        "set the secret where the signature is made: an unset environment variable reads as an empty text, so refuse \
         to start without it",
    );
    keys.add(Some(Key::default()), Some(empty));
    keys.0
}

struct Keys(Vec<KeyVariant>);

impl Keys {
    /// Adds a key that is not there yet.
    fn add(&mut self, key: Option<Key>, finding: Option<Finding>) {
        if let Some(key) = key
            && !self.0.iter().any(|known| known.key == key)
        {
            self.0.push(KeyVariant { key, findings: finding.into_iter().collect() });
        }
    }

    fn add_text(&mut self, text: &[u8], form: &KeyForm, finding: Finding) {
        self.add(key_of(text, form), Some(finding));
    }

    /// Another secret of this run, read as this scheme reads its secrets, as its own does, or as it stands.
    fn add_other(&mut self, secret: &Secret, form: &KeyForm, own: &KeyForm) {
        let name = secret.name();
        let finding = || {
            Finding::new(
                Code::SecretOther,
                format!("the signature was made with {name}"),
                "use the same secret on both sides: each endpoint of a provider, and its test and live mode, has one \
                 of its own",
            )
        };
        let text = secret.expose();
        self.add_text(text, form, finding());
        self.add_text(text, own, finding());
        self.add_text(text, &KeyForm::default(), finding());
    }

    fn add_changes_of(&mut self, secret: &Secret, form: &KeyForm) {
        let (text, name) = (secret.expose(), described(secret));
        if text.is_empty() {
            return;
        }
        let space = |cause: String| Finding::new(Code::SecretWhitespace, cause, remedy::SECRET_WHITESPACE);
        let trimmed = text.trim_ascii();
        self.add_text(
            trimmed,
            form,
            space(format!("the signature was made with {name} without the white space around it")),
        );
        for (end, word) in [("\n", "a line break"), ("\r\n", "a line break (CRLF)"), (" ", "a space")] {
            let cause = format!("the signature was made with {name} with {word} at its end");
            self.add_text(&[trimmed, end.as_bytes()].concat(), form, space(cause.clone()));
            // A decoder that skips what it does not know hides the line break; one that does not takes the text.
            self.add(Some(Key::new([trimmed, end.as_bytes()].concat())), Some(space(cause)));
        }

        let quotes = |cause: String| Finding::new(Code::SecretQuotes, cause, remedy::SECRET_QUOTES);
        for quote in ['"', '\'', '`'] {
            let mark = quote.to_string();
            let inner = trimmed.strip_prefix(mark.as_bytes()).and_then(|rest| rest.strip_suffix(mark.as_bytes()));
            if let Some(inner) = inner {
                let cause = format!("the signature was made with {name} without the quotes around it");
                self.add_text(inner, form, quotes(cause));
            } else {
                let cause = format!("the signature was made with {name} in `{quote}` quotes");
                self.add(Some(Key::new([mark.as_bytes(), trimmed, mark.as_bytes()].concat())), Some(quotes(cause)));
            }
        }
        self.add_decodings(trimmed, &name, form);
        self.add_prefixes(trimmed, &name, form);
    }

    /// The text as it stands, base64 and hex on and off, with the prefix and without.
    fn add_decodings(&mut self, text: &[u8], name: &str, form: &KeyForm) {
        let finding = |what: &str| {
            let remedy = match form.encoding {
                None => "use the bytes of the secret's text as the key, as they stand: no base64 or hex decoding",
                Some(Encoding::Hex) => "decode the secret from hex before it serves as the key",
                Some(Encoding::Base64 | Encoding::Base64Url) => {
                    "cut the prefix off the secret and decode the rest from base64 before it serves as the key: \
                     `Buffer.from(secret.slice(prefix.length), 'base64')` in Node, `base64.b64decode(...)` in Python"
                }
            };
            let cause = format!("the signature was made with {name} {what}");
            Some(Finding::new(Code::SecretEncoding, cause, remedy))
        };
        let bare = without_prefix(text, form);
        if form.encoding.is_some() {
            self.add(Some(Key::new(text.to_vec())), finding("as it stands, not decoded"));
            self.add(Some(Key::new(bare.to_vec())), finding("without its prefix, not decoded"));
        }
        for part in [bare, text] {
            self.add(base64(part), finding("decoded from base64"));
            self.add(hex::decode(part).ok().map(Key::new), finding("decoded from hex"));
        }
        self.add(Some(Key::new(Encoding::Base64.encode(text).into_bytes())), finding("encoded as base64"));
        self.add(Some(Key::new(hex::encode(text).into_bytes())), finding("encoded as hex"));
        if let Some(key) = form.encoding.and_then(|_| key_of(text, form)) {
            self.add(Some(Key::new(hex::encode(key.as_slice()).into_bytes())), finding("decoded, then encoded as hex"));
        }
    }

    fn add_prefixes(&mut self, text: &[u8], name: &str, form: &KeyForm) {
        let own = form.prefix.as_deref();
        let finding = |cause: String| {
            let remedy = match own {
                Some(prefix) if form.encoding.is_none() => {
                    format!("use the whole secret as the key: `{prefix}` at its start is part of it")
                }
                Some(prefix) => {
                    format!("copy the secret as the provider shows it; `{prefix}` is cut off before decoding")
                }
                None => "use the whole secret, and nothing but the secret, as the key".to_owned(),
            };
            Finding::new(Code::SecretPrefix, cause, remedy)
        };
        let others = PREFIXES.into_iter().filter(|prefix| Some(*prefix) != own);
        for prefix in own.into_iter().chain(others) {
            match text.strip_prefix(prefix.as_bytes()) {
                Some(rest) if !rest.is_empty() => {
                    let cause = format!("the signature was made with {name} without its `{prefix}`");
                    self.add_text(rest, form, finding(cause));
                }
                Some(_) => {}
                None => {
                    let cause = format!("the signature was made with {name} with `{prefix}` before it");
                    self.add_text(&[prefix.as_bytes(), text].concat(), form, finding(cause));
                }
            }
        }
        // `WEBHOOK_SECRET=…`, as a whole line of an `.env` file.
        if let Some(at) = memchr::memchr(b'=', text).filter(|at| *at > 0 && at + 1 < text.len())
            && text[..at].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        {
            let cause = format!("the signature was made with what stands behind `=` in {name}");
            self.add_text(&text[at + 1..], form, finding(cause));
        }
    }
}

fn key_of(text: &[u8], form: &KeyForm) -> Option<Key> {
    form.key(&Secret::new("", text)).ok()
}

fn without_prefix<'a>(text: &'a [u8], form: &KeyForm) -> &'a [u8] {
    let own = form.prefix.as_deref().into_iter();
    let found = own.chain(PREFIXES).find_map(|prefix| text.strip_prefix(prefix.as_bytes()));
    found.unwrap_or(text)
}

/// What a text is in base64 of either alphabet, padded or not.
fn base64(text: &[u8]) -> Option<Key> {
    lenient_base64(text).filter(|key| !key.is_empty()).map(Key::new)
}

/// A secret in a sentence, by its name: `the test secret`, `the secret from WPG_WEBHOOK_SECRET`.
fn described(secret: &Secret) -> String {
    let name = secret.name();
    if name.starts_with("the ") { name.to_owned() } else { format!("the secret from {name}") }
}
