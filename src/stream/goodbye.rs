//! Closing a pipe within a time limit.

use std::time::Duration;

use crate::pipe::Pipe;

/// How long the last bytes of a stream may take to be sent.
const GOODBYE: Duration = Duration::from_secs(5);

/// Closes a pipe; waits no longer than [`GOODBYE`] for a peer that does not read.
pub(crate) async fn goodbye<P: Pipe>(pipe: &mut P) {
    if tokio::time::timeout(GOODBYE, pipe.shut()).await.is_err() {
        tracing::debug!(address = %pipe.about().address, "the client did not read the end of the stream");
    }
}
