//! Changes of rosters: of one, and of both sides of a subscription in one transaction.

use std::sync::Arc;

use parking_lot::Mutex;
use storage::{RosterItem, StorageError};

use crate::account::roster::stored;
use crate::account::stored::Turn;
use crate::{Account, Kernel, Origin, Roster, RosterChange, RosterEvent};

/// What is said of a change once it is committed.
pub type Announce = Box<dyn FnOnce(&Roster, &RosterChange) + Send>;

/// A change that is computed and not yet written. Until it is, nobody else changes this roster.
struct Next {
    turn: Turn<Roster>,
    account: Arc<Account>,
    roster: Arc<Roster>,
    before: Option<Arc<RosterItem>>,
    change: RosterChange,
}

/// The sender's side of a subscription, on its way with the stanza: whoever changes the recipient's roster writes both in
/// one transaction. What nobody has written is written when the stanza's way is over.
pub struct Joint(Mutex<Option<(Next, Announce)>>);

impl Joint {
    fn take(&self) -> Option<(Next, Announce)> {
        self.0.lock().take()
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
    /// As [`change_roster`](Self::change_roster). If `compute` refuses, the sender's side is written nevertheless.
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
        let turn = match (self.rosters.try_turn(account), joint) {
            (Some(turn), _) => turn,
            (None, joint) => {
                // Two that subscribe to each other at once must not wait for each other.
                self.write_alone(joint).await?;
                self.rosters.turn(account).await
            }
        };
        let next = match self.next(turn, account, compute).await {
            Ok(Some(next)) => next,
            neither => {
                self.write_alone(joint).await?;
                return neither.map(|_| false);
            }
        };
        let beside = joint.and_then(Joint::take);
        let changes = beside.iter().map(|(next, _)| next).chain([&next]).map(Next::stored).collect();
        self.store().roster().apply_many(changes).await?;
        if let Some((next, announce)) = beside {
            self.finish(next, announce);
        }
        self.finish(next, announce);
        Ok(true)
    }

    /// Computes a change that is written with that of another roster, see [`Joint`]; `None`: nothing changes.
    ///
    /// # Errors
    /// What `compute` refuses with, or the store's failure.
    pub async fn stage_roster<C, E>(
        &self,
        account: &Arc<Account>,
        compute: C,
        announce: Announce,
    ) -> Result<Option<Arc<Joint>>, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        E: From<StorageError>,
    {
        let turn = self.rosters.turn(account).await;
        let next = self.next(turn, account, compute).await?;
        Ok(next.map(|next| Arc::new(Joint(Mutex::new(Some((next, announce)))))))
    }

    /// Sends a stanza of the server's own, as [`send`](Self::send), with the sender's side of the change that it makes.
    ///
    /// # Errors
    /// It could not be written; nothing is changed then.
    pub async fn send_joint(
        self: &Arc<Self>,
        origin: Origin,
        stanza: xmpp::Stanza,
        joint: Arc<Joint>,
    ) -> Result<(), StorageError> {
        if let Some(mut packet) = self.own_packet(origin, stanza) {
            packet.notes.joint = Some(joint.clone());
            self.route(packet).await;
        }
        self.write_alone(Some(&joint)).await
    }

    /// Writes the sender's side, if nobody has written it yet.
    ///
    /// # Errors
    /// It could not be written; nothing is changed then.
    pub async fn write_alone(&self, joint: Option<&Joint>) -> Result<(), StorageError> {
        let Some((next, announce)) = joint.and_then(Joint::take) else { return Ok(()) };
        self.store().roster().apply_many(vec![next.stored()]).await?;
        self.finish(next, announce);
        Ok(())
    }

    async fn next<C, E>(
        &self,
        turn: Turn<Roster>,
        account: &Arc<Account>,
        compute: C,
    ) -> Result<Option<Next>, E>
    where
        C: FnOnce(&Roster) -> Result<Option<RosterChange>, E>,
        E: From<StorageError>,
    {
        let roster = self.rosters.load_in(self, &turn).await?;
        let Some(mut change) = compute(&roster)? else { return Ok(None) };
        let before = roster.get(change.jid()).cloned();
        let version = roster.version + 1;
        if let RosterChange::Put(item) = &mut change {
            item.version = version;
        }
        let roster = Arc::new(roster.changed(&change, version));
        Ok(Some(Next { turn, account: account.clone(), roster, before, change }))
    }

    /// It is committed: visible to all, then announced.
    fn finish(&self, next: Next, announce: impl FnOnce(&Roster, &RosterChange)) {
        let Next { turn, account, roster, before, change } = next;
        self.rosters.set_in(&turn, roster.clone());
        announce(&roster, &change);
        let after = roster.get(change.jid()).map(|item| &**item);
        self.tell_roster_change(&RosterEvent { account: &account, before: before.as_deref(), after });
        drop(turn);
    }
}

impl Next {
    fn stored(&self) -> (storage::AccountId, storage::RosterChange) {
        (self.account.id(), stored(&self.change, self.roster.version))
    }
}
