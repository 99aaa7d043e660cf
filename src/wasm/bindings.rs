//! What wasmtime makes of `wit/1`: traits for the imports, typed handles for each exported interface.

wasmtime::component::bindgen!({
    path: "../../wit/1",
    world: "everything",
    imports: { default: trappable },
});
