//! `castling user`

use std::path::Path;

use serde_json::Value;

use super::target::Target;
use super::{prune, reply};
use crate::api::{
    AddUsers, AddedUsers, Adopted, DeletedUser, DomainShown, ListUsers, OfJid, PruneUsers, SetPassword,
    UserPage, UserShown,
};
use crate::cli::User;
use crate::config::{prepared, unknown_domain};
use crate::failure::Failure;
use crate::rows::{self, Row};
use crate::{output, password};

/// Rows per request: a second's work, and far below the maximum request size.
const CHUNK: usize = 500;

/// Bytes of rows per request; JSON may escape a byte as six.
const CHUNK_BYTES: usize = 128 * 1024;

/// Executes a `user` command.
pub fn run(file: Option<&Path>, command: User) -> Result<(), Failure> {
    match command {
        User::Add { from: Some(from), .. } => add_from(file, &from),
        User::Add { jid, password, .. } => {
            add(file, jid.unwrap_or_default(), password::read(password.password_stdin)?)
        }
        User::Passwd { jid, password } => {
            let password = password::read(password.password_stdin)?;
            one(file, "user.passwd", &SetPassword { jid, password }).map(drop)
        }
        User::Del { jid } => delete(file, jid),
        User::Prune { domain, dry_run, orphaned, force } => {
            prune::run(file, PruneUsers { domain: prepared(&domain), dry_run, orphaned, force, after: None })
        }
        User::List { domain } => list(file, domain),
        User::Show { jid, format } => show(one(file, "user.show", &OfJid { jid })?, format.json),
    }
}

fn one(file: Option<&Path>, command: &str, args: &impl serde::Serialize) -> Result<Value, Failure> {
    let mut target = Target::find(file)?;
    let value = target.call(command, args)?;
    target.close()?;
    Ok(value)
}

fn add(file: Option<&Path>, jid: String, password: String) -> Result<(), Failure> {
    let done: AddedUsers = reply(one(file, "user.add", &AddUsers { rows: vec![(jid, password)] })?)?;
    match done.refused.into_iter().next() {
        Some(refused) => Err(Failure::Message(refused.message)),
        None => Ok(()),
    }
}

fn delete(file: Option<&Path>, jid: String) -> Result<(), Failure> {
    let deleted: DeletedUser = reply(one(file, "user.del", &OfJid { jid: jid.clone() })?)?;
    if let Some(provider) = deleted.provider {
        output::error(&format!(
            "{jid} is an account of {provider}: its next login creates it again, without data"
        ));
    }
    Ok(())
}

/// Adds all valid accounts and reports every line that is refused.
fn add_from(file: Option<&Path>, from: &Path) -> Result<(), Failure> {
    let (rows, problems) = rows::read(from)?;
    problems.iter().for_each(|problem| output::error(problem));
    let mut target = Target::find(file)?;
    let (mut added, mut refused) = (0, problems.len());
    for part in chunks(&rows) {
        let rows = part.iter().map(|row| (row.jid.clone(), row.password.clone())).collect();
        let done: AddedUsers = reply(target.call("user.add", &AddUsers { rows })?)?;
        added += done.added;
        refused += done.refused.len();
        for one in done.refused {
            let line = part.get(one.row).map_or(0, |row| row.line);
            output::error(&format!("{}:{line}: {}", from.display(), one.message));
        }
    }
    target.close()?;
    output::line(&format!("{added} added, {refused} refused"));
    if refused == 0 { Ok(()) } else { Err(Failure::Said) }
}

/// Splits rows into parts that fit one request each.
fn chunks(rows: &[Row]) -> Vec<&[Row]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, row) in rows.iter().enumerate() {
        let size = row.jid.len() + row.password.len();
        if at > start && (at - start >= CHUNK || bytes + size > CHUNK_BYTES) {
            parts.extend(rows.get(start..at));
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    parts.extend(rows.get(start..).filter(|part| !part.is_empty()));
    parts
}

fn list(file: Option<&Path>, domain: Option<String>) -> Result<(), Failure> {
    let mut target = Target::find(file)?;
    let known: Vec<DomainShown> = reply(target.call("domain.list", &Value::Null)?)?;
    let known = known.into_iter().map(|one| one.domain);
    let domains: Vec<String> = match &domain {
        Some(domain) => known.filter(|name| *name == prepared(domain)).collect(),
        None => known.collect(),
    };
    if let Some(domain) = domain.filter(|_| domains.is_empty()) {
        return Err(unknown_domain(&domain).into());
    }
    for domain in domains {
        let mut after = None;
        loop {
            let args = ListUsers { domain: domain.clone(), after };
            let page: UserPage = reply(target.call("user.list", &args)?)?;
            for local in &page.locals {
                output::line(&prune::shown(local, &domain, page.adopted.get(local)));
            }
            after = page.locals.last().cloned();
            if !page.more {
                not_logged_in(&domain, page.secrets);
                break;
            }
        }
    }
    target.close()
}

/// Says how many accounts wait for their first login. Not on standard output, which has one account per line.
fn not_logged_in(domain: &str, count: u64) {
    let accounts = match count {
        0 => return,
        1 => "1 account has an imported password and has".to_owned(),
        _ => format!("{count} accounts have imported passwords and have"),
    };
    output::error(&format!("{domain}: {accounts} not logged in yet"));
}

fn show(value: Value, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&value);
        return Ok(());
    }
    let user: UserShown = reply(value)?;
    output::line(&format!("jid      {}", user.jid));
    output::line(&format!("created  {}", user.created));
    output::line(&format!("enabled  {}", user.enabled));
    output::line(&match (user.adopted, user.secret) {
        (Some(Adopted { provider, orphaned: false }), _) => format!("provider {provider}"),
        (Some(Adopted { provider, orphaned: true }), _) => format!("provider {provider} (no longer in auth)"),
        (None, Some(format)) => format!("secret   {format}"),
        (None, None) => format!("scram    {}", user.scram.join(", ")),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, password: usize) -> Vec<Row> {
        let row = |at| Row { line: at as u64, jid: format!("u{at}@a"), password: "x".repeat(password) };
        (0..count).map(row).collect()
    }

    #[test]
    fn parts_hold_every_row_once_and_fit_a_request() {
        for (count, password) in [(0, 1), (1, 1), (500, 1), (501, 1), (1200, 4), (50, 60_000), (3, 400_000)] {
            let rows = rows(count, password);
            let parts = chunks(&rows);
            assert_eq!(parts.concat().len(), count);
            assert!(parts.concat() == rows);
            for part in parts {
                let bytes: usize = part.iter().map(|row| row.jid.len() + row.password.len()).sum();
                assert!(part.len() <= CHUNK && (part.len() == 1 || bytes <= CHUNK_BYTES));
            }
        }
    }
}
