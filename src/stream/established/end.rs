//! The end of a session's connection: what is still written, and what becomes of the session.

use std::future::poll_fn;

use tokio::time::timeout;
use xmpp::{StreamCondition, StreamError};

use super::{End, Established, LAST};
use crate::goodbye::goodbye;
use crate::pipe::{Input, Pipe};

impl<P: Pipe> Established<P> {
    pub(super) async fn finish(mut self, end: End) {
        match end {
            End::Lost if self.resumable => self.hold.detach().await,
            End::Lost => self.hold.end().await,
            End::Superseded => {
                let error = StreamError::new(StreamCondition::Conflict);
                self.refuse(&error.text("this session was resumed on another connection"));
                drop(self.hold); // the new connection waits until this one lets go
                goodbye(&mut *self.pipe).await;
            }
            End::Closed => {
                // A client that has closed its stream reads until the server's is closed (RFC 6120 section
                // 4.4).
                self.drain().await;
                self.hold.end().await;
                self.pipe.close();
                self.leave().await;
            }
            End::Mistake(error) => {
                tracing::debug!(session = self.hold.id(), jid = %self.hold.jid(), %error, "session closed");
                self.drain().await; // what came before the error is answered
                self.hold.end().await;
                self.refuse(&error);
                self.leave().await;
            }
            End::Error(error) => {
                tracing::debug!(session = self.hold.id(), jid = %self.hold.jid(), %error, "session closed");
                self.hold.end().await;
                self.refuse(&error);
                self.leave().await;
            }
        }
    }

    /// Answers the client's pending requests and writes the mailbox, as long as the client reads.
    async fn drain(&mut self) {
        if timeout(LAST, self.write_all()).await.is_err() {
            tracing::debug!(session = self.hold.id(), jid = %self.hold.jid(), "the client did not read its last replies");
        }
    }

    async fn write_all(&mut self) {
        self.pipe.parting();
        self.write_during(Box::pin(self.hold.all_settled())).await;
        loop {
            let before = self.pipe.pending();
            self.gather();
            if self.pipe.confirms() {
                // It is sent with the last response, which is never confirmed.
                self.hold.confirm(self.hold.unacknowledged());
            }
            if before == 0 && self.pipe.pending() == 0 {
                return;
            }
            match poll_fn(|cx| self.pipe.poll_input(cx, false)).await {
                Ok(Input::Drained) => self.delivered(),
                Ok(Input::Confirmed(_) | Input::Event(_)) => {}
                Ok(Input::Lost) | Err(_) => return,
            }
        }
    }

    /// Sends the last bytes, and with them what was written before. Receipts of what could not be sent are
    /// dropped without notice.
    async fn leave(&mut self) {
        goodbye(&mut *self.pipe).await;
        if self.pipe.pending() == 0 {
            self.delivered();
        }
    }

    fn refuse(&mut self, error: &StreamError) {
        self.pipe.element(&error.to_element());
        self.pipe.close();
    }
}
