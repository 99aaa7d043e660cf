//! Several addresses, of which the first to answer wins (RFC 8305).

use std::collections::VecDeque;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::error::{DialError, Failure};
use crate::dns::DnsError;

/// Before the next address is tried beside those that have not answered (section 8).
const STAGGER: Duration = Duration::from_millis(250);
/// How long a known IPv4 address waits for IPv6 addresses (section 8).
const RESOLUTION: Duration = Duration::from_millis(50);

type Lookup = Result<Vec<IpAddr>, DnsError>;

/// An attempt that has not ended.
type Running<F> = (SocketAddr, Pin<Box<F>>);

struct Race<F> {
    port: u16,
    /// Whether the lookup of IPv6 addresses has ended.
    six_known: bool,
    four_known: bool,
    six: VecDeque<SocketAddr>,
    four: VecDeque<SocketAddr>,
    /// Whether the last one started was an IPv6 address.
    was_six: bool,
    running: Vec<Running<F>>,
    tried: Vec<(SocketAddr, Failure)>,
    dns: Vec<DnsError>,
    /// Not before this the next one starts.
    next: Instant,
}

/// Tries the addresses of both lookups until one connects or the time is over.
pub(super) async fn race<T, F: Future<Output = Result<T, Failure>>>(
    target: &impl Display,
    port: u16,
    six: impl Future<Output = Lookup>,
    four: impl Future<Output = Lookup>,
    limit: Duration,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<(T, SocketAddr), DialError> {
    let (mut six, mut four) = (pin!(six), pin!(four));
    let start = Instant::now();
    let mut race = Race::new(port, start);
    let mut late = pin!(sleep_until(start + limit));
    while !race.is_over() {
        let next = race.next;
        tokio::select! {
            biased;
            (address, ended) = poll_fn(|cx| race.poll_running(cx)) => match ended {
                Ok(connected) => return Ok((connected, address)),
                Err(failure) => race.failed(address, failure),
            },
            found = &mut six, if !race.six_known => {
                race.six_known = true;
                race.found(found, Duration::ZERO);
            }
            found = &mut four, if !race.four_known => {
                race.four_known = true;
                race.found(found, if race.six_known { Duration::ZERO } else { RESOLUTION });
            }
            () = sleep_until(next), if race.is_waiting() => race.start_next(&connect),
            () = &mut late => return Err(race.lost(target, true)),
        }
    }
    Err(race.lost(target, false))
}

impl<T, F: Future<Output = Result<T, Failure>>> Race<F> {
    fn new(port: u16, now: Instant) -> Self {
        Race {
            port,
            six_known: false,
            four_known: false,
            six: VecDeque::new(),
            four: VecDeque::new(),
            was_six: false,
            running: Vec::new(),
            tried: Vec::new(),
            dns: Vec::new(),
            next: now,
        }
    }

    fn is_waiting(&self) -> bool {
        !self.six.is_empty() || !self.four.is_empty()
    }

    fn is_over(&self) -> bool {
        self.six_known && self.four_known && !self.is_waiting() && self.running.is_empty()
    }

    /// A lookup has ended; `wait`: for how long its addresses wait for others, unless an attempt runs.
    fn found(&mut self, found: Lookup, wait: Duration) {
        let found = found.unwrap_or_else(|error| {
            self.dns.push(error);
            Vec::new()
        });
        if self.running.is_empty() {
            self.next = Instant::now() + wait;
        }
        for address in found {
            let address = SocketAddr::new(address.to_canonical(), self.port);
            match address {
                SocketAddr::V6(_) => self.six.push_back(address),
                SocketAddr::V4(_) => self.four.push_back(address),
            }
        }
    }

    /// The families take turns, IPv6 first (section 4).
    fn start_next(&mut self, connect: impl Fn(SocketAddr) -> F) {
        let (first, second) = match self.was_six {
            true => (&mut self.four, &mut self.six),
            false => (&mut self.six, &mut self.four),
        };
        let Some(address) = first.pop_front().or_else(|| second.pop_front()) else { return };
        self.was_six = address.is_ipv6();
        self.running.push((address, Box::pin(connect(address))));
        self.next = Instant::now() + STAGGER;
    }

    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<(SocketAddr, Result<T, Failure>)> {
        for index in 0..self.running.len() {
            let Some((address, attempt)) = self.running.get_mut(index) else { break };
            if let Poll::Ready(ended) = attempt.as_mut().poll(cx) {
                let address = *address;
                drop(self.running.remove(index));
                return Poll::Ready((address, ended));
            }
        }
        Poll::Pending
    }

    /// The next one need not wait for this any more.
    fn failed(&mut self, address: SocketAddr, failure: Failure) {
        self.tried.push((address, failure));
        self.next = Instant::now();
    }

    fn lost(mut self, target: &impl Display, late: bool) -> DialError {
        self.tried.extend(self.running.into_iter().map(|(address, _)| (address, Failure::TimedOut)));
        let target = target.to_string();
        let nothing = self.tried.is_empty() && self.dns.is_empty() && !late;
        // A failure that may pass says more than that there is nothing of the other family.
        self.dns.sort_by_key(|error| !error.is_temporary());
        let one_is_enough = !self.tried.is_empty();
        let mut dns = self.dns.into_iter().next().filter(|error| !one_is_enough || error.is_temporary());
        if nothing {
            let host = target.rsplit_once(':').map_or(&*target, |(host, _)| host);
            dns = Some(DnsError::NoAddress(host.to_owned()));
        }
        DialError { target, tried: self.tried, dns }
    }
}

#[cfg(test)]
mod tests;
