//! Changes of rosters: of one, and of both sides of a subscription in one transaction.

use std::sync::Arc;

use parking_lot::Mutex;
use storage::{RosterItem, StorageError};

use crate::account::roster::stored;
use crate::account::stored::Turn;
use crate::{Account, Kernel, Origin, Roster, RosterChange, RosterEvent};

/// What is said of a change once it is committed.
pub type Announce = Box<dyn FnOnce(&Roster, &RosterChange) + Send>;

/// A change that is computed and not yet written.
struct Next {
    account: Arc<Account>,
    roster: Arc<Roster>,
    before: Option<Arc<RosterItem>>,
    change: RosterChange,
}

/// The sender's side of a subscription, on its way with the stanza: whoever changes the recipient's roster writes both in
/// one transaction. What nobody has written is written when the stanza's way is over. Until then nobody else changes
/// either roster, so that what two accounts do to each other at once happens one after the other.
pub struct Joint {
    held: Mutex<Option<Held>>,
    /// Whether the sender ends both subscriptions with this stanza.
    ends_both: bool,
}

struct Held {
    own: Turn<Roster>,
    next: Option<(Next, Announce)>,
    other: Option<(Arc<Account>, Turn<Roster>)>,
}

impl Joint {
    /// Whether the sender ends both subscriptions with this stanza; the one that says so of the other direction follows, and
    /// changes nothing.
    pub fn ends_both(&self) -> bool {
        self.ends_both
    }

    /// The same, for a sender that ends both.
    #[must_use]
    pub fn ending_both(self, ends_both: bool) -> Self {
        Self { ends_both, ..self }
    }

    fn take(&self) -> Option<Held> {
        self.held.lock().take()
    }
}

impl Kernel {
    /// Changes a roster. `compute` sees the current roster and returns the change (`None`: no change); the
    /// change is committed, then visible to all, then announced by `announce` (pushes), all before the next
    /// change of this roster: pushes leave in version order and after their commit.
    ///
    /// Must be called where it cannot be cancelled half-way, as [`Stored::change`](crate::Stored::change).
    ///
    /// # Errors
    /// What `compute` refuses with, or the store's failure as `internal-server-error`; nothing is changed
    /// then.
    pub async fn change_roster<C, A, E>(
        &self,
        account: &Arc<Account>,
        compute: C,
        announce: A,
    ) -> Result<bool, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        A: FnOnce(&Roster, &RosterChange),
        E: From<StorageError>,
    {
        self.change_roster_beside(account, None, compute, announce).await
    }

    /// The same; the sender's side is written in the same transaction, and announced before. If there is no change here it
    /// is written alone.
    ///
    /// # Errors
    /// As [`change_roster`](Self::change_roster): nothing is changed on either side.
    pub async fn change_roster_beside<C, A, E>(
        &self,
        account: &Arc<Account>,
        joint: Option<&Joint>,
        compute: C,
        announce: A,
    ) -> Result<bool, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        A: FnOnce(&Roster, &RosterChange),
        E: From<StorageError>,
    {
        let (turn, beside) = match joint.and_then(Joint::take) {
            Some(Held { own, next, other: Some((other, turn)) }) if Arc::ptr_eq(&other, account) => {
                (turn, Some((own, next)))
            }
            held => {
                self.settle(held).await?;
                (self.rosters.turn(account).await, None)
            }
        };
        let (own, theirs) = match beside {
            Some((own, next)) => (Some(own), next),
            None => (None, None),
        };
        let next = self.next(&turn, account, compute).await?;
        let changes: Vec<_> = theirs.iter().map(|(next, _)| next).chain(&next).map(Next::stored).collect();
        if !changes.is_empty()
            && let Err(error) = self.store().roster().apply_many(changes).await
        {
            own.iter().chain([&turn]).for_each(|turn| self.rosters.doubt_in(turn));
            return Err(error.into());
        }
        if let (Some(own), Some((next, announce))) = (&own, theirs) {
            self.finish(own, next, announce);
        }
        let changed = next.is_some();
        if let Some(next) = next {
            self.finish(&turn, next, announce);
        }
        Ok(changed)
    }

