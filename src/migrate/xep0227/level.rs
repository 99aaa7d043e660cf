//! What an element is at its place.

use xmpp::Element;

use crate::xep0227::names::{XINCLUDE, is_pie};

/// A place in the format: inside of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Of nothing: a file's own element.
    Document,
    /// Of `server-data`.
    Server,
    /// Of `host`.
    Host,
    /// Of `user`.
    User,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It contains what belongs to this level.
    Outer(Level),
    /// Another file stands in its place (XInclude).
    Include,
    /// Data, or what is not known here.
    Leaf,
}

impl Level {
    /// What an element is here. A file that is included may be any part of the whole; one that is not may be any as well.
    pub(crate) fn role(self, element: &Element) -> Role {
        if self != Self::Document && element.is("include", XINCLUDE) {
            return Role::Include;
        }
        if !is_pie(element.ns()) {
            return Role::Leaf;
        }
        match (self, element.name()) {
            (Self::Document | Self::Server, "server-data") => Role::Outer(Self::Server),
            (Self::Document | Self::Server, "host") => Role::Outer(Self::Host),
            (Self::Document | Self::Host, "user") => Role::Outer(Self::User),
            _ => Role::Leaf,
        }
    }
}
