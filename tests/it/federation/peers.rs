//! By dialback, by certificates, and by direct TLS; which scenarios there are is said by `tests/clients/federation/scenarios`.

use super::run::plays;

#[test]
#[ignore = "needs Prosody: cargo xtask test --only federation"]
fn prosody_by_dialback() {
    plays("prosody", "dialback");
}

#[test]
#[ignore = "needs Prosody: cargo xtask test --only federation"]
fn prosody_by_certificate() {
    plays("prosody", "certificate");
}

#[test]
#[ignore = "needs Prosody: cargo xtask test --only federation"]
fn prosody_by_direct_tls() {
    plays("prosody", "direct");
}

#[test]
#[ignore = "needs ejabberd: cargo xtask test --only federation"]
fn ejabberd_by_dialback() {
    plays("ejabberd", "dialback");
}

#[test]
#[ignore = "needs ejabberd: cargo xtask test --only federation"]
fn ejabberd_by_certificate() {
    plays("ejabberd", "certificate");
}

#[test]
#[ignore = "needs ejabberd: cargo xtask test --only federation"]
fn ejabberd_by_direct_tls() {
    plays("ejabberd", "direct");
}