    /// Computes a change of the sender's roster that is written with that of the contact's, if the contact is given; see
    /// [`Joint`]. Nobody else changes either roster while it lives.
    ///
    /// # Errors
    /// What `compute` refuses with, or the store's failure.
    pub async fn stage_roster<C, E>(
        &self,
        account: &Arc<Account>,
        contact: Option<Arc<Account>>,
        compute: C,
        announce: Announce,
    ) -> Result<Joint, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        E: From<StorageError>,
    {
        let contact = contact.filter(|contact| !Arc::ptr_eq(contact, account));
        // In one order for all, so that no two wait for each other.
        let before = contact.as_ref().filter(|contact| contact.id() < account.id());
        let before = match before {
            Some(contact) => Some(self.rosters.turn(contact).await),
            None => None,
        };
        let own = self.rosters.turn(account).await;
        let other = match (contact, before) {
            (None, _) => None,
            (Some(contact), Some(turn)) => Some((contact, turn)),
            (Some(contact), None) => Some((contact.clone(), self.rosters.turn(&contact).await)),
        };
        if let Some((_, turn)) = &other {
            // Whoever asks for it on the way must not have to wait for the turn.
            self.rosters.load_in(self, turn).await?;
        }
        let next = self.next(&own, account, compute).await?.map(|next| (next, announce));
        Ok(Joint { held: Mutex::new(Some(Held { own, next, other })), ends_both: false })
    }

    /// Sends a stanza of the server's own, as [`send`](Self::send), with the sender's side of the change that it makes.
    ///
    /// # Errors
    /// It could not be written; nothing is changed then.
    pub async fn send_joint(
        self: &Arc<Self>,
        origin: Origin,
        stanza: xmpp::Stanza,
        joint: Joint,
    ) -> Result<(), StorageError> {
        let joint = Arc::new(joint);
        if let Some(mut packet) = self.own_packet(origin, stanza) {
            packet.notes.joint = Some(joint.clone());
            self.route(packet).await;
        }
        self.settle(joint.take()).await
    }

    /// Sends a stanza whose change of the recipient's roster was made with that of the stanza before, see
    /// [`Joint::ends_both`].
    pub async fn send_follower(self: &Arc<Self>, origin: Origin, stanza: xmpp::Stanza) {
        if let Some(mut packet) = self.own_packet(origin, stanza) {
            packet.notes.follows = true;
            self.route(packet).await;
        }
    }

    /// Writes the sender's side alone.
    ///
    /// # Errors
    /// It could not be written; nothing is changed then.
    pub async fn write_alone(&self, joint: &Joint) -> Result<(), StorageError> {
        self.settle(joint.take()).await
    }

    /// Writes what nobody has written, and lets others change both rosters.
    async fn settle(&self, held: Option<Held>) -> Result<(), StorageError> {
        let Some(Held { own, next: Some((next, announce)), other }) = held else { return Ok(()) };
        if let Err(error) = self.store().roster().apply_many(vec![next.stored()]).await {
            self.rosters.doubt_in(&own);
            return Err(error);
        }
        self.finish(&own, next, announce);
        drop((own, other));
        Ok(())
    }

    async fn next<C, E>(
        &self,
        turn: &Turn<Roster>,
        account: &Arc<Account>,
        compute: C,
    ) -> Result<Option<Next>, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        E: From<StorageError>,
    {
        let roster = self.rosters.load_in(self, turn).await?;
        let Some(mut change) = compute(&roster)? else { return Ok(None) };
        let before = roster.get(change.jid()).cloned();
        let version = roster.version + 1;
        if let RosterChange::Put(item) = &mut change {
            item.version = version;
        }
        let roster = Arc::new(roster.changed(&change, version));
        Ok(Some(Next { account: account.clone(), roster, before, change }))
    }

    /// It is committed: visible to all, then announced.
    fn finish(&self, turn: &Turn<Roster>, next: Next, announce: impl FnOnce(&Roster, &RosterChange)) {
        let Next { account, roster, before, change } = next;
        self.rosters.set_in(turn, roster.clone());
        announce(&roster, &change);
        let after = roster.get(change.jid()).map(|item| &**item);
        self.tell_roster_change(&RosterEvent { account: &account, before: before.as_deref(), after });
    }
}

impl Next {
    fn stored(&self) -> (storage::AccountId, storage::RosterChange) {
        (self.account.id(), stored(&self.change, self.roster.version))
    }
}
