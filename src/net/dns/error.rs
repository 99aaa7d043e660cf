//! Failures of lookups, worded for the operator.

use hickory_resolver::net::{DnsError as Reason, NetError};
use hickory_resolver::proto::op::ResponseCode;

use super::Answer;

/// Why a domain or host is not found. All but the last contain its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// It cannot be a name in DNS.
    #[error("{0:?} is not a valid domain name")]
    Invalid(String),
    /// NXDOMAIN.
    #[error("{0} does not exist (NXDOMAIN)")]
    NoSuchDomain(String),
    /// It exists, but has neither A nor AAAA records.
    #[error("{0} has no address (A or AAAA record)")]
    NoAddress(String),
    /// All its SRV records have the target `.` (RFC 2782).
    #[error("{0} does not offer XMPP to other servers (its SRV records say \".\")")]
    NotOffered(String),
    /// The name servers answered with an error, such as SERVFAIL or REFUSED.
    #[error("the name servers cannot answer for {0} ({1})")]
    Failed(String, String),
    /// The name servers did not answer in time.
    #[error("the name servers did not answer for {0} in time")]
    Timeout(String),
    /// No name server can be reached; the reason.
    #[error("no name server can be reached to look up {0}: {1}")]
    Unreachable(String, String),
    /// The system's resolver configuration cannot be used; the reason.
    #[error("cannot use the resolver configuration of the system: {0}")]
    Configuration(String),
}

impl DnsError {
    /// Whether the same lookup may succeed later without a change by the domain's operator.
    pub fn is_temporary(&self) -> bool {
        matches!(self, DnsError::Failed(..) | DnsError::Timeout(_) | DnsError::Unreachable(..))
    }
}

/// An answer without records, or a failure.
pub(super) fn answer(name: &str, error: NetError) -> Result<Answer, DnsError> {
    let name = name.to_owned();
    match error {
        NetError::Timeout => Err(DnsError::Timeout(name)),
        NetError::Dns(Reason::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NoError => Ok(Answer::NoRecords),
            ResponseCode::NXDomain => Ok(Answer::NoSuchName),
            code => Err(DnsError::Failed(name, mnemonic(code))),
        },
        NetError::Dns(Reason::ResponseCode(code)) => Err(DnsError::Failed(name, mnemonic(code))),
        NetError::Dns(other) => Err(DnsError::Failed(name, other.to_string())),
        NetError::Proto(error) => Err(DnsError::Failed(name, error.to_string())),
        other => Err(DnsError::Unreachable(name, other.to_string())),
    }
}

/// A response code as it is registered (RFC 6895 section 2.3), and as tools print it.
fn mnemonic(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => other.to_string(),
    }
}
