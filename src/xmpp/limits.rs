//! Limits on what a peer may send.

/// Limits of one element of a stream. Exceeding any of them is `policy-violation`; `usize::MAX` disables a
/// limit, except for `depth`, which bounds recursion and must stay small.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ElementLimits {
    /// Bytes of one top-level element, and of the stream header.
    pub stanza_bytes: usize,
    /// Nesting depth of elements, counting the top-level one.
    pub depth: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Elements within one top-level element, counting itself.
    pub elements: usize,
    /// Different namespace names in one top-level element, and prefixes declared at one place.
    pub namespaces: usize,
}

impl ElementLimits {
    /// For what the server itself generates: only what keeps offsets and recursion within bounds.
    pub const OWN: ElementLimits = ElementLimits {
        stanza_bytes: 1 << 30,
        depth: 512,
        attributes: 4096,
        elements: 1 << 20,
        namespaces: 4096,
    };
}

impl Default for ElementLimits {
    fn default() -> Self {
        Self { stanza_bytes: 256 * 1024, depth: 64, attributes: 64, elements: 4096, namespaces: 128 }
    }
}
