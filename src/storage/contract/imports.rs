use super::*;
use crate::{
    AccountSecret, AccountState, CreateError, ImportChange, Imported, ImportedAccount, LastActivity,
    OfflineId, PrivateEntry, RosterChange,
};

const SOURCE: u8 = 1;

fn names(locals: &[&str]) -> Vec<(String, String)> {
    locals.iter().map(|local| ("chess.example".to_owned(), (*local).to_owned())).collect()
}

fn item(jid: &str, version: u64) -> RosterItem {
    RosterItem {
        version,
        in_roster: true,
        groups: vec!["a".into()],
        ..RosterItem::new(Jid::parse(jid).unwrap())
    }
}

fn entry(name: &str) -> PrivateEntry {
    PrivateEntry { name: name.into(), ns: "x:ns".into(), xml: format!("<{name} xmlns='x:ns'>'ž'</{name}>") }
}

fn rule(order: u32) -> PrivacyItem {
    PrivacyItem { order, subject: Subject::Anyone, allow: false, kinds: Kinds::ALL }
}

fn imported(records: usize) -> Imported {
    Imported { password_here: Some(vec![1; 16]), password_there: None, records: vec![7; records] }
}

/// An account with one of everything.
fn whole(local: &str) -> ImportChange {
    let new = new_account("chess.example", local, &[Hash::Sha1]);
    let list = PrivacyChange {
        list: "l".into(),
        put: vec![rule(1), rule(2)],
        default: Some(true),
        ..Default::default()
    };
    let put = (1..=300).map(|version| item(&format!("c{version}@chess.example"), version)).collect();
    ImportChange {
        roster: Some(RosterChange { version: 300, put, remove: Vec::new() }),
        private: vec![entry("a"), entry("b")],
        lists: vec![list],
        vcard: Some(Some("<vCard/>".into())),
        messages: vec![(1, "<one/>".into()), (2, "<two/>".into())],
        last: Some(LastActivity { at_us: 5, status: "gone".into() }),
        imported: Some((SOURCE, imported(17 * 300))),
        ..ImportChange::new(ImportedAccount::new(new))
    }
}

async fn write(bed: &Bed, changes: Vec<ImportChange>) -> Vec<Result<AccountId, CreateError>> {
    bed.store.imports().write(changes.into()).await.unwrap()
}

