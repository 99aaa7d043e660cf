//! IQ requests that a plugin answers.

use std::sync::Arc;

use kernel::{IqRequest, IqResult, Registrar, Target};
use xmpp::{Framing, StanzaError};

use crate::bindings::castling::plugin::types::StanzaError as WitStanzaError;
use crate::deployment::Deployment;
use crate::failure::{Failure, FailureKind};
use crate::head;
use crate::hook::Hook;
use crate::manifest::{RequestManifest, Sender, Want};
use crate::service::{About, Asked, Budget};
use crate::state::Account;
use crate::subject::Subject;
use crate::verdict;
use crate::{facts, service};

impl Deployment {
    pub(super) fn register_requests(
        self: &Arc<Self>,
        registrar: &mut Registrar<'_>,
        requests: &[RequestManifest],
        domain: u32,
    ) {
        for request in requests {
            let (target, holds) = (request.target(), request.holds());
            let owner_only = target == Target::Account && request.from == Sender::Owner;
            // Whom to ask is told by the domain, also of what is sent to accounts.
            registrar.feature(Target::Host, &request.ns);
            if !owner_only && target == Target::Account {
                registrar.feature(Target::Account, &request.ns);
            }
            for kind in request.kinds() {
                let this = self.clone();
                let answer = move |asked: IqRequest| this.clone().answer(asked, owner_only, domain);
                let (name, ns) = (request.name.as_str(), request.ns.as_str());
                match owner_only {
                    true => registrar.own_iq(holds, kind, name, ns, answer),
                    false => registrar.iq_holding(holds, target.clone(), kind, name, ns, answer),
                }
            }
        }
    }

    async fn answer(self: Arc<Self>, asked: IqRequest, owner_only: bool, domain: u32) -> IqResult {
        if owner_only {
            asked.own_account()?;
        }
        let subject = subject(&asked, domain);
        let mut text = String::new();
        let head = head::pack(&subject, Want::Head, &mut text);
        let xml = String::from_utf8_lossy(&asked.stanza.to_bytes(Framing::Inherit)).into_owned();
        let call = Asked {
            hook: Hook::IqHandler,
            about: About { domain, call: Some(subject.call()) },
            caller: subject.caller(),
            budget: Budget::WORK,
            alone: false,
        };
        let leave = self.leave(&call).await.map_err(|failure| refused(&failure))?;
        let answer = self.call_with(
            leave,
            call,
            move |store, guests| {
                Box::pin(async move {
                    let guest = service::exported(&guests.iq_handler, Hook::IqHandler)?;
                    guest.call_handle(store, head, &text, &xml).await
                })
            },
            judged,
        );
        let answer = answer.await.map_err(|failure| refused(&failure))?;
        self.scope.memory.stats.hook(Hook::IqHandler, domain).verdict(usize::from(answer.is_err()));
        answer
    }
}

/// What is sent.
fn judged(answer: Result<Option<String>, WitStanzaError>) -> Result<IqResult, Failure> {
    let invalid = |why: String| Failure::new(FailureKind::Verdict, format!("the answer is invalid: {why}"));
    Ok(match answer {
        Ok(None) => Ok(None),
        Ok(Some(payload)) => Ok(Some(verdict::element(&payload).map_err(invalid)?)),
        Err(error) => Err(verdict::stanza_error(&error).map_err(|failure| invalid(failure.message))?),
    })
}

/// What the sender of a request is told when the plugin fails.
pub(super) fn refused(failure: &Failure) -> StanzaError {
    match failure.kind {
        FailureKind::Overloaded | FailureKind::Exhausted | FailureKind::Share => {
            StanzaError::resource_constraint().text("too many requests are being answered; try again later")
        }
        FailureKind::Open | FailureKind::Blamed => StanzaError::service_unavailable()
            .kind(xmpp::ErrorType::Wait)
            .text("this service is suspended; try again later"),
        _ => StanzaError::internal_server_error(),
    }
}

fn subject(asked: &IqRequest, domain: u32) -> Subject<'_> {
    let is_local = |jid: &xmpp::Jid| asked.kernel.host(jid.domain()).is_some();
    let from_local = asked.resource.is_some() || asked.from().is_some_and(is_local);
    let from = if from_local { facts::FROM_LOCAL } else { facts::FROM_REMOTE };
    Subject {
        stanza: &asked.stanza,
        client: asked.resource.as_ref(),
        link: None,
        is_elsewhere: asked.resource.as_ref().is_some_and(|one| one.host().name() != asked.host.name()),
        #[cfg(test)]
        made: None,
        domain,
        account: Account::Recipients(asked.account.as_ref().map(|account| account.jid().clone())),
        recipients: None,
        facts: head::of_stanza(&asked.stanza) | from | facts::TO_LOCAL,
    }
}
