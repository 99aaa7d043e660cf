//! Argon2 (RFC 9106) as a PHC string.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

use super::bounds::Bounds;
use super::error::{SecretError, bounded};
use super::format::Format;
use super::number;

/// Lengths in bytes of what is compared: shorter ones are guessed too easily.
const OUTPUT: std::ops::RangeInclusive<usize> = 16..=128;

pub(super) struct Phc {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

impl Phc {
    pub(super) fn read(text: &str, bounds: &Bounds) -> Result<Self, SecretError> {
        let parts = parts(text).ok_or(SecretError::Malformed(Format::Argon2))?;
        let memory = bounded("Argon2's memory in KiB", parts.memory, bounds.argon2_memory)?;
        let work = parts.memory.saturating_mul(parts.passes);
        bounded("Argon2's memory in KiB times its passes", work, bounds.argon2_work)?;
        Self::of(memory, parts).ok_or(SecretError::Malformed(Format::Argon2))
    }

    fn of(memory: u32, parts: Parts) -> Option<Self> {
        let (passes, lanes) = (u32::try_from(parts.passes).ok()?, u32::try_from(parts.lanes).ok()?);
        if !OUTPUT.contains(&parts.expected.len()) || parts.salt.len() < argon2::MIN_SALT_LEN {
            return None;
        }
        let params = Params::new(memory, passes, lanes, Some(parts.expected.len())).ok()?;
        let argon2 = Argon2::new(parts.algorithm, parts.version, params);
        Some(Self { argon2, salt: parts.salt, expected: parts.expected })
    }

    pub(super) fn verify(&self, password: &str) -> bool {
        let blocks = self.argon2.params().block_count();
        let mut memory = Vec::new();
        if memory.try_reserve_exact(blocks).is_err() {
            return false;
        }
        memory.resize(blocks, Block::new());
        let mut made = vec![0; self.expected.len()];
        let done =
            self.argon2.hash_password_into_with_memory(password.as_bytes(), &self.salt, &mut made, memory);
        done.is_ok() && made.ct_eq(&self.expected).into()
    }
}

struct Parts {
    algorithm: Algorithm,
    version: Version,
    memory: u64,
    passes: u64,
    lanes: u64,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

/// `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`; Django writes `argon2` before it, and the first version has no number.
fn parts(text: &str) -> Option<Parts> {
    let mut fields = text.strip_prefix("argon2$").or(text.strip_prefix('$'))?.split('$');
    let algorithm = match fields.next()? {
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        "argon2id" => Algorithm::Argon2id,
        _ => return None,
    };
    let field = fields.next()?;
    let (version, costs) = match field.strip_prefix("v=") {
        Some("19") => (Version::V0x13, fields.next()?),
        Some("16") => (Version::V0x10, fields.next()?),
        Some(_) => return None,
        None => (Version::V0x10, field),
    };
    let mut costs = costs.split(',');
    let mut cost = |name| number(costs.next()?.strip_prefix(name)?);
    let (memory, passes, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
    let mut bytes = || STANDARD_NO_PAD.decode(fields.next()?).ok();
    let (salt, expected) = (bytes()?, bytes()?);
    let over = costs.next().is_none() && fields.next().is_none();
    over.then_some(Parts { algorithm, version, memory, passes, lanes, salt, expected })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{PASSWORD, arbitrary, one_of, refused, verifies};
    use super::*;

    // argon2-cffi 25.1 (the reference implementation); Django 5.2.
    #[test]
    fn hashes_of_the_reference_implementation() {
        for text in [
            "$argon2i$v=19$m=64,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$PqOcOSMI357Y8c8YXltynIcXqQFYt75jvp2EZqHkjS8",
            "$argon2d$v=19$m=64,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$m93p5t6kDEfu96YUNZax1cOIZlAmCqFfxFqX4VhlnHM",
            "$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$6RQN5y67NYPEXg9NWL1fxH82KWY8fD0RAGAtWMuaIY8",
            "$argon2i$v=16$m=64,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$sRk0rzm8LIJCXBMG/O9ED+eHCdjT65s1",
            "$argon2i$m=64,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$sRk0rzm8LIJCXBMG/O9ED+eHCdjT65s1",
            "argon2$argon2id$v=19$m=64,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$6RQN5y67NYPEXg9NWL1fxH82KWY8fD0RAGAtWMuaIY8",
        ] {
            assert!(
                verifies(Format::Argon2, text, PASSWORD) && verifies(Format::Auto, text, PASSWORD),
                "{text}"
            );
            assert!(!verifies(Format::Argon2, text, "pässword 2"), "{text}");
        }
    }

    fn with(costs: &str) -> String {
        format!("$argon2id$v=19${costs}$c29tZXNhbHQxMjM0NTY3OA$6RQN5y67NYPEXg9NWL1fxH82KWY8fD0RAGAtWMuaIY8")
    }

    #[test]
    fn costs_are_bounded() {
        let costly = |what, asked, most| SecretError::TooCostly { what, asked, most };
        assert_eq!(
            refused(Format::Argon2, &with("m=262145,t=1,p=1")),
            costly("Argon2's memory in KiB", 262_145, 262_144)
        );
        assert_eq!(
            refused(Format::Argon2, &with("m=262144,t=5,p=1")),
            costly("Argon2's memory in KiB times its passes", 1_310_720, 1_048_576)
        );
        let all = u64::MAX;
        let error = refused(Format::Argon2, &with(&format!("m={all},t={all},p={all}")));
        assert_eq!(error, costly("Argon2's memory in KiB", all, 262_144));
    }

    #[test]
    fn what_is_malformed_or_short_is_refused() {
        let (text, _) = Format::Argon2.example();
        let short = text.replace("$6RQN5y67NYPEXg9NWL1fxH82KWY8fD0RAGAtWMuaIY8", "$6RQN5y67NYPEXg9NWL1f");
        for text in [
            &short,
            &text.replace("v=19", "v=20"),
            &text.replace("argon2id", "argon2x"),
            &text.replace("c29tZXNhbHQxMjM0NTY3OA", "c29t"),
            &with("t=2,m=64,p=2"),
            &with("m=64,t=2,p=2,data=aaaa"),
            &with("m=64,t=0,p=2"),
            &with("m=64,t=2,p=0"),
            &with("m=64,t=2,p=9"),
            &with("m=64,t=+2,p=2"),
            &format!("{text}$"),
        ] {
            assert_eq!(refused(Format::Argon2, text), SecretError::Malformed(Format::Argon2), "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_read_or_refused(
            text in one_of("(argon2)?\\$argon2(i|d|id)(\\$v=(16|19))?\\$m=[0-9]{1,2},t=[0-9],p=[0-9]\\$[A-Za-z0-9]{11,22}\\$[A-Za-z0-9]{22,43}")
        ) {
            arbitrary(Format::Argon2, &text);
        }
    }
}
