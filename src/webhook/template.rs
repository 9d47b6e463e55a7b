//! `{timestamp}.{body}`: how a provider's texts are put together, written and read back by the same rule.
//!
//! ```text
//! t={timestamp},{version}={signature}      a header: written when signing, read when verifying
//! {id}.{timestamp}.{body}                  signed content: written on both sides
//! {payload:base64}.{signature}             a body that is an envelope
//! ```
//! `{{` and `}}` stand for the braces themselves.

use std::borrow::Cow;
use std::fmt;

use super::encoding::Encoding;
use super::nearest::nearest;

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The bytes of the HTTP body.
    Body,
    /// The event's own bytes, which an envelope wraps; without an envelope the same as the body.
    Payload,
    /// The time of the attempt, in the unit of the scheme.
    Timestamp,
    /// The id of the delivery.
    Id,
    /// The event type.
    Event,
    /// The URL that the delivery goes to, as the receiver has it.
    Url,
    /// The HTTP method, in capitals.
    Method,
    /// The version of the scheme, such as `v1`.
    Version,
    /// The secret itself.
    Secret,
    /// The signature, encoded.
    Signature,
}

impl Field {
    /// Every field, in the order in which messages list them.
    pub const ALL: [Self; 10] = [
        Self::Body,
        Self::Payload,
        Self::Timestamp,
        Self::Id,
        Self::Event,
        Self::Url,
        Self::Method,
        Self::Version,
        Self::Secret,
        Self::Signature,
    ];

    /// What it is, in words.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Event => "event type",
            Self::Url => "URL",
            Self::Body
            | Self::Payload
            | Self::Timestamp
            | Self::Id
            | Self::Method
            | Self::Version
            | Self::Secret
            | Self::Signature => self.name(),
        }
    }

    /// The name between the braces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Payload => "payload",
            Self::Timestamp => "timestamp",
            Self::Id => "id",
            Self::Event => "event",
            Self::Url => "url",
            Self::Method => "method",
            Self::Version => "version",
            Self::Secret => "secret",
            Self::Signature => "signature",
        }
    }
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder { field: Field, encoding: Option<Encoding> },
}

/// What was read back with a template: each field with its bytes, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures<'a> {
    fields: Vec<(Field, Cow<'a, [u8]>)>,
}

impl Captures<'_> {
    /// The bytes that stood where `field` stands in the template.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&[u8]> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, bytes)| bytes.as_ref())
    }

    /// The same as text, if it is UTF-8.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        str::from_utf8(self.field(field)?).ok()
    }
}

impl<'a> Captures<'a> {
    /// Takes a field's bytes out.
    pub fn take(&mut self, field: Field) -> Option<Cow<'a, [u8]>> {
        let at = self.fields.iter().position(|(name, _)| *name == field)?;
        Some(self.fields.swap_remove(at).1)
    }

    /// Takes a field out as text, if it is UTF-8.
    pub fn take_text(&mut self, field: Field) -> Option<Cow<'a, str>> {
        match self.take(field)? {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
    }
}

