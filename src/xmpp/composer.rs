//! Writes children of an element part by part, without a tree: for long lists.

use crate::document::Document;
use crate::element::Element;
use crate::error::StreamError;
use crate::node::Node;
use crate::ns;
use crate::recorder::Recorder;
use crate::sink::Sink;

/// What the elements are written into; never seen by anybody.
const ROOT: &str = "content";

/// Elements and text of one namespace, being written. Names are constants without a colon, so that received text cannot
/// become a name.
pub struct Composer {
    recorder: Recorder,
    /// The names of the elements that have begun and not ended, the root first.
    open: Vec<&'static str>,
    /// Whether the last start tag may still get attributes.
    in_tag: bool,
}

/// Elements and text of one namespace, written; see [`Element::content`](crate::Element::content). Cloned by reference count.
#[derive(Clone, Debug, PartialEq)]
pub struct Content(Document);

impl Eq for Content {}

impl Content {
    pub(crate) fn root(&self) -> Node<'_> {
        self.0.root()
    }

    /// The namespace of its elements.
    pub(crate) fn ns(&self) -> &str {
        self.root().ns()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.root().inner().is_empty()
    }

    /// An element around the same as a tree.
    pub(crate) fn to_tree(&self) -> Element {
        self.0.to_element()
    }

    /// Writes it where its namespace is in force.
    pub(crate) fn write_to(&self, sink: &mut impl Sink) {
        let record = self.root().record();
        sink.content(&self.0, 1..record.next, record.inner_start..record.inner_end);
    }
}

impl Composer {
    /// Begins, with room for `capacity` bytes.
    pub fn new(ns: &'static str, capacity: usize) -> Self {
        let mut recorder = Recorder::new(capacity);
        recorder.open(ROOT);
        if ns != ns::CLIENT {
            recorder.attribute("xmlns", ns);
        }
        recorder.opened();
        Self { recorder, open: vec![ROOT], in_tag: false }
    }

    /// Begins an element.
    pub fn begin(&mut self, name: &'static str) -> &mut Self {
        self.enter();
        self.recorder.open(name);
        self.open.push(name);
        self.in_tag = true;
        self
    }

    /// Gives the element that has just begun an attribute that it does not have yet. Must come before its content.
    pub fn attr(&mut self, name: &'static str, value: &str) -> &mut Self {
        debug_assert!(self.in_tag, "an attribute after content: {name}");
        if self.in_tag {
            self.recorder.attribute(name, value);
        }
        self
    }

    /// The same, if there is a value.
    pub fn opt_attr(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Appends text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.enter();
        self.recorder.text(text);
        self
    }

    /// Ends the element that was begun last.
    pub fn end(&mut self) -> &mut Self {
        if self.open.len() > 1 {
            self.leave();
        }
        self
    }

    /// Ends what has not ended.
    ///
    /// # Errors
    /// It exceeds [`ElementLimits::OWN`](crate::ElementLimits::OWN), or has an invalid name or an attribute twice.
    pub fn finish(mut self) -> Result<Content, StreamError> {
        while !self.open.is_empty() {
            self.leave();
        }
        self.recorder.finish().map(Content)
    }

    fn enter(&mut self) {
        if self.in_tag {
            self.recorder.opened();
            self.in_tag = false;
        }
    }

    fn leave(&mut self) {
        let Some(name) = self.open.pop() else { return };
        match self.in_tag {
            true => self.recorder.empty(),
            false => self.recorder.close(name),
        }
        self.in_tag = false;
    }
}
