//! One of the sessions: it says numbers to its partner, and now and then to somebody who is away.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use xmpp::{Element, ns};

use super::account;
use super::page::Page;
use super::phase::{Phase, Shared};
use crate::scenario::client::{Client, Read1};
use crate::scenario::parse::Profile;
use crate::scenario::transport::{Result, Transport, Way};

const JUDGED: &str = "urn:example:judged";
const SENT: &str = "urn:example:sent";
/// Every so many messages one goes to the offline store.
const STORED: u64 = 10;
/// Messages that are counted together.
const TOLD: u64 = 10;

/// A message to somebody who is away.
struct Stored {
    number: u64,
    /// The phases in one of which it was judged; the end is not known while the message may be under way.
    earliest: u32,
    latest: Option<u32>,
}

/// What a talker has seen.
#[derive(Default)]
pub struct Report {
    /// Messages heard.
    pub heard: u64,
    /// How many of them could only be judged in one phase, by phase.
    pub certain: BTreeMap<u32, u64>,
    stored: Vec<Stored>,
    /// What it spoke over, and how often its page was loaded anew.
    pub reloads: Option<(Transport, u32)>,
}

pub struct Talker {
    page: Page,
    shared: Arc<Shared>,
    partner: String,
    away: String,
    report: Report,
}

fn profile(jid: String) -> Profile {
    Profile { jid, password: "secret".into(), exists: true }
}

fn attribute<T: std::str::FromStr>(element: &Element, name: &str) -> Result<T> {
    let value = element.get(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| format!("{name} is missing: {}", element.to_xml(ns::CLIENT)))
}

impl Talker {
    /// Logs in.
    pub fn connect(way: Way, shared: &Arc<Shared>, index: usize) -> Result<Self> {
        let page = Page::connect(way, profile(format!("{}/x", account("talker", index))))?;
        shared.connected();
        let (partner, away) = (format!("{}/x", account("talker", index ^ 1)), account("away", index));
        Ok(Self { page, shared: shared.clone(), partner, away, report: Report::default() })
    }

    /// Says a number and hears one, again and again, until both have said that it is their last.
    pub fn talk(mut self) -> Result<Report> {
        self.shared.everybody(super::SESSIONS);
        let (mut said_all, mut heard_all) = (false, false);
        let mut number = 0;
        while !(said_all && heard_all) {
            if !said_all {
                said_all = self.shared.stopped();
                self.say(number, said_all)?;
            }
            if !heard_all {
                heard_all = self.hear(number)?;
            }
            number += 1;
        }
        self.nothing_more()?;
        self.report.reloads = Some((self.page.transport(), self.page.reloads));
        let latest = self.shared.of("offline-filter").latest();
        for stored in &mut self.report.stored {
            stored.latest.get_or_insert(latest);
        }
        Ok(self.report)
    }

    fn say(&mut self, number: u64, last: bool) -> Result<()> {
        if number.is_multiple_of(STORED) {
            let earliest = self.shared.of("offline-filter").earliest();
            self.report.stored.push(Stored { number, earliest, latest: None });
            self.page.write(&message(&self.away, number, 0, false))?;
        }
        let earliest = self.shared.of("mark").earliest();
        let message = message(&self.partner, number, earliest, last);
        match self.page.reloads == 0 && self.shared.takes_reload(self.page.transport()) {
            true => self.page.reload(&message, number.is_multiple_of(2)),
            false => self.page.write(&message),
        }
    }

    /// Hears this number from the partner, and whether it is the last.
    fn hear(&mut self, number: u64) -> Result<bool> {
        let element = self.page.read()?;
        let sent =
            element.find("sent", SENT).ok_or_else(|| format!("heard {}", element.to_xml(ns::CLIENT)))?;
        let heard: u64 = attribute(sent, "number")?;
        if heard != number || element.get("from") != Some(self.partner.as_str()) {
            return Err(format!("heard {} instead of number {number}", element.to_xml(ns::CLIENT)));
        }
        self.judged(&element, attribute(sent, "earliest")?)?;
        self.report.heard += 1;
        if self.report.heard.is_multiple_of(TOLD) {
            self.shared.heard(TOLD);
        }
        self.until_here(number);
        attribute(sent, "last")
    }

