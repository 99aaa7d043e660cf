//! Namespaces and limits.

use xmpp::ElementLimits;

/// Of `server-data`, `host`, `user` and `offline-messages` (XEP-0227 1.1 §3).
pub(crate) const PIE: &str = "urn:xmpp:pie:0";
/// The same before version 1.0.
pub(crate) const OLD_PIE: &str = "http://www.xmpp.org/extensions/xep-0227.html#ns";
/// Of `scram-credentials` (XEP-0227 §3.3).
pub(crate) const SCRAM: &str = "urn:xmpp:pie:0#scram";
/// Of `archive` (XEP-0227 §3.10).
pub(crate) const MAM: &str = "urn:xmpp:pie:0#mam";
/// Of `include` (XInclude 1.0 §3).
pub(crate) const XINCLUDE: &str = "http://www.w3.org/2001/XInclude";
/// Of node configurations (XEP-0060 §8).
pub(crate) const PUBSUB_OWNER: &str = "http://jabber.org/protocol/pubsub#owner";
/// Of what this server exports beyond XEP-0227: `account`, `secret` and `last`.
pub(crate) const EXPORT: &str = "https://castling.im/ns/export#0";

/// Whether it is a namespace of XEP-0227 itself.
pub(crate) fn is_pie(ns: &str) -> bool {
    ns == PIE || ns == OLD_PIE
}

/// The largest element below `user`, in bytes; also the largest start tag.
pub(crate) const ELEMENT_BYTES: usize = 64 << 20;
/// The most that is kept of one user, in bytes of XML.
pub(crate) const USER_BYTES: usize = 256 << 20;

/// What an element below `user` may be: as much as the server itself may write. Its size is bounded before it is parsed.
pub(crate) const LIMITS: ElementLimits = ElementLimits::OWN;
