//! Delayed delivery: when and where a stanza was delayed (XEP-0203).

use crate::{Element, Jid, datetime, ns};

/// `<delay/>` of `from` for a stanza delayed since `at_us` (UTC microseconds since 1970).
pub fn delay(from: &Jid, at_us: i64, text: Option<&str>) -> Element {
    let delay =
        Element::new("delay", ns::DELAY).attr("from", from.as_str()).attr("stamp", datetime::format(at_us));
    match text {
        Some(text) => delay.text(text),
        None => delay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp() {
        let from = Jid::parse("chess.example").unwrap();
        assert_eq!(
            delay(&from, 1_000_000, Some("Offline")).to_xml(ns::CLIENT),
            "<delay xmlns='urn:xmpp:delay' from='chess.example' stamp='1970-01-01T00:00:01Z'>Offline</delay>"
        );
    }
}
