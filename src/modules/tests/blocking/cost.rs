//! The cost of privacy lists.

use super::{ANNA, BERT, NOTHING, block, done, list, unavailable};
use crate::tests::bench::Bench;

#[tokio::test]
async fn no_stanza_costs_a_query() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    let carl = bench.online("carl@chess.example/c").await;
    done(&anna, &block(&["bert@chess.example", "x.example"])).await;
    let before = bench.statements();
    for round in 0..2500 {
        anna.send("<message to='bert@chess.example'><body>x</body></message>").await;
        bert.send("<message to='anna@chess.example'><body>x</body></message>").await;
        bert.send("<presence to='anna@chess.example' type='subscribe'/>").await;
        carl.send("<message to='anna@chess.example'><body>x</body></message>").await;
        if round % 100 == 0 {
            assert!(!anna.received().is_empty() && !bert.received().is_empty());
        }
    }
    assert_eq!(bench.statements(), before);
}

#[tokio::test]
async fn a_broadcast_leaves_the_blocked_out_and_costs_no_query() {
    let bench = Bench::new().await;
    let anna = bench.online(ANNA).await;
    let contacts = bench.watchers(&anna, 200).await;
    done(&anna, &block(&["c7@chess.example"])).await;
    assert_eq!(contacts[7].one(), unavailable(ANNA, "c7@chess.example"));
    let before = bench.statements();
    anna.send("<presence><show>away</show></presence>").await;
    assert_eq!(bench.statements(), before);
    for (number, contact) in contacts.iter().enumerate() {
        assert_eq!(contact.received().len(), usize::from(number != 7), "c{number}");
    }
}

#[tokio::test]
async fn an_account_without_a_list_costs_nothing_more() {
    let bench = Bench::new().await;
    let (anna, bert) = bench.friends(ANNA, BERT).await;
    let privacy = || {
        let counts = bench.kernel.store().statement_counts();
        counts.iter().filter(|stat| stat.name.contains("privacy")).map(|stat| stat.calls).sum::<u64>()
    };
    anna.send("<message to='bert@chess.example'><body>x</body></message>").await;
    bert.send("<message to='anna@chess.example'><body>x</body></message>").await;
    anna.received();
    assert_eq!(list(&anna).await, NOTHING);
    assert_eq!(privacy(), 0, "the list came with the account");
    assert!(anna.resource().account().screen().is_none());
}
