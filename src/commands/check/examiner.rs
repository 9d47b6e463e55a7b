//! Sends the probes in their order, looks after the receiver in between, and judges what came back.

use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use tokio::sync::watch;

use super::connections::Connections;
use super::effects::{Effects, REMEDY};
use super::observations::Observations;
use crate::commands::composing::composition_error;
use crate::edge::target::Target;
use crate::error::Error;
use crate::report::{Outcome, Progress, Reporter};
use crate::webhook::attempt::{Answer, Attempt, Failure};
use crate::webhook::event::EventName;
use crate::webhook::probe::examination::{Examination, GENUINE, Scope};
use crate::webhook::probe::judging::{Check, Finding, SILENT, Status, UNTRUSTED, combine, judge, words};
use crate::webhook::probe::material::{Example, Material, MaterialError, Shot, Wire};
use crate::webhook::probe::robustness::RAW;
use crate::webhook::probe::{Observation, Probe, Rule, Sends, Severity, all};
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;

/// How long a receiver that stopped answering is given to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// After how long someone who watches is told how far it is.
const LONG: Duration = Duration::from_millis(500);

/// How long to wait before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// What is checked: a receiver, and what it is expected to know.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The provider that is played.
    pub(super) provider: &'a Provider,
    /// The secrets that the receiver has.
    pub(super) secrets: &'a [Secret],
    /// The event that is sent.
    pub(super) event: &'a EventName,
    /// The example of each documented event.
    pub(super) fixtures: &'a [Example<'a>],
    /// Headers to add, to replace, or, without a value, to take out.
    pub(super) headers: &'a [(HeaderName, Option<HeaderValue>)],
    /// Where it is.
    pub(super) target: &'a Target,
}

/// Checks a receiver.
pub(super) struct Examiner<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) connections: Connections,
    pub(super) clock: fn() -> Timestamp,
    pub(super) random: fastrand::Rng,
    pub(super) reporter: &'a mut dyn Reporter,
    /// What shows whether a delivery took effect.
    pub(super) effects: Option<Effects>,
    pub(super) strict: bool,
    /// Whether someone watches, and wants to know how far it is.
    pub(super) watched: bool,
    /// Whether someone pressed Ctrl-C.
    pub(super) stop: watch::Receiver<bool>,
}

/// What is known of the receiver in the middle of its checks.
struct Course {
    begun: Instant,
    /// How many checks there are.
    all: usize,
    /// Whether the genuine delivery was answered with a 5xx.
    broken: bool,
    /// Whether it accepts what is genuine.
    trusted: bool,
    /// Why nothing more can be sent.
    over: Option<String>,
    /// Why nobody answered at all.
    unreachable: Option<Failure>,
    observations: Observations,
    checks: Vec<Check>,
}

/// What came of one probe.
struct Trial {
    finding: Finding,
    duration: Duration,
    /// Whether there was an answer to each of its requests.
    answered: bool,
    /// Whether it was a signature that was refused: every bad answer is a 401 or a 403.
    unauthorized: bool,
}

