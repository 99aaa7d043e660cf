//! The player of the fuzz target `bosh`: on the inputs the fuzzer starts with, and briefly on random ones.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::bosh::play::play;

#[test]
fn seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/bosh");
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let played = files.filter(|moves| !moves.starts_with(b"<")).map(|moves| play(&moves)).count();
    assert!(played > 5, "{played}");
}

proptest! {
    #[test]
    fn any_moves(moves in vec(any::<u8>(), 2..300)) {
        play(&moves);
    }
}
