//! How much a stored password may cost.

/// The longest stored password and the longest salt, in bytes.
pub(super) const MAX_TEXT: usize = 4096;

/// The longest password that crypt(3) is asked to hash, in bytes: each of its rounds takes as much longer. Those of
/// libxcrypt are shorter (`CRYPT_MAX_PASSPHRASE_SIZE`).
pub(super) const MAX_CRYPT_PASSWORD: usize = 512;

/// What the rows of another system may ask for; a row that asks for more is refused and never tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// bcrypt's cost; each step doubles it.
    pub bcrypt_cost: u32,
    /// Argon2's memory in KiB.
    pub argon2_memory: u32,
    /// Argon2's memory in KiB times its passes.
    pub argon2_work: u32,
    /// Iterations of PBKDF2, also in SCRAM.
    pub pbkdf2_iterations: u32,
    /// Rounds of crypt(3) with SHA-256 and SHA-512.
    pub crypt_rounds: u32,
}

impl Bounds {
    /// Each verification takes at most a few seconds of one core and a quarter of a GiB of memory. Above what Django (1,200,000 iterations of PBKDF2,
    /// Argon2 with 100 MiB) and Passlib (656,000 rounds) choose by default, and libsodium for "moderate" protection
    /// (256 MiB, three passes).
    pub const MOST: Self = Self {
        bcrypt_cost: 14,
        argon2_memory: 256 * 1024,
        argon2_work: 1024 * 1024,
        pbkdf2_iterations: 3_000_000,
        crypt_rounds: 1_000_000,
    };
}
