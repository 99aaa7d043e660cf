//! `castling plugin` where the configuration file or the overlay was edited by hand.

use std::fs;

use serde_json::{Value, json};

use super::plugins::{list, sunshine};
use super::{JACK, bound, rewrite};
use crate::fixture::{BRANDS, Server, add_users, folder, plugin};

/// A setting that a command made and that does not fit any more: named with the file that it is in.
#[test]
fn a_setting_that_does_not_fit_is_named_with_its_file() {
    const ENABLE: [&str; 5] = ["plugin", "enable", "sunshine", "--domain", "chess.example"];
    let server = Server::start_with(BRANDS, &[JACK]);
    server.ok(&["plugin", "install", &sunshine()]);
    server.ok(&[&ENABLE[..], &["--set", "max=3", "--set", "action=drop"]].concat());
    let dir = server.kill();
    let overlay = dir.path().join("data/overlay.json");
    let text = fs::read_to_string(&overlay).unwrap();
    assert!(text.contains("\"max\": 3"), "{text}");
    fs::write(&overlay, text.replace("\"max\": 3", "\"max\": 0").replace("\"drop\"", "\"wait\"")).unwrap();
    let output = crate::fixture::castling(dir.path(), &["check"], "");
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    for why in ["`max` is out of range — write a number from 1 to 10000", "`action` cannot be \"wait\" — "]
    {
        assert!(said.contains(&format!("data/overlay.json: plugin sunshine: {why}")), "{said}");
    }
    for key in ["max", "action"] {
        let remedy = format!(
            ": run castling plugin enable sunshine --domain chess.example --unset {key}, or with --set {key}=VALUE\n"
        );
        assert_eq!(said.matches(&remedy).count(), 1, "{said}");
    }
    // One after the other.
    let run = |more: &[&str]| crate::fixture::castling(dir.path(), &[&ENABLE[..], more].concat(), "");
    let one = run(&["--unset", "action"]);
    let said = [one.stdout, one.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    assert_eq!(one.status.code(), Some(0), "{said}");
    assert!(said.contains("it will not be loaded: ") && said.contains("`max` is out of range"), "{said}");
    let server = Server::start_in(dir);
    let lines = server.log();
    assert_eq!(lines.matches("`max` is out of range").count(), 1, "{lines}");
    server.ok(&[&ENABLE[..], &["--set", "max=3"]].concat());
    assert_eq!(list(&server)[0]["state"], "running");
}

/// A command changes only what it says: a domain that was deleted from the file, a component that was replaced, a setting that was
/// edited wait for a reload, and `show` tells what is in force.
#[test]
fn commands_leave_alone_what_was_edited() {
    let dir = folder(&format!(
        "{BRANDS}plugins = [\"word-filter\"]\n[plugins.word-filter]\nfile = \"filter.wasm\"\n\
         grants = [\"content\", \"replace\"]\nconfig = {{ words = [\"patzer\"] }}\n[[domain]]\nname = \"gone.example\"\n"
    ));
    fs::copy(plugin("word-filter"), dir.path().join("filter.wasm")).unwrap();
    add_users(dir.path(), &[JACK, "anna@gone.example"]);
    let server = Server::start_in(dir);
    let mut anna = bound(&server, "anna@gone.example/a");
    let running = list(&server)[0]["digest"].clone();
    server.ok(&["plugin", "install", &sunshine()]);
    fs::copy(plugin("mark"), server.dir.path().join("filter.wasm")).unwrap();
    rewrite(server.dir.path(), |text| {
        text.replace("[[domain]]\nname = \"gone.example\"\n", "").replace("patzer", "tyro")
    });
    server.ok(&["plugin", "enable", "sunshine", "--domain", "chess.example"]);
    assert!(anna.ping().is_empty(), "its domain is still served");
    let shown = list(&server);
    let filter = shown.as_array().unwrap().iter().find(|one| one["name"] == "word-filter").unwrap();
    assert_eq!((&filter["digest"], &filter["state"]), (&running, &"running".into()));
    assert_eq!(filter["error"], "its file has changed since it was loaded");
    assert_eq!(filter["settings"]["words"]["value"], json!(["patzer"]));
    fs::copy(plugin("word-filter"), server.dir.path().join("filter.wasm")).unwrap();
    server.ok(&["reload"]);
    assert_eq!(anna.stream_error(), "host-gone");
    let shown = list(&server);
    let filter = shown.as_array().unwrap().iter().find(|one| one["name"] == "word-filter").unwrap();
    assert_eq!((&filter["error"], &filter["settings"]["words"]["value"]), (&Value::Null, &json!(["tyro"])));
}

/// A component that the file declares is replaced by command: that is shown wherever the file is read, and the remedy goes back to
/// what the file names.
#[test]
fn a_declared_component_that_was_replaced_is_shown_and_comes_back() {
    const TABLE: &str = "[plugins.word-filter]\nfile = \"filter.wasm\"\ngrants = [\"content\", \"replace\"]\nconfig = { words = [\"patzer\"] }\n";
    let dir = folder(&format!("{BRANDS}plugins = [\"word-filter\"]\n{TABLE}"));
    fs::copy(plugin("word-filter"), dir.path().join("filter.wasm")).unwrap();
    let server = Server::start_in(dir);
    let declared = list(&server)[0]["digest"].clone();
    let other = server.dir.path().join("other.wasm");
    // A custom section makes it another file.
    fs::write(&other, [fs::read(plugin("word-filter")).unwrap(), vec![0, 2, 1, b'x']].concat()).unwrap();
    server.ok(&["plugin", "reload", "word-filter", other.to_str().unwrap()]);
    let shown = &list(&server)[0];
    assert_ne!(shown["digest"], declared);
    assert!(shown["replaced"].as_str().unwrap().ends_with("filter.wasm"), "{shown}");
    let check = server.run(&["check"]);
    let said = String::from_utf8(check.stderr).unwrap();
    let warning = "warning: not in use: `castling plugin install` or `reload` has put a copy or another version \
                   in its place — to use it, run castling ";
    let (_, remedy) = said.split_once(warning).unwrap_or_else(|| panic!("{said}"));
    let remedy = remedy.lines().next().unwrap();
    assert!(server.ok(&["reload"]).contains(warning), "a reload tells it as well");
    server.ok(&remedy.split(' ').collect::<Vec<_>>());
    let shown = &list(&server)[0];
    assert_eq!((&shown["digest"], &shown["replaced"]), (&declared, &Value::Null));
    assert_eq!(server.ok(&["reload"]).matches("word-filter").count(), 0);
}
