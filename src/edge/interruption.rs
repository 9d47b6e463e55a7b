//! Ctrl-C, and the system's request to stop.

use std::io;

/// Hears of interruptions from the moment it is made, so that none is lost that comes before someone waits.
#[derive(Debug)]
pub struct Interruptions {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
    #[cfg(windows)]
    signal: tokio::signal::windows::CtrlC,
}

impl Interruptions {
    /// Begins to listen; from now on Ctrl-C does not end the process by itself. Needs a runtime around it.
    pub fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?] })
        }
        #[cfg(windows)]
        Ok(Self { signal: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(windows)]
        self.signal.recv().await;
    }
}

/// Makes a limit on the size of files (`ulimit -f`) an error of the write, as a full disk is, and not the end of the
/// process.
pub fn survive_file_size_limit() {
    #[cfg(unix)]
    {
        const SIGXFSZ: i32 = 25;
        // A signal that is noted is not left to the system; that nobody looks at the note does no harm.
        let _ = signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default());
    }
}
