//! A certificate with the handshake configurations that use it.
//!
//! A configuration has ticket keys of its own. Because each belongs to one certificate and one use, a session can only be
//! resumed with the certificate that it began with, and by the same kind of peer.

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, Error, ServerConfig};

use super::any_peer::AnyPeer;
use super::provider::{VERSIONS, provider};

/// What a server configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// STARTTLS for clients.
    Clients,
    /// The same, asking for a certificate (XEP-0178).
    ClientsWithCertificate,
    /// Direct TLS for clients.
    DirectClients,
    /// The same, asking for a certificate (XEP-0178).
    DirectClientsWithCertificate,
    Https,
    /// STARTTLS for servers.
    Servers,
    /// Direct TLS for servers.
    DirectServers,
}

impl Use {
    const COUNT: usize = 7;

    /// The same for a domain whose clients may have certificates.
    pub(super) fn with_certificate(self) -> Self {
        match self {
            Use::Clients => Use::ClientsWithCertificate,
            Use::DirectClients => Use::DirectClientsWithCertificate,
            other => other,
        }
    }

    /// Whether the peer is asked for a certificate.
    fn asks(self) -> bool {
        !matches!(self, Use::Clients | Use::DirectClients | Use::Https)
    }

    /// The protocols offered (RFC 7301). A client that offers only other ones is refused (section 3.2).
    fn protocols(self) -> &'static [&'static str] {
        match self {
            Use::Clients | Use::ClientsWithCertificate | Use::Servers => &[],
            Use::DirectClients | Use::DirectClientsWithCertificate => &["xmpp-client"], // XEP-0368 §3
            Use::DirectServers => &["xmpp-server"],                                     // XEP-0368 §3
            Use::Https => &["h2", "http/1.1"],                                          // RFC 9113 §3.2
        }
    }
}

/// A certificate chain with its key. Configurations are built at their first handshake: with many domains, most are never needed.
pub(crate) struct Certificate {
    key: Arc<CertifiedKey>,
    /// The names in the certificate.
    names: Box<[Box<str>]>,
    server: [OnceLock<Arc<ServerConfig>>; Use::COUNT],
    client: OnceLock<Arc<ClientConfig>>,
}

impl Certificate {
    pub(super) fn new(key: CertifiedKey, names: Vec<Box<str>>) -> Self {
        Certificate {
            key: Arc::new(key),
            names: names.into(),
            server: Default::default(),
            client: OnceLock::new(),
        }
    }

    pub(super) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Whether this is the same chain.
    pub(super) fn same(&self, other: &Certificate) -> bool {
        self.key.cert == other.key.cert
    }

    /// The domain's own certificate, DER.
    pub(crate) fn leaf(&self) -> Option<&[u8]> {
        self.key.cert.first().map(|leaf| &**leaf)
    }

    pub(super) fn server(&self, of: Use) -> Result<Arc<ServerConfig>, Error> {
        let Some(slot) = self.server.get(of as usize) else { return Err(Error::General(format!("{of:?}"))) };
        if let Some(config) = slot.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(server_config(of, Some(&self.key))?);
        Ok(slot.get_or_init(|| config).clone())
    }

    /// The configuration for connections to other servers, which are shown this certificate if they ask.
    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.client.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(client_config(Some(&self.key))?);
        Ok(self.client.get_or_init(|| config).clone())
    }
}

/// TLS 1.2 and 1.3; without a certificate every handshake is refused with an alert. No session state is kept: resumption is
/// by tickets that the client holds, which contain the client's certificates too, as rustls restores them.
pub(super) fn server_config(of: Use, key: Option<&Arc<CertifiedKey>>) -> Result<ServerConfig, Error> {
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(VERSIONS)?;
    let config = match of.asks() {
        true => config.with_client_cert_verifier(Arc::new(AnyPeer)),
        false => config.with_no_client_auth(),
    };
    let mut config = match key {
        Some(key) => config.with_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone()))),
        None => config.with_cert_resolver(Arc::new(NoCertificate)),
    };
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    // A client needs one to resume; each costs a write and 250 bytes on the wire.
    config.send_tls13_tickets = 1;
    config.ignore_client_order = true;
    config.alpn_protocols = of.protocols().iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}

/// TLS 1.2 and 1.3, with any certificate of the other server: what it is good for is decided afterwards. Sessions are not
/// resumed: connections between servers last, and each handshake has to show both certificates.
pub(super) fn client_config(key: Option<&Arc<CertifiedKey>>) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyPeer));
    let mut config = match key {
        Some(key) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone()))),
        None => config.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Refuses every handshake.
#[derive(Debug)]
struct NoCertificate;

impl rustls::server::ResolvesServerCert for NoCertificate {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}
