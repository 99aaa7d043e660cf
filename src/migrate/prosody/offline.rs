//! Messages that wait: the store `offline`, in order.

use crate::{Kind, RawMessage, RawUser};

use super::belongings::Belongings;

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    for item in from.take_items("offline") {
        let key = item.shown();
        match item.xml {
            Ok(xml) => user.messages.push(RawMessage { xml, stored_us: item.when_us }),
            Err(refusal) => from.skipped.push(refusal.skip(Kind::Offline, key)),
        }
    }
}
