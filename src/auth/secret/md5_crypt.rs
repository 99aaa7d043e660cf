//! Kamp's MD5-crypt (FreeBSD, 1994), which crypt(3) calls `$1$`.

use super::algorithm::Algorithm;

const ROUNDS: usize = 1000;

/// The hash, before crypt(3) writes it with its digits.
pub(super) fn md5_crypt(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let md5 = |parts: &[&[u8]]| Algorithm::Md5.digest(parts);
    let inner = md5(&[password, salt, password]);
    let mut start = [password, b"$1$", salt].concat();
    start.extend(inner.iter().cycle().take(password.len()));
    // One byte for each bit of the length, the lowest first: NUL, or the password's first.
    let mut length = password.len();
    while length > 0 {
        start.push(if length & 1 == 1 { 0 } else { password.first().copied().unwrap_or_default() });
        length >>= 1;
    }
    let mut hash = md5(&[&start]);
    for round in 0..ROUNDS {
        let odd = round % 2 == 1;
        let (first, last) = if odd { (password, &hash[..]) } else { (&hash[..], password) };
        let salt = if round % 3 == 0 { &[] } else { salt };
        let again = if round % 7 == 0 { &[] } else { password };
        hash = md5(&[first, salt, again, last]);
    }
    hash
}
