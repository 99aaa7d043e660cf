//! The certificate that a peer has shown, and what it is good for.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, KeyUsage};

use super::end_point::server_end_point;
use super::facts::facts;
use super::fault::PeerFault;
use super::names::Names;
use super::provider::provider;
use super::roots::Roots;

/// The certificate chain of the other side of a connection. The handshake has proved only that the peer has the key of the
/// first certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    leaf: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
}

impl PeerCertificate {
    /// A chain in DER, the peer's own certificate first; `None` if it is empty. It is not parsed before it is
    /// looked at.
    pub fn from_der(chain: impl IntoIterator<Item = Vec<u8>>) -> Option<Self> {
        let mut chain = chain.into_iter().map(CertificateDer::from);
        Some(PeerCertificate { leaf: chain.next()?, others: chain.collect() })
    }

    pub(crate) fn of(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let (leaf, others) = chain.split_first()?;
        let others = others.iter().map(|one| one.clone().into_owned()).collect();
        Some(PeerCertificate { leaf: leaf.clone().into_owned(), others })
    }

    /// The chain in DER, the peer's own certificate first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.leaf).chain(&self.others).map(|one| &**one)
    }

    /// Whether it is valid for the server of a domain, given as U-labels or A-labels: issued by one of the
    /// roots, at this time (UTC microseconds), for servers, and with the domain as DNS-ID, SRV-ID or XmppAddr
    /// (RFC 6120 section 13.7.2). A server that connects to us is held to the same: public CAs no longer
    /// issue certificates for TLS clients, so those of servers are used in both directions.
    ///
    /// # Errors
    /// [`PeerFault`], the first that was found.
    pub fn verify(&self, domain: &str, roots: &Roots, now_us: i64) -> Result<(), PeerFault> {
        self.verify_chain(KeyUsage::server_auth(), roots, now_us)?;
        match self.is_for(domain) {
            true => Ok(()),
            false => {
                Err(self.names().map_or(PeerFault::Malformed, |names| PeerFault::WrongName(names.all())))
            }
        }
    }

    /// Whether it names the server of a domain, as for [`verify`](Self::verify); its issuer and dates are not checked.
    pub fn is_for(&self, domain: &str) -> bool {
        let domain = xmpp::to_ascii(domain);
        domain.is_some_and(|domain| self.names().is_some_and(|names| names.include(&domain)))
    }

    /// Whether it is valid for a client (XEP-0178 section 2): issued by one of the roots, at this time (UTC
    /// microseconds), for clients. Which account it is for is in [`xmpp_addrs`](Self::xmpp_addrs).
    ///
    /// # Errors
    /// [`PeerFault`], but never [`PeerFault::WrongName`].
    pub fn verify_client(&self, roots: &Roots, now_us: i64) -> Result<(), PeerFault> {
        self.verify_chain(KeyUsage::client_auth(), roots, now_us)
    }

    /// The names of type XmppAddr (RFC 6120 section 13.7.1.4): JIDs as they are written, not prepared.
    pub fn xmpp_addrs(&self) -> Vec<String> {
        self.names().map(|names| names.xmpp.into_iter().map(String::from).collect()).unwrap_or_default()
    }

    /// The names of type dNSName, in lower case.
    pub fn dns_names(&self) -> Vec<String> {
        self.names().map(|names| names.dns.into_iter().map(String::from).collect()).unwrap_or_default()
    }

    /// When it expires, UTC microseconds; `None` if it cannot be parsed.
    pub fn not_after_us(&self) -> Option<i64> {
        facts(&self.leaf).map(|facts| facts.not_after_us)
    }

    /// SHA-256 of the peer's own certificate.
    pub fn fingerprint_sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.leaf).into()
    }

    /// Its hash for the channel binding `tls-server-end-point` ([`ChannelBinding`](crate::ChannelBinding)), if it
    /// is a server's.
    pub fn end_point(&self) -> Option<Vec<u8>> {
        server_end_point(&self.leaf)
    }

    fn names(&self) -> Option<Names> {
        facts(&self.leaf).map(|facts| facts.names)
    }

    fn verify_chain(&self, usage: KeyUsage, roots: &Roots, now_us: i64) -> Result<(), PeerFault> {
        let now = UnixTime::since_unix_epoch(Duration::from_micros(u64::try_from(now_us).unwrap_or(0)));
        let algorithms = provider().signature_verification_algorithms.all;
        let verified = EndEntityCert::try_from(&self.leaf).and_then(|leaf| {
            let path =
                leaf.verify_for_usage(algorithms, roots.anchors(), &self.others, now, usage, None, None);
            path.map(drop)
        });
        verified.map_err(|error| {
            let own_issuer = || facts(&self.leaf).is_some_and(|facts| facts.own_issuer);
            PeerFault::new(error, own_issuer)
        })
    }
}

#[cfg(test)]
mod tests;
