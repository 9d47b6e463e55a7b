//! Files through the judge: what is in them is verified, counted and shown, and what cannot be read is told.

use std::io::{self, Read};

use super::judge::Judge;
use super::sources::{self, Source};
use super::{is_told, pipeline};
use crate::commands::diagnosing::Doctor;
use crate::commands::logged::Logged;
use crate::context::Context;
use crate::edge::import::{self, Form, Import, Part};
use crate::edge::log::reading::{LogReader, Place};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::webhook::capture::{Fault, FaultKind};
use crate::webhook::judgement::{Count, Examined, Judgement, Verdict};
use crate::webhook::record::Reader;

/// How many faults of one file are told before the rest of them is counted.
const FAULTS_TOLD: u64 = 100;

/// A run over files: what was found so far, and where it is shown.
pub(super) struct Run<'a> {
    judge: &'a Judge,
    /// Who says why a delivery is refused, where that is shown.
    doctor: Option<Doctor<'a>>,
    /// How many refusals there was no time to look into.
    pub(super) undiagnosed: u64,
    reporter: &'a mut dyn Reporter,
    quiet: bool,
    pub(super) count: Count,
    /// Whether a file held nothing to be verified.
    pub(super) nothing: bool,
    /// Whether the system did not let a file be read.
    pub(super) withheld: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        judge: &'a Judge,
        doctor: Option<Doctor<'a>>,
        reporter: &'a mut dyn Reporter,
        quiet: bool,
    ) -> Self {
        let count = Count::default();
        Self { judge, doctor, undiagnosed: 0, reporter, quiet, count, nothing: false, withheld: false }
    }

    /// Verifies what a source holds. One that cannot be read does not stop the others.
    pub(super) fn source(&mut self, source: &Source, context: &Context) -> Result<(), Error> {
        match source {
            Source::Stdin => self.file("stdin", Ok((context.input)())),
            Source::File(path) => self.file(&path.display().to_string(), sources::open(path)),
            Source::Logged(what) => match sources::find(what, context) {
                Ok((log, places)) => self.logged(&log, &places),
                Err(error) => FilePart::new(self, what).failed(&error),
            },
        }
    }

    fn file(&mut self, name: &str, opened: io::Result<Box<dyn Read + Send>>) -> Result<(), Error> {
        let import = opened.and_then(|reader| Import::open(reader, self.judge.has_headers()));
        let mut part = FilePart::new(self, name);
        let read = match import {
            Ok(Ok(import)) => part.read(import),
            Ok(Err(fault)) => part.examined(vec![Examined::Unread(fault)]),
            Err(reason) => Err(reason.into()),
        };
        part.finish(read)
    }

    /// Verifies records of the log.
    fn logged(&mut self, log: &Logged, places: &[Place]) -> Result<(), Error> {
        for place in places {
            let path = log.reader().path(*place).display().to_string();
            let mut part = FilePart::new(self, &path);
            let read = part.record(log.reader(), *place);
            part.finish(read)?;
        }
        Ok(())
    }

    /// Finds out why a delivery was refused, if it was.
    fn diagnose(&mut self, examined: &mut Examined) {
        let Examined::Judged(judgement) = examined else { return };
        let Judgement { verdict: Verdict::Refused(rejection), kept: Some(kept), at, .. } = judgement.as_ref() else {
            return;
        };
        let (Some(provider), Some(doctor)) = (&kept.provider, &mut self.doctor) else { return };
        judgement.diagnosis = doctor.examine(&kept.delivery, provider, rejection, *at);
        self.undiagnosed += u64::from(judgement.diagnosis.is_none());
    }
}

/// What stops the reading of a file.
pub(super) enum Failure {
    /// It cannot be read.
    Input(io::Error),
    /// Nothing more can be shown.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(reason: io::Error) -> Self {
        Self::Input(reason)
    }
}

/// A file on its way through.
struct FilePart<'a, 'b> {
    run: &'a mut Run<'b>,
    name: &'a str,
    count: Count,
    nothing: bool,
}

impl<'a, 'b> FilePart<'a, 'b> {
    fn new(run: &'a mut Run<'b>, name: &'a str) -> Self {
        Self { run, name, count: Count::default(), nothing: false }
    }

