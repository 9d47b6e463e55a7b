//! `{timestamp}.{body}`: how a provider's texts are put together, written and read back by the same rule.
//!
//! ```text
//! t={timestamp},{version}={signature}      a header: written when signing, read when verifying
//! {id}.{timestamp}.{body}                  signed content: written on both sides
//! {payload:base64}.{signature}             a body that is an envelope
//! ```
//! `{{` and `}}` stand for the braces themselves.

mod field;
mod parsing;

use std::borrow::Cow;
use std::fmt;

pub use self::field::Field;
pub use self::parsing::TemplateError;
use super::encoding::Encoding;

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
    /// A place for each field, in the order of [`Field::ALL`]: looking one up costs nothing.
    fields: [Option<Cow<'a, [u8]>>; Field::ALL.len()],
}

impl Captures<'_> {
    /// The bytes that stood where `field` stands in the template.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&[u8]> {
        self.fields[field as usize].as_deref()
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
        self.fields[field as usize].take()
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
        let mut captures = Captures::default();
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
                    captures.fields[*field as usize].get_or_insert(bytes);
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty().then_some(captures)
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

/// Where a literal stands first. Texts with placeholders are short: to make ready for a faster search would take longer.
pub(super) fn position(text: &[u8], literal: &[u8]) -> Option<usize> {
    let Some(first) = literal.first() else { return Some(0) };
    let begins = |(at, byte): (usize, &u8)| byte == first && text[at..].starts_with(literal);
    text.iter().enumerate().position(begins)
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
    fn what_stands_before_or_behind_a_form_is_not_of_it() {
        let template = template("<{signature}>");
        assert_eq!(template.read(b"<ab>").and_then(|captures| captures.text(Field::Signature).map(str::len)), Some(2));
        for text in ["<ab>;", "<ab> ", " <ab>", "<ab", "ab>", "<a><b>"] {
            assert!(template.read(text.as_bytes()).is_none(), "{text}");
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
