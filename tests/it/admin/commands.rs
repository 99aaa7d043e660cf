//! What `castling plugin` commands leave alone, and what they say.

use std::fs::{self, File};

use serde_json::json;

use super::plugins::{list, sunshine};
use super::{JACK, rewrite};
use crate::fixture::{BRANDS, Server, castling, folder, plugin};
use crate::versions::version;

const FILTER: &str = "[plugins.word-filter]\nfile = \"filter.wasm\"\ngrants = [\"content\", \"replace\"]\nconfig = { words = [\"patzer\"] }\n";

/// A server whose file declares word-filter, `more`, for the first brand.
fn declared(more: &str) -> Server {
    let dir = folder(BRANDS);
    fs::copy(plugin("word-filter"), dir.path().join("filter.wasm")).unwrap();
    rewrite(dir.path(), |text| {
        let listed = "name = \"chess.example\"\nplugins = [\"word-filter\"]";
        text.replace("name = \"chess.example\"", listed) + FILTER + more
    });
    Server::start_in(dir)
}

/// A component like word-filter, but another file.
fn other(server: &Server) -> String {
    let path = server.dir.path().join("other.wasm");
    fs::write(&path, [fs::read(plugin("word-filter")).unwrap(), vec![0, 2, 1, b'x']].concat()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What commands had decided about a plugin of the file is not taken up by one that is installed under its name.
#[test]
fn an_installed_plugin_starts_clean() {
    let server = declared("");
    server.ok(&["plugin", "enable", "word-filter", "--set", "with=#"]);
    rewrite(server.dir.path(), |text| text.replace(FILTER, "").replace("plugins = [\"word-filter\"]", ""));
    let said = server.ok(&["reload"]);
    assert!(
        said.contains("plugin word-filter was configured by command but is no longer declared"),
        "{said}"
    );
    server.ok(&["plugin", "install", plugin("word-filter").to_str().unwrap()]);
    let shown = &list(&server)[0];
    assert_eq!((&shown["state"], &shown["domains"]), (&json!("not enabled"), &json!([])), "{shown}");
    assert_eq!(shown["settings"]["with"]["by"], "default");
}

/// A component that was replaced in place waits for a reload, also if the plugin is enabled or disabled on some domain.
#[test]
fn enabling_takes_no_other_component() {
    let server = declared("");
    let running = list(&server)[0]["digest"].clone();
    fs::copy(other(&server), server.dir.path().join("filter.wasm")).unwrap();
    server.ok(&["plugin", "enable", "word-filter", "--domain", "wuchess.example", "--set", "with=#"]);
    server.ok(&["plugin", "disable", "word-filter", "--domain", "chess.example"]);
    let shown = &list(&server)[0];
    assert_eq!(shown["digest"], running);
    assert_eq!(shown["domains"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(shown["error"], "its file has changed since it was loaded");
    server.ok(&["reload"]);
    assert_ne!(list(&server)[0]["digest"], running);
}

/// A version with other settings comes with them.
#[test]
fn a_version_and_its_settings_come_together() {
    let server = Server::start_with(BRANDS, &[JACK]);
    server.ok(&["plugin", "install", &sunshine()]);
    server.ok(&["plugin", "enable", "sunshine", "--set", "text=one", "--set", "max=4"]);
    let next = version("sunshine", "0.2.0", &json!({ "max": 2 }), server.dir.path());
    let reload = ["plugin", "reload", "sunshine", next.to_str().unwrap()];
    server.refused(&[&reload[..], &["--set", "max=many"]].concat());
    assert_eq!(list(&server)[0]["version"], "0.1.0");
    let output = server.run(&[&reload[..], &["--domain", "chess.example", "--set", "text=two"]].concat());
    assert!(output.status.success(), "{output:?}");
    server.ok(&["plugin", "reload", "sunshine", "--unset", "max"]);
    let shown = &list(&server)[0];
    assert_eq!(shown["version"], "0.2.0");
    let of = |index: usize, key: &str| shown["domains"][index]["config"][key]["value"].clone();
    assert_eq!((of(0, "text"), of(0, "max")), (json!("two"), json!(2)), "{shown}");
    assert_eq!((of(1, "text"), of(1, "max")), (json!("one"), json!(2)), "{shown}");
    // What is decided for all domains is said to take back what was decided for one.
    let output = server.run(&["plugin", "enable", "sunshine", "--set", "text=three"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("note: text had been set by command, and is replaced, on chess.example"), "{said}");
}

/// What the file requires stays where the file lists it, and goes where a command has put it.
#[test]
fn a_required_plugin_is_disabled_only_where_the_file_does_not_list_it() {
    let server = declared("required = true\n");
    server.ok(&["plugin", "enable", "word-filter", "--domain", "wuchess.example"]);
    server.ok(&["plugin", "disable", "word-filter", "--domain", "wuchess.example"]);
    let refused = server.refused(&["plugin", "disable", "word-filter", "--domain", "chess.example"]);
    assert!(refused.contains("is required by"), "{refused}");
    server.refused(&["plugin", "disable", "word-filter"]);
}

/// Commands that only show something keep no server from starting, nor each other; those that change something wait for nobody.
#[test]
fn who_only_looks_takes_no_lock() {
    let server = Server::start_with(BRANDS, &[JACK]);
    server.ok(&["plugin", "install", &sunshine()]);
    let dir = server.kill();
    let lock = File::options().write(true).open(dir.path().join("data/castling.lock")).unwrap();
    lock.lock().unwrap();
    for looks in [&["plugin", "list"][..], &["plugin", "show", "sunshine"], &["domain", "list"]] {
        let output = castling(dir.path(), looks, "");
        assert!(output.status.success(), "{looks:?}: {output:?}");
    }
    let output = castling(dir.path(), &["plugin", "enable", "sunshine"], "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// A server that starts without the changes by commands deletes nothing that they name.
#[test]
fn components_outlive_a_lost_overlay() {
    let server = Server::start_with(BRANDS, &[JACK]);
    server.ok(&["plugin", "install", &sunshine()]);
    server.ok(&["plugin", "enable", "sunshine"]);
    let dir = server.kill();
    let (overlay, aside) = (dir.path().join("data/overlay.json"), dir.path().join("overlay.json"));
    fs::rename(&overlay, &aside).unwrap();
    let server = Server::start_in(dir);
    assert_eq!(list(&server), json!([]));
    let dir = server.kill();
    fs::rename(aside, overlay).unwrap();
    assert_eq!(list(&Server::start_in(dir))[0]["state"], "running");
}

/// A reload that a plugin refuses names every mistake with its line, and nothing that is only a warning.
#[test]
fn a_refused_reload_names_each_mistake_with_its_line() {
    let server = declared("");
    rewrite(server.dir.path(), |text| {
        text.replace(
            "config = { words = [\"patzer\"] }",
            "[plugins.word-filter.config]\nlongest = 0\nfoo = 1",
        )
    });
    let refused = server.refused(&["reload"]);
    for (key, message) in [("longest", "`longest` is out of range"), ("foo", "unknown setting `foo`")] {
        let text = fs::read_to_string(server.dir.path().join("castling.toml")).unwrap();
        let line = text.lines().position(|line| line.starts_with(key)).unwrap() + 1;
        assert!(
            refused.contains(&format!("castling.toml:{line}: plugin word-filter: {message}")),
            "{refused}"
        );
    }
    assert!(!refused.contains("self-signed"), "{refused}");
    rewrite(server.dir.path(), |text| {
        let fits = text.replace("longest = 0\nfoo = 1", "words = [\"patzer\"]");
        fits.replace("[\"content\", \"replace\"]", "[\"content\"]")
    });
    let refused = server.refused(&["reload"]);
    let remedy = "set grants = [\"content\", \"replace\"] in [plugins.word-filter]";
    assert!(refused.contains("castling.toml:") && refused.contains(remedy), "{refused}");
}
