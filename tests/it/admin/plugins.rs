//! `castling plugin`: what works, and what is refused without anything being changed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{JACK, bound, rewrite};
use crate::fixture::{BRANDS, Server, add_users, folder, plugin};
use crate::raw::Raw;
use crate::versions::version;

pub(super) fn sunshine() -> String {
    plugin("sunshine").to_str().unwrap().to_owned()
}

/// The plugins, without what they have counted.
pub(super) fn list(server: &Server) -> Value {
    let mut list = super::json(&server.ok(&["plugin", "list", "--json"]));
    for one in list.as_array_mut().unwrap() {
        one.as_object_mut().unwrap().remove("stats");
    }
    list
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
    assert_eq!(said, "granting sessions.close: sunshine may close sessions\nenabled on: chess.example\n");
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
        ("half.wasm", "half.wasm: it is damaged: it ends in the middle of a section"),
        ("/dev/zero", "/dev/zero: it is not a file"),
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
        (["--grant", "log"], "`log` needs no grant: every plugin may use it"),
        (
            ["--grant", "sql:members/credentials"],
            "plugin sunshine asks for more than it is granted: sessions.close — run castling plugin reload sunshine --grant sql:members/credentials --grant sessions.close first",
        ),
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
    let output = crate::fixture::castling(dir.path(), &["check"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("castling.toml:") && said.contains("sessions.close"), "{said}");
    rewrite(dir.path(), |text| text.replace("[plugins.sunshine]", "[plugins.sunshine]\nrequired = true"));
    let output = crate::fixture::castling(dir.path(), &["serve"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "it is required: {said}");
    let refused = crate::fixture::castling(dir.path(), &["plugin", "disable", "sunshine"], "");
    assert!(
        String::from_utf8(refused.stderr).unwrap().contains("plugin sunshine is required by castling.toml:")
    );
    assert!(said.contains("castling.toml:") && said.contains("sessions.close"), "{said}");
    rewrite(dir.path(), |text| text.replace("\nrequired = true", ""));
    let server = Server::start_in(dir);
    let shown = list(&server);
    assert_eq!(shown[0]["state"], "not loaded");
    let why = "plugin sunshine asks for more than it is granted: sessions.close";
    assert!(shown[0]["error"].as_str().unwrap().starts_with(why), "{shown}");
    server.ok(&["domain", "add", "new.example"]);
    rewrite(server.dir.path(), |text| {
        text.replace("[plugins.sunshine]", "[plugins.sunshine]\ngrants = [\"sessions.close\"]")
    });
    server.ok(&["reload"]);
    assert_eq!(list(&server)[0]["state"], "running");
}

/// A file that is damaged, then gone: the server starts, says so, and the place of the plugin is kept.
#[test]
fn a_damaged_component_keeps_the_server_from_nothing() {
    let dir = folder(BRANDS);
    let file = dir.path().join("filter.wasm");
    let whole = fs::read(plugin("word-filter")).unwrap();
    fs::write(&file, &whole).unwrap();
    rewrite(dir.path(), |text| {
        let text =
            text.replace("name = \"chess.example\"", "name = \"chess.example\"\nplugins = [\"word-filter\"]");
        format!(
            "{text}[plugins.word-filter]\nfile = \"filter.wasm\"\ngrants = [\"content\", \"replace\"]\n\
             policy = {{ client-in = \"reject\" }}\nconfig = {{ words = [\"patzer\"] }}\n"
        )
    });
    add_users(dir.path(), &[JACK, super::OTHER]);
    let says = |server: &Server, account: &str| {
        let mut raw = bound(server, &format!("{account}/x"));
        raw.send(&format!("<presence/><message to='{account}/x' id='m'><body>patzer</body></message>"));
        std::iter::repeat_with(|| raw.stanza()).find(|one| one.name() == "message").unwrap()
    };
    let body = |message: &xmpp::Element| {
        message.find("body", xmpp::ns::CLIENT).map(xmpp::Element::text_content).unwrap_or_default()
    };
    let mut server = Server::start_in(dir);
    assert_eq!(body(&says(&server, JACK)), "***");
    for damage in [Some(&whole[..whole.len() / 2]), None] {
        let dir = server.kill();
        match damage {
            Some(bytes) => fs::write(&file, bytes).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        server = Server::start_in(dir);
        let shown = list(&server);
        assert_eq!(shown[0]["state"], "not loaded", "{shown}");
        let why = if damage.is_some() { "it is damaged" } else { "filter.wasm: No such file" };
        assert!(shown[0]["error"].as_str().unwrap().contains(why), "{shown}");
        assert_eq!(says(&server, JACK).get("type"), Some("error"), "its policy");
        assert_eq!(body(&says(&server, super::OTHER)), "patzer", "the other brand has nothing to do with it");
        server.ok(&["domain", "disable", "wuchess.example"]);
        server.ok(&["domain", "enable", "wuchess.example"]);
        assert_eq!(says(&server, JACK).get("type"), Some("error"));
    }
    let lines = server.log();
    let lines: Vec<_> = lines.lines().filter(|line| line.contains("plugin word-filter")).collect();
    assert_eq!(lines.len(), 2, "one for each start: {lines:#?}");
    fs::write(&file, &whole).unwrap();
    server.ok(&["plugin", "reload", "word-filter"]);
    assert_eq!(body(&says(&server, JACK)), "***");
    fs::remove_file(&file).unwrap();
    server.ok(&["domain", "add", "new.example"]);
    assert_eq!(body(&says(&server, JACK)), "***", "what runs goes on");
}

/// A new version that asks for more stays out until that is granted.
#[test]
fn a_version_that_asks_for_more_stays_out() {
    let server = Server::start_with(BRANDS, &[JACK]);
    server.ok(&["plugin", "install", &sunshine()]);
    server.ok(&["plugin", "enable", "sunshine", "--set", "max=3"]);
    let other = plugin("word-filter").to_str().unwrap().to_owned();
    let said = server.refused(&["plugin", "reload", "sunshine", &other]);
    let why = format!(
        "plugin sunshine asks for more than it is granted: content, replace — run castling plugin reload sunshine {other} \
         --grant sessions.close --grant content --grant replace\n"
    );
    assert!(said.contains(&why), "{said}");
    assert!(!survives(&mut bound(&server, "jack@chess.example/a"), 4), "the old one goes on deciding");
    let grants = ["--grant", "sessions.close", "--grant", "content", "--grant", "replace"];
    let said = server.refused(&[&["plugin", "reload", "sunshine", &other][..], &grants].concat());
    assert!(said.contains("unknown setting `max`"), "{said}");
    server.ok(&["plugin", "enable", "sunshine", "--unset", "max"]);
    server.ok(&[&["plugin", "reload", "sunshine", &other][..], &grants].concat());
    assert_eq!(list(&server)[0]["description"], "Replaces words in the messages that clients send.");
}

/// Compiled code that is damaged while no server runs: made again, with a line in the log.
#[test]
fn damaged_code_is_compiled_again() {
    let server = Server::start_with(BRANDS, &[JACK]);
    server.ok(&["plugin", "install", &sunshine()]);
    server.ok(&["plugin", "enable", "sunshine", "--set", "max=3"]);
    let dir = server.kill();
    let files =
        fs::read_dir(dir.path().join("data/plugins/compiled")).unwrap().map(|file| file.unwrap().path());
    let code = files.into_iter().find(|file| file.extension().is_none()).unwrap();
    let mut bytes = fs::read(&code).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&code, bytes).unwrap();
    let server = Server::start_in(dir);
    let lines = server.log();
    assert_eq!(lines.matches("a compiled plugin is damaged: compiling again").count(), 1, "{lines}");
    assert!(!survives(&mut bound(&server, "jack@chess.example/a"), 4), "it works");
}

/// Each command, while no server runs.
#[test]
fn commands_without_a_server() {
    let server = Server::start_with(BRANDS, &[JACK]);
    let dir = server.kill();
    let run = |args: &[&str]| {
        let output = crate::fixture::castling(dir.path(), args, "");
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), said)
    };
    let (code, said, _) = run(&["plugin", "show", &sunshine()]);
    assert_eq!(code, Some(0));
    for line in
        ["version      0.1.0", "asks for     sessions.close (may close sessions)", "  max = 10 (default)"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    let named = dir.path().join("sunshine-0.1.0.wasm");
    fs::copy(sunshine(), &named).unwrap();
    let (code, said, _) = run(&["plugin", "install", named.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert!(said.contains("not enabled yet: castling plugin enable sunshine\n"), "{said}");
    assert_eq!(run(&["plugin", "install", &sunshine(), "--name", "internal"]).0, Some(1));
    let (code, _, said) = run(&["plugin", "enable", "sunshine", "--set", "max=0"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("`max` is out of range"), "{said}");
    let (_, said, _) = run(&["plugin", "list"]);
    assert!(said.contains("server not running") && !said.contains("chess.example"), "{said}");
    assert_eq!(run(&["plugin", "enable", "sunshine", "--set", "max=3"]).0, Some(0));
    assert_eq!(run(&["plugin", "disable", "sunshine", "--domain", "wuchess.example"]).0, Some(0));
    let next = version("sunshine", "0.2.0", &json!({ "text": "two" }), dir.path());
    assert_eq!(run(&["plugin", "reload", "sunshine", next.to_str().unwrap()]).0, Some(0));
    let server = Server::start_in(dir);
    let shown = list(&server);
    assert_eq!((&shown[0]["version"], &shown[0]["state"]), (&json!("0.2.0"), &json!("running")));
    assert!(!survives(&mut bound(&server, "jack@chess.example/b"), 4));
    let dir = server.kill();
    let removed = crate::fixture::castling(dir.path(), &["plugin", "remove", "sunshine"], "");
    assert_eq!(removed.status.code(), Some(0));
    assert_eq!(list(&Server::start_in(dir)), json!([]));
}
