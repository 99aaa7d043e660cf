//! Whether an account may log in.

use super::Merge;
use crate::decision::{Action, Sides};
use crate::{Fate, Kind, MigrateError, Reason};

/// The key of the record that an account was disabled in the source. One that was not has no such record.
const DISABLED: u64 = 0;

impl Merge<'_> {
    /// Decides whether the account may log in. `there`: what the source says, if it knows. The answer is what becomes of
    /// the account's record by that, if anything does.
    pub(super) fn enabled(&mut self, there: Option<bool>) -> Result<Option<Fate>, MigrateError> {
        let is_own = self.state.is_none_or(|state| state.account.provider.is_none());
        let Some(there) = there.filter(|_| is_own && self.order.wants(Kind::Account)) else {
            self.carry_over(Kind::Account);
            return Ok(None);
        };
        let was_imported = self.state.is_some_and(|state| state.imported.is_some());
        let before = was_imported.then(|| self.before.get(Kind::Account, DISABLED).is_none());
        let here = self.state.map(|state| state.account.enabled);
        let side = |enabled: Option<bool>| enabled.map(u64::from);
        let sides = Sides { before: side(before), here: side(here), there: side(Some(there)) };
        match sides.decide(self.order.on_conflict) {
            Action::Change => {
                self.change.enabled = Some(there);
                self.writes = true;
                self.record(there);
                Ok(Some(Fate::Changed))
            }
            Action::Keep => {
                self.carry_over(Kind::Account);
                self.list(Kind::Account, Reason::Kept, "whether it is disabled");
                Ok(Some(Fate::Skipped(Reason::Kept)))
            }
            Action::Fail => Err(self.conflict(Kind::Account, "whether it is disabled")),
            // It is made so, or it is so already.
            Action::Create | Action::Nothing | Action::Ours | Action::Remove => {
                self.record(there);
                Ok(None)
            }
        }
    }

    fn record(&mut self, enabled: bool) {
        if !enabled {
            self.after.push(Kind::Account, DISABLED, 1);
        }
    }
}
