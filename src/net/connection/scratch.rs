//! Thread-local buffers, so that no connection holds one while idle.

use std::cell::RefCell;

use tokio::io::ReadBuf;

/// How much is read at once: two TLS records.
pub(crate) const SIZE: usize = 32 * 1024;

/// An output buffer that grew beyond this is freed instead of kept.
const SPARE: usize = 64 * 1024;

thread_local! {
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; SIZE].into_boxed_slice());
    static WRITE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's read buffer, up to `most` bytes of it.
pub(crate) fn with<T>(most: usize, read: impl FnOnce(&mut ReadBuf<'_>) -> T) -> T {
    READ.with_borrow_mut(|buffer| {
        let most = most.clamp(1, buffer.len());
        let (buffer, _) = buffer.split_at_mut(most);
        read(&mut ReadBuf::new(buffer))
    })
}

/// An empty output buffer: the thread's spare one, if any.
pub(crate) fn spare() -> Vec<u8> {
    WRITE.take()
}

/// Keeps an output buffer for the thread's next connection.
pub(crate) fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() <= SPARE {
        WRITE.with_borrow_mut(|kept| {
            if kept.capacity() < buffer.capacity() {
                buffer.clear();
                *kept = buffer;
            }
        });
    }
}
