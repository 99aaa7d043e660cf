//! Replaces words in the subjects and bodies of the messages that clients send, in all languages of a message. Where there are such words,
//! formatted copies of the text (XHTML-IM) and elements within a subject or body are removed: they are not looked through. What is encrypted
//! cannot be read.

mod words;

use castling_plugin::{
    Change, ChildName, ClientIn, Lifecycle, NewText, Settings, Stanza, StanzaError, Verdict, call, facts,
    log, metrics,
};
use serde::Deserialize;

use words::Words;

const CLIENT: &str = "jabber:client";
const XHTML_IM: &str = "http://jabber.org/protocol/xhtml-im";

/// The settings of a domain.
#[derive(Deserialize)]
struct WordFilter {
    words: Words,
    /// What stands in place of a word.
    with: String,
    /// Bytes of text that are looked through.
    longest: usize,
}

/// What a message may have of text after its change, as a multiple of `longest`.
const GROWTH: usize = 4;
/// Texts that a message may have: there are not so many languages, and the server changes no more at once.
const TEXTS: usize = 100;

static SETTINGS: Settings<WordFilter> = Settings::new();

impl Lifecycle for WordFilter {
    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)?;
        SETTINGS.with(domain, |settings| {
            for word in settings.words.never() {
                let line = format!("{word:?} can never be found: a word is a sequence of letters and digits");
                log::write(log::Level::Warn, &line);
            }
        });
        Ok(())
    }
}

impl ClientIn for WordFilter {
    fn filter(stanza: &Stanza) -> Verdict {
        SETTINGS.with(stanza.domain(), |settings| settings.judge(stanza)).unwrap_or(Verdict::Pass)
    }
}

impl WordFilter {
    fn judge(&self, stanza: &Stanza) -> Verdict {
        if self.words.is_empty() {
            return Verdict::Pass;
        }
        let names = if stanza.has(facts::HAS_BODY) { &["subject", "body"][..] } else { &["subject"] };
        let texts: Vec<_> = names.iter().map(|name| (*name, call::child_texts(name, CLIENT))).collect();
        let lengths = texts.iter().flat_map(|(_, texts)| texts).map(String::len);
        // Whoever could make it run too long would get messages past it.
        if lengths.clone().count() > TEXTS || lengths.sum::<usize>() > self.longest {
            return too_long();
        }
        let changes: Vec<_> = texts.iter().flat_map(|(name, texts)| self.changes(name, texts)).collect();
        let new = changes.iter().map(|new| new.text.len());
        if new.sum::<usize>() > self.longest * GROWTH {
            return too_long();
        }
        let mut changes: Vec<_> = changes.into_iter().map(Change::SetText).collect();
        if call::has_child("html", XHTML_IM) {
            changes.push(Change::Remove(ChildName { name: "html".into(), ns: XHTML_IM.into() }));
        }
        if changes.is_empty() {
            return Verdict::Pass;
        }
        metrics::count("changed", stanza.domain(), 1);
        Verdict::Amend(changes)
    }

    /// New texts for the children of this name that contain one of the words; for all, if there are elements in them.
    fn changes(&self, name: &str, texts: &[String]) -> Vec<NewText> {
        let flat = !texts.is_empty() && call::has_elements(name, CLIENT);
        let each = texts.iter().zip(0..);
        each.filter_map(|(text, index)| {
            let text = self.words.replaced(text, &self.with).or_else(|| flat.then(|| text.clone()))?;
            Some(NewText { name: name.into(), ns: CLIENT.into(), index, text })
        })
        .collect()
    }
}

fn too_long() -> Verdict {
    Verdict::Reject(StanzaError {
        condition: "not-acceptable".into(),
        text: Some("This message is too long".into()),
        app: None,
    })
}

castling_plugin::plugin!(WordFilter: lifecycle, client_in);
castling_plugin::manifest!("manifest.json");
