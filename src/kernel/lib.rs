//! What every feature meets: hosts, sessions, packets, hooks, the IQ table, the router.
