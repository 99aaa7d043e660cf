//! STARTTLS (RFC 6120 §5.4).

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::framer::{Framer, has};
use crate::stream::{DECLARATION, header};

/// Opens a stream and goes on up to the `<proceed/>`.
pub async fn request(socket: &mut TcpStream, to: &str) -> Result<()> {
    let mut framer = Framer::default();
    socket.write_all(format!("{DECLARATION}{}", header(to)).as_bytes()).await?;
    loop {
        match framer.next_event() {
            None if socket.read_buf(&mut framer.buffer).await? == 0 => bail!("the connection ended"),
            Some((_, range)) if has(&framer.buffer[range.clone()], "<proceed") => return Ok(()),
            Some((_, range)) if has(&framer.buffer[range.clone()], ":features") => {
                socket.write_all(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await?;
            }
            _ => {}
        }
    }
}
