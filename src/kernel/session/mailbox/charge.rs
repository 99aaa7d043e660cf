//! Against whose share of a mailbox a waiting stanza counts.

/// Whose share of the bounds a stanza takes up while it waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charge {
    /// Nobody's: stored messages come no faster than they are read, and what another session of the account left over was
    /// bounded there.
    Paced,
    /// The session's own: what its client asked for. The client is not read on while much of it waits, so that one request
    /// may bring about more than a mailbox holds.
    Answer,
    /// The account's own: a push.
    Push,
    /// That of a sender who is known here: a contact, the account itself, the server and its services.
    #[default]
    Known,
    /// That which all others have together.
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

    /// Has it come to either of these?
    pub fn reaches(&self, stanzas: usize, bytes: usize) -> bool {
        self.stanzas >= stanzas || self.bytes >= bytes
    }
}

/// What waits, by whose share it takes up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loads {
    pub known: Load,
    pub strangers: Load,
    /// Pushes, and answers that were written and not acknowledged.
    pub own: Load,
    /// Answers that were not written.
    pub answers: Load,
}

impl Loads {
    /// The load that a stanza counts in while it waits.
    pub fn of(&mut self, charge: Charge) -> Option<&mut Load> {
        match charge {
            Charge::Paced => None,
            Charge::Answer => Some(&mut self.answers),
            Charge::Push => Some(&mut self.own),
            Charge::Known => Some(&mut self.known),
            Charge::Stranger => Some(&mut self.strangers),
        }
    }

    /// What others have sent.
    pub fn sent(&self) -> Load {
        let (known, strangers) = (self.known, self.strangers);
        Load { stanzas: known.stanzas + strangers.stanzas, bytes: known.bytes + strangers.bytes }
    }
}
