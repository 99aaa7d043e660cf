//! The tree that another parser, rxml, makes of the same XML.

use rxml::{Event, Options, Parse, Parser, WithOptions};

/// An element as both sides can say it: names with their namespaces, attributes in order of their names, text joined.
#[derive(Debug, Default, PartialEq)]
pub struct Tree {
    name: (String, String),
    attributes: Vec<(String, String, String)>,
    children: Vec<Child>,
}

/// What stands in a [`Tree`].
#[derive(Debug, PartialEq)]
enum Child {
    Text(String),
    Tree(Tree),
}

impl Tree {
    /// The same with another name for a namespace.
    #[allow(dead_code)] // one target uses it
    pub fn renamed(mut self, from: &str, to: &str) -> Self {
        let rename = |ns: &mut String| {
            if ns == from {
                *ns = to.to_owned()
            }
        };
        rename(&mut self.name.0);
        self.attributes.iter_mut().for_each(|(ns, ..)| rename(ns));
        self.attributes.sort();
        let children = std::mem::take(&mut self.children).into_iter();
        self.children = children
            .map(|child| match child {
                Child::Tree(tree) => Child::Tree(tree.renamed(from, to)),
                text => text,
            })
            .collect();
        self
    }

    /// The elements inside.
    #[allow(dead_code)] // one target uses it
    pub fn into_trees(self) -> Vec<Tree> {
        let children = self.children.into_iter();
        children.filter_map(|child| if let Child::Tree(tree) = child { Some(tree) } else { None }).collect()
    }

    fn push_text(&mut self, text: &str) {
        match self.children.last_mut() {
            Some(Child::Text(last)) => last.push_str(text),
            _ => self.children.push(Child::Text(text.to_owned())),
        }
    }
}

impl From<&xmpp::Element> for Tree {
    fn from(element: &xmpp::Element) -> Self {
        let mut tree = Tree { name: (element.ns().to_owned(), element.name().to_owned()), ..Tree::default() };
        for attribute in element.attributes() {
            let local = attribute.name.rsplit(':').next().unwrap_or_default().to_owned();
            let ns = attribute.ns.as_deref().unwrap_or_default().to_owned();
            tree.attributes.push((ns, local, attribute.value.clone()));
        }
        tree.attributes.sort();
        for child in element.nodes() {
            match child {
                xmpp::Child::Text(text) => tree.push_text(text),
                xmpp::Child::Element(child) => tree.children.push(Child::Tree(child.into())),
                xmpp::Child::Stanza(child) => tree.children.push(Child::Tree((&child.to_element()).into())),
                xmpp::Child::Content(_) => unreachable!("what was parsed is a tree"),
            }
        }
        tree
    }
}

/// What rxml makes of `xml` within an element whose default namespace is `ns`; its error if it refuses it.
pub fn read(xml: &[u8], ns: &str) -> Result<Tree, String> {
    let document = [format!("<outside xmlns='{ns}'>").as_bytes(), xml, b"</outside>"].concat();
    let mut parser = Parser::with_options(Options { max_token_length: 1 << 20, ..Options::default() });
    let mut open = vec![Tree::default()];
    let mut rest = document.as_slice();
    while let Some(event) = parser.parse(&mut rest, true).map_err(|error| format!("{error:?}"))? {
        match event {
            Event::XmlDeclaration(..) => {}
            Event::StartElement(_, (ns, name), attributes) => {
                let mut tree = Tree { name: (ns.to_string(), name.to_string()), ..Tree::default() };
                for ((ns, name), value) in attributes {
                    tree.attributes.push((ns.to_string(), name.to_string(), value.to_string()));
                }
                tree.attributes.sort();
                open.push(tree);
            }
            Event::Text(_, text) => open.last_mut().expect("never empty").push_text(&text),
            Event::EndElement(_) => {
                let tree = open.pop().expect("never empty");
                open.last_mut().expect("closed once more than opened").children.push(Child::Tree(tree));
            }
        }
    }
    let Some(Child::Tree(mut outside)) = open.swap_remove(0).children.pop() else {
        return Err("no root".into());
    };
    match (outside.children.len(), outside.children.pop()) {
        (1, Some(Child::Tree(tree))) => Ok(tree),
        _ => Err("not one element".into()),
    }
}
