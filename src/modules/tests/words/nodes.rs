//! Nodes below a domain and below an account, which some may see.

use std::sync::Arc;

use kernel::{About, Announced, Identity, Module, Registrar, Target};
use xmpp::StanzaError;

use crate::tests::bench::Bench;

struct Nodes;

impl Module for Nodes {
    fn about(&self) -> About {
        About { name: "nodes".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        for target in [Target::Host, Target::Account] {
            registrar.nodes(target, |request| async move {
                match &*request.node {
                    "secret" => Err(StanzaError::forbidden()),
                    "games" => {
                        let whose = request.account.map_or("all", |_| "own");
                        let identities = vec![Identity::new("hierarchy", "leaf").named(whose)];
                        let features = vec!["urn:example:games".into()];
                        Ok(Some(Announced { identities, features, ..Announced::default() }))
                    }
                    _ => Ok(None),
                }
            });
        }
    }
}

#[tokio::test]
async fn a_node_is_answered_by_the_first_feature_that_knows_it() {
    let bench = Bench::new().await;
    bench.serve(vec![Arc::new(Nodes), Arc::new(Nodes)]).await;
    let anna = bench.online("anna@chess.example/a").await;
    for (to, node, answer) in [
        ("chess.example", "games", "name='all'"),
        ("anna@chess.example", "games", "name='own'"),
        ("chess.example", "secret", "forbidden"),
        ("chess.example", "other", "item-not-found"),
        ("anna@chess.example", "other", "item-not-found"),
        ("bert@chess.example", "games", "service-unavailable"),
    ] {
        let query = format!("<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>");
        let got = anna.ask(&format!("<iq type='get' id='1' to='{to}'>{query}</iq>")).await;
        assert!(got.contains(answer) && got.contains(&format!("node='{node}'")), "{to} {node}: {got}");
    }
    let items = "<query xmlns='http://jabber.org/protocol/disco#items' node='games'/>";
    let got = anna.ask(&format!("<iq type='get' id='1' to='chess.example'>{items}</iq>")).await;
    assert!(got.contains(&format!("type='result'>{items}")), "{got}");
}
