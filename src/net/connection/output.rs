//! Pending output.

use std::io;
use std::task::{Context, Poll, ready};

use runtime::Counter;

use super::io::Io;
use super::scratch;

/// From this many written bytes on, the rest is moved to the front of the buffer.
const COMPACT: usize = 64 * 1024;

/// Bytes, of which the first `written` have been taken. When empty, it has no allocation.
#[derive(Default)]
pub(crate) struct Output {
    buffer: Vec<u8>,
    written: usize,
    /// Whether TLS may still hold some of what was written.
    unflushed: bool,
}

impl Output {
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        if self.buffer.capacity() == 0 {
            self.buffer = scratch::spare();
        }
        &mut self.buffer
    }

    pub(crate) fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.written)
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Whether there is anything to write or to flush.
    pub(crate) fn unsettled(&self) -> bool {
        self.pending() != 0 || self.unflushed
    }

    /// Frees a buffer that was requested but not used.
    pub(crate) fn release_unused(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() != 0 {
            scratch::give_back(std::mem::take(&mut self.buffer));
        }
    }

    /// Ready when everything is with the operating system; `sent` counts the bytes.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut Io,
        sent: &Counter,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self.buffer.get(self.written..).filter(|rest| !rest.is_empty()) {
            let taken = match io.poll_write(cx, rest) {
                Poll::Ready(taken) => taken?,
                Poll::Pending => {
                    self.compact();
                    return Poll::Pending;
                }
            };
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += taken;
            self.unflushed = true;
            sent.add(taken as u64);
        }
        self.written = 0;
        scratch::give_back(std::mem::take(&mut self.buffer));
        if self.unflushed {
            ready!(io.poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// A slow client's buffer must not keep everything ever written; moving when half is gone costs each byte
    /// one move on average.
    fn compact(&mut self) {
        if self.written >= COMPACT && self.written >= self.pending() {
            self.buffer.drain(..self.written);
            self.written = 0;
        }
    }
}
