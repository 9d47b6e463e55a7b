//! Why a delivery was refused: what the search proved, below the line that refuses it.
//!
//! ```text
//!           cause  the signature is that of the body with its final line break removed
//!          remedy  sign and send the same bytes: …
//! ```

use std::io;

use serde::Serialize;

use super::human::HumanReporter;
use super::palette::Role;
use crate::webhook::diagnosis::{Advice, Diagnosis, Finding};

/// Why a delivery is not genuine, as far as that was looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why<'a> {
    /// It is genuine, or nobody asked.
    Unasked,
    /// There was no time to find out.
    LeftOut,
    /// What came of the search.
    Found(&'a Diagnosis),
}

impl<'a> Why<'a> {
    /// What came of the search, if there was one.
    pub(super) const fn diagnosis(self) -> Option<&'a Diagnosis> {
        match self {
            Self::Unasked | Self::LeftOut => None,
            Self::Found(diagnosis) => Some(diagnosis),
        }
    }
}

impl HumanReporter<'_> {
    /// All causes with their remedies, or that there is none; what was said already is not said again.
    pub(super) fn diagnosis(&mut self, diagnosis: &Diagnosis, said: Option<&str>) -> io::Result<()> {
        if diagnosis.findings.is_empty() {
            return self.unexplained(diagnosis);
        }
        for finding in &diagnosis.findings {
            self.finding(finding, said)?;
        }
        Ok(())
    }

    /// The first cause alone, for who watches, and how many more there are.
    pub(super) fn why(&mut self, why: Why<'_>, said: Option<&str>) -> io::Result<()> {
        let diagnosis = match why {
            Why::Unasked => return Ok(()),
            Why::LeftOut => {
                return self.fact("cause", "not looked into: too many refusals at once (`wh verify` explains each)");
            }
            Why::Found(diagnosis) => diagnosis,
        };
        let Some(first) = diagnosis.findings.first() else { return self.unexplained(diagnosis) };
        self.finding(first, said)?;
        match diagnosis.findings.len() - 1 {
            0 => Ok(()),
            more => self.fact("", &format!("and {more} more: `wh verify` tells all of them")),
        }
    }

    /// What was tried in vain, the secrets that it was tried with, and what to do next.
    fn unexplained(&mut self, diagnosis: &Diagnosis) -> io::Result<()> {
        // Where there was no signature, the refusal has said so.
        if diagnosis.tried.signatures > 0 {
            self.fact("cause", &diagnosis.tried.to_string())?;
        }
        let Some(Advice { secrets, remedy }) = &diagnosis.advice else { return Ok(()) };
        if !secrets.is_empty() {
            self.fact("verified with", &secrets.join(", "))?;
        }
        self.fact_as(Role::Good, "remedy", remedy)
    }

    fn finding(&mut self, finding: &Finding, said: Option<&str>) -> io::Result<()> {
        if said != Some(finding.cause.as_str()) {
            self.fact_as(Role::Bad, "cause", &format!("{} ({})", finding.cause, finding.code.name()))?;
        }
        self.fact_as(Role::Good, "remedy", &finding.remedy)
    }
}

/// A finding for machines.
#[derive(Debug, Serialize)]
pub(super) struct FindingItem<'a> {
    code: &'static str,
    cause: &'a str,
    remedy: &'a str,
}

/// What was searched, for machines.
#[derive(Debug, Serialize)]
pub(super) struct Searched<'a> {
    signatures: usize,
    combinations: u64,
    bodies: usize,
    keys: usize,
    contents: usize,
    complete: bool,
    /// Where the secrets came from; told with what to do next, where no cause was found.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    secrets: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'a str>,
}

/// The findings for machines; none, where nothing was searched.
pub(super) fn items(diagnosis: Option<&Diagnosis>) -> Vec<FindingItem<'_>> {
    let findings = diagnosis.map_or(&[][..], |diagnosis| &diagnosis.findings);
    findings.iter().map(|Finding { code, cause, remedy }| FindingItem { code: code.name(), cause, remedy }).collect()
}

/// How far the search went for machines; nothing, where none was made.
pub(super) fn searched(diagnosis: Option<&Diagnosis>) -> Option<Searched<'_>> {
    let Diagnosis { tried, advice, .. } = diagnosis?;
    Some(Searched {
        signatures: tried.signatures,
        combinations: tried.combinations,
        bodies: tried.bodies,
        keys: tried.keys,
        contents: tried.contents,
        complete: tried.complete,
        secrets: advice.as_ref().map_or(&[], |advice| &advice.secrets),
        remedy: advice.as_ref().map(|advice| advice.remedy.as_str()),
    })
}
