//! A document of XEP-0227 is read to its end or refused, whatever it says, and twice alike.

#![no_main]

#[path = "migrate/read.rs"]
mod read;

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use migrate::Xep0227Source;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| read::folder("portable").join("a.xml"));

fuzz_target!(|data: &[u8]| {
    std::fs::write(&*FILE, data).unwrap();
    let Ok((users, leftovers)) = read::all(Xep0227Source::new(FILE.clone())) else { return };
    let again = read::all(Xep0227Source::new(FILE.clone())).unwrap();
    assert_eq!((read::words(&users), leftovers), (read::words(&again.0), again.1));
});
