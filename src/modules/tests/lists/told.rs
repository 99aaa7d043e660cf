//! What features are told of changes, and what is pushed.

use super::*;

const GET: &str = "<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>";

fn command(name: &str, jids: &[&str]) -> String {
    let items: String = jids.iter().map(|jid| format!("<item jid='{jid}'/>")).collect();
    format!("<iq type='set' id='s'><{name} xmlns='urn:xmpp:blocking'>{items}</{name}></iq>")
}

/// The pushes among these: of the block list, by command and addresses; of lists by `list NAME`.
pub(super) fn pushes(got: &[String]) -> Vec<String> {
    let jids = |stanza: &str| {
        let all = stanza.split("<item jid='").skip(1).map(|rest| rest.split('\'').next().unwrap());
        all.map(|jid| format!(" {jid}")).collect::<String>()
    };
    let one = |stanza: &String| {
        let of = |name: &str| stanza.contains(&format!("<{name} xmlns='urn:xmpp:blocking'"));
        match stanza.split("<list name='").nth(1) {
            _ if of("block") => Some(format!("block{}", jids(stanza))),
            _ if of("unblock") => Some(format!("unblock{}", jids(stanza))),
            Some(rest) => Some(format!("list {}", rest.split('\'').next().unwrap())),
            None => None,
        }
    };
    got.iter().filter_map(one).collect()
}

#[tokio::test]
async fn each_protocol_pushes_the_changes_of_the_other() {
    let (bench, pushing) = pushing().await;
    let (desk, phone) = (bench.bind(ANNA).await, bench.bind(PHONE).await);
    let (kernel, account) = (&bench.kernel, desk.resource().account());
    desk.ask(GET).await;
    let by = Some(desk.resource());
    let see = |told: &[&str], asked: &[&str], others: &[&str]| {
        assert_eq!(pushing.told(), told);
        assert_eq!(pushes(&desk.received()), asked);
        assert_eq!(pushes(&phone.received()), others);
    };
    desk.send(&command("block", &["x", "y"])).await;
    see(&["a: blocklist 0>2 ->blocklist"], &["block x y", "list blocklist"], &["list blocklist"]);
    phone.send(&command("block", &["x"])).await;
    see(&[], &[], &[]);
    put(&bench, account, "blocklist", &[deny(1, "y"), allow(2, "x"), deny(3, "z")]).await;
    see(
        &["-: blocklist 2>3 blocklist>blocklist"],
        &["list blocklist", "unblock x", "block z"],
        &["list blocklist"],
    );
    put(&bench, account, "blocklist", &[deny(5, "z"), allow(6, "x"), deny(7, "y")]).await;
    see(&["-: blocklist 3>3 blocklist>blocklist"], &["list blocklist"], &["list blocklist"]);
    put(&bench, account, "other", &[deny(1, "z"), deny(2, "w")]).await;
    see(&["-: other 0>2 blocklist>blocklist"], &["list other"], &["list other"]);
    set_active(&bench, &phone, Some("other")).await;
    see(&[], &[], &[]);
    kernel.set_default_list(account, by, Some("other")).await.unwrap();
    see(&["a: other 2>2 blocklist>other"], &["unblock y", "block w"], &[]);
    set_active(&bench, &phone, Some("blocklist")).await;
    kernel.set_default_list(account, by, None).await.unwrap();
    see(&["a: other 2>2 other>-"], &["unblock z w"], &[]);
    kernel.set_default_list(account, by, Some("other")).await.unwrap();
    see(&["a: other 2>2 ->other"], &["block z w"], &[]);
    kernel.remove_list(account, by, "other").await.unwrap();
    see(&["a: other 2>0 other>-"], &["list other", "unblock z w"], &["list other"]);
    phone.send(&command("block", &["v"])).await;
    see(&["phone: blocklist-2 0>1 ->blocklist-2"], &["block v", "list blocklist-2"], &["list blocklist-2"]);
    phone.send(&command("unblock", &[])).await;
    see(&["phone: blocklist-2 1>0 blocklist-2>-"], &["unblock", "list blocklist-2"], &["list blocklist-2"]);
}

/// Told when the change is in force, and before the answer; what it is told is what is there.
#[tokio::test]
async fn what_is_told_is_in_force() {
    struct Asserting;
    impl Module for Asserting {
        fn about(&self) -> About {
            About { name: "asserting".into(), specifications: Vec::new() }
        }

        fn register(self: Arc<Self>, registrar: &mut Registrar<'_>) {
            registrar.list_change(|kernel, change| {
                let screen = change.account.screen();
                assert_eq!(screen.as_ref().map(|screen| &**screen.list()), change.default_after);
                for resource in change.account.resources() {
                    let active = resource.active_list().filter(|screen| screen.list().name == change.list);
                    assert!(active.is_none_or(|screen| Some(&**screen.list()) == change.after));
                    kernel.tell(&resource, Stanza::message(StanzaType::Headline, None, None));
                }
            });
        }
    }
    let bench = Bench::new().await;
    bench.serve(vec![Arc::new(Asserting)]).await;
    let anna = bench.bind(ANNA).await;
    let (kernel, account) = (&bench.kernel, anna.resource().account());
    put(&bench, account, "a", &[deny(1, "x")]).await;
    default(&bench, account, "a").await;
    set_active(&bench, &anna, Some("a")).await;
    put(&bench, account, "a", &[deny(1, "y")]).await;
    anna.send(&command("block", &["z"])).await;
    anna.send(&command("unblock", &["z", "y"])).await;
    kernel.put_list(account, None, list("a", &[deny(1, "y")]), &LIMITS).await.unwrap();
    kernel.remove_list(account, Some(anna.resource()), "a").await.unwrap();
    let got = anna.received();
    let kinds: Vec<_> = got.iter().map(|stanza| stanza.starts_with("<message")).collect();
    assert_eq!(kinds, [true, true, true, true, false, true, false, true, true], "{got:#?}");
}
