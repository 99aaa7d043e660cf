//! Whether an account is as it was imported.

use storage::AccountState;

use super::{contacts, documents, lists, messages};
use crate::Kind;
use crate::digest::Base;

/// Whether nothing has been changed here since the import. Messages that came and a later log-in count as changes: somebody
/// uses the account here.
pub(crate) fn is_as_imported(state: &AccountState) -> bool {
    let Some(imported) = &state.imported else { return false };
    let base = Base::read(&imported.records);
    // One whose password was never imported was here before.
    if imported.password_here.as_ref() != Some(&state.kept.mark()) {
        return false;
    }
    let kinds = [
        (Kind::Roster, contacts::here(state)),
        (Kind::Private, documents::private_here(state)),
        (Kind::Privacy, lists::here(state)),
        (Kind::VCard, documents::vcard_here(state)),
        (Kind::Offline, messages::here(state)),
    ];
    kinds.into_iter().all(|(kind, mut here)| {
        let mut before: Vec<_> = base.of(kind).collect();
        before.sort_unstable();
        here.sort_unstable();
        before == here
    })
}
