//! What is understood of a user's belongings.

use crate::{RawUser, Skipped};

use super::belongings::Belongings;
use super::{account, bookmarks, last, offline, pep, privacy, private, roster, vcard};

/// What of it has a place here, and what has none.
pub(super) fn understood(mut of: Belongings) -> RawUser {
    let local = std::mem::take(&mut of.local);
    let mut user = RawUser { local, host: std::mem::take(&mut of.host), ..RawUser::default() };
    account::read(&mut of, &mut user);
    roster::read(&mut of, &mut user);
    private::read(&mut of, &mut user);
    privacy::read(&mut of, &mut user);
    vcard::read(&mut of, &mut user);
    bookmarks::read(&mut of, &mut user);
    offline::read(&mut of, &mut user);
    last::read(&mut of, &mut user);
    pep::count(&mut of);
    user.skipped = of.skipped;
    user.skipped.extend(of.later.into_iter().map(|(kind, rows)| Skipped::later(kind, rows)));
    user
}
