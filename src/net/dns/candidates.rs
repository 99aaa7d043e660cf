//! Where the server of a domain may be reached (RFC 6120 section 3.2, XEP-0368).

use std::fmt;
use std::net::IpAddr;

use super::order::ordered;
use super::service::RECORDS;
use super::{DnsError, Resolver, Service, SrvRecord};

/// The port of servers without SRV records (RFC 6120 section 3.2.2).
const PORT: u16 = 5269;

/// How a server is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// TLS after the stream has begun (RFC 6120 section 5).
    StartTls,
    /// TLS first (XEP-0368).
    Direct,
}

/// A host that a connection is made to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name in DNS, in lower case without trailing dot.
    Name(Box<str>),
    Address(IpAddr),
}

/// Where a server may be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Candidate {
    pub host: Host,
    pub port: u16,
    pub security: Security,
}

impl Resolver {
    /// Where the server of a domain may be, in the order to try; at most 32. The domain is given as U-labels,
    /// A-labels or an address (`192.0.2.1`, `[2001:db8::1]`), which is used as it is. SRV records for STARTTLS
    /// and direct TLS are merged, and shuffled by weight (RFC 2782). A domain without any is itself the host.
    ///
    /// # Errors
    /// [`DnsError`]: also [`NotOffered`](DnsError::NotOffered), or if a domain without SRV records has no
    /// address.
    pub async fn candidates(&self, domain: &str) -> Result<Vec<Candidate>, DnsError> {
        if let Some(address) = literal(domain) {
            return Ok(vec![Candidate::fallback(Host::Address(address))]);
        }
        let (direct, starttls) =
            tokio::join!(self.srv(domain, Service::XmppsServer), self.srv(domain, Service::XmppServer));
        let (direct, starttls, failure) = match (direct, starttls) {
            (Ok(direct), Ok(starttls)) => (direct, starttls, None),
            // What is known is used; that there is nothing is not known.
            (Ok(direct), Err(failure)) => (direct, Vec::new(), Some(failure)),
            (Err(failure), Ok(starttls)) => (Vec::new(), starttls, Some(failure)),
            (Err(_), Err(failure)) => return Err(failure),
        };
        let some = !direct.is_empty() || !starttls.is_empty();
        let found = self.merged(direct, starttls);
        match failure {
            _ if !found.is_empty() => Ok(found),
            Some(failure) => Err(failure),
            // Also if only one of the two says so: then the domain knows of SRV records (XEP-0368 section 5).
            None if some => Err(DnsError::NotOffered(domain.to_owned())),
            None => self.itself(domain).await,
        }
    }

    fn merged(&self, direct: Vec<SrvRecord>, starttls: Vec<SrvRecord>) -> Vec<Candidate> {
        let direct = direct.into_iter().map(|record| (record, Security::Direct));
        let starttls = starttls.into_iter().map(|record| (record, Security::StartTls));
        let offered = direct.chain(starttls).filter(|(record, _)| record.target.is_some()).collect();
        let mut found: Vec<_> = ordered(offered, |(record, _)| record, &*self.random)
            .into_iter()
            .filter_map(|(record, security)| {
                Some(Candidate { host: Host::Name(record.target?), port: record.port, security })
            })
            .collect();
        found.truncate(RECORDS);
        found
    }

    /// A domain without SRV records. Its addresses are looked up to tell whether it exists; they are then in
    /// the cache.
    async fn itself(&self, domain: &str) -> Result<Vec<Candidate>, DnsError> {
        self.addresses(domain).await?;
        let name = xmpp::to_ascii(domain).ok_or_else(|| DnsError::Invalid(domain.to_owned()))?;
        Ok(vec![Candidate::fallback(Host::Name(name.as_ref().into()))])
    }
}

impl Candidate {
    fn fallback(host: Host) -> Self {
        Candidate { host, port: PORT, security: Security::StartTls }
    }
}

/// An address instead of a domain: IPv6 in brackets.
fn literal(domain: &str) -> Option<IpAddr> {
    match domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']')) {
        Some(six) => six.parse().ok().map(IpAddr::V6),
        None => domain.parse().ok().map(IpAddr::V4),
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V6(six)) => write!(f, "[{six}]"),
            Host::Address(four) => write!(f, "{four}"),
        }
    }
}

impl fmt::Display for Candidate {
    /// `host:port`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
