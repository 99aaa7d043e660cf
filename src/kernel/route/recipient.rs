//! The recipients of a packet.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use smallvec::SmallVec;
use xmpp::{Jid, StanzaError};

use crate::{Account, Resource};

/// One recipient of a packet on a host.
#[derive(Clone)]
pub struct Recipient {
    /// As addressed: the account's bare JID, or a full one.
    pub to: Jid,
    pub account: Arc<Account>,
    /// The Receive stage's ruling on this recipient; `None`: it gets the stanza.
    pub ruling: Option<Ruling>,
    /// The resources that took it; filled for hooks at Delivered.
    pub(crate) taken_by: SmallVec<[Resource; 1]>,
}

/// Why a recipient does not get a packet that others may get.
#[derive(Clone, Debug)]
pub enum Ruling {
    /// Dropped for this recipient, counted under the name of the hook that ruled.
    Drop,
    /// The sender gets this error from this recipient.
    Reject(StanzaError),
    /// The hook has taken care of it for this recipient.
    Handled,
    /// Delivered already, by [`Kernel::deliver_now`](crate::Kernel::deliver_now).
    Delivered,
}

impl Recipient {
    /// An account, under this JID.
    pub fn new(to: Jid, account: Arc<Account>) -> Self {
        Self { to, account, ruling: None, taken_by: SmallVec::new() }
    }

    /// The resources that took the stanza; known at Delivered.
    pub fn taken_by(&self) -> &[Resource] {
        &self.taken_by
    }
}

/// The recipients of one packet on one host; most have one.
#[derive(Clone, Default)]
pub enum Recipients {
    /// Not resolved yet, or the host itself.
    #[default]
    Unknown,
    One(Recipient),
    /// Several, for a broadcast.
    Many(Vec<Recipient>),
}

impl Deref for Recipients {
    type Target = [Recipient];

    fn deref(&self) -> &[Recipient] {
        match self {
            Self::Unknown => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl DerefMut for Recipients {
    fn deref_mut(&mut self) -> &mut [Recipient] {
        match self {
            Self::Unknown => &mut [],
            Self::One(one) => std::slice::from_mut(one),
            Self::Many(many) => many,
        }
    }
}
