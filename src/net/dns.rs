//! DNS: where the servers of a domain are.

mod candidates;
mod error;
mod order;
mod service;
#[cfg(test)]
pub(crate) mod testing;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use runtime::SharedRandom;
use tokio::time::timeout;

pub use candidates::{Candidate, Host, Security};
pub use error::DnsError;
pub use service::{Service, SrvRecord};

/// How long one lookup may take, with all its retries.
const LOOKUP: Duration = Duration::from_secs(10);
/// How long a name server may take to answer.
const ANSWER: Duration = Duration::from_secs(3);
/// Responses kept.
const CACHED: u64 = 2048;
/// How long an answer is kept at most: what an operator mends is noticed soon.
const KEPT: Duration = Duration::from_secs(3600);
const KEPT_IF_NEGATIVE: Duration = Duration::from_secs(300);
/// Addresses used of one host, of each family.
const ADDRESSES: usize = 16;

/// A resolver with a cache.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    random: SharedRandom,
}

/// Which addresses of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

/// The answer to a question.
enum Answer {
    Records(Vec<RData>),
    /// The name exists, but has no such records.
    NoRecords,
    NoSuchName,
}

impl Resolver {
    /// As `/etc/resolv.conf` and `/etc/hosts` say. Blocking: reads two files. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`DnsError::Configuration`].
    pub fn system(random: SharedRandom) -> Result<Self, DnsError> {
        let bad = |error: &dyn std::fmt::Display| DnsError::Configuration(error.to_string());
        let builder = TokioResolver::builder_tokio().map_err(|e| bad(&e))?;
        Self::build(builder, ResolveHosts::Always, random)
    }

    /// With these name servers, by UDP and TCP, and nothing else. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`DnsError::Configuration`].
    pub fn with_servers(servers: &[SocketAddr], random: SharedRandom) -> Result<Self, DnsError> {
        let server = |address: &SocketAddr| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = address.port();
                connection
            });
            NameServerConfig::new(address.ip(), true, connections.into())
        };
        let config = ResolverConfig::from_name_servers(servers.iter().map(server).collect());
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        Self::build(builder, ResolveHosts::Never, random)
    }

    fn build(
        mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>,
        hosts: ResolveHosts,
        random: SharedRandom,
    ) -> Result<Self, DnsError> {
        limit(builder.options_mut(), hosts);
        let inner = builder.build().map_err(|error| DnsError::Configuration(error.to_string()))?;
        Ok(Resolver { inner, random })
    }

    /// The addresses of a host: IPv6 first. At most 16 of each family.
    ///
    /// # Errors
    /// [`DnsError`]: also if it has none.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        let (six, four) =
            tokio::join!(self.addresses_of(host, Family::V6), self.addresses_of(host, Family::V4));
        match (six, four) {
            (Ok(six), Ok(four)) if six.is_empty() && four.is_empty() => {
                Err(DnsError::NoAddress(host.to_owned()))
            }
            (Ok(six), Ok(four)) => Ok([six, four].concat()),
            // One family is enough, if it has an address.
            (Ok(some), Err(_)) | (Err(_), Ok(some)) if !some.is_empty() => Ok(some),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// The addresses of one family, possibly none.
    pub(crate) async fn addresses_of(&self, host: &str, family: Family) -> Result<Vec<IpAddr>, DnsError> {
        let record_type = match family {
            Family::V4 => RecordType::A,
            Family::V6 => RecordType::AAAA,
        };
        let records = match self.lookup(host, record_type).await? {
            Answer::Records(records) => records,
            Answer::NoRecords => Vec::new(),
            Answer::NoSuchName => return Err(DnsError::NoSuchDomain(host.to_owned())),
        };
        Ok(records.iter().filter_map(RData::ip_addr).take(ADDRESSES).collect())
    }

    /// Asks for the records of a name, an A-label or U-label without trailing dot.
    async fn lookup(&self, name: &str, record_type: RecordType) -> Result<Answer, DnsError> {
        let invalid = || DnsError::Invalid(name.to_owned());
        let ascii = xmpp::to_ascii(name).filter(|ascii| !ascii.is_empty()).ok_or_else(invalid)?;
        // Fully qualified: the search list of the system does not apply.
        let question = Name::from_ascii(format!("{ascii}.")).map_err(|_| invalid())?;
        let answer = timeout(LOOKUP, self.inner.lookup(question, record_type)).await;
        match answer.map_err(|_| DnsError::Timeout(name.to_owned()))? {
            Ok(found) => {
                let records = found.answers().iter().filter(|record| record.record_type() == record_type);
                Ok(Answer::Records(records.map(|record| record.data.clone()).collect()))
            }
            Err(error) => error::answer(name, error),
        }
    }
}

fn limit(options: &mut ResolverOpts, hosts: ResolveHosts) {
    options.timeout = ANSWER;
    options.attempts = 2;
    options.cache_size = CACHED;
    options.positive_max_ttl = Some(KEPT);
    options.negative_max_ttl = Some(KEPT_IF_NEGATIVE);
    options.use_hosts_file = hosts;
}

#[cfg(test)]
mod tests;
