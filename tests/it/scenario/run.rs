//! Plays a script.

use std::collections::BTreeMap;

use xmpp::{Element, ns};

use super::Cast;
use super::client::{Client, Read1};
use super::matching::{Caught, expected, fill, matches};
use super::parse::{Action, Profile, Script};
use super::transport::{Result, Way};
use crate::fixture::Server;

struct Stage<'a> {
    server: &'a Server,
    cast: &'a Cast,
    script: &'a Script,
    connected: BTreeMap<String, Client>,
    lost: BTreeMap<String, Client>,
    caught: Caught,
    barriers: u32,
}

/// Plays a script against a server that has its accounts. The error says where it went wrong.
pub fn run(server: &Server, script: &Script, cast: &Cast) -> Result<()> {
    let (connected, lost) = (BTreeMap::new(), BTreeMap::new());
    let mut stage = Stage { server, cast, script, connected, lost, caught: Caught::new(), barriers: 0 };
    for step in &script.steps {
        let failed = |error| format!("{}.scn, line {}: {error}", script.name, step.line);
        stage.play(&step.action).map_err(failed)?;
    }
    Ok(())
}

impl Stage<'_> {
    fn play(&mut self, action: &Action) -> Result<()> {
        match action {
            Action::Connects(name) => {
                let client = Client::connect(self.way(name), self.profile(name))?;
                self.connected.insert(name.clone(), client);
                Ok(())
            }
            Action::Refused(name, condition) => self.refused(name, condition),
            Action::Sends(name, xml) => {
                let xml = fill(xml.trim(), &self.caught);
                self.client(name)?.write(&xml)
            }
            Action::Receives(name, xml) => self.receives(name, xml),
            Action::ReceivesAll(name, xml) => self.receives_all(name, xml),
            Action::ReceivesNothing(name) => self.receives_nothing(name),
            Action::Disconnects(name) => self.take(name)?.close(),
            Action::Drops(name) => {
                let mut client = self.take(name)?;
                client.cut();
                self.lost.insert(name.clone(), client);
                Ok(())
            }
            Action::Resumes(name) => {
                let lost = self.lost.remove(name);
                let mut client = lost.ok_or_else(|| format!("{name} has lost no connection"))?;
                let way = self.cast.resumes.map_or_else(|| self.way(name), |other| other.to(self.server));
                client.resume(way, self.profile(name))?;
                self.connected.insert(name.clone(), client);
                Ok(())
            }
            Action::IsClosed(name) => match self.take(name)?.read()? {
                Read1::End => Ok(()),
                Read1::Element(element) => Err(format!("{name} got this instead:\n{}", show(&element))),
            },
            Action::Operator(words) => {
                self.server.ok(&words.iter().map(String::as_str).collect::<Vec<_>>());
                Ok(())
            }
        }
    }

    fn way(&self, name: &str) -> Way {
        self.cast.transport(self.script, name).to(self.server)
    }

    fn profile(&self, name: &str) -> &Profile {
        &self.script.clients[name]
    }

    fn client(&mut self, name: &str) -> Result<&mut Client> {
        self.connected.get_mut(name).ok_or_else(|| format!("{name} is not connected"))
    }

    fn take(&mut self, name: &str) -> Result<Client> {
        self.connected.remove(name).ok_or_else(|| format!("{name} is not connected"))
    }

    fn refused(&mut self, name: &str, condition: &str) -> Result<()> {
        match Client::try_log_in(self.way(name), self.profile(name))? {
            Ok(_) => Err(format!("{name} was let in")),
            Err(got) if got == condition => Ok(()),
            Err(got) => Err(format!("{name} was refused with {got}")),
        }
    }

    fn read(&mut self, name: &str, wanted: &str) -> Result<Element> {
        match self.client(name)?.read() {
            Ok(Read1::Element(element)) => Ok(element),
            Ok(Read1::End) => Err(format!("the stream has ended, expected was:\n{wanted}")),
            Err(error) => Err(format!("{error}, expected was:\n{wanted}")),
        }
    }

    fn receives(&mut self, name: &str, xml: &str) -> Result<()> {
        for wanted in expected(&fill(xml, &self.caught))? {
            let got = self.read(name, &show(&wanted))?;
            if !matches(&wanted, &got, &mut self.caught) {
                return Err(format!("expected was:\n{}\n{name} got:\n{}", show(&wanted), show(&got)));
            }
        }
        Ok(())
    }

    fn receives_all(&mut self, name: &str, xml: &str) -> Result<()> {
        let mut wanted = expected(&fill(xml, &self.caught))?;
        while !wanted.is_empty() {
            let all: Vec<String> = wanted.iter().map(show).collect();
            let got = self.read(name, &all.join("\n"))?;
            let mut caught = self.caught.clone();
            let found = wanted.iter().position(|one| {
                caught.clone_from(&self.caught);
                matches(one, &got, &mut caught)
            });
            let Some(found) = found else {
                return Err(format!("expected was one of:\n{}\n{name} got:\n{}", all.join("\n"), show(&got)));
            };
            self.caught = caught;
            wanted.remove(found);
        }
        Ok(())
    }

    /// Everybody else asks the server something and waits for the answer: what they sent before has then met its
    /// fate, since a session's stanzas are taken one after another. Then the client itself sends a message to itself,
    /// which goes the way that everything for it goes: nothing may come before it.
    fn receives_nothing(&mut self, name: &str) -> Result<()> {
        self.barriers += 1;
        let id = format!("barrier-{}", self.barriers);
        for (_, client) in self.connected.iter_mut().filter(|(other, _)| *other != name) {
            let domain = client.jid.split(['@', '/']).nth(1).unwrap();
            let ping = format!("<iq type='get' to='{domain}' id='{id}'><ping xmlns='{}'/></iq>", ns::PING);
            client.write(&ping)?;
            let before = until(client, &id)?;
            client.waiting.extend(before);
        }
        let client = self.client(name)?;
        let to = client.jid.clone();
        client.write(&format!("<message type='headline' to='{to}' id='{id}'/>"))?;
        let mut before: Vec<Element> = client.waiting.drain(..).collect();
        before.extend(until(client, &id)?);
        let before: Vec<String> = before.iter().map(show).collect();
        if before.is_empty() { Ok(()) } else { Err(format!("{name} got:\n{}", before.join("\n"))) }
    }
}

/// Reads up to the stanza with this id from the connection. What came before it.
fn until(client: &mut Client, id: &str) -> Result<Vec<Element>> {
    let mut before = Vec::new();
    loop {
        match client.read_more()? {
            Read1::Element(element) if element.get("id") == Some(id) => return Ok(before),
            Read1::Element(element) => before.push(element),
            Read1::End => return Err("the stream has ended".into()),
        }
    }
}

fn show(element: &Element) -> String {
    format!("  {}", element.to_xml(ns::CLIENT))
}
