//! Both storages, read as a whole and compared with what the users' clients have read from the old server.

mod truth;

use std::path::{Path, PathBuf};

use crate::{Kind, Leftover, RawUser, Reason, Source, Survey};
use runtime::Runtime;
use storage::source::{SourcePassword, Tables};

use super::ProsodySource;
use truth::Truth;

pub(super) const DATA: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/migration/prosody-a-files/data");

/// Made by `fixtures/make_sqlite.py` of the same data.
const DATABASE: &str = concat!(
    "sqlite:",
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fixtures/migration/prosody-more/prosody.sqlite"
);

pub(super) struct Everything {
    pub survey: Survey,
    pub users: Vec<RawUser>,
    pub leftovers: Vec<Leftover>,
}

pub(super) async fn everything(mut source: ProsodySource) -> Everything {
    let survey = source.survey().await.unwrap();
    let mut users = Vec::new();
    while let Some(user) = source.next().await.unwrap() {
        users.push(user);
    }
    Everything { survey, users, leftovers: source.leftovers() }
}

impl Everything {
    pub fn user(&self, local: &str, host: &str) -> &RawUser {
        let mut found = self.users.iter().filter(|user| user.local == local && user.host == host);
        let user = found.next().unwrap_or_else(|| panic!("no {local}@{host}"));
        assert!(found.next().is_none(), "{local}@{host} comes twice");
        user
    }

    fn left(&self, host: &str, kind: Kind) -> u64 {
        let of = |one: &&Leftover| {
            one.host == host && one.rows.kind == kind && one.rows.reason == Reason::NotTakenYet
        };
        self.leftovers.iter().filter(of).map(|one| one.rows.rows).sum()
    }
}

fn tables() -> Tables {
    Tables::new(DATABASE, Path::new("/"), SourcePassword::Url, &Runtime::system()).unwrap()
}

fn check(everything: &Everything) {
    let truth = Truth::read();
    assert_eq!(everything.survey.hosts, ["chess.example", "wuchess.example"]);
    assert_eq!(everything.survey.users, Some(truth.users().len() as u64));
    assert_eq!(everything.users.len(), truth.users().len());
    for address in truth.users() {
        let (local, host) = address.rsplit_once('@').unwrap();
        truth.check(address, everything.user(local, host));
    }
}

#[tokio::test]
async fn the_file_storage_as_clients_saw_it() {
    let everything = everything(ProsodySource::files(PathBuf::from(DATA))).await;
    check(&everything);
    // persistent.dat, two of config, two of state, and what was said.
    assert_eq!(everything.left("conference.chess.example", Kind::Room), 5 + 3);
    let hosts: Vec<_> = everything.leftovers.iter().map(|one| one.host.as_str()).collect();
    assert_eq!(hosts, ["conference.chess.example", "conference.wuchess.example"]);
    assert_eq!(everything.survey.notes.len(), 2, "{:?}", everything.survey.notes);
}

#[tokio::test]
async fn the_sql_storage_as_clients_saw_it() {
    let everything = everything(ProsodySource::sql(tables())).await;
    check(&everything);
    let hosts: Vec<_> = everything.leftovers.iter().map(|one| one.host.as_str()).collect();
    assert_eq!(hosts, ["conference.chess.example", "conference.wuchess.example"]);
    assert_eq!(everything.left("conference.chess.example", Kind::Room), 23);
    assert_eq!(everything.left("conference.wuchess.example", Kind::Room), 23);
}

#[tokio::test]
async fn both_storages_say_the_same() {
    let files = everything(ProsodySource::files(PathBuf::from(DATA))).await;
    let sql = everything(ProsodySource::sql(tables())).await;
    for user in &files.users {
        let other = sql.user(&user.local, &user.host);
        let counted = |user: &RawUser| {
            let mut counted: Vec<_> =
                user.skipped.iter().map(|one| (one.kind, one.reason, one.rows)).collect();
            counted.sort();
            counted
        };
        assert_eq!(counted(user), counted(other), "{}@{}", user.local, user.host);
        assert_eq!(user.accounts[0].created_us, other.accounts[0].created_us);
        assert!(user.accounts[0].created_us.unwrap() > 1_795_465_000_000_000);
    }
}

#[tokio::test]
async fn a_source_without_prosody_in_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = ProsodySource::files(dir.path().to_owned()).survey().await.unwrap_err();
    assert!(error.to_string().contains("data_path"), "{error}");
    let error = ProsodySource::files(dir.path().join("none")).survey().await.unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
    let other = concat!(
        "sqlite:",
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/migration/jabberd2-a-sqlite/jabberd2.db"
    );
    let tables = Tables::new(other, Path::new("/"), SourcePassword::Url, &Runtime::system()).unwrap();
    let error = ProsodySource::sql(tables).survey().await.unwrap_err();
    assert!(error.to_string().contains("no table prosody"), "{error}");
}
