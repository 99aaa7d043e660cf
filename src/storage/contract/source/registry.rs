//! Sources that are exchanged while they are used.

use runtime::Runtime;

use super::*;
use crate::source::Sources;

#[tokio::test]
async fn one_that_is_unchanged_keeps_its_connections() {
    let bed = Bed::new().await;
    let sources = Sources::new(Runtime::system());
    let options = options(&bed, &[("one", "select 1 as one")]);
    let other = SourceOptions { name: "other".into(), ..options.clone() };
    sources.put_in_force(vec![options.clone(), other.clone()]).unwrap();
    let before = sources.get("members").unwrap();
    assert_eq!(rows(&before, "one", &[]).await, [["integer 1"]]);
    let changed = SourceOptions { rows: 7, ..other };
    sources.put_in_force(vec![options.clone(), changed]).unwrap();
    assert!(Arc::ptr_eq(&before, &sources.get("members").unwrap()));
    assert_eq!(sources.get("other").unwrap().options().rows, 7);
    let names: Vec<_> = sources.stats().into_iter().map(|stat| (stat.name, stat.idle)).collect();
    assert_eq!(names, [("members".to_owned(), 1), ("other".to_owned(), 0)]);
    sources.put_in_force(vec![]).unwrap();
    assert!(sources.get("members").is_none());
    assert_eq!(rows(&before, "one", &[]).await, [["integer 1"]], "who has it goes on");
    while before.stat().idle > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rows(&before, "one", &[]).await, [["integer 1"]]);
    assert_eq!(before.stat().idle, 0, "nothing is kept any more");
}

#[tokio::test]
async fn a_mistake_leaves_everything_as_it_was() {
    let bed = Bed::new().await;
    let sources = Sources::new(Runtime::system());
    sources.put_in_force(vec![options(&bed, &[("one", "select 1 as one")])]).unwrap();
    let before = sources.get("members").unwrap();
    let bad = SourceOptions { name: "bad".into(), ..options(&bed, &[("q", "select 1; select 2")]) };
    assert!(sources.put_in_force(vec![options(&bed, &[]), bad]).is_err());
    assert!(Arc::ptr_eq(&before, &sources.get("members").unwrap()));
    sources.close().await;
    assert!(sources.get("members").is_none() && sources.stats().is_empty());
}
