//! Reads a script.

use std::collections::BTreeMap;

use super::transport::Transport;

/// A script as it is to be played.
pub struct Script {
    /// Its file's name.
    pub name: String,
    /// Its clients, by name.
    pub clients: BTreeMap<String, Profile>,
    /// The domains of its server, in the configuration's words; none: the usual ones.
    pub config: Option<String>,
    /// Where it cannot hold, and why.
    pub not_over: Vec<(Transport, String)>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// Who a client logs in as.
pub struct Profile {
    /// Bare or full JID.
    pub jid: String,
    pub password: String,
    /// False: there is no such account.
    pub exists: bool,
}

/// A step and where it stands.
pub struct Step {
    pub line: usize,
    pub action: Action,
}

/// What happens in one step.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Logs in and binds.
    Connects(String),
    /// Tries to log in and gets this SASL failure.
    Refused(String, String),
    /// Writes XML.
    Sends(String, String),
    /// Gets these stanzas, in this order.
    Receives(String, String),
    /// Gets these stanzas, in any order.
    ReceivesAll(String, String),
    /// Has got nothing that no step has spoken of.
    ReceivesNothing(String),
    /// Ends its stream.
    Disconnects(String),
    /// Loses its connection.
    Drops(String),
    /// Takes its session up again (XEP-0198).
    Resumes(String),
    /// Finds its stream ended by the server.
    IsClosed(String),
    /// A `castling` command succeeds.
    Operator(Vec<String>),
}

impl Script {
    /// The accounts that have to be there.
    pub fn accounts(&self) -> Vec<&str> {
        let existing = self.clients.values().filter(|client| client.exists);
        let mut accounts: Vec<&str> = existing.map(|client| bare(&client.jid)).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}

fn bare(jid: &str) -> &str {
    jid.split('/').next().unwrap()
}

/// Reads a script. `number` goes into the names of its accounts.
pub fn parse(name: &str, number: usize, text: &str) -> Result<Script, String> {
    let text = rename(text, number);
    let (clients, steps) = (BTreeMap::new(), Vec::new());
    let mut script = Script { name: name.to_owned(), clients, config: None, not_over: Vec::new(), steps };
    let mut lines = text.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut block = String::new();
        while let Some((_, more)) =
            lines.next_if(|(_, next)| next.trim().is_empty() || next.starts_with([' ', '\t']))
        {
            block.push_str(more);
            block.push('\n');
        }
        let failed = |error: &str| format!("line {}: {error}", at + 1);
        if let Some(client) = line.strip_prefix("[Client] ") {
            let known =
                script.clients.insert(client.trim().to_owned(), profile(&block).map_err(|e| failed(&e))?);
            if known.is_some() {
                return Err(failed("that client is there already"));
            }
        } else if line.trim() == "[Config]" {
            script.config = Some(block);
        } else if let Some(transport) = line.strip_prefix("[Not over] ") {
            script.not_over.push(excuse(transport.trim(), &block).map_err(|e| failed(&e))?);
        } else {
            let action = action(line.trim(), &block, &script).map_err(|e| failed(&e))?;
            script.steps.push(Step { line: at + 1, action });
        }
    }
    if script.steps.is_empty() { Err("nothing happens".into()) } else { Ok(script) }
}

/// `anna@chess.example` becomes `anna-7@chess.example` everywhere, for every account of a `[Client]`.
fn rename(text: &str, number: usize) -> String {
    let mut accounts: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("jid: "))
        .map(|jid| bare(jid.trim()))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts.iter().fold(text.to_owned(), |text, account| {
        let (local, domain) = account.split_once('@').unwrap_or((account, ""));
        text.replace(account, &format!("{local}-{number}@{domain}"))
    })
}

/// A script that does not hold over a transport says why.
fn excuse(name: &str, block: &str) -> Result<(Transport, String), String> {
    let transport = Transport::ALL.into_iter().find(|transport| transport.name() == name);
    let transport = transport.ok_or_else(|| format!("there is no transport {name}"))?;
    let reason = block.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() { Err("why not?".into()) } else { Ok((transport, reason)) }
}

