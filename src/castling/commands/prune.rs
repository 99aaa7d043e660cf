//! `castling user prune`

use std::path::Path;

use admin::{Client, Request};

use super::{reply, running};
use crate::accounts::answer;
use crate::api::{Adopted, PruneUsers, PrunedPage};
use crate::failure::Failure;
use crate::output;

/// Deletes the accounts that are gone, or lists them, page by page.
pub fn run(file: Option<&Path>, args: PruneUsers) -> Result<(), Failure> {
    let mut server = running(file)?;
    if !args.dry_run && !args.force {
        few_are_gone(&mut server, &args)?;
    }
    let (mut deleted, mut kept, mut all) = (0, 0, 0);
    pages(&mut server, args.clone(), |page| {
        all += page.looked_at;
        for user in &page.users {
            let name = shown(&user.local, &args.domain, Some(&user.adopted));
            match user.deleted {
                true => {
                    deleted += 1;
                    output::line(&name);
                }
                false => {
                    kept += 1;
                    output::line(&format!("{name}: kept"));
                }
            }
        }
    })?;
    summary(deleted, kept, args.dry_run);
    if args.dry_run && !args.force && are_many(deleted, all) {
        output::error(
            "note: so many would not be deleted without --force: see whether the table is empty by mistake",
        );
    }
    Ok(())
}

/// # Errors
/// What the server says, after all that came before.
fn pages(server: &mut Client, mut args: PruneUsers, mut see: impl FnMut(&PrunedPage)) -> Result<(), Failure> {
    loop {
        let page: PrunedPage = reply(server.call(&Request::new("user.prune", answer(&args)?))?)?;
        see(&page);
        if let Some(failure) = page.failure {
            return Err(Failure::Message(failure));
        }
        match page.next {
            Some(next) => args.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// So few that a mistake loses little.
const FEW: usize = 10;

fn are_many(gone: usize, all: usize) -> bool {
    gone > FEW && gone * 2 > all
}

/// Looks at all accounts before the first is deleted: a table that is empty by mistake must not cost everybody's data.
fn few_are_gone(server: &mut Client, args: &PruneUsers) -> Result<(), Failure> {
    let (mut gone, mut all) = (0, 0);
    pages(server, PruneUsers { dry_run: true, ..args.clone() }, |page| {
        gone += page.users.iter().filter(|user| user.deleted).count();
        all += page.looked_at;
    })?;
    match are_many(gone, all) {
        false => Ok(()),
        true => Err(Failure::Message(format!(
            "{gone} of {all} adopted accounts of {} are gone, so none was deleted — see whether the table is empty by mistake \
             (--dry-run lists them), or add --force",
            args.domain
        ))),
    }
}

fn summary(deleted: usize, kept: usize, dry_run: bool) {
    let accounts =
        |count: usize| if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") };
    let done = if dry_run { "would be deleted" } else { "deleted" };
    output::line(&format!("{} {done}", accounts(deleted)));
    if kept > 0 {
        output::error(&format!("{} kept, of providers no longer in auth — add --orphaned", accounts(kept)));
    }
}

/// An account as lists show it, with its provider if it is not the server's own.
pub fn shown(local: &str, domain: &str, adopted: Option<&Adopted>) -> String {
    match adopted {
        None => format!("{local}@{domain}"),
        Some(Adopted { provider, orphaned: false }) => format!("{local}@{domain} ({provider})"),
        Some(Adopted { provider, orphaned: true }) => {
            format!("{local}@{domain} ({provider}, no longer in auth)")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_shown_with_its_provider() {
        let adopted = |orphaned| Some(Adopted { provider: "auth-sql".into(), orphaned });
        let shown = |adopted: Option<Adopted>| shown("jack", "chess.example", adopted.as_ref());
        assert_eq!(shown(None), "jack@chess.example");
        assert_eq!(shown(adopted(false)), "jack@chess.example (auth-sql)");
        assert_eq!(shown(adopted(true)), "jack@chess.example (auth-sql, no longer in auth)");
    }
}
