//! A plugin's component and its manifest are read without a panic, and what is written of a manifest is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| wasm::fuzzing::manifest(data));
