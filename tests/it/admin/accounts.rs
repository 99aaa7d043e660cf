//! `castling user`: the same through the socket and on the files of a server that does not run.

use std::fs;
use std::path::Path;

use runtime::Runtime;
use storage::{Options, Store};
use xmpp::{Element, ns};

use super::{ANNA, JACK, bound, json};
use crate::fixture::{BRANDS, Server, castling, folder};
use crate::raw::Raw;
use crate::waiting::lost;

/// What each step of an operator's day says: exit code, output, error.
fn day(dir: &Path) -> Vec<(Option<i32>, String, String)> {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let steps: [(&[&str], &str); 11] = [
        (&["user", "add", "Jack@chess.example", "--password-stdin"], "first\n"),
        (&["user", "add", "jack@chess.example", "--password-stdin"], "other\n"),
        (&["user", "add", "jack@wuchess.example", "--password-stdin"], "other\n"),
        (&["user", "add", "a b@chess.example", "--password-stdin"], "x\n"),
        (&["user", "add", "jack@no.example", "--password-stdin"], "x\n"),
        (&["user", "passwd", "jack@chess.example", "--password-stdin"], "second\n"),
        (&["user", "passwd", "nobody@chess.example", "--password-stdin"], "x\n"),
        (&["user", "list"], ""),
        (&["user", "del", "jack@wuchess.example"], ""),
        (&["user", "del", "jack@wuchess.example"], ""),
        (&["user", "list", "wuchess.example"], ""),
    ];
    steps
        .iter()
        .map(|(args, input)| {
            let output = castling(dir, args, input);
            (output.status.code(), text(output.stdout), text(output.stderr))
        })
        .collect()
}

#[test]
fn a_running_server_and_none_answer_alike() {
    let offline = folder(BRANDS);
    let without = day(offline.path());
    let server = Server::start(BRANDS);
    let with = day(server.dir.path());
    assert_eq!(with, without);
    let codes: Vec<_> = with.iter().map(|(code, ..)| code.unwrap()).collect();
    assert_eq!(codes, [0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0]);
    assert_eq!(with[7].1, "jack@chess.example\njack@wuchess.example\n");

    for server in [server, Server::start_in(offline)] {
        let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
        assert_eq!(raw.authenticate("jack", "first"), Err("not-authorized".into()), "the old password");
        raw.authenticate("jack", "second").unwrap();
        let shown = json(&server.ok(&["user", "show", JACK, "--json"]));
        assert_eq!((&shown["jid"], &shown["enabled"]), (&json("\"jack@chess.example\""), &json("true")));
        assert_eq!(shown["scram"], json("[\"sha-1\", \"sha-256\"]"));
    }
}

#[test]
fn a_changed_password_ends_every_session() {
    let server = Server::start_with(BRANDS, &[JACK, ANNA]);
    let mut jack = bound(&server, "jack@chess.example/a");
    let id = lost(&server, "jack@chess.example/lost");
    let mut anna = bound(&server, "anna@chess.example/a");
    let output = castling(server.dir.path(), &["user", "passwd", JACK, "--password-stdin"], "secret\n");
    assert!(output.status.success());
    assert_eq!(jack.stream_error(), "reset");
    let mut again = crate::stream::resume(&server, JACK, &id, 0);
    assert!(again.next().is("failed", ns::SM), "what could be resumed has ended as well");
    assert!(anna.ping().is_empty());
}

#[test]
fn many_at_once_from_a_file() {
    let server = Server::start(BRANDS);
    let dir = server.dir.path();
    let mut rows: Vec<String> = (0..2000).map(|at| format!("user{at:04}@chess.example,pass{at}")).collect();
    rows[99] = "user0100@nowhere.example,x".into(); // line 100
    rows[999] = "user0000@chess.example,again".into(); // line 1000
    rows[1499] = "no comma".into(); // line 1500
    rows[1998] = "@chess.example,x".into(); // line 1999
    fs::write(dir.join("many.csv"), rows.join("\n")).unwrap();
    let output = server.run(&["user", "add", "--from", "many.csv"]);
    let (said, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), &*said), (Some(1), "1996 added, 4 refused\n"), "{errors}");
    let mut lines: Vec<_> = errors.lines().map(|line| line.split(": ").next().unwrap()).collect();
    lines.sort();
    assert_eq!(lines, ["many.csv:100", "many.csv:1000", "many.csv:1500", "many.csv:1999"], "{errors}");
    assert_eq!(server.ok(&["user", "list", "chess.example"]).lines().count(), 1996);
    let mut raw = Raw::open(server.address("c2s_plain"), "chess.example");
    assert_eq!(raw.authenticate("user0000", "again"), Err("not-authorized".into()));
    raw.authenticate("user0000", "pass0").unwrap();
    Raw::open(server.address("c2s_plain"), "chess.example").authenticate("user1999", "pass1999").unwrap();
}

