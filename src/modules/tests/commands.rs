//! XEP-0050: commands, who may run them, and how long they wait.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Kernel, Link, LinkKind, Module, Packet, Permission, Refused};
use xmpp::{Jid, Stanza};

use super::bench::{Bench, Client};
use super::words::command::Offers;

const COMMANDS: &str = "http://jabber.org/protocol/commands";

/// `greet` for all users, `rule` for administrators: anna here and the other anna.
async fn bench() -> Bench {
    let bench = Bench::new().await;
    let offers = [("greet", Permission::Anyone), ("rule", Permission::Admins)];
    let offers = offers.map(|(node, who)| Arc::new(Offers(node, who)) as Arc<dyn Module>);
    bench.serve_admins(&["anna@chess.example", "anna@wuchess.example"], offers.into()).await;
    bench
}

fn set(attributes: &str, form: &str) -> String {
    format!(
        "<iq type='set' id='1' to='chess.example'><command xmlns='{COMMANDS}' {attributes}>{form}</command></iq>"
    )
}

fn name(name: &str) -> String {
    format!("<x xmlns='jabber:x:data' type='submit'><field var='name'><value>{name}</value></field></x>")
}

impl Client {
    async fn run(&self, attributes: &str, form: &str) -> String {
        self.ask(&set(attributes, form)).await
    }

    /// Begins `greet`; its session id.
    async fn begin(&self) -> String {
        let answer = self.run("node='greet'", "").await;
        assert!(answer.contains("status='executing'"), "{answer}");
        answer.split("sessionid='").nth(1).unwrap().split('\'').next().unwrap().to_owned()
    }

    async fn go_on(&self, id: &str, attributes: &str, form: &str) -> String {
        self.run(&format!("node='greet' sessionid='{id}' {attributes}"), form).await
    }

    async fn disco(&self, what: &str, node: &str) -> String {
        let query = format!("<query xmlns='http://jabber.org/protocol/disco#{what}'{node}/>");
        self.ask(&format!("<iq type='get' id='1' to='chess.example'>{query}</iq>")).await
    }
}

#[tokio::test]
async fn a_command_in_steps() {
    let bench = bench().await;
    let bert = bench.online("bert@chess.example/b").await;
    let id = bert.run("node='greet' xml:lang='de-CH'", "").await;
    let id = id.split("sessionid='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    let asks = |actions: &str, field: &str| {
        format!(
            "<iq from='chess.example' to='bert@chess.example/b' id='1' type='result'><command xmlns='{COMMANDS}' \
             node='greet' sessionid='{id}' status='executing'>{actions}<x xmlns='jabber:x:data' type='form'>{field}</x>\
             </command></iq>"
        )
    };
    let first = asks(
        "<actions execute='next'><next/></actions>",
        "<field var='name' type='text-single'><required/></field>",
    );
    let second = asks(
        "<actions execute='complete'><prev/><complete/></actions>",
        "<field var='sure' type='boolean'><required/></field>",
    );
    assert_eq!(bert.go_on(&id, "action='next'", &name("x")).await, second);
    assert_eq!(bert.go_on(&id, "action='prev'", "").await, first);
    assert_eq!(
        bert.go_on(&id, "", &name("Bert").replace("submit", "cancel")).await,
        second,
        "execute is next"
    );
    let sure = "<x xmlns='jabber:x:data' type='submit'><field var='sure'><value>1</value></field></x>";
    let done = bert.go_on(&id, "action='execute' xml:lang='fr'", sure).await;
    assert!(
        done.contains("status='completed'><note type='info'>hello Bert (Some(\"de-CH\"))</note></command>"),
        "{done}"
    );
    let again = bert.go_on(&id, "action='complete'", sure).await;
    assert!(
        again.contains("<not-allowed ") && again.contains(&format!("<session-expired xmlns='{COMMANDS}'/>"))
    );
}

