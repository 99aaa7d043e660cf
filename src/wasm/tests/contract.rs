//! The contract itself: every item of it is documented, and says since when it is there.

use wit_parser::{Resolve, Stability};

#[test]
fn every_item_is_documented_and_says_since_when_it_is_there() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/1")).unwrap();
    let mut seen = 0;
    let mut check = |name: &str, docs: &wit_parser::Docs, stability: &Stability| {
        assert!(docs.contents.as_ref().is_some_and(|text| !text.trim().is_empty()), "{name} has no words");
        assert!(matches!(stability, Stability::Stable { .. }), "{name} has no @since");
        seen += 1;
    };
    for (name, id) in &resolve.packages[package].interfaces {
        let interface = &resolve.interfaces[*id];
        check(name, &interface.docs, &interface.stability);
        for (function, about) in &interface.functions {
            check(&format!("{name}.{function}"), &about.docs, &about.stability);
        }
        for (ty, id) in &interface.types {
            let about = &resolve.types[*id];
            let is_own = !matches!(about.kind, wit_parser::TypeDefKind::Type(wit_parser::Type::Id(_)));
            if is_own {
                check(&format!("{name}.{ty}"), &about.docs, &about.stability);
            }
        }
    }
    for (name, id) in &resolve.packages[package].worlds {
        let world = &resolve.worlds[*id];
        check(name, &world.docs, &world.stability);
    }
    assert!(seen > 100, "{seen}");
}
