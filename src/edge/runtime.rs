//! The loop that waits for sockets and timers.

use std::future::Future;
use std::io;

/// Runs a future to its end in this thread. What it left behind, such as the look-up of a name that nobody waits for
/// any more, keeps nobody waiting.
pub fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(outcome)
}
