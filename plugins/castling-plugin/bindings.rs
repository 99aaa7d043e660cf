//! What wit-bindgen makes of `wit/1`: the imports once, and each exported interface by itself.
#![expect(missing_docs, reason = "generated; the WIT files hold the documentation")]

wit_bindgen::generate!({ path: "../../wit/1", world: "imports" });

pub mod lifecycle {
    wit_bindgen::generate!({
        path: "../../wit/1",
        world: "export-lifecycle",
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
        default_bindings_module: "castling_plugin::lifecycle",
    });
}

pub mod client_in {
    wit_bindgen::generate!({
        path: "../../wit/1",
        world: "export-client-in",
        with: { "castling:plugin/types@1.0.0": crate::bindings::castling::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_client_in",
        default_bindings_module: "castling_plugin::client_in",
    });
}

pub mod before_offline {
    wit_bindgen::generate!({
        path: "../../wit/1",
        world: "export-before-offline",
        with: { "castling:plugin/types@1.0.0": crate::bindings::castling::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_before_offline",
        default_bindings_module: "castling_plugin::before_offline",
    });
}
