//! The bytes of a file, read forward once.

use std::io::{self, BufRead, ErrorKind};

/// Reads bytes and counts them.
pub(crate) struct Input<R> {
    reader: R,
    offset: u64,
}

impl<R: BufRead> Input<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, offset: 0 }
    }

    /// How many bytes have been read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is buffered, without reading it; empty at the end.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.reader.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Asked again, since the borrow of the first answer could not be returned from within the loop.
        self.reader.fill_buf()
    }

    /// Reads `bytes` bytes of those that were peeked at.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.offset += bytes as u64;
    }

    /// The next byte; `None` at the end.
    pub(crate) fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?.first().copied();
        if byte.is_some() {
            self.skip(1);
        }
        Ok(byte)
    }

    /// Copies bytes up to the one that `ends`, which is read as well and not copied. `false`: the file ends before.
    pub(crate) fn until(&mut self, mut ends: impl FnMut(u8) -> bool, sink: &mut Sink) -> io::Result<bool> {
        loop {
            let buffered = self.peek()?;
            if buffered.is_empty() {
                return Ok(false);
            }
            let at = buffered.iter().position(|&byte| ends(byte));
            let end = at.unwrap_or(buffered.len());
            sink.push(buffered.get(..end).unwrap_or_default());
            self.skip(end + usize::from(at.is_some()));
            if at.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Bytes that are kept, up to a limit. Beyond it nothing is kept at all.
pub(crate) struct Sink {
    bytes: Vec<u8>,
    limit: usize,
    is_over: bool,
}

impl Sink {
    pub(crate) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_over: false }
    }

    /// One that keeps nothing.
    pub(crate) fn none() -> Self {
        Self { bytes: Vec::new(), limit: 0, is_over: true }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        if bytes.len() > self.limit - self.bytes.len() {
            self.is_over = true;
            self.bytes = Vec::new();
            return;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// What was pushed; `None` if that is more than the limit.
    pub(crate) fn take(self) -> Option<Vec<u8>> {
        (!self.is_over).then_some(self.bytes)
    }
}
