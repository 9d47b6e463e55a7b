//! What could have been signed, and how: one entry for each way to put timestamp, id, URL and body together.

use std::collections::HashSet;

use super::Case;
use super::finding::{Code, Finding};
use super::moment::writings;
use super::observed::{Claimed, Evidence};
use super::url::forms;
use crate::webhook::scheme::{Algorithm, Scheme};
use crate::webhook::template::{Field, Template};

/// What is done with content and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// HMAC under the key.
    Hmac,
    /// A plain hash of the content, which may hold the key.
    Digest,
}

/// A way to sign, and what it takes for the scheme's own way to become this one.
#[derive(Debug, Clone)]
pub(super) struct ContentVariant {
    pub(super) kind: Kind,
    pub(super) template: Template,
    pub(super) timestamp: Option<String>,
    pub(super) id: Option<String>,
    pub(super) url: String,
    pub(super) version: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// The ways to try, the scheme's own first, then the likeliest.
pub(super) fn variants(case: &Case<'_>, evidence: &Evidence) -> Vec<ContentVariant> {
    let scheme = &case.provider.scheme;
    let mut contents = Contents { case, evidence, list: Vec::new(), known: HashSet::new() };
    let own = match scheme.algorithm {
        Algorithm::Hmac(_) => Some((Kind::Hmac, scheme.content.clone())),
        Algorithm::Digest(_) => Some((Kind::Digest, scheme.content.clone())),
        Algorithm::Token => None,
    };
    if let Some((kind, template)) = own {
        contents.add(kind, &template, scheme.version.as_deref(), None);
        contents.add_other_timestamps(kind, &template);
        contents.add_joined(kind, &template);
        contents.add_kinds(kind, &template);
        contents.add_others();
        contents.add_urls(kind, &template);
    } else {
        contents.add_instead_of_token();
    }
    contents.list
}

/// What stands between the parts of signed content.
const SEPARATORS: [&str; 10] = [".", "", ":", "_", "-", "|", ",", "\n", " ", "/"];

/// Which parts, in which order.
const PARTS: [&[Field]; 14] = [
    &[Field::Body],
    &[Field::Timestamp, Field::Body],
    &[Field::Id, Field::Timestamp, Field::Body],
    &[Field::Timestamp, Field::Id, Field::Body],
    &[Field::Id, Field::Body],
    &[Field::Body, Field::Timestamp],
    &[Field::Version, Field::Timestamp, Field::Body],
    &[Field::Body, Field::Id],
    &[Field::Body, Field::Id, Field::Timestamp],
    &[Field::Event, Field::Body],
    &[Field::Timestamp, Field::Event, Field::Body],
    &[Field::Url, Field::Body],
    &[Field::Method, Field::Url, Field::Body],
    &[Field::Method, Field::Url, Field::Body, Field::Timestamp],
];

struct Contents<'a> {
    case: &'a Case<'a>,
    evidence: &'a Evidence,
    list: Vec<ContentVariant>,
    known: HashSet<Identity>,
}

/// What makes two ways the same: what is done, with which template, timestamp, id and URL.
type Identity = (Kind, String, Option<String>, Option<String>, String);

