//! XML as jabberd2 keeps it is read or refused, whatever it says; what was read is read again as it is written.

#![no_main]

/// As the importer has it.
#[path = "../src/migrate/jabberd2/nad.rs"]
mod nad;
/// What it takes from there.
mod intake {
    pub(crate) use crate::text::clean;
}
#[path = "../src/migrate/intake/text.rs"]
#[allow(dead_code, reason = "the importer uses all of it")]
mod text;

use libfuzzer_sys::fuzz_target;
use xmpp::ns;

fuzz_target!(|text: &str| {
    let Ok(stanza) = nad::stanza(text) else { return };
    let xml = stanza.to_xml(ns::CLIENT);
    // An element named as jabberd2's envelope is taken for one.
    if stanza.name() != "route" {
        let again = nad::stanza(&xml).expect(&xml);
        assert_eq!(again.to_xml(ns::CLIENT), xml);
    }
});
