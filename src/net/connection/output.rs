//! What waits to be written.

use std::io;
use std::task::{Context, Poll, ready};

use super::io::Io;
use super::scratch;

/// From so many written bytes on, the rest is moved to the front of the buffer.
const COMPACT: usize = 64 * 1024;

/// Bytes, of which the first `written` have been taken. Empty, it has no allocation.
#[derive(Default)]
pub(crate) struct Output {
    buffer: Vec<u8>,
    written: usize,
    /// Written, but TLS may still hold some of it.
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

    /// Gives up the allocation of a buffer that was asked for and not used.
    pub(crate) fn release_unused(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() != 0 {
            scratch::give_back(std::mem::take(&mut self.buffer));
        }
    }

    /// Ready when all is with the operating system.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut Io,
        count: &mut u64,
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
            *count += taken as u64;
        }
        self.written = 0;
        scratch::give_back(std::mem::take(&mut self.buffer));
        if self.unflushed {
            ready!(io.poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// A slow reader's buffer shall not keep all that was ever written; moving when half is gone costs each byte one
    /// move on average.
    fn compact(&mut self) {
        if self.written >= COMPACT && self.written >= self.pending() {
            self.buffer.drain(..self.written);
            self.written = 0;
        }
    }
}
