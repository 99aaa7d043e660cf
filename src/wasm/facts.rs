//! The bits of WIT's `facts`: what is true of a stanza.

pub(crate) const HAS_BODY: u32 = 1;
pub(crate) const FROM_LOCAL: u32 = 2;
pub(crate) const TO_LOCAL: u32 = 4;
pub(crate) const FROM_COMPONENT: u32 = 8;
pub(crate) const TO_COMPONENT: u32 = 16;
pub(crate) const FROM_REMOTE: u32 = 32;
pub(crate) const TO_REMOTE: u32 = 64;
pub(crate) const TO_BARE: u32 = 128;
pub(crate) const IS_CARBON: u32 = 256;
pub(crate) const HAS_DELAY: u32 = 512;
pub(crate) const DIRECTED_PRESENCE: u32 = 1024;
pub(crate) const OUTBOUND: u32 = 2048;
/// Of a recipient: a resource of it is available.
pub(crate) const IS_AVAILABLE: u32 = 4096;
