//! Plugins that may wait, in a kernel.

use ::kernel::{BindError, Hold};
use storage::source::SourceOptions;

use super::bench::{Bench, DOMAIN, next, received};
use super::kit::built;
use xmpp::Condition;

use crate::LoadError;

const GRANTS: &[&str] = &[
    "accounts.available",
    "accounts.exists",
    "accounts.roster",
    "accounts.set-account-slot",
    "ask",
    "kv",
    "routing.send:chess.example",
    "sql.query:members/find",
];

struct Keeper {
    bench: Bench,
}

impl Keeper {
    async fn new() -> Self {
        let bench = Bench::new().await;
        bench.kernel.store().accounts().create(DOMAIN, "watcher", &[], 0).await.unwrap();
        let deployment = bench.deploy("keeper", &built("keeper"), GRANTS);
        bench.serve(vec![deployment.module()]).await;
        Self { bench }
    }

    /// What it answers to a client; without what the client gets beside.
    async fn answer(&self, hold: &Hold, words: &str) -> String {
        self.ask(hold, words).await;
        loop {
            let stanza = next(hold).await;
            if stanza.contains("<iq") && !stanza.contains("type='get'") {
                return stanza;
            }
        }
    }

    async fn ask(&self, hold: &Hold, words: &str) {
        let iq = format!("<iq type='set' id='1'><do xmlns='urn:example:keeper'>{words}</do></iq>");
        self.bench.send(hold, &iq).await;
    }

    fn failures(&self) -> Vec<(&'static str, u64)> {
        let hooks = self.bench.platform.stats_of("keeper").hooks;
        hooks.into_iter().flat_map(|hook| hook.failures).collect()
    }
}

fn done(answer: &str) -> &str {
    let inner = answer.split_once("<done xmlns='urn:example:keeper'>").map(|(_, rest)| rest);
    let inner = inner.and_then(|rest| rest.split_once("</done>")).map(|(inner, _)| inner);
    let empty = answer.contains("<done xmlns='urn:example:keeper'/>").then_some("");
    inner.or(empty).unwrap_or(answer)
}

#[tokio::test]
async fn requests_are_answered_and_errors_passed_on() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    assert_eq!(done(&keeper.answer(&anna, "echo e4").await), "e4");
    let from = keeper.answer(&anna, "from").await;
    assert_eq!(done(&from), format!("anna@chess.example/x {}", anna.id()));
    let error = keeper.answer(&anna, "fail not-acceptable").await;
    assert!(error.contains("<not-acceptable"), "{error}");
    assert!(error.contains("as asked") && error.contains("<why xmlns='urn:example:keeper'/>"), "{error}");
    assert!(keeper.answer(&anna, "fail nonsense").await.contains("<internal-server-error"));
    assert!(keeper.answer(&anna, "xml").await.contains("<internal-server-error"));
    assert_eq!(keeper.failures(), [("verdict", 2)]);
    let stats = keeper.bench.platform.stats_of("keeper");
    let iq = stats.hooks.iter().find(|hook| hook.hook == "iq-handler").unwrap();
    assert_eq!((iq.calls, iq.verdicts["result"], iq.verdicts["error"]), (5, 2, 1));
}

#[tokio::test]
async fn requests_of_others_to_an_account_are_forbidden() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    for to in ["bert", "nobody"] {
        let iq = format!(
            "<iq type='set' id='1' to='{to}@{DOMAIN}'><do xmlns='urn:example:keeper'>echo x</do></iq>"
        );
        keeper.bench.send(&anna, &iq).await;
        let answer = next(&anna).await;
        assert!(answer.contains("<forbidden"), "{to}: {answer}");
    }
    let table = keeper.bench.kernel.table(anna.host()).unwrap();
    let features = table.features(&kernel::Target::Host);
    assert!(features.iter().any(|feature| &**feature == "urn:example:keeper"));
}

