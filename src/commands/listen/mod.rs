//! `wh listen`: receive deliveries, verify, show, record and forward them.

pub mod desk;
pub mod display;
pub mod expectations;
pub mod logbook;
pub mod phase;
mod server;
pub mod serving;

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::StatusCode;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Notify, mpsc};

use self::desk::{Desk, Route, Station};
use self::display::Display;
use self::expectations::Expectations;
use self::serving::Serving;
use super::arguments;
use super::diagnosing::{Allowance, Doctor};
use super::recording::{self, RecordingArgs};
use super::secrets::{Secrets, found, secrets, test_secret};
use super::targeting::{Connecting, allow, open};
use crate::cli::{Format, SchemeArgs, SecretArgs, SharedArgs};
use crate::context::Context;
use crate::edge::client::ClientOptions;
use crate::edge::interruption::Interruptions;
use crate::edge::listener::Limits;
use crate::edge::log::Log;
use crate::edge::target::Target;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::notice::Notice;
use crate::report::{Onward, Outcome, Reporter};
use crate::settings::Slots;
use crate::webhook::catalogue::Catalogue;
use crate::webhook::glob::Glob;

/// How long an app that is forwarded to may take, where the provider does not say.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

/// How large an app's answer may be to be passed on.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Receive deliveries: verify, show, record, forward
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  wh listen --scheme whop\n  wh listen --forward-to localhost:3000/webhooks\n  wh listen --forward-to 'order.*=3000' --forward-to 'payment.*=3001'\n  wh listen --respond 503,503,200 --delay 2s\n  wh listen --count 3 --timeout 10s --json -- ./send-three.sh"
)]
pub struct ListenArgs {
    /// Listen on this port; 0 picks a free one
    #[arg(short, long, value_name = "PORT", default_value_t = 4000)]
    port: u16,
    /// Listen on this host or address; localhost means 127.0.0.1 and ::1
    #[arg(long, value_name = "HOST", default_value = "localhost")]
    host: String,
    #[command(flatten)]
    scheme: SchemeArgs,
    /// Show and forward only these events: globs, separated by commas
    #[arg(short, long, value_name = "GLOB", value_delimiter = ',')]
    events: Vec<String>,
    /// Accept what is not genuine, too
    #[arg(long)]
    no_verify: bool,
    /// Print the secret that is verified with, and end
    #[arg(long)]
    print_secret: bool,
    /// Refuse bodies larger than this, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 10 * 1024 * 1024)]
    max_body: usize,
    /// Forward genuine deliveries to a URL, or those of a GLOB
    #[arg(short, long, value_name = "[GLOB=]URL", value_parser = arguments::route, help_heading = "Answer")]
    forward_to: Vec<arguments::RouteArg>,
    /// Allow a target that is not this machine
    #[arg(long, help_heading = "Answer")]
    allow_remote: bool,
    /// Accept any TLS certificate
    #[arg(short = 'k', long, help_heading = "Answer")]
    insecure: bool,
    /// Trust the PEM certificates in a file, too
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Answer")]
    cacert: Option<PathBuf>,
    /// Answer genuine deliveries with these statuses, one after the other; the last one stays
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = arguments::status, conflicts_with = "forward_to", help_heading = "Answer")]
    respond: Vec<StatusCode>,
    /// Wait before each answer
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration, help_heading = "Answer")]
    delay: Option<Duration>,
    #[command(flatten)]
    log: RecordingArgs,
    /// End after this many genuine deliveries
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "End")]
    count: Option<u64>,
    /// End after this time
    #[arg(long, value_name = "DURATION", value_parser = arguments::duration, help_heading = "End")]
    timeout: Option<Duration>,
    /// Expect a genuine delivery of an event that matches
    #[arg(long, value_name = "GLOB", help_heading = "End")]
    expect: Vec<String>,
    /// Run this once ready, with WH_URL and the variable of each provider's secret set, and WH_SECRET where all have one
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[command(flatten)]
    secret: SecretArgs,
}

impl ListenArgs {
    /// What settings stand in for.
    pub fn slots(&mut self) -> Slots<'_> {
        let allow_remote = self.allow_remote;
        Slots { scheme: Some(&mut self.scheme), to: None, secret: Some(&mut self.secret), allow_remote }
    }

    /// What the flags about TLS ask for in vain, where no app is spoken to with it.
    fn no_tls(&self) -> Option<Notice> {
        let mut targets = self.forward_to.iter().map(|route| &route.target);
        if targets.clone().any(Target::is_https) {
            return None;
        }
        let connecting =
            Connecting { insecure: self.insecure, cacert: self.cacert.as_deref(), ..Connecting::default() };
        connecting.notice(targets.next())
    }
}

