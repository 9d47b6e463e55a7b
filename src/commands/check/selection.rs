//! Which probes are meant: names, globs and severities, of what to run and what to leave out.

use crate::error::Error;
use crate::webhook::glob::Glob;
use crate::webhook::nearest::suggestion;
use crate::webhook::probe::{Probe, Severity, all};
use crate::webhook::provider::Provider;

/// The probes that are meant.
pub(super) struct Selection {
    only: Vec<Pattern>,
    skip: Vec<Pattern>,
}

/// A name, a glob or a severity.
struct Pattern {
    text: String,
    glob: Glob,
}

impl Pattern {
    fn read(text: &str) -> Result<Self, Error> {
        let pattern = Self { text: text.to_owned(), glob: Glob::new(text) };
        if all().any(|probe| pattern.means(probe)) {
            return Ok(pattern);
        }
        let names = all().map(|probe| probe.id).chain(Severity::ALL.map(Severity::name));
        let hint = suggestion(text, names, || "`wh check --list` shows them".to_owned());
        Err(Error::usage(format!("there is no check `{text}`"), hint))
    }

    fn means(&self, probe: &Probe) -> bool {
        self.glob.matches(probe.id) || self.text == probe.severity.name()
    }

    fn names(&self, probe: &Probe) -> bool {
        self.text == probe.id
    }
}

impl Selection {
    /// Reads what was typed; what means nothing is a mistake.
    pub(super) fn new(only: &[String], skip: &[String]) -> Result<Self, Error> {
        let read = |texts: &[String]| texts.iter().map(|text| Pattern::read(text)).collect::<Result<_, _>>();
        Ok(Self { only: read(only)?, skip: read(skip)? })
    }

    fn means(&self, probe: &Probe) -> bool {
        let wanted = self.only.is_empty() || self.only.iter().any(|pattern| pattern.means(probe));
        wanted && !self.skip.iter().any(|pattern| pattern.means(probe))
    }

    /// The probes to list.
    pub(super) fn listed(&self) -> Vec<&'static Probe> {
        all().filter(|probe| self.means(probe)).collect()
    }

    /// The probes to run: those that say something about the provider's receivers, and those that were asked for by
    /// name, to say why they do not.
    pub(super) fn probes(&self, provider: &Provider) -> Vec<&'static Probe> {
        let named = |probe: &Probe| self.only.iter().any(|pattern| pattern.names(probe));
        let meant = all().filter(|probe| self.means(probe));
        meant.filter(|probe| probe.obstacle(provider).is_none() || named(probe)).collect()
    }
}
