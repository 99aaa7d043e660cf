//! `types`: no functions.

use crate::bindings::castling::plugin::types::Host;
use crate::state::StoreData;

impl Host for StoreData {}
