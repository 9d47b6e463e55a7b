//! From a capture to the delivery that goes out: whose it is, where it goes, and what of it can be sent again.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Uri;
use jiff::Timestamp;

use super::ReplayArgs;
use super::selection::{Captured, Item, Selection};
use crate::commands::arguments::Header;
use crate::commands::delivering::Route;
use crate::commands::secrets::secrets;
use crate::context::Context;
use crate::edge::target::Target;
use crate::edge::unfinished::Request;
use crate::error::Error;
use crate::report::notice::Notice;
use crate::webhook::attempt::Attempt;
use crate::webhook::capture::Capture;
use crate::webhook::catalogue::Catalogue;
use crate::webhook::delivery::Delivery;
use crate::webhook::forwarding::remove;
use crate::webhook::keyring::Keyring;
use crate::webhook::provider::Provider;
use crate::webhook::signing::SigningError;
use crate::webhook::unexpected::{self, Refused, Signed};
use crate::webhook::{recognition, replaying};

/// Where deliveries of one provider go.
pub(super) struct Way {
    /// Where.
    pub(super) target: Target,
    /// Whose they are, where that is known.
    pub(super) provider: Option<Arc<Provider>>,
}

/// A delivery that can be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ready {
    /// Where its record is.
    pub(super) item: Item,
    /// When it was captured.
    pub(super) at: Option<Timestamp>,
    /// What its record is known by.
    pub(super) hash: u64,
}

/// Makes deliveries of captures.
pub(super) struct Preparer<'a> {
    args: &'a ReplayArgs,
    to: Option<Target>,
    keep_signature: bool,
    /// The scheme that was typed.
    scheme: Option<String>,
    catalogue: &'a Catalogue,
    context: &'a Context,
    providers: BTreeMap<String, Arc<Provider>>,
    /// Every provider, loaded when one has to be recognised.
    all: Option<Vec<Arc<Provider>>>,
    ways: Vec<Way>,
    /// The ways by where they begin and whose they are.
    known_ways: BTreeMap<(String, Option<String>), usize>,
    keyrings: BTreeMap<String, Keyring>,
    random: fastrand::Rng,
    line: Vec<u8>,
    /// How many deliveries lack a header that was redacted and is no part of the signature.
    left_out: BTreeMap<String, usize>,
    /// How many signatures are too old by their scheme.
    stale: usize,
    /// How many deliveries are nobody's that is known.
    unknown: usize,
}

impl<'a> Preparer<'a> {
    pub(super) fn new(
        args: &'a ReplayArgs,
        to: Option<Target>,
        request: &Request,
        catalogue: &'a Catalogue,
        context: &'a Context,
    ) -> Self {
        Self {
            args,
            to,
            keep_signature: request.keep_signature,
            scheme: request.scheme.clone(),
            catalogue,
            context,
            providers: BTreeMap::new(),
            all: None,
            ways: Vec::new(),
            known_ways: BTreeMap::new(),
            keyrings: BTreeMap::new(),
            random: context.random(),
            line: Vec::new(),
            left_out: BTreeMap::new(),
            stale: 0,
            unknown: 0,
        }
    }

    /// Looks at every delivery once, so that what cannot be sent is told before anything is.
    pub(super) fn prepare_all(&mut self, selection: &Selection) -> Result<Vec<Ready>, Error> {
        let now = (self.context.clock)();
        let mut ready = Vec::with_capacity(selection.items.len());
        let (mut unknown, mut stranger) = (0, None);
        let mut line = Vec::new();
        for item in &selection.items {
            let captured = selection.read(item, &mut line)?;
            let (at, hash) = (item.first.or(captured.at), captured.hash);
            // Who asks for all that is there is not stopped by a stranger's request in it.
            if self.args.asks_for_all() && !self.keep_signature && self.provider(&captured.delivery)?.is_none() {
                unknown += 1;
                stranger.get_or_insert_with(|| named(&captured.delivery));
                continue;
            }
            for name in replaying::redacted(&captured.delivery) {
                if !self.args.header.iter().any(|header| header.name == name.as_str()) {
                    *self.left_out.entry(name).or_default() += 1;
                }
            }
            let (draft, way) = self.draft(captured)?;
            let scheme =
                self.ways[way].provider.as_ref().map(|provider| &provider.scheme).filter(|_| self.keep_signature);
            self.stale += usize::from(scheme.is_some_and(|scheme| scheme.is_stale(&draft, now)));
            let mut item = *item;
            item.serial -= unknown;
            ready.push(Ready { item, at, hash });
        }
        if let (true, Some(delivery)) = (ready.is_empty(), stranger) {
            return Err(unrecognised(delivery));
        }
        self.unknown = unknown;
        Ok(ready)
    }

