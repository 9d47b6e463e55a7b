//! The search: one change at a time, then two, in a fixed order, until a computed signature is one that was observed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::class::{Class, classes};
use super::content::{self, ContentVariant, Kind};
use super::finding::{Code, Finding, merged};
use super::key::{self, KeyVariant};
use super::observed::{self, Evidence};
use super::work::{Budget, Tried};
use super::{Case, Diagnosis, body, refusal, token, unexplained};
use crate::webhook::keyring::Keyed;
use crate::webhook::scheme::{Algorithm, Hash};
use crate::webhook::secret::Key;
use crate::webhook::template::Field;

/// How much memory the forms of a body may take while they wait to be paired, in bytes.
const KEPT: usize = 32 * 1024 * 1024;

/// What it costs to write a byte of another form of the body, where to hash one costs one.
const WRITING: u64 = 3;

/// What a combination costs besides its body, in bytes.
const OVERHEAD: u64 = 192;

/// Runs the search.
pub(super) fn run(case: &Case<'_>, budget: Budget) -> Diagnosis {
    let (findings, tried) = searched(case, budget);
    let advice = findings.is_empty().then(|| unexplained::advice(case, &tried));
    Diagnosis { findings, tried, advice }
}

fn searched(case: &Case<'_>, budget: Budget) -> (Vec<Finding>, Tried) {
    let evidence = observed::gather(case);
    if let Some(findings) = refusal::explained(case, &evidence) {
        return (findings, Tried { complete: true, ..Tried::default() });
    }
    let keys = key::variants(case);
    if case.provider.scheme.algorithm == Algorithm::Token
        && let Some(findings) = token::explained(case, &keys)
    {
        return (findings, Tried { complete: true, keys: keys.len(), ..Tried::default() });
    }
    let mut search = Search::new(case, &evidence, &keys, budget);
    let findings = search.run().map(|found| search.findings(&found)).unwrap_or_default();
    let complete = !search.exhausted;
    (findings, Tried { complete, ..search.tried })
}

/// A form of the body.
struct Body {
    bytes: Vec<u8>,
    findings: Vec<Finding>,
}

/// A combination whose signature was observed.
struct Found {
    hash: Hash,
    observed: usize,
    body: Vec<Finding>,
    key: usize,
    content: usize,
}

struct Search<'a> {
    case: &'a Case<'a>,
    evidence: &'a Evidence,
    keys: &'a [KeyVariant],
    contents: Vec<ContentVariant>,
    classes: Vec<Class>,
    /// For each class and key, HMAC with the key taken in.
    hmacs: Vec<Vec<Keyed>>,
    /// The keys that the secrets stand for, as the scheme has them.
    own_keys: Vec<usize>,
    tried: Tried,
    budget: u64,
    exhausted: bool,
}

impl<'a> Search<'a> {
    fn new(case: &'a Case<'a>, evidence: &'a Evidence, keys: &'a [KeyVariant], budget: Budget) -> Self {
        let contents = content::variants(case, evidence);
        let classes = classes(case, evidence);
        let keyed = |hash, key: &KeyVariant| Keyed::new(Algorithm::Hmac(hash), key.key.clone());
        let hmacs = classes.iter().map(|class| keys.iter().map(|key| keyed(class.hash, key)).collect()).collect();
        let mut own_keys: Vec<usize> = (0..keys.len()).filter(|index| keys[*index].findings.is_empty()).collect();
        if own_keys.is_empty() && !keys.is_empty() {
            own_keys.push(0);
        }
        let tried = Tried {
            keys: keys.len(),
            contents: contents.len(),
            signatures: evidence.signatures.len(),
            ..Tried::default()
        };
        let budget = budget.0;
        Self { case, evidence, keys, contents, classes, hmacs, own_keys, tried, budget, exhausted: false }
    }