#[tokio::test]
async fn one_that_fails_is_discarded_and_the_next_call_has_another() {
    let keeper = Keeper::new().await;
    let (anna, bert) = (keeper.bench.bind("anna").await, keeper.bench.bind("bert").await);
    assert!(keeper.answer(&anna, "panic").await.contains("<internal-server-error"));
    assert_eq!(done(&keeper.answer(&anna, "echo on").await), "on");
    assert!(keeper.answer(&bert, "grow 100000000").await.contains("<internal-server-error"));
    assert_eq!(done(&keeper.answer(&anna, "echo on").await), "on");
    let stats = keeper.bench.platform.stats_of("keeper");
    assert_eq!(stats.discarded, 2);
    let failure = stats.last_failure.unwrap();
    assert_eq!((failure.kind, failure.stanza.as_str(), failure.session), ("memory", "1", bert.id()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_never_ends_is_stopped_and_lets_others_have_the_thread() {
    let keeper = Keeper::new().await;
    let (anna, bert) = (keeper.bench.bind("anna").await, keeper.bench.bind("bert").await);
    keeper.ask(&anna, "loop").await;
    keeper.ask(&anna, "echo after").await;
    assert_eq!(done(&keeper.answer(&bert, "echo meanwhile").await), "meanwhile");
    assert!(next(&anna).await.contains("<internal-server-error"), "after two seconds of CPU time");
    assert!(keeper.failures().contains(&("deadline", 1)));
    let more = next(&anna).await;
    assert!(more.contains("<resource-constraint"), "its share of CPU time is used up: {more}");
}

#[tokio::test]
async fn what_it_sends_keeps_its_order_and_its_addresses() {
    let keeper = Keeper::new().await;
    let (anna, bert) = (keeper.bench.bind("anna").await, keeper.bench.bind("bert").await);
    for number in 0..20 {
        let answer = keeper.answer(&anna, &format!("send news@{DOMAIN} {} {number}", bert.jid())).await;
        assert_eq!(done(&answer), "Ok(())");
    }
    for number in 0..20 {
        let message = next(&bert).await;
        assert!(message.contains(&format!("<body>{number}</body>")), "{number}: {message}");
        assert!(message.contains("from='news@chess.example'"));
    }
    for (from, to, why) in [
        ("news@other.example", "bert@chess.example", "out-of-scope"),
        ("not@a@jid", "bert@chess.example", "bad-argument"),
        ("chess.example", "not@a@jid", "bad-argument"),
    ] {
        let answer = keeper.answer(&anna, &format!("send {from} {to} x")).await;
        assert!(done(&answer).contains(why), "{from} {to}: {answer}");
    }
    assert_eq!(received(&bert), [""; 0]);
}

#[tokio::test]
async fn it_may_ask_and_wait_while_others_are_served() {
    let keeper = Keeper::new().await;
    let (anna, bert) = (keeper.bench.bind("anna").await, keeper.bench.bind("bert").await);
    keeper.ask(&anna, &format!("ask {DOMAIN} {}", bert.jid())).await;
    let request = next(&bert).await;
    assert!(request.contains("<ping") && request.contains("from='chess.example'"), "{request}");
    // It waits; others do not.
    assert_eq!(done(&keeper.answer(&bert, "echo meanwhile").await), "meanwhile");
    let id = request.split("id='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    keeper
        .bench
        .send(&bert, &format!("<iq type='result' id='{id}' to='{DOMAIN}'><pong xmlns='urn:x'/></iq>"))
        .await;
    let answer = next(&anna).await;
    assert_eq!(done(&answer), "Ok(Some(\"&lt;pong xmlns='urn:x'/&gt;\"))");
    let denied = keeper.answer(&anna, &format!("ask other.example {}", bert.jid())).await;
    assert!(denied.contains("out-of-scope"), "{denied}");
}

#[tokio::test]
async fn accounts_and_statements_within_its_grants() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    let ask = async |words: &str| done(&keeper.answer(&anna, words).await).to_owned();
    assert_eq!(ask("exists anna@chess.example").await, "Ok(true)");
    assert_eq!(ask("exists nobody@chess.example").await, "Ok(false)");
    assert_eq!(ask("exists anna@other.example").await, "Err(out-of-scope)");
    assert_eq!(ask("exists chess.example").await, "Err(bad-argument)");
    assert_eq!(ask("available anna@chess.example").await, "Ok([])");
    assert_eq!(ask("roster anna@chess.example").await, "Ok([])");

    let file = keeper.bench.folder.path().join("members.db");
    std::process::Command::new("sqlite3")
        .arg(&file)
        .arg("create table member (name text, age integer); insert into member values ('jack', 7), ('jill', null)")
        .status()
        .unwrap();
    assert_eq!(ask("sql members/find jack").await, "Some(bad-argument) false", "no such source");
    let mut options = SourceOptions::new("members", "sqlite:members.db", keeper.bench.folder.path());
    options.queries.insert("find".into(), "select name, age from member where name = :jid".into());
    options.queries.insert("all".into(), "select name from member".into());
    keeper.bench.sources.put_in_force(vec![options]).unwrap();
    assert_eq!(
        ask("sql members/find jack").await,
        "[\"name\", \"age\"] [[Value::Text(\"jack\"), Value::Int(7)]]"
    );
    assert_eq!(ask("sql members/find nobody").await, "[] []");
    assert_eq!(ask("sql members/all x").await, "Some(out-of-scope) false", "it is not granted");
    assert_eq!(ask("sql members x").await, "Some(out-of-scope) false");
}

#[tokio::test]
async fn events_come_in_order() {
    let keeper = Keeper::new().await;
    let watcher = keeper.bench.bind("watcher").await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        let anna = keeper.bench.bind("anna").await;
        let id = anna.id();
        anna.end().await;
        expected.extend([format!("opened {id}"), format!("closed {id}")]);
    }
    let mut told = Vec::new();
    while told.len() < expected.len() {
        let message = next(&watcher).await;
        if let Some((_, rest)) = message.split_once("<body>anna@chess.example/x ") {
            told.push(rest.split('<').next().unwrap().to_owned());
        }
    }
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_is_not_granted_keeps_it_out() {
    let bench = Bench::new().await;
    let plugin = bench.platform.load("keeper", &built("keeper")).unwrap();
    let error =
        bench.platform.deploy(&plugin, &crate::DeployOptions::default(), crate::Occasion::Start).err();
    let Some(LoadError::NotGranted { missing }) = error else { panic!("it is loaded") };
    assert!(
        missing.contains(&"routing.send".to_owned()) && missing.contains(&"kv".to_owned()),
        "{missing:?}"
    );
}

#[tokio::test]
async fn a_greeting_reaches_each_client_that_logs_in() {
    let bench = Bench::new().await;
    let greeter = bench.deploy("greeter", &built("greeter"), &["routing.send"]);
    bench.serve(vec![greeter.module()]).await;
    let anna = bench.bind("anna").await;
    let message = next(&anna).await;
    assert!(
        message.contains("<body>Welcome, anna!</body>") && message.contains("from='chess.example'"),
        "{message}"
    );
}

#[tokio::test]
async fn values_are_kept_for_each_domain_and_swapped_exactly() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    let ask = async |words: &str| done(&keeper.answer(&anna, words).await).to_owned();
    assert_eq!(ask("get a").await, "Ok(None)");
    assert_eq!(ask("set a 1").await, "Ok(())");
    assert_eq!(ask("get a").await, "Ok(Some(\"1\"))");
    assert_eq!(ask("swap a 2 3").await, "Ok(false)");
    assert_eq!(ask("swap a 1 3").await, "Ok(true)");
    assert_eq!(ask("swap b  x").await, "Ok(true)", "absent, as expected");
    assert_eq!(ask("keys ").await, "Ok([\"a\", \"b\"])");
    assert_eq!(ask("delete a").await, "Ok(true)");
    assert_eq!(ask("delete a").await, "Ok(false)");
}

#[tokio::test]
async fn what_is_kept_with_an_account_is_read_when_it_is_bound() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    assert_eq!(done(&keeper.answer(&anna, "noted").await), "");
    assert_eq!(done(&keeper.answer(&anna, "note anna@chess.example queen").await), "Ok(())");
    assert_eq!(done(&keeper.answer(&anna, "noted").await), "queen");
    assert_eq!(done(&keeper.answer(&anna, "note nobody@chess.example x").await), "Err(bad-argument)");
    let long = format!("note anna@chess.example {}", "x".repeat(5_000));
    assert_eq!(done(&keeper.answer(&anna, &long).await), "Err(bad-argument)");
    let id = anna.resource().account().id();
    let kept = keeper.bench.kernel.store().plugin_slots().of_account(id).await.unwrap();
    assert_eq!(kept, [("keeper".to_owned(), b"queen".to_vec())]);
}

/// What a call of a removed plugin still does, such as one that is under way, leaves nothing behind.
#[tokio::test]
async fn a_removed_plugin_stores_nothing_and_one_of_its_name_finds_nothing() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    assert_eq!(done(&keeper.answer(&anna, "note anna@chess.example queen").await), "Ok(())");
    assert_eq!(done(&keeper.answer(&anna, "set k e4").await), "Ok(())");
    let (platform, store) = (&keeper.bench.platform, keeper.bench.kernel.store());
    platform.forget("keeper").await;
    for words in ["note anna@chess.example x", "set k x", "delete k"] {
        assert_eq!(done(&keeper.answer(&anna, words).await), "Err(unavailable)", "{words}");
    }
    store.plugin_values().remove_plugin("keeper").await.unwrap();
    store.plugin_slots().remove_plugin("keeper").await.unwrap();
    platform.forget_slots("keeper");
    let again = keeper.bench.deploy("keeper", &built("keeper"), GRANTS);
    keeper.bench.serve(vec![again.module()]).await;
    assert_eq!(done(&keeper.answer(&anna, "noted").await), "", "she has been online all the time");
    assert_eq!(done(&keeper.answer(&anna, "get k").await), "Ok(None)");
    assert_eq!(done(&keeper.answer(&anna, "note anna@chess.example king").await), "Ok(())");
    assert_eq!(done(&keeper.answer(&anna, "noted").await), "king");
}

#[tokio::test]
async fn a_session_is_refused_with_the_plugins_words() {
    let keeper = Keeper::new().await;
    let Err(BindError::Refused(error)) = keeper.bench.try_bind("anna", "refused").await else {
        panic!("bound")
    };
    assert_eq!(
        (error.condition, error.text.as_deref()),
        (Condition::NotAllowed, Some("not with this resource"))
    );
    let Err(BindError::Refused(error)) = keeper.bench.try_bind("anna", "trap").await else { panic!("bound") };
    assert_eq!(error.condition, Condition::ResourceConstraint, "when it fails, nobody is let in");
    assert!(keeper.bench.try_bind("anna", "fine").await.is_ok());
}

#[tokio::test]
async fn timers_are_due_on_each_domain() {
    let keeper = Keeper::new().await;
    let anna = keeper.bench.bind("anna").await;
    loop {
        let answer = keeper.answer(&anna, "get tick").await;
        if done(&answer) != "Ok(None)" {
            break;
        }
    }
}