#[tokio::test]
async fn what_the_protocol_refuses() {
    let bench = bench().await;
    let bert = bench.online("bert@chess.example/b").await;
    for (attributes, condition) in [
        ("", "bad-request"),
        ("node=''", "bad-request"),
        ("node='nothing'", "item-not-found"),
        ("node='greet' action='jump'", "malformed-action"),
        ("node='greet' action='next'", "bad-action"),
        ("node='greet' action='cancel'", "bad-action"),
        ("node='greet' sessionid='made-up'", "bad-sessionid"),
        ("node='greet' sessionid=''", "bad-sessionid"),
        ("node='greet' xml:lang='no language'", "bad-locale"),
        ("node='rule'", "forbidden"),
    ] {
        let answer = bert.run(attributes, "").await;
        assert!(answer.contains(&format!("<{condition} xmlns=")), "{attributes}: {answer}");
    }
    let id = bert.begin().await;
    for (attributes, form, condition) in [
        ("action='prev'", "", "bad-action"),
        ("action='complete'", name("x").as_str(), "bad-action"),
        ("action='jump'", "", "malformed-action"),
        ("", "", "bad-payload"),
        ("", &name(""), "bad-payload"),
        ("", &name("x").replace("name", "other"), "bad-payload"),
        ("", &name("x").replace("submit", "result"), "bad-payload"),
        ("", &name("x").replace("submit", "x"), "bad-payload"),
    ] {
        let answer = bert.go_on(&id, attributes, form).await;
        assert!(answer.contains("<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"));
        assert!(
            answer.contains(&format!("<{condition} xmlns='{COMMANDS}'/>")),
            "{attributes} {form}: {answer}"
        );
    }
    let other = bert.run(&format!("node='nothing' sessionid='{id}'"), "").await;
    assert!(other.contains("item-not-found"), "{other}");
    assert!(bert.go_on(&id, "", &name("x")).await.contains("status='executing'"), "it still waits");
    let get = bert.ask(&set("node='greet'", "").replace("type='set'", "type='get'")).await;
    assert!(get.contains("service-unavailable"), "{get}");
}

#[tokio::test]
async fn an_error_ends_a_command_unless_it_can_be_tried_again() {
    let bench = bench().await;
    let bert = bench.online("bert@chess.example/b").await;
    let id = bert.begin().await;
    assert!(bert.go_on(&id, "", &name("later")).await.contains("resource-constraint"));
    assert!(bert.go_on(&id, "", &name("never")).await.contains("not-allowed"));
    assert!(bert.go_on(&id, "", &name("x")).await.contains("session-expired"));
    let id = bert.begin().await;
    assert!(bert.go_on(&id, "", &name("much")).await.contains("internal-server-error"));
    assert!(bert.go_on(&id, "", &name("x")).await.contains("session-expired"));
    let id = bert.begin().await;
    let canceled = bert.go_on(&id, "action='cancel'", "").await;
    let expected =
        format!("<command xmlns='{COMMANDS}' node='greet' sessionid='{id}' status='canceled'/></iq>");
    assert!(canceled.ends_with(&expected), "{canceled}");
    assert!(bert.go_on(&id, "action='cancel'", "").await.contains("session-expired"));
}

#[tokio::test]
async fn only_what_one_may_run_is_shown() {
    let bench = bench().await;
    let [anna, bert, other] = ["anna@chess.example/a", "bert@chess.example/b", "anna@wuchess.example/w"]
        .map(|jid| bench.online(jid));
    let (anna, bert, other) = (anna.await, bert.await, other.await);
    let feature = format!("<feature var='{COMMANDS}'/>");
    assert!(bert.disco("info", "").await.contains(&feature));
    let list = format!(" node='{COMMANDS}'");
    let item = |node: &str| format!("<item jid='chess.example' node='{node}' name='Greet'/>");
    let (greet, rule) = (item("greet"), item("rule"));
    let of_server =
        [("end-user-session", "End User Session"), ("get-online-users-num", "Get Number of Online Users")];
    let of_server = of_server.map(|(node, name)| {
        format!("<item jid='chess.example' node='http://jabber.org/protocol/admin#{node}' name='{name}'/>")
    });
    let of_server = of_server.concat();
    for (client, items) in [
        (&anna, format!("{greet}{of_server}{rule}")),
        (&bert, greet.clone()),
        (&other, format!("{of_server}{rule}")),
    ] {
        let got = client.disco("items", &list).await;
        assert!(got.ends_with(&format!("node='{COMMANDS}'>{items}</query></iq>")), "{got}");
    }
    let got = bert.disco("info", &list).await;
    assert!(got.contains("<identity category='automation' type='command-list'/>"), "{got}");
    let got = bert.disco("info", " node='greet'").await;
    let node = format!(
        "node='greet'><identity category='automation' type='command-node' name='Greet'/>{feature}\
         <feature var='jabber:x:data'/></query></iq>"
    );
    assert!(got.ends_with(&node), "{got}");
    for what in ["info", "items"] {
        assert!(bert.disco(what, " node='rule'").await.contains("<forbidden "));
        assert!(bert.disco(what, " node='nothing'").await.contains("<item-not-found "));
    }
    assert!(other.run("node='greet'", "").await.contains("<forbidden "), "a user of another domain");
    assert!(other.run("node='rule'", "").await.contains("status='executing'"), "an administrator from there");
    bench.serve(Vec::new()).await;
    assert!(!bert.disco("info", "").await.contains(&feature), "there is no command");
    assert!(bert.disco("items", &list).await.contains("<item-not-found "));
}

