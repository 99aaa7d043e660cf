//! Both sides of a handshake, as they are passed around.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use rustls::server::ClientHello;
use rustls::{ClientConfig, Error, ServerConfig};

use super::certificate::{Certificate, Use, client_config, server_config};
use super::table::Certificates;

/// What a store shares with its configurations.
pub(super) struct Table {
    pub(super) certificates: ArcSwap<Certificates>,
    /// Refuses every handshake, with an alert.
    refusing: Arc<ServerConfig>,
    /// For domains without a certificate.
    anonymous: OnceLock<Arc<ClientConfig>>,
}

impl Table {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Table {
            certificates: ArcSwap::default(),
            refusing: Arc::new(server_config(Use::Clients, None)?),
            anonymous: OnceLock::new(),
        })
    }

    /// The configuration for connections of that domain to other servers.
    pub(super) fn client(&self, domain: &str) -> Result<Arc<ClientConfig>, Error> {
        if let Some(found) = self.certificates.load().get(domain) {
            return found.certificate.client();
        }
        if let Some(config) = self.anonymous.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(client_config(None)?);
        Ok(self.anonymous.get_or_init(|| config).clone())
    }
}

/// The server side of handshakes of one kind: certificate and details are chosen by each ClientHello, from what the store then
/// has. Cloned by reference count.
#[derive(Clone)]
pub struct TlsConfig {
    pub(super) table: Arc<Table>,
    pub(super) of: Use,
    /// The stream's domain, an A-label; `None` with direct TLS.
    pub(super) domain: Option<Arc<str>>,
}

/// What one handshake uses.
pub(crate) struct Chosen {
    pub(crate) config: Arc<ServerConfig>,
    /// `None` if it will be refused.
    pub(crate) certificate: Option<Arc<Certificate>>,
}

impl TlsConfig {
    /// # Errors
    /// The cryptographic library failed.
    pub(crate) fn choose(&self, hello: &ClientHello<'_>) -> Result<Chosen, Error> {
        let all = self.table.certificates.load();
        let sni = hello.server_name();
        let found = match &self.domain {
            Some(domain) => all.of_stream(domain, sni),
            None => all.direct(sni),
        };
        let Some(found) = found else {
            return Ok(Chosen { config: self.table.refusing.clone(), certificate: None });
        };
        // With STARTTLS the stream says whose clients these are, whatever SNI says.
        let of_clients = self.domain.as_ref().unwrap_or(found.domain);
        let of = if all.client_ca(of_clients).is_some() { self.of.with_certificate() } else { self.of };
        let config = found.certificate.server(of)?;
        Ok(Chosen { config, certificate: Some(found.certificate.clone()) })
    }
}

/// The client side of handshakes with other servers. Cloned by reference count.
#[derive(Clone)]
pub struct TlsClientConfig(pub(crate) Arc<ClientConfig>);
