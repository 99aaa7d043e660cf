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

/// Takes at most `most` stanzas to write.
fn ids(mailbox: &Mailbox, most: usize) -> Vec<String> {
    let mut taken: Vec<Option<Taken>> = vec![None; most];
    mailbox.take(usize::MAX, &mut taken);
    taken.into_iter().flatten().map(|(stanza, _)| stanza.id().unwrap().to_owned()).collect()
}

fn push(mailbox: &Mailbox, item: Item) -> Result<(), PushError> {
    mailbox.push(item, Release::Now, &DomainLimits::default())
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

/// A message charged to its sender's share or to that of strangers.
fn from(sender: &str, charge: Charge) -> Item {
    let xml = format!("<message from='{sender}' id='f'><body>x</body></message>");
    Item { charge, ..Item::new(Stanza::parse_str(&xml).unwrap(), 0) }
}

/// Pushes copies until there is no room at this second; returns how many were taken, and the error.
fn fill(mailbox: &Mailbox, item: &Item, limits: &DomainLimits, second: i64) -> (usize, PushError) {
    let place = || mailbox.place(item.clone(), Release::Now, limits, || second * 1_000_000).err();
    let mut taken = 0;
    loop {
        match place() {
            None => taken += 1,
            Some(why) => return (taken, why),
        }
    }
}

const CROWDED: PushError = PushError::Crowded { stuck: false };

#[test]
fn each_sender_has_a_share_and_strangers_have_one_together() {
    let limits = DomainLimits { mailbox_stanzas: Limit::of(16), ..DomainLimits::default() };
    let mailbox = Mailbox::default();
    let stranger = |name: &str| from(name, Charge::Stranger);
    mailbox.place(stranger("x@a/1"), Release::Now, &limits, || 0).unwrap();
    assert_eq!(fill(&mailbox, &stranger("y@a/1"), &limits, 0), (3, CROWDED));
    for (sender, room) in [("bert@b/1", 4), ("bert@b/2", 0), ("carl@b", 4), ("dora@b", 4), ("emil@b", 0)] {
        assert_eq!(fill(&mailbox, &from(sender, Charge::Known), &limits, 0), (room, CROWDED), "{sender}");
    }
    assert_eq!(ids(&mailbox, 4).len(), 4);
    assert_eq!(fill(&mailbox, &stranger("z@a/1"), &limits, 0).0, 4, "what has left makes room");
}

#[test]
fn the_shares_hold_in_bytes_too_and_what_is_larger_than_one_fits() {
    let item = from("x@a/1", Charge::Stranger);
    let limits =
        DomainLimits { mailbox_bytes: Limit::of(8 * item.weight() as u64), ..DomainLimits::default() };
    assert_eq!(fill(&Mailbox::default(), &item, &limits, 0), (2, CROWDED));
    let small = DomainLimits { mailbox_bytes: Limit::of(10), ..DomainLimits::default() };
    for charge in [Charge::Known, Charge::Stranger, Charge::Push] {
        let mailbox = Mailbox::default();
        mailbox.place(from("x@a/1", charge), Release::Now, &small, || 0).unwrap();
    }
}

#[test]
fn a_reader_is_slow_by_time_without_progress() {
    let limits = DomainLimits { mailbox_stanzas: Limit::of(4), ..DomainLimits::default() };
    let mailbox = Mailbox::default();
    let friend = |n: usize| from(&format!("x{n}@a"), Charge::Known);
    (0..4).for_each(|n| mailbox.place(friend(n), Release::Now, &limits, || 0).unwrap());
    for second in [0, 9] {
        assert_eq!(fill(&mailbox, &friend(5), &limits, second), (0, CROWDED));
    }
    assert_eq!(ids(&mailbox, 1).len(), 1);
    assert_eq!(fill(&mailbox, &friend(6), &limits, 11), (1, CROWDED), "it reads");
    assert_eq!(fill(&mailbox, &friend(7), &limits, 20), (0, CROWDED));
    assert_eq!(fill(&mailbox, &friend(7), &limits, 21), (0, PushError::Full));
    assert_eq!(fill(&mailbox, &from("x6@a", Charge::Known), &limits, 22), (0, PushError::Full));
}

#[test]
fn what_the_client_asked_for_counts_against_nobody_until_it_is_written() {
    let limits = DomainLimits { mailbox_stanzas: Limit::of(4), ..DomainLimits::default() };
    let answer = |n: usize| Item { charge: Charge::Answer, ..item(n) };
    let mailbox = Mailbox::default();
    mailbox.manage();
    assert!(!mailbox.is_answering());
    (0..60).for_each(|n| mailbox.push(answer(n), Release::Now, &limits).unwrap());
    assert!(mailbox.is_answering());
    mailbox.place(from("x@a", Charge::Known), Release::Now, &limits, || 0).unwrap();
    assert_eq!(ids(&mailbox, 100).len(), 61);
    assert!(!mailbox.is_answering());
    assert!(mailbox.awaits_acknowledgement(&limits), "the next request has to wait");
    mailbox.push(Item { charge: Charge::Push, ..item(60) }, Release::Now, &limits).unwrap();
    assert_eq!(ids(&mailbox, 1).len(), 1);
    mailbox.rewind();
    assert!(mailbox.is_answering());
    assert_eq!(ids(&mailbox, 100).len(), 62);
    mailbox.acknowledge(60).unwrap();
    assert!(!mailbox.awaits_acknowledgement(&limits));
    mailbox.push(answer(61), Release::Now, &limits).unwrap();
    (0..100).for_each(|n| mailbox.push(answer(n), Release::Now, &limits).unwrap());
}

/// One stanza of the client may cause any number of them; only in bulk may many such stanzas come at once.
#[test]
fn the_presence_of_contacts_has_a_bound_only_in_bulk() {
    let limits = DomainLimits { mailbox_stanzas: Limit::of(4), ..DomainLimits::default() };
    let presence = |n: usize| Item { charge: Charge::Presence, ..item(n) };
    let mailbox = Mailbox::default();
    (0..1000).for_each(|n| mailbox.push(presence(n), Release::Now, &limits).unwrap());
    assert!(mailbox.is_answering());
    let mailbox = Mailbox::default();
    mailbox.keep_in_bulk();
    let taken = (0..30_000).filter(|n| mailbox.push(presence(*n), Release::Now, &limits).is_ok()).count();
    assert_eq!(taken, 20_000);
    assert!(mailbox.has_too_many_answers(&limits));
}

#[test]
fn pushes_have_bounds_of_their_own() {
    let limits = DomainLimits { mailbox_stanzas: Limit::of(4), ..DomainLimits::default() };
    let mailbox = Mailbox::default();
    let push = |n: usize| mailbox.push(Item { charge: Charge::Push, ..item(n) }, Release::Now, &limits);
    (0..16).for_each(|n| push(n).unwrap());
    assert_eq!(push(16), Err(PushError::Full));
    mailbox.place(from("x@a", Charge::Known), Release::Now, &limits, || 0).unwrap();
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
        (1..3).for_each(|n| mailbox.push(item(n), Release::Hold, &DomainLimits::default()).unwrap());
        assert_eq!(ids(&mailbox, 10), ["0"]);
        assert_eq!(ids(&mailbox, 10), [""; 0]);
        push(&mailbox, item(3)).unwrap();
        assert_eq!(ids(&mailbox, 10), ["1", "2", "3"]);
        mailbox.push(item(4), Release::Hold, &DomainLimits::default()).unwrap();
        mailbox.flush();
        assert_eq!(ids(&mailbox, 10), ["4"]);
    }
}

