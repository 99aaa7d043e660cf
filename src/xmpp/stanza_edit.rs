//! Editing received stanzas: appending and removing children, conversion to a tree. The bytes that stay are
//! copied with their tape; they are not parsed again.

use std::borrow::Cow;
use std::sync::Arc;

use crate::document::Document;
use crate::element::{Attribute, Element};
use crate::jid::Jid;
use crate::node::Node;
use crate::ns;
use crate::recorder::Recorder;
use crate::sink::Sink;
use crate::stanza::Stanza;

/// Room for the children that are appended, in bytes.
const MARK: usize = 192;

impl Stanza {
    /// A copy with one more child at the end; see [`Stanza::append_all`].
    pub fn append(&self, child: &Element) -> Stanza {
        self.append_all(&[child])
    }

    /// A copy with these children appended. Unchanged if it would exceed [`ElementLimits::OWN`](crate::ElementLimits::OWN)
    /// or one of them has an invalid name, which is impossible for constants and received names.
    pub fn append_all(&self, children: &[&Element]) -> Stanza {
        let document = &self.body.document;
        let record = self.root().record();
        let mut recorder = Recorder::reopen(document, document.len() + MARK * children.len());
        recorder.content(document, 1..record.next, record.inner_start..record.inner_end);
        for child in children {
            child.write_to(&mut recorder, ns::CLIENT);
        }
        self.close(&mut recorder);
        recorder.finish().map_or_else(|_| self.clone(), |document| self.with_document(document))
    }

    /// A copy without the child elements that are `unwanted`; a clone if there are none. Whitespace around
    /// them stays. An IQ request must keep its payload.
    pub fn without(&self, mut unwanted: impl FnMut(Node<'_>) -> bool) -> Stanza {
        let removed: Vec<Node<'_>> = self.children().filter(|&child| unwanted(child)).collect();
        if removed.is_empty() {
            return self.clone();
        }
        let document = &self.body.document;
        let root = self.root().record();
        let mut recorder = Recorder::reopen(document, document.len());
        let (mut node, mut at) = (1, root.inner_start);
        for child in removed {
            let record = child.record();
            recorder.content(document, node..child.index(), at..record.start);
            (node, at) = (record.next, record.end);
        }
        recorder.content(document, node..root.next, at..root.inner_end);
        self.close(&mut recorder);
        // Smaller than the original.
        self.with_document(recorder.into_document())
    }

    /// The stanza as a tree, with its envelope.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new(self.kind().as_str(), ns::CLIENT);
        for (name, jid) in [("from", &self.from), ("to", &self.to)] {
            element = element.opt_attr(name, jid.as_ref().map(Jid::as_str));
        }
        if let Some(lang) = &self.default_lang {
            let (name, ns) = (Cow::Borrowed("xml:lang"), Some(Cow::Borrowed(ns::XML)));
            element.put(Attribute { name, ns, value: lang.as_ref().to_owned() });
        }
        self.root().attributes_into(&mut element, |name| !matches!(name, "from" | "to"));
        self.root().nodes_into(&mut element);
        element
    }

    /// Whether any element in it, including itself, is in this namespace.
    pub(crate) fn names(&self, ns: &str) -> bool {
        let tape = self.body.document.tape();
        tape.namespaces.iter().any(|name| name.as_str(self.root().source()) == ns)
    }

    fn close(&self, recorder: &mut Recorder) {
        let record = self.root().record();
        if record.is_empty() {
            recorder.close(self.kind().as_str());
        } else {
            let tag = record.inner_end as usize..record.end as usize;
            recorder.raw_close(self.root().source().get(tag).unwrap_or_default());
        }
    }

    /// The same with a document whose start tag is the same.
    fn with_document(&self, document: Document) -> Stanza {
        Stanza { body: Arc::new(self.body.with_document(document)), ..self.clone() }
    }
}
