//! The elements in which RFC 6120 section 6.4 frames the messages of SASL.

use auth::SaslError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use xmpp::{Document, Element, ns};

use super::{Exchange, Step};
use crate::opening::{Ended, Line, Purpose};
use crate::pipe::Pipe;

/// How an attempt ends: who the peer is, and what it is told with `<success/>`.
pub(crate) type Outcome<Who> = Result<(Who, Option<Vec<u8>>), SaslError>;

/// Runs an exchange that the peer has begun with `<auth/>`, to its end, which the caller tells the peer.
pub(crate) async fn attempt<P: Pipe, U: Purpose, E: Exchange>(
    line: &mut Line<'_, P, U>,
    auth: &Document,
    mut exchange: E,
) -> Result<Outcome<E::Who>, Ended> {
    let mut message = match is_absent(auth) {
        // The server's first challenge is empty then (RFC 6120 section 6.4.2).
        true => challenge(line, &[]).await?,
        false => decoded(auth),
    };
    loop {
        let bytes = match message {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        };
        message = match exchange.step(&bytes).await {
            Step::Challenge(bytes) => challenge(line, &bytes).await?,
            Step::Done(who, last) => return Ok(Ok((who, last))),
            Step::Failed(error) => return Ok(Err(error)),
        };
    }
}

/// Sends a challenge and reads the response.
async fn challenge<P: Pipe, U: Purpose>(
    line: &mut Line<'_, P, U>,
    bytes: &[u8],
) -> Result<Result<Vec<u8>, SaslError>, Ended> {
    line.pipe.element(&Element::new("challenge", ns::SASL).text(STANDARD.encode(bytes)));
    let answer = line.element().await?;
    let root = answer.root();
    Ok(match (root.ns(), root.name()) {
        (ns::SASL, "response") => decoded(&answer),
        (ns::SASL, "abort") => Err(SaslError::Aborted),
        _ => Err(SaslError::MalformedRequest),
    })
}

/// Without text there is no initial response; an empty one is `=` (RFC 6120 section 6.4.2).
fn is_absent(auth: &Document) -> bool {
    auth.root().text().trim().is_empty()
}

/// The element's decoded base64 text; `=` stands for empty data (RFC 6120 section 6.4.2).
fn decoded(element: &Document) -> Result<Vec<u8>, SaslError> {
    let text = element.root().text();
    match text.trim() {
        "=" => Ok(Vec::new()),
        text => STANDARD.decode(text).map_err(|_| SaslError::IncorrectEncoding),
    }
}

/// `<success/>`
pub(crate) fn success(last: Option<&[u8]>) -> Element {
    let element = Element::new("success", ns::SASL);
    match last {
        Some(bytes) => element.text(STANDARD.encode(bytes)),
        None => element,
    }
}

/// `<failure/>`
pub(crate) fn failure(error: SaslError, text: Option<&str>) -> Element {
    let failure = Element::new("failure", ns::SASL).child(Element::new(error.as_str(), ns::SASL));
    let text = text.or((error == SaslError::InvalidAuthzid).then_some("you may only act as yourself"));
    match text {
        Some(text) => failure.child(Element::new("text", ns::SASL).attr("xml:lang", "en").text(text)),
        None => failure,
    }
}
