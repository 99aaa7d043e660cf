//! The plugin platform: engine, manifest, grants, instances, one host file per WIT interface.
