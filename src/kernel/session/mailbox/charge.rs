//! The share of a mailbox that a waiting stanza is charged to.

/// The share of the bounds a stanza takes up while it waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charge {
    /// No share: stored messages arrive no faster than they are read, and another session's leftovers were
    /// bounded there.
    Paced,
    /// The session's own: an answer to its client. The client is not read from while much of it waits, so
    /// that one request may be answered with more than a mailbox holds.
    Answer,
    /// The same, for the presence of contacts: one stanza of the client may cause one from every contact. They
    /// share the memory of what they copy.
    Presence,
    /// The account's own: a push.
    Push,
    /// The share of a known sender: a contact, the account itself, the server or its services.
    #[default]
    Known,
    /// The share that all others have in common.
    Stranger,
}

/// Stanzas and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    pub stanzas: usize,
    pub bytes: usize,
}

impl Load {
    pub fn add(&mut self, bytes: usize) {
        self.stanzas += 1;
        self.bytes += bytes;
    }

    pub fn sub(&mut self, bytes: usize) {
        self.stanzas -= 1;
        self.bytes -= bytes;
    }

    /// Whether either bound is reached.
    pub fn reaches(&self, stanzas: usize, bytes: usize) -> bool {
        self.stanzas >= stanzas || self.bytes >= bytes
    }
}

/// What waits, by share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loads {
    pub known: Load,
    pub strangers: Load,
    pub pushes: Load,
    /// Answers not yet written.
    pub answers: Load,
    /// Answers written but not acknowledged, where that is known.
    pub unacknowledged: Load,
}

impl Charge {
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Answer | Self::Presence)
    }
}

impl Loads {
    /// The load a stanza counts toward once it has been written.
    pub fn of_written(&mut self, charge: Charge) -> Option<&mut Load> {
        match charge {
            Charge::Answer | Charge::Presence => Some(&mut self.unacknowledged),
            other => self.of(other),
        }
    }

    /// The load a stanza counts toward while it waits.
    pub fn of(&mut self, charge: Charge) -> Option<&mut Load> {
        match charge {
            Charge::Paced => None,
            Charge::Answer | Charge::Presence => Some(&mut self.answers),
            Charge::Push => Some(&mut self.pushes),
            Charge::Known => Some(&mut self.known),
            Charge::Stranger => Some(&mut self.strangers),
        }
    }

    /// Stanzas sent by others.
    pub fn sent(&self) -> Load {
        let (known, strangers) = (self.known, self.strangers);
        Load { stanzas: known.stanzas + strangers.stanzas, bytes: known.bytes + strangers.bytes }
    }
}
