use super::*;
use crate::server::bed::{Bed, Elsewhere};

fn asked(dry_run: bool, orphaned: bool) -> PruneUsers {
    PruneUsers { domain: "chess.example".into(), dry_run, orphaned, force: false, after: None }
}

/// All pages, as the command asks for them; a line for each account.
async fn pruned(bed: &Bed, mut args: PruneUsers) -> Result<Vec<String>, CommandError> {
    let mut lines = Vec::new();
    loop {
        let page = page(&bed.kernel, &bed.host, &args).await?;
        assert_eq!(page.failure, None);
        lines.extend(page.users.iter().map(|one| {
            let Adopted { provider, orphaned } = &one.adopted;
            format!("{} {provider} orphaned={orphaned} deleted={}", one.local, one.deleted)
        }));
        match page.next {
            Some(next) => args.after = Some(next),
            None => return Ok(lines),
        }
    }
}

#[tokio::test]
async fn only_what_no_provider_has_is_deleted() {
    let (sql, ldap) = (Elsewhere::new("auth-sql", &["here"]), Elsewhere::new("auth-ldap", &["moved"]));
    let bed = Bed::new(&[&sql, &ldap]).await;
    for local in ["here", "gone", "moved"] {
        bed.adopt(local, "auth-sql").await;
    }
    bed.adopt("old", "auth-old").await;
    bed.kernel.store().accounts().create("chess.example", "own", &[], 0).await.unwrap();
    let mut lines = ["old auth-old orphaned=true deleted=false", "gone auth-sql orphaned=false deleted=true"];
    assert_eq!(pruned(&bed, asked(true, false)).await.unwrap(), lines);
    assert_eq!(bed.locals().await, ["gone", "here", "moved", "old", "own"], "nothing yet");
    assert_eq!(pruned(&bed, asked(false, false)).await.unwrap(), lines);
    assert_eq!(bed.locals().await, ["here", "moved", "old", "own"]);
    lines[0] = "old auth-old orphaned=true deleted=true";
    assert_eq!(pruned(&bed, asked(false, true)).await.unwrap(), lines[..1]);
    assert_eq!(bed.locals().await, ["here", "moved", "own"]);
    assert_eq!(pruned(&bed, asked(false, true)).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_renamed_provider_keeps_its_accounts() {
    let sql = Elsewhere::new("auth-new", &["jack"]);
    let bed = Bed::new(&[&sql]).await;
    bed.adopt("jack", "auth-old").await;
    assert_eq!(pruned(&bed, asked(false, true)).await.unwrap(), [""; 0]);
    assert_eq!(bed.locals().await, ["jack"]);
}

#[tokio::test]
async fn a_failing_provider_ends_it_and_nothing_more_is_deleted() {
    let sql = Elsewhere::new("auth-sql", &[]);
    let bed = Bed::new(&[&sql]).await;
    let count = PAGE as usize * 2;
    for n in 0..count {
        bed.adopt(&format!("u{n:04}"), "auth-sql").await;
    }
    // In the middle of the second page: the first one has been done.
    *sql.fails_at.lock() = Some("u0300".into());
    let error = pruned(&bed, asked(false, false)).await.unwrap_err();
    let expected = "auth provider auth-sql: away; nothing more is deleted — repeat the command when the provider \
                    answers again";
    assert_eq!(error.to_string(), expected);
    let left: Vec<_> = (PAGE as usize..count).map(|n| format!("u{n:04}")).collect();
    assert_eq!(bed.locals().await, left);
    *sql.fails_at.lock() = None;
    assert_eq!(pruned(&bed, asked(false, false)).await.unwrap().len(), left.len());
    assert_eq!(bed.locals().await, [""; 0]);
}
