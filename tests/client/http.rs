//! HTTP/1.1 as a client needs it that knows what it asked for.

use anyhow::{Context as _, Result, bail};
use tokio::io::AsyncWriteExt as _;

use crate::duplex::{self, Io};

/// Fields that the head of a response may have.
const FIELDS: usize = 64;

/// The head of a response.
pub struct Head {
    pub status: u16,
    /// Bytes up to the body.
    pub length: usize,
    /// Bytes of the body, as Content-Length says.
    pub body: Option<usize>,
    text: String,
}

impl Head {
    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// The head that `bytes` begin with; `None` until all of it is there.
pub fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = response.parse(bytes)? else { return Ok(None) };
    let mut body = None;
    for field in &*response.headers {
        if field.name.eq_ignore_ascii_case("content-length") {
            body = Some(std::str::from_utf8(field.value)?.trim().parse()?);
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("a body in chunks");
        }
    }
    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
    Ok(Some(Head { status: response.code.context("no status")?, length, body, text }))
}

/// A request; `line` is its method and path, `fields` are lines with their ends.
pub fn request(line: &str, authority: &str, fields: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n{body}")
}

/// A connection, on which requests are answered one after another.
pub struct Connection {
    io: Io,
    /// Read already, and not yet part of an answer.
    raw: Vec<u8>,
}

impl Connection {
    pub fn new(io: Io) -> Self {
        Self { io, raw: Vec::new() }
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<()> {
        duplex::write(&mut self.io, request, &mut self.raw).await
    }

    /// Reads an answer up to its body.
    pub async fn head(&mut self) -> Result<Head> {
        let head = self.until_head().await?;
        self.raw.drain(..head.length);
        Ok(head)
    }

    /// Reads an answer with its body. Dropped before it is ready, it has lost nothing.
    pub async fn answer(&mut self) -> Result<(Head, Vec<u8>)> {
        let head = self.until_head().await?;
        let end = head.length + head.body.context("an answer without Content-Length")?;
        while self.raw.len() < end {
            self.read().await?;
        }
        let body = self.raw[head.length..end].to_vec();
        self.raw.drain(..end);
        Ok((head, body))
    }

    async fn until_head(&mut self) -> Result<Head> {
        loop {
            match head(&self.raw)? {
                Some(head) => return Ok(head),
                None => self.read().await?,
            }
        }
    }

    async fn read(&mut self) -> Result<()> {
        duplex::read(&mut self.io, &mut self.raw).await.context("before an answer")
    }

    /// Whether the server has closed a connection on which no answer is due: servers do so after some time.
    pub async fn is_over(&mut self) -> bool {
        !self.raw.is_empty() || duplex::is_over(&mut self.io).await
    }

    /// Ends the connection in the middle of whatever it carries.
    pub async fn cut(&mut self) {
        // One that has ended already needs no end.
        let _ = self.io.shutdown().await;
    }
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
        assert_eq!((head.status, head.length, head.body), (200, whole, Some(12)));
        assert_eq!((head.get("x"), head.get("HTTP/1.1 200 OK")), (Some("y"), None));
        assert!(super::head(b"SMTP\r\n\r\n").is_err());
        Ok(())
    }
}
