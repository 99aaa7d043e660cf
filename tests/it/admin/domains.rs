//! `castling domain` and `castling reload`: what is not meant is not touched.

use super::{ANNA, JACK, OTHER, bound, json, place, rewrite};
use crate::fixture::{BRANDS, Server, add_users, castling, folder, signal, until};
use crate::raw::{Raw, header};

fn start() -> Server {
    Server::start_with(BRANDS, &[JACK, ANNA, OTHER])
}

fn add_user(server: &Server, jid: &str) {
    let added = castling(server.dir.path(), &["user", "add", jid, "--password-stdin"], "secret");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
}

/// Whether streams to the domain are accepted.
fn is_served(server: &Server, domain: &str) -> bool {
    let mut raw = Raw::connect(server.address("c2s_plain"), domain);
    raw.send(&header(domain));
    let first = raw.next();
    match first.name() {
        "features" => true,
        _ => {
            assert_eq!(crate::raw::condition(&first), "host-unknown");
            false
        }
    }
}

#[test]
fn domains_come_and_go_beside_the_others() {
    let server = start();
    let mut stays = bound(&server, "jack@wuchess.example/desk");
    server.ok(&["domain", "add", "third.example"]);
    add_user(&server, "jack@third.example");
    let mut third = bound(&server, "jack@third.example/desk");
    let mut chess = bound(&server, "jack@chess.example/desk");
    third.ping();

    server.ok(&["domain", "disable", "chess.example"]);
    assert_eq!(chess.stream_error(), "host-gone");
    assert!(!is_served(&server, "chess.example"));
    server.ok(&["domain", "remove", "third.example"]);
    assert_eq!(third.stream_error(), "host-gone");
    assert!(!is_served(&server, "third.example"));
    server.ok(&["domain", "enable", "chess.example"]);
    bound(&server, "jack@chess.example/desk").ping();
    server.ok(&["domain", "add", "third.example"]);
    bound(&server, "jack@third.example/desk").ping();
    assert!(stays.ping().is_empty(), "the other brand saw nothing of it");
}

