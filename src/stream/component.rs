//! External components (XEP-0114).

mod connection;
mod figures;
mod handshake;
mod items;
mod link;
mod lots;
mod options;
mod registry;
mod waiting;

pub use figures::ComponentFigures;
pub use options::{Away, ComponentLimits, ComponentOptions, is_below};
pub use registry::{Components, PreparedComponents, serve};
