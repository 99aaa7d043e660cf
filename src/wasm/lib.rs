//! The plugin platform: engine, manifest, grants, instances, one host file per WIT interface.
//!
//! A [`Platform`] loads components ([`Plugin`]) and deploys them ([`Deployment`]). A deployment is a module
//! of the kernel like any other; replacing a plugin means publishing another deployment on its hosts, which
//! the kernel does in one swap. What must outlive that (counters, session slots, metrics) is kept under the
//! plugin's name.

mod artefacts;
mod bindings;
mod breaker;
mod deadline;
mod deployment;
mod directory;
mod engine;
mod error;
mod failure;
mod grant;
mod head;
mod hook;
mod host;
mod inspect;
mod instance;
mod kept;
mod limits;
mod log_limit;
mod manifest;
mod memory;
mod metrics;
mod module;
mod platform;
mod plugin;
mod pool;
mod rates;
mod schema;
mod scope;
mod section;
mod state;
mod stats;
mod verdict;
mod window;

#[cfg(test)]
mod tests;

pub use deployment::{DeployOptions, Deployment, DomainSettings, Occasion};
pub use engine::Allocator;
pub use error::LoadError;
pub use failure::FailureKind;
pub use grant::Grant;
pub use hook::{Hook, Policy};
pub use inspect::{Import, Inspection};
pub use manifest::{HookManifest, InterestManifest, Manifest, MetricKind, Want, is_name};
pub use metrics::MetricValue;
pub use platform::{AtWork, Installed, Platform, PlatformOptions, inspect};
pub use plugin::Plugin;
pub use schema::{Format, Schema, SchemaType};
pub use stats::{HookStats, PluginStats};
