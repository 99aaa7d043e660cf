//! What is refused before anything runs, and what is stored otherwise.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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
    for part in [2, 3] {
        let mut cut = pass().build();
        cut.truncate(cut.len() / part);
        assert_eq!(refused(&cut).to_string(), "it is damaged: it ends in the middle of a section");
    }
    let zero = Kit::new().platform.inspect(Path::new("/dev/zero")).unwrap_err();
    assert_eq!(zero.to_string(), "/dev/zero: it is not a file");
    let large = pass().build().into_iter().chain(std::iter::repeat_n(0, 33 << 20)).collect::<Vec<_>>();
    assert!(matches!(refused(&large), LoadError::TooLarge { bytes } if bytes == large.len() as u64));
}

#[test]
fn manifests_that_are_wrong() {
    for (more, words) in [
        (json!({ "manifest": 2 }), "its format is 2"),
        (json!({ "name": "A B" }), "is not a valid name"),
        (json!({ "colour": "red" }), "unknown field `colour`"),
        (json!({ "hooks": {} }), "does not name the hook `client-in`"),
        (json!({ "hooks": { "auth": { "interests": [] } } }), "unknown hook `auth`"),
        (
            json!({ "hooks": { "client-in": { "interests": [] } } }),
            "`client-in` has no interests: it would never be called",
        ),
        (json!({ "version": "1.0\n2.0" }), "`version` contains a control character"),
        (json!({ "version": "" }), "`version` is empty"),
        (json!({ "description": "a\u{202e}b" }), "`description` contains a control character"),
        (json!({ "metrics": { "a b": "counter" } }), "\"a b\" is not a valid name of a metric"),
        (
            json!({ "hooks": { "client-in": { "interests": [{ "kinds": ["iq"], "ns": ["urn:x\ny"] }] } } }),
            "`client-in: ns` contains a control character",
        ),
        (
            json!({ "hooks": { "client-in": { "interests": vec![json!({ "kinds": ["iq"] }); 65] } } }),
            "`client-in` has more than 64 interests or namespaces",
        ),
        (json!({ "config": { "type": "array" } }), "`config` must be of type object"),
        (
            json!({ "config": { "required": ["x"] } }),
            "`config` requires \"x\", which is not among its properties",
        ),
        (json!({ "config": { "properties": { "a\nb": {} } } }), "\"a\\nb\" is not a valid name of a setting"),
        (json!({ "description": "x".repeat(501) }), "`description` has more than 500 characters"),
        (json!({ "name": "internal" }), "is not a valid name"),
        (json!({ "grants": ["everything"] }), "not something that can be granted"),
        (
            json!({ "hooks": { "client-in": { "interests": [
                { "kinds": ["message", "iq"], "types": ["chat", "subscribe"] }
            ] } } }),
            "an interest can never match: there is no message or iq of type `subscribe`",
        ),
        (
            json!({ "hooks": { "before-offline": { "interests": [{ "kinds": ["presence"] }] } } }),
            "an interest of `before-offline` can never match: only messages are stored",
        ),
        (
            json!({ "config": { "properties": { "a": { "type": "string", "enum": [] } } } }),
            "an `enum` has no values",
        ),
        (
            json!({ "hooks": { "client-in": { "interests": [{ "kinds": ["letter"] }] } } }),
            "unknown stanza kind `letter`",
        ),
        (
            json!({ "hooks": { "client-in": { "interests": [{ "kinds": ["iq"] }], "on-failure": "maybe" } } }),
            "`maybe` is not a valid failure policy of client-in (pass, reject, drop)",
        ),
        (
            json!({ "hooks": {
                "client-in": { "interests": [{ "kinds": ["iq"] }] },
                "before-offline": { "interests": [{ "kinds": ["message"] }] },
            } }),
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
    let own = first.path.with_file_name("own.wasm");
    std::fs::copy(&first.path, &own).unwrap();
    assert!(kit.platform.load("own", &own).is_ok(), "the operator may keep others there");
    std::fs::copy(&own, own.with_file_name(format!("{:064}.wasm", 0))).unwrap();
    let altered = kit.platform.load("own", &own.with_file_name(format!("{:064}.wasm", 0)));
    assert!(matches!(altered, Err(LoadError::Altered)));
    for folder in ["data/plugins", "data/plugins/compiled", "data/plugins/manifests"] {
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
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let (hashes, code): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.extension().is_some());
        assert_eq!((hashes.len(), code.len()), (1, 1));
        code[0].clone()
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
fn what_no_plugin_uses_is_deleted_but_not_what_is_being_installed() {
    let kit = Kit::new();
    let folder = kit.folder.path().join("data/plugins");
    let names = || {
        let files = |folder: &Path| {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
            let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
            files.map(|entry| entry.file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        let mut all =
            [&folder, &folder.join("compiled"), &folder.join("manifests")].map(|one| files(one)).concat();
        all.sort();
        all
    };
    let old = kit.platform.install(&kit.file(&pass().build()), Some("old")).unwrap();
    std::fs::write(folder.join(format!("compiled/{}-0123456789abcdef", old.inspection.digest)), "code")
        .unwrap();
    kit.platform.in_force(&kit.run(&pass().build()).0);
    assert_eq!(names().len(), 5, "component, code, hash, other code, manifest: {:?}", names());
    kit.platform.clean(&["guest"], &[]);
    assert_eq!(names().len(), 4, "that of another version of the server is gone: {:?}", names());
    drop(old);
    std::fs::write(folder.join("own.wasm"), "the operator's").unwrap();
    kit.platform.clean(&[], &[]);
    assert_eq!(names(), ["own.wasm"]);
}

#[test]
fn a_component_that_needs_more_memory_than_allowed_is_refused_with_the_limit() {
    let error = refused(&Guest { pages: 17 * 16, ..pass() }.build());
    let words = "it needs 17825792 bytes of memory; limits.plugin_memory_bytes allows 16777216";
    assert_eq!(error.to_string(), words);
    assert!(error.remedy().starts_with("raise limits.plugin_memory_bytes"));
    let kit = Kit::new();
    let file = kit.file(&Guest { pages: 17 * 16, ..pass() }.build());
    let looked = crate::inspect(&file, &crate::Looking::default()).unwrap_err();
    assert_eq!(looked.to_string(), words);
}

#[test]
fn a_component_is_inspected_without_a_platform() {
    let sunshine = crate::inspect(&super::kit::built("sunshine"), &crate::Looking::default()).unwrap();
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
    let missing = crate::inspect(Path::new("nowhere.wasm"), &crate::Looking::default()).unwrap_err();
    assert!(missing.to_string().starts_with("nowhere.wasm: "), "{missing}");
}

#[test]
fn no_call_finds_the_pool_empty_and_more_than_there_is_room_for_are_refused() {
    let kit = Kit::new();
    let plugin = kit.load(&Guest::filter(ANSWER).build()).unwrap();
    let most = kit.platform.allocator().plugins().unwrap();
    assert!(most >= 40 && kit.platform.room_for(most).is_ok());
    let words = format!("there is room for {most} plugins");
    assert_eq!(kit.platform.room_for(most + 1).unwrap_err().to_string(), words);
    let deploy = || kit.deploy(&plugin, Options::default());
    // As many once more while all are replaced.
    let mut deployed: Vec<_> = (0..2 * most).map(|_| deploy().unwrap()).collect();
    for running in &deployed {
        // An instance for each worker.
        let mut seats = [running.0.pool.seat(), running.0.pool.seat()];
        assert!(seats.iter_mut().all(|seat| running.0.fill(seat, 0).is_ok()));
    }
    assert_eq!(kit.platform.stats_of("guest").instances, 4 * most as i64);
    let Err(refused) = deploy() else { panic!("there is no room") };
    assert_eq!(refused.to_string(), words);
    deployed.pop();
    deploy().unwrap();
}
