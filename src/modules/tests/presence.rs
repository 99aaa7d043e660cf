//! RFC 6121 section 4 between accounts of this server.

use super::bench::Bench;

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn who_sees_whom_come_and_go() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let carl = bench.online("carl@chess.example/c").await;
    bert.drop_connection().await;
    assert_eq!(
        anna.one(),
        "<presence from='bert@chess.example/b' to='anna@chess.example' type='unavailable'/>"
    );
    let bert = bench.bind("bert@chess.example/b").await;
    bert.send("<presence><show>away</show></presence>").await;
    assert_eq!(
        bert.settled().await,
        [
            "<presence from='bert@chess.example/b' to='bert@chess.example'><show>away</show></presence>",
            "<presence from='anna@chess.example/a' to='bert@chess.example/b'/>",
        ]
    );
    let seen = "<presence from='bert@chess.example/b' to='anna@chess.example'><show>away</show></presence>";
    assert_eq!(anna.one(), seen);
    bert.send("<presence type='unavailable'><status>bye</status></presence>").await;
    assert_eq!(
        bert.one(),
        "<presence from='bert@chess.example/b' to='bert@chess.example/b' type='unavailable'>\
         <status>bye</status></presence>"
    );
    assert_eq!(
        anna.one(),
        "<presence from='bert@chess.example/b' to='anna@chess.example' type='unavailable'>\
         <status>bye</status></presence>"
    );
    bert.drop_connection().await;
    assert_eq!(anna.received(), NOTHING, "it has said so already");
    assert_eq!(carl.received(), NOTHING);
}

#[tokio::test]
async fn resources_of_one_account_see_each_other() {
    let bench = Bench::new().await;
    let desk = bench.online("anna@chess.example/desk").await;
    let phone = bench.bind("anna@chess.example/phone").await;
    phone.send("<presence><priority>-1</priority></presence>").await;
    let new = "<presence from='anna@chess.example/phone' to='anna@chess.example'><priority>-1</priority></presence>";
    assert_eq!(desk.one(), new);
    assert_eq!(
        phone.received(),
        [new, "<presence from='anna@chess.example/desk' to='anna@chess.example/phone'/>"]
    );
    phone.drop_connection().await;
    assert_eq!(
        desk.one(),
        "<presence from='anna@chess.example/phone' to='anna@chess.example' type='unavailable'/>"
    );
}

#[tokio::test]
async fn the_other_anna_is_somebody_else() {
    let bench = Bench::new().await;
    let (_anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let other = bench.online("anna@wuchess.example/a").await;
    assert_eq!(bert.received(), NOTHING, "bert does not see her");
    bert.send("<presence><show>dnd</show></presence>").await;
    bert.send("<message type='chat' to='anna@chess.example'><body>x</body></message>").await;
    assert_eq!(other.received(), NOTHING, "nor she him");
}

#[tokio::test]
async fn directed_presence_is_taken_back_at_the_end() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    let carl = bench.online("carl@chess.example/c").await;
    anna.send("<presence to='bert@chess.example/b'><show>chat</show></presence>").await;
    anna.send("<presence to='carl@chess.example'/>").await;
    anna.send("<presence to='carl@chess.example' type='unavailable'/>").await;
    assert_eq!(
        bert.one(),
        "<presence from='anna@chess.example/a' to='bert@chess.example/b'><show>chat</show></presence>"
    );
    assert_eq!(carl.received().len(), 2);
    anna.send("<presence><show>away</show></presence>").await;
    assert_eq!(bert.received(), NOTHING, "a change is not for him");
    anna.drop_connection().await;
    assert_eq!(
        bert.one(),
        "<presence from='anna@chess.example/a' to='bert@chess.example/b' type='unavailable'/>"
    );
    assert_eq!(carl.received(), NOTHING, "it was taken back before");
}

#[tokio::test]
async fn presence_only_to_somebody() {
    let bench = Bench::new().await;
    let anna = bench.bind("anna@chess.example/a").await;
    let bert = bench.online("bert@chess.example/b").await;
    anna.send("<presence to='bert@chess.example'/>").await;
    bert.one();
    anna.drop_connection().await;
    assert_eq!(
        bert.one(),
        "<presence from='anna@chess.example/a' to='bert@chess.example' type='unavailable'/>"
    );
}

#[tokio::test]
async fn presence_only_to_a_contact() {
    let bench = Bench::new().await;
    let (_anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let phone = bench.bind("anna@chess.example/phone").await;
    phone.send("<presence to='bert@chess.example'/>").await;
    bert.one();
    phone.drop_connection().await;
    let end = "<presence from='anna@chess.example/phone' to='bert@chess.example' type='unavailable'/>";
    assert_eq!(bert.one(), end, "it was never broadcast, so its end is not either");
}

#[tokio::test]
async fn so_much_directed_presence_and_no_more() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    for n in 0..1000 {
        anna.send(&format!("<presence to='x{n}@nowhere.example'/>")).await;
    }
    assert_eq!(anna.received(), NOTHING);
    anna.send("<presence to='bert@chess.example'/>").await;
    assert!(anna.one().contains("resource-constraint"));
}

#[tokio::test]
async fn probes_tell_nothing_to_strangers() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let carl = bench.online("carl@chess.example/c").await;
    for to in ["anna@chess.example", "nobody@chess.example"] {
        carl.send(&format!("<presence type='probe' to='{to}'/>")).await;
        assert_eq!(carl.received(), NOTHING);
    }
    assert_eq!(bench.kernel.counters().dropped_by("presence"), 2, "neither got anywhere");
    bert.send("<presence type='probe' to='anna@chess.example'/>").await;
    assert_eq!(bert.one(), "<presence from='anna@chess.example/a' to='bert@chess.example/b'/>");
    assert_eq!(anna.received(), NOTHING);
    anna.drop_connection().await;
    bert.received();
    bert.send("<presence type='probe' to='anna@chess.example'/>").await;
    assert_eq!(
        bert.one(),
        "<presence from='anna@chess.example' to='bert@chess.example/b' type='unavailable'/>"
    );
}

#[tokio::test]
async fn rosters_that_disagree_are_brought_together() {
    let bench = Bench::new().await;
    let (_anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    // anna's roster forgets bert without telling him, as after a restored backup
    let account = bench.kernel.account_in_use(&_anna.bare()).unwrap();
    let version = bench.kernel.roster(&account).await.unwrap().version + 1;
    let gone = storage::RosterChange { version, remove: vec![bert.bare()], ..Default::default() };
    bench.kernel.store().roster().apply(account.id(), gone).await.unwrap();
    bench.kernel.invalidate_roster(&account);
    bert.drop_connection().await;
    let bert = bench.bind("bert@chess.example/b").await;
    bert.send("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>").await;
    bert.received();
    bert.send("<presence/>").await;
    let got = bert.received();
    assert!(got.iter().any(|s| s.contains("subscription='from'")), "{got:#?}");
    assert!(!got.iter().any(|s| s.contains("from='anna@chess.example/a'")), "{got:#?}");
}

#[tokio::test]
async fn presence_asks_the_database_nothing() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends("anna@chess.example/a", "bert@chess.example/b").await;
    let calls = || bench.kernel.store().statement_counts().iter().map(|s| s.calls).sum::<u64>();
    let before = calls();
    for show in ["away", "dnd", "xa"] {
        anna.send(&format!("<presence><show>{show}</show></presence>")).await;
    }
    anna.send("<presence to='carl@chess.example'/>").await;
    anna.send("<presence type='probe' to='bert@chess.example'/>").await;
    assert_eq!(bert.received().len(), 3);
    assert_eq!(calls(), before);
}
