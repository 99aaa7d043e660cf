//! A component that is away, comes back, has several connections, or does not read.

use super::{bot, config, error, said};
use crate::fixture::{Server, until};
use crate::raw::Raw;
use crate::stream::bound;

fn chat(to: &str, number: usize) -> String {
    format!("<message to='{to}' id='{number}'><body>{number}</body></message>")
}

/// How many connections the component has.
fn connections(server: &Server) -> u64 {
    let list: serde_json::Value = serde_json::from_str(&server.ok(&["component", "list", "--json"])).unwrap();
    list[0]["connections"].as_u64().unwrap()
}

#[test]
fn who_writes_to_an_absent_component_is_told() {
    let server = Server::start_with(&config(""), &["anna@chess.example"]);
    let mut anna = bound(&server, "anna@chess.example/a");
    for number in 0..20 {
        anna.send(&chat("bot.chess.example", number));
    }
    for number in 0..20 {
        let bounced = anna.next();
        assert_eq!(
            (bounced.get("id"), error(&bounced)),
            (Some(&*number.to_string()), "service-unavailable".into())
        );
        assert_eq!(bounced.find("error", xmpp::ns::CLIENT).unwrap().get("type"), Some("wait"));
    }
    anna.send("<presence to='bot.chess.example'/>");
    assert!(anna.ping().is_empty(), "presence is not answered");
    let mut bot = bot(&server);
    anna.send(&chat("bot.chess.example", 20));
    assert_eq!(said(&bot.next()).1, "20");
    drop(bot);
    until("the component is gone", || connections(&server) == 0);
    anna.send(&chat("bot.chess.example", 21));
    assert_eq!(error(&anna.next()), "service-unavailable");
}

#[test]
fn what_is_queued_waits_for_its_return_within_bounds() {
    let limits = "away = \"queue\"\nlimits = { queue_stanzas = 10, queue_seconds = 2 }\n";
    let server = Server::start_with(&config(limits), &["anna@chess.example"]);
    let mut anna = bound(&server, "anna@chess.example/a");
    for number in 0..12 {
        anna.send(&chat("bot.chess.example", number));
    }
    for number in 10..12 {
        let bounced = anna.next();
        let (id, condition) = (bounced.get("id").unwrap().to_owned(), error(&bounced));
        assert_eq!((id, condition), (number.to_string(), "resource-constraint".into()));
    }
    let mut bot = bot(&server);
    for number in 0..10 {
        assert_eq!(said(&bot.next()).1, number.to_string());
    }
    drop(bot);
    until("the component is gone", || connections(&server) == 0);
    anna.send(&chat("bot.chess.example", 30));
    let late = anna.next();
    assert_eq!((late.get("id"), error(&late)), (Some("30"), "remote-server-timeout".into()));
}

/// What each of two connections gets until both have had so many messages.
fn share(bots: &mut [Raw; 2], messages: usize) -> Vec<Vec<(String, String)>> {
    let mut heard = vec![Vec::new(), Vec::new()];
    while heard.iter().map(Vec::len).sum::<usize>() < messages {
        for (bot, heard) in bots.iter_mut().zip(&mut heard) {
            heard.extend(bot.arrived().iter().map(said));
        }
    }
    heard
}

#[test]
fn several_connections_share_the_senders_each_in_order() {
    let users: Vec<String> = (0..12).map(|number| format!("u{number}@chess.example")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let server = Server::start_with(&config("limits = { connections = 2 }\n"), &names);
    let mut bots = [bot(&server), bot(&server)];
    let mut clients: Vec<Raw> = names.iter().map(|name| bound(&server, &format!("{name}/x"))).collect();
    for number in 0..20 {
        clients.iter_mut().for_each(|client| client.send(&chat("bot.chess.example", number)));
    }
    clients.iter_mut().for_each(|client| assert!(client.ping().is_empty()));
    let heard: Vec<Vec<(String, String)>> = share(&mut bots, 12 * 20);
    let all: usize =
        heard.iter().map(|one| one.iter().filter(|(from, _)| from.starts_with('u')).count()).sum();
    assert_eq!(all, 12 * 20);
    assert!(heard.iter().all(|one| !one.is_empty()), "both have some");
    for user in &users {
        let of = |one: &Vec<(String, String)>| -> Vec<String> {
            one.iter().filter(|(from, _)| from.starts_with(user)).map(|(_, body)| body.clone()).collect()
        };
        let lists: Vec<Vec<String>> = heard.iter().map(of).filter(|list| !list.is_empty()).collect();
        let expected: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        assert_eq!(lists, [expected], "{user}");
    }
    // A third takes the place of the first.
    let mut third = bot(&server);
    assert_eq!(bots[0].stream_error(), "conflict");
    assert_eq!(connections(&server), 2);
    third.send("</stream:stream>");
    third.ended();
}
