//! What goes out for a probe: a pure function of the scheme, the secrets, the examples, the time and a source of
//! random values.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;

use super::bodies::{UNKNOWN_EVENT, Variation};
use super::{Probe, RequestForm, Sends};
use crate::webhook::composition::{CompositionError, Draft, Payload};
use crate::webhook::delivery::Delivery;
use crate::webhook::diagnosis::serialised;
use crate::webhook::event::EventName;
use crate::webhook::fault::{self, Fault};
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;
use crate::webhook::signing::{Signing, SigningError};

/// An event, and the text that its deliveries are made from.
pub type Example<'a> = (EventName, Cow<'a, [u8]>);

/// What deliveries are made from.
#[derive(Debug)]
pub struct Material<'a> {
    /// The provider that is played.
    pub provider: &'a Provider,
    /// The secrets that the receiver has.
    pub secrets: &'a [Secret],
    /// The event that is sent.
    pub event: &'a EventName,
    /// The example of each documented event.
    pub fixtures: &'a [Example<'a>],
    /// The receiver.
    pub url: &'a Uri,
    /// Headers to add, to replace, or, without a value, to take out.
    pub headers: &'a [(HeaderName, Option<HeaderValue>)],
    /// The time of the attempt.
    pub now: Timestamp,
}

/// A delivery to be sent, and how.
#[derive(Debug, Clone)]
pub struct Shot {
    /// What tells it from the others of its probe.
    pub label: Option<String>,
    /// The delivery.
    pub delivery: Delivery,
    /// How it is put on the wire.
    pub wire: Wire,
}

/// How a request is put on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wire {
    /// With its length, and names of headers as people write them.
    #[default]
    Usual,
    /// In chunks.
    Chunked,
    /// With the names of headers in lower case.
    LowerCase,
}

/// Why nothing could be made.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// The delivery could not be composed.
    #[error(transparent)]
    Composition(#[from] CompositionError),
    /// It could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The example is not of the kind that is needed.
    #[error("the example is no JSON object")]
    NoObject,
    /// No clock can show a time beyond the tolerance.
    #[error("its tolerance reaches beyond all time that can be told")]
    NoMoment,
    /// There is no example of the event.
    #[error("there is no example of `{0}`")]
    NoFixture(String),
}

