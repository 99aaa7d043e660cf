//! As much of HTTP/1.1 as a client needs that knows what it asked for.

use anyhow::{Context as _, Result, bail};
use memchr::memmem;

/// The head of a response.
pub struct Head {
    pub status: u16,
    /// Bytes up to the body.
    pub length: usize,
    /// Bytes of the body; none said is none there.
    pub body: usize,
}

/// The head that `bytes` begin with; `None` until all of it is there.
pub fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end])?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status line")?.parse()?;
    let mut body = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse()?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("a body in chunks");
        }
    }
    Ok(Some(Head { status, length: end + 4, body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() -> Result<()> {
        let response = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH: 12\r\n\r\n<body";
        let whole = response.len() - 5;
        assert!(head(&response[..whole - 1])?.is_none());
        let head = head(response)?.context("not whole")?;
        assert_eq!((head.status, head.length, head.body), (200, whole, 12));
        Ok(())
    }
}
