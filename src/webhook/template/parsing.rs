//! Reads a template's text, and says of a slip where it stands and what is nearest to it.

use super::{Field, Part, Template};
use crate::webhook::encoding::Encoding;
use crate::webhook::nearest::nearest;

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

    #[test]
    fn an_unknown_placeholder_is_named_with_its_place_and_the_nearest() {
        let error = Template::parse("{timestmp}.{body}", &[Field::Timestamp, Field::Body]).expect_err("a slip");
        let TemplateError::Unknown { offset: 0, nearest, .. } = error else { panic!("{error:?}") };
        assert_eq!(nearest.as_deref(), Some("timestamp"));
        assert!(Template::parse("{body:bas64}", &Field::ALL).is_err());
        assert_eq!(Template::parse("a}b", &Field::ALL), Err(TemplateError::Brace { offset: 1 }));
        assert_eq!(Template::parse("a{body", &Field::ALL), Err(TemplateError::Brace { offset: 1 }));
    }
}
