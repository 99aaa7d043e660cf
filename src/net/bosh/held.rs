//! A held request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::reply::Reply;
use super::session::Session;

/// The pending answer. If dropped before completion, it notifies the session that the request's connection is
/// gone.
pub(super) struct Held {
    session: Arc<Session>,
    rid: u64,
    ticket: u32,
    answered: bool,
}

impl Held {
    pub fn new(session: Arc<Session>, rid: u64, ticket: u32) -> Self {
        Self { session, rid, ticket, answered: false }
    }

    pub fn session(&self) -> Arc<Session> {
        self.session.clone()
    }
}

impl Future for Held {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        let polled = self.session.poll_answer(self.rid, self.ticket, cx);
        self.answered = polled.is_ready();
        polled
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.answered {
            self.session.leave(self.rid, self.ticket);
        }
    }
}