    fn run(&mut self) -> Option<Found> {
        if self.classes.is_empty() || self.contents.is_empty() {
            return None;
        }
        let original = match &self.evidence.payload {
            Some((payload, _)) => payload.clone(),
            None => self.case.delivery.request.body().to_vec(),
        };
        let original = Body { bytes: original, findings: Vec::new() };
        self.tried.bodies = 1;
        let own_keys = self.own_keys.clone();
        let all_keys: Vec<usize> = (0..self.keys.len()).collect();
        let all_contents: Vec<usize> = (0..self.contents.len()).collect();
        self.sweep(&original, &own_keys, &[0], true)
            .or_else(|| self.likeliest_bodies(&original, &own_keys))
            .or_else(|| self.sweep(&original, &all_keys, &[0], true))
            .or_else(|| self.sweep(&original, &own_keys, &all_contents, true))
            .or_else(|| self.bodies_and_pairs(&original, &own_keys))
    }

    /// The likeliest forms of the body, before all that there is much of: of a large body, few more can be tried.
    fn likeliest_bodies(&mut self, original: &Body, own_keys: &[usize]) -> Option<Found> {
        let mut found = None;
        let half = self.budget / 2;
        body::likeliest(&original.bytes, &mut |bytes, findings| {
            self.tried.work += WRITING * bytes.len() as u64;
            if bytes != original.bytes {
                self.tried.bodies += 1;
                found = self.sweep(&Body { bytes, findings }, own_keys, &[0], false);
            }
            found.is_none() && self.tried.work < half
        });
        found
    }

    /// Every form of the body under the scheme's own keys and content, then the pairs.
    fn bodies_and_pairs(&mut self, original: &Body, own_keys: &[usize]) -> Option<Found> {
        let mut known = HashSet::from([fingerprint(&original.bytes)]);
        // The likeliest of them were tried before.
        let likeliest = std::mem::replace(&mut self.tried.bodies, 1);
        let mut kept: Vec<Body> = Vec::new();
        let mut size = 0;
        let mut found = None;
        let mut curtailed = false;
        let quarter = self.budget / 4;
        for (index, all) in [body::singles, body::doubles, body::unusual].into_iter().enumerate() {
            let start = self.tried.work;
            all(&original.bytes, &mut |bytes, findings| {
                self.tried.work += WRITING * bytes.len() as u64;
                let new = known.insert(fingerprint(&bytes));
                if new {
                    let body = Body { bytes, findings };
                    self.tried.bodies += 1;
                    found = self.sweep(&body, own_keys, &[0], true);
                    if index == 0 && size + body.bytes.len() <= KEPT {
                        size += body.bytes.len();
                        kept.push(body);
                    }
                }
                // What is rare must not take the time of what is likely.
                let fair = index == 0 || self.tried.work - start < quarter;
                curtailed |= !fair;
                found.is_none() && fair && !self.exhausted
            });
            if found.is_some() || self.exhausted {
                break;
            }
        }
        self.tried.bodies = self.tried.bodies.max(likeliest);
        if found.is_some() || self.exhausted {
            return found;
        }
        let found = self.pairs(original, &kept, own_keys);
        self.exhausted |= curtailed;
        found
    }

    /// Two changes at a time, the likeliest pairs first: along the diagonals of the three tables.
    fn pairs(&mut self, original: &Body, bodies: &[Body], own_keys: &[usize]) -> Option<Found> {
        let keys: Vec<usize> = (0..self.keys.len()).filter(|index| !own_keys.contains(index)).collect();
        let contents: Vec<usize> = (1..self.contents.len()).collect();
        let longest = bodies.len().max(keys.len()).max(contents.len());
        for sum in 0..2 * longest {
            for first in 0..=sum {
                let second = sum - first;
                let found = match (bodies.get(first), keys.get(second), contents.get(second)) {
                    (Some(body), key, content) => {
                        let with_key = key.and_then(|key| self.sweep(body, &[*key], &[0], false));
                        with_key.or_else(|| content.and_then(|content| self.sweep(body, own_keys, &[*content], false)))
                    }
                    (None, ..) => None,
                };
                let found = found.or_else(|| {
                    let (key, content) = (keys.get(first)?, contents.get(second)?);
                    self.sweep(original, &[*key], &[*content], false)
                });
                if found.is_some() || self.exhausted {
                    return found;
                }
            }
        }
        None
    }

