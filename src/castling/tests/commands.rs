//! The binary as an operator runs it, without a server.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A temporary directory with a configuration of one domain.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self::with("[auth]\niterations = 4096\n[[domain]]\nname = \"chess.example\"\n")
    }

    fn with(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("castling.toml"), text).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, line: &str) -> Said {
        self.run_with(line, "")
    }

    /// Runs `castling LINE` in the directory with this standard input.
    fn run_with(&self, line: &str, input: &str) -> Said {
        run(self.0.path(), line, input)
    }
}

fn run(dir: &Path, line: &str, input: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_castling"))
        .args(line.split(' '))
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have exited already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Said::from(child.wait_with_output().unwrap())
}

#[derive(Debug, PartialEq)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn said(code: i32, out: &str, err: &str) -> Said {
    Said { code, out: out.into(), err: err.into() }
}

#[test]
fn check_reports_and_exits() {
    let bad = Place::with("[limits]\nstanza_byte = 1\n[[domain]]\nname = \"a b\"\n");
    let expected = "castling.toml:2: unknown limit `stanza_byte` — did you mean `stanza_bytes`?\n\
                    castling.toml:3: warning: a b has no certificate, so a self-signed one is used — add tls = \
                    { cert = \"FILE\", key = \"FILE\" }\n\
                    castling.toml:4: \"a b\" is not a valid domain name: it contains ' ' — write a host name such as \
                    chess.example\n";
    let check = bad.run("check");
    assert_eq!(check.code, 1);
    for line in expected.lines() {
        assert!(check.err.lines().any(|said| said == line), "{line}\n{}", check.err);
    }
    assert_eq!(bad.run("serve"), check);
    assert!(!bad.path("data").exists());
    let good = Place::with("[[domain]]\nname = \"a\"\n").run("check");
    let expected = "castling.toml: OK, 1 domain, 0 listeners, 2 warnings\n";
    assert_eq!((good.code, good.out.as_str()), (0, expected));
    assert_eq!(run(Path::new("/"), "check --config /nonexistent.toml", "").code, 1);
}

#[test]
fn wrong_usage_exits_with_2() {
    let place = Place::new();
    for line in ["", "user", "import jabberd2", "user add", "status --yaml"] {
        assert_eq!(place.run(line).code, 2, "{line}");
    }
    assert_eq!(place.run("--version").code, 0);
}

#[test]
fn accounts_without_a_server() {
    let place = Place::new();
    assert_eq!(place.run_with("user add jack@chess.example --password-stdin", "secret\n"), said(0, "", ""));
    assert_eq!(
        place.run_with("user add Jack@CHESS.example --password-stdin", "other\n"),
        said(1, "", "castling: jack@chess.example already exists\n")
    );
    assert_eq!(
        place.run_with("user add jack@chess.exmple --password-stdin", "x"),
        said(1, "", "castling: chess.exmple is not a domain of this server — see castling domain list\n")
    );
    assert_eq!(
        place.run_with("user add jack --password-stdin", "x"),
        said(
            1,
            "",
            "castling: \"jack\" is not a valid account address: it has no @ — write it as name@domain\n"
        )
    );
    let shown = place.run("user show jack@chess.example");
    assert!(shown.out.starts_with("jid      jack@chess.example\ncreated  20"), "{}", shown.out);
    assert!(shown.out.ends_with("enabled  true\nscram    sha-1, sha-256\n"), "{}", shown.out);
    assert_eq!(place.run_with("user passwd jack@chess.example --password-stdin", "new"), said(0, "", ""));
    assert_eq!(place.run("user list"), said(0, "jack@chess.example\n", ""));
    assert_eq!(place.run("user del jack@chess.example"), said(0, "", ""));
    let gone = said(1, "", "castling: account jack@chess.example does not exist — see castling user list\n");
    assert_eq!(place.run("user del jack@chess.example"), gone);
    assert_eq!(place.run_with("user passwd jack@chess.example --password-stdin", "new"), gone);
    assert_eq!(place.run("user list"), said(0, "", ""));
}

/// Creates accounts with passwords as an import leaves them.
fn import(place: &Place, accounts: &[(&str, auth::Format)]) {
    let new = |(local, format): &(&str, auth::Format)| {
        let (text, salt) = format.example();
        let kept = auth::kept(*format, text, salt).ok().unwrap();
        storage::NewAccount { domain: "chess.example".into(), local: (*local).into(), kept, created_us: 0 }
    };
    let new = accounts.iter().map(new).collect();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let options = storage::Options::new("sqlite:castling.db", place.path("data"));
        let store = storage::Store::open(options, &runtime::Runtime::system()).await.unwrap();
        assert!(store.accounts().create_many(new).await.iter().all(Result::is_ok));
        store.close().await.unwrap();
    });
}

