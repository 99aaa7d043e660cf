//! A connection that is read while a write to it blocks.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::{Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
pub type Io = Box<dyn Stream>;

/// Some more bytes; the end of the connection is an error.
pub async fn read(io: &mut Io, into: &mut Vec<u8>) -> Result<()> {
    into.reserve(4096);
    if io.read_buf(into).await? == 0 {
        bail!("the connection ended");
    }
    Ok(())
}

/// Writes everything; while that blocks, keeps reading, so that a server that stops reading until we read
/// cannot lock both up.
pub async fn write(io: &mut Io, bytes: &[u8], into: &mut Vec<u8>) -> Result<()> {
    let mut written = 0;
    poll_fn(|cx| poll_write(io, bytes, &mut written, into, cx)).await?;
    Ok(())
}

/// Whether the other side has closed a connection on which nothing should come.
pub async fn is_over(io: &mut Io) -> bool {
    let mut space = [0; 1];
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *io).poll_read(cx, &mut ReadBuf::new(&mut space)).is_ready()))
        .await
}

fn poll_write(
    io: &mut Io,
    bytes: &[u8],
    written: &mut usize,
    into: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<std::io::Result<()>> {
    loop {
        while *written < bytes.len() {
            match Pin::new(&mut *io).poll_write(cx, &bytes[*written..]) {
                Poll::Ready(Ok(n)) => *written += n,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if *written == bytes.len()
            && let Poll::Ready(result) = Pin::new(&mut *io).poll_flush(cx)
        {
            return Poll::Ready(result);
        }
        let mut space = [0; 4096];
        let mut read = ReadBuf::new(&mut space);
        match Pin::new(&mut *io).poll_read(cx, &mut read) {
            Poll::Ready(Ok(())) if read.filled().is_empty() => {
                return Poll::Ready(Err(std::io::ErrorKind::UnexpectedEof.into()));
            }
            Poll::Ready(Ok(())) => into.extend_from_slice(read.filled()),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
    }
}