#[tokio::test]
async fn a_command_is_its_client_s() {
    let bench = bench().await;
    let [desk, phone, carl] = ["bert@chess.example/desk", "bert@chess.example/phone", "carl@chess.example/c"];
    let (desk, phone, carl) = (bench.bind(desk).await, bench.bind(phone).await, bench.bind(carl).await);
    let id = desk.begin().await;
    for thief in [&phone, &carl] {
        assert!(thief.go_on(&id, "", &name("x")).await.contains("bad-sessionid"));
        assert!(thief.go_on(&id, "action='cancel'", "").await.contains("bad-sessionid"));
    }
    desk.drop_connection().await;
    let desk = bench.bind("bert@chess.example/desk").await;
    assert!(desk.go_on(&id, "", &name("x")).await.contains("bad-sessionid"), "it ended with the session");
}

#[tokio::test]
async fn a_command_waits_for_ten_minutes_and_ten_wait_for_a_client() {
    let bench = bench().await;
    let bert = bench.online("bert@chess.example/b").await;
    let id = bert.begin().await;
    bench.clock.advance(Duration::from_secs(599));
    assert!(bert.go_on(&id, "", &name("x")).await.contains("status='executing'"));
    bench.clock.advance(Duration::from_secs(599));
    assert!(bert.go_on(&id, "action='prev'", "").await.contains("status='executing'"), "from its last step");
    bench.clock.advance(Duration::from_secs(600));
    assert!(bert.go_on(&id, "", &name("x")).await.contains("session-expired"));
    let oldest = bert.begin().await;
    let second = bert.begin().await;
    for _ in 0..9 {
        bert.begin().await;
    }
    assert!(bert.go_on(&oldest, "", &name("x")).await.contains("session-expired"));
    assert!(bert.go_on(&second, "", &name("x")).await.contains("status='executing'"));
}

#[tokio::test]
async fn an_administrator_s_right_is_checked_at_each_step() {
    let bench = bench().await;
    let anna = bench.online("anna@chess.example/a").await;
    let answer = anna.run("node='rule'", "").await;
    let id = answer.split("sessionid='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    bench.serve_admins(&[], vec![Arc::new(Offers("rule", Permission::Admins))]).await;
    let answer = anna.run(&format!("node='rule' sessionid='{id}'"), &name("x")).await;
    assert!(answer.contains("<forbidden "), "{answer}");
}

/// Keeps what is sent to it.
#[derive(Default)]
struct Far(parking_lot::Mutex<Vec<String>>);

impl Link for Far {
    fn name(&self) -> &str {
        "far"
    }

    fn kind(&self) -> LinkKind {
        LinkKind::Server
    }

    fn send(&self, _kernel: &Arc<Kernel>, packet: Box<Packet>) -> Result<(), Refused> {
        self.0.lock().push(packet.stanza.to_string());
        Ok(())
    }
}

#[tokio::test]
async fn clients_of_other_servers_may_run_nothing() {
    let bench = bench().await;
    let far = Arc::new(Far::default());
    bench.kernel.add_link("away.example", far.clone()).await.unwrap();
    let ask = async |xml: &str| {
        let from = Jid::parse("dora@away.example/d").unwrap();
        let stanza = Stanza::parse_str(xml).unwrap().with_from(from.clone());
        bench.kernel.enter(far.clone(), from.domain_jid(), stanza).await;
        far.0.lock().remove(0)
    };
    for node in ["greet", "rule", "nothing"] {
        assert!(ask(&set(&format!("node='{node}'"), "")).await.contains("<forbidden "));
    }
    let list = format!("<query xmlns='http://jabber.org/protocol/disco#items' node='{COMMANDS}'/>");
    let answer = ask(&format!("<iq type='get' id='1' to='chess.example'>{list}</iq>")).await;
    assert!(answer.ends_with(&format!("type='result'>{list}</iq>")), "{answer}");
}