#[test]
fn imported_passwords_are_named_and_counted() {
    let place = Place::new();
    place.run_with("user add jack@chess.example --password-stdin", "secret");
    let not_yet = |what: &str| format!("chess.example: {what} not logged in yet\n");
    import(&place, &[("anna", auth::Format::Auto)]);
    let list = place.run("user list");
    let expected = not_yet("1 account has an imported password and has");
    assert_eq!(list, said(0, "anna@chess.example\njack@chess.example\n", &expected));
    import(&place, &[("bob", auth::Format::Plain), ("carl", auth::Format::Scram)]);
    let list = place.run("user list chess.example");
    assert_eq!(list.err, not_yet("2 accounts have imported passwords and have"));
    for (name, kept) in [("anna", "secret   bcrypt"), ("bob", "secret   plain"), ("carl", "scram    sha-256")]
    {
        let shown = place.run(&format!("user show {name}@chess.example"));
        assert!(shown.out.ends_with(&format!("enabled  true\n{kept}\n")), "{}", shown.out);
    }
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_str(&place.run(&format!("user show {name}@chess.example --json")).out).unwrap()
    };
    assert_eq!(json("anna")["secret"], "bcrypt");
    assert_eq!(json("carl").get("secret"), None);
    for name in ["anna", "bob"] {
        let changed = place.run_with(&format!("user passwd {name}@chess.example --password-stdin"), "new");
        assert_eq!(changed, said(0, "", ""));
    }
    assert_eq!(place.run("user list").err, "");
    let shown = place.run("user show anna@chess.example").out;
    assert!(shown.ends_with("scram    sha-1, sha-256\n"), "{shown}");
}

/// Makes accounts as a server does for those of its auth providers.
fn adopt(place: &Place, accounts: &[(&str, &str)]) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let options = storage::Options::new("sqlite:castling.db", place.path("data"));
        let store = storage::Store::open(options, &runtime::Runtime::system()).await.unwrap();
        for (local, provider) in accounts {
            assert!(store.accounts().adopt("chess.example", local, provider, 0).await.unwrap());
        }
        store.close().await.unwrap();
    });
}

#[test]
fn accounts_of_a_provider_say_so() {
    let place = Place::new();
    place.run_with("user add jack@chess.example --password-stdin", "secret");
    adopt(&place, &[("anna", "auth-old")]);
    let list = "anna@chess.example (auth-old, no longer in auth)\njack@chess.example\n";
    assert_eq!(place.run("user list"), said(0, list, ""));
    let shown = place.run("user show anna@chess.example").out;
    assert!(shown.ends_with("enabled  true\nprovider auth-old (no longer in auth)\n"), "{shown}");
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_str(&place.run(&format!("user show {name}@chess.example --json")).out).unwrap()
    };
    let adopted = serde_json::json!({ "provider": "auth-old", "orphaned": true });
    assert_eq!((&json("anna")["adopted"], json("jack").get("adopted")), (&adopted, None));
    let refused = "castling: anna@chess.example is an account of auth-old, which chess.example no longer has in its \
                   auth — add it to auth, or run castling user prune --domain chess.example --orphaned\n";
    let passwd = place.run_with("user passwd anna@chess.example --password-stdin", "new");
    assert_eq!(passwd, said(1, "", refused));
    assert_eq!(
        place.run_with("user add anna@chess.example --password-stdin", "x"),
        said(1, "", "castling: anna@chess.example already exists\n")
    );
    assert_eq!(place.run("user del anna@chess.example"), said(0, "", ""));
    assert_eq!(place.run("user list"), said(0, "jack@chess.example\n", ""));
}

#[test]
fn a_password_is_never_taken_from_nowhere() {
    let place = Place::new();
    let empty = place.run_with("user add jack@chess.example --password-stdin", "");
    assert_eq!(empty, said(1, "", "castling: cannot read the password: standard input is empty\n"));
    let none = place.run_with("user add jack@chess.example", "secret\n");
    let expected = "castling: standard input is not a terminal — use --password-stdin\n";
    assert_eq!(none, said(1, "", expected));
    assert_eq!(place.run("user list"), said(0, "", ""));
}

