//! Signals of the operating system.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The request expressed by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// SIGTERM or SIGINT: shut down gracefully.
    Stop,
    /// SIGHUP: reload the configuration.
    Reload,
}

/// The handled signals, caught from the creation of this value.
pub struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
    /// Caught, so that a write beyond a limit of file sizes fails like one on a full disk instead of ending the process.
    _too_large: Signal,
}

impl Signals {
    /// Starts listening.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            _too_large: signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?,
        })
    }

    /// The next signal. Cancel-safe.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.term.recv() => Asked::Stop,
            _ = self.int.recv() => Asked::Stop,
            _ = self.hup.recv() => Asked::Reload,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn each_signal_asks_for_its_own() {
        let mut signals = Signals::listen().unwrap();
        for (signal, asked) in
            [(Signal::HUP, Asked::Reload), (Signal::TERM, Asked::Stop), (Signal::INT, Asked::Stop)]
        {
            kill_process(getpid(), Signal::XFSZ).unwrap();
            kill_process(getpid(), signal).unwrap();
            assert_eq!(signals.next().await, asked);
        }
    }
}
