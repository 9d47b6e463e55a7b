//! What a delivery says of itself: found in its headers, its envelope and its payload, and not yet proved.

use std::borrow::Cow;

use http::HeaderMap;
use memchr::memmem;

use super::{Place, Rejection};
use crate::webhook::delivery::Delivery;
use crate::webhook::scheme::{HeaderRule, Scheme};
use crate::webhook::template::{Captures, Field};

/// What a delivery says of itself. `'a` is the delivery's life and the scheme's.
#[derive(Debug, Default)]
pub(in crate::webhook) struct Claim<'a> {
    pub(in crate::webhook) payload: Option<Cow<'a, [u8]>>,
    pub(in crate::webhook) id: Option<Cow<'a, str>>,
    pub(in crate::webhook) timestamp: Option<Cow<'a, str>>,
    pub(super) token: Option<(Spot<'a>, Cow<'a, [u8]>)>,
    pub(super) signatures: Vec<(Spot<'a>, Cow<'a, str>)>,
}

impl Claim<'_> {
    /// The signatures, and where they stand.
    pub(in crate::webhook) fn signatures(&self) -> Vec<(Place, String)> {
        self.signatures.iter().map(|(spot, signature)| (spot.place(), signature.clone().into_owned())).collect()
    }
}

/// A [`Place`], named by the scheme's own rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spot<'a> {
    Header(&'a HeaderRule),
    Body,
}

impl Spot<'_> {
    pub(super) fn place(self) -> Place {
        match self {
            Self::Header(rule) => Place::Header(rule.name.clone()),
            Self::Body => Place::Body,
        }
    }
}

impl Scheme {
    /// Reads what the delivery claims from its envelope, its headers and its payload.
    pub(in crate::webhook) fn claim<'a>(&'a self, delivery: &'a Delivery) -> Result<Claim<'a>, Rejection> {
        let mut claim = Claim::default();
        if let Some(envelope) = &self.envelope {
            let read = envelope.read(delivery.request.body());
            let form = || Rejection::BadFormat { place: Place::Body, form: envelope.to_string() };
            let mut captures = read.ok_or_else(form)?;
            claim.payload = captures.take(Field::Payload);
            if envelope.mentions(Field::Signature) {
                let signature = captures.take_text(Field::Signature).ok_or_else(form)?;
                claim.signatures.push((Spot::Body, signature));
            }
        }
        for rule in &self.headers {
            if let Some(value) = single_value(rule, delivery.request.headers())? {
                self.read_header(rule, value, &mut claim)?;
            }
        }
        if let (None, Some(path)) = (&claim.timestamp, &self.timestamp.payload) {
            let payload = claim.payload.as_deref().unwrap_or(delivery.request.body());
            let missing = || Rejection::MissingTimestamp { path: path.to_string() };
            claim.timestamp = Some(Cow::Owned(self.timestamp_in(payload).ok_or_else(missing)?));
        }
        Ok(claim)
    }

    fn read_header<'a>(&self, rule: &'a HeaderRule, value: &'a [u8], claim: &mut Claim<'a>) -> Result<(), Rejection> {
        let place = || Place::Header(rule.name.clone());
        let bad_format = || Rejection::BadFormat { place: place(), form: rule.value.to_string() };
        // What has a mark is known by it; what has none, such as `{version}=…`, takes what is left.
        let marked = rule.items.iter().filter(|template| !template.begins_open());
        let templates = || marked.clone().chain(rule.items.iter().filter(|template| template.begins_open()));
        let mut other_version = None;
        let mut signatures = 0;
        for item in split(value, rule.separator.as_deref()) {
            // In a list, what has none of the forms is another version's, or an extension: passed over.
            let Some(captures) = templates().find_map(|template| template.read(item)) else {
                if rule.separator.is_some() {
                    continue;
                }
                return Err(bad_format());
            };
            if let Some(version) = captures.field(Field::Version)
                && Some(version) != self.version.as_deref().map(str::as_bytes)
            {
                other_version.get_or_insert_with(|| String::from_utf8_lossy(version).into_owned());
                continue;
            }
            if captures.field(Field::Signature).is_some() {
                signatures += 1;
            }
            self.take(rule, captures, claim)?;
        }
        let demanded = rule.value.mentions(Field::Signature) || rule.value.mentions(Field::Version);
        if let (true, 0, Some(found)) = (demanded, signatures, other_version) {
            let expected = self.version.clone().unwrap_or_default();
            return Err(Rejection::UnknownVersion { place: place(), found, expected });
        }
        if rule.value.mentions(Field::Signature) && signatures == 0 {
            return Err(Rejection::BadFormat { place: place(), form: rule.value.to_string() });
        }
        let timestamp_due = rule.value.mentions(Field::Timestamp) && claim.timestamp.is_none();
        if timestamp_due { Err(bad_format()) } else { Ok(()) }
    }

    fn take<'a>(
        &self,
        rule: &'a HeaderRule,
        mut captures: Captures<'a>,
        claim: &mut Claim<'a>,
    ) -> Result<(), Rejection> {
        let bad_format =
            || Rejection::BadFormat { place: Place::Header(rule.name.clone()), form: rule.value.to_string() };
        if captures.field(Field::Timestamp).is_some() {
            let text = captures.take_text(Field::Timestamp).ok_or(self.bad_timestamp())?;
            if claim.timestamp.as_ref().is_some_and(|earlier| *earlier != text) {
                return Err(bad_format());
            }
            claim.timestamp = Some(text);
        }
        if captures.field(Field::Id).is_some() {
            claim.id = Some(captures.take_text(Field::Id).ok_or_else(bad_format)?);
        }
        if let Some(token) = captures.take(Field::Secret) {
            claim.token = Some((Spot::Header(rule), token));
        }
        if let Some(signature) = captures.take(Field::Signature) {
            // What is not UTF-8 is not in any encoding either: as lossy text it is told as such.
            let signature = match signature {
                Cow::Borrowed(bytes) => {
                    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
                }
                Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
            };
            claim.signatures.push((Spot::Header(rule), signature));
        }
        Ok(())
    }
}

/// The one value of a header; nothing when it may be missing and is.
fn single_value<'a>(rule: &HeaderRule, headers: &'a HeaderMap) -> Result<Option<&'a [u8]>, Rejection> {
    let mut values = headers.get_all(&rule.header).iter();
    match (values.next(), values.count()) {
        (Some(value), 0) => Ok(Some(value.as_bytes())),
        (Some(_), more) => Err(Rejection::AmbiguousHeader { name: rule.name.clone(), count: more + 1 }),
        (None, _) if rule.optional => Ok(None),
        (None, _) => Err(Rejection::MissingHeader { name: rule.name.clone() }),
    }
}

/// The items of a list, without the white space around them; all of the value where nothing separates items.
fn split<'a>(value: &'a [u8], separator: Option<&'a str>) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest.take()?;
        let Some(separator) = separator else { return Some(value) };
        match memmem::find(value, separator.as_bytes()) {
            Some(at) => {
                rest = Some(&value[at + separator.len()..]);
                Some(value[..at].trim_ascii())
            }
            None => Some(value.trim_ascii()),
        }
    })
}
