//! A file of Prosody's storage is read to its end or refused, whatever it says, and twice alike.
//!
//! The first byte of the input says what the file is for.

#![no_main]

#[path = "migrate/read.rs"]
mod read;

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use migrate::ProsodySource;

/// Directories of a host, with the suffix of the files in them.
const STORES: [(&str, &str); 9] = [
    ("accounts", "dat"),
    ("roster", "dat"),
    ("private", "dat"),
    ("privacy", "dat"),
    ("blocklist", "dat"),
    ("vcard", "dat"),
    ("last", "dat"),
    ("offline", "list"),
    ("pep_urn%3axmpp%3avcard4", "list"),
];

static HOST: LazyLock<PathBuf> = LazyLock::new(|| read::folder("prosody").join("chess%2eexample"));

fuzz_target!(|data: &[u8]| {
    let Some((store, content)) = data.split_first() else { return };
    let (directory, suffix) = STORES[usize::from(*store) % STORES.len()];
    let _ = std::fs::remove_dir_all(&*HOST);
    for directory in ["accounts", directory] {
        std::fs::create_dir_all(HOST.join(directory)).unwrap();
    }
    std::fs::write(HOST.join("accounts/jack.dat"), "return { [\"password\"] = \"x\" };\n").unwrap();
    std::fs::write(HOST.join(directory).join(format!("jack.{suffix}")), content).unwrap();
    let root = HOST.parent().unwrap().to_owned();
    let (users, leftovers) = read::all(ProsodySource::files(root.clone())).unwrap();
    assert!(users.len() <= 1, "one name of a file, more than one user");
    let again = read::all(ProsodySource::files(root)).unwrap();
    assert_eq!((read::words(&users), leftovers), (read::words(&again.0), again.1));
});