    fn read(&mut self, import: Import) -> Result<(), Failure> {
        let judge = self.run.judge;
        match import.form() {
            Form::Lines => pipeline::lines(import.blocks(), judge, self.run.quiet, |batch| {
                self.count.add(batch.count);
                self.examined(batch.examined)
            }),
            Form::Document | Form::Http | Form::Har => {
                let mut output = None;
                let read = import.parts(&|capture| judge.wants(capture), |part| {
                    let shown = self.part(part);
                    shown.map_err(|failure| match failure {
                        Failure::Input(reason) => reason,
                        Failure::Output(reason) => {
                            output = Some(reason);
                            io::Error::other("the output is closed")
                        }
                    })
                });
                match (read, output) {
                    (_, Some(reason)) => Err(Failure::Output(reason)),
                    (read, None) => Ok(read?),
                }
            }
            Form::Body => match import.whole()? {
                Ok(body) => match judge.bare(body) {
                    Ok(capture) => self.part(Part::Delivery(capture)),
                    Err(fault) => self.part(Part::Fault(fault)),
                },
                Err(fault) => self.part(Part::Fault(fault)),
            },
        }
    }

    /// Verifies one record of a log.
    fn record(&mut self, log: &LogReader, place: Place) -> Result<(), Failure> {
        let mut line = Vec::new();
        log.read(place, &mut line)?;
        let number = log.number(place)?;
        self.part(import::line(&mut Reader::default(), &line, number))
    }

    fn part(&mut self, part: Part) -> Result<(), Failure> {
        let examined = match part {
            Part::Delivery(capture) => Examined::Judged(Box::new(self.run.judge.judge(capture))),
            Part::Fault(fault) => Examined::Unread(fault),
            Part::Request => {
                self.count.skipped += 1;
                return Ok(());
            }
            Part::Other => return Ok(()),
        };
        if let Examined::Judged(judgement) = &examined {
            self.count.note(&judgement.verdict);
        }
        self.examined(vec![examined])
    }

    /// Shows what was found; the verdicts have been counted by then, and faults are counted here.
    fn examined(&mut self, mut examined: Vec<Examined>) -> Result<(), Failure> {
        let quiet = self.run.quiet;
        examined.retain_mut(|examined| match examined {
            Examined::Judged(judgement) => is_told(judgement, quiet),
            Examined::Unread(fault) => self.note(fault),
        });
        for examined in &mut examined {
            self.run.diagnose(examined);
        }
        let shown = self.run.reporter.report(&Outcome::Judged { file: self.name, examined: &examined });
        shown.map_err(Failure::Output)
    }

    /// Counts a fault, and completes it; whether it is told.
    fn note(&mut self, fault: &mut Fault) -> bool {
        match fault.kind {
            FaultKind::Bad => self.count.unreadable += 1,
            FaultKind::Nothing => self.nothing = true,
            FaultKind::Bare => {
                self.nothing = true;
                self.count.unreadable += u64::from(self.count.deliveries() > 0);
                fault.hint.get_or_insert_with(|| self.run.judge.advice());
            }
        }
        self.count.unreadable <= FAULTS_TOLD
    }

    fn finish(self, read: Result<(), Failure>) -> Result<(), Error> {
        match read {
            Ok(()) => self.end(),
            Err(Failure::Output(error)) => Err(error.into()),
            Err(Failure::Input(reason)) => {
                let error = Error::File { path: self.name.to_owned(), reason };
                self.failed(&error)
            }
        }
    }

    /// Says why it cannot be read, or cannot be read on.
    fn failed(mut self, error: &Error) -> Result<(), Error> {
        match error.exit() {
            Exit::Inconclusive => self.nothing = true,
            exit => {
                self.count.unreadable += 1;
                self.run.withheld |= exit == Exit::Environment;
            }
        }
        self.run.reporter.error(&error.problem())?;
        self.end()
    }

    /// Adds what came of it to the run, and says so where it was nothing.
    fn end(mut self) -> Result<(), Error> {
        let Count { unreadable, skipped, .. } = self.count;
        if unreadable > FAULTS_TOLD {
            let notice = Notice::FaultsLeftOut { path: self.name.to_owned(), lines: unreadable - FAULTS_TOLD };
            self.run.reporter.report(&Outcome::Notice(notice))?;
        }
        if self.count.deliveries() == 0 && unreadable == 0 && !self.nothing {
            let fault = match skipped {
                0 => Fault::nothing("it holds no delivery"),
                _ => Fault::nothing(format!("none of its {skipped} requests looks like a delivery"))
                    .with_hint("name the provider with --scheme"),
            };
            self.nothing = true;
            let examined = [Examined::Unread(fault)];
            self.run.reporter.report(&Outcome::Judged { file: self.name, examined: &examined })?;
        }
        self.run.count.add(self.count);
        self.run.nothing |= self.nothing;
        Ok(())
    }
}
