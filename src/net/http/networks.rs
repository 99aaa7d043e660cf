//! Addresses and networks of peers: of trusted proxies, of who may read metrics.

use std::net::IpAddr;

use ipnet::IpNet;
use settings::{Complaint, Kind, Setting, group, list};

group! {
    /// Whom HTTP connections believe.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ProxySettings {
        /// Addresses or networks (`"10.0.0.0/8"`) of proxies that are trusted to report the client's address and TLS:
        /// `Forwarded`, `X-Forwarded-For`, `X-Forwarded-Proto`, and a PROXY line before the request.
        trusted_proxies: Networks = list(Kind::text(network).like("10.0.0.0/8")).server_wide().at_start();
    }
}

/// Addresses and networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// Not an address, nor a network like `10.0.0.0/8`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct BadNetwork(pub String);

impl Setting for Networks {
    fn read(value: &serde_json::Value) -> Option<Self> {
        let list = value.as_array()?.iter().map(|one| one.as_str().unwrap_or_default());
        Self::parse(list).ok()
    }

    fn fallback() -> Self {
        Self::default()
    }
}

/// Checks an IP address, or a network such as `10.0.0.0/8`, in a configuration.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn network(text: &str) -> Result<(), Complaint> {
    let Some(network) = parse(text) else {
        let message = format!("{text:?} is neither an IP address nor a network");
        return Err(Complaint::new(message, "write \"192.0.2.7\" or \"10.0.0.0/8\""));
    };
    if network != network.trunc() {
        let message = format!("{text:?} is an address within a network");
        let remedy = format!("write \"{}\" or \"{}\"", network.trunc(), network.addr());
        return Err(Complaint::new(message, remedy));
    }
    Ok(())
}

impl Networks {
    /// Parses addresses (`192.0.2.1`, `::1`) and networks (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// # Errors
    /// [`BadNetwork`] with the first entry that is neither.
    pub fn parse<S: AsRef<str>>(list: impl IntoIterator<Item = S>) -> Result<Self, BadNetwork> {
        let read = |entry: S| {
            let entry = entry.as_ref();
            parse(entry).ok_or_else(|| BadNetwork(entry.to_owned()))
        };
        list.into_iter().map(read).collect::<Result<_, _>>().map(Networks)
    }

    /// Whether this address is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether every address of a family is one of them.
    pub fn contain_everyone(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A network, or an address as a network of its own.
fn parse(entry: &str) -> Option<IpNet> {
    entry.parse().ok().or_else(|| entry.parse::<IpAddr>().ok().map(|address| address.to_canonical().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(list: &[&str], address: &str) -> bool {
        Networks::parse(list).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn addresses_and_networks() {
        let list = ["127.0.0.1", "10.0.0.0/8", "192.168.7.9/24", "::1", "fd00::/8"];
        for yes in ["127.0.0.1", "10.255.0.1", "192.168.7.200", "::1", "fd12:3::4", "::ffff:10.1.2.3"] {
            assert!(contains(&list, yes), "{yes}");
        }
        for no in ["127.0.0.2", "11.0.0.1", "192.168.8.1", "::2", "fe00::1", "::a00:1"] {
            assert!(!contains(&list, no), "{no}");
        }
    }

    #[test]
    fn everybody_of_a_family() {
        assert!(contains(&["0.0.0.0/0"], "203.0.113.4"));
        assert!(!contains(&["0.0.0.0/0"], "2001:db8::1"));
        assert!(contains(&["::/0"], "2001:db8::1"));
    }

    #[test]
    fn nobody_by_default() {
        assert!(Networks::default().is_empty());
        assert!(!Networks::default().contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn mistakes() {
        for bad in
            ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10/8", "1.2.3.4:80"]
        {
            assert_eq!(Networks::parse([bad]), Err(BadNetwork(bad.to_owned())));
        }
    }
}