#[test]
fn what_the_file_declares_is_not_removed() {
    let server = start();
    let mut jack = bound(&server, "jack@chess.example/desk");
    let said = server.refused(&["domain", "remove", "chess.example", "--purge"]);
    let place = place(server.dir.path(), "name = \"chess.example\"");
    assert!(said.contains(&format!("declared in {place}")), "{said}");
    assert!(said.contains("castling domain disable chess.example"), "{said}");
    jack.ping();
    assert_eq!(server.ok(&["user", "list", "chess.example"]), "anna@chess.example\njack@chess.example\n");
    for (args, reason) in [
        (["domain", "add", "chess.example"], "already"),
        (["domain", "add", "a b"], "is not a valid domain name"),
        (["domain", "remove", "no.example"], "domain no.example does not exist"),
        (["domain", "enable", "no.example"], "domain no.example does not exist"),
    ] {
        let said = server.refused(&args);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn purge_deletes_accounts_and_remove_keeps_them() {
    let server = start();
    server.ok(&["domain", "add", "third.example"]);
    add_user(&server, "jack@third.example");
    server.ok(&["domain", "remove", "third.example"]);
    server.ok(&["domain", "add", "third.example"]);
    assert_eq!(server.ok(&["user", "list", "third.example"]), "jack@third.example\n");
    let mut third = bound(&server, "jack@third.example/desk");
    let said = server.ok(&["domain", "remove", "third.example", "--purge"]);
    assert!(["", "1 accounts deleted\n"].contains(&&*said), "{said}");
    third.stream_error();
    server.ok(&["domain", "add", "third.example"]);
    assert_eq!(server.ok(&["user", "list", "third.example"]), "");
    assert_eq!(server.ok(&["user", "list", "wuchess.example"]), "jack@wuchess.example\n");
}

#[test]
fn a_purge_that_cannot_be_put_in_force_deletes_nothing() {
    let server = Server::start_in(folder(BRANDS));
    server.ok(&["domain", "add", "third.example"]);
    add_user(&server, "jack@third.example");
    let mut jack = bound(&server, "jack@third.example/desk");
    let in_the_way = server.dir.path().join("data/overlay.json.new");
    std::fs::create_dir(&in_the_way).unwrap();
    let said = server.refused(&["domain", "remove", "third.example", "--purge"]);
    assert!(said.contains("cannot write to"), "{said}");
    assert_eq!(server.ok(&["user", "list", "third.example"]), "jack@third.example\n");
    assert!(jack.ping().is_empty());
    std::fs::remove_dir(&in_the_way).unwrap();
    server.ok(&["domain", "remove", "third.example", "--purge"]);
    assert_eq!(jack.stream_error(), "host-gone");
    server.ok(&["domain", "add", "third.example"]);
    assert_eq!(server.ok(&["user", "list", "third.example"]), "");
}

/// The process ended right after the removal was noted, or in the middle of the deletion.
#[test]
fn a_purge_that_was_cut_off_goes_on_at_the_next_start() {
    let server = start();
    // Deleted before the other one.
    server.ok(&["domain", "add", "fourth.example"]);
    add_user(&server, "jack@fourth.example");
    server.ok(&["domain", "add", "third.example"]);
    add_user(&server, "jack@third.example");
    add_user(&server, "anna@third.example");
    let mut third = bound(&server, "jack@third.example/desk");
    let mut chess = bound(&server, "jack@chess.example/desk");
    third.send("<presence/><presence to='jack@chess.example' type='subscribed'/>");
    third.ping();
    chess.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>");
    chess.send("<presence to='jack@third.example' type='subscribe'/>");
    until("the subscription", || chess.next().get("type") == Some("subscribed"));
    let dir = server.kill();
    let overlay = dir.path().join("data/overlay.json");
    let text = std::fs::read_to_string(&overlay).unwrap();
    std::fs::write(&overlay, text.replace("\"added\": true", "\"added\": true, \"purging\": true")).unwrap();

    let refused = castling(dir.path(), &["domain", "add", "third.example"], "");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("the accounts of third.example are still being deleted"), "{said}");
    let server = Server::start_in(dir);
    assert!(!is_served(&server, "third.example"));
    until("the domain can be added again", || {
        castling(server.dir.path(), &["domain", "add", "third.example"], "").status.success()
    });
    assert_eq!(server.ok(&["user", "list", "third.example"]), "");
    assert_eq!(server.ok(&["user", "list", "chess.example"]), "anna@chess.example\njack@chess.example\n");
    let mut chess = bound(&server, "jack@chess.example/desk");
    chess.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    let roster = chess.next().to_xml("");
    assert!(roster.contains("subscription='none'") || roster.contains("subscription=\"none\""), "{roster}");
}

#[test]
fn a_domain_declared_again_keeps_what_an_interrupted_purge_left() {
    let server = start();
    server.ok(&["domain", "add", "third.example"]);
    add_user(&server, "jack@third.example");
    let dir = server.kill();
    let overlay = dir.path().join("data/overlay.json");
    let text = std::fs::read_to_string(&overlay).unwrap();
    std::fs::write(&overlay, text.replace("\"added\": true", "\"added\": true, \"purging\": true")).unwrap();
    let check = |dir: &std::path::Path| String::from_utf8(castling(dir, &["check"], "").stderr).unwrap();
    assert!(check(dir.path()).contains("an interrupted deletion continues"), "{}", check(dir.path()));

    let declared = "[[domain]]\nname = \"third.example\"\n";
    rewrite(dir.path(), |text| text + declared);
    assert!(check(dir.path()).contains("those that remain are kept"), "{}", check(dir.path()));
    let server = Server::start_in(dir);
    add_user(&server, "anna@third.example");
    let dir = server.kill();
    // Without a domain nobody looks at its accounts, nor deletes them.
    rewrite(dir.path(), |text| text.replace(declared, ""));
    let server = Server::start_in(dir);
    assert!(!is_served(&server, "third.example"));
    server.ok(&["domain", "add", "third.example"]);
    assert_eq!(server.ok(&["user", "list", "third.example"]), "anna@third.example\njack@third.example\n");
}

#[test]
fn what_commands_changed_survives_the_process() {
    let server = start();
    server.ok(&["domain", "add", "third.example"]);
    server.ok(&["domain", "disable", "wuchess.example"]);
    let before = server.ok(&["domain", "list", "--json"]);
    let list = json(&before);
    let third = list.as_array().unwrap().iter().find(|one| one["domain"] == "third.example").unwrap();
    assert_eq!((&third["declared_by"], &third["enabled"]), (&json("\"command\""), &json("true")));
    let server = Server::start_in(server.kill());
    assert_eq!(server.ok(&["domain", "list", "--json"]), before);
    assert!(is_served(&server, "third.example") && !is_served(&server, "wuchess.example"));
}

/// The overlay belongs to the data directory that is in use.
#[test]
fn a_data_directory_that_waits_for_a_start_takes_nothing_away() {
    let server = start();
    server.ok(&["domain", "add", "third.example"]);
    add_user(&server, "jack@third.example");
    let mut third = bound(&server, "jack@third.example/desk");
    rewrite(server.dir.path(), |text| text.replace("data_dir = \"data\"", "data_dir = \"elsewhere\""));
    signal(server.pid(), "HUP");
    until("the reload", || {
        third.ping().is_empty() && server.log().contains("data_dir: restart the server to apply this change")
    });
    assert!(third.ping().is_empty());
    assert!(is_served(&server, "third.example"));
    assert!(!server.dir.path().join("elsewhere").exists());
    rewrite(server.dir.path(), |text| text.replace("data_dir = \"elsewhere\"", "data_dir = \"data\""));
    server.ok(&["domain", "remove", "third.example"]);
    assert_eq!(third.stream_error(), "host-gone");
}

#[test]
fn a_change_that_cannot_be_kept_is_not_made_later() {
    let server = start();
    server.ok(&["domain", "add", "third.example"]);
    let blocked = server.dir.path().join("data/overlay.json.new");
    std::fs::create_dir(&blocked).unwrap();
    for args in [["domain", "remove", "third.example"], ["domain", "disable", "chess.example"]] {
        let said = server.refused(&args);
        assert!(said.contains("cannot write to"), "{said}");
    }
    std::fs::remove_dir(&blocked).unwrap();
    server.ok(&["domain", "add", "fourth.example"]);
    for domain in ["chess.example", "third.example", "fourth.example"] {
        assert!(is_served(&server, domain), "{domain}");
    }
}

#[test]
fn reload_takes_up_a_changed_file() {
    let server = start();
    let mut stays = bound(&server, "jack@chess.example/desk");
    let (mut anna, dir) = (bound(&server, "anna@chess.example/desk"), server.dir.path());
    rewrite(dir, |text| {
        format!("{text}[[domain]]\nname = \"new.example\"\n[limits]\nsessions_per_account = 1\n")
    });
    assert!(!is_served(&server, "new.example"));
    server.ok(&["reload"]);
    assert!(is_served(&server, "new.example"));
    let mut second = Raw::log_in(server.address("c2s_plain"), JACK);
    assert_eq!(second.bind("second"), Err("resource-constraint".into()), "the new limit holds");

    // a domain that the file has no longer goes; the rest stays
    let gone = "[[domain]]\nname = \"wuchess.example\"\n";
    let mut wuchess = bound(&server, "jack@wuchess.example/desk");
    rewrite(dir, |text| text.replace(gone, ""));
    signal(server.pid(), "HUP");
    until("SIGHUP is a reload", || !is_served(&server, "wuchess.example"));
    assert_eq!(wuchess.stream_error(), "host-gone");
    assert!(stays.ping().is_empty() && anna.ping().is_empty());
}

#[test]
fn reload_names_every_key_that_waits_for_a_start() {
    let server = Server::start(&format!("[limits]\nlogins_per_minute = 60\n{BRANDS}"));
    let dir = server.dir.path();
    let data_dir = "data_dir = \"data\"";
    let before = std::fs::read_to_string(dir.join("castling.toml")).unwrap();
    rewrite(dir, |text| {
        let more = "storage.sync = \"full\"\nlog.format = \"json\"\nauth.iterations = 5000";
        let text = text.replace(data_dir, &format!("{data_dir}\n{more}"));
        let limits = "trusted_proxies = [\"10.0.0.0/8\"]\nlogin_seconds = 30\nlogins_per_minute = 61";
        text.replace("logins_per_minute = 60", limits)
    });
    let waiting = [
        "storage.sync",
        "auth.iterations",
        "log.format",
        "limits.logins_per_minute",
        "limits.trusted_proxies",
    ];
    let expected: String =
        waiting.iter().map(|path| format!("{path}: restart the server to apply this change\n")).collect();
    let notes = |said: String| -> String {
        said.lines().filter(|line| line.contains("restart")).map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(notes(server.ok(&["reload"])), expected);
    assert_eq!(notes(server.ok(&["reload"])), expected, "it waits until there is a start");
    rewrite(dir, |_| before);
    assert_eq!(notes(server.ok(&["reload"])), "", "nothing waits any more");
}

#[test]
fn a_broken_file_changes_nothing() {
    let server = start();
    let (mut jack, dir) = (bound(&server, "jack@chess.example/desk"), server.dir.path());
    rewrite(dir, |text| {
        let text = text.replace("[[domain]]\nname = \"wuchess.example\"\n", "");
        format!(
            "{text}[[domain]]\nname = \"new.example\"\n[limits]\nstanza_byte = 1\nsessions_per_account = 1\n"
        )
    });
    let said = server.refused(&["reload"]);
    let place = place(dir, "stanza_byte");
    assert!(said.contains(&format!("{place}: unknown limit `stanza_byte`")), "{said}");
    assert!(said.contains("the running configuration is unchanged"), "{said}");
    rewrite(dir, |text| format!("{text}\"\n"));
    let said = server.refused(&["reload"]);
    assert!(said.contains(&super::place(dir, "\"")), "no TOML: {said}");
    assert!(is_served(&server, "wuchess.example") && !is_served(&server, "new.example"));
    assert!(jack.ping().is_empty());
    let mut second = bound(&server, "jack@chess.example/second");
    second.ping();
    // commands that need no configuration work meanwhile
    assert_eq!(json(&server.ok(&["session", "list", "--json"])).as_array().unwrap().len(), 2);
    // nor those that change something: what the file says meanwhile is not theirs
    server.ok(&["domain", "add", "third.example"]);
    assert!(is_served(&server, "third.example") && is_served(&server, "wuchess.example"));
    assert!(!is_served(&server, "new.example") && jack.ping().is_empty());
}

#[test]
fn a_service_or_user_of_an_unknown_domain_is_refused() {
    let server = start();
    let added = castling(server.dir.path(), &["user", "add", "jack@no.example", "--password-stdin"], "x");
    assert_eq!(added.status.code(), Some(1));
    add_users(server.dir.path(), &["late@chess.example"]);
    bound(&server, "late@chess.example/desk").ping();
}
