//! Bodies of requests and responses.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use super::answer::{Response, text};
use super::first_bytes::FirstBytes;

/// A response's body, in memory.
#[derive(Debug, Clone, Default)]
pub struct Body(Bytes);

impl Body {
    pub const fn empty() -> Self {
        Body(Bytes::new())
    }

    /// In bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        Body(bytes.into())
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}

/// Why a request's body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than allowed; contains its beginning, up to the limit.
    #[error("the body is too large")]
    TooLarge(Bytes),
    /// It did not arrive in time.
    #[error("the body was not received in time")]
    TooSlow,
    /// The connection broke, or the body violates HTTP.
    #[error("the body is malformed")]
    Broken,
}

impl BodyError {
    /// The response to the client: 413, 408 or 400 (RFC 9110 §15.5).
    pub fn response(&self) -> Response {
        let status = match self {
            BodyError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            BodyError::Broken => StatusCode::BAD_REQUEST,
        };
        text(status, self.to_string())
    }
}

/// Reads a request's body within `time`: at most `limit` bytes, fewer if `first` has no more left, or as many as
/// `more` returns when called with these first bytes.
pub(super) async fn collect(
    mut body: Incoming,
    limit: usize,
    first: FirstBytes,
    more: impl FnOnce(&[u8]) -> usize,
    time: Duration,
) -> Result<Bytes, BodyError> {
    let mut bytes = Vec::new();
    match timeout(time, gather(&mut body, limit, first, more, &mut bytes)).await {
        Ok(Ok(true)) => Ok(bytes.into()),
        Ok(Ok(false)) => Err(BodyError::TooLarge(bytes.into())),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// Whether the body ends within the limit. Its bytes are copied: a slice of the connection's read buffer
/// would keep all of that alive.
async fn gather(
    body: &mut Incoming,
    mut limit: usize,
    first: FirstBytes,
    more: impl FnOnce(&[u8]) -> usize,
    bytes: &mut Vec<u8>,
) -> Result<bool, hyper::Error> {
    let mut more = Some(more);
    let mut first = Some(first);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
        let Ok(data) = frame?.into_data() else { continue };
        let mut rest = &data[..];
        loop {
            let room = rest.len().min(limit.saturating_sub(bytes.len()));
            let room = first.as_mut().map_or(room, |first| first.take(room));
            let (fits, beyond) = rest.split_at(room);
            bytes.extend_from_slice(fits);
            rest = beyond;
            if rest.is_empty() {
                break;
            }
            first = None;
            limit = more.take().map_or(0, |more| more(bytes));
            if limit <= bytes.len() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