    /// Where the deliveries go.
    pub(super) fn ways(&self) -> &[Way] {
        &self.ways
    }

    /// The secrets to sign with, tried on a delivery of each way; and what is worth knowing before anything is sent.
    pub(super) fn find_secrets(&mut self, ready: &[Ready], selection: &Selection) -> Result<Vec<Notice>, Error> {
        let mut notices = Vec::new();
        if self.unknown > 0 {
            notices.push(Notice::Unrecognised { deliveries: self.unknown });
        }
        if self.keep_signature {
            if self.stale > 0 {
                notices.push(Notice::StaleSignatures { stale: self.stale, all: ready.len() });
            }
        } else {
            for way in &self.ways {
                let Some(provider) = &way.provider else { continue };
                let found = secrets(&self.args.secret, provider, self.context, Some(&way.target))?;
                let keyring = Keyring::new(&provider.scheme, &found.secrets);
                if self.keyrings.insert(provider.name.clone(), keyring).is_none() {
                    notices.extend(found.notices);
                }
            }
            let mut tried = vec![false; self.ways.len()];
            let now = (self.context.clock)();
            for ready in ready {
                if tried.iter().all(|tried| *tried) {
                    break;
                }
                let (mut delivery, way) = self.delivery(&ready.item, selection)?;
                if !std::mem::replace(&mut tried[way], true) {
                    self.sign(&mut delivery, way, now)?;
                }
            }
        }
        let providers: BTreeMap<_, _> = self
            .ways
            .iter()
            .filter_map(|way| way.provider.as_ref())
            .map(|provider| (&provider.name, provider))
            .collect();
        notices.extend(providers.into_values().filter_map(|provider| self.args.pace.notice(provider)));
        let signed = |name: &str| {
            let mut providers = self.ways.iter().filter_map(|way| way.provider.as_ref());
            let needed = |provider: &Arc<Provider>| {
                provider.scheme.headers.iter().any(|rule| rule.name.eq_ignore_ascii_case(name))
            };
            providers.any(needed)
        };
        let left_out = self.left_out.iter().filter(|(name, _)| !signed(name));
        notices.extend(left_out.map(|(name, count)| Notice::HeaderLeftOut { name: name.clone(), count: *count }));
        Ok(Notice::together(notices))
    }

    /// A delivery without the signature of its attempt, and its way.
    pub(super) fn delivery(&mut self, item: &Item, selection: &Selection) -> Result<(Delivery, usize), Error> {
        let mut line = std::mem::take(&mut self.line);
        let captured = selection.read(item, &mut line);
        self.line = line;
        self.draft(captured?)
    }

    /// Makes a delivery one that goes out now.
    pub(super) fn sign(&self, delivery: &mut Delivery, way: usize, now: Timestamp) -> Result<(), Error> {
        if let Some(provider) = self.ways[way].provider.as_ref().filter(|_| !self.keep_signature) {
            provider.redate(delivery, now)?;
            let keyring = self.keyrings.get(&provider.name).ok_or(SigningError::NoSecret);
            let signed = keyring.and_then(|keyring| provider.scheme.sign_with(delivery, keyring, now, None));
            signed.map_err(|error| Error::Signing { error, variable: provider.secret_variable() })?;
        }
        Header::apply(&self.args.header, delivery.request.headers_mut());
        Ok(())
    }