    /// A message has at most one mark, that of a version that may have judged it.
    fn judged(&mut self, message: &Element, earliest: u32) -> Result<()> {
        let phase = self.shared.of("mark");
        let phases = earliest..=phase.latest();
        let marks = marks(message)?;
        let right = match marks[..] {
            [] => phase.leaves_unmarked(phases.clone()),
            [by] => phases.contains(&by),
            _ => false,
        };
        if !right {
            return Err(format!("{} although phases were {phases:?}", message.to_xml(ns::CLIENT)));
        }
        if let Some(only) = single(&phases) {
            *self.report.certain.entry(only).or_default() += 1;
        }
        Ok(())
    }

    /// The partner has said `number` after it heard everything before: what was sent before that has been judged.
    fn until_here(&mut self, number: u64) {
        let latest = self.shared.of("offline-filter").latest();
        let open = self.report.stored.iter_mut().rev().take_while(|stored| stored.latest.is_none());
        open.filter(|stored| stored.number < number).for_each(|stored| stored.latest = Some(latest));
    }

    /// After the partner's last message comes none.
    fn nothing_more(&mut self) -> Result<()> {
        self.page.write(&format!("<iq type='get' id='last'><ping xmlns='{}'/></iq>", ns::PING))?;
        let element = self.page.read()?;
        match element.is("iq", ns::CLIENT) {
            true => Ok(()),
            false => Err(format!("heard {} after the end", element.to_xml(ns::CLIENT))),
        }
    }
}

fn message(to: &str, number: u64, earliest: u32, last: bool) -> String {
    format!(
        "<message to='{to}' type='chat'><body>{number}</body>\
         <sent xmlns='{SENT}' number='{number}' earliest='{earliest}' last='{last}'/></message>"
    )
}

/// The versions that have marked a message.
fn marks(message: &Element) -> Result<Vec<u32>> {
    message.children().filter(|child| child.is("judged", JUDGED)).map(|mark| attribute(mark, "by")).collect()
}

fn single(phases: &RangeInclusive<u32>) -> Option<u32> {
    (phases.start() == phases.end()).then_some(*phases.start())
}

/// Logs in as somebody who was away; the numbers that were kept, as they come.
pub fn stored(way: Way, jid: &str) -> Result<Vec<u64>> {
    let mut client = Client::connect(way, &profile(format!("{jid}/x")))?;
    client.write(&format!("<presence/><message to='{jid}/x' type='headline' id='end'/>"))?;
    let mut numbers = Vec::new();
    loop {
        match client.read()? {
            Read1::Element(element) if element.get("id") == Some("end") => return Ok(numbers),
            Read1::Element(element) if element.is("message", ns::CLIENT) => {
                if marks(&element)?.len() > 1 {
                    return Err(format!("judged twice: {}", element.to_xml(ns::CLIENT)));
                }
                let sent = element.find("sent", SENT).ok_or("kept is what nobody sent")?;
                numbers.push(attribute(sent, "number")?);
            }
            Read1::Element(_) => {}
            Read1::End => return Err("the stream has ended".into()),
        }
    }
}

impl Report {
    /// Compares what was kept with what versions may have decided. The phases of the messages that could be judged in
    /// one only.
    pub fn fates(&self, phase: &Phase, kept: &[u64]) -> Result<Vec<u32>> {
        if !kept.is_sorted_by(|a, b| a < b) {
            return Err(format!("kept out of order or twice: {kept:?}"));
        }
        let mut strange: BTreeSet<u64> = kept.iter().copied().collect();
        let mut certain = Vec::new();
        for stored in &self.stored {
            let phases = stored.earliest..=stored.latest.unwrap_or(u32::MAX);
            let is_kept = strange.remove(&stored.number);
            if !phases.clone().any(|one| phase.discards(one) != is_kept) {
                let fate = if is_kept { "kept" } else { "not kept" };
                return Err(format!("message {} was {fate} in phases {phases:?}", stored.number));
            }
            certain.extend(single(&phases));
        }
        if strange.is_empty() { Ok(certain) } else { Err(format!("nobody sent {strange:?}")) }
    }
}
