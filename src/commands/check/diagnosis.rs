//! Why a receiver refuses the genuine delivery: by trying what it would accept instead, and by what its answer says.

use http::StatusCode;

use super::examiner::Examiner;
use crate::commands::secrets::test_secret;
use crate::webhook::attempt::Answer;
use crate::webhook::encoding::Encoding;
use crate::webhook::probe::material::{Shot, Wire};
use crate::webhook::provider::Provider;
use crate::webhook::scheme::{Algorithm, TimestampUnit};
use crate::webhook::secret::Secret;
use crate::webhook::template::{Field, Template};
use crate::webhook::unexpected::misdirected;

/// Another way to sign, which the receiver may expect.
pub(super) struct Guess {
    /// The provider, with that way to sign.
    pub(super) provider: Provider,
    /// The secrets.
    pub(super) secrets: Vec<Secret>,
    /// What follows when the receiver accepts it.
    pub(super) means: String,
}

/// The ways to sign that receivers expect by mistake.
pub(super) fn guesses(provider: &Provider, secrets: &[Secret]) -> Vec<Guess> {
    let scheme = &provider.scheme;
    let mut guesses = Vec::new();
    let mut guess = |change: &dyn Fn(&mut Provider), secrets: &[Secret], means: String| {
        let mut changed = provider.clone();
        change(&mut changed);
        guesses.push(Guess { provider: changed, secrets: secrets.to_vec(), means });
    };
    let test = test_secret(provider);
    if secrets.iter().all(|secret| secret.expose() != test.expose()) {
        let means = "it accepts a delivery that is signed with the public test secret: give it your own, and keep the \
                     test secret out of production";
        guess(&|_| {}, &[test], means.to_owned());
    }
    let Some(secret) = secrets.first() else { return guesses };
    let trimmed = secret.expose().trim_ascii();
    for end in [&b""[..], b"\n", b" "] {
        let other = [trimmed, end].concat();
        if other != secret.expose() {
            let means = match end {
                b"" => "it accepts the secret without the white space around it: take it out of the one given here",
                b"\n" => "it accepts the secret with a line feed behind it: take that out of the receiver's",
                _ => "it accepts the secret with a space behind it: take that out of the receiver's",
            };
            guess(&|_| {}, &[Secret::new(secret.name(), other)], means.to_owned());
        }
    }
    if let Some(prefix) = &scheme.key.prefix
        && let Some(rest) = secret.expose().strip_prefix(prefix.as_bytes())
    {
        if scheme.key.encoding.is_none() {
            let means = format!("it takes `{prefix}` off the secret: the key is the whole text, {prefix} included");
            guess(&|_| {}, &[Secret::new(secret.name(), rest)], means);
            let means = format!(
                "it takes `{prefix}` off the secret and decodes the rest from base64: the key is the whole text as it stands"
            );
            guess(&|changed| changed.scheme.key.encoding = Some(Encoding::Base64), std::slice::from_ref(secret), means);
        } else {
            let means = "it uses the secret's text as the key: decode what stands behind the prefix".to_owned();
            guess(&|changed| changed.scheme.key.encoding = None, std::slice::from_ref(secret), means);
        }
    }
    if scheme.algorithm == Algorithm::Token {
        return guesses;
    }
    for encoding in Encoding::ALL.into_iter().filter(|encoding| *encoding != scheme.encoding) {
        let (found, due) = (encoding.name(), scheme.encoding.title());
        let means = format!("it expects the signature in {found}, and the scheme has {due}");
        guess(&|changed| changed.scheme.encoding = encoding, secrets, means);
    }
    if scheme.has_timestamp_header() {
        let (other, due) = match scheme.timestamp.unit {
            TimestampUnit::Seconds => (TimestampUnit::Milliseconds, "seconds"),
            TimestampUnit::Milliseconds => (TimestampUnit::Seconds, "milliseconds"),
        };
        let means = format!("it reads the timestamp in {}, and the scheme has {due}", other.title());
        guess(&|changed| changed.scheme.timestamp.unit = other, secrets, means);
    }
    for content in ["{body}", "{timestamp}{body}", "{timestamp}.{body}", "{body}.{timestamp}", "{body}{timestamp}"] {
        let possible = !content.contains("{timestamp}") || scheme.has_timestamp_header();
        let Some(template) = Template::parse(content, &[Field::Timestamp, Field::Body]).ok() else { continue };
        if possible && scheme.envelope.is_none() && scheme.content.to_string() != content {
            let means = format!("it signs `{content}`, and the scheme signs `{}`", scheme.content);
            guess(&|changed| changed.scheme.content = template.clone(), secrets, means);
        }
    }
    guesses
}

impl Examiner<'_> {
    /// What may help with a refusal of the genuine delivery.
    pub(super) async fn diagnose(&mut self, answer: &Answer) -> Option<String> {
        let (provider, target) = (self.subject.provider, self.subject.target);
        if let Some(advice) = misdirected(answer, provider, target.uri()) {
            return Some(advice);
        }
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS => {
                return Some("it is asked too often: let this sender through, or wait and run it again".to_owned());
            }
            status if status.is_server_error() => {
                return Some("it fell over at what is genuine: its own log says where".to_owned());
            }
            _ => {}
        }
        for guess in guesses(provider, self.subject.secrets) {
            let accepted = self.accepts(&guess.provider, &guess.secrets).await?;
            if accepted {
                return Some(guess.means);
            }
        }
        if let Some(form) = self.form_that_is_accepted().await? {
            return Some(format!(
                "it verifies the same JSON written {form}, and not the bytes that arrived: verify the raw body \
                 (express.raw, request.get_data(), php://input), and never serialise the parsed one again"
            ));
        }
        let names: Vec<&str> = self.subject.secrets.iter().map(Secret::name).collect();
        let (names, variable) = (names.join(" and "), provider.secret_variable());
        let source =
            if names == variable { String::new() } else { format!(" ({variable} or --secret-env gives another)") };
        let proof = provider.scheme.proof();
        Some(format!(
            "no common mistake explains it: is the {proof} of {names} the receiver's own{source}, does it verify the raw \
             body, and does it ever compute what it compares?"
        ))
    }

    /// In which form of the payload a genuine delivery is accepted, in words; nothing where someone stopped it.
    async fn form_that_is_accepted(&mut self) -> Option<Option<&'static str>> {
        if self.subject.provider.scheme.algorithm == Algorithm::Token {
            return Some(None);
        }
        let Ok(forms) = self.material().serialised(&mut self.random) else { return Some(None) };
        for (delivery, what) in forms {
            let shot = Shot { label: None, delivery, wire: Wire::Usual };
            let status = self.send(&shot).await?.status();
            if status.is_some_and(|status| self.subject.provider.policy.success.matches(status)) {
                return Some(Some(what));
            }
        }
        Some(None)
    }
}
