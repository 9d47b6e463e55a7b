//! Whoever reads the standard output, and whether they have gone.

/// Waits until nobody reads the standard output any more. Waits for ever where the system does not tell: where the output is
/// a file, and elsewhere than on Linux. Needs a runtime around it.
pub async fn gone() {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsFd as _;

        use tokio::io::Interest;
        use tokio::net::unix::pipe::Sender;
        // Unchecked, it stays as it is: others that write there do not expect it to be set not to block. Nothing is written
        // here, and a terminal tells as well as a pipe; a file is refused.
        let output = std::io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
        if let Ok(output) = output
            && output.ready(Interest::ERROR).await.is_ok()
        {
            return;
        }
    }
    std::future::pending::<()>().await;
}
