//! How features take part: stages, registration, and the tables in force.

pub(crate) mod command;
pub(crate) mod disco;
pub(crate) mod job;
pub(crate) mod process;
pub(crate) mod registered;
pub(crate) mod registrar;
pub(crate) mod stage;
pub(crate) mod tables;
pub(crate) mod trail;
