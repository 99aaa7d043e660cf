//! Bytes to stream events and back: listeners, TLS, connections. Knows no users.
