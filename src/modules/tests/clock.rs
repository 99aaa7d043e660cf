//! The wall clock is set while sessions are there: what waits does so by the monotonic clock, and what was stored is in the
//! order of its arrival.

use std::time::Duration;

use super::bench::{Bench, Client, NOW_US};

const DAY_US: i64 = 86_400_000_000;

async fn say(anna: &Client, bodies: &[&str]) {
    for body in bodies {
        anna.send(&format!(
            "<message type='chat' id='{body}' to='bert@chess.example'><body>x</body></message>"
        ))
        .await;
    }
    anna.settled().await;
}

/// The ids of messages.
fn ids(stanzas: &[String]) -> Vec<&str> {
    let messages = stanzas.iter().filter(|stanza| stanza.starts_with("<message"));
    messages.map(|message| message.split("id='").nth(1).unwrap().split('\'').next().unwrap()).collect()
}

/// Bert, available, with stream management; what came to him by then.
async fn bert(bench: &Bench, resource: &str) -> (Client, Vec<String>) {
    let bert = bench.bind(&format!("bert@chess.example/{resource}")).await;
    bert.hold().manage();
    bert.hold().make_resumable(300);
    bert.send("<presence/>").await;
    let came = bert.settled().await;
    (bert, came)
}

/// Messages that arrive on three days in this order: today, tomorrow, yesterday.
async fn over_three_days(bench: &Bench, anna: &Client) {
    for (day, id) in [(0, "today"), (1, "tomorrow"), (-1, "yesterday")] {
        bench.clock.set(NOW_US + day * DAY_US);
        say(anna, &[id]).await;
    }
    bench.clock.set(NOW_US);
}

#[tokio::test]
async fn what_a_session_had_not_acknowledged_is_stored_in_the_order_of_its_arrival() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let (phone, _) = bert(&bench, "phone").await;
    over_three_days(&bench, &anna).await;
    phone.hold().detach().await;
    bench.kept("bert@chess.example", 3).await;
    let bench = bench.restarted().await;
    let (_desk, came) = bert(&bench, "desk").await;
    assert_eq!(ids(&came), ["today", "tomorrow", "yesterday"]);
}

#[tokio::test]
async fn what_a_waiting_session_hands_over_is_in_the_order_of_its_arrival() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let (phone, _) = bert(&bench, "phone").await;
    phone.hold().detach().await;
    over_three_days(&bench, &anna).await;
    let (_desk, came) = bert(&bench, "desk").await;
    assert_eq!(ids(&came), ["today", "tomorrow", "yesterday"]);
}

/// That a name is unknown is remembered for a minute.
#[tokio::test]
async fn an_unknown_name_is_looked_up_again_though_the_clock_was_set_back() {
    let bench = Bench::new().await;
    let anna = bench.online("anna@chess.example/a").await;
    let dora = "<message type='chat' id='1' to='dora@chess.example'><body>x</body></message>";
    anna.send(dora).await;
    assert!(anna.receives(1).await[0].contains("service-unavailable"));
    // By another program: this server is not notified.
    bench.kernel.store().accounts().create("chess.example", "dora", &[], NOW_US).await.unwrap();
    bench.clock.set(NOW_US - DAY_US);
    bench.clock.advance(Duration::from_secs(61));
    anna.send(dora).await;
    bench.kept("dora@chess.example", 1).await;
    assert!(anna.received().is_empty());
}