/// Listens until the expectations are met, the time is over, the command has ended or Ctrl-C is pressed.
pub fn run(
    args: &ListenArgs,
    shared: &SharedArgs,
    context: &Context,
    reporter: &mut dyn Reporter,
) -> Result<Exit, Error> {
    let catalogue = context.catalogue(shared.catalogue.as_deref())?;
    let (stations, notices) = stations(args, &catalogue, context)?;
    if args.print_secret {
        return print_secret(&stations, reporter);
    }
    // The log comes before the port: whoever finds the port open may rely on being recorded.
    let (log, torn) = open_log(args, context)?.unzip();
    for notice in notices.into_iter().chain(torn.flatten()).chain(args.no_tls()) {
        reporter.report(&Outcome::Notice(notice))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::network)?;
    let (sockets, addresses) = runtime.block_on(bind(&args.host, args.port))?;
    let routes = runtime.block_on(routes(args, &stations, &addresses, context))?;
    // Several threads serve them, each with a runtime of its own.
    let sockets = sockets.into_iter().map(TcpListener::into_std).collect::<io::Result<_>>().map_err(Error::network)?;
    let url = url(&args.host, addresses[0]);
    if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        let test_secrets = stations.iter().any(|station| station.test_secret);
        reporter.report(&Outcome::Notice(Notice::Reachable { address: address.to_string(), test_secrets }))?;
    }
    let interruptions = {
        let _inside = runtime.enter();
        Interruptions::new().map_err(|reason| Error::System { what: "Ctrl-C cannot be listened to", reason })?
    };
    let onward =
        |route: &arguments::RouteArg| Onward { glob: route.glob.clone(), url: route.target.as_str().to_owned() };
    let targets: Vec<Onward> = args.forward_to.iter().map(onward).collect();
    let log_path = log.as_ref().map(|log| log.path().display().to_string());
    reporter.report(&Outcome::Ready {
        url: &url,
        port: addresses[0].port(),
        scheme: args.scheme.scheme.as_deref(),
        log: log_path.as_deref(),
        targets: &targets,
    })?;

    let own = stations.iter().map(|station| (station.provider.name.clone(), station.secrets.clone())).collect();
    let mut doctor = Doctor::new(&catalogue, &args.secret, context, own, Allowance::LISTENER);
    let (lines, mut shown) = mpsc::channel(Display::BACKLOG);
    let display = Display::new(lines, shared.format() == Format::Json, log.is_some());
    let limits = Limits { body: args.max_body, ..Limits::default() };
    let desk = Arc::new(Desk {
        stations,
        named: args.scheme.scheme.is_some(),
        events: args.events.iter().map(|glob| Glob::new(glob)).collect(),
        verify: !args.no_verify,
        record_secrets: args.log.record_secrets,
        routes,
        respond: args.respond.clone(),
        responded: 0.into(),
        delay: args.delay.unwrap_or_default(),
        grace: limits.parting,
        expectations: Arc::new(Expectations::new(args.count, &args.expect)),
        clock: context.clock,
    });
    let expectations = Arc::clone(&desk.expectations);
    let unread = Notify::new();
    let serving = Serving {
        desk,
        display,
        random: context.random(),
        sockets,
        log,
        timeout: args.timeout,
        command: &args.command,
        url: &url,
        json: shared.format() == Format::Json,
        limits,
        interruptions,
        unread: &unread,
    };
    // The server has a thread of its own, so that the reporter, which may be slow, keeps this one.
    let end = std::thread::scope(|scope| {
        let serving = scope.spawn(move || serving.run(runtime));
        let printed = display::report(&mut shown, &mut doctor, reporter);
        // Whoever stopped reading ends the run: what is put in from now on has no reader.
        drop(shown);
        unread.notify_one();
        let end = serving.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        printed?;
        Ok::<_, Error>(end)
    })?;
    let totals = expectations.totals();
    reporter.report(&Outcome::Listened(totals))?;
    if totals.disputed > 0 {
        reporter.report(&Outcome::Notice(Notice::Disputed { deliveries: totals.disputed }))?;
    }
    expectations.conclude(end)
}

/// The providers to expect, each with its secrets, and what is worth knowing of these.
fn stations(args: &ListenArgs, catalogue: &Catalogue, context: &Context) -> Result<(Vec<Station>, Vec<Notice>), Error> {
    if let Some(name) = &args.scheme.scheme {
        let provider = catalogue.provider(name)?;
        let Secrets { secrets, mut notices } = secrets(&args.secret, &provider, context, None)?;
        // These words are a sender's.
        let test_secret = notices.iter().any(|notice| matches!(notice, Notice::TestSecret { .. }));
        notices.retain(|notice| !matches!(notice, Notice::TestSecret { .. }));
        if test_secret && !args.print_secret {
            notices.push(Notice::VerifiedWithTestSecret {
                schemes: vec![name.clone()],
                variable: provider.secret_variable(),
            });
        }
        return Ok((vec![Station::new(provider, secrets, test_secret)], notices));
    }
    let mut stations = Vec::new();
    for name in catalogue.names() {
        let provider = catalogue.provider(name)?;
        // A secret that was given for one of many providers need not be a key to the others: each delivery is told so.
        let (secrets, test_secret) = match found(&args.secret, &provider, context)? {
            secrets if secrets.is_empty() => (vec![test_secret(&provider)], true),
            secrets => (secrets, false),
        };
        stations.push(Station::new(provider, secrets, test_secret));
    }
    Ok((stations, Vec::new()))
}

