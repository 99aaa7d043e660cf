//! A statement with named parameters is read for each database, or refused, whatever it says.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| storage::fuzzing::statement(text));
