//! What the fuzz targets call: parts that read what a plugin's author or its code has written.

use std::sync::Arc;

use hashbrown::HashMap;
use runtime::{Runtime, SystemClock, SystemRandom};
use serde_json::json;
use xmpp::{ElementLimits, Jid, Stanza};

use crate::amend::amend;
use crate::bindings::castling::plugin::types::{Change, Child, ChildName, NewText};
use crate::bindings::castling::plugin::{call, config, log, metrics, rates, sessions};
use crate::grant::Grants;
use crate::limits::PluginLimits;
use crate::manifest::{Manifest, MetricKind};
use crate::memory::Memory;
use crate::scope::{Domain, Scope, Services};
use crate::state::{Account, Call, Keeper, StoreData};
use crate::verdict::Rights;
use crate::{grant, section};

const XML: &str = "<message from='a@x/y' to='b@x' type='chat' id='1'><body>one</body><body xml:lang='de'>eins</body>\
                   <y xmlns='urn:y' a='b'><z/>text</y></message>";

/// A component and a manifest of these bytes.
pub fn manifest(bytes: &[u8]) {
    let _ = (section::is_whole(bytes), section::initial_pages(bytes));
    let inner = section::custom(bytes, section::MANIFEST).unwrap_or(bytes);
    if let Ok(manifest) = Manifest::parse(inner) {
        let again = serde_json::to_vec(&manifest).unwrap_or_default();
        assert!(Manifest::parse(&again).is_ok(), "what is written is read");
        for grant in &manifest.grants {
            let read = grant::Grant::parse(grant).map(|grant| grant.to_string());
            assert!(read.is_ok_and(|text| grant::Grant::parse(&text).is_ok()), "{grant}");
        }
        let settings = manifest.config.merge(&serde_json::Map::new(), &serde_json::Map::new());
        let _ = manifest.config.problems(&settings);
    }
}

/// Words of the input, one after the other.
struct Words<'a>(std::str::Split<'a, char>);

impl Words<'_> {
    fn next(&mut self) -> String {
        self.0.next().unwrap_or_default().to_owned()
    }

    fn number(&mut self) -> u32 {
        self.next().bytes().fold(0, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()))
    }
}

fn changes(words: &mut Words<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for _ in 0..words.number() % 8 {
        let (kind, name, ns) = (words.number() % 3, words.next(), words.next());
        changes.push(match kind {
            0 => Change::Append(Child {
                name,
                ns,
                attributes: vec![(words.next(), words.next())],
                text: words.next(),
            }),
            1 => Change::Remove(ChildName { name, ns }),
            _ => Change::SetText(NewText { name, ns, index: words.number() % 4, text: words.next() }),
        });
    }
    changes
}

/// Changes of a stanza: what comes of them is a stanza of the same kind, type and addresses within the limits, and reads alike.
pub fn amended(text: &str) {
    let mut words = Words(text.split('\n'));
    let (Ok(stanza), limits) =
        (Stanza::parse_str(XML), ElementLimits { stanza_bytes: 500, ..ElementLimits::default() })
    else {
        return;
    };
    let Ok(new) = amend(&stanza, &changes(&mut words), &limits) else { return };
    assert_eq!((new.kind(), new.stanza_type(), new.id()), (stanza.kind(), stanza.stanza_type(), stanza.id()));
    assert_eq!((new.from(), new.to()), (stanza.from(), stanza.to()));
    let xml = new.to_element().to_xml(xmpp::ns::CLIENT);
    assert!(xml.len() <= 600, "{xml}");
    let again = Stanza::parse_str(&xml).map(|again| again.to_element());
    assert!(again.is_ok_and(|again| again == new.to_element()), "{xml}");
}

fn scope() -> Option<Arc<Scope>> {
    let runtime = Runtime::new(Arc::new(SystemClock), Arc::new(SystemRandom));
    let services = Services::new(&PluginLimits::default(), 1, runtime);
    let memory = Arc::<Memory>::default();
    let series = memory.metrics.series("m", 0, MetricKind::Counter);
    let config = json!({ "max": 3, "on": true, "window": "5m", "inner": { "text": "x" } });
    let metrics = HashMap::from([("m".to_owned(), series)]);
    let domain = Domain { name: "x".into(), config, memory: memory.on(0), metrics, address: None };
    let grants = ["content", "sessions:x"].map(str::to_owned);
    let grants = Grants::parse(&grants).ok()?;
    Some(Arc::new(Scope {
        name: "fuzzed".into(),
        version: "1".into(),
        rights: Rights::new(&grants),
        grants,
        numbers: HashMap::from([(domain.name.clone(), 0)]),
        domains: HashMap::from([(0, domain)]),
        memory,
        services: Arc::new(services),
    }))
}

/// Calls of the host's functions with whatever arguments: each answers, or fails the call.
pub fn imports(text: &str) {
    let (Some(scope), Ok(stanza)) = (scope(), Stanza::parse_str(XML)) else { return };
    let mut host = StoreData::new(scope.clone());
    let mut words = Words(text.split('\n'));
    let account = Account::Recipients(Jid::parse("a@x").ok());
    host.call = Some(Call { stanza, session: Keeper::Nobody, domain: 0, account, recipients: None });
    for _ in 0..32 {
        one(&mut host, &mut words);
    }
    let most = scope.services.limits.state_bytes();
    assert!(scope.domains.values().all(|domain| domain.memory.state.used() <= most));
}

fn one(host: &mut StoreData, words: &mut Words<'_>) {
    let (first, second, number) = (words.next(), words.next(), words.number());
    let domain = number % 2;
    match number % 16 {
        0 => drop(call::Host::child_text(host, first, second)),
        1 => drop(call::Host::child_texts(host, first, second)),
        2 => drop(call::Host::attribute(host, first)),
        3 => drop(call::Host::has_child(host, first, second)),
        4 => drop(call::Host::has_child_ns(host, first)),
        5 => drop(call::Host::roster_item(host, first)),
        6 => drop(call::Host::set_session_slot(host, first.into_bytes())),
        7 => drop(config::Host::text(host, domain, first)),
        8 => drop(config::Host::duration_ms(host, domain, first)),
        9 => drop(config::Host::integer(host, domain, first)),
        10 => drop(metrics::Host::count(host, first, domain, number.into())),
        11 => drop(metrics::Host::observe(host, "m".into(), domain, f64::from_bits(number.into()))),
        12 => drop(rates::Host::hit(host, first, second, number, number)),
        13 => drop(rates::Host::repeat_session(host, number, 1, number, number)),
        14 => drop(sessions::Host::close(host, number.into(), first, Some(second))),
        _ => drop(log::Host::write(host, log::Level::Info, first)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_targets_run_on_what_is_usual() {
        super::manifest(br#"{"manifest":1}"#);
        super::amended("b\na\nx\nurn:x\ny\nz\ntext");
        (0..200).for_each(|seed| super::imports(&format!("{seed}\na\nb").repeat(20)));
    }
}
