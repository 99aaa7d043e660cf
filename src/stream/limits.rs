//! The kernel's limits as connections take them.

use kernel::Limits;

/// What one stanza may have.
pub(crate) fn parser(limits: &Limits) -> xmpp::Limits {
    xmpp::Limits {
        stanza_bytes: limits.stanza_bytes,
        depth: limits.depth,
        attributes: limits.attributes,
        elements: limits.children,
        ..xmpp::Limits::default()
    }
}

/// Bytes that a client may send in a second; 0: any number.
pub(crate) fn bytes_per_second(limits: &Limits) -> u32 {
    u32::try_from(limits.c2s_bytes_per_second).unwrap_or(u32::MAX)
}
