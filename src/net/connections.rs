//! Limits on the number of connections, per address and in total.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use runtime::Counter;
use settings::{Interval, Limit, group, number};
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::address::{Addresses, Seat};
use crate::http::Networks;

group! {
    /// Connections of clients.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ConnectionLimits {
        /// Connections from one address (IPv6: one /64). Loopback and `trusted_proxies` are exempt; clients behind a proxy
        /// count by the address that it reports.
        connections_per_address: Limit = number(1000, 1..=1_000_000).server_wide();
        /// Connections of all clients together. File descriptors bound them as well: the server raises `RLIMIT_NOFILE` as
        /// far as permitted and keeps some descriptors for itself.
        connections: Limit = number(0, 1..=100_000_000).zero("as many as file descriptors allow").server_wide();
        /// Seconds after which a client that has vanished is found, if something was sent to it: its connection does not
        /// acknowledge data (TCP_USER_TIMEOUT, for connections accepted from now on), or nothing comes from it although it was
        /// asked for an acknowledgement (XEP-0198).
        peer_seconds: Interval = number(90, 2..=86_400).zero("when the operating system gives up").server_wide();
    }
}

/// The open connections, and their limits.
pub struct Connections {
    limits: ArcSwap<ConnectionLimits>,
    /// Limit imposed by file descriptors.
    most: usize,
    trusted: Networks,
    open: AtomicUsize,
    addresses: Arc<Addresses>,
    refused: Counter,
}

/// Counts as a connection until this is dropped.
pub struct Admission {
    connections: Arc<Connections>,
    /// `None` where connections are not counted by address.
    seat: Option<Seat>,
}

impl Connections {
    /// No connections. File descriptors allow `most` of them.
    pub fn new(limits: ConnectionLimits, trusted: Networks, most: usize) -> Arc<Self> {
        Arc::new(Self {
            limits: ArcSwap::from_pointee(limits),
            most,
            trusted,
            open: AtomicUsize::new(0),
            addresses: Arc::default(),
            refused: Counter::new(),
        })
    }

    /// Without limits.
    pub fn unlimited() -> Arc<Self> {
        let limits = ConnectionLimits {
            connections_per_address: Limit::OFF,
            connections: Limit::OFF,
            peer_seconds: Interval::OFF,
        };
        Self::new(limits, Networks::default(), usize::MAX)
    }

    /// Sets the limits of connections accepted from now on.
    pub fn set_limits(&self, limits: ConnectionLimits) {
        self.limits.store(Arc::new(limits));
    }

    /// A peer that does not acknowledge what is sent on this connection is given up after the time limit.
    pub fn watch(&self, stream: &TcpStream) {
        let limit = self.limits.load().peer_seconds.get().map(|seconds| Duration::from_secs(seconds.get()));
        // If this fails the socket is dead, which the first read will show.
        let _ = SockRef::from(stream).set_tcp_user_timeout(limit);
    }

    /// Counts one more from this address; `None` if there are too many, which is counted as refused.
    pub fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Admission> {
        let most = self.limits.load().connections.bound().min(self.most);
        if self.open.fetch_add(1, Ordering::AcqRel) >= most {
            self.open.fetch_sub(1, Ordering::AcqRel);
            return self.refuse(peer);
        }
        // From here on it counts, and is released if it is refused below.
        let mut admission = Admission { connections: self.clone(), seat: None };
        if !self.trusted.contains(peer) {
            admission.seat = self.seat(peer)?;
        }
        Some(admission)
    }

    /// The seat of an address; `Some(None)` if it needs none, `None` if it has too many, which is counted as
    /// refused.
    pub(crate) fn seat(&self, address: IpAddr) -> Option<Option<Seat>> {
        if address.to_canonical().is_loopback() {
            return Some(None);
        }
        match self.addresses.seat(address, self.limits.load().connections_per_address) {
            Some(seat) => Some(Some(seat)),
            None => self.refuse(address),
        }
    }

