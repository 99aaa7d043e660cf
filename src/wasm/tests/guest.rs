//! Misbehaving guests: a core module in WAT, turned into a component with the plugin interface's types.

use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// What a guest is made of.
pub struct Guest {
    /// Imported interfaces: the plugin interface's by name, others with package and version.
    pub imports: &'static [&'static str],
    /// Imports, in WAT.
    pub import_text: &'static str,
    /// The body of client-in's filter: its result is a pointer to a verdict.
    pub filter: &'static str,
    /// The body of init, if it exports lifecycle: its result is a pointer to a `result<_, string>`.
    pub init: Option<&'static str>,
    pub manifest: Value,
    /// Pages of memory, 64 KiB each.
    pub pages: u32,
}

/// The address of a guest's answer. Memory is initially zero: `pass`, or `ok`.
pub const ANSWER: &str = "(i32.const 1024)";

/// The WASI functions used by these guests.
const WASI: &[&str] = &[
    "package wasi:io@VERSION;
    interface error { resource error; }
    interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream {
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
        }
    }",
    "package wasi:cli@VERSION;
    interface exit { exit: func(status: result); }
    interface stderr { use wasi:io/streams@VERSION.{output-stream}; get-stderr: func() -> output-stream; }",
    "package wasi:clocks@VERSION;
    interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }",
    "package wasi:random@VERSION; interface random { get-random-u64: func() -> u64; }",
];

/// A manifest for client-in, with additional keys.
pub fn manifest(more: Value) -> Value {
    let mut manifest = json!({
        "manifest": 1, "name": "guest", "version": "1.0.0", "licence": "MIT", "description": "A test.",
        "hooks": { "client-in": { "interests": [{ "kinds": ["message", "presence", "iq"] }] } },
    });
    for (key, value) in more.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    manifest
}

impl Guest {
    /// A guest with this filter and nothing else.
    pub fn filter(filter: &'static str) -> Self {
        Self { imports: &[], import_text: "", filter, init: None, manifest: manifest(json!({})), pages: 2 }
    }

    /// The component's bytes, its manifest inside.
    pub fn build(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).unwrap();
        let mut resolve = wit_parser::Resolve::default();
        resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/1")).unwrap();
        for package in WASI {
            for version in ["0.2.3", "0.2.9"] {
                resolve.push_str("wasi.wit", &package.replace("VERSION", version)).unwrap();
            }
        }
        let full = |name: &str| match name.contains('@') {
            true => format!("import {name}; "),
            false => format!("import castling:plugin/{name}@1.0.0; "),
        };
        let imports: String = self.imports.iter().map(|name| full(name)).collect();
        let lifecycle = if self.init.is_some() { "export castling:plugin/lifecycle@1.0.0;" } else { "" };
        let world = format!(
            "package test:guest; world guest {{ {imports} export castling:plugin/client-in@1.0.0; {lifecycle} }}"
        );
        let package = resolve.push_str("guest.wit", &world).unwrap();
        let world = resolve.select_world(&[package], Some("guest")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let component = ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap();
        with_manifest(component, &self.manifest)
    }

    fn module(&self) -> String {
        let lifecycle = self.init.map_or(String::new(), |init| {
            format!(
                r#"(func (export "castling:plugin/lifecycle@1.0.0#init") (param i32) (result i32) {init})
                   (func (export "castling:plugin/lifecycle@1.0.0#configure") (param i32) (result i32)
                       (i32.const 2048))"#
            )
        });
        format!(
            r#"(module
                {}
                (memory (export "memory") {})
                (data (i32.const 512) "policy-violation")
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
                (func (export "castling:plugin/client-in@1.0.0#filter")
                    (param i32 i32 i32 i64 i32 i32 i32) (result i32) {})
                {lifecycle}
            )"#,
            self.import_text, self.pages, self.filter
        )
    }
}

/// Appends the custom section as `cargo xtask plugins` does.
pub fn with_manifest(mut component: Vec<u8>, manifest: &Value) -> Vec<u8> {
    let name = "castling:plugin";
    let mut content = vec![name.len() as u8];
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(manifest.to_string().as_bytes());
    component.push(0);
    let mut size = content.len();
    while size >= 0x80 {
        component.push(size as u8 | 0x80);
        size >>= 7;
    }
    component.push(size as u8);
    component.extend(content);
    component
}
