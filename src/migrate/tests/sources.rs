//! The data of real servers, compared with what their users read there.

use super::bed::{Bed, DOMAINS, fixture};
use super::difference::differences;
use super::truth::{self, Truth};
use crate::{EjabberdSource, Jabberd2Source, Order, ProsodySource, Reason, Report, Server, Xep0227Source};

/// Compares all users; `known` says which differences are the old server's, or its tool's.
async fn compare(bed: &Bed, order: &Order, folder: &str, known: impl Fn(&str, &Truth, &str) -> bool) {
    let mut found = Vec::new();
    for (jid, truth) in &truth::read(folder) {
        let Some(here) = bed.state(order, jid).await else {
            found.push(format!("{jid}: no account"));
            continue;
        };
        let all = differences(truth, &here).into_iter().filter(|one| !known(jid, truth, one));
        found.extend(all.map(|one| format!("{jid}: {one}")));
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}

/// Nothing was refused, and what is left out is said.
fn skipped(report: &Report) -> Vec<(String, u64)> {
    let mut skipped = std::collections::BTreeMap::new();
    for counts in report.tally.counts.values().flat_map(|kinds| kinds.values()) {
        for (reason, rows) in &counts.skipped {
            *skipped.entry(format!("{reason:?}")).or_default() += rows;
        }
    }
    skipped.into_iter().collect()
}

/// ejabberd hides a contact that asks.
fn is_hidden(truth: &Truth, difference: &str) -> bool {
    let hidden = |jid: &String| difference.starts_with(&format!("roster only here: {jid} "));
    truth.subscription_requests.iter().any(hidden)
}

/// ejabberd answers with an element in no namespace as if it were in the one around it, and Prosody's migrator writes it so.
fn loses_no_namespace(difference: &str) -> bool {
    difference.starts_with("private <deep ") && difference.contains(">no ns</plain>")
}

/// Old servers take denials of a few kinds of stanzas for blocking, or those of a resource; XEP-0191 does not.
fn is_not_blocking(difference: &str) -> bool {
    difference.starts_with("blocked only there: ")
}

/// Prosody keeps block lists apart: they are default lists here.
fn is_block_list(truth: &Truth, difference: &str) -> bool {
    let is_list = difference.starts_with("privacy only here: blocklist: ");
    (is_list || difference == "privacy only here: default blocklist") && !truth.blocklist.is_empty()
}

/// jabberd2 keeps 16383 characters of a picture.
fn is_cut_short(difference: &str) -> bool {
    difference.starts_with("vcard only there: <{vcard-temp}PHOTO ")
}

#[tokio::test(flavor = "multi_thread")]
async fn jabberd2_on_sqlite() {
    let bed = Bed::new().await;
    let url = format!("sqlite:{}", fixture("jabberd2-a-sqlite/jabberd2.db").display());
    let order = Order::new(Server::Jabberd2);
    let report = bed.import(Jabberd2Source::new(bed.tables(&url), Vec::new()), &order).await;
    assert_eq!(skipped(&report), [("Empty".to_owned(), 1), ("NotTakenYet".to_owned(), 50)]);
    let known = |_: &str, _: &Truth, one: &str| is_not_blocking(one) || is_cut_short(one);
    compare(&bed, &order, "jabberd2-a-sqlite", known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ejabberd_on_sqlite() {
    let bed = Bed::new().await;
    let order = Order::new(Server::Ejabberd);
    for host in DOMAINS {
        let url = format!("sqlite:{}", fixture(&format!("ejabberd-a-sqlite/{host}.db")).display());
        bed.import(EjabberdSource::new(bed.tables(&url), Some(host.to_owned())), &order).await;
    }
    let known = |_: &str, truth: &Truth, one: &str| is_hidden(truth, one) || loses_no_namespace(one);
    compare(&bed, &order, "ejabberd-a-sqlite", known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prosody_in_files() {
    let bed = Bed::new().await;
    let order = Order::new(Server::Prosody);
    let report = bed.import(ProsodySource::files(fixture("prosody-a-files/data")), &order).await;
    assert!(report.tally.listed.iter().all(|one| one.reason != Reason::Refused));
    let known = |_: &str, truth: &Truth, one: &str| is_block_list(truth, one) || is_not_blocking(one);
    compare(&bed, &order, "prosody-a-files", known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prosody_on_sqlite() {
    let bed = Bed::new().await;
    let order = Order::new(Server::Prosody);
    let url = format!("sqlite:{}", fixture("prosody-more/prosody.sqlite").display());
    bed.import(ProsodySource::sql(bed.tables(&url)), &order).await;
    let known = |_: &str, truth: &Truth, one: &str| is_block_list(truth, one) || is_not_blocking(one);
    compare(&bed, &order, "prosody-a-files", known).await;
}

/// jabberd2's own tool writes hashes as passwords, and loses much.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_jabberd2s_tool() {
    let bed = Bed::new().await;
    let order = Order::new(Server::Xep0227);
    bed.import(Xep0227Source::new(fixture("xep0227-a-jabberd2tool")), &order).await;
    // It also loses the backslash, and with it the password.
    let known = |jid: &str, _: &Truth, one: &str| one != "password" || jid.starts_with("d\\27");
    compare(&bed, &order, "jabberd2-a-mysql", known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_of_other_servers() {
    for (folder, truth, lost) in [
        ("xep0227-a-ejabberd-plain", "ejabberd-a-mnesia", &["last"][..]),
        ("xep0227-a-ejabberd-scram", "ejabberd-a-sqlite", &["last"]),
        ("xep0227-a-prosody", "prosody-a-files", &["last", "privacy", "blocked", "1 m", "4 m", "8 m"]),
    ] {
        let bed = Bed::new().await;
        let order = Order::new(Server::Xep0227);
        bed.import(Xep0227Source::new(fixture(folder)), &order).await;
        let known = |_: &str, there: &Truth, one: &str| {
            is_hidden(there, one) || loses_no_namespace(one) || lost.iter().any(|what| one.starts_with(what))
        };
        compare(&bed, &order, truth, known).await;
    }
}
