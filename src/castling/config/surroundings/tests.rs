//! Files that must exist, ports that must be free.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use super::check;
use crate::config::document::Source;
use crate::config::load::{Loaded, load, parse};

/// 24 November 2026.
const NOW: i64 = 1_795_478_400_000_000;

fn read(text: &str) -> Loaded {
    parse(&Source::new("c.toml", text), Path::new("/nonexistent"), false, None)
}

#[test]
fn files_and_ports() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    fs::write(dir.path().join("text.wasm"), "no").unwrap();
    let file = dir.path().join("c.toml");
    let text = format!(
        "[listen]\nc2s = [\"{port}\"]\nc2s_tls = [\"192.0.2.1:1\", \"127.0.0.1:0\", \"127.0.0.1:0\"]\n[plugins.a]\n\
         file = \"a.wasm\"\n[plugins.b]\nfile = \"text.wasm\"\n[[domain]]\nname = \"a\"\n\
         tls = {{ cert = \"a.pem\", key = \"text.wasm\" }}\n"
    );
    fs::write(&file, text).unwrap();
    let mut loaded = load(Some(&file)).unwrap();
    check(&loaded.config, &[], NOW, &mut loaded.problems);
    let at = |path: &str| dir.path().join(path).display().to_string();
    let name = file.display();
    assert_eq!(
        loaded.problems.into_list().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            format!(
                "{name}:2: cannot listen on {port}: address already in use — stop the other program or choose \
                     another port"
            ),
            format!(
                "{name}:3: cannot listen on 192.0.2.1:1: cannot assign requested address — write an address that \
                     this machine has"
            ),
            format!(
                "{name}:5: cannot use {} as plugin a: no such file or directory — build the plugin or correct \
                     the path",
                at("a.wasm")
            ),
            format!(
                "{name}:7: cannot use {} as plugin b: it is not a WebAssembly file — build the plugin or correct \
                     the path",
                at("text.wasm")
            ),
            format!(
                "{name}:10: cannot read {}: no such file or directory — correct the path, or let the server's \
                     user read the file",
                at("a.pem")
            ),
        ]
    );
    let mut loaded = load(Some(&file)).unwrap();
    check(&loaded.config, &[port], NOW, &mut loaded.problems);
    assert!(!loaded.problems.into_list().iter().any(|one| one.to_string().contains("already in use")));
}

#[test]
fn one_port_twice() {
    let text = "[listen]\nc2s = [\"0.0.0.0:47111\"]\nc2s_tls = [\"127.0.0.1:47111\"]\n";
    let mut loaded = read(text);
    check(&loaded.config, &["0.0.0.0:47111".parse().unwrap()], NOW, &mut loaded.problems);
    let all: Vec<String> = loaded.problems.into_list().iter().map(ToString::to_string).collect();
    assert!(
        all.contains(
            &"c.toml:3: 127.0.0.1:47111 is already used by listen.c2s[0] — choose another port".into()
        ),
        "{all:?}"
    );
}

#[test]
fn both_families_on_one_port() {
    let free = TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let text = format!("[listen]\nc2s = [\"0.0.0.0:{free}\", \"[::]:{free}\"]\n[[domain]]\nname = \"a\"\n");
    let mut loaded = read(&text);
    check(&loaded.config, &[], NOW, &mut loaded.problems);
    // On a machine without IPv6, that is reported; never that the port is in use.
    let all: Vec<String> = loaded.problems.into_list().iter().map(ToString::to_string).collect();
    assert!(!all.iter().any(|line| line.contains("in use") || line.contains("taken by")), "{all:?}");
}

#[test]
fn certificates() {
    let dir = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(runtime::ManualClock::new(NOW));
    let store = net::TlsStore::new(clock).unwrap();
    for name in ["one.example", "two.example"] {
        store.self_signed(name, dir.path()).unwrap();
    }
    fs::write(dir.path().join("empty.pem"), "nothing").unwrap();
    let file = dir.path().join("c.toml");
    let domain = |name: &str, cert: &str, key: &str| {
        format!("[[domain]]\nname = \"{name}\"\ntls = {{ cert = \"{cert}\",\n  key = \"{key}\" }}\n")
    };
    let text = "[listen]\nc2s = [\"127.0.0.1:0\"]\n".to_owned()
        + &domain("one.example", "one.example.crt", "one.example.key")
        + &domain("two.example", "two.example.crt", "one.example.key")
        + &domain("three.example", "empty.pem", "one.example.key")
        + &domain("four.example", "two.example.crt", "two.example.key");
    fs::write(&file, text).unwrap();
    let mut loaded = load(Some(&file)).unwrap();
    check(&loaded.config, &[], NOW, &mut loaded.problems);
    let at = |path: &str| dir.path().join(path).display().to_string();
    let name = file.display();
    assert_eq!(
        loaded.problems.into_list().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            format!(
                "{name}:10: {} contains a private key that does not match the certificate — use the key that the \
                 certificate was issued for; the chain's first certificate must be the domain's own",
                at("one.example.key")
            ),
            format!(
                "{name}:13: {} contains no certificate — provide the full chain in PEM, the domain's own certificate first",
                at("empty.pem")
            ),
            format!(
                "{name}:17: warning: {}: the certificate is not valid for four.example — get a new \
                 certificate; clients will reject this one",
                at("two.example.crt")
            ),
        ]
    );
}
