//! Whether what is written in a form can be read back: no field may hold what stands behind it.

use crate::webhook::encoding::Encoding;
use crate::webhook::template::{Field, Template};

/// A field that may hold what marks its own end, and that mark; `separator` stands between the items of a list.
pub(super) fn ambiguity(form: &Template, separator: Option<&str>) -> Option<(Field, String)> {
    form.placeholders().find_map(|(field, encoding, behind)| {
        let marks = [behind, separator].into_iter().flatten();
        let may_hold = |mark: &&str| mark.chars().all(|character| may_hold(field, encoding, character));
        marks.filter(|mark| !mark.is_empty()).find(may_hold).map(|mark| (field, mark.to_owned()))
    })
}

/// Whether a field's text may hold a character.
fn may_hold(field: Field, encoding: Option<Encoding>, character: char) -> bool {
    let word = character.is_ascii_alphanumeric() || "-_".contains(character);
    match (encoding, field) {
        (Some(Encoding::Hex), _) => character.is_ascii_hexdigit() && !character.is_ascii_uppercase(),
        // Signatures may be written in any of the encodings, and in several of them.
        (Some(Encoding::Base64), _) | (None, Field::Signature) => word || "+/=".contains(character),
        (None, Field::Timestamp) => character.is_ascii_digit(),
        (Some(Encoding::Base64Url), _) | (None, Field::Version | Field::Id) => word,
        (None, Field::Event) => word || "./:".contains(character),
        (None, Field::Payload | Field::Body | Field::Url | Field::Method | Field::Secret) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(form: &str, separator: Option<&str>) -> Option<(Field, String)> {
        ambiguity(&Template::parse(form, &Field::ALL).expect("a form"), separator)
    }

    #[test]
    fn what_providers_write_can_be_read_back() {
        for (form, separator) in [
            ("{signature}", None),
            ("t={timestamp}", Some(",")),
            ("{version}={signature}", Some(",")),
            ("{version},{signature}", Some(" ")),
            ("{payload:base64}.{signature}", None),
            ("Bearer {secret}", None),
            ("{timestamp}.{id}", None),
        ] {
            // A mark that is `=` is one that a signature may end with, and a version cannot.
            assert_eq!(found(form, separator), None, "{form}");
        }
    }

    #[test]
    fn a_field_that_may_hold_its_own_end_is_found() {
        assert_eq!(found("{payload}.{signature}", None), Some((Field::Payload, ".".to_owned())));
        assert_eq!(found("{signature}={timestamp}", None), Some((Field::Signature, "=".to_owned())));
        assert_eq!(found("{payload:base64}={signature}", None), Some((Field::Payload, "=".to_owned())));
        assert_eq!(found("{id}-{timestamp}", None), Some((Field::Id, "-".to_owned())));
        assert_eq!(found("v1={signature}", Some("/")), Some((Field::Signature, "/".to_owned())));
        assert_eq!(found("{secret} {id}", None), Some((Field::Secret, " ".to_owned())));
    }
}
