//! Stream management on a bound session (XEP-0198): requests and answers in both directions.

use xmpp::{Condition, StreamError};

use super::{Established, ROOM};
use crate::pipe::Pipe;
use crate::sm;

impl<P: Pipe> Established<P> {
    /// Requests an acknowledgement, unless a request is unanswered.
    pub(super) fn ask(&mut self) {
        self.unasked = self.asked;
        if !std::mem::replace(&mut self.asked, true) {
            self.pipe.element(&sm::ask());
            self.hold.asked();
        }
    }

    /// Answers the client's requests that are settled or have waited long enough.
    pub(super) fn acknowledge(&mut self) {
        for _ in 0..self.asked_for.due(&self.hold) {
            self.pipe.element(&sm::answer(self.hold.handled()));
        }
    }

    pub(super) fn management(&mut self, request: sm::Request) -> Result<(), StreamError> {
        match request {
            _ if self.pipe.confirms() => self.pipe.element(&sm::not_here()),
            sm::Request::Enable { .. } if self.managed => {
                self.pipe.element(&sm::failed(Condition::UnexpectedRequest));
            }
            sm::Request::Enable { resume, max } => self.enable(resume, max),
            sm::Request::Resume { .. } | sm::Request::Bad => {
                self.pipe.element(&sm::failed(Condition::UnexpectedRequest));
            }
            sm::Request::Ask => {
                self.asked_for.ask(&self.hold);
                self.acknowledge();
            }
            sm::Request::Answer { h } => {
                let before = self.hold.unacknowledged();
                self.hold.acknowledge(h).map_err(sm::too_high)?;
                let left = self.hold.unacknowledged();
                self.asked = false;
                self.hold.answered();
                // A client that answers without having handled anything is not asked again at once.
                if left > 0 && (self.unasked || left < before) {
                    self.ask();
                }
            }
        }
        Ok(())
    }

    /// Stream management answers bypass the mailbox: a client that keeps requesting and does not read is too
    /// slow.
    pub(super) fn bound(&self) {
        let bytes = self.hold.host().options().limits.mailbox_bytes.bound();
        // one write may gather as much as a whole mailbox
        if self.pipe.pending() > bytes.saturating_mul(2).saturating_add(ROOM) {
            self.hold.too_slow();
        }
    }

    /// `max`: for how many seconds at most the client wants to be able to resume; the smaller value wins.
    fn enable(&mut self, resume: bool, max: Option<u64>) {
        self.hold.manage();
        self.managed = true;
        let offered = self.hold.host().options().limits.resume_seconds.get().filter(|_| resume);
        let seconds =
            offered.map(|seconds| seconds.get().min(max.unwrap_or(u64::MAX))).filter(|seconds| *seconds > 0);
        self.resumable = seconds.is_some();
        let token = seconds.map(|seconds| (self.hold.make_resumable(seconds), seconds));
        self.pipe.element(&sm::enabled(token));
    }
}
