//! Behind a proxy that names its clients in a header.

use super::{Client, ask, body, condition};
use crate::fixture::{BRANDS, Server, until};
use crate::shares::stat;
use crate::websocket;

/// One connection of a proxy may serve any number of clients, so what lasts counts by the client's address.
#[test]
fn sessions_count_by_the_address_in_the_header() {
    let limits = "[limits]\ntrusted_proxies = [\"127.0.0.1\"]\nconnections_per_address = 2\n";
    let server = Server::start_with(&format!("{limits}{BRANDS}"), &[]);
    let address = server.address("http");
    let from = |last: u8| format!("X-Forwarded-For: 198.51.100.{last}\r\n");
    let web = websocket::Client::with(address, &from(1));
    let (mut bosh, _) = Client::begin_with(address, &from(1), "");
    let begin = || {
        let asked = body("rid='1' to='chess.example' ver='1.6'", "");
        ask(address, "POST /http-bind", &from(1), &asked).body()
    };
    let refused = websocket::Client::asked(address, &from(1));
    assert_eq!(refused, 429);
    assert_eq!(condition(&begin()), "policy-violation");
    let _other = websocket::Client::with(address, &from(2));
    assert_eq!(stat(&server, "connections_refused"), 2);
    drop(web);
    until("its end is seen", || websocket::Client::asked(address, &from(1)) == 101);
    bosh.send("type='terminate'", "").body();
    until("its end is seen", || begin().get("sid").is_some());
}
