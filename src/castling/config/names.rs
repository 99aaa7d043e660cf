//! Formats of names, addresses and other strings in a configuration.

use std::net::SocketAddr;
use std::path::{Path, absolute};

use settings::Complaint;
use xmpp::{Jid, prep_domain};

type Checked = Result<(), Complaint>;

/// A path as an argument of a command, wherever that is run.
pub fn argument(path: &Path) -> String {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    match path.contains(|c: char| c.is_whitespace() || c == '\'') {
        true => format!("{path:?}"),
        false => path,
    }
}

/// Any non-empty string.
pub fn filled(text: &str) -> Checked {
    if text.trim().is_empty() {
        return Err(Complaint::new("the value is empty", "write a value or leave the key out"));
    }
    Ok(())
}

/// An XMPP domain: labels of letters, digits and hyphens, or an IP address, version 6 in brackets.
pub fn domain(text: &str) -> Checked {
    let bad = |why: String| {
        let remedy = "write a host name such as chess.example";
        Err(Complaint::new(format!("{text:?} is not a valid domain name: {why}"), remedy))
    };
    if text.starts_with('[') {
        return prep_domain(text).map(drop).or_else(|error| bad(error.to_string()));
    }
    if let Some(sign) = text.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '-' | '.'))) {
        return bad(format!("it contains {sign:?}"));
    }
    if let Some(name) = text.strip_suffix('.').filter(|name| domain(name).is_ok()) {
        let message = format!("{text:?} is not a valid domain name: it ends with a dot");
        return Err(Complaint::new(message, format!("write {name:?}")));
    }
    if text.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return bad("each label must have 1 to 63 characters".into());
    }
    if text.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        return bad("a label begins or ends with a hyphen".into());
    }
    if text.len() > 253 {
        return bad("it is longer than 253 characters".into());
    }
    prep_domain(text).map(drop).or_else(|error| bad(error.to_string()))
}

/// A domain, or with `*.` all below one.
pub fn domains(text: &str) -> Checked {
    domain(text.strip_prefix("*.").unwrap_or(text))
}

/// A bare JID with a local part, valid for a new account.
pub fn account(text: &str) -> Checked {
    let bad = |why: &str| {
        let remedy = "write it as name@domain";
        Err(Complaint::new(format!("{text:?} is not a valid account address: {why}"), remedy))
    };
    let jid = match Jid::parse_strict(text) {
        Ok(jid) => jid,
        Err(error) => return bad(&error.to_string()),
    };
    if jid.local().is_none() {
        return bad("it has no @");
    }
    if jid.resource().is_some() {
        return bad("it must not have a resource");
    }
    domain(jid.domain())
}

/// A domain in the server's form: U-labels in lower case.
pub fn prepared(text: &str) -> String {
    prep_domain(text).map_or_else(|_| text.to_owned(), |name| name.into_owned())
}

/// What a domain name becomes, if that is a different name rather than another spelling: `ß` and `ς`, for
/// example, are different letters to readers, but not to the profile of RFC 6122.
pub fn changed(text: &str) -> Option<String> {
    let prepared = prepared(text);
    let as_written = text.to_lowercase() == prepared || text.to_ascii_lowercase().contains("xn--");
    (!as_written && prepared != text).then_some(prepared)
}

/// An IP address with a port.
pub fn address(text: &str) -> Checked {
    if text.parse::<SocketAddr>().is_ok() {
        return Ok(());
    }
    let remedy = "write an IP address and a port, such as \"127.0.0.1:5222\" or \"[::]:5222\"";
    Err(Complaint::new(format!("{text:?} is not a valid listen address"), remedy))
}

/// A loopback address to listen on.
pub fn loopback_address(text: &str) -> Checked {
    address(text)?;
    if text.parse::<SocketAddr>().is_ok_and(|at| at.ip().is_loopback()) {
        return Ok(());
    }
    let message = format!("{text:?} is not a loopback address, and this listener has no TLS");
    Err(Complaint::new(message, "write \"127.0.0.1:PORT\", or use c2s or c2s_tls"))
}

/// The name of a plugin: lower-case letters, digits and hyphens.
pub fn plugin(text: &str) -> Checked {
    if wasm::is_name(text) {
        return Ok(());
    }
    let message = format!("{text:?} is not a valid plugin name");
    Err(Complaint::new(message, "use lower-case letters, digits and -, 64 characters at most"))
}

/// The name of an authentication provider, a data source or a query: lower-case letters, digits and hyphens.
pub fn name(text: &str) -> Checked {
    let letters = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if letters && (1..=64).contains(&text.len()) && text.as_bytes()[0].is_ascii_alphanumeric() {
        return Ok(());
    }
    let message = format!("{text:?} is not a valid name");
    Err(Complaint::new(message, "use lower-case letters, digits, - and _, 64 characters at most"))
}

/// A grant: `interface[.function][:scope]`.
pub fn grant(text: &str) -> Checked {
    let complaint =
        |why| Complaint::new(format!("{text:?} is not a valid grant: {why}"), "see docs/plugins/grants.md");
    wasm::Grant::parse(text).map(drop).map_err(complaint)
}

