//! Where features take part: stages, what they register, and the tables that are in force.

pub(crate) mod job;
pub(crate) mod process;
pub(crate) mod registrar;
pub(crate) mod stage;
pub(crate) mod tables;
