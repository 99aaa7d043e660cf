use std::io::Write as _;

use super::*;

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn items_and_how_many_there_are() {
    let list = b"item({\n\t\"item(\";\n});\n\nitem({});\nitem(";
    let file = file(list);
    let (items, broken) = items(file.path()).unwrap();
    assert_eq!((items.len(), broken.len()), (2, 1));
    assert_eq!(broken[0].0.reason, Reason::Damaged);
    assert_eq!(count_items(file.path()).unwrap(), 3);
}

#[test]
fn after_many_that_are_broken_the_rest_is_counted() {
    let list = [b"item({});\n".to_vec(), b"item(x);\n".repeat(5000)].concat();
    let file = file(&list);
    let (items, broken) = items(file.path()).unwrap();
    let rows: u64 = broken.iter().map(|(_, rows)| rows).sum();
    assert_eq!((items.len(), rows, broken.len()), (1, 5000, BROKEN + 1));
}

#[test]
fn a_count_across_the_ends_of_buffers() {
    let list = [b"xitem\n".repeat(3000), b"item\nite\nitem".to_vec()].concat();
    for size in [1, 2, 3, 5, 8192] {
        assert_eq!(count(BufReader::with_capacity(size, list.as_slice())).unwrap(), 2, "{size}");
    }
}

#[test]
fn files_that_are_too_large_or_not_there() {
    let file = file(b"");
    file.as_file().set_len(BYTES + 1).unwrap();
    assert_eq!(table(file.path()).err().map(|refusal| refusal.reason), Some(Reason::TooLarge));
    let gone = file.path().with_extension("gone");
    assert_eq!(table(&gone).err().map(|refusal| refusal.reason), Some(Reason::Damaged));
    assert!(count_items(&gone).is_err());
}
