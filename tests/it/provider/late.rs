//! A source that answers after ten seconds.

use xmpp::ns;

use super::{all_told_to_try_again, bystanders, logging_in, members, plain, start};
use crate::database::site;
use crate::fixture::Server;

const TABLE: &str = "create table member (username text primary key, password text);
    insert into member values ('eve@wuchess.example', 'x')";
const CREDENTIALS: &str =
    "select password from member where username = :jid and pg_sleep(10)::text is not null";

/// `keys`: of the data source.
fn slow(keys: &str) -> Server {
    let (_, url) = site("POSTGRES", TABLE);
    start("[\"auth-sql\"]", &members(&url, keys, CREDENTIALS))
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask databases"]
fn it_holds_up_nobody_else() {
    let server = slow("");
    let waiting = logging_in(&server, "eve", 20);
    bystanders(&server);
    all_told_to_try_again(waiting);
    assert_eq!(plain(&server, "eve", "wrong"), "temporary-auth-failure", "nobody is told that it is wrong");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask databases"]
fn its_answer_counts_if_the_operator_waits_for_it() {
    let server = slow("statement_seconds = 30");
    let mut waiting = logging_in(&server, "eve", 2);
    bystanders(&server);
    for raw in &mut waiting {
        assert!(raw.next().is("success", ns::SASL));
    }
}
