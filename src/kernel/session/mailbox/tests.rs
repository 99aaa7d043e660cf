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

/// Takes at most so many stanzas to write.
fn ids(mailbox: &Mailbox, most: usize) -> Vec<String> {
    let mut taken: Vec<Option<Taken>> = vec![None; most];
    mailbox.take(usize::MAX, &mut taken);
    taken.into_iter().flatten().map(|(stanza, _)| stanza.id().unwrap().to_owned()).collect()
}

fn push(mailbox: &Mailbox, item: Item) -> Result<(), PushError> {
    mailbox.push(item, Release::Now, &Limits::default())
}

#[test]
fn written_is_gone_without_stream_management() {
    let mailbox = Mailbox::default();
    (0..5).for_each(|n| push(&mailbox, item(n)).unwrap());
    assert_eq!(ids(&mailbox, 3), ["0", "1", "2"]);
    assert_eq!(ids(&mailbox, 10), ["3", "4"]);
    assert_eq!(mailbox.held(), 0);
    assert!(mailbox.close().items.is_empty());
    assert_eq!(push(&mailbox, item(9)), Err(PushError::Closed));
}

#[test]
fn written_stays_until_acknowledged() {
    let mailbox = Mailbox::default();
    mailbox.manage();
    (0..5).for_each(|n| push(&mailbox, item(n)).unwrap());
    assert_eq!(ids(&mailbox, 3), ["0", "1", "2"]);
    assert_eq!(mailbox.acknowledge(4), Err(TooHigh { h: 4, sent: 3 }));
    assert_eq!(mailbox.acknowledge(2), Ok(()));
    assert_eq!(mailbox.unacknowledged(), 1);
    mailbox.rewind();
    assert_eq!(ids(&mailbox, 10), ["2", "3", "4"]);
    assert_eq!(mailbox.acknowledge(2), Ok(()), "the same again is nothing new");
    assert_eq!(mailbox.close().items.len(), 3);
}

#[test]
fn h_wraps_around() {
    let mailbox = Mailbox::default();
    mailbox.manage();
    mailbox.inner.lock().acked = u32::MAX;
    (0..2).for_each(|n| push(&mailbox, item(n)).unwrap());
    ids(&mailbox, 10);
    assert_eq!(mailbox.acknowledge(1), Ok(()));
    assert_eq!(mailbox.held(), 0);
}

#[test]
fn bounded_in_stanzas_and_bytes() {
    let few = Limits { mailbox_stanzas: Limit::of(2), ..Limits::default() };
    let mailbox = Mailbox::default();
    (0..2).for_each(|n| mailbox.push(item(n), Release::Now, &few).unwrap());
    assert_eq!(mailbox.push(item(2), Release::Now, &few), Err(PushError::Full));
    let small = Limits { mailbox_bytes: Limit::of(10), ..Limits::default() };
    assert_eq!(Mailbox::default().push(item(0), Release::Now, &small), Err(PushError::Full));
}

#[test]
fn about_as_many_bytes_are_taken_as_there_is_room_for() {
    let mailbox = Mailbox::default();
    (0..5).for_each(|n| push(&mailbox, item(n)).unwrap());
    let mut taken: [Option<Taken>; 5] = Default::default();
    assert_eq!(mailbox.take(item(0).stanza.size() + 1, &mut taken), 2);
}

#[test]
fn what_is_held_back_goes_with_the_next_that_is_not() {
    for managed in [false, true] {
        let mailbox = Mailbox::default();
        if managed {
            mailbox.manage();
        }
        push(&mailbox, item(0)).unwrap();
        (1..3).for_each(|n| mailbox.push(item(n), Release::Hold, &Limits::default()).unwrap());
        assert_eq!(ids(&mailbox, 10), ["0"]);
        assert_eq!(ids(&mailbox, 10), [""; 0]);
        push(&mailbox, item(3)).unwrap();
        assert_eq!(ids(&mailbox, 10), ["1", "2", "3"]);
        mailbox.push(item(4), Release::Hold, &Limits::default()).unwrap();
        mailbox.flush();
        assert_eq!(ids(&mailbox, 10), ["4"]);
    }
}

#[test]
fn the_latest_takes_the_place_of_what_it_supersedes() {
    let mailbox = Mailbox::default();
    let latest = |n| Release::Latest(Box::new(move |stanza: &Stanza| stanza.id() == Some(n)));
    push(&mailbox, item(1)).unwrap();
    mailbox.push(item(1), Release::Hold, &Limits::default()).unwrap();
    mailbox.push(item(2), latest("1"), &Limits::default()).unwrap();
    assert_eq!(ids(&mailbox, 10), ["1"], "what may be written is not superseded");
    mailbox.push(item(3), latest("9"), &Limits::default()).unwrap();
    mailbox.flush();
    assert_eq!(ids(&mailbox, 10), ["2", "3"]);
    assert_eq!(mailbox.inner.lock().counted.stanzas, 0);
}

#[test]
fn a_receipt_is_told_when_it_is_acknowledged() {
    let told = Arc::new(Told::default());
    let mailbox = Mailbox::default();
    mailbox.manage();
    let item = Item { receipt: Some(told.clone()), ..item(0) };
    push(&mailbox, item).unwrap();
    ids(&mailbox, 10);
    assert_eq!(told.0.load(Ordering::Relaxed), 0);
    assert_eq!(mailbox.acknowledge(1), Ok(()));
    assert_eq!(told.0.load(Ordering::Relaxed), 1);
}
