//! What a session's two sides have agreed on (XEP-0124 §7).

use std::time::Duration;

use super::body::Attributes;

/// The version of XEP-0124 that is spoken here.
const VERSION: (u32, u32) = (1, 11);

/// What a server allows, for sessions to one domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest time that a request waits for its answer, in seconds; 0: as the client asks.
    pub wait: u64,
    /// The most requests that are kept waiting; 0: as the client asks, up to 16.
    pub hold: u64,
    /// How long a session lives without a request, in seconds; 0: as long as can be said, 65,535.
    pub inactivity: u64,
    /// The longest pause that a client may ask for, in seconds; 0: none.
    pub max_pause: u64,
    /// The least time between empty requests, in seconds; 0: any.
    pub polling: u64,
    /// What one stanza may have.
    pub stanza: xmpp::Limits,
    /// Bytes a second that a client may send; 0: any number.
    pub bytes_per_second: u32,
}

/// The most that any time may be: the attributes have 16 bits.
const MOST: u64 = u16::MAX as u64;

/// The most requests that are kept waiting.
const MOST_HELD: u64 = 16;

/// Seconds that a request waits if its client does not say.
const USUAL_WAIT: u64 = 60;

/// A session that ends sooner would not outlive a slow request.
const LEAST_INACTIVITY: u64 = 5;

/// What was agreed on.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// None for a client that gave none: it is told of errors by HTTP status codes.
    pub ver: Option<(u32, u32)>,
    pub wait: u16,
    pub hold: u8,
    pub inactivity: u16,
    pub max_pause: u16,
    pub polling: u16,
    pub content: &'static str,
    /// Both sides acknowledge (XEP-0124 §9).
    pub acks: bool,
}

/// The media type of responses.
pub(super) const CONTENT: &str = "text/xml; charset=utf-8";

/// Others that a client may ask for. `text/html` is not among them: responses hold what people write to each other.
const OTHERS: [&str; 2] = ["application/xml; charset=utf-8", "text/plain; charset=utf-8"];

impl Terms {
    /// What a client asks for, as far as it is allowed.
    pub fn of(asked: &Attributes, limits: &Limits) -> Self {
        let at_most = |limit: u64, most: u64| if limit == 0 { most } else { limit.min(most) };
        let wait = asked.wait.unwrap_or(USUAL_WAIT).min(at_most(limits.wait, MOST)) as u16;
        let hold = asked.hold.unwrap_or(1).min(at_most(limits.hold, MOST_HELD)) as u8;
        // a session that waits for nothing polls, whichever of the two says so (XEP-0124 §12)
        let polls = wait == 0 || hold == 0;
        let inactivity = at_most(limits.inactivity, MOST).max(LEAST_INACTIVITY);
        let inactivity = if polls { inactivity.saturating_add(limits.polling) } else { inactivity };
        Self {
            ver: asked.ver.map(|ver| ver.min(VERSION)),
            wait: if polls { 0 } else { wait },
            hold: if polls { 0 } else { hold },
            inactivity: inactivity.min(MOST) as u16,
            max_pause: limits.max_pause.min(MOST) as u16,
            polling: limits.polling.min(MOST) as u16,
            content: content(asked.content.as_deref()),
            acks: asked.ack == Some(1),
        }
    }

    /// Requests that may be unanswered at once.
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

    /// Every request is answered at once.
    pub fn polls(&self) -> bool {
        self.hold == 0
    }

    /// The pause that is granted, if it is.
    pub fn pause(&self, asked: Option<u64>) -> Option<Duration> {
        let asked = asked.filter(|&asked| asked <= self.max_pause.into() && self.max_pause > 0)?;
        Some(Duration::from_secs(asked.max(1)))
    }
}

fn content(asked: Option<&str>) -> &'static str {
    let kind = |content: &str| content.split(';').next().map(|kind| kind.trim().to_ascii_lowercase());
    let asked = asked.and_then(kind);
    OTHERS.into_iter().find(|&content| kind(content) == asked).unwrap_or(CONTENT)
}
