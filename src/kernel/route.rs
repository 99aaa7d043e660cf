//! Step 4 of a stanza's path: its origin, its destination, and who answers requests.

pub(crate) mod address;
pub(crate) mod early;
pub(crate) mod inflow;
pub(crate) mod iq;
pub(crate) mod link;
pub(crate) mod origin;
pub(crate) mod packet;
pub(crate) mod parked;
pub(crate) mod recipient;
pub(crate) mod request;
pub(crate) mod router;
pub(crate) mod service;
pub(crate) mod taken;
