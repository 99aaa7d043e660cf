//! Accounts that clients make and give up (XEP-0077), over the wire.

use xmpp::ns;

use crate::fixture::{Server, plugin};
use crate::raw::Raw;

const OPEN: &str = "[[domain]]\nname = \"chess.example\"\nmodules.register = true\n";
const CLOSED: &str = "[[domain]]\nname = \"chess.example\"\n";

fn register(name: &str) -> String {
    format!(
        "<iq type='set' id='1'><query xmlns='{}'><username>{name}</username><password>secret</password></query></iq>",
        ns::REGISTER
    )
}

#[test]
fn an_account_is_made_used_and_given_up() {
    let server = Server::start(OPEN);
    let address = server.address("c2s_plain");
    let mut dora = Raw::connect(address, "chess.example");
    let features = dora.restart();
    assert!(features.find("register", ns::REGISTER_FEATURE).is_some(), "{}", features.to_xml(""));
    dora.send(&format!("<iq type='get' id='form'><query xmlns='{}'/></iq>", ns::REGISTER));
    let form = dora.next();
    assert!(form.find("query", ns::REGISTER).unwrap().find("username", ns::REGISTER).is_some());
    dora.send(&register("dora"));
    assert_eq!(dora.next().get("type"), Some("result"));
    dora.authenticate("dora", "secret").unwrap();
    dora.bind("desk").unwrap();
    dora.send(&format!("<iq type='set' id='bye'><query xmlns='{}'><remove/></query></iq>", ns::REGISTER));
    let answer = dora.next();
    assert_eq!(
        (answer.get("id"), answer.get("type")),
        (Some("bye"), Some("result")),
        "{}",
        answer.to_xml("")
    );
    assert_eq!(dora.stream_error(), "not-authorized", "XEP-0077 section 3.2");
    assert!(Raw::open(address, "chess.example").authenticate("dora", "secret").is_err());
    let list = server.ok(&["user", "list", "chess.example"]);
    assert!(!list.contains("dora"), "{list}");
}

/// The answer to a client that has not logged in and registers.
fn registered(server: &Server, name: &str) -> String {
    let mut client = Raw::open(server.address("c2s_plain"), "chess.example");
    client.send(&register(name));
    client.next().to_xml("")
}

#[test]
fn what_the_module_counts_outlives_what_is_changed_around_it() {
    let server = Server::start(OPEN);
    assert!(registered(&server, "one").contains("type='result'"));
    server.ok(&["reload"]);
    assert!(registered(&server, "two").contains("type='result'"));
    server.ok(&["plugin", "install", plugin("sunshine").to_str().unwrap()]);
    server.ok(&["plugin", "enable", "sunshine", "--domain", "chess.example"]);
    assert!(registered(&server, "three").contains("type='result'"));
    server.ok(&["domain", "add", "other.example"]);
    let refused = registered(&server, "four");
    assert!(refused.contains("resource-constraint") && refused.contains("try again in"), "{refused}");
}

#[test]
fn where_it_is_off_nothing_is_offered_or_taken() {
    let server = Server::start(CLOSED);
    let mut dora = Raw::connect(server.address("c2s_plain"), "chess.example");
    let features = dora.restart();
    assert!(features.find("register", ns::REGISTER_FEATURE).is_none(), "{}", features.to_xml(""));
    dora.send(&register("dora"));
    assert_eq!(dora.stream_error(), "not-authorized");
}

#[test]
fn nobody_gives_up_an_account_without_having_logged_in() {
    let server = Server::start(OPEN);
    let mut dora = Raw::open(server.address("c2s_plain"), "chess.example");
    dora.send(&format!("<iq type='set' id='1'><query xmlns='{}'><remove/></query></iq>", ns::REGISTER));
    let answer = dora.next().to_xml("");
    assert!(answer.contains("<unexpected-request "), "{answer}");
}

#[test]
fn requests_before_log_in_are_bounded() {
    let server = Server::start(OPEN);
    let mut dora = Raw::open(server.address("c2s_plain"), "chess.example");
    for _ in 0..21 {
        dora.send("<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>");
    }
    for _ in 0..20 {
        let answer = dora.next();
        assert!(answer.to_xml("").contains("not-authorized"), "{}", answer.to_xml(""));
    }
    assert_eq!(dora.stream_error(), "policy-violation");
}