impl Material<'_> {
    /// What goes out for a probe; nothing for one that sends nothing.
    pub fn shots(&self, probe: &Probe, random: &mut fastrand::Rng) -> Result<Vec<Shot>, MaterialError> {
        let one = |delivery: Delivery| vec![Shot { label: None, delivery, wire: Wire::Usual }];
        match probe.sends {
            Sends::Genuine => Ok(one(self.genuine(random)?)),
            Sends::Fault(fault) => Ok(one(self.faulty(fault, random)?)),
            Sends::Body(variation) => Ok(one(self.varied(variation, random)?)),
            Sends::EveryEvent => {
                let shot = |(event, text): &Example<'_>| {
                    let composed = self.compose(event, text, self.now, random)?;
                    let delivery = self.sign(composed, self.now, None)?;
                    Ok(Shot { label: Some(event.name()), delivery, wire: Wire::Usual })
                };
                self.fixtures.iter().map(shot).collect()
            }
            Sends::Request(form) => Ok(vec![self.request(form, random)?]),
            Sends::Twice | Sends::TwiceAtOnce => {
                let delivery = self.genuine(random)?;
                let shot =
                    |label: &str| Shot { label: Some(label.to_owned()), delivery: delivery.clone(), wire: Wire::Usual };
                Ok(vec![shot("the first"), shot("the second")])
            }
            Sends::Rotation => {
                let composed = self.example(self.now, random)?;
                let own = self.secrets.first().ok_or(SigningError::NoSecret)?;
                let secrets = [self.other_secret(own)?, own.clone()];
                let signing = Signing { timestamp: self.now, secrets: &secrets, fault: None };
                Ok(one(self.finished(self.provider.scheme.sign(composed, &signing)?)))
            }
            Sends::Observation(_) | Sends::Scheme(_) => Ok(Vec::new()),
        }
    }

    /// A genuine delivery with an id of its own.
    pub fn genuine(&self, random: &mut fastrand::Rng) -> Result<Delivery, MaterialError> {
        self.sign(self.example(self.now, random)?, self.now, None)
    }

    /// A genuine delivery for each form in which a receiver may write the payload anew, with who writes it so. One that
    /// verifies what it wrote, and not what arrived, accepts the form that it writes.
    pub fn serialised(&self, random: &mut fastrand::Rng) -> Result<Vec<(Delivery, &'static str)>, MaterialError> {
        let example = self.example(self.now, random)?;
        let forms = serialised(example.request.body()).into_iter().map(|(payload, what)| {
            let mut delivery = example.clone();
            *delivery.request.body_mut() = Bytes::from(payload);
            Ok((self.sign(delivery, self.now, None)?, what))
        });
        forms.collect()
    }

    /// Another secret of the same form, whose key is another key.
    fn other_secret(&self, own: &Secret) -> Result<Secret, MaterialError> {
        let form = &self.provider.scheme.key;
        let key = fault::other(&form.key(own).map_err(SigningError::from)?);
        let text = match form.encoding {
            None => key,
            Some(encoding) => {
                let prefix = form.prefix.as_deref().unwrap_or_default();
                format!("{prefix}{}", encoding.encode(&key)).into_bytes()
            }
        };
        Ok(Secret::new("the old secret", text))
    }

    fn faulty(&self, fault: Fault, random: &mut fastrand::Rng) -> Result<Delivery, MaterialError> {
        let moment = fault.moment(&self.provider.scheme, self.now).ok_or(MaterialError::NoMoment)?;
        self.sign(self.example(moment, random)?, moment, Some(fault))
    }

    fn varied(&self, variation: Variation, random: &mut fastrand::Rng) -> Result<Delivery, MaterialError> {
        let mut delivery = match variation {
            // Where a header names the event, it is the event itself that is another.
            Variation::UnknownEvent => {
                let event = EventName::from_name(&self.provider.name, UNKNOWN_EVENT);
                self.compose(&event, self.fixture(self.event)?, self.now, random)?
            }
            _ => self.example(self.now, random)?,
        };
        let payload = variation.apply(delivery.request.body(), self.provider).ok_or(MaterialError::NoObject)?;
        *delivery.request.body_mut() = Bytes::from(payload);
        self.sign(delivery, self.now, None)
    }

    fn request(&self, form: RequestForm, random: &mut fastrand::Rng) -> Result<Shot, MaterialError> {
        let mut composed = self.example(self.now, random)?;
        let request = &mut composed.request;
        let mut wire = Wire::Usual;
        // What a scheme signs of a request is signed as it is sent.
        match form {
            RequestForm::Chunked => wire = Wire::Chunked,
            RequestForm::LowerCase => wire = Wire::LowerCase,
            RequestForm::Charset => {
                let kind =
                    request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let bare = kind.split(';').next().unwrap_or_default().trim_end();
                if let Ok(value) = HeaderValue::from_str(&format!("{bare}; charset=UTF-8")) {
                    request.headers_mut().insert(CONTENT_TYPE, value);
                }
            }
            RequestForm::NoContentType => {
                request.headers_mut().remove(CONTENT_TYPE);
            }
            RequestForm::OtherContentType => {
                request
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            }
            RequestForm::Put => *request.method_mut() = Method::PUT,
            RequestForm::Get => {
                *request.method_mut() = Method::GET;
                *request.body_mut() = Bytes::new();
                request.headers_mut().remove(CONTENT_TYPE);
            }
        }
        Ok(Shot { label: None, delivery: self.sign(composed, self.now, None)?, wire })
    }

    fn fixture(&self, event: &EventName) -> Result<&[u8], MaterialError> {
        let found = self.fixtures.iter().find(|(known, _)| known == event);
        found.map(|(_, text)| text.as_ref()).ok_or_else(|| MaterialError::NoFixture(event.name()))
    }

    fn example(&self, moment: Timestamp, random: &mut fastrand::Rng) -> Result<Delivery, MaterialError> {
        self.compose(self.event, self.fixture(self.event)?, moment, random)
    }

    fn compose(
        &self,
        event: &EventName,
        text: &[u8],
        timestamp: Timestamp,
        random: &mut fastrand::Rng,
    ) -> Result<Delivery, MaterialError> {
        let payload = Payload::Fixture(text);
        let draft = Draft { event, payload, id: None, timestamp, url: self.url, edits: &[] };
        Ok(self.provider.compose(draft, random)?)
    }

    fn sign(&self, composed: Delivery, timestamp: Timestamp, fault: Option<Fault>) -> Result<Delivery, MaterialError> {
        let signing = Signing { timestamp, secrets: self.secrets, fault };
        Ok(self.finished(self.provider.scheme.sign(composed, &signing)?))
    }

    /// With the headers of the user's own, such as those that let it through a gateway.
    fn finished(&self, mut delivery: Delivery) -> Delivery {
        let headers = delivery.request.headers_mut();
        for (name, _) in self.headers {
            headers.remove(name);
        }
        for (name, value) in self.headers {
            if let Some(value) = value {
                headers.append(name, value.clone());
            }
        }
        delivery
    }
}
