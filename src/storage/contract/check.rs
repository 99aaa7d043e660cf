//! A look at a real database finds what is missing, and nothing else.

use super::*;
use crate::{StorageCheck, check};

async fn looked(bed: &Bed) -> StorageCheck {
    check(&bed.options(), &Runtime::system()).await.unwrap()
}

/// How a remedy for a missing index begins.
fn creates(bed: &Bed) -> &'static str {
    match bed.dialect() {
        crate::dialect::Dialect::Postgres => "CREATE INDEX CONCURRENTLY",
        _ => "CREATE INDEX",
    }
}

#[tokio::test]
async fn a_database_as_it_was_made_has_nothing_to_complain_of() {
    let bed = Bed::new().await;
    bed.account("chess.example", "alice").await;
    let found = looked(&bed).await;
    assert_eq!(found.findings, []);
    assert!(found.statements > 50, "{found:?}");
    assert!(found.tables.contains(&("account", 1)), "{found:?}");
}

#[tokio::test]
async fn an_index_that_was_dropped_is_named_with_what_reads_the_whole_table_now() {
    for (index, reads) in
        [("offline_message_expiry", "offline.expire"), ("offline_message_account", "offline.count")]
    {
        let bed = Bed::new().await;
        bed.tamper(match (bed.dialect(), index) {
            (crate::dialect::Dialect::Mariadb, "offline_message_expiry") => {
                "DROP INDEX offline_message_expiry ON offline_message"
            }
            // The foreign key needs it.
            (crate::dialect::Dialect::Mariadb, _) => {
                "ALTER TABLE offline_message DROP FOREIGN KEY offline_message_ibfk_1, DROP INDEX offline_message_account"
            }
            (_, "offline_message_expiry") => "DROP INDEX offline_message_expiry",
            _ => "DROP INDEX offline_message_account",
        })
        .await;
        let found = looked(&bed).await.findings;
        let [finding] = &found[..] else { panic!("{index}: {found:?}") };
        assert!(finding.what.contains(index) && finding.what.contains(reads), "{finding:?}");
        let remedy = format!("{} {index} ON offline_message (", creates(&bed));
        assert!(finding.remedy.starts_with(&remedy), "{finding:?}");
        bed.tamper(&finding.remedy).await;
        assert_eq!(looked(&bed).await.findings, [], "after the remedy");
    }
}

#[tokio::test]
async fn a_unique_index_without_which_statements_fail_is_named_too() {
    for left in [None, Some("CREATE INDEX account_name ON account (domain, local)")] {
        let bed = Bed::new().await;
        bed.tamper(match bed.dialect() {
            crate::dialect::Dialect::Mariadb => "DROP INDEX account_name ON account",
            _ => "DROP INDEX account_name",
        })
        .await;
        if let Some(left) = left {
            bed.tamper(left).await;
        }
        let found = looked(&bed).await.findings;
        let [finding] = &found[..] else { panic!("{left:?}: {found:?}") };
        assert!(finding.what.starts_with("the index account_name "), "{finding:?}");
        // MariaDB's statement for it names no index.
        if bed.dialect() != crate::dialect::Dialect::Mariadb {
            assert!(finding.what.contains("account.insert, account.adopt cannot be run"), "{finding:?}");
        }
        let beside = if bed.dialect() == crate::dialect::Dialect::Postgres { "CONCURRENTLY " } else { "" };
        let remedy = format!("CREATE UNIQUE INDEX {beside}account_name ON account (domain, local)");
        assert!(finding.remedy.ends_with(&remedy), "{finding:?}");
        assert_eq!(finding.remedy.starts_with("DROP INDEX account_name"), left.is_some(), "{finding:?}");
        for statement in finding.remedy.split("; ") {
            bed.tamper(statement).await;
        }
        assert_eq!(looked(&bed).await.findings, [], "after the remedy");
    }
}

#[tokio::test]
async fn an_index_for_which_another_one_stands_in_is_missed_too() {
    let bed = Bed::new().await;
    bed.tamper(match bed.dialect() {
        crate::dialect::Dialect::Mariadb => "DROP INDEX account_hashes ON account",
        _ => "DROP INDEX account_hashes",
    })
    .await;
    let found = looked(&bed).await.findings;
    let remedy = format!("{} account_hashes ON account (domain, hashes)", creates(&bed));
    assert_eq!(found[0].remedy, remedy);
    assert_eq!(found.len(), 1, "{found:?}");
}
