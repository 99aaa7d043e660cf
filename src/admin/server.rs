//! The server's side of the socket.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use runtime::{Counter, Tasks};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::lock::Lock;
use crate::protocol::{CommandError, Commands, MAX_REQUEST, Reply, Request};
use crate::socket;

/// Connections served at once; others wait to be accepted.
const CONNECTIONS: usize = 32;

/// How long a connection may be idle, or not read its reply.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bound admin socket; its file is removed on drop.
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    failures: Counter,
}

impl Server {
    /// Binds the socket of a data directory, whose lock must be held.
    ///
    /// # Errors
    /// The socket cannot be created there.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind(data_dir: &Path, _held: &Lock) -> io::Result<Self> {
        let listener = UnixListener::from_std(socket::bind(data_dir)?)?;
        Ok(Self { listener, path: data_dir.join(socket::FILE), failures: Counter::default() })
    }

    /// Answers requests until shutdown begins; a command running then completes.
    pub async fn serve(self, commands: Arc<dyn Commands>, tasks: Tasks) {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let next = async {
                let permit = room.clone().acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let accepted = tokio::select! {
                () = tasks.drained_signal() => return,
                accepted = next => accepted,
            };
            match accepted {
                (Ok(permit), Ok((stream, _))) => {
                    let connection = connection(stream, commands.clone(), tasks.clone(), permit);
                    tasks.spawn("admin connection", connection);
                }
                (_, Err(error)) => self.pause(&error).await,
                (Err(_), _) => return,
            }
        }
    }

    /// Most likely out of file descriptors: continues a little later, without flooding the log meanwhile.
    async fn pause(&self, error: &io::Error) {
        if self.failures.get().is_multiple_of(100) {
            tracing::warn!(%error, "cannot accept on the admin socket");
        }
        self.failures.inc();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the admin socket was already removed");
        }
    }
}

async fn connection(
    mut stream: UnixStream,
    commands: Arc<dyn Commands>,
    tasks: Tasks,
    _permit: OwnedSemaphorePermit,
) {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut read).take(MAX_REQUEST as u64 + 1);
        let got = tokio::select! {
            () = tasks.drained_signal() => return,
            got = timeout(PATIENCE, bounded.read_until(b'\n', &mut line)) => got,
        };
        if !matches!(got, Ok(Ok(bytes)) if bytes > 0) {
            return;
        }
        let whole = line.ends_with(b"\n");
        let reply = if whole { answer(&line, &*commands).await } else { too_long(line.len()) };
        let Ok(mut bytes) = serde_json::to_vec(&reply) else { return };
        bytes.push(b'\n');
        if !matches!(timeout(PATIENCE, write.write_all(&bytes)).await, Ok(Ok(()))) || !whole {
            return;
        }
    }
}

async fn answer(line: &[u8], commands: &dyn Commands) -> Reply {
    match serde_json::from_slice::<Request>(line) {
        Ok(request) => commands.run(request).await.map_or_else(Reply::Error, Reply::Ok),
        Err(error) => Reply::Error(CommandError::new(format!("invalid request: {error}"))),
    }
}

fn too_long(bytes: usize) -> Reply {
    let why = if bytes > MAX_REQUEST { "it is longer than 64 MiB" } else { "it does not end in a newline" };
    Reply::Error(CommandError::new(format!("invalid request: {why}")))
}
