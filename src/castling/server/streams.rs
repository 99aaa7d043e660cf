//! The commands about streams to other servers.

use admin::CommandError;
use serde_json::{Value, json};
use xmpp::Jid;

use super::Server;
use crate::accounts::{answer, arguments, unknown};
use crate::api::{OfRemote, Reached};
use crate::config::prepared;

impl Server {
    pub(super) async fn streams(&self, word: &str, args: Value) -> Result<Value, CommandError> {
        if word == "list" {
            return answer(&self.s2s.shown());
        }
        let args: OfRemote = arguments(args)?;
        let remote = domain(&args.domain)?;
        match word {
            "close" => Ok(json!({ "closed": self.s2s.end_streams(remote.domain()) })),
            "check" => answer(&self.reach(&remote, args.from.as_deref()).await?),
            _ => Err(unknown(word)),
        }
    }

    async fn reach(&self, remote: &Jid, from: Option<&str>) -> Result<Vec<Reached>, CommandError> {
        if self.kernel.host(remote.domain()).is_some() {
            return Err(CommandError::new(format!("{remote} is a domain of this server")));
        }
        let mut tried = Vec::new();
        let from = from.map(prepared);
        for host in self.kernel.hosts() {
            if from.as_deref().is_some_and(|from| from != host.name()) {
                continue;
            }
            if let Some((steps, reached)) = self.s2s.check(host.jid(), remote).await {
                tried.push(Reached { from: host.name().to_owned(), steps, reached });
            }
        }
        match (tried.is_empty(), from) {
            (false, _) => Ok(tried),
            (true, Some(from)) => {
                Err(CommandError::new(format!("{from} exchanges nothing with other servers"))
                    .remedy("see castling domain list, and add s2s = [\"ADDRESS:5269\"] to [listen]"))
            }
            (true, None) => Err(CommandError::new("no domain exchanges anything with other servers")
                .remedy("add s2s = [\"ADDRESS:5269\"] to [listen]")),
        }
    }
}

fn domain(name: &str) -> Result<Jid, CommandError> {
    let jid = Jid::domain_only(&prepared(name));
    jid.map_err(|error| CommandError::new(format!("{name:?} is not a valid domain: {error}")))
}
