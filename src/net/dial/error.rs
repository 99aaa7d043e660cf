//! Failed connections, worded for the operator.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use crate::dns::DnsError;

/// Why there is no connection to an address.
#[derive(Debug)]
pub enum Failure {
    /// The caller does not allow it, or it is no address of a single host.
    Forbidden,
    Io(io::Error),
    /// No answer within the time limit.
    TimedOut,
}

/// Why there is no connection to a host.
#[derive(Debug)]
pub struct DialError {
    /// `host:port`.
    pub target: String,
    /// The addresses that were tried, in that order.
    pub tried: Vec<(SocketAddr, Failure)>,
    /// Why there are no more addresses. `None` if the lookup succeeded, or was not finished in time.
    pub dns: Option<DnsError>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Forbidden => f.write_str("connections to this address are not allowed"),
            Failure::Io(error) => error.fmt(f),
            Failure::TimedOut => f.write_str("no answer within the time limit"),
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}", self.target)?;
        let mut mark = ": ";
        for (address, failure) in &self.tried {
            // An address that is the target has been named.
            match address.to_string() == self.target {
                true => write!(f, "{mark}{failure}")?,
                false => write!(f, "{mark}{address}: {failure}")?,
            }
            mark = "; ";
        }
        match &self.dns {
            Some(error) => write!(f, "{mark}{error}"),
            None if self.tried.is_empty() => write!(f, "{mark}the DNS lookup timed out"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DialError {}
