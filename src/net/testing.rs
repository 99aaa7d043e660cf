//! TLS clients and servers over loopback, for the tests of this crate.

pub(crate) mod authority;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime::{ManualClock, SharedClock};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use xmpp::ElementLimits;

use crate::Rate;
use crate::connection::{Connection, TlsAcceptError};
use crate::tls::{TlsClientConfig, TlsConfig, TlsStore};

/// 2026-11-24T08:15:00Z.
pub(crate) const NOW_US: i64 = 1_795_508_100_000_000;

pub(crate) const HEADER: &[u8] = b"<?xml version='1.0'?><stream:stream to='chess.example' version='1.0' \
    xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/// This many bytes a second, with a burst of as many.
pub(crate) fn steady(bytes_per_second: u32) -> Rate {
    let bytes_per_second = NonZeroU32::new(bytes_per_second).unwrap();
    Rate { bytes_per_second, burst: bytes_per_second.get() }
}

pub(crate) fn clock() -> SharedClock {
    Arc::new(ManualClock::new(NOW_US))
}

/// A store with self-signed certificates for these domains, and its temporary directory.
pub(crate) fn store(domains: &[&str]) -> (TlsStore, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = TlsStore::new(clock()).unwrap();
    for domain in domains {
        store.self_signed(domain, dir.path()).unwrap();
    }
    (store, dir)
}

/// Writes a certificate and its key for a name, valid in these years.
pub(crate) fn issue(dir: &Path, name: &str, from: i32, to: i32) -> (PathBuf, PathBuf) {
    issue_for(dir, &[name], from, to)
}

/// The same for several names; the files are named after the first.
pub(crate) fn issue_for(dir: &Path, names: &[&str], from: i32, to: i32) -> (PathBuf, PathBuf) {
    let name = names[0];
    let key = rcgen::KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let cert = params.self_signed(&key).unwrap();
    let paths = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    std::fs::write(&paths.0, cert.pem()).unwrap();
    std::fs::write(&paths.1, key.serialize_pem()).unwrap();
    paths
}

/// The certificate in a PEM file.
pub(crate) fn der(path: &Path) -> CertificateDer<'static> {
    rustls_pki_types::pem::PemObject::from_pem_file(path).unwrap()
}

/// Accepts any certificate, so that a test can inspect it.
#[derive(Debug)]
struct AnyCertificate(CryptoProvider);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A client that accepts any certificate, sends SNI, and offers these protocols.
pub(crate) fn client(alpn: &[&str]) -> ClientConfig {
    client_with(alpn, &[&rustls::version::TLS13, &rustls::version::TLS12])
}

pub(crate) fn client_with(alpn: &[&str], versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let provider = aws_lc_rs::default_provider();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    config
}

pub(crate) async fn tcp() -> (TcpStream, SocketAddr, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, server) =
        tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let (server, peer) = server.unwrap();
    (server, peer, client.unwrap())
}

/// A plain connection and the client's end of it.
pub(crate) async fn plain(limits: ElementLimits) -> (Connection, TcpStream) {
    let (server, peer, client) = tcp().await;
    (Connection::plain(server, peer, limits), client)
}

/// The handshake of a client that sends `name` as SNI.
pub(crate) async fn connect(
    config: &ClientConfig,
    name: &str,
    stream: TcpStream,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config.clone())).connect(name, stream).await
}

/// Direct TLS, both sides.
pub(crate) async fn handshake(
    server: TlsConfig,
    client: &ClientConfig,
    name: &str,
) -> (Result<Connection, TlsAcceptError>, std::io::Result<TlsStream<TcpStream>>) {
    let (stream, peer, client_stream) = tcp().await;
    tokio::join!(
        Connection::accept_tls(stream, peer, server, ElementLimits::default()),
        connect(client, name, client_stream)
    )
}

/// Direct TLS between our server side and our client side.
pub(crate) async fn between(
    server: TlsConfig,
    client: TlsClientConfig,
    domain: &str,
) -> (Result<Connection, TlsAcceptError>, Result<Connection, TlsAcceptError>) {
    let (stream, peer, far) = tcp().await;
    let limits = ElementLimits::default();
    tokio::join!(
        Connection::accept_tls(stream, peer, server, limits),
        Connection::connect_tls(far, peer, client, domain, limits)
    )
}

/// The certificate a client was shown.
pub(crate) fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}
