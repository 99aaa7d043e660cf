//! Other versions of a built plugin: the same code with another manifest, whose defaults change what it decides.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::fixture::plugin;

/// The section that holds a manifest; the component's own counts before that of a module within.
const SECTION: &str = "castling:plugin";
/// Length of what a component begins with.
const HEADER: usize = 8;

/// Writes a version of a plugin to `folder`, with these defaults of its settings.
///
/// `source` is the plugin's folder in `plugins/`.
pub fn version(source: &str, version: &str, defaults: &Value, folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins").join(source);
    let name = source.file_name().unwrap().to_str().unwrap().to_owned();
    let text = fs::read_to_string(source.join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    manifest["version"] = json!(version);
    for (key, value) in defaults.as_object().unwrap() {
        let about = &mut manifest["config"]["properties"][key];
        assert!(about.is_object(), "{name} has no setting {key}");
        about["default"] = value.clone();
    }
    let file = folder.join(format!("{name}-{version}.wasm"));
    fs::write(&file, with_section(&fs::read(plugin(&name)).unwrap(), &manifest.to_string())).unwrap();
    file
}

/// The component with one more manifest.
fn with_section(component: &[u8], manifest: &str) -> Vec<u8> {
    let mut body = leb128(SECTION.len());
    body.extend_from_slice(SECTION.as_bytes());
    body.extend_from_slice(manifest.as_bytes());
    let (header, rest) = component.split_at(HEADER);
    [header, &[0], &leb128(body.len()), &body, rest].concat()
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