impl Contents<'_> {
    fn scheme(&self) -> &Scheme {
        &self.case.provider.scheme
    }

    /// Adds a way, once with each timestamp and id that the delivery has.
    fn add(&mut self, kind: Kind, template: &Template, version: Option<&str>, finding: Option<&Finding>) {
        let none = [Claimed::default()];
        let timestamps = match self.evidence.timestamps.as_slice() {
            some if template.mentions(Field::Timestamp) => some,
            _ => &none,
        };
        let ids = match self.evidence.ids.as_slice() {
            some if template.mentions(Field::Id) => some,
            _ => &none,
        };
        for timestamp in timestamps {
            for id in ids {
                let mut findings: Vec<Finding> = finding.cloned().into_iter().collect();
                findings.extend(timestamp.findings.iter().chain(&id.findings).cloned());
                self.push(ContentVariant {
                    kind,
                    template: template.clone(),
                    timestamp: (!timestamp.text.is_empty()).then(|| timestamp.text.clone()),
                    id: (!id.text.is_empty()).then(|| id.text.clone()),
                    url: self.case.delivery.url(),
                    version: version.map(str::to_owned),
                    findings,
                });
            }
        }
    }

    fn push(&mut self, content: ContentVariant) {
        let has = |field, value: &Option<String>| !content.template.mentions(field) || value.is_some();
        let signature = content.template.mentions(Field::Signature);
        let event = content.template.mentions(Field::Event) && self.case.delivery.event.is_none();
        if !has(Field::Timestamp, &content.timestamp) || !has(Field::Id, &content.id) || signature || event {
            return;
        }
        let version = content.version.as_deref().unwrap_or_default();
        let text = content.template.to_string().replace("{version}", version);
        let text = match self.scheme().envelope {
            // In an envelope the body that is signed is the payload.
            Some(_) => text,
            None => text.replace("{payload", "{body"),
        };
        let identity = (content.kind, text, content.timestamp.clone(), content.id.clone(), content.url.clone());
        if self.known.insert(identity) {
            self.list.push(content);
        }
    }

    /// The timestamp in another unit or form.
    fn add_other_timestamps(&mut self, kind: Kind, template: &Template) {
        if !template.mentions(Field::Timestamp) {
            return;
        }
        let Some(claimed) = self.evidence.timestamps.first().cloned() else { return };
        for (text, form) in writings(&claimed.text) {
            let cause = format!("the signed timestamp is written {form}, the one in the delivery is not");
            let unit = self.scheme().timestamp.unit.title();
            let remedy = format!(
                "sign the timestamp exactly as the header has it, digit by digit: it is the text in {unit} that is \
                 signed, not a number that is read and written again"
            );
            let finding = Finding::new(Code::TimestampUnit, cause, remedy);
            self.push(ContentVariant {
                kind,
                template: template.clone(),
                timestamp: Some(text),
                id: self.evidence.ids.first().map(|id| id.text.clone()),
                url: self.case.delivery.url(),
                version: self.scheme().version.clone(),
                findings: claimed.findings.iter().cloned().chain([finding]).collect(),
            });
        }
    }

    /// The scheme's own parts and other parts, with other separators and in another order.
    fn add_joined(&mut self, kind: Kind, template: &Template) {
        let own: Vec<Field> = template.fields().filter(|field| *field != Field::Secret).collect();
        if kind == Kind::Digest || own.iter().any(|field| !matches!(field, Field::Body | Field::Payload)) {
            for separator in SEPARATORS {
                self.add_parts(kind, template, &template.fields().collect::<Vec<_>>(), separator);
            }
        }
        let without_secret = |parts: &[Field]| if kind == Kind::Digest { vec![] } else { parts.to_vec() };
        for parts in PARTS {
            self.add_parts(kind, template, &without_secret(parts), ".");
        }
        for separator in &SEPARATORS[1..] {
            for parts in PARTS {
                self.add_parts(kind, template, &without_secret(parts), separator);
            }
        }
    }

    fn add_parts(&mut self, kind: Kind, own: &Template, parts: &[Field], separator: &str) {
        if parts.is_empty() {
            return;
        }
        // What the scheme encodes before it signs, such as `{payload:base64}`, stays encoded.
        let text: Vec<String> = parts.iter().map(|field| own.placeholder(*field)).collect();
        let Ok(template) = Template::parse(&text.join(separator), &Field::ALL) else { return };
        let finding = self.other_template(own, &template);
        let version = self.scheme().version.clone();
        self.add(kind, &template, version.as_deref(), Some(&finding));
    }

    fn other_template(&self, own: &Template, other: &Template) -> Finding {
        let name = &self.case.provider.name;
        let shown = other.to_string().replace('\n', "\\n");
        let (timed, untimed) = (own.mentions(Field::Timestamp), other.mentions(Field::Timestamp));
        let others = |template: &Template| template.fields().filter(|f| *f != Field::Timestamp).collect::<Vec<_>>();
        let only_timestamp = timed != untimed && others(own) == others(other);
        let content = shown_template(own);
        match (only_timestamp, timed) {
            (true, true) => Finding::new(
                Code::ContentTimestamp,
                format!("the signature is that of `{shown}`, without the timestamp; {name} signs `{content}`"),
                format!("put the timestamp's text from the header into what is signed: `{content}`"),
            ),
            (true, false) => Finding::new(
                Code::ContentTimestamp,
                format!("the signature is that of `{shown}`, with the timestamp in it; {name} signs `{content}`"),
                format!("leave the timestamp out of what is signed: `{content}`"),
            ),
            (false, _) => Finding::new(
                Code::ContentTemplate,
                format!("the signature is that of `{shown}`; {name} signs `{content}`"),
                format!("put the signed content together as `{content}`, with nothing else in it and no line break"),
            ),
        }
    }

    /// The ways of the other providers.
    fn add_others(&mut self) {
        for known in self.case.others {
            let scheme = &known.provider.scheme;
            let kind = match scheme.algorithm {
                Algorithm::Hmac(_) => Kind::Hmac,
                Algorithm::Digest(_) => Kind::Digest,
                Algorithm::Token => continue,
            };
            let finding = Finding::new(
                Code::ContentTemplate,
                format!(
                    "the signature is that of `{}`, as {} signs it; {} signs `{}`",
                    shown_template(&scheme.content),
                    known.provider.name,
                    self.case.provider.name,
                    shown_template(&self.scheme().content),
                ),
                format!(
                    "sign as {} does, or verify the delivery with `--scheme {}`",
                    self.case.provider.name, known.provider.name
                ),
            );
            self.add(kind, &scheme.content, scheme.version.as_deref(), Some(&finding));
        }
    }

    /// A plain hash instead of HMAC, with the secret before or behind, and the other way round.
    fn add_kinds(&mut self, kind: Kind, own: &Template) {
        let title = |text: &str| format!("a plain hash of `{}`", text.replace('\n', "\\n"));
        let remedy = format!("compute {}", self.own_algorithm());
        if kind == Kind::Digest {
            let without = own.without(Field::Secret);
            for template in [without.to_string(), "{payload}".to_owned(), "{payload:base64}".to_owned()] {
                let cause =
                    format!("the signature is an HMAC of `{template}` under the secret, not {}", self.own_algorithm());
                self.add_text(Kind::Hmac, &template, &Finding::new(Code::Algorithm, cause, remedy.clone()));
            }
            for separator in SEPARATORS {
                for order in [
                    format!("{{payload}}{separator}{{secret}}"),
                    format!("{{secret}}{separator}{{payload}}"),
                    format!("{{secret}}{separator}{{payload:base64}}"),
                    format!("{{payload:base64url}}{separator}{{secret}}"),
                ] {
                    let cause = format!("the signature is {}, not {}", title(&order), self.own_algorithm());
                    self.add_text(kind, &order, &Finding::new(Code::ContentTemplate, cause, remedy.clone()));
                }
            }
        }
        let content = own.without(Field::Secret).to_string();
        let mut bases = vec![content.clone(), "{body}".to_owned()];
        bases.dedup();
        for base in bases {
            let mut texts = vec![format!("{{secret}}{base}"), format!("{base}{{secret}}"), base.clone()];
            for separator in [".", ":", "_", "|", "\n"] {
                texts.push(format!("{{secret}}{separator}{base}"));
                texts.push(format!("{base}{separator}{{secret}}"));
            }
            texts.push(format!("{{secret}}{base}{{secret}}"));
            for text in texts {
                let cause = format!("the signature is {}, not {}", title(&text), self.own_algorithm());
                self.add_text(Kind::Digest, &text, &Finding::new(Code::Algorithm, cause, remedy.clone()));
            }
        }
    }

    fn own_algorithm(&self) -> String {
        let scheme = self.scheme();
        format!("{} of `{}`", scheme.algorithm.title(), shown_template(&scheme.content))
    }

    fn add_text(&mut self, kind: Kind, text: &str, finding: &Finding) {
        if let Ok(template) = Template::parse(text, &Field::ALL) {
            let version = self.scheme().version.clone();
            self.add(kind, &template, version.as_deref(), Some(finding));
        }
    }

    /// The URL as others see it, where it is signed.
    fn add_urls(&mut self, kind: Kind, template: &Template) {
        let url = self.case.delivery.url();
        for (text, form) in forms(&url) {
            let finding = Finding::new(
                Code::ContentUrl,
                format!("the signature is that of the URL {form}"),
                "behind a proxy or a tunnel, put the URL together as the provider calls it: its scheme, its host and \
                 its query (`X-Forwarded-Proto`, `X-Forwarded-Host`), or keep the public URL as a setting",
            );
            for template in [template.clone(), joined(&[Field::Url, Field::Body])] {
                if !template.mentions(Field::Url) {
                    continue;
                }
                let mut findings = vec![finding.clone()];
                if template != self.scheme().content {
                    findings.insert(0, self.other_template(&self.scheme().content, &template));
                }
                let timestamp = self.evidence.timestamps.first().map(|claimed| claimed.text.clone());
                let id = self.evidence.ids.first().map(|claimed| claimed.text.clone());
                let version = self.scheme().version.clone();
                self.push(ContentVariant { kind, template, timestamp, id, url: text.clone(), version, findings });
            }
        }
    }

    /// Signatures where the scheme has the secret itself.
    fn add_instead_of_token(&mut self) {
        let cause = |what: &str| {
            Finding::new(
                Code::Algorithm,
                format!("the header holds {what}, where {} sends the secret itself", self.case.provider.name),
                "send the secret itself as the token, and compare it as it stands: nothing is signed",
            )
        };
        let (hmac, hash) = (cause("an HMAC of the body"), cause("a plain hash of secret and body"));
        let (hashed, encoded) = (cause("a hash of the secret"), cause("an HMAC of the timestamp and the body"));
        self.add_text(Kind::Hmac, "{body}", &hmac);
        self.add_text(Kind::Digest, "{secret}", &hashed);
        self.add_text(Kind::Digest, "{secret}{body}", &hash);
        self.add_text(Kind::Digest, "{body}{secret}", &hash);
        self.add_text(Kind::Hmac, "{timestamp}.{body}", &encoded);
    }
}

fn joined(fields: &[Field]) -> Template {
    let text: Vec<String> = fields.iter().map(|field| format!("{{{}}}", field.name())).collect();
    let text = text.concat();
    Template::parse(&text, &Field::ALL).unwrap_or_default()
}

fn shown_template(template: &Template) -> String {
    template.to_string().replace('\n', "\\n")
}
