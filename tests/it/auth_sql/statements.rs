//! The statements of the site: what they must be, and what follows from those that are not.

use super::{CREDENTIALS, config, plain, query, refused, scram, site, sqlite};
use crate::fixture::{Server, castling, until};

#[test]
fn a_statement_that_cannot_be_run_is_logged_at_the_start_and_at_a_reload() {
    let broken = |column: &str| query("credentials", &CREDENTIALS.replace("username", column));
    let config_of = |column: &str| config(&broken(column), "plain", "[\"auth-sql\"]");
    let server = Server::start_in(site(&config_of("usernam")));
    let is_logged = |column: &str| {
        let log = server.log();
        log.lines().any(|line| line.contains("a statement cannot be run") && line.contains(column))
    };
    until("it is logged at the start", || is_logged("usernam"));
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), refused("temporary-auth-failure"));
    let failed = |line: &str| line.contains("auth provider failed") && line.contains("local=\"jack\"");
    until("the failure is logged", || server.log().lines().any(failed));
    let file = server.dir.path().join("castling.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("usernam)", "user_name)")).unwrap();
    server.ok(&["reload"]);
    until("it is logged at a reload", || is_logged("user_name"));
}

#[test]
fn two_rows_and_missing_columns_decide_nothing() {
    for text in [
        "select password from member where :jid is not null",
        "select username from member where lower(username) = :jid",
    ] {
        let server = Server::start_in(site(&config(&query("credentials", text), "plain", "[\"auth-sql\"]")));
        assert_eq!(
            plain(&server, "chess.example", "jack", "e2e4"),
            refused("temporary-auth-failure"),
            "{text}"
        );
    }
}

/// A collation may hold other letters for the same: then the statement returns what it has found.
#[test]
fn an_address_that_is_returned_must_be_the_one_that_was_asked_for() {
    let text = "select password, replace(username, 'q', 'k') as jid from member where lower(username) = :jid";
    let dir = site(&config(&query("credentials", text), "plain", "[\"auth-sql\"]"));
    sqlite(dir.path(), "insert into member (username, password) values ('queen@chess.example', 'a')");
    let server = Server::start_in(dir);
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), Ok(()), "Jack@Chess.Example");
    assert_eq!(plain(&server, "chess.example", "queen", "a"), refused("not-authorized"));
    let mut jack = scram(&server, "chess.example", "jack", "e2e4").unwrap();
    jack.bind("here").unwrap();
    jack.send("<message to='queen@chess.example' type='chat'><body>x</body></message>");
    assert_eq!(jack.ping().len(), 1, "no such account");
}

/// A configuration whose source may be written to.
fn writable(queries: &str) -> String {
    config(queries, "plain", "[\"auth-sql\"]").replace("members.db\"\n", "members.db\"\nwrite = true\n")
}

/// The errors of `castling check` about these statements.
fn checked(queries: &str) -> String {
    let output = castling(site(&writable(queries)).path(), &["check"], "");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_statement_must_be_about_one_account() {
    let credentials = query("credentials", CREDENTIALS);
    let all = checked(&(credentials + &query("set_password", "update member set password = :password")));
    assert!(
        all.contains("castling.toml:")
            && all.contains("statement set_password has no parameter for the account"),
        "{all}"
    );
    for text in ["select password from member", "select password from member where :domain = :domain"] {
        let any = checked(&query("credentials", text));
        assert!(any.contains("statement credentials has no parameter for the account"), "{any}");
    }
}

#[test]
fn a_statement_must_do_what_it_is_there_for() {
    let warned = |queries: &str| {
        let output = castling(site(&writable(queries)).path(), &["check"], "");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let inserts =
        warned(&query("credentials", "insert into member (username) values (:jid) returning password"));
    assert!(inserts.contains("changes the database whenever somebody tries to log in"), "{inserts}");
    let reads = query("set_password", "select :password from member where username = :jid");
    let reads = warned(&(query("credentials", CREDENTIALS) + &reads));
    assert!(reads.contains("statement set_password does not look as if it changed anything"), "{reads}");
}

/// A password is changed on one row, or nobody is told that it was.
#[test]
fn a_password_that_cannot_be_changed_in_one_row_stays() {
    let changes = |text: &str| {
        let queries = query("credentials", CREDENTIALS) + &query("set_password", text);
        Server::start_in(site(&writable(&queries)))
    };
    let passwd = |server: &Server| {
        let args = ["user", "passwd", "jack@chess.example", "--password-stdin"];
        let done = castling(server.dir.path(), &args, "new");
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    };
    for (text, expected) in [
        // The table has `Jack@Chess.Example`.
        ("update member set password = :password where username = :jid", "has changed no row"),
        (
            "update member set password = :password where username like '%' || :domain and :jid <> ''",
            "would have changed 5 rows instead of one",
        ),
    ] {
        let server = changes(text);
        let (code, error) = passwd(&server);
        assert_eq!(code, Some(1), "{error}");
        assert!(error.contains(expected), "{error}");
        assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), Ok(()), "{expected}");
        assert_eq!(plain(&server, "chess.example", "anna", "d2d4"), Ok(()), "{expected}");
    }
    let server = changes("update member set password = :password where lower(username) = :jid");
    for _ in 0..2 {
        assert_eq!(passwd(&server), (Some(0), String::new()), "the same again is no failure");
    }
    assert_eq!(plain(&server, "chess.example", "jack", "new"), Ok(()));
}

#[test]
fn a_column_that_the_operator_has_named_must_be_there() {
    let text = config(&query("credentials", CREDENTIALS), "plain", "[\"auth-sql\"]")
        .replace("format = \"plain\"", "format = \"plain\", locked = \"banned\"");
    let dir = site(&text);
    let output = castling(dir.path(), &["check"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no column banned"), "{output:?}");
    let server = Server::start_in(dir);
    assert_eq!(plain(&server, "chess.example", "jack", "e2e4"), refused("temporary-auth-failure"));
}
