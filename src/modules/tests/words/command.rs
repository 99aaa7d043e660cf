//! A command in two steps, and one that ends at once.

use std::sync::Arc;

use kernel::{
    About, Command, CommandAction, CommandActions, CommandAnswer, CommandNote, CommandRequest, CommandResult,
    Module, Permission, Registrar, Severity,
};
use xmpp::StanzaError;
use xmpp::form::{Field, FieldType, Form, FormType};

use crate::tests::bench::Bench;

/// Offers a command of this node.
pub struct Offers(pub &'static str, pub Permission);

impl Module for Offers {
    fn about(&self) -> About {
        About { name: self.0.into(), specifications: Vec::new() }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.command(Command::new(self.0, "Greet", self.1, greet));
    }
}

/// Asks for a name, then whether it is right, then greets.
async fn greet(request: CommandRequest) -> CommandResult {
    let field = |kind, var| Form::new(FormType::Form).field(Field::new(kind, var).required());
    let asks = |form, actions, state| Ok(CommandAnswer::Form { form, actions, state, notes: Vec::new() });
    let first = CommandActions::only(CommandAction::Next);
    let second = CommandActions::only(CommandAction::Complete).and(CommandAction::Prev);
    let given = |var: &str| request.form.as_ref().and_then(|form| form.values(var).first().cloned());
    match request.action {
        None | Some(CommandAction::Prev) => asks(field(FieldType::TextSingle, "name"), first, Vec::new()),
        Some(CommandAction::Next) => match given("name").as_deref() {
            Some("later") => Err(StanzaError::resource_constraint()),
            Some("never") => Err(StanzaError::not_allowed()),
            Some("much") => {
                asks(field(FieldType::Boolean, "sure"), second, vec![0; Command::STATE_BYTES + 1])
            }
            name => asks(field(FieldType::Boolean, "sure"), second, name.unwrap_or_default().into()),
        },
        Some(CommandAction::Complete) => {
            let text = format!("hello {} ({:?})", String::from_utf8(request.state).unwrap(), request.lang);
            let notes = vec![CommandNote::new(Severity::Info, text)];
            Ok(CommandAnswer::Done { form: None, notes })
        }
    }
}

#[tokio::test]
async fn a_node_that_is_taken_twice_is_refused() {
    let bench = Bench::new().await;
    let [one, other] = ["greet", "greet"].map(|node| Arc::new(Offers(node, Permission::Anyone)));
    let refused = bench.try_serve(vec![one, other]).await.unwrap_err();
    assert_eq!(refused.to_string(), "the command greet on chess.example is claimed twice by greet");
    let host = bench.kernel.host("chess.example").unwrap();
    assert!(bench.kernel.table(&host).unwrap().command("greet").is_none(), "nothing has changed");
}

#[tokio::test]
async fn commands_are_those_of_one_host_and_sorted() {
    let bench = Bench::new().await;
    let offers = ["b", "c", "a"].map(|node| Arc::new(Offers(node, Permission::Anyone)) as Arc<dyn Module>);
    bench.serve(offers.into()).await;
    let nodes = |domain: &str| {
        let table = bench.kernel.table(&bench.kernel.host(domain).unwrap()).unwrap();
        table.commands().map(|command| command.node.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(nodes("chess.example"), ["a", "b", "c"]);
    assert_eq!(nodes("wuchess.example"), [""; 0]);
}
