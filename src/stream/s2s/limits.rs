//! Limits of what is exchanged with other servers.

use std::time::Duration;

use settings::{Interval, Limit, Required, group, number};

use crate::link::Bounds;

group! {
    /// Streams to and from other servers.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct S2sLimits {
        /// Stanzas of one domain that wait for one other server: for a stream to it, or for it to read or acknowledge.
        s2s_queue_stanzas: Required = number(5_000, 1..=1_000_000);
        /// The same in bytes.
        s2s_queue_bytes: Required = number(8_388_608, 65_536..=1 << 34);
        /// Seconds for which a stanza may wait for another server, then its sender gets an error.
        s2s_queue_seconds: Required = number(60, 1..=86_400);
        /// Seconds in which a stream to another server must be open.
        s2s_connect_seconds: Required = number(30, 2..=600).server_wide();
        /// Seconds after which a stream without any traffic is closed.
        s2s_idle_seconds: Interval = number(900, 10..=86_400).zero("it stays open").server_wide();
        /// Streams that other servers have opened and on which one domain has proved itself.
        s2s_streams_per_domain: Required = number(10, 1..=10_000).server_wide();
        /// Pairs of a domain here and one elsewhere between which stanzas wait or streams are open.
        s2s_pairs: Limit = number(50_000, 10..=10_000_000).server_wide();
        /// Bytes that another server may send per second on one stream, opened from now on, on average; more is read later, not
        /// refused.
        s2s_bytes_per_second: Limit = number(1_048_576, 1_000..=u32::MAX.into()).server_wide();
        /// Bytes that it may send in a burst before that rate applies.
        s2s_burst_bytes: Interval = number(8_388_608, 1_000..=u32::MAX.into()).zero("as much as in one second").server_wide();
    }
}

impl S2sLimits {
    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            stanzas: self.s2s_queue_stanzas.bound(),
            bytes: self.s2s_queue_bytes.bound(),
            time: Duration::from_secs(self.s2s_queue_seconds.get()),
        }
    }

    /// The limits of what another server sends.
    pub(super) fn stream(&self, most: net::StreamLimits) -> net::StreamLimits {
        net::StreamLimits {
            c2s_bytes_per_second: self.s2s_bytes_per_second,
            c2s_burst_bytes: self.s2s_burst_bytes,
            ..most
        }
    }
}
