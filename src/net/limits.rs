//! What a client may send.

use std::num::{NonZeroU32, NonZeroU64};

use settings::{Interval, Limit, Required, group, number};

/// The upper bound of `stanza_bytes`; code that reads whole stanzas into memory relies on it.
pub const MOST_STANZA_BYTES: u64 = 16 << 20;

/// The upper bound of the nesting depth: reading, copying and dropping elements recurses, on a thread with 2
/// MiB of stack. Half of what the server can still parse of what it stored and wrapped
/// ([`xmpp::ElementLimits::OWN`]).
pub const MOST_DEPTH: u64 = 256;

/// Bytes of an element before authentication: a stream header, a SASL message, a registration.
const BEFORE_LOGIN: usize = 10_240;

/// How fast a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Bytes per second, in the long run.
    pub bytes_per_second: NonZeroU32,
    /// Bytes accepted at once before the rate applies.
    pub burst: u32,
}

group! {
    /// What one stanza may have, and how fast a client may send them.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct StreamLimits {
        /// Bytes of a stanza; never less than RFC 6120 §13.12 requires.
        stanza_bytes: Required = number(262_144, 10_000..=MOST_STANZA_BYTES);
        /// Nesting depth of elements in a stanza.
        depth: Required = number(64, 8..=MOST_DEPTH);
        /// Attributes of one element.
        attributes: Required = number(64, 16..=1024);
        /// Elements in one stanza.
        children: Required = number(4096, 64..=262_144);
        /// Bytes that one client may send per second on average; more is read later, not refused.
        c2s_bytes_per_second: Limit = number(262_144, 1_000..=u32::MAX.into());
        /// Bytes that a client may send in a burst before that rate applies.
        c2s_burst_bytes: Interval = number(4_194_304, 1_000..=u32::MAX.into()).zero("as much as in one second");
    }
}

impl StreamLimits {
    /// The limits for the parser.
    pub fn parser(&self) -> xmpp::ElementLimits {
        xmpp::ElementLimits {
            stanza_bytes: self.stanza_bytes.bound(),
            depth: self.depth.bound(),
            attributes: self.attributes.bound(),
            elements: self.children.bound(),
            ..xmpp::ElementLimits::default()
        }
    }

    /// The limits for the parser before authentication, when no element needs to be long.
    pub fn before_login(&self) -> xmpp::ElementLimits {
        let parser = self.parser();
        xmpp::ElementLimits { stanza_bytes: parser.stanza_bytes.min(BEFORE_LOGIN), ..parser }
    }

    /// How fast one client may send; `None`: unlimited.
    pub fn rate(&self) -> Option<Rate> {
        let bytes_per_second = self.c2s_bytes_per_second.get()?;
        let bytes_per_second = NonZeroU32::try_from(bytes_per_second).unwrap_or(NonZeroU32::MAX);
        let burst = self.c2s_burst_bytes.get().map_or(bytes_per_second.get().into(), NonZeroU64::get);
        let burst = u32::try_from(burst).unwrap_or(u32::MAX);
        Some(Rate { bytes_per_second, burst })
    }
}

#[cfg(test)]
mod tests {
    use settings::{Group, Required, Values};
    use xmpp::{Stanza, StreamEvent, StreamParser, ns};

    use super::*;

    /// The stack size of a thread that serves clients.
    const STACK: usize = 2 << 20;

    /// Every limit at its maximum.
    fn most() -> StreamLimits {
        let keys = StreamLimits::keys().into_iter().filter_map(|key| match key.kind {
            settings::Kind::Integer(range) => Some((key.name.into_owned(), range.most.into())),
            _ => None,
        });
        StreamLimits::read(&Values::from(keys.collect::<serde_json::Map<_, _>>()))
    }

    fn nested(depth: u64) -> String {
        let within = usize::try_from(depth - 1).unwrap();
        format!("<message>{}{}</message>", "<a>".repeat(within), "</a>".repeat(within))
    }

    /// Everything that is done to a stanza: parsed, copied, put into other namespaces, written, dropped.
    fn carry(xml: &str) -> Option<()> {
        let mut parser = StreamParser::new(most().parser());
        parser.feed(
            b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a'>",
        );
        parser.feed(xml.as_bytes());
        assert!(matches!(parser.next(), Ok(Some(StreamEvent::Open(_)))));
        let Ok(Some(StreamEvent::Element(document))) = parser.next() else { return None };
        let element = document.to_element().map_ns(ns::CLIENT, ns::SERVER);
        assert_eq!(element.clone().to_xml(ns::SERVER).len(), element.to_xml(ns::SERVER).len());
        let stored = document.to_element().to_xml(ns::CLIENT);
        Stanza::parse_str(&stored).map(drop).ok()
    }

    #[test]
    fn a_stanza_at_the_most_fits_a_quarter_of_the_stack() {
        let run = |xml: String| {
            let thread = std::thread::Builder::new().stack_size(STACK / 4);
            thread.spawn(move || carry(&xml)).unwrap().join().unwrap()
        };
        assert_eq!(run(nested(MOST_DEPTH)), Some(()));
        assert_eq!(run(nested(MOST_DEPTH + 1)), None, "refused, not read");
        let most = usize::try_from(most().children.get()).unwrap();
        assert_eq!(run(format!("<message>{}</message>", "<a/>".repeat(most - 1))), Some(()));
        let attributes: String = (0..1024).map(|n| format!(" a{n}=''")).collect();
        assert_eq!(run(format!("<message{attributes}/>")), Some(()));
    }

    /// Wrapped, marked and stamped: each character may be escaped to six bytes, and a hundred enclosing
    /// elements are more than any feature adds.
    #[test]
    fn what_is_stored_can_be_read_again() {
        let (most, own) = (most().parser(), xmpp::ElementLimits::OWN);
        assert!(6 * most.stanza_bytes + 100_000 <= own.stanza_bytes && most.depth * 2 <= own.depth);
        assert!(most.attributes + 100 <= own.attributes && most.elements + 100 <= own.elements);
    }

    #[test]
    fn as_the_parser_takes_them() {
        let limits = StreamLimits { depth: Required::of(9), ..StreamLimits::default() };
        assert_eq!((limits.parser().depth, limits.before_login().depth), (9, 9));
        assert_eq!((limits.parser().stanza_bytes, limits.before_login().stanza_bytes), (262_144, 10_240));
        let off = StreamLimits { c2s_bytes_per_second: Limit::OFF, ..limits };
        let steady = StreamLimits { c2s_burst_bytes: Interval::OFF, ..limits };
        assert_eq!((off.rate(), limits.rate().unwrap().burst), (None, 4_194_304));
        assert_eq!((steady.rate().unwrap().burst, most().rate().unwrap().burst), (262_144, u32::MAX));
    }
}
