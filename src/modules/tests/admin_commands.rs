//! XEP-0133: what administrators can do.

use super::bench::{Bench, Client};

const ONLINE: &str = "http://jabber.org/protocol/admin#get-online-users-num";
const END: &str = "http://jabber.org/protocol/admin#end-user-session";

async fn bench() -> (Bench, Client) {
    let bench = Bench::new().await;
    bench.serve_admins(&["anna@chess.example"], Vec::new()).await;
    let anna = bench.online("anna@chess.example/a").await;
    (bench, anna)
}

fn set(node: &str, more: &str, form: &str) -> String {
    let command =
        format!("<command xmlns='http://jabber.org/protocol/commands' node='{node}'{more}>{form}</command>");
    format!("<iq type='set' id='1' to='chess.example'>{command}</iq>")
}

/// Ends sessions; the answer.
async fn end(client: &Client, jids: &[&str]) -> String {
    let question = client.ask(&set(END, "", "")).await;
    assert!(question.contains("<field var='accountjids' type='jid-multi'"), "{question}");
    let id = question.split("sessionid='").nth(1).unwrap().split('\'').next().unwrap();
    let values: String = jids.iter().map(|jid| format!("<value>{jid}</value>")).collect();
    let form =
        format!("<x xmlns='jabber:x:data' type='submit'><field var='accountjids'>{values}</field></x>");
    client.send(&set(END, &format!(" sessionid='{id}'"), &form)).await;
    let answer = client.receives(1).await;
    answer.into_iter().find(|stanza| stanza.starts_with("<iq")).unwrap()
}

#[tokio::test]
async fn online_users_are_counted_once_each_and_per_domain() {
    let (bench, anna) = bench().await;
    let count = async || {
        let answer = anna.ask(&set(ONLINE, "", "")).await;
        assert!(answer.contains("status='completed'"), "{answer}");
        let value = answer.split("var='onlineusersnum'").nth(1).unwrap().split("<value>").nth(1).unwrap();
        value.split('<').next().unwrap().to_owned()
    };
    assert_eq!(count().await, "1");
    let bert = bench.bind("bert@chess.example/1").await;
    let _bert = bench.bind("bert@chess.example/2").await;
    let _elsewhere = bench.bind("anna@wuchess.example/w").await;
    assert_eq!(count().await, "2");
    bert.drop_connection().await;
    assert_eq!(count().await, "2");
    _bert.drop_connection().await;
    assert_eq!(count().await, "1");
}

#[tokio::test]
async fn sessions_are_ended() {
    let (bench, anna) = bench().await;
    let [one, two] = [bench.bind("bert@chess.example/1").await, bench.bind("bert@chess.example/2").await];
    let carl = bench.bind("carl@chess.example/1").await;
    let answer = end(&anna, &["bert@chess.example/1", "BERT@chess.example/1"]).await;
    assert!(answer.ends_with("<note type='info'>sessions ended: 1</note></command></iq>"), "{answer}");
    assert!(one.resource().is_closed() && !two.resource().is_closed());
    let text = one.hold().ending().and_then(|error| error.text);
    assert_eq!(text.as_deref(), Some("closed by an administrator"));
    let answer = end(&anna, &["bert@chess.example", "dora@chess.example"]).await;
    assert!(
        answer.contains("sessions ended: 1</note><note type='warn'>dora@chess.example is not online<"),
        "{answer}"
    );
    assert!(two.resource().is_closed() && !carl.resource().is_closed());
    let answer = end(&anna, &["bert@chess.example"]).await;
    assert!(answer.contains("<note type='error'>bert@chess.example is not online<"), "{answer}");
}

#[tokio::test]
async fn a_list_with_a_wrong_address_ends_nothing() {
    let (bench, anna) = bench().await;
    let bert = bench.bind("bert@chess.example/1").await;
    let other = bench.bind("anna@wuchess.example/w").await;
    for wrong in ["@", "chess.example", "anna@wuchess.example"] {
        let answer = end(&anna, &["bert@chess.example", wrong]).await;
        assert!(answer.contains("<bad-payload ") && answer.contains(" is not "), "{wrong}: {answer}");
    }
    assert!(!bert.resource().is_closed() && !other.resource().is_closed());
}

#[tokio::test]
async fn an_administrator_gets_the_answer_before_the_own_session_ends() {
    let (_bench, anna) = bench().await;
    let answer = end(&anna, &["anna@chess.example"]).await;
    assert!(answer.contains("sessions ended: 1"), "{answer}");
    let ended = async {
        while anna.hold().ending().is_none() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.is_ok());
}

#[tokio::test]
async fn without_administrators_there_are_no_commands() {
    let (bench, anna) = bench().await;
    let bert = bench.online("bert@chess.example/b").await;
    assert!(bert.ask(&set(ONLINE, "", "")).await.contains("<forbidden "));
    assert!(bert.ask(&set(END, "", "")).await.contains("<forbidden "));
    bench.serve_admins(&[], Vec::new()).await;
    assert!(anna.ask(&set(ONLINE, "", "")).await.contains("<item-not-found "));
}
