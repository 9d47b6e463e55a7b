//! What a delivery is made from, as flags say it.

use std::ffi::OsStr;

use bytes::Bytes;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command};

use crate::cli::{SchemeArgs, SecretArgs};
use crate::commands::arguments::{self, Data, Header, Moment};
use crate::context::Context;
use crate::edge::input;
use crate::error::Error;
use crate::webhook::composition::Edit;
use crate::webhook::fault::Fault;

/// How large a payload may be.
const LARGEST_PAYLOAD: u64 = 100 * 1024 * 1024;

/// What a delivery is made from.
#[derive(Debug, Args)]
pub struct DeliveryArgs {
    #[command(flatten)]
    pub(in crate::commands) scheme: SchemeArgs,
    /// Send these bytes instead of the fixture: text, @FILE, or @- for stdin
    #[arg(short, long, value_name = "DATA", value_parser = arguments::data, allow_hyphen_values = true, help_heading = "Payload")]
    pub(super) data: Option<Data>,
    /// Put a value into the payload; JSON where it is JSON, else a string
    #[arg(long, value_name = "PATH=VALUE", value_parser = arguments::set, alias = "override", alias = "add", help_heading = "Payload")]
    pub(super) set: Vec<Edit>,
    /// Take a value out of the payload, before --set
    #[arg(long, value_name = "PATH", value_parser = arguments::unset, alias = "remove", help_heading = "Payload")]
    pub(super) unset: Vec<Edit>,
    /// Give the delivery this id
    #[arg(long, value_name = "ID", value_parser = arguments::id, help_heading = "Payload")]
    pub(super) id: Option<String>,
    /// Sign as of this time: a Unix second, RFC 3339, or relative (-10m)
    #[arg(long, value_name = "TIME", value_parser = arguments::moment, allow_hyphen_values = true, help_heading = "Request")]
    pub(super) timestamp: Option<Moment>,
    /// Add or replace a header, or take it out with `Name:`
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = arguments::header, help_heading = "Request")]
    pub(super) header: Vec<Header>,
    /// Send a delivery that is wrong in one way
    #[arg(long, value_name = "FAULT", value_parser = FaultParser, help_heading = "Request")]
    pub(in crate::commands) fault: Option<Fault>,
    #[command(flatten)]
    pub(in crate::commands) secret: SecretArgs,
}

impl DeliveryArgs {
    /// Whether the time to sign with was given.
    #[must_use]
    pub fn has_timestamp(&self) -> bool {
        self.timestamp.is_some()
    }

    /// The payload that `--data` gives.
    pub(super) fn payload(&self, context: &Context) -> Result<Option<Bytes>, Error> {
        let Some(data) = &self.data else { return Ok(None) };
        let (path, read) = match data {
            Data::Text(text) => return Ok(Some(Bytes::from(text.clone()))),
            Data::File(path) => (path.display().to_string(), input::file(path, LARGEST_PAYLOAD)),
            Data::Input if self.secret.secret_file.iter().any(|path| path.as_os_str() == "-") => {
                let hint = "give one of them as a file";
                return Err(Error::usage("--data and --secret-file cannot both be read from stdin", hint));
            }
            Data::Input => ("stdin".to_owned(), input::all((context.input)(), LARGEST_PAYLOAD)),
        };
        read.map(|bytes| Some(bytes.into())).map_err(|reason| Error::File { path, reason })
    }
}

/// Reads the name of a fault. The names are put together only for a help text, a mistake or a completion.
#[derive(Debug, Clone, Copy)]
struct FaultParser;

impl TypedValueParser for FaultParser {
    type Value = Fault;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Fault, clap::Error> {
        if let Some(fault) = Fault::all().find(|fault| value == fault.name()) {
            return Ok(fault);
        }
        let known = PossibleValuesParser::new(Fault::all().map(Fault::name));
        known.try_map(|_| Err("no such fault")).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let help = |fault: Fault| fault.probe().title.replace("{proof}", "signature");
        Some(Box::new(Fault::all().map(move |fault| PossibleValue::new(fault.name()).help(help(fault)))))
    }
}
