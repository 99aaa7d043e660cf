//! The life of a stream that carries stanzas: what waits goes out while what comes in is processed.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use xmpp::{Document, Element, Stanza, StreamCondition, StreamError, StreamEvent};

use crate::pipe::{Input, Pipe, PipeError};

/// Bytes gathered for one write.
const ROOM: usize = 64 << 10;

/// How long a peer may take to read one such write.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a stream ends.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// The peer has closed it, or nothing is left to be done.
    Closed,
    Lost,
    /// We close it, for this reason.
    Error(StreamError),
}

/// What is written on a stream.
pub(crate) enum Output {
    Stanza(Stanza),
    /// An element of the stream's own.
    Element(Element),
}

/// What a stream carries.
pub(crate) trait Traffic: Sync {
    /// All that was written is with the operating system.
    fn sent(&self);

    /// What is written next.
    fn next(&self) -> Option<Output>;

    /// Notified when something waits to be written, or the stream is to end.
    fn woken(&self) -> &Notify;

    /// How the stream is to end, once all that waits has been written; `None`: it goes on.
    fn ending(&self) -> Option<End>;

    /// Processes what the peer sent; the answer, if there is one that goes back on this stream. Returns when more may be read.
    fn take(&self, element: Document) -> impl Future<Output = Result<Option<Output>, StreamError>> + Send;
}

/// Serves a stream until it ends; its end is not yet written.
pub(crate) async fn carry<P: Pipe, T: Traffic>(pipe: &mut P, traffic: &T) -> End {
    let mut stuck = None;
    loop {
        let input = match wait(pipe, traffic, &mut stuck).await {
            Ok(Some(input)) => input,
            Ok(None) => continue,
            Err(end) => return end,
        };
        let event = match input {
            Ok(Input::Event(event)) => event,
            Ok(Input::Drained) => {
                stuck = None;
                continue;
            }
            Ok(Input::Confirmed(_)) => continue,
            Ok(Input::Lost) | Err(PipeError::Io(_)) => return End::Lost,
            Err(PipeError::Stream(error)) => return End::Error(error),
        };
        let answer = match event {
            StreamEvent::Element(element) => process(pipe, traffic, traffic.take(element)).await,
            StreamEvent::Open(_) => Err(StreamCondition::InvalidXml.into()),
            StreamEvent::Close => return End::Closed,
        };
        match answer {
            Ok(Some(answer)) => write(pipe, &answer),
            Ok(None) => {}
            Err(error) => return End::Error(error),
        }
    }
}

/// Writes what waits, and waits for input; `None` if there is more to write. `stuck`: since when the peer has not read what was
/// written.
async fn wait<P: Pipe, T: Traffic>(
    pipe: &mut P,
    traffic: &T,
    stuck: &mut Option<Instant>,
) -> Result<Option<Result<Input, PipeError>>, End> {
    let mut woken = pin!(traffic.woken().notified());
    woken.as_mut().enable(); // what comes to wait from now on is not missed
    gather(pipe, traffic);
    if pipe.pending() == 0 {
        if let Some(end) = traffic.ending() {
            return Err(end);
        }
    } else if stuck.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
        return Err(End::Error(too_slow()));
    }
    let until = stuck.map(|since| since + PATIENCE);
    let input = poll_fn(|cx| match pipe.poll_input(cx, true) {
        Poll::Ready(input) => Poll::Ready(Some(input)),
        Poll::Pending => woken.as_mut().poll(cx).map(|()| None),
    });
    match until {
        None => Ok(input.await),
        Some(until) => tokio::select! {
            input = input => Ok(input),
            () = sleep_until(until) => Err(End::Error(too_slow())),
        },
    }
}

fn too_slow() -> StreamError {
    StreamError::new(StreamCondition::PolicyViolation).text("what was sent to you is not being read")
}

/// Moves what waits to the pipe, once the pipe has sent what it had.
fn gather<P: Pipe, T: Traffic>(pipe: &mut P, traffic: &T) {
    if pipe.pending() > 0 {
        return;
    }
    traffic.sent();
    while pipe.pending() < ROOM
        && let Some(output) = traffic.next()
    {
        write(pipe, &output);
    }
}

fn write<P: Pipe>(pipe: &mut P, output: &Output) {
    match output {
        Output::Stanza(stanza) => drop(pipe.stanza(stanza)),
        Output::Element(element) => pipe.element(element),
    }
}

/// Waits until what was read is processed, while the pipe is written to: what it waits for may itself wait for that.
async fn process<P: Pipe, T: Traffic, R>(pipe: &mut P, traffic: &T, way: impl Future<Output = R>) -> R {
    let mut way = pin!(way);
    // Usually it completes at once.
    if let Poll::Ready(done) = poll_fn(|cx| Poll::Ready(way.as_mut().poll(cx))).await {
        return done;
    }
    loop {
        let mut woken = pin!(traffic.woken().notified());
        woken.as_mut().enable();
        gather(pipe, traffic);
        let written = poll_fn(|cx| {
            if let Poll::Ready(done) = way.as_mut().poll(cx) {
                return Poll::Ready(Some(Ok(done)));
            }
            match pipe.poll_input(cx, false) {
                Poll::Ready(Ok(Input::Lost) | Err(_)) => Poll::Ready(Some(Err(()))),
                Poll::Ready(Ok(_)) => Poll::Ready(None),
                Poll::Pending => woken.as_mut().poll(cx).map(|()| None),
            }
        });
        match written.await {
            Some(Ok(done)) => return done,
            // The next read finds that, too.
            Some(Err(())) => return way.await,
            None => {}
        }
    }
}