    /// What may help with an answer that is not good.
    pub(super) fn advice(&self, attempt: &Attempt, route: &Route) -> Option<String> {
        let answer = attempt.outcome.as_ref().ok()?;
        let provider = route.provider.as_deref()?;
        let names: Vec<&str> = self.keyrings.get(&provider.name).into_iter().flat_map(Keyring::names).collect();
        let signed = if self.keep_signature { Signed::Then } else { Signed::Now(&names) };
        unexpected::advice(answer, &Refused { provider, url: route.target.uri(), signed })
    }

    fn draft(&mut self, captured: Captured) -> Result<(Delivery, usize), Error> {
        let Captured { mut delivery, url, .. } = captured;
        let former = delivery.scheme.clone();
        let provider = self.provider(&delivery)?;
        let url = self.destination(&delivery, url.as_deref())?;
        let way = self.way(&url, provider.as_ref())?;
        if let Some(provider) = &provider {
            self.name(&mut delivery, provider);
        }
        let redacted = replaying::redacted(&delivery);
        let mut delivery = replaying::again(delivery, url);
        let unreplayable = |delivery: &Delivery, reason: String, hint: &'static str| Error::Unreplayable {
            delivery: named(delivery),
            reason,
            hint: hint.to_owned(),
        };
        match &provider {
            Some(provider) if self.keep_signature => {
                let needed =
                    |name: &&String| provider.scheme.headers.iter().any(|rule| rule.name.eq_ignore_ascii_case(name));
                if let Some(name) = redacted.iter().find(needed) {
                    let reason = format!("its header `{name}` was redacted when it was recorded");
                    return Err(unreplayable(&delivery, reason, "leave --keep-signature out to sign it afresh"));
                }
            }
            Some(provider) => {
                // Under another scheme than that which it was captured with, nothing of the former one goes along.
                let former = former.and_then(|former| self.named(&former).ok());
                let signer = former.filter(|former| former.scheme.payload(&delivery).is_some());
                let signer = signer.as_ref().unwrap_or(provider);
                let name = named(&delivery);
                let plain = replaying::unsigned(delivery, &signer.scheme);
                delivery = plain.ok_or_else(|| Error::Unreplayable {
                    delivery: name,
                    reason: format!("its body is not in the form of {}", signer.name),
                    hint: "--keep-signature sends it as it is".to_owned(),
                })?;
            }
            None if self.keep_signature => {}
            None => return Err(unrecognised(named(&delivery))),
        }
        remove(delivery.request.headers_mut(), |name| redacted.iter().any(|redacted| name == redacted.as_str()));
        Ok((delivery, way))
    }

    /// Whose a delivery is: who was typed, who is written down with it, who is recognised, and at last who is set.
    fn provider(&mut self, delivery: &Delivery) -> Result<Option<Arc<Provider>>, Error> {
        if let Some(name) = self.scheme.clone().or_else(|| delivery.scheme.clone()) {
            return match self.named(&name) {
                // What is sent as it was may be of a provider that is gone.
                Err(_) if self.keep_signature => Ok(None),
                provider => provider.map(Some),
            };
        }
        self.load_all()?;
        let all = self.all.as_deref().unwrap_or_default();
        let found =
            recognition::candidates(all.iter().map(Arc::as_ref), delivery).first().map(|found| found.name.clone());
        match found.or_else(|| self.args.scheme.scheme.clone()) {
            Some(name) => self.named(&name).map(Some),
            None => Ok(None),
        }
    }

    /// Writes down whose a delivery is, what it is about and its id, as far as that is found out.
    pub(super) fn identify(&mut self, delivery: &mut Delivery) -> Result<(), Error> {
        if let Some(provider) = self.provider(delivery)? {
            self.name(delivery, &provider);
        }
        Ok(())
    }

    fn name(&mut self, delivery: &mut Delivery, provider: &Provider) {
        delivery.scheme = Some(provider.name.clone());
        if delivery.event.is_none() {
            delivery.event = provider.event_type(delivery);
        }
        if delivery.id.is_empty() {
            let own = provider.delivery_id(delivery).filter(|id| !id.is_empty());
            delivery.id =
                own.unwrap_or_else(|| provider.places.id_form.fresh((self.context.clock)(), &mut self.random));
        }
    }

    /// Loads every provider, so that one can be recognised.
    pub(super) fn load_all(&mut self) -> Result<(), Error> {
        if self.all.is_none() {
            let names: Vec<String> = self.catalogue.names().map(str::to_owned).collect();
            let all: Result<Vec<_>, Error> = names.iter().map(|name| self.named(name)).collect();
            self.all = Some(all?);
        }
        Ok(())
    }

    /// Whether a request out of a log of all kinds of requests is a delivery. Needs all providers.
    pub(super) fn may_be_delivery(&self, capture: &Capture) -> bool {
        let mut all = self.all.iter().flatten();
        match &self.scheme {
            Some(name) => {
                all.any(|provider| provider.name == *name && recognition::resembles(provider, &capture.delivery))
            }
            None => all.any(|provider| recognition::could_be(provider, &capture.delivery)),
        }
    }

    fn named(&mut self, name: &str) -> Result<Arc<Provider>, Error> {
        if let Some(provider) = self.providers.get(name) {
            return Ok(Arc::clone(provider));
        }
        let provider = Arc::new(self.catalogue.provider(name)?);
        self.providers.insert(name.to_owned(), Arc::clone(&provider));
        Ok(provider)
    }

    fn destination(&self, delivery: &Delivery, url: Option<&str>) -> Result<Uri, Error> {
        let captured = delivery.request.uri();
        let named = named(delivery);
        if let Some(to) = &self.to {
            let joined = replaying::destination(to.uri(), captured);
            return joined.map_err(|_| Error::usage(format!("the path of {named} cannot be sent to"), "give --to one"));
        }
        let url = url.map(str::parse).transpose().ok().flatten();
        let absolute = Some(captured.clone()).filter(|uri| uri.scheme().is_some());
        url.or(absolute).ok_or_else(|| {
            Error::usage(
                format!("nothing says where to send {named}, which was not sent to a URL before"),
                "give --to localhost:3000",
            )
        })
    }

    /// The way to a URL's server, for the deliveries of a provider.
    fn way(&mut self, url: &Uri, provider: Option<&Arc<Provider>>) -> Result<usize, Error> {
        let origin = (url.scheme_str(), url.authority());
        let origin =
            format!("{}://{}", origin.0.unwrap_or_default(), origin.1.map_or("", |authority| authority.as_str()));
        let key = (origin, provider.map(|provider| provider.name.clone()));
        if let Some(way) = self.known_ways.get(&key) {
            return Ok(*way);
        }
        let target = match &self.to {
            Some(to) => to.clone(),
            None => url
                .to_string()
                .parse()
                .map_err(|error: crate::edge::target::TargetError| Error::usage(error.to_string(), "give --to URL"))?,
        };
        self.ways.push(Way { target, provider: provider.map(Arc::clone) });
        self.known_ways.insert(key, self.ways.len() - 1);
        Ok(self.ways.len() - 1)
    }
}

/// A delivery is nobody's that is known.
fn unrecognised(delivery: String) -> Error {
    Error::Unreplayable {
        delivery,
        reason: "no scheme is recognised, so it cannot be signed".to_owned(),
        hint: "name it with --scheme, or give --keep-signature".to_owned(),
    }
}

/// What a delivery is called in a message: its id, or where it went.
fn named(delivery: &Delivery) -> String {
    let target = || delivery.request.uri().path_and_query().map_or("/", |target| target.as_str());
    match delivery.id.as_str() {
        "" => format!("the delivery to `{}`", target()),
        id => format!("`{id}`"),
    }
}
