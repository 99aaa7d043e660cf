//! Counts per address.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;
use settings::Limit;

/// A count by address. IPv6 is counted by its first 64 bits: the client chooses the others.
#[derive(Default)]
pub(crate) struct Addresses(Mutex<HashMap<IpAddr, usize>>);

/// Counts as one until this is dropped.
pub(crate) struct Seat {
    addresses: Arc<Addresses>,
    key: IpAddr,
}

impl Addresses {
    /// Counts one more; `None` if there are `most` already.
    pub fn seat(self: &Arc<Self>, address: IpAddr, most: Limit) -> Option<Seat> {
        let key = key(address);
        let mut counts = self.0.lock();
        let count = counts.entry(key).or_insert(0);
        if *count >= most.bound() {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: self.clone(), key })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}
