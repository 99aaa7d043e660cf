//! The command line's side of the socket. Blocking: a command does one thing at a time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use crate::protocol::{CommandError, MAX_REQUEST, Reply, Request};
use crate::socket::{self, SocketDir};

/// Maximum bytes of one reply: a list of a million sessions fits.
const MAX_REPLY: u64 = 1 << 28;

/// A connection to a running server.
pub struct Client(BufReader<UnixStream>);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server refused the command, or it failed there.
    #[error(transparent)]
    Refused(CommandError),
    /// The connection broke, or the reply was invalid.
    #[error("lost the connection to the server: {0}")]
    Io(io::Error),
    /// The request exceeds [`MAX_REQUEST`](crate::MAX_REQUEST); its size in bytes.
    #[error("the request has {0} bytes; at most {MAX_REQUEST} are allowed")]
    TooLong(usize),
}

impl Client {
    /// Connects to the server that uses the data directory; `None` if there is none.
    ///
    /// # Errors
    /// The socket exists but cannot be opened: most likely it belongs to another user.
    pub fn connect(data_dir: &Path) -> io::Result<Option<Self>> {
        let stream = SocketDir::open(data_dir).and_then(|dir| UnixStream::connect(dir.address(socket::FILE)));
        match stream {
            Ok(stream) => Ok(Some(Self(BufReader::new(stream)))),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a request and waits for the reply.
    ///
    /// # Errors
    /// The server refused, or the connection broke.
    pub fn call(&mut self, request: &Request) -> Result<Value, CallError> {
        let mut bytes = serde_json::to_vec(request).map_err(|error| CallError::Io(error.into()))?;
        if bytes.len() >= MAX_REQUEST {
            return Err(CallError::TooLong(bytes.len()));
        }
        bytes.push(b'\n');
        self.0.get_mut().write_all(&bytes).map_err(CallError::Io)?;
        let mut line = Vec::new();
        (&mut self.0).take(MAX_REPLY).read_until(b'\n', &mut line).map_err(CallError::Io)?;
        if !line.ends_with(b"\n") {
            return Err(CallError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_slice(&line) {
            Ok(Reply::Ok(value)) => Ok(value),
            Ok(Reply::Error(error)) => Err(CallError::Refused(error)),
            Err(error) => Err(CallError::Io(error.into())),
        }
    }
}
