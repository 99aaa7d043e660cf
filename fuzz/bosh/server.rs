//! The protocol of a session as the server has it (`src/net/bosh`), whose files name each other by `super`.

macro_rules! files {
    ($($file:literal $name:ident),*) => {
        $(#[allow(dead_code)] #[path = $file] pub mod $name;)*
    };
}
files!(
    "../../src/net/bosh/body.rs" body,
    "../../src/net/bosh/condition.rs" condition,
    "../../src/net/bosh/core.rs" core,
    "../../src/net/bosh/creation.rs" creation,
    "../../src/net/bosh/ending.rs" ending,
    "../../src/net/bosh/fault.rs" fault,
    "../../src/net/bosh/intake.rs" intake,
    "../../src/net/bosh/kept.rs" kept,
    "../../src/net/bosh/key.rs" key,
    "../../src/net/bosh/output.rs" output,
    "../../src/net/bosh/reply.rs" reply,
    "../../src/net/bosh/respond.rs" respond,
    "../../src/net/bosh/terms.rs" terms,
    "../../src/net/bosh/waiting.rs" waiting,
    "../../src/net/bosh/window.rs" window,
    "play.rs" play,
    "read.rs" read
);
