//! Certificates by domain, and the handshake configurations built from them.

mod any_peer;
mod certificate;
mod config;
mod end_point;
mod error;
mod facts;
mod fault;
mod files;
mod names;
mod peer;
mod provider;
mod roots;
mod self_signed;
mod table;

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use runtime::SharedClock;

pub(crate) use certificate::Certificate;
use certificate::Use;
use config::Table;
pub use config::{TlsClientConfig, TlsConfig};
pub(crate) use end_point::server_end_point;
pub use error::{CertField, TlsError, TlsFault, TlsWarning};
pub use fault::PeerFault;
use files::Pair;
pub use files::{Loaded, check_files};
pub use peer::PeerCertificate;
pub use roots::Roots;
use table::Certificates;

/// The certificates of all domains. They can be exchanged while in use: new handshakes get the new one, open
/// connections stay as they are. Cloned by reference count.
#[derive(Clone)]
pub struct TlsStore(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    table: Arc<Table>,
    /// Serializes changes.
    change: Mutex<()>,
}

impl TlsStore {
    /// A store without certificates.
    ///
    /// # Errors
    /// The cryptographic library does not work on this machine.
    pub fn new(clock: SharedClock) -> Result<Self, TlsError> {
        let table = Arc::new(Table::new().map_err(|e| TlsError::library(&e))?);
        Ok(TlsStore(Arc::new(Shared { clock, table, change: Mutex::new(()) })))
    }

    /// The configuration of direct TLS for clients: the certificate is chosen by SNI, matched against domains
    /// and the names in certificates; without SNI it is the default domain's. An unknown name is refused with
    /// an alert. Clients of a domain with a [client CA](Self::set_client_ca) are asked for a certificate.
    pub fn direct(&self) -> TlsConfig {
        self.config(Use::DirectClients, None)
    }

    /// The configuration of direct TLS for servers (XEP-0368): as [`direct`](Self::direct), but the peer is
    /// always asked for a certificate. Any certificate is accepted, and a peer without one: see
    /// [`peer_certificate`](crate::Connection::peer_certificate).
    pub fn direct_servers(&self) -> TlsConfig {
        self.config(Use::DirectServers, None)
    }

    /// The configuration of HTTPS: as [`direct`](Self::direct), for HTTP/2 and HTTP/1.1. No client is asked
    /// for a certificate.
    pub(crate) fn https(&self) -> TlsConfig {
        self.config(Use::Https, None)
    }

    /// The configuration of STARTTLS on a client's stream to that domain: the certificate is chosen by SNI if
    /// that is a local domain, else by the stream's domain. `None` if the domain has no certificate. Clients
    /// of a domain with a [client CA](Self::set_client_ca) are asked for a certificate.
    pub fn for_domain(&self, domain: &str) -> Option<TlsConfig> {
        self.of_stream(Use::Clients, domain)
    }

    /// The configuration of STARTTLS on a server's stream to that domain: as
    /// [`for_domain`](Self::for_domain), but the peer is always asked for a certificate, as with
    /// [`direct_servers`](Self::direct_servers).
    pub fn servers_of_domain(&self, domain: &str) -> Option<TlsConfig> {
        self.of_stream(Use::Servers, domain)
    }

    /// The configuration for connections of a local domain to other servers, which are shown the domain's
    /// certificate if they ask for one and it has one. Kept until the certificate changes.
    ///
    /// # Errors
    /// The cryptographic library failed.
    pub fn client(&self, domain: &str) -> Result<TlsClientConfig, TlsError> {
        let name = xmpp::to_ascii(domain).unwrap_or_default();
        self.0.table.client(&name).map(TlsClientConfig).map_err(|e| TlsError::library(&e))
    }