fn profile(block: &str) -> Result<Profile, String> {
    let mut profile = Profile { jid: String::new(), password: "secret".into(), exists: true };
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        match line.trim().split_once(": ") {
            Some(("jid", jid)) => profile.jid = jid.trim().to_owned(),
            Some(("password", password)) => profile.password = password.trim().to_owned(),
            Some(("account", "none")) => profile.exists = false,
            _ => return Err(format!("not a client's property: {line}")),
        }
    }
    if profile.jid.contains('@') { Ok(profile) } else { Err("a client has a jid".into()) }
}

fn action(line: &str, block: &str, script: &Script) -> Result<Action, String> {
    if let Some(command) = line.strip_prefix("Operator runs: ") {
        return Ok(Action::Operator(command.split_whitespace().map(str::to_owned).collect()));
    }
    let (name, what) = line.split_once(' ').ok_or("no step")?;
    if !script.clients.contains_key(name) {
        return Err(format!("there is no client {name}"));
    }
    let name = name.to_owned();
    let with_xml = what.ends_with(':');
    if with_xml == block.trim().is_empty() {
        return Err(if with_xml { "no XML follows" } else { "XML that nobody asked for" }.into());
    }
    let xml = block.to_owned();
    Ok(match what {
        "connects" => Action::Connects(name),
        "sends:" => Action::Sends(name, xml),
        "receives:" => Action::Receives(name, xml),
        "receives in any order:" => Action::ReceivesAll(name, xml),
        "receives nothing" => Action::ReceivesNothing(name),
        "disconnects" => Action::Disconnects(name),
        "drops" => Action::Drops(name),
        "resumes" => Action::Resumes(name),
        "is closed" => Action::IsClosed(name),
        _ => match what.strip_prefix("is refused with ") {
            Some(condition) => Action::Refused(name, condition.to_owned()),
            None => return Err(format!("unknown step: {what}")),
        },
    })
}

#[test]
fn a_script() {
    let text = "# about\n[Not over] bosh\n\tno\n\treason\n[Client] Anna\n\tjid: anna@a.example/x\n\tpassword: p\n[Client] Bert\n  jid: bert@a.example\n  \
                account: none\n\nAnna connects\n\nAnna sends:\n\t<message to='bert@a.example'/>\n\n\t<a/>\nBert is \
                refused with not-authorized\nOperator runs: user del anna@a.example\n";
    let script = parse("x", 3, text).unwrap();
    assert_eq!(script.accounts(), ["anna-3@a.example"]);
    assert_eq!(script.not_over, [(Transport::Bosh, "no reason".to_owned())]);
    assert_eq!(script.clients["Anna"].jid, "anna-3@a.example/x");
    let actions: Vec<_> = script.steps.into_iter().map(|step| (step.line, step.action)).collect();
    let anna = || "Anna".to_owned();
    assert_eq!(
        actions,
        [
            (12, Action::Connects(anna())),
            (14, Action::Sends(anna(), "\t<message to='bert-3@a.example'/>\n\n\t<a/>\n".into())),
            (18, Action::Refused("Bert".into(), "not-authorized".into())),
            (19, Action::Operator(["user", "del", "anna-3@a.example"].map(str::to_owned).into())),
        ]
    );
}

#[test]
fn what_is_no_script() {
    let anna = "[Client] Anna\n jid: anna@a.example\n";
    for (text, error) in [
        (format!("{anna}Anna dances\n"), "line 3: unknown step: dances"),
        (format!("{anna}Carl connects\n"), "line 3: there is no client Carl"),
        (format!("{anna}Anna sends:\n"), "line 3: no XML follows"),
        (format!("{anna}Anna connects\n <a/>\n"), "line 3: XML that nobody asked for"),
        (anna.to_owned(), "nothing happens"),
        (format!("[Not over] pigeons\n wind\n{anna}"), "line 1: there is no transport pigeons"),
        (format!("[Not over] bosh\n{anna}"), "line 1: why not?"),
        ("[Client] Anna\n name: x\n".to_owned(), "line 1: not a client's property:  name: x"),
    ] {
        assert_eq!(parse("x", 0, &text).err().as_deref(), Some(error), "{text}");
    }
}
