//! XEP-0077: In-Band Registration. A client makes an account before it logs in, changes its password, and
//! gives the account up with everything that belongs to it. Off unless the operator switches it on.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use auth::{ChangeError, LoginLimiter};
use kernel::{
    About, Account, AccountDeletion, EarlyRequest, Holds, Host, IqKind, IqRequest, IqResult, Kernel, Module,
    Phase, Registrar, SessionAbout, Target, Transport,
};
use serde_json::Value;
use settings::{Limit, group, number};
use xmpp::{Element, Jid, Node, StanzaError, ns};

use crate::OptionError;
use crate::options;
use crate::refused::Refused;

group! {
    /// Who may register.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Register {
        /// Accounts that one address may create per minute.
        accounts_per_minute: Limit = number(3, 1..=1_000_000);
    }
}

const PASSWORD_BYTES: usize = 1024;

struct Registration {
    options: Register,
    /// Limits registrations by address; created with the first one.
    limiter: OnceLock<LoginLimiter>,
}

pub(crate) fn build(options: &Value) -> Result<Arc<dyn Module>, OptionError> {
    Ok(Arc::new(Registration { options: options::read(options)?, limiter: OnceLock::new() }))
}

impl Module for Registration {
    fn about(&self) -> About {
        About { name: "register".into(), specifications: vec![("XEP-0077", "2.4")] }
    }

    fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
        registrar.feature(Target::Host, ns::REGISTER);
        if registrar.options().auth.accepts_accounts() {
            registrar.stream_feature(Phase::Login, Element::new("register", ns::REGISTER_FEATURE));
        }
        registrar.early_iq(IqKind::Get, "query", ns::REGISTER, |_| async { Ok(Some(form(None))) });
        let this = self;
        registrar.early_iq(IqKind::Set, "query", ns::REGISTER, move |request| {
            let this = this.clone();
            async move { this.create(request).await }
        });
        for kind in [IqKind::Get, IqKind::Set] {
            registrar.to_strangers(kind, "query", ns::REGISTER, false, |_| Err(StanzaError::forbidden()));
        }
        for target in [Target::Host, Target::Account] {
            registrar.iq(target.clone(), IqKind::Get, "query", ns::REGISTER, registered);
            registrar.iq_holding(Holds::Everything, target, IqKind::Set, "query", ns::REGISTER, change);
        }
    }
}

/// The form to fill in (section 3.1); with a name, the answer that the client is registered (section 3.1.2).
fn form(name: Option<&str>) -> Element {
    let query = Element::new("query", ns::REGISTER);
    let field = |name: &'static str, text: &str| Element::new(name, ns::REGISTER).text(text);
    match name {
        None => query
            .child(field("instructions", "Choose a user name and a password."))
            .child(field("username", ""))
            .child(field("password", "")),
        Some(name) => query
            .child(Element::new("registered", ns::REGISTER))
            .child(field("username", name))
            .child(field("password", "")),
    }
}

impl Registration {
    /// Section 3.1: a new account.
    async fn create(&self, EarlyRequest { kernel, host, about, stanza }: EarlyRequest) -> IqResult {
        confidential(&about)?;
        let query = stanza.payload().ok_or_else(StanzaError::bad_request)?;
        if query.child("remove", ns::REGISTER).is_some() {
            return Err(StanzaError::unexpected_request().text("log in to delete your account"));
        }
        let (name, password) = (text(query, "username")?, password(query)?);
        let malformed = || StanzaError::not_acceptable().text("this user name is not allowed");
        let jid = Jid::from_parts(Some(&name), host.name(), None).map_err(|_| malformed())?;
        let local = jid.local().ok_or_else(malformed)?;
        self.allow(&kernel, about.address.ip())?;
        let auth = host.options().auth.clone();
        auth.create(host.name(), local, &password, kernel.now_us()).await.map_err(refusal)?;
        if let Err(error) = kernel.account_made(&host, local).await {
            tracing::error!(%jid, %error, "cannot notify the modules of a new account");
        }
        tracing::info!(%jid, address = %about.address.ip(), "account registered");
        Ok(None)
    }

    /// Counts an attempt; an address that creates too many accounts is refused for a while.
    fn allow(&self, kernel: &Kernel, address: IpAddr) -> Result<(), StanzaError> {
        let limiter = self.limiter.get_or_init(|| {
            LoginLimiter::new(self.options.accounts_per_minute, kernel.runtime().clock.clone())
        });
        limiter.judge(address, false).map_err(|limited| {
            let seconds = limited.retry_after.as_secs() + 1;
            let text = format!("too many registrations from this address; try again in {seconds} seconds");
            StanzaError::resource_constraint().text(text)
        })
    }
}

