//! A plugin whose settings do not fit on one domain.

use std::fs;

use tempfile::TempDir;

use super::plugins::list;
use super::{JACK, OTHER, bound, rewrite};
use crate::fixture::{BRANDS, Server, add_users, castling, folder, plugin};

/// What becomes of a message with the word that both brands are to filter.
fn says(server: &Server, account: &str) -> String {
    let mut raw = bound(server, &format!("{account}/x"));
    raw.send(&format!("<presence/><message to='{account}/x' id='m'><body>patzer</body></message>"));
    let message = std::iter::repeat_with(|| raw.stanza()).find(|one| one.name() == "message").unwrap();
    match message.get("type") {
        Some("error") => "error".into(),
        _ => message.find("body", xmpp::ns::CLIENT).unwrap().text_content(),
    }
}

/// A folder whose file lists word-filter on both brands, each with these settings.
fn declared(chess: &str, wuchess: &str) -> TempDir {
    let dir = folder(BRANDS);
    fs::copy(plugin("word-filter"), dir.path().join("filter.wasm")).unwrap();
    rewrite(dir.path(), |text| {
        let on = |text: String, name: &str, config: &str| {
            let name = format!("name = \"{name}\"");
            text.replace(&name, &format!("{name}\nplugins = [\"word-filter\"]\n{config}"))
        };
        let text = on(on(text, "chess.example", chess), "wuchess.example", wuchess);
        format!(
            "{text}[plugins.word-filter]\nfile = \"filter.wasm\"\ngrants = [\"content\", \"replace\"]\n\
             policy = {{ client-in = \"reject\" }}\nconfig = {{ words = [\"patzer\"] }}\n"
        )
    });
    add_users(dir.path(), &[JACK, OTHER]);
    dir
}

/// The brand keeps the plugin from no other one, its place is kept there, and whatever is changed meanwhile is in force.
#[test]
fn settings_that_do_not_fit_on_one_domain_concern_no_other_one() {
    let dir = declared("config.word-filter = { words = [\"\"] }", "");
    let check = String::from_utf8(castling(dir.path(), &["check"], "").stderr).unwrap();
    assert!(check.contains("words"), "{check}");
    let server = Server::start_in(dir);
    let shown = list(&server)[0].clone();
    assert_eq!(shown["state"], "running", "{shown}");
    assert_eq!(shown["left_out"][0], "chess.example", "{shown}");
    assert!(
        shown["error"].as_str().unwrap().contains("its settings for chess.example are invalid: "),
        "{shown}"
    );
    assert!(server.ok(&["plugin", "list"]).contains("running, but not on chess.example"));
    assert_eq!((says(&server, JACK), says(&server, OTHER)), ("error".into(), "***".into()));
    // What a command says itself has to fit.
    let refused = server.refused(&[
        "plugin",
        "enable",
        "word-filter",
        "--domain",
        "chess.example",
        "--set",
        "longest=0",
    ]);
    assert!(refused.contains("chess.example"), "{refused}");
    // Changes elsewhere, and of the plugin itself, are made.
    server.ok(&["domain", "add", "new.example"]);
    server.ok(&["plugin", "enable", "word-filter", "--domain", "wuchess.example", "--set", "with=###"]);
    server.ok(&["plugin", "reload", "word-filter"]);
    server.ok(&["reload"]);
    server.ok(&["domain", "add", "another.example"]);
    assert_eq!((says(&server, JACK), says(&server, OTHER)), ("error".into(), "###".into()));
    // Another brand's settings that do not fit are refused as ever.
    let refused = server.refused(&[
        "plugin",
        "enable",
        "word-filter",
        "--domain",
        "wuchess.example",
        "--set",
        "words=['']",
    ]);
    assert!(refused.contains("wuchess.example"), "{refused}");
    let set = ["plugin", "enable", "word-filter", "--domain", "chess.example", "--set"];
    server.ok(&[&set[..], &["words=[\"patzer\"]"]].concat());
    let shown = list(&server)[0].clone();
    assert_eq!((&shown["error"], says(&server, JACK).as_str()), (&serde_json::Value::Null, "***"), "{shown}");
    // Once they have fitted, others that do not are refused.
    server.refused(&[&set[..], &["words=['']"]].concat());
    assert_eq!(says(&server, JACK), "***");
}

/// They do not fit on any: each can be corrected by itself.
#[test]
fn brands_are_corrected_one_after_the_other() {
    const WRONG: &str = "config.word-filter = { longest = 0 }";
    let server = Server::start_in(declared(WRONG, WRONG));
    assert_eq!(list(&server)[0]["state"], "not loaded");
    assert_eq!((says(&server, JACK), says(&server, OTHER)), ("error".into(), "error".into()));
    server.ok(&["reload"]);
    server.ok(&["plugin", "reload", "word-filter", "--domain", "wuchess.example", "--set", "longest=50"]);
    assert_eq!(list(&server)[0]["left_out"][0], "chess.example");
    assert_eq!((says(&server, JACK), says(&server, OTHER)), ("error".into(), "***".into()));
    // The next start would fail.
    rewrite(server.dir.path(), |text| {
        text.replace("[plugins.word-filter]\n", "[plugins.word-filter]\nrequired = true\n")
    });
    server.refused(&["reload"]);
    rewrite(server.dir.path(), |text| text.replace("required = true\n", "").replace(WRONG, ""));
    server.ok(&["reload"]);
    assert_eq!((says(&server, JACK), says(&server, OTHER)), ("***".into(), "***".into()));
}
