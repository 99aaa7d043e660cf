//! What a mailbox keeps, and for how long.

use std::sync::atomic::{AtomicUsize, Ordering};

use settings::Limit;

use super::*;

#[derive(Default)]
struct Told(AtomicUsize);

impl Receipt for Told {
    fn delivered(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn returned(&self) {}
}

fn item(n: usize) -> Item {
    let stanza = Stanza::parse_str(&format!("<message id='{n}'><body>x</body></message>")).unwrap();
    Item::new(stanza, 0)
}

fn ids(mailbox: &Mailbox, room: usize) -> Vec<String> {
    let mut ids = Vec::new();
    mailbox.take(room, |stanza| {
        ids.push(stanza.id().unwrap().to_owned());
        ids.len() * 10
    });
    ids
}

#[test]
fn written_is_gone_without_stream_management() {
    let mailbox = Mailbox::default();
    (0..5).for_each(|n| mailbox.push(item(n), &Limits::default()).unwrap());
    assert_eq!(ids(&mailbox, 30), ["0", "1", "2"]);
    assert_eq!(ids(&mailbox, 1000), ["3", "4"]);
    assert_eq!(mailbox.held(), 0);
    assert!(mailbox.close().items.is_empty());
    assert_eq!(mailbox.push(item(9), &Limits::default()), Err(PushError::Closed));
}

#[test]
fn written_stays_until_acknowledged() {
    let mailbox = Mailbox::default();
    mailbox.manage();
    (0..5).for_each(|n| mailbox.push(item(n), &Limits::default()).unwrap());
    assert_eq!(ids(&mailbox, 30), ["0", "1", "2"]);
    assert_eq!(mailbox.acknowledge(4), Err(TooHigh { h: 4, sent: 3 }));
    assert_eq!(mailbox.acknowledge(2), Ok(()));
    assert_eq!(mailbox.unacknowledged(), 1);
    mailbox.rewind();
    assert_eq!(ids(&mailbox, 1000), ["2", "3", "4"]);
    assert_eq!(mailbox.acknowledge(2), Ok(()), "the same again is nothing new");
    assert_eq!(mailbox.close().items.len(), 3);
}

#[test]
fn h_wraps_around() {
    let mailbox = Mailbox::default();
    mailbox.manage();
    mailbox.inner.lock().acked = u32::MAX;
    (0..2).for_each(|n| mailbox.push(item(n), &Limits::default()).unwrap());
    ids(&mailbox, 1000);
    assert_eq!(mailbox.acknowledge(1), Ok(()));
    assert_eq!(mailbox.held(), 0);
}

#[test]
fn bounded_in_stanzas_and_bytes() {
    let few = Limits { mailbox_stanzas: Limit::of(2), ..Limits::default() };
    let mailbox = Mailbox::default();
    (0..2).for_each(|n| mailbox.push(item(n), &few).unwrap());
    assert_eq!(mailbox.push(item(2), &few), Err(PushError::Full));
    let small = Limits { mailbox_bytes: Limit::of(10), ..Limits::default() };
    assert_eq!(Mailbox::default().push(item(0), &small), Err(PushError::Full));
}

#[test]
fn a_receipt_is_told_when_it_is_acknowledged() {
    let told = Arc::new(Told::default());
    let mailbox = Mailbox::default();
    mailbox.manage();
    let item = Item { receipt: Some(told.clone()), ..item(0) };
    mailbox.push(item, &Limits::default()).unwrap();
    ids(&mailbox, 1000);
    assert_eq!(told.0.load(Ordering::Relaxed), 0);
    assert_eq!(mailbox.acknowledge(1), Ok(()));
    assert_eq!(told.0.load(Ordering::Relaxed), 1);
}