/// The account of the requesting client; this feature does not serve requests of others.
fn own(request: &IqRequest) -> Result<Arc<Account>, StanzaError> {
    let client = request.resource.as_ref().ok_or_else(StanzaError::forbidden)?;
    match &request.account {
        Some(account) if account.jid() != client.account().jid() => Err(StanzaError::forbidden()),
        _ if client.host().name() != request.host.name() => Err(StanzaError::forbidden()),
        _ => Ok(client.account().clone()),
    }
}

async fn registered(request: IqRequest) -> IqResult {
    let account = own(&request)?;
    Ok(Some(form(account.jid().local())))
}

/// Sections 3.2 and 3.3: the account is cancelled, or its password changes.
async fn change(request: IqRequest) -> IqResult {
    let account = own(&request)?;
    let query = request.stanza.payload().ok_or_else(StanzaError::bad_request)?;
    let host = account.host();
    if query.child("remove", ns::REGISTER).is_some() {
        if query.children().count() > 1 {
            return Err(StanzaError::bad_request().text("<remove/> must be the only child element"));
        }
        return remove(&request, host, &account).await;
    }
    if let Some(resource) = &request.resource {
        confidential(&resource.about())?;
    }
    let (name, password) = (text(query, "username")?, password(query)?);
    let named = Jid::from_parts(Some(&name), host.name(), None).ok();
    if named.as_ref() != Some(account.jid()) {
        return Err(StanzaError::not_allowed().text("you may only change your own password"));
    }
    let local = account.jid().local().unwrap_or_default();
    let auth = host.options().auth.clone();
    auth.set_password(host.name(), local, &password).await.map_err(refusal)?;
    request.kernel.password_changed(&account, request.resource.as_ref()).await;
    Ok(None)
}

async fn remove(request: &IqRequest, host: &Arc<Host>, account: &Account) -> IqResult {
    let local = account.jid().local().unwrap_or_default();
    let by = request.resource.as_ref();
    let auth = host.options().auth.clone();
    match auth.exists_elsewhere(host.name(), local).await {
        Ok(None) => {}
        Ok(Some(provider)) => return Err(refusal(ChangeError::KeptBy(provider.to_owned()))),
        Err(error) => return Err(refusal(ChangeError::Failed(error))),
    }
    match request.kernel.delete_account(host, local, by).await {
        Ok(AccountDeletion::Deleted) => Ok(None),
        Ok(AccountDeletion::NoSuchAccount) => Err(StanzaError::registration_required()),
        Err(error) => Err(Refused::from(error).0),
    }
}

/// Passwords are accepted only over an encrypted connection. Without TLS, TCP is served on loopback only, for
/// a local proxy that terminates TLS; behind a web proxy, all clients appear to be local unless the proxy is
/// trusted and says otherwise.
fn confidential(about: &SessionAbout) -> Result<(), StanzaError> {
    match about.tls || (about.transport == Transport::Tcp && about.address.ip().is_loopback()) {
        true => Ok(()),
        false => Err(StanzaError::not_allowed().text("passwords are only accepted over TLS")),
    }
}

fn text(query: Node<'_>, name: &str) -> Result<String, StanzaError> {
    let text = query.child(name, ns::REGISTER).map(|field| field.text().into_owned());
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| StanzaError::not_acceptable().text(format!("<{name}/> is required")))
}

fn password(query: Node<'_>) -> Result<String, StanzaError> {
    let password = text(query, "password")?;
    match password.len() <= PASSWORD_BYTES {
        true => Ok(password),
        false => Err(StanzaError::not_acceptable().text("the password is too long")),
    }
}

fn refusal(error: ChangeError) -> StanzaError {
    match error {
        ChangeError::Exists => StanzaError::conflict().text("this user name is taken"),
        ChangeError::NoSuchAccount => StanzaError::item_not_found(),
        ChangeError::Password(error) => StanzaError::not_acceptable().text(error.to_string()),
        ChangeError::NotHere | ChangeError::KeptBy(_) => {
            StanzaError::not_allowed().text("accounts of this domain are managed elsewhere")
        }
        ChangeError::Failed(error) if error.temporary => StanzaError::resource_constraint()
            .text("accounts cannot be changed at the moment; try again later"),
        ChangeError::Failed(error) => {
            tracing::error!(%error, "cannot write an account");
            StanzaError::internal_server_error()
        }
    }
}
