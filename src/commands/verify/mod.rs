//! `wh verify`: whether captured deliveries are genuine, and if not, why.

mod judge;
mod pipeline;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::Args;
use http::Uri;
use jiff::Timestamp;

use self::judge::Judge;
use super::arguments::{self, Header, Moment, Tolerance};
use super::diagnosing::{Allowance, Doctor};
use crate::cli::{Format, SchemeArgs, SecretArgs, SharedArgs};
use crate::context::Context;
use crate::edge::import::{Form, Import, Part};
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::capture::{Fault, FaultKind};
use crate::webhook::judgement::{Count, Examined, Judgement, Verdict};

/// How many faults of one file are told before the rest of them is counted.
const FAULTS_TOLD: u64 = 100;

/// Verify captured deliveries; explain a mismatch
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh verify ~/.local/state/wh/deliveries.jsonl -q\n  wh verify captured.http --scheme whop --explain\n  wh verify body.json -H 'X-WPG-Signature: 8c4d…' -H 'X-WPG-Timestamp: 1795235001'\n  wh sign slot.submitted --as http | wh verify\n\nA FILE is a delivery record, a log of them, what --json printed, a HAR file, a raw HTTP message, or, with -H, a bare body: found out by looking. `-`, or no FILE, is stdin.\n\nA delivery's age is told by the time at which it was captured, where the file says that, else by the clock of this machine; --at sets another time for all.\n\nExit codes: 1 if any delivery is not genuine; else 2 if a part of a file could not be read; else 4 if any delivery, or all there was, could not be verified; else 0."
)]
pub struct VerifyArgs {
    /// What was captured; `-` is stdin
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    scheme: SchemeArgs,
    /// Show what was signed, with what, and how old it is
    #[arg(long)]
    explain: bool,
    /// Add a header, or replace it; a FILE that is no capture is then the bare body
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = arguments::header)]
    headers: Vec<Header>,
    /// Take this as the URL that deliveries went to, where the signature covers it
    #[arg(long, value_name = "URL")]
    url: Option<Uri>,
    /// Judge ages at this time: a Unix second, RFC 3339, now, -10m or +1h [default: when it was captured]
    #[arg(long, value_name = "TIME", value_parser = arguments::moment, allow_hyphen_values = true, help_heading = "Time")]
    at: Option<Moment>,
    /// Allow timestamps to be so far from that time, either way: 5m, 0, or none for any [default: the provider's]
    #[arg(long, value_name = "DURATION", value_parser = arguments::tolerance, help_heading = "Time")]
    tolerance: Option<Tolerance>,
    #[command(flatten)]
    secret: SecretArgs,
}

impl VerifyArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        Slots { scheme: Some(&mut self.scheme), secret: Some(&mut self.secret), ..Slots::default() }
    }
}

/// Verifies the deliveries of every file.
pub fn run(
    args: &VerifyArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let files = files(args, context)?;
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let judge = Judge::new(args, shared.verbose, &catalogue, context)?;
    for notice in judge.notices() {
        reporter.report(&Outcome::Notice(notice))?;
    }
    // People who want to hear little hear which deliveries are refused; scripts get all there is.
    let terse = shared.quiet && shared.format() == Format::Human;
    let doctor = Doctor::new(&catalogue, &args.secret, context, judge.secrets(), Allowance::FILES);
    let doctor = Some(doctor).filter(|_| !terse);
    let mut run = Run {
        judge: &judge,
        doctor,
        undiagnosed: 0,
        reporter,
        quiet: shared.quiet,
        count: Count::default(),
        nothing: false,
    };
    for file in &files {
        run.file(file, context)?;
    }
    let Run { count, nothing, undiagnosed, .. } = run;
    if undiagnosed > 0 {
        reporter.report(&Outcome::Notice(Notice::NotDiagnosed { deliveries: undiagnosed }))?;
    }
    if let Some(notice) = judge.test_secrets_used() {
        reporter.report(&Outcome::Notice(notice))?;
    }
    reporter.report(&Outcome::Verified(count))?;
    Ok(match count {
        Count { invalid: 1.., .. } => Exit::No,
        Count { unreadable: 1.., .. } => Exit::Usage,
        Count { inconclusive: 1.., .. } | Count { valid: 0, .. } => Exit::Inconclusive,
        _ if nothing => Exit::Inconclusive,
        _ => Exit::Good,
    })
}

