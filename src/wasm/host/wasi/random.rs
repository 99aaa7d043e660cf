//! `wasi:random`: the server's randomness.

use wasmtime::Result;
use wasmtime::component::Linker;

use crate::limits::TEXT_BYTES;
use crate::state::{StoreData, bounded};

pub(super) fn add_to_linker(linker: &mut Linker<StoreData>) -> Result<()> {
    for (interface, bytes, number) in [
        ("wasi:random/random@0.2.6", "get-random-bytes", "get-random-u64"),
        ("wasi:random/insecure@0.2.6", "get-insecure-random-bytes", "get-insecure-random-u64"),
    ] {
        let mut random = linker.instance(interface)?;
        random.func_wrap(bytes, |store, (length,): (u64,)| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            bounded(length, TEXT_BYTES)?;
            let mut bytes = vec![0; length];
            store.data().scope.services.random.fill(&mut bytes);
            Ok((bytes,))
        })?;
        random.func_wrap(number, |store, (): ()| Ok((store.data().scope.services.random.u64(),)))?;
    }
    linker.instance("wasi:random/insecure-seed@0.2.6")?.func_wrap("insecure-seed", |store, (): ()| {
        let random = &store.data().scope.services.random;
        Ok(((random.u64(), random.u64()),))
    })
}
