//! For tests: does with every message of its namespace what a plugin should not do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use castling_plugin::{ClientIn, Lifecycle, Settings, Stanza, Verdict, Why, call, log, rates, sessions};
use serde::Deserialize;

/// The settings.
#[derive(Deserialize)]
struct Hostile {
    does: String,
}

static SETTINGS: Settings<Hostile> = Settings::new();

/// Whether this instance stands in place of one that has failed.
static AGAIN: AtomicBool = AtomicBool::new(false);

/// What one that answers with too much answers with first: made before the calls, so that these miss no deadline on a slow machine.
static TOO_MUCH: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Lifecycle for Hostile {
    fn init(why: Why) -> Result<(), String> {
        AGAIN.store(why == Why::RestartAfterTrap, Ordering::Relaxed);
        Ok(())
    }

    fn configure(domain: u32) -> Result<(), String> {
        SETTINGS.read(domain)?;
        *TOO_MUCH.lock().unwrap_or_else(PoisonError::into_inner) = SETTINGS
            .with(domain, |settings| match &*settings.does {
                much @ ("huge" | "large") => vec![too_much(much); 2],
                _ => Vec::new(),
            })
            .unwrap_or_default();
        let refuses = SETTINGS.with(domain, |settings| settings.does == "refuse").unwrap_or(false);
        if refuses && AGAIN.load(Ordering::Relaxed) {
            works_for(Duration::from_millis(80));
            return Err("on purpose".into());
        }
        Ok(())
    }
}

impl ClientIn for Hostile {
    fn filter(stanza: &Stanza) -> Verdict {
        let does = SETTINGS.with(stanza.domain(), |settings| settings.does.clone()).unwrap_or_default();
        harm(&does, stanza)
    }
}

/// A replacement that is larger than what a plugin may answer, or than a stanza may be.
fn too_much(does: &str) -> String {
    let length = if does == "huge" { 1_200_000 } else { 300_000 };
    format!("<message><body>{}</body></message>", "x".repeat(length))
}

fn harm(does: &str, stanza: &Stanza) -> Verdict {
    match does {
        "loop" => loop {
            std::hint::black_box(0);
        },
        "bomb" => {
            let mut all = Vec::new();
            loop {
                all.push(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
            }
        }
        "recursion" => drop(deeper(1)),
        "trap" | "refuse" => panic!("on purpose"),
        "huge" | "large" => {
            let made = TOO_MUCH.lock().unwrap_or_else(PoisonError::into_inner).pop();
            return Verdict::Replace(made.unwrap_or_else(|| too_much(does)));
        }
        "forged" => {
            return Verdict::Replace("<message from='king@chess.example'><body>x</body></message>".into());
        }
        "slow" => works_for(Duration::from_millis(3)),
        "state" => _ = call::set_session_slot(&[1; 60_000]),
        "log" => (0..1_000).for_each(|_| log::write(log::Level::Warn, &"x".repeat(10_000))),
        "close" => (1..1_000).for_each(|id| _ = sessions::close(id, "conflict", None)),
        _ => {}
    }
    if does == "state" {
        for key in 0..2_000 {
            rates::hit("flood", &format!("{} {key}", stanza.id()), 60, 3_600_000);
        }
    }
    Verdict::Pass
}

#[expect(clippy::disallowed_methods, reason = "a guest has no other clock")]
fn works_for(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {}
}

#[expect(unconditional_recursion, reason = "that is the harm")]
fn deeper(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + here.iter().sum::<u64>()
}

castling_plugin::plugin!(Hostile: lifecycle, client_in);
castling_plugin::manifest!("manifest.json");
