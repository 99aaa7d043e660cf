//! What clients ask for and are told (XEP-0016 section 2).

/// The namespace of requests, answers and pushes.
pub(crate) const NAMESPACE: &str = "jabber:iq:privacy";

/// A request that reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Get {
    /// The names of all lists, the active and the default one (section 2.3).
    Names,
    /// The list of this name.
    List(String),
}

/// A request that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    /// Creates a list, or replaces the one of that name (sections 2.6 and 2.7).
    Put(List),
    /// Removes the list of this name (section 2.8).
    Remove(String),
    /// Chooses the default list; `None` declines any (section 2.5).
    Default(Option<String>),
    /// Chooses the active list of the session; `None` declines any (section 2.4).
    Active(Option<String>),
}

/// A list; the items are in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub name: String,
    /// Its items.
    pub items: Vec<Item>,
}

/// A rule of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its place among the items: the lowest is processed first.
    pub order: u32,
    /// Whom it is about.
    pub subject: Subject,
    /// Whether it allows or denies.
    pub allow: bool,
    /// Which stanzas it is about.
    pub kinds: Kinds,
}

/// Whom an item is about: its `type` and `value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Everyone: there is no `type`.
    Anyone,
    /// A JID; whether it is valid is for the host to say.
    Jid(String),
    /// The contacts in a group of the roster.
    Group(String),
    /// Those with this subscription.
    Subscription(Subscription),
}

/// The state of a subscription; `None` includes all who are not in the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of RFC 6121")]
pub enum Subscription {
    None,
    To,
    From,
    Both,
}

impl Subscription {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::To, Self::From, Self::Both];

    /// The word of the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::To => "to",
            Self::From => "from",
            Self::Both => "both",
        }
    }
}

/// The stanzas that an item is about: its child elements. Without any, all stanzas in both directions, which is more than the
/// four kinds together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Incoming messages.
    pub message: bool,
    /// Incoming IQs.
    pub iq: bool,
    /// Incoming presence without a type, or of type `unavailable`.
    pub presence_in: bool,
    /// Outgoing presence of that kind.
    pub presence_out: bool,
}

impl Kinds {
    /// All stanzas.
    pub const ALL: Self = Self { message: false, iq: false, presence_in: false, presence_out: false };

    /// The elements of these kinds, in the order of the schema.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.message, "message"),
            (self.iq, "iq"),
            (self.presence_in, "presence-in"),
            (self.presence_out, "presence-out"),
        ];
        all.into_iter().filter(|(named, _)| *named).map(|(_, name)| name)
    }
}

/// Why a request cannot be carried out, as a text for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `bad-request`.
    BadRequest(&'static str),
    /// `resource-constraint`: the list has more items than a list may have.
    TooManyItems,
}
