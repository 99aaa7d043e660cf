//! The kind of a stanza, and its type (RFC 6120 §8.2, RFC 6121 §4.7.1 and §5.2.2).

use crate::node::Node;
use crate::ns;

macro_rules! words {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name { $($(#[$inner])* #[doc = concat!("`", $text, "`")] $variant,)* }

        impl $name {
            /// The word used in XML.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }
    };
}

words! {
    /// The kind of a stanza.
    Kind {
        Message = "message",
        Presence = "presence",
        Iq = "iq",
    }
}

words! {
    /// The `type` of a stanza of any kind.
    StanzaType {
        /// No `type` attribute, which is
        None = "",
        Normal = "normal",
        Chat = "chat",
        Groupchat = "groupchat",
        Headline = "headline",
        Error = "error",
        Get = "get",
        Set = "set",
        Result = "result",
        Unavailable = "unavailable",
        Subscribe = "subscribe",
        Subscribed = "subscribed",
        Unsubscribe = "unsubscribe",
        Unsubscribed = "unsubscribed",
        Probe = "probe",
        /// Not in RFC 6121; a parsed stanza never has it. Written as
        Other = "other",
    }
}

impl Kind {
    pub(crate) fn from_root(root: Node<'_>) -> Option<Self> {
        let stanza = matches!(root.ns(), ns::CLIENT | ns::SERVER | ns::COMPONENT);
        [Kind::Message, Kind::Presence, Kind::Iq]
            .into_iter()
            .find(|kind| stanza && root.name() == kind.as_str())
    }
}

impl StanzaType {
    /// Whether a presence of this type manages a subscription (RFC 6121 section 3).
    pub fn manages_subscription(self) -> bool {
        use StanzaType::*;
        matches!(self, Subscribe | Subscribed | Unsubscribe | Unsubscribed)
    }

    /// The type of a stanza of `kind`. An unknown type of a message is `normal` (RFC 6121 §5.2.2); for other
    /// kinds, `None`.
    pub(crate) fn read(kind: Kind, text: Option<&str>) -> Option<Self> {
        use StanzaType::*;
        let allowed: &[StanzaType] = match kind {
            Kind::Message => &[Normal, Chat, Groupchat, Headline, Error],
            Kind::Presence => &[Error, Unavailable, Subscribe, Subscribed, Unsubscribe, Unsubscribed, Probe],
            Kind::Iq => &[Get, Set, Result, Error],
        };
        let Some(text) = text else { return (kind != Kind::Iq).then_some(None) };
        let found = allowed.iter().copied().find(|known| known.as_str() == text);
        found.or((kind == Kind::Message).then_some(Normal))
    }
}
