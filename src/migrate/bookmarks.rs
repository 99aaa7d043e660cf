//! Bookmarks of rooms: from an item of personal eventing for each (XEP-0402) to those of private XML storage (XEP-0048).

use xmpp::Element;

/// The namespace of bookmarks in private XML, and the node that mirrors it.
pub(crate) const STORAGE: &str = "storage:bookmarks";
/// The node of XEP-0402, and the namespace of its items.
pub(crate) const BOOKMARKS: &str = "urn:xmpp:bookmarks:1";

/// Elements of a bookmark that both have.
const TEXTS: [&str; 2] = ["nick", "password"];

/// The bookmark of XEP-0048 for one of XEP-0402, whose item's id is the room's address; and how many parts of it have no
/// counterpart. `None` if it is none.
pub(crate) fn conference(jid: &str, bookmark: &Element) -> Option<(Element, u64)> {
    if jid.is_empty() || !bookmark.is("conference", BOOKMARKS) {
        return None;
    }
    let mut conference = Element::new("conference", STORAGE)
        .attr("jid", jid)
        .opt_attr("name", bookmark.get("name"))
        .opt_attr("autojoin", bookmark.get("autojoin"));
    for name in TEXTS {
        if let Some(child) = bookmark.find(name, BOOKMARKS) {
            conference.push(Element::new(name, STORAGE).text(child.text_content()));
        }
    }
    let lost = bookmark.children().filter(|child| !TEXTS.contains(&child.name())).count() as u64;
    Some((conference, lost))
}

/// The element of private XML with these; `None` without any.
pub(crate) fn storage(conferences: Vec<Element>) -> Option<String> {
    let any = !conferences.is_empty();
    any.then(|| Element::new("storage", STORAGE).with_children(conferences).to_xml(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_have_is_taken() {
        let mut bookmark = Element::new("conference", BOOKMARKS).attr("name", "N").attr("autojoin", "true");
        bookmark.push(Element::new("nick", BOOKMARKS).text("a"));
        bookmark.push(Element::new("extensions", BOOKMARKS));
        let (room, lost) = conference("r@h", &bookmark).unwrap();
        let expected = "<storage xmlns='storage:bookmarks'><conference jid='r@h' name='N' autojoin='true'><nick>a</nick>\
            </conference></storage>";
        assert_eq!((storage(vec![room]).as_deref(), lost), (Some(expected), 1));
        assert!(conference("", &bookmark).is_none() && storage(Vec::new()).is_none());
        assert!(conference("r@h", &Element::new("conference", STORAGE)).is_none());
    }
}
