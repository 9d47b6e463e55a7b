//! `wh verify`: whether captured deliveries are genuine, and if not, why.

mod judge;
mod pipeline;
mod reading;
mod sources;

use std::path::PathBuf;

use clap::Args;
use http::Uri;
use jiff::Timestamp;

use self::judge::Judge;
use self::reading::Run;
use super::arguments::{self, Header, Moment, Tolerance};
use super::diagnosing::{Allowance, Doctor};
use crate::cli::{Format, SchemeArgs, SecretArgs, SharedArgs};
use crate::context::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::judgement::{Count, Judgement};

/// Verify captured deliveries; explain a mismatch
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh verify ~/.local/state/wh/deliveries.jsonl -q\n  wh verify captured.http --scheme whop --explain\n  wh verify body.json -H 'X-WPG-Signature: 8c4d…' -H 'X-WPG-Timestamp: 1795235001'\n  wh sign slot.submitted --as http | wh verify\n\nA FILE is a delivery record, a log of them, what --json printed, a HAR file, a raw HTTP message, or, with -H, a bare body: found out by looking. `-`, or no FILE, is stdin. Where there is no such file it is an id of the log (`wh log` lists them), the beginning of one, or `last`.\n\nA delivery's age is told by the time at which it was captured, where the file says that, else by the clock of this machine; --at sets another time for all.\n\nExit codes: 1 if any delivery is not genuine; else 3 if the system let a file not be read; else 2 if a part of one could not be read; else 4 if any delivery, or all there was, could not be verified; else 0."
)]
pub struct VerifyArgs {
    /// What was captured: a file, - for stdin, an id of the log, or last
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
    let sources = sources::sources(args, context)?;
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let judge = Judge::new(args, shared.verbose, &catalogue, context)?;
    for notice in judge.notices() {
        reporter.report(&Outcome::Notice(notice))?;
    }
    // People who want to hear little hear which deliveries are refused; scripts get all there is.
    let terse = shared.quiet && shared.format() == Format::Human;
    let doctor = Doctor::new(&catalogue, &args.secret, context, judge.secrets(), Allowance::FILES);
    let doctor = Some(doctor).filter(|_| !terse);
    let mut run = Run::new(&judge, doctor, reporter, shared.quiet);
    for source in &sources {
        run.source(source, context)?;
    }
    let Run { count, nothing, withheld, undiagnosed, .. } = run;
    if undiagnosed > 0 {
        reporter.report(&Outcome::Notice(Notice::NotDiagnosed { deliveries: undiagnosed }))?;
    }
    if let Some(notice) = judge.test_secrets_used() {
        reporter.report(&Outcome::Notice(notice))?;
    }
    reporter.report(&Outcome::Verified(count))?;
    Ok(match count {
        Count { invalid: 1.., .. } => Exit::No,
        _ if withheld => Exit::Environment,
        Count { unreadable: 1.., .. } => Exit::Usage,
        Count { inconclusive: 1.., .. } | Count { valid: 0, .. } => Exit::Inconclusive,
        _ if nothing => Exit::Inconclusive,
        _ => Exit::Good,
    })
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
