//! BOSH: whatever stands in a request's body is read without a panic and alike when it is written again, and another
//! parser accepts and understands it; and in whatever order requests, answers, losses and time come, a session tells
//! each thing once and in order, and nothing has arrived that has not.
//!
//! An input that begins with `<` is a body, any other a session (`bosh/play.rs`).

#![no_main]

#[path = "bosh/server.rs"]
mod bosh;
mod mutate;
mod oracle;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|data: &[u8]| match data {
    [b'<', ..] => bosh::read::read(data),
    [] => {}
    data => bosh::play::play(data),
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match data {
        [b'<', ..] => mutate::words(data, size, max_size, seed),
        _ => fuzzer_mutate(data, size, max_size),
    }
});