    fn refuse<T>(&self, address: IpAddr) -> Option<T> {
        self.refused.inc();
        tracing::debug!(%address, "connection refused: too many connections");
        None
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// The number of connections refused so far.
    pub fn refused(&self) -> u64 {
        self.refused.get()
    }
}

impl Admission {
    /// A trusted proxy has named the client: the connection now counts for that address. `false` if it has
    /// too many.
    pub fn is_for(&mut self, client: IpAddr) -> bool {
        match self.connections.trusted.contains(client) {
            true => true, // the proxy itself
            false => self.connections.seat(client).map(|seat| self.seat = seat).is_some(),
        }
    }

    /// Charges the connection to this seat from now on: it has become that client's.
    pub(crate) fn sit(&mut self, seat: Seat) {
        self.seat = Some(seat);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn connections(per_address: u64, all: u64) -> Arc<Connections> {
        let limits = ConnectionLimits {
            connections_per_address: Limit::of(per_address),
            connections: Limit::of(all),
            peer_seconds: Interval::OFF,
        };
        Connections::new(limits, Networks::parse(["192.0.2.0/24"]).unwrap(), 100)
    }

    #[tokio::test]
    async fn a_connection_is_watched_by_the_limits_of_its_time() {
        let limits = |seconds| ConnectionLimits {
            connections_per_address: Limit::OFF,
            connections: Limit::OFF,
            peer_seconds: Interval::of(seconds),
        };
        let connections = Connections::new(limits(90), Networks::default(), 100);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stream, _) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let stream = stream.unwrap();
        let watched = || {
            connections.watch(&stream);
            SockRef::from(&stream).tcp_user_timeout().unwrap()
        };
        assert_eq!(watched(), Some(Duration::from_secs(90)));
        connections.set_limits(limits(7));
        assert_eq!(watched(), Some(Duration::from_secs(7)));
        connections.set_limits(limits(0));
        assert_eq!(watched(), None);
    }

    fn admitted(connections: &Arc<Connections>, from: &str) -> Vec<Admission> {
        std::iter::repeat_with(|| connections.admit(address(from))).take(50).map_while(|one| one).collect()
    }

    #[test]
    fn each_address_has_a_number_of_its_own() {
        let connections = connections(2, 0);
        let one = admitted(&connections, "198.51.100.1");
        assert_eq!((one.len(), connections.refused()), (2, 1));
        assert_eq!(admitted(&connections, "198.51.100.2").len(), 2);
        assert_eq!(admitted(&connections, "::ffff:198.51.100.1").len(), 0, "the same address");
        drop(one);
        assert_eq!(connections.open(), 0);
        assert_eq!(admitted(&connections, "198.51.100.1").len(), 2);
    }

    #[test]
    fn of_ipv6_a_whole_network_counts() {
        let connections = connections(2, 0);
        let _one = connections.admit(address("2001:db8::1")).unwrap();
        let _two = connections.admit(address("2001:db8::ffff:2")).unwrap();
        assert!(connections.admit(address("2001:db8::3")).is_none());
        assert!(connections.admit(address("2001:db8:0:1::3")).is_some());
    }

    #[test]
    fn loopback_and_proxies_may_have_any_number_and_who_is_behind_them_may_not() {
        let connections = connections(2, 0);
        for any in ["127.0.0.1", "::1", "192.0.2.7"] {
            assert_eq!(admitted(&connections, any).len(), 50, "{any}");
        }
        let mut behind = admitted(&connections, "192.0.2.7");
        let client = address("198.51.100.1");
        assert_eq!(behind.iter_mut().filter_map(|one| one.is_for(client).then_some(())).count(), 2);
        behind.clear();
        assert_eq!(admitted(&connections, "198.51.100.1").len(), 2);
    }

    #[test]
    fn all_together_are_bounded_by_the_limit_and_by_descriptors() {
        let connections = connections(0, 3);
        let held = admitted(&connections, "127.0.0.1");
        assert_eq!((held.len(), connections.open()), (3, 3));
        let off = ConnectionLimits {
            connections_per_address: Limit::OFF,
            connections: Limit::OFF,
            peer_seconds: Interval::of(7),
        };
        connections.set_limits(off);
        let more: Vec<_> = (0..200).map_while(|_| connections.admit(address("198.51.100.1"))).collect();
        assert_eq!(more.len(), 97);
    }
}
