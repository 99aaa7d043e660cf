//! A stored password of another system is read or refused whatever it says, and never costs more than its bounds.
//!
//! The input is the format's name, the text and the salt, on a line each.

#![no_main]

use auth::{AccountName, Bounds, Format, Secret, kept};
use libfuzzer_sys::fuzz_target;
use storage::Kept;

/// So low that a run takes milliseconds; the seeds are within them.
const BOUNDS: Bounds = Bounds {
    bcrypt_cost: 4,
    argon2_memory: 64,
    argon2_work: 128,
    pbkdf2_iterations: 1000,
    crypt_rounds: 1400,
};

const JACK: AccountName<'static> = AccountName { local: "jack", domain: "chess.example" };

fuzz_target!(|data: &str| {
    let mut lines = data.splitn(3, '\n');
    let (format, text, salt) =
        (lines.next().unwrap_or_default(), lines.next().unwrap_or_default(), lines.next());
    let Ok(format) = format.parse::<Format>() else { return };
    let read = Secret::read_within(format, text, salt, &BOUNDS);
    if let Ok(secret) = &read {
        let plain = matches!(secret, Secret::Plain(_));
        assert_eq!(secret.verify(JACK, text), plain, "only a password itself is its own password");
        assert!(!secret.verify(JACK, ""));
        assert!(plain || !secret.verify(JACK, "not the password of any seed"));
    }
    match kept(format, text, salt) {
        Ok(Kept::Keys(keys)) => assert!((1..=3).contains(&keys.len())),
        Ok(Kept::Secret(secret)) => {
            let own: Format = secret.format.parse().expect("a format's name");
            assert!(own != Format::Auto && secret.one_way == own.is_one_way());
            assert!(
                Secret::read(own, &secret.text, secret.salt.as_deref()).is_ok(),
                "kept and not read again"
            );
        }
        Err(_) => assert!(read.is_err(), "read and not kept"),
    }
});