async fn find(bed: &Bed, local: &str) -> Option<AccountState> {
    bed.store.imports().find(SOURCE, &names(&[local])).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn what_is_written_is_found() {
    let bed = Bed::new().await;
    let taken = bed.account("chess.example", "taken").await;
    let account = new_account("chess.example", "disabled", &[]);
    let disabled = ImportedAccount::New { account, enabled: false, provider: Some("auth-sql".into()) };
    let disabled = ImportChange::new(disabled);
    let results = write(&bed, vec![whole("jack"), whole("taken"), disabled, whole("anna")]).await;
    assert_eq!(results[1], Err(CreateError::Exists));
    let all =
        bed.store.imports().find(SOURCE, &names(&["anna", "absent", "jack", "disabled"])).await.unwrap();
    let [Some(anna), None, Some(jack), Some(disabled)] = &all[..] else { panic!("{all:?}") };
    assert_eq!(results[3], Ok(anna.account.id));
    assert!(jack.account.enabled && !disabled.account.enabled);
    assert_eq!((&jack.account.provider, disabled.account.provider.as_deref()), (&None, Some("auth-sql")));
    for state in [jack, anna] {
        assert_eq!(state.kept, Kept::Keys(vec![keys(Hash::Sha1, 9)]));
        assert_eq!((state.roster.version, state.roster.items.len()), (300, 300));
        let mut private = state.private.clone();
        private.sort_by(|one, other| one.name.cmp(&other.name));
        assert_eq!(private, [entry("a"), entry("b")]);
        assert_eq!(state.lists, [crate::PrivacyList { name: "l".into(), items: vec![rule(1), rule(2)] }]);
        assert_eq!(state.default_list.as_deref(), Some("l"));
        assert_eq!(state.vcard.as_deref(), Some("<vCard/>"));
        let messages: Vec<_> = state.messages.iter().map(|one| (one.stored_us, one.xml.as_ref())).collect();
        assert_eq!(messages, [(1, &b"<one/>"[..]), (2, b"<two/>")]);
        assert_eq!(state.last, Some(LastActivity { at_us: 5, status: "gone".into() }));
        assert_eq!(state.imported, Some(imported(17 * 300)));
    }
    assert_eq!(disabled.imported, None);
    // As the repositories see it.
    assert_eq!(bed.store.roster().load(anna.account.id).await.unwrap().items.len(), 300);
    assert_eq!(bed.store.roster().load(taken).await.unwrap().items.len(), 0);
    assert_eq!(
        bed.store.imports().find(SOURCE + 1, &names(&["jack"])).await.unwrap()[0].as_ref().unwrap().imported,
        None
    );
}

#[tokio::test]
async fn an_account_that_exists_is_changed() {
    let bed = Bed::new().await;
    let id = write(&bed, vec![whole("jack")]).await.remove(0).unwrap();
    let first = find(&bed, "jack").await.unwrap().messages[0].id;
    let gone = item("c1@chess.example", 0).jid;
    let list = PrivacyChange { list: "l".into(), remove: vec![1, 2], ..Default::default() };
    let change = ImportChange {
        password: Some(Kept::Keys(vec![keys(Hash::Sha256, 3)])),
        enabled: Some(false),
        roster: Some(RosterChange {
            version: 302,
            put: vec![item("new@chess.example", 301)],
            remove: vec![gone],
        }),
        private: vec![entry("c")],
        private_gone: vec![("a".into(), "x:ns".into())],
        lists: vec![list],
        vcard: Some(None),
        messages: vec![(3, "<three/>".into())],
        messages_gone: vec![first, OfflineId(i64::MAX)],
        last: Some(LastActivity { at_us: 4, status: "earlier".into() }),
        imported: Some((SOURCE, imported(17))),
        ..ImportChange::new(ImportedAccount::Existing(id))
    };
    assert_eq!(write(&bed, vec![change]).await, [Ok(id)]);
    let state = find(&bed, "jack").await.unwrap();
    assert!(!state.account.enabled);
    assert_eq!(state.kept, Kept::Keys(vec![keys(Hash::Sha256, 3)]));
    assert_eq!((state.roster.version, state.roster.items.len()), (302, 300));
    let mut names: Vec<_> = state.private.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["b", "c"]);
    assert_eq!((state.lists.len(), state.default_list, state.vcard), (0, None, None));
    let messages: Vec<_> = state.messages.iter().map(|one| one.stored_us).collect();
    assert_eq!(messages, [2, 3]);
    assert_eq!(state.last.unwrap().at_us, 5, "the later one stays");
    assert_eq!(state.imported, Some(imported(17)));
}

#[tokio::test]
async fn accounts_that_were_imported_are_listed_by_source() {
    let bed = Bed::new().await;
    bed.account("chess.example", "ours").await;
    let changes = ["c", "a", "b"].map(|local| ImportChange { roster: None, ..whole(local) });
    write(&bed, changes.into()).await;
    let page = |after: &'static str| {
        let store = bed.store.clone();
        async move {
            let page = store.imports().accounts_of(SOURCE, "chess.example", after, 2).await.unwrap();
            page.into_iter().map(|(_, local)| local).collect::<Vec<_>>()
        }
    };
    assert_eq!(page("").await, ["a", "b"]);
    assert_eq!(page("b").await, ["c"]);
    assert_eq!(page("c").await, [""; 0]);
    assert!(bed.store.imports().accounts_of(SOURCE, "wuchess.example", "", 2).await.unwrap().is_empty());
    assert!(bed.store.imports().accounts_of(SOURCE + 1, "chess.example", "", 2).await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_of_the_first_log_in_are_the_same_password() {
    let bed = Bed::new().await;
    for (local, one_way) in [("hashed", true), ("plain", false)] {
        let text = format!("text of {local}");
        let secret = AccountSecret { format: "x".into(), text, salt: None, one_way };
        let kept = Kept::Secret(secret.clone());
        let base = Imported { password_here: Some(kept.mark()), ..imported(0) };
        let new = NewAccount { kept, ..new_account("chess.example", local, &[]) };
        let change =
            ImportChange { imported: Some((SOURCE, base)), ..ImportChange::new(ImportedAccount::new(new)) };
        let id = write(&bed, vec![change]).await.remove(0).unwrap();
        assert!(bed.store.accounts().replace_secret(id, secret, &[keys(Hash::Sha1, 4)]).await.unwrap());
        let state = find(&bed, local).await.unwrap();
        assert_eq!(state.imported.unwrap().password_here, Some(state.kept.mark()), "{local}");
        bed.store.accounts().set_keys(id, &[keys(Hash::Sha1, 5)]).await.unwrap();
        let state = find(&bed, local).await.unwrap();
        assert_ne!(state.imported.unwrap().password_here, Some(state.kept.mark()), "{local}");
    }
}
