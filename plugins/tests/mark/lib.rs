//! For tests: every message gets `<judged xmlns='urn:example:judged' by='…'/>`, `by` from the settings. A
//! message that is judged twice has two.

use castling_plugin::{ClientIn, Lifecycle, Settings, Stanza, Verdict};
use serde::Deserialize;

/// The settings; versions differ in the default given in the manifest.
#[derive(Deserialize)]
struct Mark {
    by: String,
}

static SETTINGS: Settings<Mark> = Settings::new();

impl Lifecycle for Mark {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)
    }
}

impl ClientIn for Mark {
    fn filter(stanza: &Stanza) -> Verdict {
        let mark = |mark: &Mark| marked(&stanza.xml(), &mark.by);
        SETTINGS.with(stanza.domain(), mark).flatten().map_or(Verdict::Pass, Verdict::Replace)
    }
}

/// The message with a mark at its end; `None` if it has no content to append to.
fn marked(xml: &str, by: &str) -> Option<String> {
    let content = xml.strip_suffix("</message>")?;
    Some(format!("{content}<judged xmlns='urn:example:judged' by='{by}'/></message>"))
}

castling_plugin::plugin!(Mark: lifecycle, client_in);
castling_plugin::manifest!("manifest.json");

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn a_mark_stands_at_the_end() {
        let once = marked("<message><body>x</body></message>", "7").unwrap();
        assert_eq!(once, "<message><body>x</body><judged xmlns='urn:example:judged' by='7'/></message>");
        assert_eq!(marked(&once, "8").unwrap().matches("<judged").count(), 2);
        assert_eq!(marked("<message/>", "7"), None);
    }
}
