//! For tests: owns an address, and does there what it is asked to; filters what links bring.

use castling_plugin::{
    ComponentIn, Element, Incoming, Kind, Lifecycle, ServerIn, Service, Stanza, StanzaError, StanzaType,
    Verdict, ask, disco, facts, routing,
};

struct Owner;

const NAMESPACE: &str = "urn:example:owner";

impl Lifecycle for Owner {
    fn configure(_: u32) -> Result<(), String> {
        Ok(())
    }
}

impl Service for Owner {
    fn received(stanza: &Incoming) {
        match stanza.kind() {
            Kind::Message => message(stanza),
            Kind::Iq => iq(stanza),
            Kind::Presence => presence(stanza),
        }
    }
}

/// `panic` in a message's body, `echo WORDS`, `from JID`: a message from there; what came of it is the answer.
fn message(stanza: &Incoming) {
    let body = stanza.body().unwrap_or_default();
    let (word, rest) = body.split_once(' ').unwrap_or((body, ""));
    let said = match word {
        "panic" => panic!("as asked"),
        "loop" => loop {
            std::hint::spin_loop();
        },
        "echo" => rest.to_owned(),
        "from" => {
            let foreign = text(stanza, "hello").attr("from", rest);
            routing::send(&foreign.to_xml())
                .map_or_else(|denied| denied.name().to_owned(), |()| "sent".into())
        }
        "ask" => {
            let answer = ask::iq(stanza.to(), stanza.from(), false, "<ping xmlns='urn:xmpp:ping'/>", 1_000);
            if answer.is_ok() { "answered".into() } else { "not answered".into() }
        }
        _ => return,
    };
    send(&text(stanza, &said));
}

fn text(stanza: &Incoming, said: &str) -> Element {
    let message = Element::client("message").attr("from", stanza.to()).attr("to", stanza.from());
    message.attr("type", "chat").with(Element::client("body").with_text(said))
}

/// What the text of the payload says of the answer; discovery.
fn iq(stanza: &Incoming) {
    if let Some((disco::INFO, _)) = disco::asked(stanza) {
        let info =
            disco::Info { category: "automation", kind: "test", name: "Owner", features: &[NAMESPACE] };
        return send(&disco::info(stanza, &info));
    }
    let word = stanza.payload().map(Element::text).unwrap_or_default();
    let answer = stanza.result(None);
    match word {
        "answer" => send(&answer),
        "twice" => {
            send(&answer);
            let again = routing::send(&answer.to_xml())
                .map_or_else(|denied| denied.name().to_owned(), |()| "sent".into());
            send(&text(stanza, &again));
        }
        "answer panic" => {
            send(&answer);
            panic!("as asked")
        }
        "panic" => panic!("as asked"),
        "unasked" => {
            let other = routing::send(&answer.attr("id", "other").to_xml());
            let other = other.map_or_else(|denied| denied.name().to_owned(), |()| "sent".into());
            send(&stanza.error("cancel", "conflict", &other));
        }
        _ => {}
    }
}

/// A contact that lets everybody see it, and looks back.
fn presence(stanza: &Incoming) {
    let bare = stanza.from().split('/').next().unwrap_or_default();
    let back = |kind: Option<&str>, to: &str| {
        send(&Element::client("presence").attr("from", stanza.to()).attr("to", to).opt_attr("type", kind));
    };
    match stanza.stanza_type() {
        StanzaType::Subscribe => {
            back(Some("subscribed"), bare);
            back(Some("subscribe"), bare);
            back(None, bare);
        }
        StanzaType::Probe => back(None, stanza.from()),
        StanzaType::Unsubscribe => back(Some("unsubscribed"), bare),
        other => send(
            &Element::client("message")
                .attr("from", stanza.to())
                .attr("to", bare)
                .attr("type", "headline")
                .with(Element::client("body").with_text(&format!("{other:?} {}", stanza.from()))),
        ),
    }
}

fn send(stanza: &Element) {
    if let Err(denied) = routing::send(&stanza.to_xml()) {
        panic!("not sent: {denied:?}");
    }
}

/// What a link brings: a payload of this namespace says what becomes of it.
fn judge(stanza: &Stanza) -> Verdict {
    match (stanza.payload_ns() == NAMESPACE).then_some(stanza.payload_name()) {
        Some("panic") => panic!("as asked"),
        Some("drop") => Verdict::Drop,
        Some("reject") => {
            let is = |fact| if stanza.has(fact) { "yes" } else { "no" };
            let facts = [facts::FROM_COMPONENT, facts::FROM_REMOTE, facts::TO_LOCAL, facts::OUTBOUND].map(is);
            let text = Some(facts.join(" "));
            Verdict::Reject(StanzaError { condition: "policy-violation".into(), text, app: None })
        }
        _ => Verdict::Pass,
    }
}

impl ServerIn for Owner {
    fn filter(stanza: &Stanza) -> Verdict {
        judge(stanza)
    }
}

impl ComponentIn for Owner {
    fn filter(stanza: &Stanza) -> Verdict {
        judge(stanza)
    }
}

castling_plugin::plugin!(Owner: lifecycle, service, server_in, component_in);
castling_plugin::manifest!("manifest.json");
