//! The network an address lies in: all of an address that is ever stored.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An IPv4 /24 or IPv6 /48. Whole addresses are never stored (attribution.md §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    /// The first three bytes of an IPv4 address.
    V4([u8; 3]),
    /// The first six bytes of an IPv6 address.
    V6([u8; 6]),
}

/// Why a text is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network is written 203.0.113.0/24 or 2001:db8:7::/48")]
pub struct NetworkError;

impl Network {
    /// The network of an address; an IPv4 address inside IPv6 (`::ffff:203.0.113.7`) counts as IPv4.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(beginning(&v4.octets())),
            IpAddr::V6(v6) => Self::V6(beginning(&v6.octets())),
        }
    }

    /// The network's first address (host bits zero), for geo look-ups.
    pub fn address(self) -> IpAddr {
        match self {
            Self::V4(net) => {
                let mut whole = [0; 4];
                whole[..3].copy_from_slice(&net);
                Ipv4Addr::from(whole).into()
            }
            Self::V6(net) => {
                let mut whole = [0; 16];
                whole[..6].copy_from_slice(&net);
                Ipv6Addr::from(whole).into()
            }
        }
    }

    /// The network as the store keeps it: IPv4 from 2^24, IPv6 from 2^48 on. Never 0.
    pub fn to_number(self) -> i64 {
        match self {
            Self::V4([a, b, c]) => i64::from_be_bytes([0, 0, 0, 0, 1, a, b, c]),
            Self::V6([a, b, c, d, e, f]) => i64::from_be_bytes([0, 1, a, b, c, d, e, f]),
        }
    }

    /// Reads [`Network::to_number`] back; `None` for anything else.
    pub fn from_number(number: i64) -> Option<Self> {
        match number.to_be_bytes() {
            [0, 0, 0, 0, 1, net @ ..] => Some(Self::V4(net)),
            [0, 1, net @ ..] => Some(Self::V6(net)),
            _ => None,
        }
    }
}

/// The first `N` of more bytes.
fn beginning<const N: usize, const M: usize>(bytes: &[u8; M]) -> [u8; N] {
    const { assert!(N <= M) };
    std::array::from_fn(|at| bytes[at])
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.address(),
            if matches!(self, Self::V4(_)) { 24 } else { 48 }
        )
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads what `Display` writes: base address and exactly /24 or /48, host bits zero.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (base, bits) = text.split_once('/').ok_or(NetworkError)?;
        let base: IpAddr = base.parse().map_err(|_| NetworkError)?;
        let network = match (base, bits) {
            (IpAddr::V4(v4), "24") if v4.octets()[3] == 0 => Self::of(base),
            (IpAddr::V6(v6), "48") if v6.octets()[6..] == [0; 10] => Self::of(base),
            _ => return Err(NetworkError),
        };
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(address: &str) -> String {
        Network::of(address.parse().unwrap()).to_string()
    }

    #[test]
    fn an_address_is_cut_to_its_network() {
        assert_eq!(of("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(of("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(of("2001:db8:7:1::99"), "2001:db8:7::/48");
        assert_eq!(of("::1"), "::/48");
    }

    #[test]
    fn only_whole_networks_are_read() {
        assert_eq!("203.0.113.0/24".parse(), Ok(Network::V4([203, 0, 113])));
        for text in [
            "",
            "203.0.113.0",
            "203.0.113.7/24",
            "203.0.113.0/16",
            "2001:db8::1/48",
            "2001:db8::/64",
            "x/24",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_bytes_lead_back(address: IpAddr) {
            let network = Network::of(address);
            prop_assert_eq!(network.to_string().parse(), Ok(network));
            prop_assert_eq!(Network::from_number(network.to_number()), Some(network));
            prop_assert_eq!(Network::of(network.address()), network);
        }

        #[test]
        fn no_text_and_no_number_panics(text: String, number: i64) {
            let _ = text.parse::<Network>();
            let read = Network::from_number(number);
            prop_assert!(read.is_none_or(|network| network.to_number() == number));
        }
    }
}