/// Both see each other.
fn befriend(jack: &mut Raw, anna: &mut Raw) {
    let roster = format!("<iq type='get' id='roster'><query xmlns='{}'/></iq>", ns::ROSTER);
    for raw in [&mut *jack, &mut *anna] {
        raw.send(&format!("{roster}<presence/>"));
        raw.ping();
    }
    for kind in ["subscribe", "subscribed"] {
        jack.send(&format!("<presence to='{ANNA}' type='{kind}'/>"));
        anna.send(&format!("<presence to='{JACK}' type='{kind}'/>"));
        jack.ping();
        anna.ping();
    }
    jack.ping();
    anna.ping();
}

fn rows(dir: &Path, account: Option<i64>) -> (i64, Vec<(String, u64)>) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let (options, runtime) = (Options::new("sqlite:castling.db", dir.join("data")), Runtime::system());
        let store = Store::open(options, &runtime).await.unwrap();
        let id = match account {
            Some(id) => id,
            None => {
                let id = store.accounts().lookup("chess.example", "jack").await.unwrap().unwrap().id;
                store.plugin_slots().put(id, "some", b"kept").await.unwrap();
                id
            }
        };
        let rows = store.rows_of_account(id).await.unwrap();
        store.close().await.unwrap();
        (id, rows)
    })
}

#[test]
fn user_del_is_a_cascade() {
    let server = Server::start_with(BRANDS, &[JACK, ANNA]);
    {
        let (mut jack, mut anna) =
            (bound(&server, "jack@chess.example/desk"), bound(&server, "anna@chess.example/x"));
        befriend(&mut jack, &mut anna);
        for (id, payload) in [
            ("block", "<block xmlns='urn:xmpp:blocking'><item jid='spam.example'/></block>"),
            ("private", "<query xmlns='jabber:iq:private'><board xmlns='urn:example:board'/></query>"),
            ("vcard", "<vCard xmlns='vcard-temp'><FN>Jack</FN></vCard>"),
        ] {
            jack.send(&format!("<iq type='set' id='{id}'>{payload}</iq>"));
        }
        jack.ping();
        jack.send("<presence type='unavailable'/>");
        jack.ping();
        anna.send("<message to='jack@chess.example' type='chat'><body>for later</body></message>");
        anna.ping();
    }
    let dir = server.stop().1;
    let elsewhere = "<server-data xmlns='urn:xmpp:pie:0'><host jid='chess.example'><user name='jack'>\
         <query xmlns='jabber:iq:roster'><item jid='old@chess.example' subscription='none'/></query></user></host></server-data>";
    fs::write(dir.path().join("elsewhere.xml"), elsewhere).unwrap();
    let output = castling(dir.path(), &["import", "xep0227", "--from", "elsewhere.xml"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (id, mut before) = rows(dir.path(), None);
    // An account has keys, or the hash of another system.
    before.retain(|(table, _)| table != "account_secret");
    assert!(
        before.len() >= 5 && before.iter().all(|(_, count)| *count > 0),
        "rows in each table: {before:?}"
    );

    let server = Server::start_in(dir);
    let (mut jack, mut anna) =
        (bound(&server, "jack@chess.example/desk"), bound(&server, "anna@chess.example/x"));
    let second = bound(&server, "jack@chess.example/second");
    befriend(&mut jack, &mut anna);
    server.ok(&["user", "del", JACK]);
    for mut raw in [jack, second] {
        raw.stream_error();
    }
    let told = anna.ping();
    let presence = |kind: &str| {
        let is = |one: &&Element| one.is("presence", ns::CLIENT) && one.get("type") == Some(kind);
        told.iter().filter(is).map(|one| one.get("from").unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all: Vec<_> = told.iter().map(|one| one.to_xml("")).collect();
    assert!(presence("unavailable").contains(&"jack@chess.example/desk".to_owned()), "{all:#?}");
    assert!(presence("unsubscribe").contains(&JACK.to_owned()), "{all:#?}");
    assert!(presence("unsubscribed").contains(&JACK.to_owned()), "{all:#?}");

    let mut again = Raw::open(server.address("c2s_plain"), "chess.example");
    assert_eq!(again.authenticate("jack", "secret"), Err("not-authorized".into()));
    anna.send("<message to='jack@chess.example' type='chat' id='m'><body>nobody there</body></message>");
    let answers = anna.ping();
    assert!(answers.iter().any(|one| one.get("id") == Some("m") && one.get("type") == Some("error")));
    let dir = server.stop().1;
    let (_, after) = rows(dir.path(), Some(id));
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.iter().all(|(_, count)| *count == 0), "rows are left: {after:?}");
    // whoever gets the name next has nothing of it
    crate::fixture::add_users(dir.path(), &[JACK]);
    let server = Server::start_in(dir);
    let mut jack = bound(&server, "jack@chess.example/desk");
    assert!(crate::kill::stored(&mut jack).is_empty());
}
