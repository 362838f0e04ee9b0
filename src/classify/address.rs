//! Whose address a request comes from, behind trusted proxies.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The client's address: the connection's; from a trusted proxy only, the rightmost untrusted entry of
/// `X-Forwarded-For` (attribution.md §2).
///
/// `forwarded_for` are the header's lines in the order they came, each a comma-separated list. Read from the
/// right, the walk passes trusted entries, ends at the first other one, and stops before an entry that is no
/// address (the last good one on the right of it stands). Everything left of that was written by the client
/// and is worth nothing. When all entries are trusted, the leftmost is the client.
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded_for: impl IntoIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let peer = peer.to_canonical();
    if !in_networks(trusted, peer) {
        return peer;
    }
    // The walk from the right as a fold from the left, so that no list has to be kept: `found` is what a walk
    // that arrives at this entry from the right would find; `None` sends it back to where it came from.
    let mut found = None;
    for entry in forwarded_for.into_iter().flat_map(|line| line.split(',')) {
        let entry = entry.trim_matches([' ', '\t']);
        if entry.is_empty() {
            continue; // empty list elements mean nothing (RFC 9110 §5.6.1.2)
        }
        found = match parse_entry(entry) {
            None => None,
            Some(address) if in_networks(trusted, address) => found.or(Some(address)),
            Some(address) => Some(address),
        };
    }
    found.unwrap_or(peer)
}

/// Whether an address lies in one of the networks; IPv4 inside IPv6 counts as IPv4.
pub fn in_networks(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let address = entry
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .or_else(|| {
            entry
                .strip_prefix('[')?
                .strip_suffix(']')?
                .parse::<std::net::Ipv6Addr>()
                .ok()
                .map(IpAddr::V6)
        })?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|t| t.parse().unwrap()).collect()
    }

    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted = nets(&["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"]);
        client_address(peer.parse().unwrap(), lines.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_forge_an_address() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_a_trusted_proxy_the_rightmost_untrusted_entry_counts() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.2.3.4"]),
            "198.51.100.1",
            "the left is forged"
        );
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["", " , "]), "10.0.0.1");
    }

    #[test]
    fn several_header_lines_are_one_list() {
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.9.9.9"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1, 2.2.2.2", "10.9.9.9, 10.8.8.8"]),
            "2.2.2.2"
        );
    }

    #[test]
    fn ports_brackets_and_spaces_are_read_through() {
        for entry in [
            "198.51.100.1:4711",
            "  198.51.100.1\t",
            "::ffff:198.51.100.1",
            "[::ffff:198.51.100.1]:80",
        ] {
            assert_eq!(client("10.0.0.1", &[entry]), "198.51.100.1", "{entry}");
        }
        for entry in [
            "2001:db8::5",
            "[2001:db8::5]",
            "[2001:db8::5]:443",
            " 2001:DB8::5 ",
        ] {
            assert_eq!(client("10.0.0.1", &[entry]), "2001:db8::5", "{entry}");
        }
    }

    #[test]
    fn at_garbage_the_walk_stops() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(
            client("10.0.0.1", &["198.51.100.1, _hidden, 10.2.2.2"]),
            "10.2.2.2"
        );
        assert_eq!(
            client("10.0.0.1", &["garbage, 198.51.100.1, 10.2.2.2"]),
            "198.51.100.1",
            "left of the client"
        );
        for entry in [
            "999.1.1.1",
            "1.2.3.4:99999",
            "[1.2.3.4",
            "fe80::1%eth0",
            "for=1.2.3.4",
            "\"1.2.3.4\"",
            "1.2.3",
        ] {
            assert_eq!(client("10.0.0.1", &[entry]), "10.0.0.1", "{entry}");
        }
    }

    #[test]
    fn among_trusted_ones_only_the_leftmost_is_the_client() {
        assert_eq!(
            client("127.0.0.1", &["10.1.1.1, 10.2.2.2", "fd00::3"]),
            "10.1.1.1"
        );
    }

    proptest! {
        #[test]
        fn any_header_gives_the_peer_or_an_entry_and_equals_the_walk_from_the_right(
            lines in prop::collection::vec("[0-9a-f:., \\[\\]]{0,40}|10\\.0\\.0\\.[0-9],[0-9.]{7,9}(, ?10\\.1\\.1\\.1)?|\\PC{0,20}", 0..4),
        ) {
            let trusted = nets(&["10.0.0.0/8"]);
            let peer: IpAddr = "10.0.0.1".parse().unwrap();
            let found = client_address(peer, lines.iter().map(String::as_str), &trusted);

            let entries: Vec<&str> = lines.iter().flat_map(|l| l.split(',')).map(|e| e.trim_matches([' ', '\t'])).collect();
            let mut walked = peer;
            for entry in entries.iter().rev().filter(|e| !e.is_empty()) {
                let Some(address) = parse_entry(entry) else { break };
                walked = address;
                if !in_networks(&trusted, address) { break }
            }
            prop_assert_eq!(found, walked);
        }
    }
}
