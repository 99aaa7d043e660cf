//! What is accepted has an effect, and what cannot be read is reported once.

use super::{DOMAIN, expect, said};

#[test]
fn an_error_of_syntax_stands_alone() {
    expect(
        "[limits]\ndepht = 9\nx = \n[[domain]]\nname = \"a\nplugins = [\"no\"]\nadmins = [\"jack\"]\n",
        &["c.toml:3: `x` has no value — write x = VALUE"],
    );
    assert_eq!(said("a = 1\na = 2\n").len(), 1, "warnings are not shown either");
}

#[test]
fn what_is_accepted_has_an_effect() {
    let see = |uri: &str| format!("{DOMAIN}web.see_other_uri = [\"{uri}\"]\n");
    expect(&see("wss://new.example/xmpp-websocket"), &[]);
    for uri in ["http://new.example/", "ws://new.example/"] {
        let message = format!("{uri:?} is not a valid wss:// or https:// address");
        let remedy = "write it like \"wss://new.example/xmpp-websocket\"";
        expect(&see(uri), &[&format!("c.toml:3: {message} — {remedy}")]);
    }
    expect(
        "[limits]\ntrusted_proxies = [\"10.1.0.7/8\", \"10.0.0.0/8\", \"10.1.0.7\"]\n",
        &["c.toml:2: \"10.1.0.7/8\" is an address within a network — write \"10.0.0.0/8\" or \"10.1.0.7\""],
    );
    let everyone =
        "`trusted_proxies` includes every address, so any client can claim another address, or TLS";
    let all = said("[limits]\ntrusted_proxies = [\"::/0\"]\n");
    assert!(
        all.contains(&format!("c.toml:2: warning: {everyone} — list only the addresses of your proxies")),
        "{all:?}"
    );
    assert_eq!(
        said("[[domain]]\nname = \"a.example.\"\n")[2..],
        ["c.toml:2: \"a.example.\" is not a valid domain name: it ends with a dot — write \"a.example\""]
    );
}
