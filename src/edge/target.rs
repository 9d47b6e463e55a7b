//! Where deliveries go: `3000`, `:3000/path`, `localhost:3000` or a full URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::Uri;
use url::{Host, Url};

/// The URL of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    uri: Uri,
}

/// What is no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no URL to send to: {reason}")]
pub struct TargetError {
    /// What was given.
    pub given: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let error = |reason: &str| TargetError { given: text.to_owned(), reason: reason.to_owned() };
        if text.trim() != text || text.is_empty() {
            return Err(error("it is empty, or has white space around it"));
        }
        if text.starts_with(['/', '?']) {
            return Err(error("it names no host and no port"));
        }
        if text.starts_with("http//")
            || text.starts_with("https//")
            || text.starts_with("http:/") && !text.contains("://")
        {
            return Err(error("`://` belongs behind http and https"));
        }
        let mut url = Url::parse(&completed(text)).map_err(|problem| {
            error(
                match problem {
                    url::ParseError::RelativeUrlWithoutBase => "it does not begin with http:// or https://".to_owned(),
                    problem => problem.to_string(),
                }
                .as_str(),
            )
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(error("only http and https can be sent to"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let _ = (url.set_username(""), url.set_password(None));
            let reason = "a user name or password in it would be shown; use -H 'Authorization: …'".to_owned();
            return Err(TargetError { given: url.to_string(), reason });
        }
        if url.port() == Some(0) {
            return Err(error("port 0 is none"));
        }
        url.set_fragment(None);
        let uri = url.as_str().parse().map_err(|problem: http::uri::InvalidUri| error(&problem.to_string()))?;
        Ok(Self { url, uri })
    }
}

/// What a short form stands for: a host on this machine, and plain HTTP.
fn completed(text: &str) -> String {
    // A URL in the path or the query is not the target's own.
    if text.find("://").is_some_and(|at| !text[..at].contains(['/', '?', '#'])) {
        return text.to_owned();
    }
    let end = text.find(['/', '?']).unwrap_or(text.len());
    let (authority, rest) = text.split_at(end);
    let port = authority.strip_prefix(':').unwrap_or(authority);
    if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("http://localhost:{port}{rest}");
    }
    format!("http://{text}")
}

impl Target {
    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The URL for a request.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host, without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        }
    }

    /// The port, given or usual.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// The host and the port, as people write them.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.url.host_str().unwrap_or_default(), self.port())
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Whether it speaks TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it is this machine, by its name or address alone: nothing is looked up.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => is_localhost(name),
            Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
            Some(Host::Ipv6(address)) => {
                address.is_loopback()
                    || address.is_unspecified()
                    || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
            }
            None => false,
        }
    }

    /// The addresses that need no look-up: an IP address itself, both families for `localhost`.
    #[must_use]
    pub fn known_addresses(&self) -> Option<Vec<SocketAddr>> {
        let port = self.port();
        let addresses: Vec<IpAddr> = match self.url.host()? {
            Host::Ipv4(address) => vec![address.into()],
            Host::Ipv6(address) => vec![address.into()],
            Host::Domain(name) if is_localhost(name) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            Host::Domain(_) => return None,
        };
        Some(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

/// `localhost` and what is below it name this machine, whatever a resolver says (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        text.parse().expect("a target")
    }

    #[test]
    fn short_forms_stand_for_this_machine() {
        for (text, url) in [
            ("3000", "http://localhost:3000/"),
            (":3000/path", "http://localhost:3000/path"),
            ("3000/webhooks/wpg?x=1", "http://localhost:3000/webhooks/wpg?x=1"),
            ("localhost:3000", "http://localhost:3000/"),
            ("localhost", "http://localhost/"),
            ("127.0.0.1:3000/a", "http://127.0.0.1:3000/a"),
            ("[::1]:3000", "http://[::1]:3000/"),
            ("https://example.com/hook#part", "https://example.com/hook"),
            ("example.com/hook", "http://example.com/hook"),
        ] {
            assert_eq!(target(text).as_str(), url, "{text}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_address() {
        for text in ["3000", "LOCALHOST:1", "app.localhost", "127.8.9.1", "[::1]", "0.0.0.0:3000", "[::ffff:127.0.0.1]"]
        {
            assert!(target(text).is_loopback(), "{text}");
        }
        for text in [
            "example.com",
            "localhost.example.com",
            "localhost.evil",
            "notlocalhost",
            "evil-localhost:3000",
            "10.0.0.1",
            "192.168.1.5",
            "128.0.0.1",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:93.184.216.34]",
        ] {
            assert!(!target(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn localhost_is_tried_on_both_families() {
        let addresses = target("localhost:3000").known_addresses().expect("known");
        assert_eq!(addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>(), ["127.0.0.1:3000", "[::1]:3000"]);
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "",
            " 3000",
            "ftp://localhost",
            "http://",
            "99999",
            "localhost:0",
            "http://user:pw@localhost",
            "a b",
            "http://[::1",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
