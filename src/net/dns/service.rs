//! SRV records of XMPP (RFC 2782, RFC 6120 section 3.2.1, XEP-0368).

use hickory_resolver::proto::rr::{RData, RecordType};

use super::{Answer, DnsError, Resolver};

/// SRV records used of one set.
pub(super) const RECORDS: usize = 32;

/// A service with SRV records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Clients, STARTTLS.
    XmppClient,
    /// Clients, direct TLS.
    XmppsClient,
    /// Servers, STARTTLS.
    XmppServer,
    /// Servers, direct TLS.
    XmppsServer,
}

impl Service {
    pub const ALL: [Service; 4] =
        [Service::XmppClient, Service::XmppsClient, Service::XmppServer, Service::XmppsServer];

    /// Its name in DNS, with the protocol: `_xmpp-client._tcp`.
    pub const fn name(self) -> &'static str {
        match self {
            Service::XmppClient => "_xmpp-client._tcp",
            Service::XmppsClient => "_xmpps-client._tcp",
            Service::XmppServer => "_xmpp-server._tcp",
            Service::XmppsServer => "_xmpps-server._tcp",
        }
    }
}

/// An SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrvRecord {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// A host, in lower case without trailing dot; `None` for `.`: the service is not offered.
    pub target: Option<Box<str>>,
}

impl Resolver {
    /// The SRV records of a domain for a service, the lowest priority first; empty if it has none. At most 32.
    ///
    /// # Errors
    /// [`DnsError`], if the answer is not known.
    pub async fn srv(&self, domain: &str, service: Service) -> Result<Vec<SrvRecord>, DnsError> {
        let domain = xmpp::to_ascii(domain).ok_or_else(|| DnsError::Invalid(domain.to_owned()))?;
        let name = format!("{}.{domain}", service.name());
        let Answer::Records(found) = self.lookup(&name, RecordType::SRV).await? else {
            return Ok(Vec::new());
        };
        let mut records: Vec<_> = found.iter().filter_map(record).collect();
        records.sort_by_key(|record| (record.priority, u16::MAX - record.weight));
        records.truncate(RECORDS);
        Ok(records)
    }

    /// The SRV records of each service of a domain.
    pub async fn services(&self, domain: &str) -> [(Service, Result<Vec<SrvRecord>, DnsError>); 4] {
        let [a, b, c, d] = Service::ALL;
        let found =
            tokio::join!(self.srv(domain, a), self.srv(domain, b), self.srv(domain, c), self.srv(domain, d));
        [(a, found.0), (b, found.1), (c, found.2), (d, found.3)]
    }
}

fn record(data: &RData) -> Option<SrvRecord> {
    let RData::SRV(srv) = data else { return None };
    let target = (!srv.target.is_root()).then(|| {
        let name = srv.target.to_ascii().to_ascii_lowercase();
        name.strip_suffix('.').unwrap_or(&name).into()
    });
    Some(SrvRecord { priority: srv.priority, weight: srv.weight, port: srv.port, target })
}