impl<'a> Examiner<'a> {
    /// Sends the genuine delivery, then the probes, and then looks at what all the answers say together.
    pub(super) async fn run(mut self, probes: &[&'static Probe]) -> Result<Examination, Error> {
        let begun = Instant::now();
        let started = (self.clock)();
        let mut course = Course {
            begun,
            all: 0,
            broken: false,
            trusted: false,
            over: None,
            unreachable: None,
            observations: Observations::default(),
            checks: Vec::new(),
        };
        let hint = self.begin(&mut course).await?;
        // The harmless first: who falls over is found out as late as can be, when the rest is known.
        let sent = |again: bool| {
            let meant = move |probe: &&&'static Probe| probe.id != GENUINE && (probe.id == AGAIN) == again;
            probes.iter().copied().filter(move |probe| meant(&probe))
        };
        let (upsetting, harmless): (Vec<_>, Vec<_>) = sent(false).partition(|probe| probe.upsets);
        let is_forgery = |probe: &&'static Probe| probe.severity == Severity::Security;
        let (forgeries, genuine): (Vec<_>, Vec<_>) = harmless.into_iter().partition(is_forgery);
        let (malformed, odd): (Vec<_>, Vec<_>) = upsetting.into_iter().partition(is_forgery);
        course.all = probes.len();
        self.try_all(&genuine, &mut course).await?;
        if let Some(effects) = self.seen_effects() {
            effects.settle().await;
        }
        self.try_all(&forgeries, &mut course).await?;
        if let Some(effects) = self.seen_effects() {
            effects.expect_none(Observation::ForgeryEffect).await;
        }
        self.try_all(&malformed, &mut course).await?;
        self.try_all(&odd, &mut course).await?;
        self.try_all(&sent(true).collect::<Vec<_>>(), &mut course).await?;
        for probe in probes {
            let check = match probe.sends {
                Sends::Observation(observation) => self.observed(probe, observation, &course),
                _ => None,
            };
            if let Some(check) = check {
                self.put(check, &mut course)?;
            }
        }
        let place = |check: &Check| all().position(|probe| probe.id == check.id);
        course.checks.sort_by_key(place);
        Ok(Examination {
            scheme: self.subject.provider.name.clone(),
            url: self.subject.target.as_str().to_owned(),
            event: self.subject.event.name(),
            scope: Scope::of(probes, self.subject.provider),
            started,
            duration: begun.elapsed(),
            checks: course.checks,
            accepts_genuine: course.trusted,
            hint,
            interrupted: *self.stop.borrow(),
            strict: self.strict,
            unreachable: course.unreachable,
        })
    }

    /// What shows effects, if it was seen to show any.
    fn seen_effects(&mut self) -> Option<&mut Effects> {
        self.effects.as_mut().filter(|effects| effects.are_seen())
    }

    /// Sends the genuine delivery, on whose answer all else depends.
    async fn begin(&mut self, course: &mut Course) -> Result<Option<String>, Error> {
        let probe = Probe::of(GENUINE).expect("a row of the table");
        let shots = self.material().shots(probe, &mut self.random);
        let shot = shots.map_err(|error| self.unusable(error))?.swap_remove(0);
        let Some(attempt) = self.send(&shot).await else {
            self.put(Check::skipped(probe, self.subject.provider, STOPPED), course)?;
            return Ok(None);
        };
        if let Err(failure) = &attempt.outcome {
            course.over = Some("not run: nobody answered the genuine delivery".to_owned());
            course.unreachable = Some(failure.clone());
        }
        course.observations.note(probe, &shot, &attempt, self.subject.provider, self.subject.secrets);
        let finding = judge(probe, &self.subject.provider.policy.success, &attempt.outcome);
        course.trusted = finding.status == Status::Pass;
        course.broken = attempt.status().is_some_and(|status| status.is_server_error());
        let mut check = Check::new(probe, self.subject.provider, finding, attempt.duration);
        let hint = match &attempt.outcome {
            Ok(answer) if !course.trusted => self.diagnose(answer).await,
            Ok(_) | Err(_) => None,
        };
        if let Some(hint) = &hint {
            // What was found out says more than what can be said of all.
            check.remedy = sentence(hint);
        }
        self.put(check, course)?;
        if !course.trusted {
            return Ok(hint);
        }
        if let Some(mut effects) = self.effects.take() {
            effects.learn().await;
            if effects.are_seen() && self.send(&shot).await.is_some() {
                effects.expect_none(Observation::DuplicateEffect).await;
            }
            self.effects = Some(effects);
        }
        Ok(None)
    }

    /// Whether a delivery is accepted that is signed in another way; nothing where someone stopped it.
    pub(super) async fn accepts(&mut self, provider: &Provider, secrets: &[Secret]) -> Option<bool> {
        let material = Material { provider, secrets, ..self.material() };
        let Ok(delivery) = material.genuine(&mut self.random) else { return Some(false) };
        let shot = Shot { label: None, delivery, wire: Wire::Usual };
        let attempt = self.send(&shot).await?;
        Some(attempt.status().is_some_and(|status| self.subject.provider.policy.success.matches(status)))
    }

    async fn try_all(&mut self, probes: &[&'static Probe], course: &mut Course) -> Result<(), Error> {
        for probe in probes {
            if !matches!(probe.sends, Sends::Observation(_)) {
                let check = self.try_probe(probe, course).await?;
                self.put(check, course)?;
                self.tell_progress(course)?;
            }
        }
        Ok(())
    }

    /// Says how far it is, where it takes long enough to wonder.
    fn tell_progress(&mut self, course: &Course) -> Result<(), Error> {
        if !self.watched || course.begun.elapsed() < LONG {
            return Ok(());
        }
        let (done, all, elapsed) = (course.checks.len(), course.all, course.begun.elapsed());
        let progress = Progress { counted: true, done, all, elapsed, ..Progress::default() };
        Ok(self.reporter.report(&Outcome::Progress(progress))?)
    }

    /// What was seen in all answers together; nothing where there was nothing to look at.
    fn observed(&self, probe: &Probe, observation: Observation, course: &Course) -> Option<Check> {
        if course.unreachable.is_some() {
            return None;
        }
        let check =
            |finding, expected| Check { expected, ..Check::new(probe, self.subject.provider, finding, Duration::ZERO) };
        match self.effects.as_ref().and_then(|effects| effects.finding(observation)) {
            Some((finding, true)) => return Some(check(finding, "no effect".to_owned())),
            Some((finding, false)) => {
                let check = check(finding, "a command that prints what deliveries did".to_owned());
                return Some(Check { why: String::new(), remedy: REMEDY.to_owned(), ..check });
            }
            None => {}
        }
        let exposed = !self.subject.target.is_loopback() && !self.subject.target.is_https();
        let (mut finding, expected) = course.observations.judge(observation, probe, self.subject.provider, exposed)?;
        // What was not seen in a part may be in the rest.
        if finding.status == Status::Pass && (course.over.is_some() || *self.stop.borrow()) {
            finding.status = Status::Skip;
            finding.got.push_str(", but not all checks were run");
        }
        Some(check(finding, expected))
    }

    /// Sends a probe and what must come after it.
    async fn try_probe(&mut self, probe: &'static Probe, course: &mut Course) -> Result<Check, Error> {
        if let Some(obstacle) = probe.obstacle(self.subject.provider) {
            let why = format!("{} has no such check: {obstacle}", self.subject.provider.name);
            return Ok(Check::skipped(probe, self.subject.provider, why));
        }
        if let Sends::Scheme(weakness) = probe.sends {
            let finding =
                Finding { status: Status::Warn, severity: probe.severity, got: weakness.sentence().to_owned() };
            return Ok(Check::new(probe, self.subject.provider, finding, Duration::ZERO));
        }
        if let Some(over) = &course.over {
            return Ok(Check::skipped(probe, self.subject.provider, over.clone()));
        }
        let shots = match self.material().shots(probe, &mut self.random) {
            Ok(shots) => shots,
            Err(error) => return Ok(Check::skipped(probe, self.subject.provider, error.to_string())),
        };
        let Some(mut trial) = self.fire(probe, &shots, course).await else {
            return Ok(Check::skipped(probe, self.subject.provider, STOPPED));
        };
        if probe.upsets || !trial.answered {
            self.look_after(probe, &mut trial, course).await;
        }
        if !course.trusted {
            without_trust(probe, &mut trial, course.broken);
        }
        let Trial { answered, unauthorized, .. } = trial;
        let mut check = Check::new(probe, self.subject.provider, trial.finding, trial.duration);
        if !answered && check.status == Status::Fail {
            SILENT.clone_into(&mut check.why);
        }
        if probe.sends == Sends::EveryEvent && check.status == Status::Fail && unauthorized {
            RAW.clone_into(&mut check.remedy);
        }
        Ok(check)
    }

    /// Sends the requests of a probe; nothing where someone stopped it.
    async fn fire(&mut self, probe: &'static Probe, shots: &[Shot], course: &mut Course) -> Option<Trial> {
        let attempts: Vec<Attempt> = match (probe.sends, shots) {
            (Sends::TwiceAtOnce, [first, second]) => {
                let (first, second) = tokio::join!(self.send(first), self.send(second));
                vec![first?, second?]
            }
            _ => {
                let mut attempts = Vec::new();
                for shot in shots {
                    attempts.push(self.send(shot).await?);
                }
                attempts
            }
        };
        let mut findings = Vec::new();
        for (shot, attempt) in shots.iter().zip(&attempts) {
            course.observations.note(probe, shot, attempt, self.subject.provider, self.subject.secrets);
            let finding = judge(probe, &self.subject.provider.policy.success, &attempt.outcome);
            findings.push((shot.label.clone(), finding));
        }
        let finding = combine(&findings)?;
        let duration = attempts.iter().map(|attempt| attempt.duration).sum();
        let success = &self.subject.provider.policy.success;
        let mut bad = attempts.iter().filter(|attempt| attempt.status().is_none_or(|status| !success.matches(status)));
        let unauthorized = bad.all(|attempt| matches!(attempt.status().map(|status| status.as_u16()), Some(401 | 403)));
        let answered = attempts.iter().all(|attempt| attempt.outcome.is_ok());
        Some(Trial { finding, duration, answered, unauthorized })
    }

    /// Sends the genuine delivery after something that may have upset the receiver, which is given some time to come
    /// back; what felled it fails, and nothing more is sent to one that stays away.
    async fn look_after(&mut self, probe: &Probe, trial: &mut Trial, course: &mut Course) {
        let deadline = Instant::now() + PATIENCE;
        let mut told = false;
        loop {
            let Some(outcome) = self.genuine_again().await else { return };
            let trouble = match &outcome {
                Ok(answer) if !course.trusted || self.subject.provider.policy.success.matches(answer.status) => return,
                Ok(answer) if answer.status == http::StatusCode::TOO_MANY_REQUESTS => return,
                Ok(answer) => format!("the genuine delivery got {}", words(answer)),
                Err(failure) => format!("the genuine delivery got no answer ({failure})"),
            };
            if !told {
                trial.finding.status = Status::Fail;
                trial.finding.got.push_str(&format!("; after that {trouble}"));
                told = true;
            }
            if Instant::now() >= deadline {
                course.over = Some(format!("not run: it did not come back after {}", probe.id));
                return;
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    }

    async fn genuine_again(&mut self) -> Option<Result<Answer, Failure>> {
        let delivery = self.material().genuine(&mut self.random).ok()?;
        let shot = Shot { label: None, delivery, wire: Wire::Usual };
        Some(self.send(&shot).await?.outcome)
    }

    /// Sends one request; nothing where someone stopped it.
    pub(super) async fn send(&self, shot: &Shot) -> Option<Attempt> {
        let mut stop = self.stop.clone();
        if *stop.borrow() {
            return None;
        }
        tokio::select! {
            attempt = self.connections.send(shot, (self.clock)()) => Some(attempt),
            _ = stop.wait_for(|stopped| *stopped) => None,
        }
    }

    /// What deliveries are made from, as of now.
    pub(super) fn material(&self) -> Material<'a> {
        let Subject { provider, secrets, event, fixtures, headers, target } = self.subject;
        Material { provider, secrets, event, fixtures, url: target.uri(), headers, now: (self.clock)() }
    }

    /// Why not even the genuine delivery can be made.
    fn unusable(&self, error: MaterialError) -> Error {
        let variable = self.subject.provider.secret_variable();
        let fixture = self.subject.fixtures.iter().find(|(event, _)| event == self.subject.event);
        match error {
            MaterialError::Composition(error) => {
                let place = fixture.map(|(event, text)| (event.to_string(), text.clone()));
                composition_error(error, place.as_ref())
            }
            MaterialError::Signing(error) => Error::Signing { error, variable },
            error @ (MaterialError::NoObject | MaterialError::NoMoment | MaterialError::NoFixture(_)) => {
                Error::usage(error.to_string(), "choose another event with --event")
            }
        }
    }

    fn put(&mut self, check: Check, course: &mut Course) -> Result<(), Error> {
        // Where nobody is there, that is all there is to say.
        if course.unreachable.is_none() {
            self.reporter.report(&Outcome::Checked(&check))?;
        }
        course.checks.push(check);
        Ok(())
    }
}

/// Words as a sentence, with a capital and an end.
fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

/// The probe that comes last.
const AGAIN: &str = "genuine-again";

pub(super) const STOPPED: &str = "not run: stopped by Ctrl-C";

/// What an answer is worth where the genuine delivery is refused too: acceptance of a forgery, and a 5xx or a silence
/// that the genuine one did not meet with.
fn without_trust(probe: &Probe, trial: &mut Trial, broken: bool) {
    let finding = &mut trial.finding;
    let accepted = finding.severity == Severity::Security;
    let proves = finding.status == Status::Fail
        && matches!(probe.rule, Rule::Refused | Rule::Handled)
        && (accepted || !trial.answered || !broken);
    if !proves {
        finding.status = Status::Skip;
        finding.got.push_str(UNTRUSTED);
    }
}