#[test]
fn accounts_from_a_file() {
    let place = Place::new();
    let mut text =
        String::from("anna@chess.example,\"a,b\"\nbob@chess.example\n\nx@y,z\nanna@chess.example,again\n");
    (0..600).for_each(|at| text += &format!("user{at:04}@chess.example,pass{at}\n"));
    fs::write(place.path("users.csv"), text).unwrap();
    let added = place.run("user add --from users.csv");
    assert_eq!(
        added,
        said(
            1,
            "601 added, 3 refused\n",
            "users.csv:2: expected two fields, found 1 — write jid,password\n\
             users.csv:4: y is not a domain of this server — see castling domain list\n\
             users.csv:5: anna@chess.example already exists\n"
        )
    );
    let list = place.run("user list chess.example").out;
    assert_eq!(list.lines().count(), 601);
    assert_eq!(list.lines().last(), Some("user0599@chess.example"));
    assert_eq!(place.run("user list no.example").code, 1);
    fs::write(place.path("more.csv"), "one@chess.example,1\n").unwrap();
    assert_eq!(place.run("user add --from more.csv"), said(0, "1 added, 0 refused\n", ""));
    assert_eq!(place.run("user add --from none.csv").code, 1);
}

#[test]
fn domains_without_a_server() {
    let place = Place::new();
    assert_eq!(place.run("domain add Wuchess.Example"), said(0, "", ""));
    assert_eq!(
        place.run("domain add wuchess.example"),
        said(1, "", "castling: wuchess.example has already been added with `castling domain add`\n")
    );
    assert_eq!(
        place.run("domain add chess.example"),
        said(1, "", "castling: chess.example has already been declared in castling.toml:4\n")
    );
    assert_eq!(place.run("domain disable chess.example"), said(0, "", ""));
    assert_eq!(
        place.run("domain list").out,
        "DOMAIN           DECLARED BY  STATE               PLUGINS\n\
         chess.example    file         disabled (command)\n\
         wuchess.example  command      enabled (command)\n"
    );
    assert_eq!(place.run("domain enable chess.example"), said(0, "", ""));
    let list: serde_json::Value = serde_json::from_str(&place.run("domain list --json").out).unwrap();
    assert_eq!(list[0]["enabled"], true);
    assert_eq!(
        (list[0]["enabled_by"].as_str(), list[1]["declared_by"].as_str()),
        (Some("file"), Some("command"))
    );
    assert_eq!(
        place.run("domain remove chess.example"),
        said(
            1,
            "",
            "castling: chess.example is declared in castling.toml:4 — remove it there and run castling reload, or \
             run castling domain disable chess.example\n"
        )
    );
    assert_eq!(place.run_with("user add jack@wuchess.example --password-stdin", "x"), said(0, "", ""));
    assert_eq!(place.run("domain remove wuchess.example --purge"), said(0, "", ""));
    assert_eq!(place.run("domain remove wuchess.example").code, 1);
    assert_eq!(place.run("domain add wuchess.example"), said(0, "", ""));
    assert_eq!(place.run("user list"), said(0, "", ""));
}

#[test]
fn removing_a_domain_keeps_its_data() {
    let place = Place::new();
    place.run("domain add wuchess.example");
    place.run_with("user add jack@wuchess.example --password-stdin", "x");
    assert_eq!(place.run("domain remove wuchess.example"), said(0, "", ""));
    assert_eq!(place.run("user list"), said(0, "", ""));
    place.run("domain add wuchess.example");
    assert_eq!(place.run("user list"), said(0, "jack@wuchess.example\n", ""));
}

#[test]
fn commands_that_need_a_server_say_so() {
    let place = Place::new();
    for line in
        ["status", "stats", "reload", "session list", "session kick a@b", "user prune --domain chess.example"]
    {
        let expected = "castling: no server is running with the data directory ./data — start it with \
                        castling serve\n";
        assert_eq!(place.run(line), said(1, "", expected), "{line}");
    }
}

#[test]
fn plugin_commands_need_none() {
    let place = Place::new();
    assert_eq!(place.run("plugin list --json"), said(0, "[]\n", ""));
    let unknown =
        "castling: plugin x does not exist — see castling plugin list, or run castling plugin install\n";
    for word in ["remove", "show", "disable", "enable", "reload"] {
        assert_eq!(place.run(&format!("plugin {word} x")), said(1, "", unknown), "{word}");
    }
}
