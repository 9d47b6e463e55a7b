//! `IdForm`: what the ids of a provider's deliveries look like, such as `evt_{{alnum:24}}`, and fresh ones.

use jiff::Timestamp;

use super::fixture::{PlaceholderError, Prepared, Renderer};

/// The form of ids, with placeholders as in a fixture.
#[derive(Debug, Clone)]
pub struct IdForm(Prepared);

impl IdForm {
    /// Reads a form. One that cannot be filled in is refused.
    pub fn parse(text: &str) -> Result<Self, PlaceholderError> {
        let form = Prepared::parse(text.as_bytes())?;
        Renderer::new("", "", Timestamp::UNIX_EPOCH, &mut fastrand::Rng::with_seed(0)).fill(&form)?;
        Ok(Self(form))
    }

    /// A fresh id; empty where a time in it is out of all bounds.
    #[must_use]
    pub fn fresh(&self, now: Timestamp, random: &mut fastrand::Rng) -> String {
        let id = Renderer::new("", "", now, random).fill(&self.0).unwrap_or_default();
        String::from_utf8(id).unwrap_or_default()
    }
}

impl Default for IdForm {
    /// The form where a provider says nothing of it.
    fn default() -> Self {
        Self::parse("msg_{{alnum:24}}").expect("the usual form is one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_fresh_each_time_and_has_its_form() {
        let mut random = fastrand::Rng::with_seed(7);
        let form = IdForm::parse("evt_{{hex:8}}").expect("a form");
        let (one, other) =
            (form.fresh(Timestamp::UNIX_EPOCH, &mut random), form.fresh(Timestamp::UNIX_EPOCH, &mut random));
        assert_ne!(one, other);
        assert!(one.starts_with("evt_") && one.len() == 12, "{one}");
        assert!(IdForm::default().fresh(Timestamp::UNIX_EPOCH, &mut random).starts_with("msg_"));
    }

    #[test]
    fn a_form_that_cannot_be_filled_in_is_refused() {
        for text in ["evt_{{alnum}}", "evt_{{unix:-9999999999999d}}"] {
            assert!(IdForm::parse(text).is_err(), "{text}");
        }
    }
}
