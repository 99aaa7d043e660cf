//! The functions that the host offers to plugins answer or fail the call, whatever they are given.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &str| wasm::fuzzing::imports(data));
