//! The socket under a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use super::channel_binding::{self, ChannelBinding};
use super::error::TlsAcceptError;
use super::scratch;
use super::tls::{self, Tls};
use super::tunnel::Tunnel;
use crate::tls::{PeerCertificate, TlsClientConfig, TlsConfig};

/// How much input is discarded after the server's end before the connection is closed anyway.
const DISCARD: usize = 256 * 1024;

/// Plain TCP, TLS over it, or a stream within HTTP/2. TLS is boxed: it is ten times as large, and plain
/// connections must not pay for it.
pub(crate) enum Io {
    Plain(TcpStream),
    Tls(Box<Tls>),
    Tunnel(Box<Tunnel>),
}

/// What TLS negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsAbout {
    /// `TLSv1_3` or `TLSv1_2`, as rustls names them.
    pub version: &'static str,
    /// The cipher suite, by rustls' name.
    pub cipher: &'static str,
    /// The client's SNI name, an A-label in lower case; `None` on the client's side.
    pub sni: Option<String>,
    /// The protocol chosen by ALPN, if any.
    pub alpn: Option<String>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

impl Io {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Io::Plain(stream)
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Io::Tls(_))
    }

    /// The server's side of a handshake.
    pub(crate) async fn accept(self, config: TlsConfig) -> Result<Self, TlsAcceptError> {
        let Io::Plain(stream) = self else { return Err(TlsAcceptError::AlreadyTls) };
        // Boxed so that a session's task does not hold the handshake's state for its whole life.
        Ok(Io::Tls(Box::pin(tls::accept(stream, config)).await?))
    }

    /// The client's side of a handshake with the server of `domain`; `direct` names the protocol (ALPN).
    pub(crate) async fn connect(
        self,
        config: TlsClientConfig,
        domain: &str,
        direct: bool,
    ) -> Result<Self, TlsAcceptError> {
        let Io::Plain(stream) = self else { return Err(TlsAcceptError::AlreadyTls) };
        Ok(Io::Tls(Box::pin(tls::connect(stream, config, domain, direct)).await?))
    }

    pub(crate) fn about(&self) -> Option<TlsAbout> {
        let Io::Tls(tls) = self else { return None };
        let (_, session) = tls.stream.get_ref();
        let suite = session.negotiated_cipher_suite().and_then(|s| s.suite().as_str());
        Some(TlsAbout {
            version: session.protocol_version().and_then(|v| v.as_str()).unwrap_or("unknown"),
            cipher: suite.unwrap_or("unknown"),
            sni: match &tls.stream {
                TlsStream::Server(stream) => stream.get_ref().1.server_name().map(str::to_owned),
                TlsStream::Client(_) => None,
            },
            alpn: session.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned()),
            resumed: session.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
        })
    }

    pub(crate) fn peer_certificate(&self) -> Option<PeerCertificate> {
        let Io::Tls(tls) = self else { return None };
        PeerCertificate::of(tls.stream.get_ref().1.peer_certificates()?)
    }

    pub(crate) fn channel_binding(&self, kind: ChannelBinding) -> Option<Vec<u8>> {
        let Io::Tls(tls) = self else { return None };
        channel_binding::of(tls, kind)
    }

    /// Ready with nothing filled in at the end. A TLS peer that leaves without close_notify counts as ended
    /// too: the stream has an end tag of its own, so truncation cannot go unnoticed.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Io::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(tls) => match ready!(Pin::new(&mut tls.stream).poll_read(cx, buffer)) {
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
                read => Poll::Ready(read),
            },
            Io::Tunnel(tunnel) => tunnel.poll_read(cx, buffer),
        }
    }

    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Io::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Io::Tls(tls) => Pin::new(&mut tls.stream).poll_write(cx, bytes),
            Io::Tunnel(tunnel) => tunnel.poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Io::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Io::Tls(tls) => Pin::new(&mut tls.stream).poll_write_vectored(cx, slices),
            Io::Tunnel(tunnel) => {
                let first = slices.iter().find(|slice| !slice.is_empty());
                tunnel.poll_write(cx, first.map_or(&[], |slice| slice))
            }
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Io::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Io::Tls(tls) => Pin::new(&mut tls.stream).poll_flush(cx),
            Io::Tunnel(tunnel) => tunnel.poll_flush(cx),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Io::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Io::Tls(tls) => Pin::new(&mut tls.stream).poll_shutdown(cx),
            Io::Tunnel(tunnel) => tunnel.poll_shutdown(cx),
        }
    }

    /// Reads and discards, bypassing TLS, until the peer's end, an error, or the limit.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut discarded = 0;
        while discarded < DISCARD {
            let read = scratch::with(scratch::SIZE, |buffer| {
                ready!(match self {
                    Io::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
                    Io::Tls(tls) => Pin::new(tls.stream.get_mut().0).poll_read(cx, buffer),
                    Io::Tunnel(tunnel) => tunnel.poll_read(cx, buffer),
                })?;
                Poll::Ready(io::Result::Ok(buffer.filled().len()))
            });
            match ready!(read) {
                Ok(0) | Err(_) => break,
                Ok(count) => discarded += count,
            }
        }
        Poll::Ready(())
    }
}