impl Template {
    /// Reads a template that may hold the `allowed` fields.
    pub fn parse(text: &str, allowed: &[Field]) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let offset = text.len() - rest.len() + at;
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(behind) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = behind;
                continue;
            }
            let end = rest.find('}').filter(|_| brace == "{").ok_or(TemplateError::Brace { offset })?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(placeholder(&rest[..end], offset, allowed)?);
            rest = &rest[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// Whether it can be read back: no two placeholders stand side by side, and none stands twice.
    pub fn check_readable(&self) -> Result<(), TemplateError> {
        for (index, part) in self.parts.iter().enumerate() {
            let Part::Placeholder { field, .. } = part else { continue };
            if let Some(Part::Placeholder { field: second, .. }) = self.parts.get(index + 1) {
                return Err(TemplateError::SideBySide { first: field.name(), second: second.name() });
            }
            if self.parts[..index].iter().any(|earlier| earlier.is(*field)) {
                return Err(TemplateError::Twice { field: field.name() });
            }
        }
        Ok(())
    }

    /// Whether it holds the field.
    #[must_use]
    pub fn mentions(&self, field: Field) -> bool {
        self.parts.iter().any(|part| part.is(field))
    }

    /// Its placeholders in their order, each with its encoding and the text right behind it.
    pub fn placeholders(&self) -> impl Iterator<Item = (Field, Option<Encoding>, Option<&str>)> {
        self.parts.iter().enumerate().filter_map(|(index, part)| {
            let Part::Placeholder { field, encoding } = part else { return None };
            let behind = match self.parts.get(index + 1) {
                Some(Part::Literal(literal)) => Some(literal.as_str()),
                Some(Part::Placeholder { .. }) | None => None,
            };
            Some((*field, *encoding, behind))
        })
    }

    /// Whether it begins with a placeholder, so that nothing marks what it is.
    #[must_use]
    pub fn begins_open(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Placeholder { .. }))
    }

    /// Whether it has no placeholder at all.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Literal(_)))
    }

    /// The fields that it holds, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Placeholder { field, .. } => Some(*field),
        })
    }

    /// A placeholder for the field, encoded as it is here.
    #[must_use]
    pub fn placeholder(&self, field: Field) -> String {
        let here = self.parts.iter().find(|part| part.is(field)).cloned();
        let part = here.unwrap_or(Part::Placeholder { field, encoding: None });
        Self { parts: vec![part] }.to_string()
    }

    /// Puts the fields' bytes in their places; the error is the first field that has none.
    pub fn write<'a>(&self, value: impl Fn(Field) -> Option<Cow<'a, [u8]>>) -> Result<Vec<u8>, Field> {
        let mut text = Vec::new();
        self.write_to(value, &mut |bytes| text.extend_from_slice(bytes))?;
        Ok(text)
    }

    /// The same, handed over piece by piece.
    pub fn write_to<'a>(
        &self,
        value: impl Fn(Field) -> Option<Cow<'a, [u8]>>,
        write: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Field> {
        for part in &self.parts {
            match part {
                Part::Literal(literal) => write(literal.as_bytes()),
                Part::Placeholder { field, encoding } => {
                    let bytes = value(*field).ok_or(*field)?;
                    match encoding {
                        Some(encoding) => write(encoding.encode(&bytes).as_bytes()),
                        None => write(&bytes),
                    }
                }
            }
        }
        Ok(())
    }

    /// What is left of it without `field` and the text that leads to it: `{payload}.{signature}` becomes `{payload}`.
    #[must_use]
    pub fn without(&self, field: Field) -> Self {
        let mut parts = self.parts.clone();
        if let Some(at) = parts.iter().position(|part| part.is(field)) {
            let start = if at > 0 && matches!(parts[at - 1], Part::Literal(_)) { at - 1 } else { at };
            parts.drain(start..=at);
        }
        Self { parts }
    }

    /// Takes a text that was written with it apart; `None` when the text does not have its form.
    ///
    /// A placeholder reaches up to the first place where the literal behind it stands, and the last one to the end.
    #[must_use]
    pub fn read<'a>(&self, text: &'a [u8]) -> Option<Captures<'a>> {
        self.read_with(text, Encoding::decode)
    }

    /// The same with another idea of what may be decoded.
    #[must_use]
    pub fn read_with<'a>(
        &self,
        text: &'a [u8],
        decode: impl Fn(Encoding, &[u8]) -> Option<Vec<u8>>,
    ) -> Option<Captures<'a>> {
        let mut fields = Vec::new();
        let mut rest = text;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(literal) => rest = rest.strip_prefix(literal.as_bytes())?,
                Part::Placeholder { field, encoding } => {
                    let end = match parts.peek() {
                        Some(Part::Literal(literal)) => position(rest, literal.as_bytes())?,
                        Some(Part::Placeholder { .. }) | None => rest.len(),
                    };
                    let found = &rest[..end];
                    let bytes = match encoding {
                        Some(encoding) => Cow::Owned(decode(*encoding, found)?),
                        None => Cow::Borrowed(found),
                    };
                    fields.push((*field, bytes));
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(Captures { fields })
    }

    /// The template's items, where it is a list whose items stand between `separator`s.
    #[must_use]
    pub fn split(&self, separator: &str) -> Vec<Self> {
        let mut items = vec![Self::default()];
        let mut push = |part: Part, new: bool| {
            if new {
                items.push(Self::default());
            }
            if let (Some(item), false) = (items.last_mut(), matches!(&part, Part::Literal(text) if text.is_empty())) {
                item.parts.push(part);
            }
        };
        for part in &self.parts {
            match part {
                Part::Literal(literal) => {
                    for (index, piece) in literal.split(separator).enumerate() {
                        push(Part::Literal(piece.to_owned()), index > 0);
                    }
                }
                Part::Placeholder { .. } => push(part.clone(), false),
            }
        }
        items
    }
}

impl Part {
    fn is(&self, wanted: Field) -> bool {
        matches!(self, Self::Placeholder { field, .. } if *field == wanted)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Literal(literal) => f.write_str(&literal.replace('{', "{{").replace('}', "}}"))?,
                Part::Placeholder { field, encoding: None } => write!(f, "{{{}}}", field.name())?,
                Part::Placeholder { field, encoding: Some(encoding) } => {
                    write!(f, "{{{}:{}}}", field.name(), encoding.name())?;
                }
            }
        }
        Ok(())
    }
}

