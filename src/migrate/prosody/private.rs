//! Private XML storage (XEP-0049): the store `private`, by `name:namespace`.

use crate::{Kind, RawUser};

use super::belongings::Belongings;
use super::stanza;

pub fn read(from: &mut Belongings, user: &mut RawUser) {
    if let Some(table) = from.take_table("private") {
        for (key, value) in table.entries {
            match stanza::xml(&value) {
                Ok(xml) => user.private.push(xml),
                Err(refusal) => from.skipped.push(refusal.skip(Kind::Private, key.shown())),
            }
        }
    }
}
