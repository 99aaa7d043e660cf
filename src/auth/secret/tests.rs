use proptest::prelude::*;

use super::*;

pub(super) const PASSWORD: &str = EXAMPLE_PASSWORD;

pub(super) const JACK: AccountName<'static> = AccountName { local: "jack", domain: "chess.example" };

pub(super) fn verifies(format: Format, text: &str, password: &str) -> bool {
    match Secret::read(format, text, None) {
        Ok(secret) => secret.verify(JACK, password),
        Err(error) => panic!("{text}: {error}"),
    }
}

pub(super) fn refused(format: Format, text: &str) -> SecretError {
    match Secret::read(format, text, None) {
        Ok(_) => panic!("{text}: was read"),
        Err(error) => error,
    }
}

/// Texts of that pattern, and any other.
pub(super) fn one_of(pattern: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![pattern, "\\PC{0,80}", any::<String>()]
}

/// Reads and verifies a text of no matter what: it neither panics nor accepts a password that is not the right one.
pub(super) fn arbitrary(format: Format, text: &str) {
    for format in [format, Format::Auto] {
        for salt in [None, Some("NaCl")] {
            if let Ok(secret) = Secret::read(format, text, salt) {
                assert!(!secret.verify(JACK, "wrong") && !secret.verify(JACK, ""), "{text:?}");
            }
        }
    }
}

#[test]
fn every_example_is_what_it_says() {
    for format in Format::ALL {
        let (text, salt) = format.example();
        for text in [text.to_owned(), format!(" {text}\n")] {
            if *format == Format::Plain && text != format.example().0 {
                continue;
            }
            let secret =
                Secret::read(*format, &text, salt).map_err(|error| format!("{format}: {error}")).ok();
            let secret = secret.unwrap_or_else(|| panic!("{format} is not read"));
            assert!(secret.verify(JACK, PASSWORD), "{format}");
            for wrong in ["", "pässword", "pässword 1 ", "PÄSSWORD 1", &"x".repeat(1023)] {
                assert!(!secret.verify(JACK, wrong), "{format}: {wrong}");
            }
            assert_eq!(matches!(secret, Secret::OneWay(_)), format.is_one_way(), "{format}");
        }
    }
}

#[test]
fn every_seed_of_the_fuzz_target_is_a_right_one() {
    let seeds = std::fs::read_dir("../../fuzz/seeds/secrets").unwrap().map(|seed| seed.unwrap().path());
    let seeds: Vec<_> = seeds.map(|seed| std::fs::read_to_string(seed).unwrap()).collect();
    assert!(seeds.len() > Format::ALL.len(), "{}", seeds.len());
    for seed in seeds {
        let mut lines = seed.splitn(3, '\n');
        let (format, text) = (lines.next().unwrap().parse().unwrap(), lines.next().unwrap());
        let secret = Secret::read(format, text, lines.next()).ok();
        assert!(secret.is_some_and(|secret| secret.verify(JACK, PASSWORD)), "{seed}");
    }
}

#[test]
fn plain_passwords_are_compared_as_scram_compares_them() {
    // RFC 4013 §3: a soft hyphen is mapped to nothing; a roman nine is normalized.
    assert!(verifies(Format::Plain, "IX", "I\u{ad}X"));
    assert!(verifies(Format::Plain, "\u{2168}", "IX"));
    assert!(verifies(Format::Plain, "with\u{7}bell", "with\u{7}bell"));
    assert!(!verifies(Format::Plain, "with\u{7}bell", "withbell"));
    assert!(!verifies(Format::Plain, "\u{ad}", ""));
    assert!(!verifies(Format::Plain, " secret", "secret"));
}

#[test]
fn what_is_empty_or_too_long_is_refused() {
    for format in Format::ALL {
        assert_eq!(refused(*format, ""), SecretError::Empty);
        assert_eq!(refused(*format, &"a".repeat(4097)), SecretError::TooLong);
        let salt = Secret::read(*format, format.example().0, Some(&"a".repeat(4097)));
        assert_eq!(salt.err(), Some(SecretError::TooLong));
    }
    assert_eq!(refused(Format::Md5Hex, "  "), SecretError::Empty);
}

#[test]
fn text_that_does_not_name_its_format_is_never_taken_for_a_password() {
    for text in ["secret", "$y$j9T$x$y", "$", Format::Md5Hex.example().0] {
        assert_eq!(refused(Format::Auto, text), SecretError::Unrecognized, "{text}");
    }
}

#[test]
fn lower_bounds_hold() {
    let low = Bounds {
        bcrypt_cost: 3,
        argon2_memory: 63,
        argon2_work: 127,
        pbkdf2_iterations: 999,
        crypt_rounds: 4999,
    };
    for format in [Format::Bcrypt, Format::Argon2, Format::Pbkdf2, Format::Crypt, Format::Scram] {
        let read = Secret::read_within(format, format.example().0, None, &low);
        assert!(matches!(read, Err(SecretError::TooCostly { .. })), "{format}");
    }
}

#[test]
fn what_is_kept_names_its_format() {
    let (bcrypt, _) = Format::Bcrypt.example();
    let Ok(storage::Kept::Secret(secret)) = kept(Format::Auto, bcrypt, Some("")) else { panic!("not kept") };
    assert_eq!((secret.format.as_str(), secret.text.as_str()), ("bcrypt", bcrypt));
    assert_eq!((secret.salt, secret.one_way), (None, true));
    let Ok(storage::Kept::Secret(secret)) = kept(Format::Plain, "secret", None) else { panic!("not kept") };
    assert!(!secret.one_way);
    let keys = kept(Format::Auto, Format::Scram.example().0, None);
    assert!(matches!(keys, Ok(storage::Kept::Keys(keys)) if keys.len() == 1));
    assert_eq!(kept(Format::Bcrypt, "secret", None).err(), Some(SecretError::Malformed(Format::Bcrypt)));
}

proptest! {
    #[test]
    fn any_password_is_compared(stored in "\\PC{1,40}", password in any::<String>()) {
        let secret = Secret::read(Format::Plain, &stored, None).ok().unwrap();
        prop_assert!(secret.verify(JACK, &stored));
        if stored != password && password.is_ascii() && stored.is_ascii() {
            prop_assert!(!secret.verify(JACK, &password));
        }
    }
}
