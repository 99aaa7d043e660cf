//! Elements, as tables: `name`, `attr` and positional children (util.stanza of Prosody), and as XML.

use crate::Reason;
use bytes::Bytes;
use xmpp::{Document, Element, ElementLimits, ns};

use super::lua::{Key, Table, Value};
use super::refusal::Refusal;

/// The most bytes of one element.
const BYTES: usize = 64 << 20;

const LIMITS: ElementLimits = ElementLimits { stanza_bytes: BYTES, depth: 256, ..ElementLimits::OWN };

/// Attributes that Prosody adds to what it archives (mod_storage_internal).
const BOOKKEEPING: [&str; 2] = ["stamp", "stamp_legacy"];

/// An element as a text that declares what it uses.
///
/// # Errors
/// It is none, or XML cannot hold it.
pub fn xml(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::Table(table) => written(table, &[]),
        Value::Xml(text) => parsed(text),
        _ => Err(Refusal::value("not an element")),
    }
}

/// The same of an element that stands in an archive of the file storage.
///
/// # Errors
/// As [`xml`].
pub fn archived_xml(table: &Table) -> Result<String, Refusal> {
    written(table, &BOOKKEEPING)
}

/// An element of a text, where `jabber:client` is the default namespace.
///
/// # Errors
/// It is none.
pub fn element(text: &str) -> Result<Element, Refusal> {
    let document = Document::parse(Bytes::copy_from_slice(text.as_bytes()), ns::CLIENT, &LIMITS);
    let document = document.map_err(|_| Refusal::xml("not an element"))?;
    document
        .root()
        .to_bounded_element()
        .ok_or_else(|| Refusal::new(Reason::TooLarge, "too long names of namespaces"))
}

/// An element of a text that may depend on `jabber:client` as the default namespace.
fn parsed(text: &str) -> Result<String, Refusal> {
    element(text).map(|element| element.to_xml(""))
}

fn written(table: &Table, left_out: &[&str]) -> Result<String, Refusal> {
    let mut out = String::new();
    Writer { out: &mut out }.element(table, None, left_out)?;
    // The names are valid; this finds attributes that are there twice, and what exceeds a limit.
    let parsed = Document::parse(Bytes::copy_from_slice(out.as_bytes()), "", &LIMITS);
    parsed.map(|_| out).map_err(|_| Refusal::xml("attributes that are there twice, or over a limit"))
}

struct Writer<'a> {
    out: &'a mut String,
}

impl Writer<'_> {
    /// `parent` is the namespace around it. The recursion is as deep as the table, which its parser bounds.
    fn element(&mut self, table: &Table, parent: Option<&str>, left_out: &[&str]) -> Result<(), Refusal> {
        let empty = Table::default();
        let attributes = match table.get("attr") {
            None => &empty,
            Some(Value::Table(attributes)) => attributes,
            Some(_) => return Err(Refusal::xml("attributes that are no table")),
        };
        let name = table.text("name")?.ok_or_else(|| Refusal::xml("an element without a name"))?;
        // Elements without a namespace of their own are in that around them, which is the stream's at the top.
        let own = attributes.text("xmlns")?;
        let namespace = own.as_deref().or(parent).unwrap_or(ns::CLIENT);
        let valid = Element::named(&name, namespace).is_some() && !matches!(namespace, ns::XML | ns::XMLNS);
        if !valid {
            return Err(Refusal::xml("an invalid name"));
        }
        self.out.push('<');
        self.out.push_str(&name);
        if parent != Some(namespace) {
            self.attribute("xmlns", namespace);
        }
        self.attributes(attributes, left_out)?;
        self.children(table, &name, namespace)
    }

    fn children(&mut self, table: &Table, name: &str, namespace: &str) -> Result<(), Refusal> {
        let children = table.positional();
        if children.is_empty() {
            self.out.push_str("/>");
            return Ok(());
        }
        self.out.push('>');
        for child in children {
            match child {
                Value::Table(child) => self.element(child, Some(namespace), &[])?,
                Value::Text(_) | Value::Number(_) => escape(self.out, &child.text()?),
                _ => return Err(Refusal::xml("content that is neither an element nor text")),
            }
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        if self.out.len() > BYTES {
            return Err(Refusal::new(Reason::TooLarge, "more than 64 MiB"));
        }
        Ok(())
    }

    fn attributes(&mut self, attributes: &Table, left_out: &[&str]) -> Result<(), Refusal> {
        let mut prefixes = 0;
        for (key, value) in &attributes.entries {
            let Key::Text(_) = key else { return Err(Refusal::xml("an attribute without a name")) };
            let key = key.text()?;
            let declaration = key == "xmlns" || key.starts_with("xmlns:");
            if declaration || left_out.contains(&key.as_str()) || *value == Value::Nil {
                continue;
            }
            let value = value.text().map_err(|refusal| match refusal.reason {
                Reason::BadText => refusal,
                _ => Refusal::xml("an attribute that is no text"),
            })?;
            // Before 0.10, a bar stood between the namespace and the name.
            let separator = if key.contains('\u{1}') { '\u{1}' } else { '|' };
            let name = match key.split_once(separator) {
                Some((ns::XML, local)) => format!("xml:{}", attribute_name(local)?),
                Some((namespace, local)) => {
                    prefixes += 1;
                    self.declaration(prefixes, namespace)?;
                    format!("ns{prefixes}:{}", attribute_name(local)?)
                }
                None => match key.strip_prefix("xml:") {
                    Some(local) => format!("xml:{}", attribute_name(local)?),
                    None => attribute_name(&key)?.to_owned(),
                },
            };
            self.attribute(&name, &value);
        }
        Ok(())
    }

    fn declaration(&mut self, prefix: usize, namespace: &str) -> Result<(), Refusal> {
        let valid = Element::named("valid", namespace).is_some();
        if !valid || matches!(namespace, "" | ns::XMLNS) {
            return Err(Refusal::xml("an invalid namespace"));
        }
        self.attribute(&format!("xmlns:ns{prefix}"), namespace);
        Ok(())
    }

    /// The name is valid.
    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("='");
        escape(self.out, value);
        self.out.push('\'');
    }
}

/// A name of an attribute without its prefix, if it is valid.
fn attribute_name(name: &str) -> Result<&str, Refusal> {
    Element::named(name, "").map(|_| name).ok_or_else(|| Refusal::xml("an invalid name"))
}

/// Appends text, also for between single quotes. Characters that XML cannot carry become U+FFFD.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            // Raw ones would be read back otherwise: in attributes, or everywhere.
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
