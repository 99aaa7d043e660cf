//! How streams begin and end, and what stanzas look like outside of one.

use std::borrow::Cow;

use memchr::memmem;

/// The XML declaration, which may precede a stream header (RFC 6120 §11.5).
pub const DECLARATION: &str = "<?xml version='1.0'?>";

/// The end of a stream over TCP.
pub const END: &str = "</stream:stream>";

/// The end of a stream over WebSocket (RFC 7395 §3.6).
pub const CLOSE: &str = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

/// The client's stream header over TCP.
pub fn header(to: &str) -> String {
    format!(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='{to}' version='1.0'>"
    )
}

/// What begins a stream over WebSocket (RFC 7395 §3.4).
pub fn open(to: &str) -> String {
    format!("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='{to}' version='1.0'/>")
}

/// An element that declares the namespace that only a stream header would declare for it. One that declares another
/// stays as it is, and so does what is no element.
pub fn declared(element: &[u8]) -> Cow<'_, [u8]> {
    let tag = &element[..memchr::memchr(b'>', element).unwrap_or(element.len())];
    if !tag.starts_with(b"<") || tag.starts_with(b"<!") || memmem::find(tag, b" xmlns=").is_some() {
        return element.into();
    }
    let end = tag.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'/')).unwrap_or(tag.len());
    [&element[..end], b" xmlns='jabber:client'", &element[end..]].concat().into()
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn only_what_declares_no_namespace_gets_one() {
        for (element, expected) in [
            ("<iq id='1'/>", "<iq xmlns='jabber:client' id='1'/>"),
            ("<iq><x xmlns='urn:x'/></iq>", "<iq xmlns='jabber:client'><x xmlns='urn:x'/></iq>"),
            ("<presence/>", "<presence xmlns='jabber:client'/>"),
            ("<auth xmlns='urn:x'/>", "<auth xmlns='urn:x'/>"),
            ("<!DOCTYPE x>", "<!DOCTYPE x>"),
            ("text", "text"),
        ] {
            assert_eq!(String::from_utf8_lossy(&declared(element.as_bytes())), expected);
        }
    }
}