    /// Sets the CAs that issue certificates to the clients of a domain (XEP-0178). While they are set, its clients
    /// are asked for a certificate. The handshake accepts any certificate, and clients without one; use
    /// [`PeerCertificate::verify_client`](crate::PeerCertificate::verify_client) afterwards. Holds until the
    /// domain is [removed](Self::remove).
    pub fn set_client_ca(&self, domain: &str, roots: Option<Roots>) {
        self.change(|all, name| all.set_client_ca(name, roots), domain);
    }

    /// The value set by [`set_client_ca`](Self::set_client_ca).
    pub fn client_ca(&self, domain: &str) -> Option<Roots> {
        self.0.table.certificates.load().client_ca(&xmpp::to_ascii(domain)?).cloned()
    }

    /// Loads a domain's certificate chain and key from PEM files, and uses them from now on. The first domain
    /// loaded is the default until [`set_default`](Self::set_default). The certificate belongs to the domain
    /// by configuration; mismatching names in it only cause a warning. Blocking: reads two files.
    ///
    /// # Errors
    /// [`TlsError`]; what was loaded before stays in use.
    pub fn load(&self, domain: &str, cert: &Path, key: &Path) -> Result<Loaded, TlsError> {
        let pair = files::read_pair(domain, cert, key, self.0.clock.now_us())?;
        Ok(self.install(pair))
    }

    /// Uses a self-signed certificate for the domain and its subdomains, stored as `NAME.crt` and `NAME.key`
    /// (0600) in `dir`; created if missing or expired. Blocking.
    ///
    /// # Errors
    /// [`TlsError`]: the directory cannot be written, or the domain cannot be put into a certificate.
    pub fn self_signed(&self, domain: &str, dir: &Path) -> Result<Loaded, TlsError> {
        let pair = self_signed::pair(domain, dir, self.0.clock.now_us())?;
        Ok(self.install(pair))
    }

    /// Serves `alias` (such as a service's domain) with the certificate of `domain`, by SNI and by `to`,
    /// until it has one of its own. `false` if the domain has no certificate or the alias is not a valid
    /// name.
    pub fn alias(&self, alias: &str, domain: &str) -> bool {
        let Some(domain) = xmpp::to_ascii(domain) else { return false };
        self.change(|all, alias| all.alias(alias, &domain), alias).unwrap_or(false)
    }

    /// Sets the domain whose certificate is used for direct TLS without SNI.
    pub fn set_default(&self, domain: &str) {
        self.change(|all, name| all.default = Some(name.into()), domain);
    }

    /// Removes a domain, with its client CA, and the aliases that point to it. Open connections stay.
    pub fn remove(&self, domain: &str) {
        self.change(Certificates::remove, domain);
    }

    fn config(&self, of: Use, domain: Option<Arc<str>>) -> TlsConfig {
        TlsConfig { table: self.0.table.clone(), of, domain }
    }

    fn of_stream(&self, of: Use, domain: &str) -> Option<TlsConfig> {
        let name = xmpp::to_ascii(domain)?;
        let domain = self.0.table.certificates.load().get(&name)?.domain.clone();
        Some(self.config(of, Some(domain)))
    }

    /// Changes the table at a domain's A-label; `None` if it has none.
    fn change<T>(&self, change: impl FnOnce(&mut Certificates, &str) -> T, domain: &str) -> Option<T> {
        let name = xmpp::to_ascii(domain)?;
        let _change = self.0.change.lock();
        let mut all = Certificates::clone(&self.0.table.certificates.load());
        let changed = change(&mut all, &name);
        self.0.table.certificates.store(Arc::new(all));
        Some(changed)
    }

    fn install(&self, pair: Pair) -> Loaded {
        let certificate = Certificate::new(pair.key, pair.names);
        let install = |all: &mut Certificates, name: &str| {
            // The same again: clients may go on resuming sessions. A new one has new ticket keys.
            if !all.has(name, &certificate) {
                all.insert(name.into(), Arc::new(certificate));
            }
        };
        self.change(install, &pair.name);
        pair.loaded
    }
}

#[cfg(test)]
mod tests;
