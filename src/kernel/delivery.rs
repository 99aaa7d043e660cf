//! Steps 5 and 6 of a stanza's path: delivery to accounts, in order, each stanza once.

pub(crate) mod arrival;
pub(crate) mod backlog;
pub(crate) mod broadcast;
pub(crate) mod deliver;
pub(crate) mod gate;
pub(crate) mod keeping;
pub(crate) mod placing;
pub(crate) mod redeliver;
pub(crate) mod screening;
pub(crate) mod waiting;
