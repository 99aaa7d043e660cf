//! A command with two steps over a counter in the plugin's store.

use castling_plugin::{Action, Answer, Commands, Done, Field, FieldKind, Form, Next, StanzaError, Step, kv};

use crate::Keeper;

const KEY: &str = "counter";

impl Commands for Keeper {
    fn execute(step: &Step) -> Result<Answer, StanzaError> {
        if step.state.is_empty() {
            let field = Field {
                kind: FieldKind::TextSingle,
                name: "add".into(),
                label: "Add".into(),
                required: true,
                values: vec!["1".into()],
                options: Vec::new(),
            };
            let form =
                Form { title: "Counter".into(), instructions: "How much?".into(), fields: vec![field] };
            let actions = vec![Action::Complete];
            return Ok(Answer::Next(Next { form, actions, note: None, state: b"asked".to_vec() }));
        }
        let given = step.values.iter().find(|(name, _)| name == "add").and_then(|(_, values)| values.first());
        let Some(more) = given.and_then(|given| given.parse::<u64>().ok()) else {
            return Err(StanzaError {
                condition: "bad-request".into(),
                text: Some("not a number".into()),
                app: None,
            });
        };
        let mut now = 0;
        for _ in 0..more {
            now = count(step.domain, KEY);
        }
        Ok(Answer::Done(Done { form: None, note: Some(format!("it is {now} now")) }))
    }
}

/// Adds one to a number; returns what it is then.
pub fn count(domain: u32, key: &str) -> u64 {
    loop {
        let old = kv::get(domain, key).ok().flatten();
        let number =
            old.as_ref().and_then(|old| std::str::from_utf8(old).ok()?.parse::<u64>().ok()).unwrap_or(0) + 1;
        match kv::swap(domain, key, old.as_deref(), number.to_string().as_bytes()) {
            Ok(true) => return number,
            Ok(false) => {} // another call was faster
            Err(_) => return 0,
        }
    }
}
