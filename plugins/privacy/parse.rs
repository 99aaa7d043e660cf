//! Requests, read from XML: the `<iq/>`, or its `<query/>`.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::protocol::NAMESPACE;
use crate::{Fault, Get, Item, Kinds, List, Set, Subject, Subscription};

const NOT_XML: Fault = Fault::BadRequest("the request is not valid XML");
const NAMELESS: Fault = Fault::BadRequest("<list/> needs a 'name' attribute");

/// Reads a request of type `get`.
///
/// # Errors
/// [`Fault::BadRequest`], among others for more than one list (section 2.3).
pub fn get(xml: &str) -> Result<Get, Fault> {
    let mut reader = Reader::new(xml)?;
    let Some(tag) = reader.child()? else { return Ok(Get::Names) };
    if tag.name != "list" {
        return Err(Fault::BadRequest("expected <list/>"));
    }
    let name = tag.attribute("name")?.ok_or(NAMELESS)?;
    reader.close()?;
    match reader.child()? {
        None => Ok(Get::List(name)),
        Some(_) => Err(Fault::BadRequest("one list can be requested at a time")),
    }
}

/// Reads a request of type `set`; a list has at most so many items.
///
/// # Errors
/// [`Fault::BadRequest`], among others for more than one child element (section 2.1); [`Fault::TooManyItems`].
pub fn set(xml: &str, most: usize) -> Result<Set, Fault> {
    let mut reader = Reader::new(xml)?;
    let tag = reader.child()?.ok_or(Fault::BadRequest("expected <list/>, <active/> or <default/>"))?;
    let name = tag.attribute("name")?;
    let set = match &*tag.name {
        "active" => Set::Active(name),
        "default" => Set::Default(name),
        "list" => {
            let name = name.ok_or(NAMELESS)?;
            let items = items(&mut reader, most)?;
            if items.is_empty() { Set::Remove(name) } else { Set::Put(List { name, items }) }
        }
        _ => return Err(Fault::BadRequest("expected <list/>, <active/> or <default/>")),
    };
    reader.close()?;
    match reader.child()? {
        None => Ok(set),
        Some(_) => Err(Fault::BadRequest("a request must contain exactly one element")),
    }
}

fn items(reader: &mut Reader<'_>, most: usize) -> Result<Vec<Item>, Fault> {
    let mut items = Vec::new();
    while let Some(tag) = reader.child()? {
        if tag.name != "item" {
            return Err(Fault::BadRequest("expected <item/>"));
        }
        if items.len() >= most {
            return Err(Fault::TooManyItems);
        }
        items.push(item(&tag, kinds(reader)?)?);
        reader.close()?;
    }
    Ok(items)
}

fn item(tag: &Tag<'_>, kinds: Kinds) -> Result<Item, Fault> {
    let order = tag.attribute("order")?.and_then(|order| number(&order));
    let order = order.ok_or(Fault::BadRequest("'order' must be a whole number from 0 to 4294967295"))?;
    let allow = match tag.attribute("action")?.as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Fault::BadRequest("'action' must be allow or deny")),
    };
    Ok(Item { order, subject: subject(tag)?, allow, kinds })
}

/// An `xs:unsignedInt`.
fn number(text: &str) -> Option<u32> {
    let digits = text.trim_matches([' ', '\t', '\r', '\n']);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn subject(tag: &Tag<'_>) -> Result<Subject, Fault> {
    let value = tag.attribute("value")?;
    let Some(kind) = tag.attribute("type")? else {
        return match value {
            // It would be a rule for everybody, which nobody writes with an address.
            Some(_) => Err(Fault::BadRequest("an item with a 'value' needs a 'type'")),
            None => Ok(Subject::Anyone),
        };
    };
    let value = value.ok_or(Fault::BadRequest("an item with a 'type' needs a 'value'"))?;
    match kind.as_str() {
        "jid" => Ok(Subject::Jid(value)),
        "group" => Ok(Subject::Group(value)),
        "subscription" => {
            let known = Subscription::ALL.into_iter().find(|known| known.as_str() == value);
            let fault = Fault::BadRequest("the 'value' of a subscription must be none, to, from or both");
            known.map(Subject::Subscription).ok_or(fault)
        }
        _ => Err(Fault::BadRequest("'type' must be jid, group or subscription")),
    }
}

fn kinds(reader: &mut Reader<'_>) -> Result<Kinds, Fault> {
    let mut kinds = Kinds::ALL;
    while let Some(tag) = reader.child()? {
        match &*tag.name {
            "message" => kinds.message = true,
            "iq" => kinds.iq = true,
            "presence-in" => kinds.presence_in = true,
            "presence-out" => kinds.presence_out = true,
            _ => return Err(Fault::BadRequest("an item has a child element that is not known")),
        }
        reader.close()?;
    }
    Ok(kinds)
}

/// The elements of a request, one after the other. Text and elements of other namespaces are skipped.
struct Reader<'a> {
    reader: NsReader<&'a [u8]>,
    /// Whether the end of the element that was looked into has been read.
    ended: bool,
}

