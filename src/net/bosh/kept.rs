//! Replies that may be requested again, and which of them have arrived (XEP-0124 §9, §14.3).

use std::collections::VecDeque;

use tokio::time::Instant;

use super::reply::Reply;

/// How often one reply may be requested again.
const REPEATS: u8 = 20;

/// The latest replies of a session, in order.
#[derive(Default)]
pub(super) struct Kept {
    replies: VecDeque<One>,
    /// All up to this one have arrived.
    confirmed: u64,
}

struct One {
    rid: u64,
    reply: Reply,
    sent: Instant,
    /// The copy of the request that is still to get it.
    waited_for: Option<u32>,
    /// The number of stanzas from the session's mailbox in it.
    stanzas: u32,
    repeats: u8,
}

/// The result of requesting a reply again.
pub(super) enum Again {
    Reply(Reply),
    /// It is no longer kept, or never existed.
    Gone,
    /// It has been requested too often.
    TooOften,
}

impl Kept {
    pub fn keep(&mut self, rid: u64, reply: Reply, waited_for: Option<u32>, stanzas: u32, now: Instant) {
        // One more instead of doubling: a session has few.
        self.replies.reserve_exact(1);
        self.replies.push_back(One { rid, reply, sent: now, waited_for, stanzas, repeats: 0 });
    }

    /// The reply, to be handed out for the first time.
    pub fn get(&mut self, rid: u64, ticket: u32) -> Option<Reply> {
        self.unwaited(rid, ticket);
        self.replies.iter().find(|one| one.rid == rid).map(|one| one.reply.clone())
    }

    /// The copy with this ticket has got the reply, or its connection is gone.
    pub fn unwaited(&mut self, rid: u64, ticket: u32) {
        for one in self.replies.iter_mut().filter(|one| one.rid == rid && one.waited_for == Some(ticket)) {
            one.waited_for = None;
        }
    }

    /// All up to this one have been handed out. Answers leave on several connections, in separate tasks, so
    /// that the client may have a later one, and send its next request, before an earlier one is sent.
    pub fn handed_out(&self) -> u64 {
        self.replies.iter().find(|one| one.waited_for.is_some()).map_or(u64::MAX, |one| one.rid - 1)
    }

    /// The reply again.
    pub fn again(&mut self, rid: u64) -> Again {
        match self.replies.iter_mut().find(|one| one.rid == rid) {
            None => Again::Gone,
            Some(one) if one.repeats >= REPEATS => Again::TooOften,
            Some(one) => {
                one.repeats += 1;
                Again::Reply(one.reply.clone())
            }
        }
    }

    /// When a reply was given.
    pub fn sent(&self, rid: u64) -> Option<Instant> {
        self.replies.iter().find(|one| one.rid == rid).map(|one| one.sent)
    }

    /// All up to `rid` have arrived. Returns the number of stanzas newly confirmed.
    pub fn confirm(&mut self, rid: u64) -> usize {
        let news = self.replies.iter().filter(|one| one.rid > self.confirmed && one.rid <= rid);
        let stanzas = news.map(|one| one.stanzas as usize).sum();
        self.confirmed = self.confirmed.max(rid);
        stanzas
    }

    /// Whether a reply with stanzas may not have arrived.
    pub fn in_doubt(&self) -> bool {
        self.replies.iter().any(|one| one.rid > self.confirmed && one.stanzas > 0)
    }

    /// Drops the replies up to `rid` that have arrived, except those still to be handed out, whatever the
    /// client acknowledges.
    pub fn forget(&mut self, rid: u64) {
        let upto = rid.min(self.confirmed).min(self.handed_out());
        while self.replies.front().is_some_and(|one| one.rid <= upto) {
            self.replies.pop_front();
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.replies.len()
    }
}
