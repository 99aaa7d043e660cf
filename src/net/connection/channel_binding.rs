//! Channel binding (RFC 5056): data that is the same at both ends of a TLS connection, and only there.

use rustls::ProtocolVersion;
use tokio_rustls::TlsStream;

use super::tls::Tls;
use crate::tls::server_end_point;

/// RFC 9266 section 4.2.
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

/// A type of channel binding, by its registered name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelBinding {
    /// `tls-exporter` (RFC 9266): 32 bytes that only this connection has. Only in TLS 1.3: in TLS 1.2 it needs the extended
    /// master secret, and rustls does not report whether that was negotiated.
    TlsExporter,
    /// `tls-server-end-point` (RFC 5929 section 4): the hash of the certificate that the server has shown. Undefined for
    /// certificates signed with Ed25519.
    TlsServerEndPoint,
}

impl ChannelBinding {
    /// The name in SCRAM's gs2 header and in XEP-0440.
    pub const fn name(self) -> &'static str {
        match self {
            ChannelBinding::TlsExporter => "tls-exporter",
            ChannelBinding::TlsServerEndPoint => "tls-server-end-point",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::TlsExporter, Self::TlsServerEndPoint].into_iter().find(|kind| kind.name() == name)
    }
}

pub(super) fn of(tls: &Tls, kind: ChannelBinding) -> Option<Vec<u8>> {
    match kind {
        ChannelBinding::TlsExporter => exporter(&tls.stream),
        ChannelBinding::TlsServerEndPoint => {
            let peer = || tls.stream.get_ref().1.peer_certificates()?.first().map(|leaf| &**leaf);
            server_end_point(match &tls.stream {
                TlsStream::Server(_) => tls.certificate.as_ref()?.leaf()?,
                TlsStream::Client(_) => peer()?,
            })
        }
    }
}

fn exporter<T>(stream: &TlsStream<T>) -> Option<Vec<u8>> {
    if stream.get_ref().1.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return None;
    }
    let exported = match stream {
        TlsStream::Server(stream) => stream.get_ref().1.export_keying_material([0; 32], EXPORTER, Some(b"")),
        TlsStream::Client(stream) => stream.get_ref().1.export_keying_material([0; 32], EXPORTER, Some(b"")),
    };
    exported.ok().map(|bytes: [u8; 32]| bytes.to_vec())
}