/// A file, or the standard input.
struct Source {
    /// Its name, as it is shown.
    name: String,
    /// Its path; the standard input has none.
    path: Option<PathBuf>,
}

/// What is to be read.
fn files(args: &VerifyArgs, context: &Context) -> Result<Vec<Source>, Error> {
    let stdin = || Source { name: "stdin".to_owned(), path: None };
    if args.files.is_empty() {
        if context.terminals.input {
            return Err(Error::usage(
                "there is nothing to verify",
                "name a FILE, such as the log of `wh listen`, or pipe one in",
            ));
        }
        return Ok(vec![stdin()]);
    }
    let named = |path: &PathBuf| Source { name: path.display().to_string(), path: Some(path.clone()) };
    let source = |path: &PathBuf| if path.as_os_str() == "-" { stdin() } else { named(path) };
    let files: Vec<Source> = args.files.iter().map(source).collect();
    let secrets = args.secret.secret_file.iter().filter(|path| path.as_os_str() == "-").count();
    if files.iter().filter(|file| file.path.is_none()).count() + secrets > 1 {
        return Err(Error::usage("stdin can be read once only", "name it once, as a FILE or with --secret-file"));
    }
    Ok(files)
}

/// A run over files: what was found so far, and where it is shown.
struct Run<'a> {
    judge: &'a Judge,
    /// Who says why a delivery is refused, where that is shown.
    doctor: Option<Doctor<'a>>,
    /// How many refusals there was no time to look into.
    undiagnosed: u64,
    reporter: &'a mut dyn Reporter,
    quiet: bool,
    count: Count,
    /// Whether a file held nothing to be verified.
    nothing: bool,
}

impl Run<'_> {
    /// Verifies what is in a file. One that cannot be read does not stop the others.
    fn file(&mut self, source: &Source, context: &Context) -> Result<(), Error> {
        let opened = match &source.path {
            None => Ok((context.input)()),
            Some(path) => open(path),
        };
        let import = opened.and_then(|reader| Import::open(reader, self.judge.has_headers()));
        let mut part = FilePart { run: self, name: &source.name, count: Count::default(), nothing: false };
        let read = match import {
            Ok(Ok(import)) => part.read(import),
            Ok(Err(fault)) => part.examined(vec![Examined::Unread(fault)]),
            Err(reason) => Err(reason.into()),
        };
        match read {
            Ok(()) => part.end(),
            Err(Failure::Output(error)) => Err(error.into()),
            Err(Failure::Input(reason)) => part.unreadable(reason),
        }
    }
}

impl Run<'_> {
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
enum Failure {
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

impl FilePart<'_, '_> {
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

    fn unreadable(mut self, reason: io::Error) -> Result<(), Error> {
        let error = Error::File { path: self.name.to_owned(), reason };
        self.count.unreadable += 1;
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

fn open(path: &PathBuf) -> io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Box::new(file))
}

/// The time that was given, on the clock of this run.
fn given_time(args: &VerifyArgs, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let Some(moment) = args.at else { return Ok(None) };
    let resolved = moment.resolve(now);
    let hint = "write a Unix second (1763719200), RFC 3339 (2026-11-21T10:00:00Z), now, or an offset (-10m, +1h)";
    resolved.map(Some).ok_or_else(|| Error::usage("--at is outside of all time that can be told", hint))
}

/// Verdicts are shown by who asked for them: all, or those that are not good.
fn is_told(judgement: &Judgement, quiet: bool) -> bool {
    !quiet || judgement.is_failure()
}
