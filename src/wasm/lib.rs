//! The plugin platform: engine, manifest, grants, instances, one host file per WIT interface.
//!
//! A [`Platform`] loads components ([`Plugin`]) and deploys them ([`Deployment`]). A deployment is a module
//! of the kernel like any other; replacing a plugin means publishing another deployment on its hosts, which
//! the kernel does in one swap. What must outlive that (counters, session slots, metrics) is kept under the
//! plugin's name.

mod absent;
mod amend;
mod artefacts;
mod at_once;
mod bindings;
mod blame;
mod breaker;
mod calling;
mod claiming;
mod compile;
mod cpu_time;
mod deadline;
mod deliver;
mod deployment;
mod directory;
mod engine;
mod error;
mod facts;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod grant;
mod grantable;
mod head;
mod hook;
mod host;
mod inspect;
mod instance;
mod job;
mod kept;
mod limits;
mod log_limit;
mod manifest;
mod memory;
mod metrics;
mod module;
mod plain;
mod platform;
mod plugin;
mod pool;
mod quota;
mod rates;
mod rebuild;
mod rules;
mod sampling;
mod schema;
mod scope;
mod section;
mod service;
mod share;
mod slots;
mod starting;
mod state;
mod stats;
mod subject;
mod ticker;
mod timing;
mod verdict;
mod window;

#[cfg(test)]
mod tests;

pub use compile::{Compiler, compile_and_exit};
pub use deployment::{AtWork, DeployOptions, Deployment, DomainSettings, Occasion};
pub use engine::Allocator;
pub use error::LoadError;
pub use failure::{FailureKind, LastFailure};
pub use grant::Grant;
pub use hook::{Hook, Policy};
pub use inspect::{Import, Inspection};
pub use job::policies;
pub use limits::PluginLimits;
pub use manifest::{
    CommandManifest, HookManifest, InterestManifest, Manifest, MetricKind, RequestManifest, Want, is_name,
};
pub use metrics::MetricValue;
pub use platform::{Installed, Looking, Platform, PlatformOptions, inspect};
pub use plugin::Plugin;
pub use schema::{Format, Schema, SchemaType};
pub use service::{Described, PluginProvider, PluginSource};
pub use stats::{HookStats, OnDomainStats, PluginStats};