/// Prints the secrets that are verified with: those of the one provider, those that all share, or each provider's.
fn print_secret(stations: &[Station], reporter: &mut dyn Reporter) -> Result<Exit, Error> {
    let of = |station: &Station| station.secrets.iter().map(|secret| secret.expose().to_vec()).collect::<Vec<_>>();
    let shared = stations.windows(2).all(|two| of(&two[0]) == of(&two[1]));
    let shown = if shared { &stations[..stations.len().min(1)] } else { stations };
    let secrets: Vec<_> = shown
        .iter()
        .flat_map(|station| {
            let name = (!shared || stations.len() == 1).then_some(station.provider.name.as_str());
            station.secrets.iter().map(move |secret| (name, secret))
        })
        .collect();
    reporter.report(&Outcome::Secrets { secrets: &secrets, named: !shared })?;
    Ok(Exit::Good)
}

/// The log, unless none is wanted, and what was found torn in it.
fn open_log(args: &ListenArgs, context: &Context) -> Result<Option<(Log, Option<Notice>)>, Error> {
    if args.log.no_log {
        return Ok(None);
    }
    let path = args
        .log
        .path(context)
        .ok_or_else(|| Error::usage("there is no home directory to keep the log in", "give --log FILE, or --no-log"))?;
    recording::open(&path).map(Some)
}

/// Binds the port on every address of the host. `localhost` is both families, as far as this machine has them.
async fn bind(host: &str, port: u16) -> Result<(Vec<TcpListener>, Vec<SocketAddr>), Error> {
    let ips: Vec<IpAddr> = match (host, host.trim_matches(['[', ']']).parse()) {
        ("localhost", _) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        (_, Ok(ip)) => vec![ip],
        (host, Err(_)) => {
            let unknown =
                || Error::usage(format!("no address is known for `{host}`"), "give --host localhost or an address");
            let found = tokio::net::lookup_host((host, port)).await.map_err(|_| unknown())?;
            let found: Vec<IpAddr> = found.map(|address| address.ip()).take(1).collect();
            if found.is_empty() {
                return Err(unknown());
            }
            found
        }
    };
    let mut sockets = Vec::new();
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for ip in ips {
        // With port 0 the first family picks, and the second follows.
        let port = addresses.first().map_or(port, SocketAddr::port);
        match listen((ip, port).into()) {
            Ok(socket) => {
                addresses.push(socket.local_addr().map_err(|reason| Error::Port { host: ip, port, reason })?);
                sockets.push(socket);
            }
            // A machine without IPv6 has no ::1.
            Err(error) if !sockets.is_empty() && error.kind() != io::ErrorKind::AddrInUse => {}
            Err(reason) => return Err(Error::Port { host: ip, port, reason }),
        }
    }
    Ok((sockets, addresses))
}

/// How many connections may wait to be accepted: a burst of them is not to be turned away.
const WAITING: u32 = 1024;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Unix a port is free again as soon as nobody listens there; elsewhere this would take it from somebody.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// The URL by which this machine reaches a listener: one on every address is there as `localhost`, too.
fn url(host: &str, address: SocketAddr) -> String {
    if host == "localhost" || address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

async fn routes(
    args: &ListenArgs,
    stations: &[Station],
    own: &[SocketAddr],
    context: &Context,
) -> Result<Vec<Arc<Route>>, Error> {
    let mut routes = Vec::new();
    for route in &args.forward_to {
        let target = &route.target;
        allow(target, args.allow_remote, context)?;
        // An app gets as long as the provider would give it.
        let timeout = match stations {
            [station] => station.provider.policy.timeout,
            _ => None,
        };
        let timeout = timeout.unwrap_or(USUAL_TIMEOUT);
        let options =
            ClientOptions { timeout, insecure: args.insecure, kept: LARGEST_ANSWER, ..ClientOptions::default() };
        let client = open(target, args.cacert.as_deref(), options).await?;
        if client.addresses().iter().any(|address| own.iter().any(|own| is_same(*own, *address))) {
            let message =
                format!("`{}` is this listener itself, which would forward to itself for ever", target.as_str());
            return Err(Error::usage(message, "give --forward-to the port of your app"));
        }
        routes.push(Arc::new(Route { glob: route.glob.as_deref().map(Glob::new), target: target.clone(), client }));
    }
    Ok(routes)
}

/// Whether whoever connects to `address` reaches a socket that listens on `own`.
fn is_same(own: SocketAddr, address: SocketAddr) -> bool {
    let (own_ip, ip) = (own.ip().to_canonical(), address.ip().to_canonical());
    // Who connects to every address gets to this machine's loopback, and only addresses of this machine can be bound.
    let is_here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok();
    own.port() == address.port()
        && (own_ip == ip || (ip.is_unspecified() && own_ip.is_loopback()) || (own_ip.is_unspecified() && is_here(ip)))
}