    fn sweep(&mut self, body: &Body, keys: &[usize], contents: &[usize], thorough: bool) -> Option<Found> {
        for content in contents {
            for key in keys {
                for class in 0..self.classes.len() {
                    if !thorough && !self.classes[class].likely {
                        continue;
                    }
                    let cost = body.bytes.len() as u64 + OVERHEAD;
                    if self.tried.work + cost > self.budget {
                        self.exhausted = true;
                        return None;
                    }
                    self.tried.work += cost;
                    if let Some(observed) = self.try_one(&body.bytes, *key, *content, class) {
                        let hash = self.classes[class].hash;
                        let body = body.findings.clone();
                        return Some(Found { hash, observed, body, key: *key, content: *content });
                    }
                }
            }
        }
        None
    }

    /// The observed signature that a combination makes, if there is one.
    fn try_one(&mut self, body: &[u8], key: usize, content: usize, class: usize) -> Option<usize> {
        let content = &self.contents[content];
        let Class { hash, members, .. } = &self.classes[class];
        let plain;
        let keyed = match content.kind {
            Kind::Hmac => &self.hmacs[class][key],
            Kind::Digest => {
                plain = Keyed::new(Algorithm::Digest(*hash), Key::default());
                &plain
            }
        };
        let delivery = self.case.delivery;
        let text = |text: &Option<String>| text.as_ref().map(|text| Cow::Owned(text.clone().into_bytes()));
        let value = |field| match field {
            Field::Body | Field::Payload => Some(Cow::Borrowed(body)),
            Field::Timestamp => text(&content.timestamp),
            Field::Id => text(&content.id),
            Field::Event => text(&delivery.event),
            Field::Url => Some(Cow::Owned(content.url.clone().into_bytes())),
            Field::Method => Some(Cow::Borrowed(delivery.request.method().as_str().as_bytes())),
            Field::Version => text(&content.version),
            Field::Secret => Some(Cow::Borrowed(self.keys[key].key.as_slice())),
            Field::Signature => None,
        };
        let computed = keyed.compute(|update| content.template.write_to(value, update)).ok()?;
        self.tried.combinations += 1;
        members.iter().copied().find(|member| computed.starts_with(&self.evidence.signatures[*member].raw))
    }

    /// All that makes a combination differ from what the scheme says.
    fn findings(&self, found: &Found) -> Vec<Finding> {
        let scheme = &self.case.provider.scheme;
        let observed = &self.evidence.signatures[found.observed];
        let content = &self.contents[found.content];
        let mut findings = observed.findings.clone();
        if let Some((_, opening)) = &self.evidence.payload {
            findings.extend(opening.iter().cloned());
        }
        let own_hash = match scheme.algorithm {
            Algorithm::Hmac(hash) | Algorithm::Digest(hash) => Some(hash),
            Algorithm::Token => None,
        };
        if own_hash.is_some_and(|own| own != found.hash) {
            let (made, own) = match content.kind {
                Kind::Hmac => (Algorithm::Hmac(found.hash), scheme.algorithm),
                Kind::Digest => (Algorithm::Digest(found.hash), scheme.algorithm),
            };
            findings.push(Finding::new(
                Code::Algorithm,
                format!("the signature is {}, not {}", made.title(), own.title()),
                format!("compute {}: name the hash where the library has a default of its own", own.title()),
            ));
        }
        if observed.raw.len() < found.hash.size() {
            findings.push(Finding::new(
                Code::Encoding,
                format!("the signature is cut off: it has {} of its {} bytes", observed.raw.len(), found.hash.size()),
                "send the whole signature: look for a column, a header or a variable that is too short for it",
            ));
        }
        findings.extend(found.body.iter().cloned());
        findings.extend(self.keys[found.key].findings.iter().cloned());
        findings.extend(content.findings.iter().cloned());
        refusal::completed(self.case, self.evidence, content.timestamp.as_deref(), merged(findings))
    }
}

fn fingerprint(bytes: &[u8]) -> (usize, u64) {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    (bytes.len(), hasher.finish())
}