/// The URL of this server's own database.
pub fn storage_url(text: &str) -> Checked {
    let remedy = "write url = \"sqlite:castling.db\", a file in data_dir, or postgres:// or mysql://USER@HOST/DATABASE";
    match storage::Store::understands(&storage::Options::new(text, "")) {
        Ok(()) => Ok(()),
        Err(error) => Err(Complaint::new(error.to_string(), remedy)),
    }
}

/// The URL of a foreign database. It may contain a password, so no message repeats it.
pub fn database_url(text: &str) -> Checked {
    let message = "the value is not a valid database URL";
    if !foreign(text) && !text.starts_with("sqlite:") {
        return Err(Complaint::new(message, "begin it with postgres://, mysql:// or sqlite:"));
    }
    storage::source::SourceOptions::new("", text, "").understood().map_err(|error| {
        let remedy = "write sqlite:FILE, or postgres:// or mysql://USER@HOST/DATABASE";
        Complaint::new(format!("{message}: {error}"), remedy)
    })
}

fn foreign(text: &str) -> bool {
    ["postgres://", "postgresql://", "mysql://", "mariadb://"].iter().any(|scheme| text.starts_with(scheme))
}

/// A web origin: scheme, host and port only.
pub fn origin(text: &str) -> Checked {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '?', '#', '@'])) {
        return Ok(());
    }
    let message = format!("{text:?} is not a valid web origin");
    Err(Complaint::new(message, "write scheme and host without a path, such as \"https://chess.example\""))
}

/// A WebSocket URL: `wss://` or `ws://`.
pub fn websocket_url(text: &str) -> Checked {
    url(text, ["wss", "ws"], "wss://chess.example/xmpp-websocket")
}

/// A web URL: `https://` or `http://`.
pub fn web_url(text: &str) -> Checked {
    url(text, ["https", "http"], "https://chess.example/http-bind")
}

/// A URL that web clients are redirected to, for WebSocket or BOSH. They are never redirected to one without TLS.
pub fn moved_url(text: &str) -> Checked {
    url(text, ["wss", "https"], "wss://new.example/xmpp-websocket")
}

fn url<const N: usize>(text: &str, schemes: [&str; N], example: &str) -> Checked {
    let rest = text.split_once("://").filter(|(scheme, _)| schemes.contains(scheme)).map(|(_, rest)| rest);
    let host = rest.and_then(|rest| rest.split('/').next());
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>#@".contains(&byte));
    if plain && host.is_some_and(|host| !host.is_empty()) {
        return Ok(());
    }
    let schemes = schemes.map(|scheme| format!("{scheme}://")).join(" or ");
    // what stands before an @ may be a password
    let shown = if text.contains('@') { "the value".to_owned() } else { format!("{text:?}") };
    let message = format!("{shown} is not a valid {schemes} address");
    Err(Complaint::new(message, format!("write it like {example:?}")))
}

/// A color as `#7a4` or `#77aa44`.
pub fn color(text: &str) -> Checked {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if [3, 6].contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Complaint::new(format!("{text:?} is not a valid colour"), "write \"#7a4\" or \"#77aa44\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_pass() {
        for text in
            ["chess.example", "localhost", "münchen.example", "127.0.0.1", "[::1]", "xn--mnchen-3ya.example"]
        {
            assert_eq!(domain(text), Ok(()), "{text}");
        }
        for text in ["jack@chess.example", "jäck.o@x"] {
            assert_eq!(account(text), Ok(()), "{text}");
        }
        for text in ["sessions.close", "sql:members/credentials", "kv", "accounts.set-account-slot"] {
            assert_eq!(grant(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn bad_names_are_refused() {
        for text in ["", "::1", "[x]", "a b", "-a.example", "a..b", "a_b.example", "jack@x", &"a".repeat(64)]
        {
            assert!(domain(text).is_err(), "{text}");
        }
        for text in ["jack", "@x", "jack@x/y", "j ack@x", "a@b@c", "jack@-x"] {
            assert!(account(text).is_err(), "{text}");
        }
        for text in ["log", "shell", "sessions.", "sessions.Close", ""] {
            assert!(grant(text).is_err(), "{text}");
        }
        for text in ["", "A", "-a", "a.b", &"a".repeat(65)] {
            assert!(name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn domains_are_kept_in_one_form() {
        for text in ["MÜNCHEN.example", "xn--mnchen-3ya.example", "münchen.example"] {
            assert_eq!(prepared(text), "münchen.example");
        }
    }

    #[test]
    fn another_name_is_told_from_another_spelling() {
        for (text, becomes) in [("straße.example", "strasse.example"), ("ΣΟΦΟς.example", "σοφοσ.example")]
        {
            assert_eq!(changed(text).as_deref(), Some(becomes));
        }
        for text in ["CHESS.example", "MÜNCHEN.example", "xn--mnchen-3ya.example", "127.0.0.1"] {
            assert_eq!(changed(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_plugins() {
        assert_eq!(plugin("my-sun"), Ok(()));
        for text in ["my_sun", "", "-sun", "Sun"] {
            assert!(plugin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_password_in_a_message() {
        let complaint = database_url("oracle://u:secret@h/d").unwrap_err();
        assert!(!complaint.message.contains("secret") && !complaint.remedy.contains("secret"));
    }
}
