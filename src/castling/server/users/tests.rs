use auth::LogIn;

use super::*;
use crate::server::bed::{Bed, Elsewhere};

impl Bed {
    async fn passwd(&self, jid: &str) -> Result<Value, String> {
        let args = SetPassword { jid: jid.to_owned(), password: "new".into() };
        set_password(&self.kernel, &self.accounts, args).await.map_err(|error| error.to_string())
    }

    async fn add(&self, jids: &[&str]) -> (usize, Vec<(usize, String)>) {
        let rows = jids.iter().map(|jid| ((*jid).to_owned(), "secret".to_owned())).collect();
        let added = add(&self.kernel, &self.accounts, AddUsers { rows }).await.unwrap();
        (added.added, added.refused.into_iter().map(|one| (one.row, one.message)).collect())
    }
}

#[tokio::test]
async fn a_password_is_set_by_the_provider_that_has_the_account() {
    let sql = Elsewhere::new("auth-sql", &["jack", "never"]);
    *sql.set.lock() = Some(Vec::new());
    let bed = Bed::new(&[&sql]).await;
    assert_eq!(bed.add(&["own@chess.example"]).await, (1, Vec::new()));
    bed.adopt("jack", "auth-sql").await;
    bed.passwd("Jack@chess.example").await.unwrap();
    bed.passwd("never@chess.example").await.unwrap();
    assert_eq!(sql.set.lock().clone().unwrap().len(), 2);
    bed.passwd("own@chess.example").await.unwrap();
    assert_eq!(sql.set.lock().clone().unwrap().len(), 2, "it has no such account");
    let options = bed.host.options();
    assert!(options.auth.verify_plain(LogIn::from_nowhere("chess.example", "own"), "new").await.is_ok());
    let (_, kept) = bed.kernel.store().accounts().keys("chess.example", "jack").await.unwrap().unwrap();
    assert_eq!(kept, []);
}

#[tokio::test]
async fn a_password_that_cannot_be_set_is_refused_in_words() {
    let sql = Elsewhere::new("auth-sql", &["jack"]);
    let bed = Bed::new(&[&sql]).await;
    bed.adopt("jack", "auth-sql").await;
    bed.adopt("gone", "auth-sql").await;
    bed.adopt("old", "auth-old").await;
    *sql.fails_at.lock() = Some("away".into());
    for (jid, expected) in [
        (
            "jack@chess.example",
            "the password of jack@chess.example is kept by auth-sql, which cannot change it — write a statement \
             set_password and grant it to the plugin, or change it there",
        ),
        (
            "gone@chess.example",
            "auth-sql no longer has gone@chess.example — castling user prune --domain chess.example deletes what is \
             left of it",
        ),
        (
            "old@chess.example",
            "old@chess.example is an account of auth-old, which chess.example no longer has in its auth — add it to \
             auth, or run castling user prune --domain chess.example --orphaned",
        ),
        ("away@chess.example", "auth provider auth-sql: away"),
        ("nobody@chess.example", "account nobody@chess.example does not exist — see castling user list"),
        (
            "chess.example",
            "\"chess.example\" is not a valid account address: it has no @ — write it as name@domain",
        ),
    ] {
        assert_eq!(bed.passwd(jid).await, Err(expected.into()));
    }
}

#[tokio::test]
async fn a_name_that_a_provider_has_is_taken() {
    let sql = Elsewhere::new("auth-sql", &["jack"]);
    let bed = Bed::new(&[&sql]).await;
    bed.adopt("gone", "auth-sql").await;
    let jids =
        ["Jack@chess.example", "anna@chess.example", "x@y", "gone@chess.example", "carl@chess.example"];
    let refused = vec![
        (0, "jack@chess.example already exists at auth-sql".to_owned()),
        (2, "y is not a domain of this server — see castling domain list".to_owned()),
        (3, "gone@chess.example already exists".to_owned()),
    ];
    assert_eq!(bed.add(&jids).await, (2, refused));
    assert_eq!(bed.locals().await, ["anna", "carl", "gone"]);
    *sql.fails_at.lock() = Some("dora".into());
    let refused = vec![(0, "auth provider auth-sql: away".to_owned())];
    assert_eq!(bed.add(&["dora@chess.example"]).await, (0, refused));
}

#[tokio::test]
async fn a_deleted_account_that_comes_back_is_named() {
    let sql = Elsewhere::new("auth-sql", &["jack"]);
    let bed = Bed::new(&[&sql]).await;
    bed.add(&["own@chess.example"]).await;
    bed.adopt("jack", "auth-sql").await;
    bed.adopt("old", "auth-old").await;
    let mut said = Vec::new();
    for local in ["jack", "old", "own"] {
        let jid = format!("{local}@chess.example");
        said.push(deletion::account(&bed.kernel, &bed.accounts, &jid).await.unwrap());
        assert!(deletion::account(&bed.kernel, &bed.accounts, &jid).await.is_err(), "{jid}: twice");
    }
    assert_eq!(said, [json!({ "provider": "auth-sql" }), json!({}), json!({})]);
    assert_eq!(bed.locals().await, [""; 0]);
}

#[tokio::test]
async fn without_a_server_an_account_of_a_provider_is_shown_and_keeps_its_password() {
    let sql = Elsewhere::new("auth-sql", &["jack"]);
    let bed = Bed::new(&[&sql]).await;
    bed.adopt("jack", "auth-sql").await;
    bed.add(&["own@chess.example"]).await;
    let run = async |command: &str, args: Value| bed.accounts.run(command, args).await;
    let page = run("list", json!({ "domain": "chess.example" })).await.unwrap();
    let adopted = json!({ "provider": "auth-sql", "orphaned": false });
    assert_eq!((&page["locals"], &page["adopted"]), (&json!(["jack", "own"]), &json!({ "jack": adopted })));
    let shown = run("show", json!({ "jid": "jack@chess.example" })).await.unwrap();
    assert_eq!((&shown["adopted"], &shown["scram"]), (&adopted, &json!([])));
    let error = run("passwd", json!({ "jid": "jack@chess.example", "password": "new" })).await.unwrap_err();
    let expected = "the password of jack@chess.example is kept by auth-sql — start the server with chess.example \
                    enabled: it can ask auth-sql to change it";
    assert_eq!(error.to_string(), expected);
    let (_, keys) = bed.kernel.store().accounts().keys("chess.example", "jack").await.unwrap().unwrap();
    assert_eq!(keys, []);
}
