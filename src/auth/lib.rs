//! SASL mechanisms as sans-IO state machines, password keys, passwords in the formats of other software, credential
//! providers.
//!
//! - [`Mechanism`], [`SaslError`]: the names of RFC 6120 §6.
//! - [`ScramServer`]: SCRAM (RFC 5802, RFC 7677) up to the point where keys are needed and on from there, so
//!   that the caller can wait for a database in between. [`parse_plain`]: PLAIN (RFC 4616).
//! - [`Provider`]: a source of credentials; [`Internal`] for the server's own store, [`Chain`] for a domain's
//!   list.
//! - [`External`]: the accounts of a foreign database.
//! - [`Secret`]: passwords as other software stores them, in one of the [`Format`]s.
//! - [`LoginLimiter`]: failed logins per address.

mod blocking;
mod chain;
mod complaint;
mod decoy;
mod dialback;
mod digest;
mod error;
mod external;
mod found;
mod future;
mod handshake;
mod identity;
mod internal;
mod keys;
mod limiter;
mod mechanism;
mod message;
mod offer;
mod plain;
mod provider;
mod scram;
mod secret;

pub use chain::{Accepted, Chain};
pub use decoy::{Decoys, Shape};
pub use dialback::DialbackKeys;
pub use error::SaslError;
pub use external::{AccountFound, AccountRecord, AccountSource, External, StoredPassword, Storing};
pub use found::{AccountKeys, Derivation, Found};
pub use future::BoxFuture;
pub use handshake::{component_handshake, proves_secret};
pub use identity::parse_external;
pub use internal::{Hashing, Internal};
pub use keys::{PasswordError, SALT_LEN, derive_keys, new_keys, verify_plain};
pub use limiter::{Limited, LoginLimiter, LoginLimits, subscriber};
pub use mechanism::{Mechanism, UnknownMechanism};
pub use offer::{ChannelBinding, Offer};
pub use plain::{PlainCredentials, parse_plain};
pub use provider::{ChangeError, LogIn, Lookup, Outcome, Provider, ProviderError};
pub use scram::{ClientFirst, ScramServer};
pub use secret::{
    AccountName, Bounds, EXAMPLE_PASSWORD, Format, OneWay, Secret, SecretError, UnknownFormat, WriteError,
    Writing, kept,
};
pub use storage::{Hash, ScramKeys};
