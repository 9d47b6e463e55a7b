//! The way of a provider's deliveries: to the target, or to a receiver inside the program.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::commands::receiver::{Receiver, Reception};
use crate::commands::targeting::{Connecting, open};
use crate::edge::client::{Client, ClientOptions};
use crate::edge::listener::{self, Limits, Room};
use crate::edge::target::{Target, TargetError};
use crate::error::Error;
use crate::webhook::attempt::Attempt;
use crate::webhook::delivery::Delivery;
use crate::webhook::provider::Provider;
use crate::webhook::secret::Secret;

/// How long to wait for an answer where nobody says.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Where deliveries go, and what sends them there.
pub struct Route {
    /// Whose deliveries these are, where that is known.
    pub provider: Option<Arc<Provider>>,
    /// Where they go.
    pub target: Target,
    pub(super) client: Arc<Client>,
    receiver: Option<Arc<Receiver>>,
}

impl Route {
    /// The way to a target. Looks its name up.
    pub async fn to(
        target: Target,
        provider: Option<Arc<Provider>>,
        connecting: Connecting<'_>,
    ) -> Result<Self, Error> {
        let documented = provider.as_ref().and_then(|provider| provider.policy.timeout);
        let timeout = connecting.timeout.or(documented).unwrap_or(USUAL_TIMEOUT);
        let (insecure, reuse) = (connecting.insecure, connecting.reuse);
        let spelling = provider.as_ref().map(|provider| provider.header_names()).unwrap_or_default();
        let options = ClientOptions { timeout, insecure, spelling, reuse, ..ClientOptions::default() };
        let client = open(&target, connecting.cacert, options).await?;
        Ok(Self { provider, target, client: Arc::new(client), receiver: None })
    }

    /// The way to a receiver inside the program, which verifies with the same secrets. Starts it on a free port.
    pub async fn inside(
        provider: Arc<Provider>,
        secrets: &[Secret],
        clock: fn() -> Timestamp,
        connecting: Connecting<'_>,
    ) -> Result<Self, Error> {
        let system = |reason| Error::System { what: "no port can be listened on", reason };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(system)?;
        let address = listener.local_addr().map_err(system)?;
        let path = provider.request.path.as_deref().unwrap_or("/");
        let target: Target = format!("http://{address}{path}").parse().map_err(|error: TargetError| {
            Error::usage(error.to_string(), "mend `request.path` in the provider's file")
        })?;
        let receiver = Arc::new(Receiver::new(Arc::clone(&provider), secrets, clock));
        let room = Room::new(Limits { body: usize::MAX, ..Limits::default() });
        tokio::spawn(listener::serve(vec![listener], Arc::clone(&receiver), room, std::future::pending()));
        let route = Self::to(target, Some(provider), connecting).await?;
        Ok(Self { receiver: Some(receiver), ..route })
    }

    /// Whether the program receives these deliveries itself.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.receiver.is_some()
    }

    /// How a delivery arrived at the receiver inside the program, if it did.
    pub(super) fn reception(&self, delivery: &Delivery, attempt: &mut Attempt) -> Option<Reception> {
        let answer = attempt.outcome.as_mut().ok()?;
        let mut reception = self.receiver.as_ref()?.take(&mut answer.headers)?;
        // Not every provider sends an id; both arrows are to have the same.
        reception.delivery.id.clone_from(&delivery.id);
        reception.delivery.variant.clone_from(&delivery.variant);
        Some(reception)
    }
}
