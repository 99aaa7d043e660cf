//! For tests: the password of each user is `open-` and the name; some names misbehave, and so does the password `trap`. Rules on the recipients of messages by what
//! their body says.

use castling_plugin::{
    AccountName, BeforeDeliver, Lifecycle, Outcome, PasswordCheck, Ruling, Stanza, ask, call, facts,
};

struct Doorman;

impl Lifecycle for Doorman {
    fn configure(_domain: u32) -> Result<(), String> {
        Ok(())
    }
}

impl PasswordCheck for Doorman {
    fn check(_domain: u32, name: &AccountName, password: &str) -> Outcome {
        match name.user.as_str() {
            "trap" => panic!("as asked"),
            "loop" => loop {
                std::hint::black_box(());
            },
            "hang" => hang(name),
            _ if password == "trap" => panic!("as asked"),
            "later" => Outcome::TryLater,
            user if user.starts_with("other") => Outcome::NotMine,
            user if user.starts_with("nobody") => Outcome::NoSuchAccount,
            user if password != format!("open-{user}") => Outcome::Refuse,
            "locked" => Outcome::Locked,
            _ => Outcome::Accept,
        }
    }

    fn exists(_domain: u32, name: &AccountName) -> Outcome {
        match name.user.as_str() {
            user if user.starts_with("other") => Outcome::NotMine,
            user if user.starts_with("nobody") => Outcome::NoSuchAccount,
            _ => Outcome::Accept,
        }
    }
}

/// Waits for an answer that never comes.
fn hang(name: &AccountName) -> Outcome {
    let ping = "<ping xmlns='urn:xmpp:ping'/>";
    let silent = format!("silent@{}/x", name.domain);
    loop {
        let _ = ask::iq(&name.domain, &silent, false, ping, 30_000);
    }
}

impl BeforeDeliver for Doorman {
    fn filter(_stanza: &Stanza, recipients: &[u32]) -> Vec<Ruling> {
        let body = call::child_text("body", "jabber:client").unwrap_or_default();
        let rule = |(index, about): (usize, &u32)| {
            let jid = call::recipient_jid(u32::try_from(index).unwrap_or(u32::MAX));
            let is_away = about & facts::IS_AVAILABLE == 0;
            match body.split_once(' ') {
                Some(("drop", who)) if jid.starts_with(who) => Ruling::Drop,
                Some(("reject", who)) if jid.starts_with(who) => Ruling::Reject,
                Some(("away", _)) if is_away => Ruling::Reject,
                _ => Ruling::Pass,
            }
        };
        if body == "few" {
            return Vec::new();
        }
        recipients.iter().enumerate().map(rule).collect()
    }
}

castling_plugin::plugin!(Doorman: lifecycle, password_check, before_deliver);
castling_plugin::manifest!("manifest.json");
