//! The negotiated terms of a session (XEP-0124 §7).

use std::num::NonZeroU64;
use std::time::Duration;

use settings::{Interval, Limit, group, number};

use super::body::Attributes;

/// The version of XEP-0124 implemented here.
const VERSION: (u32, u32) = (1, 11);

group! {
    /// What a server allows an address.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct AddressLimits {
        /// BOSH sessions from one address that have not logged in yet.
        bosh_sessions_per_address: Limit = number(500, 1..=1_000_000).server_wide();
    }
}

group! {
    /// What a server allows, for sessions to one domain.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BoshLimits {
        /// Most seconds that BOSH holds a request (XEP-0124 `wait`).
        bosh_wait: Limit = number(60, 1..=MOST).zero("as long as the client asks for");
        /// Most requests of one session that BOSH holds at once (XEP-0124 `hold`).
        bosh_hold: Limit = number(2, 1..=MOST_HELD).zero("as many as the client asks for, up to 16");
        /// Seconds that a BOSH session may be without a request before it ends (XEP-0124 `inactivity`); undelivered
        /// stanzas go to another resource or the offline store.
        bosh_inactivity: Limit = number(60, LEAST_INACTIVITY..=MOST).zero("the maximum, 65535");
        /// Longest pause without a request that a client may announce, in seconds (XEP-0124 `maxpause`).
        bosh_max_pause: Interval = number(120, 1..=MOST).zero("pauses are not offered");
        /// Least seconds between the requests of a polling client (XEP-0124 `polling`); the session of a faster one is
        /// closed.
        bosh_polling: Interval = number(2, 1..=MOST).zero("a client may poll at any rate");
    }
}

/// The upper bound of any time: the attributes have 16 bits.
const MOST: u64 = u16::MAX as u64;

/// The upper bound of held requests.
const MOST_HELD: u64 = 16;

/// Seconds a request is held if the client gives no `wait`.
const USUAL_WAIT: u64 = 60;

/// Seconds; a session with a shorter inactivity would not outlive a slow request.
const LEAST_INACTIVITY: u64 = 5;

#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// `None` for a client that gave none: it is sent errors as HTTP status codes.
    pub ver: Option<(u32, u32)>,
    pub wait: u16,
    pub hold: u8,
    pub inactivity: u16,
    pub max_pause: u16,
    pub polling: u16,
    pub content: &'static str,
    /// Whether both sides acknowledge (XEP-0124 §9).
    pub acks: bool,
}

/// The media type of responses.
pub(super) const CONTENT: &str = "text/xml; charset=utf-8";

/// Other types a client may request. `text/html` is not among them: responses contain what users write.
const OTHERS: [&str; 2] = ["application/xml; charset=utf-8", "text/plain; charset=utf-8"];

impl Terms {
    /// The client's request, within the limits.
    pub fn of(asked: &Attributes, limits: &BoshLimits) -> Self {
        let at_most = |limit: Limit, most: u64| limit.get().map_or(most, |limit| limit.get().min(most));
        let wait = asked.wait.unwrap_or(USUAL_WAIT).min(at_most(limits.bosh_wait, MOST)) as u16;
        let hold = asked.hold.unwrap_or(1).min(at_most(limits.bosh_hold, MOST_HELD)) as u8;
        // a session that holds no request polls, whichever of the two says so (XEP-0124 §12)
        let polls = wait == 0 || hold == 0;
        let (max_pause, polling) = (seconds(limits.bosh_max_pause), seconds(limits.bosh_polling));
        let inactivity = at_most(limits.bosh_inactivity, MOST);
        let inactivity = if polls { inactivity.saturating_add(polling) } else { inactivity };
        Self {
            ver: asked.ver.map(|ver| ver.min(VERSION)),
            wait: if polls { 0 } else { wait },
            hold: if polls { 0 } else { hold },
            inactivity: inactivity.min(MOST) as u16,
            max_pause: max_pause as u16,
            polling: polling as u16,
            content: content(asked.content.as_deref()),
            acks: asked.ack == Some(1),
        }
    }

    /// The number of requests that may be unanswered at once.
    pub fn requests(&self) -> u64 {
        u64::from(self.hold) + 1
    }

    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.wait.into())
    }

    pub fn inactivity(&self) -> Duration {
        Duration::from_secs(self.inactivity.into())
    }

    pub fn polling(&self) -> Duration {
        Duration::from_secs(self.polling.into())
    }

    /// Whether every request is answered at once.
    pub fn polls(&self) -> bool {
        self.hold == 0
    }

    /// The pause that is granted, if any.
    pub fn pause(&self, asked: Option<u64>) -> Option<Duration> {
        let asked = asked.filter(|&asked| asked <= self.max_pause.into() && self.max_pause > 0)?;
        Some(Duration::from_secs(asked.max(1)))
    }
}

/// The interval clamped to a 16-bit attribute; 0 if disabled.
fn seconds(interval: Interval) -> u64 {
    interval.get().map_or(0, NonZeroU64::get).min(MOST)
}

fn content(asked: Option<&str>) -> &'static str {
    let kind = |content: &str| content.split(';').next().map(|kind| kind.trim().to_ascii_lowercase());
    let asked = asked.and_then(kind);
    OTHERS.into_iter().find(|&content| kind(content) == asked).unwrap_or(CONTENT)
}
