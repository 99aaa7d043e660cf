//! Answers and pushes, as XML.

use std::fmt::Write as _;

use crate::protocol::NAMESPACE;
use crate::{Item, List, Subject};

/// The names of all lists, preceded by the active and the default one (section 2.3).
pub fn names<'a>(
    active: Option<&str>,
    default: Option<&str>,
    lists: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut content = String::new();
    for (tag, name) in [("active", active), ("default", default)] {
        if let Some(name) = name {
            empty(&mut content, tag, &[("name", name)]);
        }
    }
    for name in lists {
        empty(&mut content, "list", &[("name", name)]);
    }
    query(&content)
}

/// A list with its items (section 2.3).
pub fn list(list: &List) -> String {
    let mut content = String::new();
    open(&mut content, "list", &[("name", &list.name)]);
    content.push('>');
    list.items.iter().for_each(|one| item(&mut content, one));
    content.push_str("</list>");
    query(&content)
}

/// The push of a list that has changed: its name alone (section 2.2, rule 10).
pub fn push(name: &str) -> String {
    let mut content = String::new();
    empty(&mut content, "list", &[("name", name)]);
    query(&content)
}

fn query(content: &str) -> String {
    match content {
        "" => format!("<query xmlns='{NAMESPACE}'/>"),
        content => format!("<query xmlns='{NAMESPACE}'>{content}</query>"),
    }
}

fn item(out: &mut String, item: &Item) {
    let subject = match &item.subject {
        Subject::Anyone => None,
        Subject::Jid(jid) => Some(("jid", jid.as_str())),
        Subject::Group(name) => Some(("group", name.as_str())),
        Subject::Subscription(subscription) => Some(("subscription", subscription.as_str())),
    };
    let order = item.order.to_string();
    let action = if item.allow { "allow" } else { "deny" };
    let mut attributes = Vec::with_capacity(4);
    if let Some((kind, value)) = subject {
        attributes.extend([("type", kind), ("value", value)]);
    }
    attributes.extend([("action", action), ("order", &*order)]);
    let mut kinds = item.kinds.names().peekable();
    if kinds.peek().is_none() {
        return empty(out, "item", &attributes);
    }
    open(out, "item", &attributes);
    out.push('>');
    kinds.for_each(|name| empty(out, name, &[]));
    out.push_str("</item>");
}

fn empty(out: &mut String, name: &str, attributes: &[(&str, &str)]) {
    open(out, name, attributes);
    out.push_str("/>");
}

/// A start tag without its end.
fn open(out: &mut String, name: &str, attributes: &[(&str, &str)]) {
    out.push('<');
    out.push_str(name);
    for (name, value) in attributes {
        let _ = write!(out, " {name}='"); // a string takes everything
        value.chars().for_each(|c| escape(out, c));
        out.push('\'');
    }
}

/// Whitespace as well, which would become a space when it is read (XML 1.0 section 3.3.3).
fn escape(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\'' => out.push_str("&apos;"),
        '"' => out.push_str("&quot;"),
        '\t' => out.push_str("&#9;"),
        '\n' => out.push_str("&#10;"),
        '\r' => out.push_str("&#13;"),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kinds, Set, Subscription, set};

    #[test]
    fn names_of_lists() {
        assert_eq!(names(None, None, []), "<query xmlns='jabber:iq:privacy'/>");
        assert_eq!(
            names(Some("a"), Some("b'"), ["a", "b'"]),
            "<query xmlns='jabber:iq:privacy'><active name='a'/><default name='b&apos;'/><list name='a'/>\
             <list name='b&apos;'/></query>"
        );
        assert_eq!(push("a<"), "<query xmlns='jabber:iq:privacy'><list name='a&lt;'/></query>");
    }

    #[test]
    fn a_list_that_was_written_is_read_as_it_was() {
        let kinds = [
            Kinds::ALL,
            Kinds { message: true, iq: true, presence_in: true, presence_out: true },
            Kinds { presence_out: true, ..Kinds::ALL },
        ];
        let subjects = Subscription::ALL.into_iter().map(Subject::Subscription).chain([
            Subject::Anyone,
            Subject::Jid("a@x/\"'&<> r".into()),
            Subject::Group("tab\tline\nreturn\r 棋".into()),
        ]);
        let items: Vec<_> = (0..)
            .zip(subjects)
            .map(|(order, subject)| Item {
                order,
                subject,
                allow: order % 2 == 0,
                kinds: kinds[order as usize % 3],
            })
            .collect();
        let written = List { name: "a & 'b'".into(), items };
        assert_eq!(set(&list(&written), 7), Ok(Set::Put(written)));
    }

    #[test]
    fn the_order_of_attributes_and_elements_is_that_of_the_examples() {
        let item = Item {
            order: 7,
            subject: Subject::Jid("x".into()),
            allow: false,
            kinds: Kinds { message: true, iq: true, ..Kinds::ALL },
        };
        assert_eq!(
            list(&List { name: "a".into(), items: vec![item] }),
            "<query xmlns='jabber:iq:privacy'><list name='a'><item type='jid' value='x' action='deny' order='7'>\
             <message/><iq/></item></list></query>"
        );
    }
}
