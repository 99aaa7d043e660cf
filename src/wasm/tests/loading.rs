//! What is refused before anything runs, and what is stored otherwise.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::guest::{ANSWER, Guest, manifest, with_manifest};
use super::kit::{Kit, Options};
use crate::LoadError;

fn pass() -> Guest {
    Guest::filter(ANSWER)
}

fn refused(bytes: &[u8]) -> LoadError {
    match Kit::new().load(bytes) {
        Ok(_) => panic!("loaded"),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_component() {
    assert!(matches!(refused(b"not wasm"), LoadError::NotAComponent(_)));
    let module = wat::parse_str("(module)").unwrap();
    assert!(refused(&module).to_string().contains("a core module"));
    let component = wat::parse_str("(component)").unwrap();
    assert!(matches!(refused(&component), LoadError::NoManifest));
    let mut cut = pass().build();
    cut.truncate(cut.len() / 2);
    refused(&cut);
}

#[test]
fn manifests_that_are_wrong() {
    for (more, words) in [
        (json!({ "manifest": 2 }), "its format is 2"),
        (json!({ "name": "A B" }), "is not a valid name"),
        (json!({ "colour": "red" }), "unknown field `colour`"),
        (json!({ "hooks": {} }), "does not name the hook `client-in`"),
        (json!({ "hooks": { "auth": { "interests": [] } } }), "unknown hook `auth`"),
        (json!({ "grants": ["everything"] }), "not an interface that needs a grant"),
        (
            json!({ "hooks": { "client-in": { "interests": [{ "kinds": ["letter"] }] } } }),
            "unknown stanza kind `letter`",
        ),
        (
            json!({ "hooks": { "client-in": { "interests": [], "on-failure": "maybe" } } }),
            "`maybe` is not a valid failure policy of client-in (pass, reject, drop)",
        ),
        (
            json!({ "hooks": { "client-in": { "interests": [] }, "before-offline": { "interests": [] } } }),
            "names the hook `before-offline`, which the component does not export",
        ),
    ] {
        let error = refused(&Guest { manifest: manifest(more), ..pass() }.build());
        assert!(matches!(error, LoadError::Manifest(_)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn imports_that_no_plugin_gets() {
    let import = |name: &str| {
        let text =
            format!(r#"(component (import "{name}" (instance (export "get" (func (result (list u8)))))))"#);
        refused(&with_manifest(wat::parse_str(text).unwrap(), &manifest(json!({ "hooks": {} }))))
    };
    let error = import("wasi:filesystem/preopens@0.2.6");
    assert!(matches!(&error, LoadError::Forbidden { import } if import == "wasi:filesystem/preopens@0.2.6"));
    let error = import("castling:plugin/rates@1.3.0");
    assert_eq!(error.to_string(), "it needs castling:plugin/rates@1.3.0, but this server offers 1.0.0");
    assert!(error.remedy().starts_with("update the server"));
}

#[test]
fn an_interface_without_any_granted_function_is_refused_with_the_remedy() {
    let kit = Kit::new();
    let plugin = kit.platform.load("sunshine", &super::kit::built("sunshine")).unwrap();
    assert_eq!(plugin.inspection().asks, ["sessions.close"]);
    let Err(error) = kit.deploy(&plugin, Options::default()) else { panic!("deployed") };
    assert_eq!(error.to_string(), "it lacks required grants: sessions.close");
    assert_eq!(error.remedy(), "grants = [\"sessions.close\"]");
    kit.deploy(&plugin, Options { grants: &["sessions.close"], ..Options::default() }).unwrap();
}

#[test]
fn settings_are_checked_before_anything_runs() {
    let kit = Kit::new();
    let plugin = kit.platform.load("sunshine", &super::kit::built("sunshine")).unwrap();
    let options = Options {
        config: json!({ "max": 5 }),
        on_second: json!({ "max": 0, "windw": "60s", "window": "soon" }),
        grants: &["sessions"],
        ..Options::default()
    };
    let Err(LoadError::Config { domain, problems }) = kit.deploy(&plugin, options) else {
        panic!("deployed")
    };
    assert_eq!(domain, "wuchess.example");
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["max", "window", "windw"]);
    assert_eq!(kit.platform.stats_of("sunshine").instances, 0);
}

#[test]
fn what_is_installed_is_kept_by_content_and_only_for_the_servers_user() {
    let kit = Kit::new();
    let file = kit.file(&pass().build());
    let first = kit.platform.install(&file, None).unwrap();
    assert_eq!(first.name, "guest");
    std::fs::remove_file(&file).unwrap();
    let again = kit.platform.install(&first.path, Some("other")).unwrap();
    assert_eq!((again.name.as_str(), &again.path), ("other", &first.path));
    kit.platform.load("other", &again.path).unwrap();
    assert!(matches!(kit.platform.install(&first.path, Some("../x")), Err(LoadError::Name(_))));
    for folder in ["data/plugins", "data/plugins/compiled"] {
        let mode = std::fs::metadata(kit.folder.path().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
}

#[test]
fn compiled_code_is_kept_and_a_damaged_file_is_made_anew() {
    let kit = Kit::new();
    let bytes = pass().build();
    kit.load(&bytes).unwrap();
    let compiled = || {
        let folder = kit.folder.path().join("data/plugins/compiled");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        files.remove(0)
    };
    let path = compiled();
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    kit.run(&bytes).client_in(1, "<presence/>");
    assert_eq!(kit.failures("guest"), []);
    assert_ne!(std::fs::read(compiled()).unwrap(), damaged);
}

#[test]
fn a_component_is_inspected_without_a_platform() {
    let sunshine = crate::inspect(&super::kit::built("sunshine")).unwrap();
    assert_eq!(
        (sunshine.manifest.name.as_str(), sunshine.exports.as_slice()),
        ("sunshine", &["client-in".into()][..])
    );
    let sessions = sunshine.imports.iter().find(|import| import.interface == "sessions").unwrap();
    assert_eq!(sessions.functions, ["close"]);
    let map = |value: serde_json::Value| value.as_object().unwrap().clone();
    let problems = sunshine.check_config(&map(json!({ "max": 5 })), &map(json!({ "max": "five" })));
    assert_eq!(
        (problems[0].path.as_str(), problems[0].message.as_str()),
        ("max", "`max` must be a whole number, not a string")
    );
    assert!(sunshine.check_grants(&["sessions.close".into()]).is_ok());
    assert!(matches!(sunshine.check_grants(&["session".into()]), Err(LoadError::Grant(_))));
    assert!(matches!(sunshine.check_grants(&[]), Err(LoadError::NotGranted { .. })));
    assert!(sunshine.check_policy(&json!("drop")).is_ok() && sunshine.check_policy(&json!("stop")).is_err());
    let missing = crate::inspect(std::path::Path::new("nowhere.wasm")).unwrap_err();
    assert!(missing.to_string().starts_with("nowhere.wasm: "), "{missing}");
}
