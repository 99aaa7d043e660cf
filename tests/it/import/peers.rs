//! What a real Prosody and a real ejabberd take of an export, field by field, and whether the old password logs in. The
//! tables of docs/operators/import.md say the same. Which records differ is said by `tests/clients/taken.py`.

use super::{brands, import, source, sqlite};
use crate::fixture::{castling, folder};
use crate::main_job::driver::script;

/// Exports what was imported from jabberd2, and has a peer take it; what its users find there.
fn taken(peer: &str, secrets: &str) -> String {
    let dir = folder(&brands());
    let from = sqlite("jabberd2-a-sqlite/jabberd2.db");
    import(&dir, &["jabberd2", "--from", &from, "--secrets", secrets]);
    let out = dir.path().join("out");
    let args = ["export", "xep0227", "--to", out.to_str().unwrap(), "--for", peer];
    assert!(castling(dir.path(), &args, "").status.success());
    let mut taking = script("taken.py");
    taking.args([peer, "--export", out.to_str().unwrap(), "--truth"]);
    let output = taking.arg(source("jabberd2-a-sqlite/truth.json")).output().unwrap();
    let (found, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{said}");
    found.into_owned()
}

#[test]
#[ignore = "needs Prosody: cargo xtask test --only peers"]
fn prosody_by_its_migrator() {
    for secrets in ["keep", "derive"] {
        insta::assert_snapshot!("prosody", taken("prosody", secrets));
    }
}

#[test]
#[ignore = "needs ejabberd: cargo xtask test --only peers"]
fn ejabberd_by_import_piefxis() {
    for secrets in ["keep", "derive"] {
        insta::assert_snapshot!("ejabberd", taken("ejabberd", secrets));
    }
}
