//! What came from the server as it came: tungstenite hides how a message was cut into frames.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use client::{Io, frame};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes that were read and have not been looked at.
pub struct Tape(Arc<Mutex<Vec<u8>>>);

/// A connection whose bytes are on the tape as well.
pub fn taped(io: Io) -> (Io, Tape) {
    let bytes = Arc::<Mutex<Vec<u8>>>::default();
    (Box::new(Taped { io, bytes: bytes.clone() }), Tape(bytes))
}

impl Tape {
    /// Skips the head of an HTTP response.
    pub fn skip_head(&mut self) {
        let mut bytes = self.0.lock().unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        bytes.drain(..end + 4);
    }

    /// Takes a whole frame off, which is not masked.
    pub fn frame(&mut self) -> frame::Head {
        let mut bytes = self.0.lock().unwrap();
        let head = frame::head(&bytes).unwrap().expect("half a frame");
        assert!(!head.is_masked, "a frame of the server is masked");
        bytes.drain(..head.length);
        head
    }
}

struct Taped {
    io: Io,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Taped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        self.bytes.lock().unwrap().extend_from_slice(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Taped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
