//! `castling plugin`: what works, and what is refused without anything being changed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{JACK, bound, rewrite};
use crate::fixture::{BRANDS, Server, add_users, folder, plugin};
use crate::raw::Raw;
use crate::versions::version;

fn sunshine() -> String {
    plugin("sunshine").to_str().unwrap().to_owned()
}

fn list(server: &Server) -> Value {
    super::json(&server.ok(&["plugin", "list", "--json"]))
}

/// Sends the same presence so often; whether the session lives on.
fn survives(raw: &mut Raw, times: usize) -> bool {
    for _ in 0..times {
        raw.send("<presence><status>sunny</status></presence>");
    }
    raw.try_send(&format!("<iq type='get' id='last'><ping xmlns='{}'/></iq>", xmpp::ns::PING));
    loop {
        let Some(element) = raw.try_next() else { return false };
        if element.get("id") == Some("last") {
            return true;
        }
    }
}

#[test]
fn a_plugins_life() {
    let server = Server::start_with(BRANDS, &[JACK, super::OTHER]);
    let mut stays = bound(&server, "jack@chess.example/stays");
    server.ok(&["plugin", "install", &sunshine()]);
    let shown = list(&server);
    assert_eq!((&shown[0]["name"], &shown[0]["version"]), (&json!("sunshine"), &json!("0.1.0")));
    assert_eq!((&shown[0]["declared_by"], &shown[0]["domains"]), (&json!("command"), &json!([])));
    let mut jack = bound(&server, "jack@chess.example/a");
    assert!(survives(&mut jack, 6), "not enabled yet");

    let args = ["plugin", "enable", "sunshine", "--domain", "chess.example", "--set", "max=3"];
    let said = server.ok(&args);
    assert_eq!(said, "granted: sessions.close\nenabled on: chess.example\n");
    let mut other = bound(&server, "jack@wuchess.example/a");
    assert!(survives(&mut other, 6), "another domain");
    assert!(!survives(&mut bound(&server, "jack@chess.example/b"), 4));
    let shown = super::json(&server.ok(&["plugin", "show", "sunshine", "--json"]));
    assert_eq!(shown["domains"][0]["name"], "chess.example");
    assert_eq!(shown["domains"][0]["config"]["max"], json!({ "value": 3, "by": "command" }));

    let next = version("sunshine", "0.2.0", &json!({ "text": "two" }), server.dir.path());
    server.ok(&["plugin", "reload", "sunshine", next.to_str().unwrap()]);
    assert_eq!(list(&server)[0]["version"], "0.2.0");
    server.ok(&["plugin", "reload", "sunshine"]);

    // all of it is there again after a restart
    let before = list(&server);
    drop(stays.ping());
    let server = Server::start_in(server.kill());
    assert_eq!(list(&server), before);
    assert!(!survives(&mut bound(&server, "jack@chess.example/b"), 4));
    let mut stays = bound(&server, "jack@chess.example/stays");
    server.ok(&["plugin", "disable", "sunshine"]);
    assert!(survives(&mut stays, 6));
    server.ok(&["plugin", "remove", "sunshine"]);
    assert_eq!(list(&server), json!([]));
    assert!(server.refused(&["plugin", "show", "sunshine"]).contains("plugin sunshine does not exist"));
    assert!(survives(&mut stays, 20));
}

