//! Whose a captured delivery is, and whether it is genuine: the providers with their secrets, and the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{Request, Uri};
use jiff::Timestamp;

use super::{VerifyArgs, given_time};
use crate::commands::arguments::{Header, Tolerance};
use crate::commands::secrets::{found_beside, given, test_secret, warnings};
use crate::context::Context;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::capture::{Capture, Fault, Place};
use crate::webhook::catalogue::Catalogue;
use crate::webhook::delivery::Delivery;
use crate::webhook::judgement::{Clock, Doubt, Judgement, Kept, Verdict};
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;
use crate::webhook::recognition;
use crate::webhook::record::redacted_header;
use crate::webhook::secret::Secret;
use crate::webhook::signing::SigningError;
use crate::webhook::verification::{Rejection, Verified};

/// Judges deliveries. It is shared by threads.
pub(super) struct Judge {
    benches: Vec<Bench>,
    /// The provider that was named, so that none is looked for.
    named: Option<usize>,
    /// The provider that settings name, for what is nobody else's.
    preferred: Option<usize>,
    at: Option<Timestamp>,
    now: Timestamp,
    headers: Vec<Header>,
    url: Option<Uri>,
    explain: bool,
    /// Whether genuine deliveries are to be shown whole, too.
    keep: bool,
    notices: Vec<Notice>,
}

/// A provider with the keys to verify its deliveries with.
struct Bench {
    provider: Arc<Provider>,
    secrets: Vec<Secret>,
    keyring: Keyring,
    /// Whether the only secret is the one that its folder publishes.
    is_test: bool,
    /// Whether a delivery was verified with it.
    used: AtomicBool,
}

impl Judge {
    /// Reads the providers and their secrets.
    pub(super) fn new(
        args: &VerifyArgs,
        verbose: bool,
        catalogue: &Catalogue,
        context: &Context,
    ) -> Result<Self, Error> {
        let scheme = args.scheme.scheme.as_deref();
        let typed = scheme.filter(|_| !args.scheme.configured);
        let given = given(&args.secret, context)?;
        let now = (context.clock)();
        let mut notices = Vec::new();
        let names: Vec<&str> = typed.map_or_else(|| catalogue.names().collect(), |name| vec![name]);
        let mut benches = Vec::new();
        for name in names {
            let mut provider = catalogue.provider(name)?;
            let mut secrets = found_beside(&given, &args.secret, &provider, context)?;
            let is_test = secrets.is_empty();
            if is_test {
                secrets.push(test_secret(&provider));
            }
            if typed.is_some() {
                notices.extend(secrets.iter().filter(|_| !is_test).flat_map(|secret| warnings(secret, &provider)));
                for secret in &secrets {
                    let variable = provider.secret_variable();
                    let told = |error| Error::Signing { error: SigningError::Secret(error), variable };
                    provider.scheme.key.key(secret).map_err(told)?;
                }
                if args.tolerance.is_some() && !provider.scheme.has_timestamp() {
                    notices.push(Notice::NoTimestamp { scheme: provider.name.clone() });
                }
            }
            tolerate(&mut provider, args.tolerance);
            let keyring = Keyring::new(&provider.scheme, &secrets);
            let provider = Arc::new(provider);
            benches.push(Bench { provider, secrets, keyring, is_test, used: AtomicBool::new(false) });
        }
        if args.tolerance == Some(Tolerance::Any) {
            notices.push(Notice::AnyAge);
        }
        let preferred = scheme.and_then(|name| benches.iter().position(|bench| bench.provider.name == name));
        let named = preferred.filter(|_| typed.is_some());
        if let (Some(name), None) = (scheme, preferred) {
            // Settings may name a provider that is not there; the catalogue says it best.
            catalogue.provider(name)?;
        }
        Ok(Self {
            benches,
            named,
            preferred,
            at: given_time(args, now)?,
            now,
            headers: args.headers.clone(),
            url: args.url.clone(),
            explain: args.explain,
            keep: args.explain || verbose,
            notices,
        })
    }