fn placeholder(text: &str, offset: usize, allowed: &[Field]) -> Result<Part, TemplateError> {
    let (name, encoding) = text.split_once(':').map_or((text, None), |(name, encoding)| (name, Some(encoding)));
    let field = allowed.iter().copied().find(|field| field.name() == name).ok_or_else(|| {
        let names = || allowed.iter().map(|field| field.name());
        TemplateError::Unknown {
            offset,
            name: name.to_owned(),
            nearest: nearest(name, names()).map(str::to_owned),
            allowed: names().collect(),
        }
    })?;
    let encoding = match encoding {
        None => None,
        Some(word) => Some(Encoding::from_name(word).ok_or_else(|| TemplateError::Unknown {
            offset,
            name: text.to_owned(),
            nearest: nearest(word, Encoding::ALL.map(Encoding::name)).map(|encoding| format!("{name}:{encoding}")),
            allowed: Encoding::ALL.map(Encoding::name).to_vec(),
        })?),
    };
    Ok(Part::Placeholder { field, encoding })
}

fn position(text: &[u8], literal: &[u8]) -> Option<usize> {
    text.windows(literal.len()).position(|window| window == literal)
}

/// Why a text is no template.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// A placeholder that does not exist, or has no place here.
    #[error("unknown placeholder `{{{name}}}`")]
    Unknown {
        /// Where it stands, in bytes.
        offset: usize,
        /// What stands between the braces.
        name: String,
        /// The nearest placeholder that may stand there.
        nearest: Option<String>,
        /// All that may stand there.
        allowed: Vec<&'static str>,
    },
    /// A brace without its partner.
    #[error("a brace without its partner (write `{{{{` or `}}}}` for the brace itself)")]
    Brace {
        /// Where it stands, in bytes.
        offset: usize,
    },
    /// Two placeholders with nothing between them cannot be told apart again.
    #[error("`{{{first}}}` and `{{{second}}}` stand side by side, so they could not be read back")]
    SideBySide {
        /// The one in front.
        first: &'static str,
        /// The one behind.
        second: &'static str,
    },
    /// A placeholder that stands twice where it is to be read.
    #[error("`{{{field}}}` stands twice, so it could not be read back")]
    Twice {
        /// Its name.
        field: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text, &Field::ALL).expect("a template")
    }

    fn write(text: &str, values: &[(Field, &'static str)]) -> Result<Vec<u8>, Field> {
        template(text).write(|field| {
            values.iter().find(|(name, _)| *name == field).map(|(_, value)| Cow::Borrowed(value.as_bytes()))
        })
    }

    #[test]
    fn what_was_written_is_read_back() {
        let values = [(Field::Timestamp, "1700000000"), (Field::Version, "v1"), (Field::Signature, "ab=cd")];
        let text = write("t={timestamp},{version}={signature}", &values).expect("all values given");
        assert_eq!(text, b"t=1700000000,v1=ab=cd");
        let template = template("t={timestamp},{version}={signature}");
        let captures = template.read(&text).expect("its own form");
        for (field, value) in values {
            assert_eq!(captures.text(field), Some(value));
        }
    }

    #[test]
    fn an_envelope_is_split_at_its_first_separator() {
        let template = template("{payload:base64}.{signature}");
        let captures = template.read(b"e30=.a.b").expect("its form");
        assert_eq!(captures.field(Field::Payload), Some(&b"{}"[..]));
        assert_eq!(captures.text(Field::Signature), Some("a.b"));
        assert_eq!(template.read(b"e30=").map(|_| ()), None);
        assert_eq!(template.read(b"%%%.ab").map(|_| ()), None);
    }

    #[test]
    fn a_list_is_split_into_its_items() {
        let items = template("t={timestamp},{version}={signature}").split(",");
        assert_eq!(
            items.iter().map(Template::to_string).collect::<Vec<_>>(),
            ["t={timestamp}", "{version}={signature}"]
        );
        assert_eq!(template("{version},{signature}").split(" ").len(), 1);
    }

    #[test]
    fn what_leads_to_a_field_goes_with_it() {
        assert_eq!(template("{payload:base64}.{signature}").without(Field::Signature).to_string(), "{payload:base64}");
    }

    #[test]
    fn an_unknown_placeholder_is_named_with_its_place_and_the_nearest() {
        let error = Template::parse("{timestmp}.{body}", &[Field::Timestamp, Field::Body]).expect_err("a slip");
        let TemplateError::Unknown { offset: 0, nearest, .. } = error else { panic!("{error:?}") };
        assert_eq!(nearest.as_deref(), Some("timestamp"));
        assert!(Template::parse("{body:bas64}", &Field::ALL).is_err());
        assert_eq!(Template::parse("a}b", &Field::ALL), Err(TemplateError::Brace { offset: 1 }));
        assert_eq!(Template::parse("a{body", &Field::ALL), Err(TemplateError::Brace { offset: 1 }));
    }

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(write("{{{id}}}", &[(Field::Id, "7")]).as_deref(), Ok(&b"{7}"[..]));
    }

    #[test]
    fn what_cannot_be_read_back_is_refused() {
        assert!(template("{id}{timestamp}").check_readable().is_err());
        assert!(template("{id}.{id}").check_readable().is_err());
        assert!(template("{id}.{timestamp}").check_readable().is_ok());
    }
}
