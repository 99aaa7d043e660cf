//! Certificates by domain, and the handshake configurations built from them.

mod error;
mod facts;
mod files;
mod resolver;
mod self_signed;

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use runtime::SharedClock;
use rustls::crypto::aws_lc_rs;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::{CipherSuite, ServerConfig};

pub use error::{CertField, TlsError, TlsFault, TlsWarning};
use files::Pair;
pub use files::{Loaded, check_files};
use resolver::{Certificates, Direct, OfDomain};

/// The server side of a handshake. Cloned by reference count.
#[derive(Clone)]
pub struct TlsConfig(pub(crate) Arc<ServerConfig>);

/// The certificates of all domains. They can be exchanged while in use: new handshakes get the new one, open
/// connections stay as they are. Cloned by reference count.
#[derive(Clone)]
pub struct TlsStore(Arc<Shared>);

struct Shared {
    clock: SharedClock,
    certificates: Arc<ArcSwap<Certificates>>,
    direct: TlsConfig,
    https: TlsConfig,
    /// Serializes changes.
    change: Mutex<()>,
}

impl TlsStore {
    /// A store without certificates.
    ///
    /// # Errors
    /// The cryptographic library does not work on this machine.
    pub fn new(clock: SharedClock) -> Result<Self, TlsError> {
        let certificates = Arc::new(ArcSwap::from_pointee(Certificates::default()));
        // A client that offers only other protocols is refused (RFC 7301 §3.2).
        let by_sni = |protocols: &[&str]| {
            let mut config = server_config(Arc::new(Direct(certificates.clone())))?;
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
            Ok(TlsConfig(Arc::new(config)))
        };
        let direct = by_sni(&["xmpp-client"])?; // XEP-0368 §4
        let https = by_sni(&["h2", "http/1.1"])?; // RFC 9113 §3.2
        Ok(TlsStore(Arc::new(Shared { clock, certificates, direct, https, change: Mutex::new(()) })))
    }

    /// The configuration of direct TLS: the certificate is chosen by SNI, matched against domains and the
    /// names in certificates; without SNI it is the default domain's. An unknown name is refused with an
    /// alert.
    pub fn direct(&self) -> TlsConfig {
        self.0.direct.clone()
    }

    /// The configuration of HTTPS: as [`direct`](Self::direct), for HTTP/2 and HTTP/1.1.
    pub(crate) fn https(&self) -> TlsConfig {
        self.0.https.clone()
    }

    /// The configuration of STARTTLS on a stream to that domain: the certificate is chosen by SNI if that is
    /// a local domain, else by the stream's domain. `None` if the domain has no certificate.
    pub fn for_domain(&self, domain: &str) -> Option<TlsConfig> {
        let name = xmpp::to_ascii(domain)?;
        self.0.certificates.load().get(&name).map(|entry| entry.starttls.clone())
    }

    /// Loads a domain's certificate chain and key from PEM files, and uses them from now on. The first domain
    /// loaded is the default until [`set_default`](Self::set_default). The certificate belongs to the domain
    /// by configuration; mismatching names in it only cause a warning. Blocking: reads two files.
    ///
    /// # Errors
    /// [`TlsError`]; what was loaded before stays in use.
    pub fn load(&self, domain: &str, cert: &Path, key: &Path) -> Result<Loaded, TlsError> {
        let pair = files::read_pair(domain, cert, key, self.0.clock.now_us())?;
        self.install(pair)
    }

    /// Uses a self-signed certificate for the domain and its subdomains, stored as `NAME.crt` and `NAME.key`
    /// (0600) in `dir`; created if missing or expired. Blocking.
    ///
    /// # Errors
    /// [`TlsError`]: the directory cannot be written, or the domain cannot be put into a certificate.
    pub fn self_signed(&self, domain: &str, dir: &Path) -> Result<Loaded, TlsError> {
        let pair = self_signed::pair(domain, dir, self.0.clock.now_us())?;
        self.install(pair)
    }

    /// Serves `alias` (such as a service's domain) with the certificate of `domain`, by SNI and by `to`,
    /// until it has one of its own. `false` if the domain has no certificate or the alias is not a valid
    /// name.
    pub fn alias(&self, alias: &str, domain: &str) -> bool {
        let (Some(alias), Some(domain)) = (xmpp::to_ascii(alias), xmpp::to_ascii(domain)) else {
            return false;
        };
        let _change = self.0.change.lock();
        let mut all = Certificates::clone(&self.0.certificates.load());
        let found = all.alias(&alias, &domain);
        self.0.certificates.store(Arc::new(all));
        found
    }

    /// Sets the domain whose certificate is used for direct TLS without SNI.
    pub fn set_default(&self, domain: &str) {
        let Some(name) = xmpp::to_ascii(domain) else { return };
        let _change = self.0.change.lock();
        let mut all = Certificates::clone(&self.0.certificates.load());
        all.default = Some(name.as_ref().into());
        self.0.certificates.store(Arc::new(all));
    }

    /// Removes a domain, and the aliases that point to it. Open connections stay.
    pub fn remove(&self, domain: &str) {
        let Some(name) = xmpp::to_ascii(domain) else { return };
        let _change = self.0.change.lock();
        let mut all = Certificates::clone(&self.0.certificates.load());
        all.remove(&name);
        self.0.certificates.store(Arc::new(all));
    }

    fn install(&self, pair: Pair) -> Result<Loaded, TlsError> {
        let name: Arc<str> = pair.name.as_str().into();
        let _change = self.0.change.lock();
        if self.0.certificates.load().has(&name, &pair.key) {
            return Ok(pair.loaded); // as it is: clients may go on resuming sessions
        }
        let resolver = OfDomain { certificates: self.0.certificates.clone(), domain: name.clone() };
        // A new configuration has new ticket keys: sessions of the old certificate can no longer be resumed.
        let starttls = TlsConfig(Arc::new(server_config(Arc::new(resolver))?));
        let mut all = Certificates::clone(&self.0.certificates.load());
        all.insert(name, Arc::new(pair.key), pair.names.into(), starttls);
        self.0.certificates.store(Arc::new(all));
        Ok(pair.loaded)
    }
}

/// Preferred to whatever the client prefers: they derive keys with SHA-256, for which more processors have instructions than
/// for the SHA-384 of AES-256.
const CHEAPEST: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// TLS 1.2 and 1.3. No session state is kept: resumption is by tickets that the client holds.
fn server_config(resolver: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, TlsError> {
    let broken = |e: rustls::Error| TlsError::library(&e);
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| !CHEAPEST.contains(&suite.suite()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(broken)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(broken)?;
    // A client needs one to resume; each costs a write and 250 bytes on the wire.
    config.send_tls13_tickets = 1;
    config.ignore_client_order = true;
    Ok(config)
}

#[cfg(test)]
mod tests;