    /// What is worth knowing before anything is judged.
    pub(super) fn notices(&self) -> Vec<Notice> {
        self.notices.clone()
    }

    /// That a published secret was used, if one was.
    pub(super) fn test_secrets_used(&self) -> Option<Notice> {
        let used = self.benches.iter().filter(|bench| bench.is_test && bench.used.load(Ordering::Relaxed));
        let used: Vec<&Provider> = used.map(|bench| bench.provider.as_ref()).collect();
        let schemes = used.iter().map(|provider| provider.name.clone()).collect();
        let variable = used.first()?.secret_variable();
        Some(Notice::VerifiedWithTestSecret { schemes, variable })
    }

    /// The providers' secrets, by the providers' names.
    pub(super) fn secrets(&self) -> Vec<(String, Vec<Secret>)> {
        self.benches.iter().map(|bench| (bench.provider.name.clone(), bench.secrets.clone())).collect()
    }

    /// Whether headers were given beside the files.
    pub(super) fn has_headers(&self) -> bool {
        !self.headers.is_empty()
    }

    /// Whether a request out of a log of all kinds of requests may be a delivery.
    pub(super) fn wants(&self, capture: &Capture) -> bool {
        match self.named {
            Some(named) => recognition::resembles(&self.benches[named].provider, &capture.delivery),
            None => self.benches.iter().any(|bench| recognition::could_be(&bench.provider, &capture.delivery)),
        }
    }

    /// A body that stands alone, with the headers that were given for it.
    pub(super) fn bare(&self, body: Vec<u8>) -> Result<Capture, Fault> {
        let request = Request::post("/").body(Bytes::from(body)).expect("a request that is written here");
        let delivery = Delivery::of(request);
        // Where the signature is a part of the body, no header is needed.
        if self.headers.is_empty() && self.candidates(&delivery).next().is_none() {
            return Err(Fault::bare(Place::default(), "it is a bare body, without the headers that would prove it"));
        }
        Ok(Capture { delivery, at: None, answer: None, recorded: false, place: Place::default() })
    }

    /// How to give the headers of a bare body.
    pub(super) fn advice(&self) -> String {
        let needed = self.named.map(|named| {
            let needed = self.benches[named].provider.scheme.headers.iter().filter(|rule| !rule.optional);
            needed.map(|rule| format!("-H '{}: …'", rule.name)).collect::<Vec<_>>().join(" ")
        });
        match needed.filter(|needed| !needed.is_empty()) {
            Some(needed) => format!("give the headers that came with it: {needed}"),
            None => "give the headers that came with it, each with -H 'Name: value'".to_owned(),
        }
    }

    /// Says what is thought of a delivery.
    pub(super) fn judge(&self, capture: Capture) -> Judgement {
        let Capture { mut delivery, at, answer, recorded, place } = capture;
        self.complete(&mut delivery);
        let (clock, at) = match (self.at, at) {
            (Some(at), _) => (Clock::Given, at),
            (None, Some(at)) => (Clock::Capture, at),
            (None, None) => (Clock::Now, self.now),
        };
        let recorded = recorded && self.headers.is_empty();
        let (bench, verdict) = self.verdict(&mut delivery, recorded, at);
        let mut judgement = Judgement {
            place,
            scheme: None,
            event: None,
            id: String::new(),
            verdict,
            at,
            clock,
            answer,
            diagnosis: None,
            kept: None,
        };
        if !self.keep && !judgement.is_failure() {
            (judgement.scheme, judgement.event, judgement.id) = (delivery.scheme, delivery.event, delivery.id);
            return judgement;
        }
        (judgement.scheme, judgement.event) = (delivery.scheme.clone(), delivery.event.clone());
        judgement.id.clone_from(&delivery.id);
        let evidence = bench.filter(|_| self.explain);
        let evidence = evidence.map(|bench| bench.provider.scheme.evidence(&delivery, &bench.keyring));
        let provider = bench.map(|bench| Arc::clone(&bench.provider));
        judgement.kept = Some(Kept { delivery, provider, evidence });
        judgement
    }

