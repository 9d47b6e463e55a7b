//! The catalogue, for people: lists of events and of providers, and a page about one of them.

use std::io;

use super::{HumanReporter, shortened};
use crate::report::palette::Role;
use crate::report::{explanation, export, layout, sanitize};
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::{EventInfo, Provider};
use crate::webhook::scheme::Algorithm;

impl HumanReporter<'_> {
    pub(super) fn events(&mut self, provider: &Provider, events: &[EventInfo]) -> io::Result<()> {
        let heading = format!("{} ({})", provider.title, provider.name);
        writeln!(self.output, "{}", self.paint(Role::Heading, &sanitize::line(&heading)))?;
        let width = events.iter().map(|info| info.name.name().chars().count()).max().unwrap_or_default();
        for info in events {
            let name = info.name.name();
            let padding = " ".repeat(width - name.chars().count());
            let name = self.paint(Role::Name, &sanitize::line(&name));
            let line = self.style.page.beside(&format!("  {name}{padding}  "), &sanitize::line(&info.about), 6);
            writeln!(self.output, "{}", line.trim_end())?;
        }
        writeln!(self.output)
    }

    pub(super) fn event(&mut self, info: &EventInfo, provider: &Provider, example: &Delivery) -> io::Result<()> {
        let name = self.paint(Role::Name, &sanitize::line(&info.name.to_string()));
        writeln!(self.output, "{name}")?;
        if !info.about.is_empty() {
            self.line(&sanitize::line(&info.about), 0)?;
        }
        writeln!(self.output)?;
        self.request(example, Some(provider), "  ", false)?;
        self.fact("signed with", "the test secret; every delivery has ids and times of its own")?;
        if let (Some(key), Some(places)) = (provider.deduplication_key(example), provider.deduplication()) {
            self.fact("de-duplicate on", &format!("{} (here {})", places, key.join(" + ")))?;
        }
        self.fact("facts from", &provider.documentation)?;
        self.fact("our readings", &format!("wh schemes {}", provider.name))?;
        let full = info.name.to_string();
        let path = provider.request.path.as_deref().unwrap_or_default();
        let head = format!("{:8}{}  ", "", self.paint(Role::Faint, "send it"));
        let command = format!("wh send {full} --to localhost:3000{path}");
        writeln!(self.output, "{}", self.style.page.whole(&head, &sanitize::line(&command)))
    }

    pub(super) fn schemes(&mut self, providers: &[Provider]) -> io::Result<()> {
        let width = |text: fn(&Provider) -> &str| {
            providers.iter().map(|provider| text(provider).chars().count()).max().unwrap_or_default()
        };
        let (names, titles) = (width(|provider| &provider.name), width(|provider| &provider.title));
        let rows: Vec<(String, String, String)> = providers
            .iter()
            .map(|provider| {
                let name = self.paint(Role::Name, &sanitize::line(&format!("{:names$}", provider.name)));
                let count = provider.events.iter().filter(|info| info.name.variant.is_none()).count();
                let how = match provider.scheme.algorithm {
                    Algorithm::Token => "token".to_owned(),
                    Algorithm::Hmac(_) | Algorithm::Digest(_) => {
                        format!("{} of {}", provider.scheme.algorithm.title(), provider.scheme.content)
                    }
                };
                let facts = self.paint(Role::Faint, &sanitize::line(&format!("{count:3} events  {how}")));
                (name, format!("{:titles$}", sanitize::line(&provider.title)), facts)
            })
            .collect();
        let broad = rows.iter().map(|(name, title, facts)| layout::width(&format!("{name}  {title}  {facts}"))).max();
        let fits = self.style.page.columns().is_none_or(|columns| broad.is_none_or(|broad| broad <= columns));
        for (name, title, facts) in rows {
            if fits {
                writeln!(self.output, "{name}  {title}  {facts}")?;
            } else {
                writeln!(self.output, "{name}  {}", title.trim_end())?;
                self.line(&format!("{:names$} {facts}", ""), names + 4)?;
            }
        }
        Ok(())
    }

    pub(super) fn scheme(&mut self, provider: &Provider, example: Option<&Delivery>) -> io::Result<()> {
        let scheme = &provider.scheme;
        let heading = format!("{} ({})", provider.title, provider.name);
        writeln!(self.output, "{}", self.paint(Role::Heading, &sanitize::line(&heading)))?;
        self.line(&sanitize::line(&provider.about), 0)?;
        writeln!(self.output)?;

        self.fact("signature", &explanation::signature(scheme))?;
        self.fact("key", &explanation::key(scheme))?;
        for rule in &scheme.headers {
            let list = rule
                .separator
                .as_ref()
                .map(|separator| format!(" (a list, separated by {separator:?}: any entry may match)"));
            let list = list.unwrap_or_default();
            let optional = if rule.optional { " (may be missing, but not be another)" } else { "" };
            self.fact("header", &format!("{}: {}{list}{optional}", rule.name, rule.value))?;
        }
        if let Some(envelope) = &scheme.envelope {
            self.fact("body", &envelope.to_string())?;
        }
        if let Some(version) = &scheme.version {
            self.fact("version", version)?;
        }
        if let Some(path) = &provider.request.path {
            self.fact("endpoint", &format!("{path} in the provider's guide"))?;
        }
        self.fact("tolerance", &explanation::tolerance(scheme))?;
        self.fact("good answer", &explanation::answer(&provider.policy))?;
        self.fact("retries", &explanation::retries(&provider.policy))?;
        if let Some(giving_up) = explanation::giving_up(&provider.policy) {
            self.fact("gives up", &giving_up)?;
        }
        self.fact("delivery id", &explanation::id(provider))?;
        if let Some(deduplication) = provider.deduplication() {
            self.fact("de-duplicate on", &deduplication)?;
        }
        self.fact("faults", &explanation::faults(scheme))?;
        self.fact("test secret", &scheme.test_secret)?;
        self.fact("your secret", &format!("read from {}", provider.secret_variable()))?;

        if let Some(example) = example {
            let title = format!("A delivery of {}, signed with the test secret", example.event_name());
            let title = self.paint(Role::Name, &sanitize::line(&title));
            writeln!(self.output)?;
            self.line(&title, 0)?;
            self.example(example, provider)?;
        }
        self.list("What it leaves open", &provider.open_points())?;
        self.list("Where the documentation is silent, we read", &provider.readings)?;
        writeln!(self.output, "\n{}", sanitize::line(&provider.documentation))
    }

    /// The scheme's own headers, and the body in short: the test secret is public, so nothing needs to be hidden.
    fn example(&mut self, example: &Delivery, provider: &Provider) -> io::Result<()> {
        let lines: Vec<(String, String)> =
            export::headers(example, provider).map(|(name, value)| (name, sanitize::bytes(value.as_bytes()))).collect();
        for (name, value) in lines {
            writeln!(self.output, "  {}: {value}", self.paint(Role::Key, &name))?;
        }
        // White space between the members of a payload, such as line breaks, says nothing here.
        let body = String::from_utf8_lossy(example.request.body());
        let body = body.lines().map(str::trim_start).collect::<String>();
        let body = shortened(&body, self.style.page.columns().unwrap_or(100).saturating_sub(3).max(24));
        writeln!(self.output, "\n  {}", sanitize::line(&body))
    }

    fn list(&mut self, title: &str, sentences: &[String]) -> io::Result<()> {
        if sentences.is_empty() {
            return Ok(());
        }
        writeln!(self.output)?;
        let title = self.paint(Role::Name, title);
        self.line(&title, 2)?;
        for sentence in sentences {
            self.line(&format!("  - {}", sanitize::line(sentence)), 4)?;
        }
        Ok(())
    }
}
