use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use kernel::{About, Command, IqKind, Module, Permission, Registrar, Target};
use xmpp::StanzaError;

use super::{DOMAIN, read};
use crate::config::claims::check;

/// Answers the requests of one namespace; if that is empty, a command of administrators.
struct Answers(&'static str);

impl Module for Answers {
    fn about(&self) -> About {
        About { name: "own".into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        if self.0.is_empty() {
            let node = "http://jabber.org/protocol/admin#get-online-users-num";
            let nobody = |_| ready(Err(StanzaError::service_unavailable()));
            registrar.command(Command::new(node, "Count", Permission::Admins, nobody));
            return;
        }
        for kind in [IqKind::Get, IqKind::Set] {
            registrar.iq(Target::Host, kind, "query", self.0, |_| ready(Ok(None)));
        }
    }
}

fn said(ns: &'static str, domain: &str) -> Vec<String> {
    let mut loaded =
        read(&format!("[plugins.own]\nfile = \"x.wasm\"\n{DOMAIN}plugins = [\"own\"]\n{domain}"));
    let plugins = BTreeMap::from([("own", Arc::new(Answers(ns)) as Arc<dyn Module>)]);
    loaded.problems.take_list();
    check(&loaded.config, &plugins, &mut loaded.problems);
    loaded.problems.into_list().iter().map(ToString::to_string).collect()
}

#[test]
fn a_plugin_that_answers_what_a_built_in_module_does() {
    let twice = "c.toml:5: requests jabber:iq:version (query) on chess.example is claimed by both own and version — switch the \
                 module version off on this domain, or do without the plugin";
    assert_eq!(said("jabber:iq:version", ""), [twice]);
    assert_eq!(said("jabber:iq:version", "[domain.modules]\nversion = false\n"), [""; 0]);
    assert_eq!(said("urn:example:own", ""), [""; 0]);
    let command = "c.toml:5: the command http://jabber.org/protocol/admin#get-online-users-num on chess.example is claimed by both own \
                   and admin_commands — switch the module admin_commands off on this domain, or do without the plugin";
    assert_eq!(said("", "admins = [\"a@chess.example\"]\n"), [command]);
    assert_eq!(said("", ""), [""; 0], "without administrators the module has no commands");
}