#[test]
fn the_latest_takes_the_place_of_what_it_supersedes() {
    let mailbox = Mailbox::default();
    let latest = |n| Release::Latest(Box::new(move |stanza: &Stanza| stanza.id() == Some(n)));
    push(&mailbox, item(1)).unwrap();
    mailbox.push(item(1), Release::Hold, &DomainLimits::default()).unwrap();
    mailbox.push(item(2), latest("1"), &DomainLimits::default()).unwrap();
    assert_eq!(ids(&mailbox, 10), ["1"], "what may be written is not superseded");
    mailbox.push(item(3), latest("9"), &DomainLimits::default()).unwrap();
    mailbox.flush();
    assert_eq!(ids(&mailbox, 10), ["2", "3"]);
    assert_eq!(mailbox.inner.lock().loads.sent().stanzas, 0);
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

#[test]
fn only_what_its_sender_sends_behind_a_message_waits_with_it() {
    let mailbox = Mailbox::default();
    let place = |sender: &str, xml: &str| {
        let stanza = Stanza::parse_str(&xml.replacen(" ", &format!(" from='{sender}' "), 1));
        mailbox.place(Item::new(stanza.unwrap(), 0), Release::Now, &DomainLimits::default(), || 0).unwrap();
    };
    assert!(mailbox.hold_back());
    place("anna@a/1", "<message id='1'/>");
    place("bert@b/1", "<presence id='2'/>");
    place("anna@a/1", "<presence id='3'/>");
    assert_eq!(ids(&mailbox, 10), ["2"]);
    mailbox.reading();
    place("bert@b/1", "<presence id='4'/>");
    assert_eq!(ids(&mailbox, 10), [""; 0]);
    place("bert@b", "<presence id='5' type='subscribed'/>");
    assert_eq!(ids(&mailbox, 10), ["5"], "its roster push follows at once");
    assert!(mailbox.read_to_end());
    assert_eq!(ids(&mailbox, 10), ["1", "3", "4"]);
}
