//! The ways to a receiver that is checked, and the ear for whoever stops that.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::commands::targeting::{Connecting, open};
use crate::edge::client::{Client, ClientOptions};
use crate::edge::interruption::Interruptions;
use crate::edge::target::Target;
use crate::error::Error;
use crate::webhook::attempt::{Attempt, Failure};
use crate::webhook::probe::material::{Shot, Wire};

/// The ways to a receiver.
pub(super) struct Connections {
    usual: Client,
    lower_case: Client,
    /// Uses a connection again; only where making one takes long.
    kept: Option<Client>,
}

impl Connections {
    /// Clients for a target. Looks its name up.
    pub(super) async fn open(target: &Target, timeout: Duration, connecting: Connecting<'_>) -> Result<Self, Error> {
        let options = ClientOptions { timeout, insecure: connecting.insecure, ..ClientOptions::default() };
        let open = async |options: ClientOptions| open(target, connecting.cacert, options).await;
        let far = !target.is_loopback() || target.is_https();
        Ok(Self {
            usual: open(options.clone()).await?,
            lower_case: open(ClientOptions { lower_case: true, ..options.clone() }).await?,
            kept: if far { Some(open(ClientOptions { reuse: true, ..options }).await?) } else { None },
        })
    }

    /// Sends one request, and says what came of it.
    pub(super) async fn send(&self, shot: &Shot, now: Timestamp) -> Attempt {
        if let (Some(kept), Wire::Usual) = (&self.kept, shot.wire) {
            let attempt = kept.send(&shot.delivery, 1, now).await;
            // A receiver may close a kept connection just as the next request goes out on it: that is no answer.
            if !matches!(attempt.outcome, Err(Failure::Broken { .. })) {
                return attempt;
            }
        }
        let client = if shot.wire == Wire::LowerCase { &self.lower_case } else { &self.usual };
        client.send_as(&shot.delivery, shot.wire, 1, now).await
    }
}

/// Hears Ctrl-C from now on, whatever is being waited for.
pub(super) fn interruption() -> watch::Receiver<bool> {
    let (stopped, stop) = watch::channel(false);
    tokio::spawn(async move {
        // Where there are no signals, nobody can stop it this way.
        if let Ok(mut interruptions) = Interruptions::new() {
            interruptions.next().await;
            let _ = stopped.send(true);
        }
        // Who waits for a change must not be told that there will be none.
        std::future::pending::<()>().await;
    });
    stop
}
