//! Plugins in a kernel without other modules: hooks, swaps, what is kept and what is dropped.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use xmpp::StreamCondition;

use super::bench::{Bench, DOMAIN, received};
use super::guest::{ANSWER, Guest};
use super::kit::built;
use crate::{DeployOptions, DomainSettings, Occasion};

#[tokio::test]
async fn sunshine_closes_a_session_and_what_it_kept_goes_with_it() {
    let bench = Bench::new().await;
    let sunshine = bench.deploy("sunshine", &built("sunshine"), &["sessions.close"]);
    bench.serve(vec![sunshine.module()]).await;
    let anna = bench.bind("anna").await;
    for _ in 0..10 {
        bench.clock.advance(Duration::from_secs(1));
        bench.send(&anna, "<presence/>").await;
    }
    assert_eq!(anna.ending(), None);
    assert_eq!(bench.platform.stats_of("sunshine").sessions, 1);

    drop(sunshine);
    bench.serve(Vec::new()).await;
    assert!(bench.platform.loaded().is_empty(), "unloaded");
    bench.send(&anna, "<presence/>").await;
    assert_eq!(anna.ending(), None, "nobody counts");

    let again = bench.deploy("sunshine", &built("sunshine"), &["sessions.close"]);
    bench.serve(vec![again.module()]).await;
    bench.send(&anna, "<presence/>").await;
    let error = anna.ending().unwrap();
    assert_eq!(error.condition, StreamCondition::PolicyViolation);
    assert_eq!(error.text.as_deref(), Some("Too many repeated presences"));
    let dropped = bench.kernel.counters().dropped_by("sunshine");
    assert_eq!(dropped, 1, "the stanza is swallowed, under the plugin's name");

    anna.end().await;
    drop(anna);
    assert_eq!(bench.platform.stats_of("sunshine").sessions, 0);
}

#[tokio::test]
async fn offline_filter_swallows_what_nobody_is_online_for() {
    let bench = Bench::new().await;
    let plugin = bench.platform.load("offline-filter", &built("offline-filter")).unwrap();
    let config = json!({ "drop": [{ "from": "anna@chess.example", "ns": "urn:example:move" }] });
    let options = DeployOptions {
        config: config.as_object().unwrap().clone(),
        domains: vec![DomainSettings { domain: DOMAIN.into(), ..Default::default() }],
        ..Default::default()
    };
    let filter = bench.platform.deploy(&plugin, &options, Occasion::Start).unwrap();
    bench.serve(vec![filter.module()]).await;
    let anna = bench.bind("anna").await;
    let to_bert = |inner: &str| format!("<message to='bert@{DOMAIN}' type='chat' id='m'>{inner}</message>");
    bench.send(&anna, &to_bert("<body>e4</body><move xmlns='urn:example:move'/>")).await;
    assert_eq!(received(&anna), [""; 0], "no bounce");
    bench.send(&anna, &to_bert("<body>hi</body>")).await;
    assert_eq!(received(&anna).len(), 1, "nobody stores here, so the other one comes back");
    let stats = bench.platform.stats_of("offline-filter");
    assert_eq!((stats.hooks[0].verdicts["discard"], stats.hooks[0].verdicts["keep"]), (1, 1));
    assert_eq!(bench.kernel.counters().dropped_by("offline-filter"), 1);
}

#[tokio::test]
async fn after_a_swap_only_the_new_version_judges() {
    let bench = Bench::new().await;
    // verdicts: pass, and drop for messages
    let drop_messages = "(i32.store8 (i32.const 1024) (i32.eqz (local.get 0))) (i32.const 1024)";
    let versions = [ANSWER, drop_messages].map(|filter| Guest::filter(filter).build());
    let (anna, bert);
    bench.serve(Vec::new()).await;
    (anna, bert) = (bench.bind("anna").await, bench.bind("bert").await);
    for round in 0..20 {
        let file = bench.folder.path().join("guest.wasm");
        std::fs::write(&file, &versions[round % 2]).unwrap();
        let deployment = bench.deploy("guest", &file, &[]);
        bench.serve(vec![deployment.module()]).await;
        bench.send(&anna, &format!("<message to='{}'><body>{round}</body></message>", bert.jid())).await;
        assert_eq!(received(&bert).len(), 1 - round % 2, "{round}");
    }
    assert_eq!(bench.platform.loaded().len(), 1);
    assert_eq!(bench.platform.stats_of("guest").hooks[0].calls, 20);
}

/// What nobody has changed is told to no session.
#[tokio::test]
async fn a_swap_is_no_change_of_the_domains_options() {
    let bench = Bench::new().await;
    bench.serve(Vec::new()).await;
    let host = bench.kernel.host(DOMAIN).unwrap();
    let (version, table) = (host.version(), bench.kernel.table(&host).unwrap());
    let sunshine = bench.deploy("sunshine", &built("sunshine"), &["sessions.close"]);
    bench.serve(vec![sunshine.module()]).await;
    assert_eq!(host.version(), version);
    assert!(!Arc::ptr_eq(&bench.kernel.table(&host).unwrap(), &table));
}
