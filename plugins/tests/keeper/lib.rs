//! For tests: does in its services what it is asked for by `<do xmlns='urn:example:keeper'>WORD ARGUMENT…</do>`, and answers with
//! `<done xmlns='urn:example:keeper'>…</done>`.

mod command;

use castling_plugin::{
    Client, Denied, IqHandler, Lifecycle, PresenceChange, SessionEvents, SessionGate, Stanza, StanzaError,
    Timers, accounts, ask, call, kv, log, routing, sql, xml,
};

struct Keeper;

impl Lifecycle for Keeper {
    fn configure(_domain: u32) -> Result<(), String> {
        Ok(())
    }
}

impl IqHandler for Keeper {
    fn handle(stanza: &Stanza, xml: &str) -> Result<Option<String>, StanzaError> {
        let text = between(xml, "<do xmlns='urn:example:keeper'>", "</do>").unwrap_or_default();
        let mut words = text.split(' ');
        let word = words.next().unwrap_or_default();
        let mut next = || words.next().unwrap_or_default().to_owned();
        let domain = stanza.domain();
        let done = match word {
            "echo" => next(),
            "from" => format!("{} {}", stanza.from(), stanza.session()),
            "xml" => return Ok(Some("<not well-formed".into())),
            "panic" => panic!("as asked"),
            "loop" => loop {
                std::hint::black_box(());
            },
            "grow" => "x".repeat(next().parse().unwrap_or(0)).len().to_string(),
            "fail" => {
                let text = Some("as asked".into());
                return Err(StanzaError {
                    condition: next(),
                    text,
                    app: Some("<why xmlns='urn:example:keeper'/>".into()),
                });
            }
            "send" => said(routing::send(&message(&next(), &next(), &next()))),
            "ask" => match ask::iq(&next(), &next(), false, "<ping xmlns='urn:xmpp:ping'/>", 10_000) {
                Err(ask::Failure::Denied(denied)) => format!("Err({})", denied.name()),
                other => format!("{other:?}"),
            },
            "get" => said(kv::get(domain, &next()).map(|value| value.map(|value| lossy(&value)))),
            "set" => said(kv::set(domain, &next(), next().as_bytes(), None)),
            "swap" => {
                let (key, old, new) = (next(), next(), next());
                let old = (!old.is_empty()).then(|| old.into_bytes());
                said(kv::swap(domain, &key, old.as_deref(), new.as_bytes()))
            }
            "delete" => said(kv::delete(domain, &next())),
            "keys" => said(kv::keys(domain, &next(), None, 100)),
            "exists" => said(accounts::exists(&next())),
            "roster" => said(
                accounts::roster(&next()).map(|all| all.into_iter().map(|one| one.jid).collect::<Vec<_>>()),
            ),
            "available" => said(
                accounts::available(&next())
                    .map(|all| all.into_iter().map(|one| one.jid).collect::<Vec<_>>()),
            ),
            "note" => said(accounts::set_account_slot(&next(), next().as_bytes())),
            "noted" => lossy(&call::account_slot()),
            "sql" => match sql::query(&next(), domain, &[("jid".into(), sql::Value::Text(next()))]) {
                Ok(rows) => format!("{:?} {:?}", rows.columns, rows.rows),
                Err(failure) => {
                    let denied =
                        failure.denied.map_or("None".into(), |denied| format!("Some({})", denied.name()));
                    format!("{denied} {}", failure.retryable)
                }
            },
            other => format!("unknown word {other}"),
        };
        Ok(Some(format!("<done xmlns='urn:example:keeper'>{}</done>", xml::escape(&done))))
    }
}

impl SessionEvents for Keeper {
    fn opened(session: u64, jid: &str, domain: u32) {
        tell(domain, jid, &format!("opened {session}"));
    }

    fn closed(session: u64, jid: &str, domain: u32) {
        tell(domain, jid, &format!("closed {session}"));
    }
}

impl PresenceChange for Keeper {
    fn changed(stanza: &Stanza) {
        tell(stanza.domain(), stanza.from(), &format!("presence {:?}", stanza.stanza_type()));
    }
}

impl SessionGate for Keeper {
    fn admit(client: &Client) -> Result<(), StanzaError> {
        match client.resource.as_deref() {
            Some("refused") => {
                let text = Some("not with this resource".into());
                Err(StanzaError { condition: "not-allowed".into(), text, app: None })
            }
            Some("trap") => panic!("as asked"),
            _ => Ok(()),
        }
    }
}

impl Timers for Keeper {
    fn fired(name: &str, domain: u32) {
        command::count(domain, name);
    }
}

/// A result in words.
fn said<T: std::fmt::Debug>(result: Result<T, Denied>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(denied) => format!("Err({})", denied.name()),
    }
}

/// Tells the account `watcher` of the domain.
fn tell(domain: u32, jid: &str, what: &str) {
    let here = castling_plugin::config::domain_name(domain);
    if routing::send(&message(&here, &format!("watcher@{here}/x"), &format!("{jid} {what}"))).is_err() {
        log::write(log::Level::Warn, "the watcher was not told");
    }
}

fn message(from: &str, to: &str, body: &str) -> String {
    let [from, to, body] = [from, to, body].map(xml::escape);
    format!("<message from='{from}' to='{to}' type='chat'><body>{body}</body></message>")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

castling_plugin::plugin!(Keeper: lifecycle, iq_handler, session_events, presence_change, session_gate, timers, commands);
castling_plugin::manifest!("manifest.json");
