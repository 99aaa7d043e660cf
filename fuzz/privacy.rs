//! A request about privacy lists (XEP-0016) is read or refused, whatever it says; a list that was read is read again as it is written.

#![no_main]

#[path = "../plugins/privacy/parse.rs"]
mod parse;
#[path = "../plugins/privacy/protocol.rs"]
#[allow(unfulfilled_lint_expectations, reason = "lints of the plugins' workspace")]
mod protocol;
#[path = "../plugins/privacy/write.rs"]
#[expect(dead_code, reason = "the plugin uses all of it")]
mod write;

use libfuzzer_sys::fuzz_target;
use protocol::{Fault, Get, Item, Kinds, List, Set, Subject, Subscription};

const MOST: usize = 20;

fuzz_target!(|xml: &str| {
    let _ = parse::get(xml);
    if let Ok(Set::Put(list)) = parse::set(xml, MOST) {
        assert!((1..=MOST).contains(&list.items.len()));
        assert_eq!(parse::set(&write::list(&list), MOST), Ok(Set::Put(list)));
    }
});
