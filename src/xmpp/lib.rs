//! The protocol itself: namespaces, JIDs, elements, stanzas, stream events, errors. No I/O.
//!
//! [`StreamParser`] turns bytes into [`StreamEvent`]s; an element that was parsed is a [`Document`]: its own
//! bytes and a table of offsets into them, validated once and never copied again. A [`Stanza`] is such a
//! document with an editable envelope; writing it writes a new start tag and the old bytes. What the server
//! itself generates is built as an [`Element`], which may contain stanzas, or written with a [`Composer`]. In both
//! cases bytes and table are written together: what the server composes is not parsed.

mod attributes;
mod chars;
mod composer;
mod document;
mod element;
mod error;
mod escape;
mod framer;
mod header;
mod jid;
mod language;
mod limits;
mod malformed;
mod node;
mod prep;
mod recorder;
mod refusal;
mod scan;
mod scope;
mod sink;
mod stanza;
mod stanza_edit;
mod stanza_reply;
mod stanza_tag;
mod stanza_type;
mod stanza_write;
mod stream;
mod tape;
mod work;
mod wrapper;

pub mod datetime;
pub mod delay;
pub mod form;
pub mod ns;

pub use composer::{Composer, Content};
pub use document::Document;
pub use element::{Attribute, Child, Element};
pub use error::{Condition, ErrorType, StanzaError, StreamCondition, StreamError};
pub use header::{StreamHeader, without_declaration};
pub use jid::{Jid, JidError, Part, to_ascii};
pub use language::is_language;
pub use limits::ElementLimits;
pub use malformed::Malformed;
pub use node::{Attr, Node};
pub use prep::{PrepError, prep_domain, prep_local, prep_resource, saslprep};
pub use stanza::Stanza;
pub use stanza_type::{Kind, StanzaType};
pub use stanza_write::Framing;
pub use stream::{StreamEvent, StreamParser};
pub use wrapper::Wrapper;

#[cfg(test)]
mod tests;
