//! Which auth providers have accounts elsewhere: asked for many names, few at a time.

use auth::{Chain, ProviderError};

/// For each name, the first provider that has it, of those that keep accounts elsewhere. Four are asked about at a time.
///
/// # Errors
/// A provider failed; the others are not asked about any more.
pub async fn holders(
    auth: &Chain,
    domain: &str,
    locals: &[&str],
) -> Result<Vec<Option<String>>, ProviderError> {
    let mut parts = locals.chunks(locals.len().div_ceil(4).max(1));
    let mut part = || one_by_one(auth, domain, parts.next().unwrap_or_default());
    let (first, second, third, fourth) = tokio::try_join!(part(), part(), part(), part())?;
    Ok([first, second, third, fourth].concat())
}

async fn one_by_one(
    auth: &Chain,
    domain: &str,
    locals: &[&str],
) -> Result<Vec<Option<String>>, ProviderError> {
    let mut holders = Vec::with_capacity(locals.len());
    for local in locals {
        holders.push(auth.exists_elsewhere(domain, local).await?.map(str::to_owned));
    }
    Ok(holders)
}