#[test]
fn refusals_change_nothing() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let dir = server.dir.path();
    let write = |name: &str, bytes: &[u8]| {
        fs::write(dir.join(name), bytes).unwrap();
    };
    write("text.wasm", b"hello");
    write("module.wasm", b"\0asm\x01\0\0\0");
    let mut broken = fs::read(plugin("sunshine")).unwrap();
    broken.truncate(broken.len() / 2);
    write("half.wasm", &broken);
    let mut jack = bound(&server, "jack@chess.example/a");
    for (file, reason) in [
        ("none.wasm", "none.wasm"),
        ("text.wasm", "it is not a WebAssembly component"),
        ("module.wasm", "it is not a WebAssembly component"),
        ("half.wasm", "plugin half: it "),
    ] {
        let said = server.refused(&["plugin", "install", file]);
        assert!(said.contains(reason) && said.contains(" — "), "{file}: {said}");
        assert_eq!(list(&server), json!([]), "{file}");
    }
    server.refused(&["plugin", "install", &sunshine(), "--name", "Not A Name"]);
    for word in ["enable", "disable", "reload", "remove", "show"] {
        let said = server.refused(&["plugin", word, "nothing"]);
        assert!(said.contains("plugin nothing does not exist"), "{word}: {said}");
    }

    server.ok(&["plugin", "install", &sunshine()]);
    assert!(server.refused(&["plugin", "install", &sunshine()]).contains("has already been installed with"));
    let before = list(&server);
    for (args, reason) in [
        (["--set", "max=0"], "`max`"),
        (["--set", "max=many"], "`max`"),
        (["--set", "mox=3"], "mox"),
        (["--domain", "no.example"], "domain no.example does not exist"),
        (["--grant", "log"], "names an interface that every plugin may use"),
        (["--grant", "sql:members/credentials"], "it lacks required grants: sessions.close"),
        (["--grant", "no grant"], "grant"),
    ] {
        let said = server.refused(&[&["plugin", "enable", "sunshine"], &args[..]].concat());
        assert!(said.contains(reason), "{args:?}: {said}");
        assert_eq!(list(&server), before, "{args:?}");
    }
    assert!(survives(&mut jack, 20), "it decides nowhere");
    server.ok(&["plugin", "enable", "sunshine"]);
    let before = list(&server);
    for file in ["text.wasm", "half.wasm", "none.wasm"] {
        server.refused(&["plugin", "reload", "sunshine", file]);
        assert_eq!(list(&server), before);
    }
    assert!(!survives(&mut bound(&server, "jack@chess.example/b"), 11), "the old one goes on deciding");
    assert_eq!(super::json(&server.ok(&["status", "--json"]))["plugins"], 1);
}

/// A server whose file declares the plugin, on one domain.
fn declared(grants: &str) -> Server {
    let dir = folder(BRANDS);
    let file = sunshine();
    rewrite(dir.path(), |text| {
        let text =
            text.replace("name = \"chess.example\"", "name = \"chess.example\"\nplugins = [\"sunshine\"]");
        format!("{text}[plugins.sunshine]\nfile = \"{file}\"\nconfig = {{ max = 3 }}\ngrants = [{grants}]\n")
    });
    add_users(dir.path(), &[JACK]);
    Server::start_in(dir)
}

#[test]
fn what_the_file_declares() {
    let server = declared("\"sessions.close\"");
    let dir: &Path = server.dir.path();
    let place = super::place(dir, "[plugins.sunshine]");
    let said = server.refused(&["plugin", "remove", "sunshine"]);
    assert!(said.contains(&format!("plugin sunshine is declared in {place}")), "{said}");
    assert!(said.contains("castling plugin disable sunshine"), "{said}");
    let said = server.refused(&["plugin", "enable", "sunshine", "--grant", "sessions.close"]);
    assert!(said.contains("also sets its grants"), "{said}");
    let shown = super::json(&server.ok(&["plugin", "show", "sunshine", "--json"]));
    assert_eq!((&shown["declared_by"], &shown["file_by"]), (&json!("file"), &json!("file")));
    assert_eq!(shown["domains"][0]["config"]["max"], json!({ "value": 3, "by": "file" }));
    assert!(!survives(&mut bound(&server, "jack@chess.example/a"), 4));
    server.ok(&["plugin", "disable", "sunshine"]);
    assert!(survives(&mut bound(&server, "jack@chess.example/a"), 4), "disable works");
    server.ok(&["plugin", "enable", "sunshine", "--domain", "chess.example"]);
    assert!(!survives(&mut bound(&server, "jack@chess.example/a"), 4));
}

#[test]
fn a_grant_that_the_file_does_not_give() {
    let dir = folder(BRANDS);
    let file = sunshine();
    rewrite(dir.path(), |text| {
        let text =
            text.replace("name = \"chess.example\"", "name = \"chess.example\"\nplugins = [\"sunshine\"]");
        format!("{text}[plugins.sunshine]\nfile = \"{file}\"\n")
    });
    for command in ["check", "serve"] {
        let output = crate::fixture::castling(dir.path(), &[command], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("castling.toml:") && said.contains("sessions.close"), "{said}");
    }
}