    fn complete(&self, delivery: &mut Delivery) {
        if let Some(url) = &self.url {
            delivery.request.uri_mut().clone_from(url);
        }
        for Header { name, .. } in &self.headers {
            delivery.request.headers_mut().remove(name);
        }
        for Header { name, value } in &self.headers {
            if let Some(value) = value {
                delivery.request.headers_mut().append(name, value.clone());
            }
        }
    }

    fn verdict(&self, delivery: &mut Delivery, recorded: bool, at: Timestamp) -> (Option<&Bench>, Verdict) {
        let Some(bench) = self.bench(delivery, recorded, at) else {
            return (None, Verdict::Open(Doubt::UnknownScheme));
        };
        let Bench { provider, keyring, .. } = bench;
        // A record has said whose it is, of what event, and its id.
        if !recorded || delivery.scheme.as_ref() != Some(&provider.name) {
            delivery.scheme = Some(provider.name.clone());
            delivery.event = provider.event_type(delivery);
            if let Some(id) = provider.delivery_id(delivery).filter(|id| !id.is_empty()) {
                delivery.id = id;
            }
        }
        // What was redacted proves nothing, so that only what is refused has to be looked through for it.
        let redacted =
            || redacted_header(&provider.scheme, delivery).map(|name| Doubt::Redacted { name: name.to_owned() });
        if let Some(error) = keyring.fault() {
            let doubt = redacted().unwrap_or_else(|| Doubt::NoKey(error.clone()));
            return (Some(bench), Verdict::Open(doubt));
        }
        let verdict = match provider.scheme.verify_with(delivery, keyring, at) {
            Ok(verified) => Verdict::Genuine(verified),
            Err(rejection) => redacted().map_or(Verdict::Refused(rejection), Verdict::Open),
        };
        if !matches!(verdict, Verdict::Open(_)) {
            bench.used.store(true, Ordering::Relaxed);
        }
        (Some(bench), verdict)
    }

    /// The provider that a delivery is judged by: the one that was named, or that the record names, or the likeliest.
    fn bench(&self, delivery: &Delivery, recorded: bool, at: Timestamp) -> Option<&Bench> {
        if let Some(named) = self.named {
            return self.benches.get(named);
        }
        let of = |name: &str| self.benches.iter().find(|bench| bench.provider.name == name);
        if let Some(bench) = delivery.scheme.as_deref().filter(|_| recorded).and_then(of) {
            return Some(bench);
        }
        let candidates: Vec<&Bench> = self.candidates(delivery).collect();
        if let [only] = candidates.as_slice() {
            return Some(only);
        }
        let verdict = |bench: &&&Bench| bench.provider.scheme.verify_with(delivery, &bench.keyring, at);
        let is_signed = |verdict: Result<Verified, Rejection>| {
            matches!(verdict, Ok(_) | Err(Rejection::Stale { .. } | Rejection::Future { .. }))
        };
        let genuine = candidates.iter().find(|bench| verdict(bench).is_ok());
        let signed = || candidates.iter().find(|bench| is_signed(verdict(bench)));
        let found = genuine.or_else(signed).or(candidates.first()).copied();
        found.or_else(|| self.benches.get(self.preferred?))
    }

    /// The providers that a delivery could be from, the likeliest first.
    fn candidates(&self, delivery: &Delivery) -> impl Iterator<Item = &Bench> {
        let found = recognition::candidates(self.benches.iter().map(|bench| bench.provider.as_ref()), delivery);
        found.into_iter().filter_map(|provider| self.benches.iter().find(|bench| bench.provider.name == provider.name))
    }
}

/// Puts another tolerance in the place of the provider's.
fn tolerate(provider: &mut Provider, tolerance: Option<Tolerance>) {
    let length = match tolerance {
        None => return,
        Some(Tolerance::Within(length)) => Some(length),
        Some(Tolerance::Any) => None,
    };
    provider.scheme.timestamp.tolerance_past = length;
    provider.scheme.timestamp.tolerance_future = length;
}
