//! Changes of a stanza by a plugin give a stanza of the same kind within the limits, or are refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| wasm::fuzzing::amended(data));
