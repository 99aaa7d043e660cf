//! What lists cost: nothing of the database, once they are in force.

use storage::Kinds;

use super::*;

fn lists() -> [Vec<PrivacyItem>; 2] {
    let strangers = item(9, Subject::Subscription(storage::Subscription::None), false, Kinds::PRESENCE_OUT);
    [vec![deny(1, "c7@chess.example"), strangers.clone()], vec![deny(1, "c8@chess.example"), strangers]]
}

#[tokio::test]
async fn no_stanza_costs_a_statement() {
    let bench = Bench::new().await;
    let (desk, bert) = bench.friends(ANNA, BERT).await;
    let phone = bench.online(PHONE).await;
    let account = desk.resource().account();
    let [one, other] = lists();
    set_default(&bench, account, "a", &one).await;
    put(&bench, account, "b", &other).await;
    set_active(&bench, &phone, Some("b")).await;
    let before = bench.statements();
    for round in 0..2000 {
        desk.send("<message to='bert@chess.example'><body>x</body></message>").await;
        phone.send("<message to='c8@chess.example'><body>x</body></message>").await;
        bert.send("<message to='anna@chess.example'><body>x</body></message>").await;
        bert.send("<presence to='anna@chess.example/phone'/>").await;
        phone.send("<presence to='bert@chess.example'/>").await;
        if round % 100 == 0 {
            assert!([&desk, &phone, &bert].iter().all(|client| !client.received().is_empty()));
        }
    }
    assert_eq!(bench.statements(), before);
}

#[tokio::test]
async fn a_broadcast_costs_no_statement_and_goes_by_the_list_of_its_session() {
    let bench = Bench::new().await;
    let (desk, phone) = (bench.online(ANNA).await, bench.online(PHONE).await);
    let account = desk.resource().account();
    let contacts = bench.watchers(&desk, 200).await;
    let [one, other] = lists();
    set_default(&bench, account, "a", &one).await;
    put(&bench, account, "b", &other).await;
    set_active(&bench, &phone, Some("b")).await;
    for (client, denied) in [(&desk, 7), (&phone, 8)] {
        contacts.iter().for_each(|contact| drop(contact.received()));
        let before = bench.statements();
        client.send("<presence><show>away</show></presence>").await;
        assert_eq!(bench.statements(), before);
        for (number, contact) in contacts.iter().enumerate() {
            assert_eq!(contact.received().len(), usize::from(number != denied), "c{number}");
        }
    }
}

#[tokio::test]
async fn a_change_costs_one_write_and_only_its_difference() {
    let bench = Bench::new().await;
    let anna = bench.bind(ANNA).await;
    let account = anna.resource().account();
    let of = |name: &str| {
        let counts = bench.kernel.store().statement_counts();
        counts.iter().filter(|stat| stat.name == name).map(|stat| stat.calls).sum::<u64>()
    };
    let seen =
        || ["privacy_item.put", "privacy_item.remove", "privacy_item.list", "transaction.commit"].map(of);
    set_default(&bench, account, "a", &[deny(1, "x"), deny(2, "y")]).await;
    let before = seen();
    let made = |before: [u64; 4]| std::array::from_fn::<_, 4, _>(|index| seen()[index] - before[index]);
    put(&bench, account, "a", &[deny(1, "x"), deny(2, "z")]).await;
    assert_eq!(made(before), [1, 0, 0, 1]);
    put(&bench, account, "a", &[deny(1, "x")]).await;
    assert_eq!(made(before), [1, 1, 0, 2]);
    put(&bench, account, "a", &[deny(1, "x")]).await;
    assert_eq!(made(before), [1, 1, 0, 2]);
}