/// The start of an element.
struct Tag<'a> {
    name: String,
    start: BytesStart<'a>,
}

impl<'a> Reader<'a> {
    /// Looks into `<query/>`.
    fn new(xml: &'a str) -> Result<Self, Fault> {
        let mut reader = NsReader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        let mut outer = true;
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| NOT_XML)?;
            let own = matches!(namespace, ResolveResult::Bound(Namespace(bound)) if bound == NAMESPACE);
            match event {
                Event::Start(start) if own && start.local_name().as_ref() == "query" => {
                    return Ok(Self { reader, ended: false });
                }
                Event::Start(start) if outer && start.local_name().as_ref() == "iq" => outer = false,
                Event::Start(_) | Event::End(_) | Event::Eof => {
                    return Err(Fault::BadRequest("expected <query/>"));
                }
                _ => {}
            }
        }
    }

    /// The next child of the element that is looked into, which is looked into from now on; `None` at its end.
    fn child(&mut self) -> Result<Option<Tag<'a>>, Fault> {
        let mut foreign = 0usize;
        loop {
            let (namespace, event) = self.reader.read_resolved_event().map_err(|_| NOT_XML)?;
            let own = matches!(namespace, ResolveResult::Bound(Namespace(bound)) if bound == NAMESPACE);
            match event {
                Event::Start(start) if foreign == 0 && own => {
                    return Ok(Some(Tag { name: start.local_name().as_ref().to_owned(), start }));
                }
                Event::Start(_) => foreign += 1,
                Event::End(_) if foreign > 0 => foreign -= 1,
                Event::End(_) => {
                    self.ended = true;
                    return Ok(None);
                }
                Event::Eof => return Err(NOT_XML),
                _ => {}
            }
        }
    }

    /// Skips what is left of the element that is looked into.
    fn close(&mut self) -> Result<(), Fault> {
        if std::mem::take(&mut self.ended) {
            return Ok(());
        }
        while self.child()?.is_some() {
            self.close()?;
        }
        self.ended = false;
        Ok(())
    }
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Result<Option<String>, Fault> {
        let found = self.start.try_get_attribute(name).map_err(|_| NOT_XML)?;
        let value = found.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0));
        value.transpose().map(|value| value.map(Cow::into_owned)).map_err(|_| NOT_XML)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(content: &str) -> String {
        format!("<query xmlns='jabber:iq:privacy'>{content}</query>")
    }

    fn bad<T>(result: Result<T, Fault>) -> bool {
        matches!(result, Err(Fault::BadRequest(_)))
    }

    fn item(order: u32, subject: Subject, allow: bool, kinds: Kinds) -> Item {
        Item { order, subject, allow, kinds }
    }

    #[test]
    fn requests_that_read() {
        assert_eq!(get(&query("")), Ok(Get::Names));
        assert_eq!(get("<query xmlns='jabber:iq:privacy'/>"), Ok(Get::Names));
        assert_eq!(get(&query(" <x xmlns='urn:x'><list name='a'/></x>\n")), Ok(Get::Names));
        assert_eq!(get(&query("<list name='a &amp; b'/>")), Ok(Get::List("a & b".into())));
        assert_eq!(get(&query("<list name='a'><item/></list>")), Ok(Get::List("a".into())));
        let prefixed = "<p:query xmlns:p='jabber:iq:privacy'><p:list name='a'/><list/></p:query>";
        assert_eq!(get(prefixed), Ok(Get::List("a".into())), "the other is of no namespace");
        for content in
            ["<list/>", "<list name='a'/><list name='b'/>", "<active name='a'/>", "<list name='a'>"]
        {
            assert!(bad(get(&query(content))), "{content}");
        }
        let in_iq =
            "<iq type='get' id='1' xmlns:p='jabber:iq:privacy'><p:query><p:list name='a'/></p:query></iq>";
        assert_eq!(get(in_iq), Ok(Get::List("a".into())));
        assert!(bad(get("<iq><iq><query xmlns='jabber:iq:privacy'/></iq></iq>")));
        assert!(
            bad(get("<query xmlns='urn:x'/>"))
                && bad(get("<list xmlns='jabber:iq:privacy'/>"))
                && bad(get(""))
        );
    }

    #[test]
    fn lists_are_chosen_and_declined() {
        for (content, expected) in [
            ("<active name='a'/>", Set::Active(Some("a".into()))),
            ("<active/>", Set::Active(None)),
            ("<default name='a'></default>", Set::Default(Some("a".into()))),
            ("<default><x/></default>", Set::Default(None)),
            ("<list name='a'/>", Set::Remove("a".into())),
            ("<list name='a'> <x xmlns='urn:x'/> </list>", Set::Remove("a".into())),
        ] {
            assert_eq!(set(&query(content), 9), Ok(expected), "{content}");
        }
        for content in [
            "",
            "text",
            "<list/>",
            "<other/>",
            "<active/><default/>",
            "<list name='a'/><list name='b'/>",
            "<list name='a'><item action='deny' order='1'/></list><active/>",
            "<active name='&none;'/>",
        ] {
            assert!(bad(set(&query(content), 9)), "{content}");
        }
    }

    #[test]
    fn items_of_every_kind() {
        let content = "<list name='a'>
            <item type='jid' value='a@x/r' action='deny' order='3'><message/><presence-out/></item>
            <item type='group' value='A &lt; B' action='allow' order='0'><iq/><presence-in/></item>
            <item type='subscription' value='both' action='allow' order='4294967295'/>
            <item action='deny' order=' 7 '><x xmlns='urn:x'><iq xmlns='jabber:iq:privacy'/></x></item>
        </list>";
        let out = Kinds { message: true, presence_out: true, ..Kinds::ALL };
        let inward = Kinds { iq: true, presence_in: true, ..Kinds::ALL };
        let items = vec![
            item(3, Subject::Jid("a@x/r".into()), false, out),
            item(0, Subject::Group("A < B".into()), true, inward),
            item(u32::MAX, Subject::Subscription(Subscription::Both), true, Kinds::ALL),
            item(7, Subject::Anyone, false, Kinds::ALL),
        ];
        assert_eq!(set(&query(content), 4), Ok(Set::Put(List { name: "a".into(), items })));
        assert_eq!(set(&query(content), 3), Err(Fault::TooManyItems));
    }

    #[test]
    fn items_that_are_refused() {
        for item in [
            "<other/>",
            "<item/>",
            "<item action='deny'/>",
            "<item order='1'/>",
            "<item action='block' order='1'/>",
            "<item action='deny' order='-1'/>",
            "<item action='deny' order='+1'/>",
            "<item action='deny' order='1.0'/>",
            "<item action='deny' order=''/>",
            "<item action='deny' order='4294967296'/>",
            "<item action='deny' order='1' type='jid'/>",
            "<item action='deny' order='1' type='' value='x'/>",
            "<item action='deny' order='1' value='tybalt@capulet.example'/>",
            "<item action='deny' order='1' type='domain' value='x'/>",
            "<item action='deny' order='1' type='subscription' value='sideways'/>",
            "<item action='deny' order='1'><presence/></item>",
        ] {
            assert!(bad(set(&query(&format!("<list name='a'>{item}</list>")), 9)), "{item}");
        }
    }
}
