//! Settings: kinds of keys, limits and what 0 means for them, one checker for files, modules and plugins.
//!
//! - A part declares its settings with [`group!`], once: name, type, default, range, what 0 means, whether
//!   changes take effect at `reload`, and a sentence of documentation. It reads them from [`Values`].
//! - [`Limit`], [`Interval`], [`Required`]: numbers whose type defines what 0 means.
//! - [`Section`], [`Key`], [`Kind`]: the schema. The configuration file, the options of a module and the
//!   settings of a plugin are all validated against it by the [`Checker`], with the same messages.
//! - [`Given`]: a value before it is checked, whatever its format.
//! - [`waiting`]: the keys set by a changed configuration that take effect at the next start.

mod changes;
mod check;
mod given;
mod group;
mod guess;
mod kind;
mod number;
mod path;
mod problem;
mod range;
mod section;
mod text;
mod values;

#[cfg(test)]
mod tests;

pub use changes::waiting;
pub use check::Checker;
pub use given::Given;
pub use group::{Group, Setting, Spec, flag, list, number};
pub use kind::{Kind, Text, shown};
pub use number::{Interval, Limit, Required};
pub use path::{item, join};
pub use problem::{Complaint, Problem};
pub use range::Range;
pub use section::{Absent, Holds, Key, Scope, Section};
pub use text::{Check, duration, milliseconds};
pub use values::Values;
